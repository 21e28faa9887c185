"""Whether the news has moved away from what the model learned from: words, probabilities, and how often themes come."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.classifiers.model import Reference, shares_by_score
from pilkada_nlp.wording import Language

_ENOUGH: Final = 50  # articles of a week or outlet; what fewer show is chance
_STABLE: Final = 0.25  # population stability index above which a distribution counts as another one
_MORE_UNKNOWN: Final = 1.5  # times the share of unknown words in training
_RARER: Final = 0.10  # difference in the share of articles with a theme that is told, when it is also beyond chance
_SURE: Final = 3.0  # standard errors
_LEAST_SHARE: Final = 0.005  # of an empty range, so that the index stays finite


class Drift(NamedTuple):
    """A way in which new articles differ from the training texts.

    `where` is a week ("2026-W47") or an outlet's id. `what` is "unknown" (mean share of unknown words), "relevance" or
    "strongest" (population stability index of these probabilities), or "theme:<id>" (share of related articles with
    that main theme). `found` stands beside what was `expected`, for an index the most that is stable.
    """

    where: str
    what: str
    articles: int
    found: float
    expected: float

    def sentence(self, language: Language = "id") -> str:
        """Return the warning for people."""
        kind, _, theme = self.what.partition(":")
        return _SENTENCES[language][kind].format(
            where=self.where, theme=theme, found=self.found, expected=self.expected, articles=self.articles
        )


_SENTENCES: Final[Mapping[Language, Mapping[str, str]]] = {
    "id": {
        "unknown": "{where}: {found:.0%} kata tidak dikenal model, saat dilatih {expected:.0%}.",
        "relevance": "{where}: sebaran skor relevansi bergeser dari data latih (PSI {found:.2f}).",
        "strongest": "{where}: sebaran skor tema bergeser dari data latih (PSI {found:.2f}).",
        "theme": "{where}: tema {theme} ada pada {found:.0%} dari {articles} artikel pemilihan, saat dilatih "
        "{expected:.0%}.",
    },
    "en": {
        "unknown": "{where}: {found:.0%} of the words are unknown to the model, {expected:.0%} in training.",
        "relevance": "{where}: the scores of relevance have moved away from training (PSI {found:.2f}).",
        "strongest": "{where}: the scores of themes have moved away from training (PSI {found:.2f}).",
        "theme": "{where}: {theme} is a theme of {found:.0%} of {articles} election articles, of {expected:.0%} in "
        "training.",
    },
}


def find_drift(articles: Iterable[Article], taggings: Iterable[Tagging], tagger: Tagger) -> list[Drift]:
    """Return how articles differ from what `tagger` learned from, by week and then by outlet.

    `taggings` are in the order of `articles`, and made by this tagger. Weeks and outlets with fewer than fifty articles
    are passed over. Models trained before the reference was kept give nothing.
    """
    reference = tagger.manifest.reference
    if reference is None:
        return []
    rows = [
        _Row(article, tagging, tagger.unknown_share(article))
        for article, tagging in zip(articles, taggings, strict=True)
    ]
    by: tuple[Callable[[Article], str], ...] = (_week, lambda article: article.outlet)
    return [
        drift
        for key in by
        for where, group in sorted(_grouped(rows, key).items())
        if where and len(group) >= _ENOUGH
        for drift in _drifts(where, group, reference)
    ]


class _Row(NamedTuple):
    article: Article
    tagging: Tagging
    unknown: float


def _week(article: Article) -> str:
    year, week, _ = article.day.isocalendar()
    return f"{year}-W{week:02}"


def _grouped(rows: Sequence[_Row], key: Callable[[Article], str]) -> dict[str, list[_Row]]:
    groups: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row.article)].append(row)
    return groups


def _drifts(where: str, rows: Sequence[_Row], reference: Reference) -> Iterable[Drift]:
    unknown = sum(row.unknown for row in rows) / len(rows)
    if unknown > _MORE_UNKNOWN * reference.unknown:
        yield Drift(where, "unknown", len(rows), round(unknown, 4), reference.unknown)
    related = [row.tagging for row in rows if row.tagging.relevant.value]
    scores = {
        "relevance": ([row.tagging.relevant.score for row in rows], reference.relevance),
        "strongest": ([max(tagging.theme_scores.values(), default=0.0) for tagging in related], reference.strongest),
    }
    for what, (found, expected) in scores.items():
        index = stability_index(shares_by_score(found, [1.0] * len(found)), expected)
        if len(found) >= _ENOUGH and index > _STABLE:
            yield Drift(where, what, len(found), round(index, 4), _STABLE)
    if len(related) < _ENOUGH:
        return
    for theme, expected_share in reference.themes.items():
        share = sum(
            any(tag.theme == theme and tag.strength == "pokok" for tag in tagging.themes) for tagging in related
        ) / len(related)
        error = math.sqrt(max(expected_share * (1 - expected_share), _LEAST_SHARE) / len(related))
        if abs(share - expected_share) > max(_RARER, _SURE * error):
            yield Drift(where, f"theme:{theme}", len(related), round(share, 4), expected_share)


def stability_index(found: Sequence[float], expected: Sequence[float]) -> float:
    """Return the population stability index of two lists of shares over the same ranges; 0 where they are equal."""
    pairs = [(max(left, _LEAST_SHARE), max(right, _LEAST_SHARE)) for left, right in zip(found, expected, strict=True)]
    return sum((left - right) * math.log(left / right) for left, right in pairs)
