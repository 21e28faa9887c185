"""An evaluation as pages for people: Markdown, and HTML that needs nothing else, with its plots drawn here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pilkada_nlp.article import MODALITIES
from pilkada_nlp.article.cards import filled
from pilkada_nlp.evaluation.card import shown
from pilkada_nlp.evaluation.measures import Measure
from pilkada_nlp.evaluation.report import Calibration, EvaluationReport, ThemeScore
from pilkada_nlp.wording import template_environment

if TYPE_CHECKING:
    from markupsafe import Markup

_ROW: Final = 20  # units of height of a bar
_NAMES: Final = 200  # units of width for the names beside bars
_LENGTH: Final = 300  # units that a figure of 1 takes


def report_markdown(report: EvaluationReport) -> str:
    """Return the report as Markdown."""
    return template_environment().get_template("evaluation/report.md.j2").render(**_context(report))


def report_html(report: EvaluationReport) -> str:
    """Return the report as one HTML page without scripts, pictures and styles inside it."""
    context = _context(report)
    plots = {
        "bars": theme_bars(report.themes),
        "curves": [(name, reliability(name, found)) for name, found in report.calibration.items()],
    }
    return template_environment().get_template("evaluation/report.html.j2").render(**context, **plots)


def report_card(report: EvaluationReport) -> str:
    """Return the chief figures with their intervals as a card for a notebook."""
    return filled("report", report)


def _context(report: EvaluationReport) -> dict[str, object]:
    found = [*MODALITIES, "-"]
    rows = [(name, [report.confusion[name].get(column, 0) for column in found]) for name in report.confusion]
    return {"report": report, "found": found, "confusion": rows, "interval": _interval, "shown": shown}


def _interval(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"


def theme_bars(themes: Sequence[ThemeScore]) -> "Markup":
    """Return F1 of each theme as a bar, its interval as a line over it."""
    from markupsafe import Markup

    drawn = [
        Markup(
            '<text x="0" y="{text}">{name} ({articles})</text>'
            '<rect class="bar" x="{left}" y="{top}" width="{width:.1f}" height="13"/>'
            '<path class="line" d="M{low:.1f} {middle}H{high:.1f}"/>'
            '<text x="{end}" y="{text}">{value:.2f}</text>'
        ).format(
            text=_ROW * row + 14,
            name=score.theme,
            articles=score.articles,
            left=_NAMES,
            top=_ROW * row + 3,
            width=_LENGTH * score.f1.value,
            low=_NAMES + _LENGTH * score.f1.low,
            high=_NAMES + _LENGTH * score.f1.high,
            middle=_ROW * row + 9.5,
            end=_NAMES + _LENGTH + 8,
            value=score.f1.value,
        )
        for row, score in enumerate(themes)
    ]
    return _picture(
        "bars",
        (_NAMES + _LENGTH + 40, _ROW * max(1, len(themes))),
        "F1 of each main theme",
        "A bar for each theme, with the interval of 95 % as a line; the figures stand in the table below.",
        Markup("").join(drawn),
    )


def reliability(name: str, found: Calibration) -> "Markup":
    """Return predicted against observed shares, a dot for each bin, the larger the more answers are in it."""
    from markupsafe import Markup

    most = max((one.answers for one in found.bins), default=1) or 1
    dots = [
        Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>').format(
            10 + 200 * one.predicted,
            210 - 200 * one.observed,
            2 + 6 * (one.answers / most) ** 0.5,
            f"{one.answers} answers: predicted {one.predicted:.2f}, observed {one.observed:.2f}",
        )
        for one in found.bins
        if one.answers
    ]
    frame = Markup(
        '<rect class="frame" x="10" y="10" width="200" height="200"/><path class="line" d="M10 210L210 10"/>'
    )
    return _picture(
        f"curve-{name}",
        (220, 220),
        f"Reliability of the probabilities of {name}",
        "Across, what was predicted; upwards, how often it was so. On the slanted line both are the same. The figures "
        "stand in the table beside it.",
        frame + Markup("").join(dots),
    )


def _picture(key: str, size: tuple[int, int], title: str, desc: str, body: "Markup") -> "Markup":
    """Return an SVG of `size` units whose title and description can be read aloud."""
    from markupsafe import Markup

    return Markup(
        '<svg viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img" aria-labelledby="{key}-t {key}-d">'
        '<title id="{key}-t">{title}</title><desc id="{key}-d">{desc}</desc>{body}</svg>'
    ).format(key=key, width=size[0], height=size[1], title=title, desc=desc, body=body)
