"""Plots of an evaluation by Altair (the extra `plot`)."""

from typing import TYPE_CHECKING

from pilkada_nlp.article.charts import INK, SOFT, data, framed, need_altair, safe
from pilkada_nlp.article.explanation import Words
from pilkada_nlp.evaluation.report import Calibration, EvaluationReport
from pilkada_nlp.wording import Language, texts

if TYPE_CHECKING:
    import altair as alt


class ReportPlots:
    """The plots of one evaluation. ValueError for a language without words."""

    def __init__(self, report: EvaluationReport) -> None:
        self._report = report

    def calibration(self, *, language: Language = "id") -> "alt.HConcatChart":
        """Return what was predicted against how often it was so, a dot for each bin; on the line both are the same."""
        need_altair()
        import altair as alt

        words = texts(language)["plots"]
        curves = [_curve(name, found, language) for name, found in self._report.calibration.items()]
        title = safe(words["calibration"].format(model=self._report.model))
        return framed(alt.hconcat(*curves, title=alt.TitleParams(title, subtitle=words["calibration_note"])))


def _curve(name: str, found: Calibration, language: Language) -> "alt.LayerChart":
    import altair as alt

    words, number = texts(language)["plots"], Words(language).number
    rows = [
        {"predicted": one.predicted, "observed": one.observed, "answers": one.answers, "label": str(one.answers)}
        for one in found.bins
        if one.answers
    ]
    whole = alt.Scale(domain=[0, 1])
    x = alt.X("predicted:Q", scale=whole, title=words["predicted"], axis=alt.Axis(format="%"))
    y = alt.Y("observed:Q", scale=whole, title=words["observed"], axis=alt.Axis(format="%"))
    line = alt.Chart(data([{"predicted": 0, "observed": 0}, {"predicted": 1, "observed": 1}]))
    dots = alt.Chart(data(rows)).encode(x=x, y=y)
    size = alt.Size("answers:Q", scale=alt.Scale(range=[40, 400], type="sqrt"), legend=None)
    shown = words["curve"].get(name, name)
    title = safe(f"{shown} (ECE {number(found.ece)}, Brier {number(found.brier)})")
    layers = [
        line.mark_line(color=SOFT, strokeDash=[4, 3]).encode(x=x, y=y),
        dots.mark_circle(color="#234f8f", opacity=0.85).encode(size=size),
        dots.mark_text(dy=-14, color=INK, fontSize=11).encode(text="label:N"),
    ]
    return alt.LayerChart(layer=layers).properties(title=title, width=300, height=300)
