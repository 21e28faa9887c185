"""Two models on the same articles: how each figure changes, and how sure that is."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.evaluation import article_of
from pilkada_nlp.evaluation.measures import (
    CORE,
    Floats,
    Pair,
    bin_gaps,
    counts,
    f1,
    main_of,
    relevant,
    samples,
    signal,
)
from pilkada_nlp.labelling import Labelling


class Comparison(NamedTuple):
    """A figure of the model before and of the one now; `change` is positive when it is better.

    `fell` is the share of samples of articles in which it is worse.
    """

    gate: str
    before: float
    now: float
    change: float
    fell: float


def compare(before: Tagger, now: Tagger, labelled: Sequence[Labelling], seed: int) -> list[Comparison]:
    """Return how the figures that gates ask for change between two models, over the same samples of articles.

    These are F1 of the core themes, of "relevance", of all main "themes" and of the "signal", and the calibration
    errors "calibration.relevance" and "calibration.themes", of which less is better.
    """
    articles = [article_of(labelling) for labelling in labelled]
    labels = [labelling.article.labels for labelling in labelled]
    old = list(zip(labels, before.tag(articles), strict=True))
    new = list(zip(labels, now.tag(articles), strict=True))
    drawn = samples(len(articles), seed)
    themes = [theme for theme in before.manifest.themes if theme in now.manifest.themes]
    questions = {theme: main_of([theme]) for theme in sorted(CORE)}
    questions |= {"relevance": relevant, "themes": main_of(before.manifest.themes), "signal": signal}
    found = [
        _compared(name, counts(old, question), counts(new, question), f1, drawn, 1)
        for name, question in questions.items()
    ]
    answers: dict[str, Callable[[Pair], list[tuple[float, bool]]]] = {
        "calibration.relevance": lambda pair: [(pair[1].relevant.score, bool(pair[0].rel))],
        "calibration.themes": lambda pair: [(pair[1].theme_scores[theme], theme in pair[0].pokok) for theme in themes],
    }
    for name, answer in answers.items():
        gaps = [bin_gaps([answer(pair) for pair in pairs]) for pairs in (old, new)]
        found.append(_compared(name, gaps[0], gaps[1], _error, drawn, -1))
    return found


def _error(gaps: Floats) -> Floats:
    return np.asarray(np.abs(gaps[..., :-1]).sum(axis=-1) / np.maximum(1, gaps[..., -1]))


def _compared(
    name: str, old: Floats, new: Floats, figure: Callable[[Floats], Floats], drawn: Floats, sign: int
) -> Comparison:
    before, now = float(figure(old.sum(axis=0))), float(figure(new.sum(axis=0)))
    changes = sign * (figure(drawn @ new) - figure(drawn @ old))
    return Comparison(
        name,
        round(before, 4),
        round(now, 4),
        round(sign * (now - before), 4),
        round(float((changes < 0).mean()), 4),
    )
