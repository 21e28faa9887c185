"""How well taggings agree with labels: the questions that are asked, and the figures made of the answers.

A question turns an article's labels and tagging into two sets, what is there and what was found; F1 is counted over the
members of both. Intervals come from resampling articles, the same for every question and every model, so that two
models can be compared article by article.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pilkada_nlp.article import ModalityValue, Tagging
from pilkada_nlp.corpora import Labels

SIGNALS: Final = frozenset({"kejadian", "dugaan", "putusan"})
CORE: Final = frozenset({"netralitas_asn", "petahana", "keamanan"})
ENOUGH: Final = 7
"""A value with fewer examples is left out of macro averages."""

DRAWS: Final = 1000  # samples of articles that an interval rests on
_BINS: Final = 10

Floats = npt.NDArray[np.float64]
Pair = tuple[Labels, Tagging]
Question = Callable[[Labels, Tagging], tuple[set[str], set[str]]]


class Measure(NamedTuple):
    """A figure and the interval that 95 of 100 samples of articles give it."""

    value: float
    low: float
    high: float


class Bin(NamedTuple):
    """Answers of like probability: how many there are, what was predicted on average, and how often it was so."""

    answers: int
    predicted: float
    observed: float


def modality_of(tagging: Tagging) -> ModalityValue | None:
    """Return the kind of statement that a tagging sees; None for an article about no election."""
    return tagging.modality.value if tagging.modality else None


def main_of(themes: Iterable[str]) -> Question:
    """Return the question which of these are main themes of an article."""
    asked = set(themes)
    return lambda labels, tagging: (
        asked & set(labels.pokok),
        asked & {theme.theme for theme in tagging.themes if theme.strength == "pokok"},
    )


def relevant(labels: Labels, tagging: Tagging) -> tuple[set[str], set[str]]:
    """Ask whether an article is about an election."""
    return _flag(labels.rel), _flag(tagging.relevant.value)


def named(labels: Labels, tagging: Tagging) -> tuple[set[str], set[str]]:
    """Ask which themes an article names at all."""
    return {*labels.pokok, *labels.sebutan}, {theme.theme for theme in tagging.themes}


def signal(labels: Labels, tagging: Tagging) -> tuple[set[str], set[str]]:
    """Ask whether an article tells of an incident, an allegation or a ruling."""
    return _flag(labels.mod in SIGNALS), _flag(modality_of(tagging) in SIGNALS)


def regions(labels: Labels, tagging: Tagging) -> tuple[set[str], set[str]]:
    """Ask which regions an article is about."""
    return set(labels.regions), {place.code for place in tagging.places()}


def _flag(value: object) -> set[str]:
    return {"yes"} if value else set()


def counts(pairs: Sequence[Pair], question: Question) -> Floats:
    """Return for each article how much was found rightly, found wrongly, and missed; shape (articles, 3)."""
    both = [question(labels, tagging) for labels, tagging in pairs]
    return np.array(
        [(len(gold & found), len(found - gold), len(gold - found)) for gold, found in both], dtype=float
    ).reshape(-1, 3)


def f1(totals: Floats) -> Floats:
    """Return F1 of totals (right, wrong, missed) in the last axis; 0 where there is nothing at all."""
    right, wrong, missed = totals[..., 0], totals[..., 1], totals[..., 2]
    return np.asarray(2 * right / np.maximum(1, 2 * right + wrong + missed))


def micro_f1(pairs: Sequence[Pair], question: Question) -> float:
    """Return F1 over all members of the sets that a question gives."""
    return float(f1(counts(pairs, question).sum(axis=0)))


def macro_f1(pairs: Sequence[tuple[str | None, str | None]], values: Sequence[str]) -> float:
    """Return the mean F1 of the values that are frequent enough among (gold, found)."""
    scores = []
    for value in values:
        if sum(gold == value for gold, _ in pairs) >= ENOUGH:
            hits = sum(gold == value == found for gold, found in pairs)
            scores.append(2 * hits / sum((gold == value) + (found == value) for gold, found in pairs))
    return mean(scores)


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing."""
    return sum(values) / max(1, len(values))


def samples(articles: int, seed: int) -> Floats:
    """Return how often each article stands in each sample, shape (DRAWS, articles)."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(articles, np.full(articles, 1 / max(1, articles)), size=DRAWS).astype(float)


def measure(value: float, drawn: Floats) -> Measure:
    """Return a figure with its interval, `drawn` being its values in the samples, shape (DRAWS,)."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measure(round(float(value), 4), round(float(low), 4), round(float(high), 4))


def measured(found: Floats, figure: Callable[[Floats], Floats], drawn: Floats) -> Measure:
    """Return the figure of summed counts, shape (articles, any), with its interval over the samples `drawn`."""
    return measure(float(figure(found.sum(axis=0))), figure(drawn @ found))


def average_precision(answers: npt.NDArray[np.bool_], scores: Floats, drawn: Floats) -> Measure:
    """Return the area under the curve of precision over recall, shapes (articles,), with its interval."""
    order = np.argsort(-scores, kind="stable")
    right = answers[order].astype(float)

    def area(weights: Floats) -> Floats:
        hits = np.cumsum(weights * right, axis=-1)
        precision = hits / np.maximum(1e-12, np.cumsum(weights, axis=-1))
        return np.asarray((precision * weights * right).sum(axis=-1) / np.maximum(1e-12, hits[..., -1]))

    return measure(float(area(np.ones(len(right)))), area(drawn[:, order]))


def bins(predicted: Floats, observed: npt.NDArray[np.bool_]) -> list[Bin]:
    """Return ten bins of equal width over the probabilities, shapes (answers,)."""
    place = np.minimum((predicted * _BINS).astype(int), _BINS - 1)
    return [
        Bin(int(here.sum()), round(float(predicted[here].mean()), 4), round(float(observed[here].mean()), 4))
        if (here := place == number).any()
        else Bin(0, 0.0, 0.0)
        for number in range(_BINS)
    ]


def calibration_error(found: Sequence[Bin]) -> float:
    """Return the mean distance of predicted and observed, weighed by the answers in each bin (ECE)."""
    total = sum(one.answers for one in found)
    return sum(one.answers * abs(one.predicted - one.observed) for one in found) / max(1, total)


def bin_gaps(answers: Sequence[Sequence[tuple[float, bool]]]) -> Floats:
    """Return for each article predicted less observed, summed over its answers in each bin, and how many answers.

    Shape (articles, bins + 1). Summed over articles, the absolute gaps by the answers are the calibration error.
    """
    table = np.zeros((len(answers), _BINS + 1))
    for row, given in enumerate(answers):
        for predicted, observed in given:
            table[row, min(int(predicted * _BINS), _BINS - 1)] += predicted - observed
        table[row, _BINS] = len(given)
    return table


def confusion(pairs: Sequence[Pair]) -> Mapping[str, Mapping[str, int]]:
    """Return labelled modality -> found modality ("-" for no election) -> number of related articles."""
    table: dict[str, dict[str, int]] = {}
    for labels, tagging in pairs:
        if labels.rel and labels.mod:
            row = table.setdefault(labels.mod, {})
            found = modality_of(tagging) or "-"
            row[found] = row.get(found, 0) + 1
    return table
