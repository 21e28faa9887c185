"""Text to sentences, tokens, words and stems, with offsets into the original text.

`tokens`, `sentences`, `stem` and `normalize` take a string or a column (a Series of pandas or polars, an array of
pyarrow) and give the same back. `Stemmer` is PySastrawi's stemmer, faster and with corrections for elections;
`IndonesianText` is a transformer for scikit-learn. `read` is what the stages of this package share.

Any string at all is taken: nothing here raises on odd text, and the time grows with its length only.
"""

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from pilkada_nlp.preprocessing import columns, splitter, tokenizer
from pilkada_nlp.preprocessing.reading import Sentence, Word, read, shared_stemmer, terms
from pilkada_nlp.preprocessing.splitter import Span
from pilkada_nlp.preprocessing.stemmer import Stemmer
from pilkada_nlp.preprocessing.tokenizer import Token

if TYPE_CHECKING:
    from pilkada_nlp.preprocessing.transformer import IndonesianText

__all__ = [
    "PREPROCESSING_VERSION",
    "IndonesianText",
    "Sentence",
    "Span",
    "Stemmer",
    "Token",
    "Word",
    "clean",
    "normalize",
    "read",
    "sentences",
    "stem",
    "terms",
    "tokens",
]

PREPROCESSING_VERSION: Final = 2
"""Raised whenever the same text gives other tokens or stems, because a model fits one version only."""

_Column = TypeVar("_Column")
_SURROGATE_OR_NUL = re.compile("[\ud800-\udfff\x00]")


def clean(text: str) -> str:
    """Return `text` with NULs and lone surrogates replaced by U+FFFD, so that it can be stored and printed."""
    return _SURROGATE_OR_NUL.sub("�", text)


@overload
def stem(text: str) -> str: ...
@overload
def stem(text: _Column) -> _Column: ...
def stem(text: Any) -> Any:
    """Return `text` with every word stemmed, in lower case, separated by single spaces.

    Roots are PySastrawi's with the corrections of this domain; `Stemmer(corrections=False)` gives stock PySastrawi.
    A column gives a column. Raises TypeError for anything else.
    """
    return columns.apply(shared_stemmer().stem, text, "stem")


@overload
def tokens(text: str) -> list[Token]: ...
@overload
def tokens(text: _Column) -> _Column: ...
def tokens(text: Any) -> Any:
    """Return all tokens of `text` in order, with offsets; only white space lies between them.

    A column gives a column of lists. Raises TypeError for anything else.
    """
    return columns.apply(tokenizer.tokens, text, "tokens")


@overload
def sentences(text: str) -> list[Span]: ...
@overload
def sentences(text: _Column) -> _Column: ...
def sentences(text: Any) -> Any:
    """Return the sentences of `text` in order, with offsets.

    A line break always ends one, an abbreviation never does. A column gives a column of lists. Raises TypeError for
    anything else.
    """
    return columns.apply(splitter.sentences, text, "sentences")


@overload
def normalize(text: str, *, emoji: bool = False) -> str: ...
@overload
def normalize(text: _Column, *, emoji: bool = False) -> _Column: ...
def normalize(text: Any, *, emoji: bool = False) -> Any:
    """Return an informal `text` in lower case and standard words; see `posts.normalize` for what is changed.

    Mentions and numbers of three or more digits are masked. With `emoji`, common emoji become words. A column gives a
    column. Raises TypeError for anything else.
    """
    from pilkada_nlp.preprocessing import posts  # its patterns and tables are for posts only

    return columns.apply(lambda item: posts.normalize(item, emoji), text, "normalize")


if not TYPE_CHECKING:  # hidden from type checkers, for which every name would be there, as Any

    def __getattr__(name: str) -> object:
        """Load the transformer on first use: scikit-learn takes more than a second to import."""
        if name == "IndonesianText":
            from pilkada_nlp.preprocessing.transformer import IndonesianText

            return IndonesianText
        raise AttributeError(f"module 'pilkada_nlp.preprocessing' has no attribute {name!r}")
