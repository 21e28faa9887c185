"""Labels that deserve another look: those that models which did not learn from them speak against."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from pilkada_nlp.article import MODALITIES, Evidence
from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.evaluation import article_of
from pilkada_nlp.labelling import Labelling
from pilkada_nlp.training.fitting import Held

_UNLIKELY: Final = 0.2  # probability of what the label says, from which it is worth looking again


class Doubt(NamedTuple):
    """A label that speaks against what the other articles teach.

    `field` is "relevant", "themes.<id>" or "modality", `given` what the label says and `expected` what the model would;
    `probability` is the out-of-fold probability of what is given. `evidence` are the sentences that speak for what the
    model expects; there are none for a theme or an election that it does not see.
    """

    article: str
    title: str
    by: str
    field: str
    given: str
    expected: str
    probability: float
    evidence: tuple[Evidence, ...] = ()


def doubts_about(own: Sequence[Labelling], held: Held, themes: Sequence[str], folder: Path) -> list[Doubt]:
    """Return the doubtful ones of own labels, the last texts of those that `held` is about, least likely first."""
    first = len(held.relevance) - len(own)
    found = [
        (doubt, head, labelling)
        for row, labelling in enumerate(own, first)
        for doubt, head in _of(labelling, held, row, themes)
    ]
    found.sort(key=lambda item: (item[0].probability, item[0].article, item[0].field))
    if not found:
        return []
    tagger = load_tagger(folder)
    return [
        doubt._replace(evidence=tagger.evidence(article_of(of), head)) if head else doubt for doubt, head, of in found
    ]


def agreement(own: Sequence[Labelling], held: Held, themes: Sequence[str], likely: float) -> dict[str, float]:
    """Return the share of own labels that the folds agree with: on relevance, and on themes (Jaccard's index)."""
    first = len(held.relevance) - len(own)
    labels = [labelling.article.labels for labelling in own]
    right = [bool(label.rel) == (held.relevance[row] >= likely) for row, label in enumerate(labels, first)]
    gold = [set(label.pokok) & set(themes) for label in labels]
    found = [
        {theme for theme, score in zip(themes, held.themes[row], strict=True) if score >= likely}
        for row in range(first, first + len(own))
    ]
    both = sum(len(left & other) for left, other in zip(gold, found, strict=True))
    either = sum(len(left | other) for left, other in zip(gold, found, strict=True))
    return {"relevant": round(float(np.mean(right)), 4), "themes": round(both / either if either else 1.0, 4)}


def _of(labelling: Labelling, held: Held, row: int, themes: Sequence[str]) -> Iterator[tuple[Doubt, str]]:
    """Yield the doubts about one article, each with the head whose sentences speak against the label, "" for none."""
    labels, article = labelling.article.labels, labelling.article

    def doubt(field: str, given: str, expected: str, probability: float) -> Doubt:
        return Doubt(article.id, article.title, labelling.by, field, given, expected, round(float(probability), 4))

    related = float(held.relevance[row])
    of_given = related if labels.rel else 1 - related
    if of_given < _UNLIKELY:
        yield (
            doubt("relevant", *(("yes", "no") if labels.rel else ("no", "yes")), of_given),
            "" if labels.rel else "relevant",
        )
    if not labels.rel:
        return  # of what is about no election nothing else was asked
    for theme, score in zip(themes, held.themes[row].tolist(), strict=True):
        main = theme in labels.pokok
        of_given = score if main else 1 - score
        if of_given < _UNLIKELY:
            yield (
                doubt(f"themes.{theme}", *(("pokok", "-") if main else ("-", "pokok")), of_given),
                "" if main else theme,
            )
    shares = dict(zip(MODALITIES, held.modality[row].tolist(), strict=True))
    if labels.mod and any(shares.values()) and shares[labels.mod] < _UNLIKELY:
        expected = max(shares, key=shares.__getitem__)
        if shares[expected] > 1 - _UNLIKELY:  # else the model is at a loss, and that is no reason
            yield doubt("modality", labels.mod, expected, shares[labels.mod]), f"mod:{expected}"
