"""Whether the news has moved away from what the model learned from: words that it does not know, themes that swell.

The press is never like a corpus: it has twice to three times as many words that a model does not know as the texts it
was trained on, by newsroom, and themes come and go with the stages of an election. So `find_drift`, which warns, has
limits that real newsrooms do not reach (`benchmarks/drift.py` has the figures), and holds themes against the weeks
before. `drift_report` shows every week and outlet beside the training texts, without judging. How sure the model is
stands there too and warns of nothing: it is as sure of posts as of news.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Drift, DriftKind
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.classifiers.model import Reference, shares_by_score
from pilkada_nlp.errors import ModelError

_ENOUGH: Final = 30  # articles whose mean share of unknown words says something
_ENOUGH_RELATED: Final = 50  # articles on elections, then and now, whose themes are compared
# Times the share of unknown words in training. Newsrooms have up to 4.0 times as many in all their articles, and up to
# 2.4 times in those on elections.
_MOST_UNKNOWN: Final[dict[DriftKind, float]] = {"words": 5.0, "election_words": 2.75}
_LEAST: Final = 10  # articles on a theme; what fewer show is chance
_TIMES_MORE: Final = 2.0  # the share of a theme, against the weeks before
_MORE: Final = 0.05  # its rise, at least
_SURE: Final = 3.0  # standard errors that a rise must be beyond chance
_LEAST_SHARE: Final = 0.005  # of an empty range, so that the stability index stays finite


class _Row(NamedTuple):
    article: Article
    tagging: Tagging
    unknown: float


class DriftRow(NamedTuple):
    """The articles of a week ("2026-W47", by their days) or of an outlet, in figures that training has as well.

    `related` of the `articles` are about an election, and `themes` are the shares of those that bear each main theme.
    `unknown` is the mean share of words that the model does not know. `relevance` and `strongest` are population
    stability indices against training: of the probability to be about an election, and of that of the likeliest theme
    among those that are; 0 where the distributions are equal, above 0.25 commonly called another one. Both are None
    with fewer than thirty articles.
    """

    where: str
    articles: int
    related: int
    unknown: float
    relevance: float | None
    strongest: float | None
    themes: dict[str, float]


class DriftReport(NamedTuple):
    """Weeks and outlets in order, each beside what the training texts looked like (`training`)."""

    training: Reference
    weeks: list[DriftRow]
    outlets: list[DriftRow]


def drift_report(tagged: Iterable[tuple[Article, Tagging]], tagger: Tagger) -> DriftReport:
    """Return articles and what `tagger` said of them beside what it learned from, by week and by outlet.

    Articles are read one at a time, and none is kept. Raises ModelError for a model that was trained before manifests
    had a `reference`.
    """
    training = tagger.manifest.reference
    if training is None:
        raise ModelError("its manifest says nothing of the training texts; train it again", Path(tagger.name))
    weeks: defaultdict[str, _Tally] = defaultdict(_Tally)
    outlets: defaultdict[str, _Tally] = defaultdict(_Tally)
    for article, tagging in tagged:
        unknown = tagger.unknown_share(article)
        year, week, _ = article.day.isocalendar()
        weeks[f"{year}-W{week:02}"].add(tagging, unknown)
        outlets[article.outlet].add(tagging, unknown)
    by_week, by_outlet = ([tally.row(key, training) for key, tally in sorted(of.items())] for of in (weeks, outlets))
    return DriftReport(training, by_week, by_outlet)


class _Tally:
    """Counts what a row of the report is made of."""

    def __init__(self) -> None:
        self._relevance: list[float] = []
        self._strongest: list[float] = []
        self._unknown = 0.0
        self._themes: Counter[str] = Counter()

    def add(self, tagging: Tagging, unknown: float) -> None:
        self._relevance.append(tagging.relevant.score)
        self._unknown += unknown
        if tagging.relevant.value:
            self._strongest.append(max(tagging.theme_scores.values(), default=0.0))
            self._themes.update(tag.theme for tag in tagging.themes if tag.strength == "pokok")

    def row(self, where: str, training: Reference) -> DriftRow:
        articles, related = len(self._relevance), len(self._strongest)
        return DriftRow(
            where=where,
            articles=articles,
            related=related,
            unknown=round(self._unknown / articles, 4),
            relevance=_index(self._relevance, training.relevance),
            strongest=_index(self._strongest, training.strongest),
            themes={theme: round(self._themes[theme] / related, 4) if related else 0.0 for theme in training.themes},
        )


def _index(scores: Sequence[float], expected: Sequence[float]) -> float | None:
    if len(scores) < _ENOUGH:
        return None
    return round(stability_index(shares_by_score(scores, [1.0] * len(scores)), expected), 4)


def stability_index(found: Sequence[float], expected: Sequence[float]) -> float:
    """Return the population stability index of two lists of shares over the same ranges; 0 where they are equal."""
    pairs = [(max(left, _LEAST_SHARE), max(right, _LEAST_SHARE)) for left, right in zip(found, expected, strict=True)]
    return sum((left - right) * math.log(left / right) for left, right in pairs)


def find_drift(
    articles: Sequence[Article], taggings: Sequence[Tagging], tagger: Tagger, before: Collection[Tagging] = ()
) -> list[Drift]:
    """Return how articles differ from what is usual, the greatest difference first.

    Words are looked at by outlet, and for all articles together where no outlet stands out. `taggings` are in the order
    of `articles`, and made by `tagger`, as are those `before`, of the weeks before these. Words need thirty articles of
    an outlet, themes fifty on elections in both spans. A model whose manifest has no `reference` gives nothing on
    words.
    """
    rows = [
        _Row(article, tagging, tagger.unknown_share(article))
        for article, tagging in zip(articles, taggings, strict=True)
    ]
    by_outlet: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_outlet[row.article.outlet].append(row)
    found: list[Drift] = []
    if in_training := tagger.manifest.reference and tagger.manifest.reference.unknown:
        found += [drift for outlet, group in by_outlet.items() for drift in _unknown(outlet, group, in_training)]
        found = found or list(_unknown(None, rows, in_training))
    found += _swollen([tagging for tagging in taggings if tagging.relevant.value], before)
    return sorted(found, key=lambda drift: (-drift.found / max(drift.usual, _MORE), drift.outlet or "", drift.kind))


def _unknown(outlet: str | None, rows: Sequence[_Row], in_training: float) -> Iterator[Drift]:
    groups: dict[DriftKind, list[float]] = {
        "words": [row.unknown for row in rows],
        "election_words": [row.unknown for row in rows if row.tagging.relevant.value],
    }
    for kind, shares in groups.items():
        usual = _MOST_UNKNOWN[kind] * in_training
        if len(shares) >= _ENOUGH and (mean := math.fsum(shares) / len(shares)) > usual:
            yield Drift(kind=kind, outlet=outlet, found=round(mean, 4), usual=round(usual, 4), articles=len(shares))


def _swollen(now: Sequence[Tagging], before: Collection[Tagging]) -> Iterator[Drift]:
    """Yield the themes that far more of the articles on elections have than in the weeks before."""
    past = [tagging for tagging in before if tagging.relevant.value]
    if min(len(now), len(past)) < _ENOUGH_RELATED:
        return
    usual = _main_themes(past)
    for theme, count in sorted(_main_themes(now).items()):
        share, expected = count / len(now), usual[theme] / len(past)
        pooled = (count + usual[theme]) / (len(now) + len(past))
        error = math.sqrt(pooled * (1 - pooled) * (1 / len(now) + 1 / len(past)))
        far_more = count >= _LEAST and share >= _TIMES_MORE * expected
        if far_more and share - expected > max(_MORE, _SURE * error):
            found, before_that = round(share, 4), round(expected, 4)
            yield Drift(kind="theme", theme=theme, found=found, usual=before_that, articles=len(now))


def _main_themes(taggings: Collection[Tagging]) -> Counter[str]:
    """Return theme -> number of taggings that have it as a main one."""
    return Counter(tag.theme for tagging in taggings for tag in tagging.themes if tag.strength == "pokok")
