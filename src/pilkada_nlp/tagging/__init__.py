"""`tag`: from articles as people hold them (a text, a list, a stream, a data frame) to taggings.

A plain text loads nothing but the model; data frames, and the bar over many texts, load their libraries when they come.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.classifiers.champion import serving_model
from pilkada_nlp.inputs import article_of_string
from pilkada_nlp.tagging.progress import counted

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

__all__ = ["tag"]

_Text = TypeVar("_Text", bound=str | Article)
_Frame = TypeVar("_Frame", bound="IntoDataFrame")


@overload
def tag(data: str | Article, *, tagger: Tagger | None = None) -> Tagging: ...
@overload
def tag(data: list[_Text] | tuple[_Text, ...], *, tagger: Tagger | None = None) -> list[Tagging]: ...
@overload
def tag(data: Iterator[str | Article], *, tagger: Tagger | None = None) -> Iterator[Tagging]: ...
@overload
def tag(data: _Frame, *, text: str = "text", title: str | None = None, tagger: Tagger | None = None) -> _Frame: ...
def tag(data: object, *, text: str = "text", title: str | None = None, tagger: Tagger | None = None) -> object:
    """Say what articles put at risk, where, what kind of statement they make, and on which sentences that rests.

    | `data` | result |
    |---|---|
    | a text or an `Article` | its `Tagging` |
    | a list or tuple of them | a list of taggings, in the same order |
    | an iterator of them, of any length | an iterator that tags one after the other and keeps none |
    | a data frame of pandas or polars, an Arrow table | the same with columns added |

    Of a text the first line is its title, unless that is the only line or longer than 250 characters.

    Of a frame, `text` and `title` name columns; without `title` the column "title" is used if there is one. The columns
    added are those of `Tagging.row`: lists for themes, regions and review. Rows without a text get no tags (null); a
    pandas frame keeps its index. Raises InputError when a column is missing, holds no texts, or would be overwritten.

    `tagger` is by default the model in service. A bar shows progress on a terminal or in a notebook, after the first
    hundred texts. Raises TypeError for anything else, ModelError when the model cannot be loaded.
    """
    serving = tagger or _loaded(serving_model())
    if isinstance(data, (str, Article)):
        return _one(serving, data)
    if isinstance(data, (list, tuple)):
        return [_one(serving, item) for item in counted(data, len(data))]
    if isinstance(data, Iterator):
        return (_one(serving, item) for item in counted(data, None))
    if hasattr(data, "shape") and hasattr(data, "columns"):
        from pilkada_nlp.tagging.frames import tag_frame

        return tag_frame(data, text, title, serving)
    raise TypeError(_advice(data))


@functools.lru_cache(maxsize=1)
def _loaded(folder: Path) -> Tagger:
    """Return the tagger in `folder`, loaded once; a version that is promoted later is another folder."""
    return load_tagger(folder)


def _one(tagger: Tagger, item: object) -> Tagging:
    if isinstance(item, str):
        item = article_of_string(item)
    if not isinstance(item, Article):
        raise TypeError(f"tag() takes texts and articles, and found {type(item).__name__} among them")
    return tagger.tag([item])[0]


def _advice(data: object) -> str:
    name = type(data).__name__
    takes = "tag() takes a text, an Article, a list or iterator of these, or a data frame (pandas, polars, pyarrow)"
    if isinstance(data, Path):
        return f"{takes}, not a path; write tag(read_articles({str(data)!r}))"
    if isinstance(data, bytes):
        return f"{takes}, not bytes; write tag(data.decode())"
    if hasattr(data, "collect"):
        return f"{takes}, not a {name}; write tag(frame.collect())"
    if hasattr(data, "to_list") or hasattr(data, "tolist") or hasattr(data, "to_pylist"):
        return f"{takes}, not a {name}; tag the frame that it is a column of, tag(frame, text=…), or make it a list"
    if isinstance(data, dict):
        return f"{takes}, not a dict; write tag(list(data.values())), or make a data frame of it"
    if hasattr(data, "__iter__"):
        return f"{takes}, not a {name}; write tag(iter(data))"
    return f"{takes}, not a {name}"
