"""Which articles are worth a person's time next: those that the model is unsure of, each different from the others."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.labelling.taggings import Tagged
from pilkada_nlp.training.fitting import matrix_of

_UNSURE: Final = 0.3  # a probability within this of its threshold is worth naming as a reason
_REVIEW: Final = 0.25  # added where the tagger itself asks for a person
_RARE: Final = 0.5  # added for a sure sight of a theme that few texts teach, less for a faint one
_SIGHT: Final = 0.2  # probability from which a rare theme counts as seen
_CHOICE: Final = 5  # candidates for each article that is asked for; more would be diverse and sure
_DIMENSIONS: Final = 100  # of the space in which articles are compared


class Choice(NamedTuple):
    """An article to label and why: "margin", "review", "rare:<theme>"; "diverse" where only being different counts."""

    article: Article
    tagging: Tagging
    reasons: tuple[str, ...]


class _Scored(NamedTuple):
    candidate: Tagged
    usefulness: float
    reasons: tuple[str, ...]


def choose(candidates: Sequence[Tagged], tagger: Tagger, count: int, seed: int = 0) -> list[Choice]:
    """Return up to `count` articles that are most worth labelling, the most useful first, one of each story.

    Useful is what lies near a threshold, what the tagger sends to review, and what seems to be about a theme that few
    training texts have. Of the most useful ones, weighted k-means on their features makes `count` groups, and each
    group gives its most useful article, so that ten articles on one affair are not asked for together (Zhdanov,
    "Diverse mini-batch active learning", 2019). The same candidates in whatever order and seed give the same choice.
    """
    rare = _rare_themes(tagger)
    best: dict[str, _Scored] = {}
    for scored in (_scored(candidate, rare) for candidate in candidates):
        story = scored.candidate.story
        if story not in best or _order(scored) < _order(best[story]):
            best[story] = scored
    ranked = sorted(best.values(), key=_order)[: _CHOICE * count]
    if len(ranked) > count > 0:
        ranked = _diverse(ranked, tagger, count, seed)
    return [Choice(one.candidate.article, one.candidate.tagging, one.reasons or ("diverse",)) for one in ranked[:count]]


def _order(scored: _Scored) -> tuple[float, str]:
    return -scored.usefulness, scored.candidate.article.id


def _scored(candidate: Tagged, rare: frozenset[str]) -> _Scored:
    tagging = candidate.tagging
    margin = _margin(tagging)
    usefulness, reasons = 1 - margin, ["margin"] if margin < _UNSURE else []
    if tagging.review:
        usefulness += _REVIEW
        reasons.append("review")
    seen = {theme: score for theme, score in tagging.theme_scores.items() if theme in rare and score >= _SIGHT}
    if seen:
        theme = max(seen, key=lambda name: (seen[name], name))
        usefulness += _RARE * seen[theme]
        reasons.append(f"rare:{theme}")
    return _Scored(candidate, usefulness, tuple(reasons))


def _margin(tagging: Tagging) -> float:
    """Return how near the nearest yes/no answer is to its threshold, 0 to 1; the lead of the modality counts too.

    Of an article that is surely about no election the themes are none of its questions.
    """
    distances = [abs(tagging.relevant.score - tagging.thresholds["relevant"])]
    if tagging.relevant.value:
        distances += [abs(score - tagging.thresholds[theme]) for theme, score in tagging.theme_scores.items()]
    if tagging.modality:
        distances.append(max(0.0, 2 * tagging.modality.score - 1))
    return min(distances)


def _rare_themes(tagger: Tagger) -> frozenset[str]:
    """Return the quarter of the themes that fewest training texts are about."""
    reference = tagger.manifest.reference
    ranked = sorted(reference.themes, key=lambda theme: (reference.themes[theme], theme)) if reference else []
    return frozenset(ranked[: len(ranked) // 4])


def _diverse(ranked: Sequence[_Scored], tagger: Tagger, count: int, seed: int) -> list[_Scored]:
    """Return the most useful article of each of `count` groups of similar ones, the most useful first."""
    matrix = matrix_of([tagger.features(scored.candidate.article) for scored in ranked], tagger.feature_count)
    space = TruncatedSVD(min(_DIMENSIONS, len(ranked) - 1), random_state=seed).fit_transform(matrix)
    weights = [scored.usefulness for scored in ranked]
    groups = KMeans(count, n_init=3, random_state=seed).fit_predict(space, sample_weight=weights)
    first: dict[int, _Scored] = {}
    for group, scored in zip(groups.tolist(), ranked, strict=True):
        first.setdefault(group, scored)
    return list(first.values())
