"""How good a model is on labelled articles: figures with intervals, slices, calibration, and its worst errors."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Final

import numpy as np

from pilkada_nlp.article import MODALITIES, Article
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.errors import InputError
from pilkada_nlp.evaluation.card import model_card
from pilkada_nlp.evaluation.measures import (
    CORE,
    Floats,
    Pair,
    Question,
    average_precision,
    bins,
    calibration_error,
    confusion,
    counts,
    f1,
    macro_f1,
    main_of,
    mean,
    measured,
    modality_of,
    named,
    regions,
    relevant,
    samples,
    signal,
)
from pilkada_nlp.evaluation.mistakes import worst
from pilkada_nlp.evaluation.pages import report_html, report_markdown
from pilkada_nlp.evaluation.report import Calibration, EvaluationReport, Mistake, Slice, ThemeScore
from pilkada_nlp.labelling import Labelling
from pilkada_nlp.preprocessing import clean

__all__ = [
    "Calibration",
    "EvaluationReport",
    "Mistake",
    "Slice",
    "ThemeScore",
    "article_of",
    "evaluate",
    "model_card",
    "report_html",
    "report_markdown",
]

_WORDS: Final = (100, 300)  # borders between short, usual and long texts
_LEAST_IN_SLICE: Final = 10  # articles; figures of fewer say nothing
_ROUTINE: Final = ("imbauan", "fakta_proses")


def article_of(labelling: Labelling) -> Article:
    """Return the article that a labelling is about, as a tagger reads it."""
    row = labelling.article
    return Article(
        id=row.id,
        url=labelling.url,
        outlet=labelling.outlet,
        title=clean(row.title),
        text=clean(row.text),
        day=row.date,
        fetched_at=datetime.combine(row.date, time(), UTC),
        published_on=row.date,
    )


def evaluate(tagger: Tagger, labelled: Sequence[Labelling], seed: int = 0) -> EvaluationReport:
    """Return how well `tagger` does on labelled articles, one labelling each; the same seed gives the same report.

    Raises InputError when there are none.
    """
    if not labelled:
        raise InputError(
            "there are no labelled articles to judge a model by; give a file or folder that holds some", "data"
        )
    articles = [article_of(labelling) for labelling in labelled]
    taggings = tagger.tag(articles)
    pairs = [(labelling.article.labels, tagging) for labelling, tagging in zip(labelled, taggings, strict=True)]
    related = [pair for pair in pairs if pair[0].rel]
    drawn, drawn_related = samples(len(pairs), seed), samples(len(related), seed)
    themes = tagger.manifest.themes
    questions = {
        "relevance": relevant,
        "themes": main_of(themes),
        "core_themes": main_of(CORE),
        "any_mention": named,
        "signal": signal,
    }
    figures = {name: measured(counts(pairs, question), f1, drawn) for name, question in questions.items()}
    if related:
        figures["regions"] = measured(counts(related, regions), f1, drawn_related)
        right = np.array([[labels.mod == modality_of(tagging), 1.0] for labels, tagging in related])
        figures["modality"] = measured(right, lambda total: total[..., 0] / total[..., 1], drawn_related)
    modalities = [(labels.mod, modality_of(tagging)) for labels, tagging in related]
    return EvaluationReport(
        model=tagger.name,
        articles=len(pairs),
        related=len(related),
        seed=seed,
        figures=figures,
        modality_macro_f1=round(macro_f1(modalities, MODALITIES), 4),
        themes=tuple(_theme_score(theme, pairs, drawn) for theme in themes),
        confusion={mod: dict(row) for mod, row in sorted(confusion(pairs).items())},
        calibration=_calibration(pairs, themes),
        slices=tuple(_slices(labelled, pairs, themes)),
        errors=worst(tagger, articles, labelled, taggings),
    )


def _f1(group: Sequence[Pair], question: Question) -> float | None:
    """Return F1, None where the labels have nothing to find: 0 would look like a failure."""
    found = counts(group, question)
    return round(float(f1(found.sum(axis=0))), 4) if found[:, [0, 2]].any() else None


def _theme_score(theme: str, pairs: Sequence[Pair], drawn: Floats) -> ThemeScore:
    found = counts(pairs, main_of([theme]))
    answers = np.array([theme in labels.pokok for labels, _ in pairs])
    scores = np.array([tagging.theme_scores[theme] for _, tagging in pairs])
    return ThemeScore(
        theme=theme,
        articles=int(answers.sum()),
        precision=measured(found, lambda total: total[..., 0] / np.maximum(1, total[..., 0] + total[..., 1]), drawn),
        recall=measured(found, lambda total: total[..., 0] / np.maximum(1, total[..., 0] + total[..., 2]), drawn),
        f1=measured(found, f1, drawn),
        average_precision=average_precision(answers, scores, drawn),
    )


def _calibration(pairs: Sequence[Pair], themes: Sequence[str]) -> dict[str, Calibration]:
    return {
        "relevance": _calibrated([(tagging.relevant.score, bool(labels.rel)) for labels, tagging in pairs]),
        "themes": _calibrated(
            [(tagging.theme_scores[theme], theme in labels.pokok) for labels, tagging in pairs for theme in themes]
        ),
    }


def _calibrated(answers: Sequence[tuple[float, bool]]) -> Calibration:
    predicted = np.array([score for score, _ in answers])
    observed = np.array([answer for _, answer in answers])
    found = bins(predicted, observed)
    return Calibration(
        ece=round(calibration_error(found), 4),
        brier=round(float(((predicted - observed) ** 2).mean()), 4),
        bins=tuple(found),
    )


_SLICES: Final[Mapping[str, Callable[[Labelling], str]]] = {
    "source kind": lambda one: one.article.labels.kind,
    "outlet": lambda one: one.outlet or "-",
    "length": lambda one: _length(len(one.article.text.split())),
    "year": lambda one: str(one.article.date.year),
    "election": lambda one: one.article.labels.election or "-",
    "statement": lambda one: "neither appeal nor routine" if _tells(one) else "appeal, routine or unrelated",
}


def _length(words: int) -> str:
    short, long = _WORDS
    return f"under {short} words" if words < short else f"{short} to {long} words" if words <= long else f"over {long}"


def _tells(labelling: Labelling) -> bool:
    return bool(labelling.article.labels.rel) and labelling.article.labels.mod not in _ROUTINE


def _slices(labelled: Sequence[Labelling], pairs: Sequence[Pair], themes: Sequence[str]) -> list[Slice]:
    found = []
    for by, value_of in _SLICES.items():
        groups: dict[str, list[Pair]] = {}
        for labelling, pair in zip(labelled, pairs, strict=True):
            groups.setdefault(value_of(labelling), []).append(pair)
        for value, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
            if len(group) < _LEAST_IN_SLICE or len(groups) == 1:
                continue
            modalities = [labels.mod == modality_of(tagging) for labels, tagging in group if labels.rel]
            found.append(
                Slice(
                    by=by,
                    value=value,
                    articles=len(group),
                    relevance_f1=_f1(group, relevant),
                    theme_f1=_f1(group, main_of(themes)),
                    signal_f1=_f1(group, signal),
                    modality_accuracy=round(mean(modalities), 4) if modalities else None,
                )
            )
    return found
