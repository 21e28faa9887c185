"""What the plots of this package share: words, colours, the paper that they lie on, and texts that are safe there."""

from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pilkada_nlp.article.explanation import Words
from pilkada_nlp.article.findings import LEVELS, SYMBOLS, Level, WatchlistEntry, short_name
from pilkada_nlp.errors import MissingExtraError
from pilkada_nlp.wording import Language, texts

if TYPE_CHECKING:
    import altair as alt

INK: Final = "#1d1c1a"
SOFT: Final = "#57534d"
PAPER: Final = "#faf9f6"
INKS: Final = {"tinggi": "#ffffff", "sedang": "#2a1f00", "rendah": "#1d3a2a", "tanpa_data": SOFT}
"""The ink of letters on the colour of each level."""

_LINE: Final = "#dcd8cf"
_FILLS: Final = {"tinggi": "#94201a", "sedang": "#f0bd4e", "rendah": "#d5e2da", "tanpa_data": "#ffffff"}

Chart = TypeVar("Chart", bound="alt.TopLevelMixin")
Values = list[dict[str, Any]]


class ChartWords(Words):
    """What charts say, in one language."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        everything = texts(language)
        self.t: dict[str, str] = everything["plots"]
        self.letters: dict[str, str] = everything["summary"]["letters"]
        self._levels: dict[str, str] = everything["summary"]["levels"]
        self._months: dict[str, str] = everything["months"]

    def level(self, level: Level) -> str:
        """Return a level in shape and word: "▲ tinggi"."""
        return f"{SYMBOLS[level]} {self._levels[level]}"

    def place(self, entry: WatchlistEntry) -> str:
        """Return the name of an entry's region in short."""
        return short_name(entry.region_name)

    def title(self, chart: str, day: date, **more: str) -> str:
        """Return the title of a chart."""
        shown = f"{day.day} {self._months[str(day.month)]} {day.year}"
        return safe(self.t[chart].format(day=shown, **more))


def need_altair() -> None:
    """Raise MissingExtraError, which says how to install it, when Altair is not there."""
    try:
        import altair  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise MissingExtraError("plots need Altair; run `python3 -m pip install '.[plot]'` in the clone") from error


def safe(text: str) -> str:
    """Return a text that ends no script: Altair writes charts as they are into a script of the notebook's page."""
    return text.replace("<", "‹")


def data(rows: Values) -> "alt.InlineData":
    """Return rows as the data of a chart, all texts safe."""
    import altair as alt

    return alt.InlineData(values=safe_rows(rows))


def safe_rows(rows: Values) -> Values:
    """Return rows with all texts safe."""
    return [{name: safe(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in rows]


def framed(chart: Chart) -> Chart:
    """Return a chart on paper of its own, with ink that can be read on it."""
    import altair as alt

    config = alt.Config(
        background=PAPER,
        padding=12,
        font="system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(labelColor=INK, titleColor=INK, labelFontSize=12, gridColor=_LINE, domainColor=SOFT),
        legend=alt.LegendConfig(
            labelColor=INK, titleColor=INK, labelFontSize=12, symbolStrokeColor=SOFT, symbolType="square"
        ),
        title=alt.TitleConfig(color=INK, subtitleColor=SOFT, fontSize=15, anchor="start", offset=12),
        text=alt.MarkConfig(fontSize=12),
    )
    return chart.properties(config=config)


def level_colour(words: ChartWords, fourth: str = "") -> "alt.Color":
    """Return the colours of the three levels of entries and, where a chart has one, of a `fourth` state."""
    import altair as alt

    names = [*map(words.level, LEVELS[:3]), *filter(None, [fourth])]
    scale = alt.Scale(domain=names, range=list(_FILLS.values())[: len(names)])
    return alt.Color("level:N", scale=scale, title=words.t["level"])
