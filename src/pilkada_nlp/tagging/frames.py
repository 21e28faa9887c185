"""Tags as columns of a data frame, of whichever library it is (by narwhals)."""

from collections.abc import Sequence
from typing import Any, Final

import narwhals as nw

from pilkada_nlp.article.rows import Row, tagging_row
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.errors import InputError
from pilkada_nlp.inputs import article_of_string
from pilkada_nlp.tagging.progress import counted

_TITLE: Final = "title"
_LISTS: Final = nw.List(nw.String())
_COLUMNS: Final[dict[str, nw.dtypes.DType]] = {
    "relevant": nw.Boolean(),
    "relevance": nw.Float64(),
    "election": nw.String(),
    "themes": _LISTS,
    "mentioned": _LISTS,
    "modality": nw.String(),
    "modality_score": nw.Float64(),
    "regions": _LISTS,
    "region_names": _LISTS,
    "source_kind": nw.String(),
    "severity": nw.Int64(),
    "review": _LISTS,
    "model": nw.String(),
}
# In pandas a column of its plain kinds cannot hold "nothing" beside booleans and whole numbers.
_PANDAS: Final = {"relevant": "boolean", "severity": "Int64", "relevance": "float64", "modality_score": "float64"}


def tag_frame(native: Any, text: str, title: str | None, tagger: Tagger) -> Any:
    """Return the frame with the columns of `tagging_row` added; see `tagging.tag`."""
    try:
        frame = nw.from_native(native, eager_only=True)
    except TypeError as error:
        hint = "; write tag(frame.collect())" if hasattr(native, "collect") else ""
        raise TypeError(
            f"tag() takes data frames of pandas or polars and Arrow tables, not {type(native).__name__}{hint}"
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise InputError("several columns have the same name; rename them first", "the frame") from error
    if title is None and _TITLE in frame.columns and text != _TITLE:
        title = _TITLE
    _need_columns(frame.columns, text, title)
    texts = _texts(frame, text)
    titles = _texts(frame, title) if title else [""] * len(texts)
    rows = [
        None if body is None else tagging_row(tagger.tag([article_of_string(body, head or "")])[0])
        for body, head in counted(zip(texts, titles, strict=True), len(texts))
    ]
    added = [_column(name, kind, rows, frame) for name, kind in _COLUMNS.items()]
    return frame.with_columns(*added).to_native()


def _need_columns(columns: Sequence[str], text: str, title: str | None) -> None:
    listed = ", ".join(map(str, columns)) or "none"
    for name, argument in ((text, "text"), (title, "title")):
        if name is not None and name not in columns:
            raise InputError(
                f"there is no column {name!r}; pass {argument}=… with one of those that are there: {listed}",
                "the frame",
            )
    if taken := [name for name in _COLUMNS if name in columns]:
        raise InputError(
            f"it has columns of the names that tags get: {', '.join(taken)}; rename or drop them first "
            "(a frame that was tagged already has them all)",
            "the frame",
        )


def _texts(frame: "nw.DataFrame[Any]", name: str) -> list[str | None]:
    """Return a column of texts, None where there is nothing."""
    column = frame.get_column(name)  # by this, because frames of pandas may have columns that are numbered
    found: list[str | None] = []
    for number, (item, missing) in enumerate(zip(column.to_list(), column.is_null().to_list(), strict=True)):
        if missing:
            found.append(None)
        elif isinstance(item, str):
            found.append(item)
        else:
            raise InputError(
                f"column {name!r} holds {type(item).__name__} in row {number} (counted from 0), not text; "
                "name the column of texts, or make them strings",
                "the frame",
            )
    return found


def _column(
    name: str, kind: nw.dtypes.DType, rows: Sequence[Row | None], frame: "nw.DataFrame[Any]"
) -> "nw.Series[Any]":
    values = [None if row is None else row[name] for row in rows]
    if frame.implementation.is_pandas():
        import pandas

        native = pandas.Series(values, name=name, index=frame.to_native().index, dtype=_PANDAS.get(name, "object"))
        return nw.from_native(native, series_only=True)
    return nw.new_series(name, values, kind, backend=frame.implementation)
