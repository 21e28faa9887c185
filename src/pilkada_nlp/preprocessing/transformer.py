"""The steps of this package as a transformer for scikit-learn pipelines."""

from collections.abc import Iterable
from typing import Any, Self

from sklearn.base import BaseEstimator, TransformerMixin

from pilkada_nlp.preprocessing.posts import normalize
from pilkada_nlp.preprocessing.reading import shared_stemmer


class IndonesianText(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Prepares Indonesian texts for a vectoriser: `make_pipeline(IndonesianText(), TfidfVectorizer())`.

    Parameters: `posts` normalises informal spelling first; `stem` reduces words to roots; `corrections` applies the
    corrections of this domain to stems. Strings in, strings out, one for one; there is nothing to fit.
    """

    def __init__(self, posts: bool = False, stem: bool = True, corrections: bool = True) -> None:
        self.posts = posts
        self.stem = stem
        self.corrections = corrections

    def fit(self, texts: Iterable[str], labels: Any = None) -> Self:
        """Return the transformer as it is."""
        return self

    def transform(self, texts: Iterable[str]) -> list[str]:
        """Return the prepared texts in order. Raises TypeError when `texts` is one string."""
        if isinstance(texts, str):
            raise TypeError("IndonesianText takes a list of texts, not one string")
        prepared = map(normalize, texts) if self.posts else texts
        return list(map(shared_stemmer(self.corrections).stem, prepared)) if self.stem else list(prepared)

    def __sklearn_is_fitted__(self) -> bool:
        return True
