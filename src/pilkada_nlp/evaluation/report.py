"""What an evaluation says: the types."""

from typing import TYPE_CHECKING

import msgspec

from pilkada_nlp.article import Shown
from pilkada_nlp.evaluation.measures import Bin, Measure

if TYPE_CHECKING:
    from pilkada_nlp.evaluation.plots import ReportPlots


class Mistake(msgspec.Struct, frozen=True):
    """An answer that is wrong and was given with confidence.

    `field` is "relevant", "themes.<id>" or "modality", `given` what the label says, `found` what the model says, with
    the probability it has for that. `evidence` are the sentences that led the model astray.
    """

    article: str
    title: str
    outlet: str
    field: str
    given: str
    found: str
    probability: float
    evidence: tuple[str, ...]


class ThemeScore(msgspec.Struct, frozen=True):
    """How well a main theme is found, among `articles` that bear it."""

    theme: str
    articles: int
    precision: Measure
    recall: Measure
    f1: Measure
    average_precision: Measure


class Calibration(msgspec.Struct, frozen=True):
    """How far probabilities can be taken at their word: expected calibration error, Brier score, and the bins."""

    ece: float
    brier: float
    bins: tuple[Bin, ...]


class Slice(msgspec.Struct, frozen=True):
    """The chief figures on the articles that have `value` in `by` ("outlet", "year", …).

    A figure is None where the labels have nothing to find.
    """

    by: str
    value: str
    articles: int
    relevance_f1: float | None
    theme_f1: float | None
    signal_f1: float | None
    modality_accuracy: float | None


class EvaluationReport(Shown, frozen=True, kw_only=True):
    """What a model is worth on `articles` labelled articles, `related` of them about an election.

    `figures` are F1 of "relevance", "themes" (main, micro-averaged), "core_themes", "any_mention", "signal" (incident,
    allegation or ruling), "regions" (of related articles) and "modality" (accuracy on related articles).
    `modality_macro_f1` leaves out rare kinds. `confusion` is labelled modality -> found modality -> articles.
    `calibration` is that of "relevance" and of "themes". `errors` are the worst ones, with what led the model astray.
    """

    model: str
    articles: int
    related: int
    seed: int
    figures: dict[str, Measure]
    modality_macro_f1: float
    themes: tuple[ThemeScore, ...]
    confusion: dict[str, dict[str, int]]
    calibration: dict[str, Calibration]
    slices: tuple[Slice, ...]
    errors: tuple[Mistake, ...]

    @property
    def plot(self) -> "ReportPlots":
        """Plots by Altair: `plot.calibration()`."""
        from pilkada_nlp.evaluation.plots import ReportPlots

        return ReportPlots(self)

    def __repr__(self) -> str:
        found = "; ".join(f"{name} {figure.value:.3f}" for name, figure in self.figures.items())
        return f"EvaluationReport({self.model!r}, {self.articles} articles, {found})"

    def _repr_html_(self) -> str:
        from pilkada_nlp.evaluation.pages import report_card

        return report_card(self)
