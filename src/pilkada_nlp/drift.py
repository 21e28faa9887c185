"""Whether the news has moved away from what the model learned from: words that it does not know, themes that swell.

The press is never like a corpus: it has twice to three times as many words that a model does not know as the texts it
was trained on, by newsroom, and themes come and go with the stages of an election. So limits are what real newsrooms
reach (`benchmarks/drift.py` has the figures), and themes are held against the weeks before. How sure the model is says
nothing: it is as sure of posts as of news.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Drift, DriftKind
from pilkada_nlp.classifiers import Tagger

_ENOUGH: Final = 30  # articles whose mean share of unknown words says something
_ENOUGH_RELATED: Final = 50  # articles on elections, then and now, whose themes are compared
# Times the share of unknown words in training. Newsrooms have up to 4.0 times as many in all their articles, and up to
# 2.4 times in those on elections.
_MOST_UNKNOWN: Final[dict[DriftKind, float]] = {"words": 5.0, "election_words": 2.75}
_LEAST: Final = 10  # articles on a theme; what fewer show is chance
_TIMES_MORE: Final = 2.0  # the share of a theme, against the weeks before
_MORE: Final = 0.05  # its rise, at least
_SURE: Final = 3.0  # standard errors that a rise must be beyond chance


class _Row(NamedTuple):
    article: Article
    tagging: Tagging
    unknown: float


def find_drift(
    articles: Sequence[Article], taggings: Sequence[Tagging], tagger: Tagger, before: Collection[Tagging] = ()
) -> list[Drift]:
    """Return how articles differ from what is usual, the greatest difference first.

    Words are looked at by outlet, and for all articles together where no outlet stands out. `taggings` are in the order
    of `articles`, and made by `tagger`, as are those `before`, of the weeks before these. Words need thirty articles of
    an outlet, themes fifty on elections in both spans. A model whose manifest has no share of unknown words gives
    nothing on words.
    """
    rows = [
        _Row(article, tagging, tagger.unknown_share(article))
        for article, tagging in zip(articles, taggings, strict=True)
    ]
    by_outlet: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_outlet[row.article.outlet].append(row)
    found: list[Drift] = []
    if in_training := tagger.manifest.unknown_share:
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
