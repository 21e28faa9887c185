"""Results in notebooks: a calm line each, cards without anything unescaped, plots that can be drawn offline."""

import enum
import subprocess
import sys
import types
import typing
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import DailySummary, RegionState, Story, Watchlist, WatchlistEntry
from pilkada_nlp.article.rows import TAGS
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.corpora import read_corpus
from pilkada_nlp.errors import InputError
from pilkada_nlp.evaluation import EvaluationReport, evaluate
from pilkada_nlp.labelling import Labelling
from tests.conftest import article_of
from tests.sample_summaries import empty_summary, full_summary, large_summary

CORPUS = Path(__file__).parents[1] / "corpora" / "berita"
TEXT = "Massa melempari kantor KPU Kabupaten Paser. Rapat pleno Pilkada 2024 dihentikan.\n\nDua.\n\nTiga.\n\nEmpat."
PNG = b"\x89PNG\r\n\x1a\n"


def watchlist(summary: DailySummary) -> Watchlist:
    """Return the watchlist that a summary was made of."""
    return Watchlist(day=summary.day, entries=summary.watchlist, regions=summary.regions)


@pytest.fixture(scope="module")
def report(tagger: Tagger) -> EvaluationReport:
    """An evaluation on a few articles of the corpus."""
    labelled = read_corpus([CORPUS])[::60]
    return evaluate(tagger, [Labelling(article=article) for article in labelled])


@pytest.fixture(scope="module")
def results(tagger: Tagger, report: EvaluationReport) -> dict[type, Any]:
    """One result of every kind that is shown."""
    article = article_of(TEXT, "Pleno ricuh di Paser", authors=("Redaksi",), complete=False)
    summary = full_summary()
    found = (
        article,
        tagger.tag([article])[0],
        summary.incidents[0],
        summary.watchlist[0],
        watchlist(summary),
        summary,
        report,
    )
    return {type(value): value for value in found}


def test_a_result_is_one_calm_line(results: dict[type, Any]) -> None:
    """What it is, which one, and what one looks for first; nothing runs over two lines or steers a terminal."""
    assert (
        repr(results[Tagging]) == "Tagging('a', kejadian, keamanan, rekap_penetapan, 64.01 Kabupaten Paser, severity 3)"
    )
    assert repr(results[Article]) == f"Article('a', 2024-11-21, uji, “Pleno ricuh di Paser”, {len(TEXT)} characters)"
    assert repr(results[WatchlistEntry]) == (
        "WatchlistEntry('64.08/keamanan', 2024-11-21, Kabupaten Kutai Timur, tinggi 8.4, 2 reasons)"
    )
    assert repr(results[Watchlist]) == "Watchlist(2024-11-21, 5 entries: 2 tinggi, 2 sedang, 1 rendah)"
    assert repr(watchlist(empty_summary())).endswith(", 0 entries)")
    assert "edition 3, closed, 1284 articles" in repr(results[DailySummary])
    assert repr(results[Story]).startswith("Story('706c656e6f000000', 2024-11-21, kejadian, severity 4, “Rapat pleno")
    assert "relevance 0.9" in repr(results[EvaluationReport])
    hostile = replace(results[Article], title="\x1b[31mmerah\n\u202eterbalik" * 30)
    assert all(char.isprintable() for char in repr(hostile))
    assert max(len(repr(value)) for value in (*results.values(), hostile)) < 260


class Seen(HTMLParser):
    """Collects the elements, attributes and text of a fragment."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


ELEMENTS = set("div style p span ul li blockquote mark a code table thead tbody tr th td br".split())


def test_a_card_says_what_one_looks_for_first(results: dict[type, Any]) -> None:
    """Judgements in words beside their colours, the evidence with what weighs marked, and how to see more."""
    tagging = Seen(results[Tagging]._repr_html_())
    for said in ("kejadian", "Keamanan (tema pokok)", "64.01 Kabupaten Paser", "dihentikan", "tagging.explain()"):
        assert said in tagging.text
    assert "mark" in tagging.elements
    article = Seen(results[Article]._repr_html_())
    assert ("href", "https://contoh.id/a") in article.attributes
    for said in ("Pleno ricuh di Paser", "21 November 2024", "Tiga.", "dan 1 paragraf lagi", "artikel tidak lengkap"):
        assert said in article.text
    assert "Empat." not in article.text
    story = Seen(replace(results[Story], follows="cerita-lama")._repr_html_()).text
    for said in ("artikel asal", "Lanjutan dari: cerita-lama", "Rapat dihentikan pukul 14.00", "Keparahan 4 dari 4"):
        assert said in story
    entry = Seen(results[WatchlistEntry]._repr_html_()).text
    for said in (
        "▲ tinggi",
        "nilai 8,4",
        "Rapat dihentikan pukul 14.00",
        "Dibenarkan",
        "2 dari 3 media",
        "64.08/keamanan",
    ):
        assert said in entry
    assert "91.71/logistik" in Seen(results[Watchlist]._repr_html_()).text
    assert "1284 artikel" in Seen(results[DailySummary]._repr_html_()).text
    assert "relevansi (F1)" in Seen(results[EvaluationReport]._repr_html_()).text


def test_days_with_nothing_and_with_far_too_much_have_cards(tagger: Tagger) -> None:
    """An empty watchlist says so, a long one is cut with the number of the rest; an empty text has a card."""
    assert "Tidak ada daerah" in watchlist(empty_summary())._repr_html_()
    many = watchlist(large_summary())
    assert f"dan {len(many) - 20} lagi" in many._repr_html_()
    for value in (empty_summary(), large_summary(), article_of(""), tagger.tag([article_of("")])[0]):
        assert len(value._repr_html_()) < 60_000


def hostile(value: Any, hint: Any, text: str) -> Any:
    """Return a value with `text` in place of every string that its type leaves open, in keys too."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        kinds = [arg for arg in args if arg is not type(None)]
        return value if value is None else hostile(value, kinds[0], text)
    if hint is str:
        return text
    if origin is tuple and args[-1] is ...:
        return tuple(hostile(one, args[0], text) for one in value)
    if origin is tuple:
        return tuple(hostile(one, arg, text) for one, arg in zip(value, args, strict=True))
    if origin is dict:
        key = f"{text}{{}}" if args[0] is str else "{}"
        return {key.replace("{}", str(n)): hostile(one, args[1], text) for n, one in enumerate(value.values())}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = typing.get_type_hints(hint)
        return replace(
            value, **{name: hostile(getattr(value, name), hints[name], text) for name in hint.__struct_fields__}
        )
    assert origin is Literal or (isinstance(hint, type) and not issubclass(hint, enum.Enum)), hint
    return value


ATTACKS = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</style><b>&lt;x&gt;{{ 7 * 7 }}{% raw %}",
    "<!--<script>",
]


@settings(max_examples=25, deadline=None)
@given(text=st.sampled_from(ATTACKS) | st.text(alphabet="<>&\"'/=!-ab{}%`\x00\u202e", max_size=30))
def test_nothing_of_an_article_is_ever_html(results: dict[type, Any], text: str) -> None:
    """Whatever stands in any text of a result, a card has the elements and links of its template and no others."""
    for kind, value in results.items():
        html = hostile(value, kind, text)._repr_html_()
        seen = Seen(html)
        assert set(seen.elements) <= ELEMENTS
        assert {name for name, _ in seen.attributes} <= {"class", "lang", "href", "rel", "title"}
        assert all(url and url.startswith(("https://", "http://")) for name, url in seen.attributes if name == "href")
        assert html.count("<style>") == html.count("</style>") == 1
        assert (
            text.strip() == "" or kind is EvaluationReport or " ".join(text.split())[:5] in " ".join(seen.text.split())
        )


CHARTS: dict[str, Callable[[Watchlist], Any]] = {
    "overview": lambda found: found.plot(),
    "heatmap": lambda found: found.plot.heatmap(),
    "trend": lambda found: found.plot.trend(found.entries[0].region, found.entries[0].theme),
    "map": lambda found: found.plot.map(),
    "english": lambda found: found.plot.map(language="en"),
}


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("summary", [full_summary, large_summary])
def test_a_plot_is_drawn_without_a_network(tmp_path: Path, name: str, summary: Callable[[], DailySummary]) -> None:
    """Each chart becomes a PNG with something on it and an SVG that says in words what it says in colours."""
    chart = CHARTS[name](watchlist(summary()))
    chart.save(tmp_path / "chart.png")
    chart.save(tmp_path / "chart.svg")
    assert (tmp_path / "chart.png").read_bytes().startswith(PNG)
    assert (tmp_path / "chart.png").stat().st_size > 8_000
    svg = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    assert "▲ high" in svg if name == "english" else "▲ tinggi" in svg
    assert "November 2024" in svg


def test_calibration_is_drawn(report: EvaluationReport, tmp_path: Path) -> None:
    """A dot for each bin with the number of its answers, beside the error."""
    report.plot.calibration().save(tmp_path / "chart.svg")
    svg = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    error = f"{report.calibration['relevance'].ece:.3f}".replace(".", ",")
    assert f"relevansi (ECE {error}" in svg
    report.plot.calibration(language="en").save(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(PNG)


def test_plots_of_a_quiet_day_are_empty_and_no_error(tmp_path: Path) -> None:
    """A day without entries has an overview, a heat map and a map all the same; a trend needs an entry."""
    quiet = Watchlist(day=date(2024, 7, 1), entries=())
    for chart in (quiet.plot(), quiet.plot.heatmap(), quiet.plot.map()):
        chart.save(tmp_path / "chart.png")
    with pytest.raises(InputError, match="no such entry"):
        quiet.plot.trend("64.08", "keamanan")
    with pytest.raises(ValueError, match="no words in 'su'; there are id, en"):
        quiet.plot.map(language="su")  # type: ignore[arg-type]


def test_a_map_of_entries_alone_says_so() -> None:
    """Where the states of all regions were not kept, the map shows listed regions and calls the others unlisted."""
    summary = full_summary()
    alone = Watchlist(day=summary.day, entries=summary.watchlist).plot.map().to_json()
    assert "tanpa entri" in alone
    assert "tanpa data" not in alone
    assert "tanpa entri" not in watchlist(summary).plot.map().to_json()


@pytest.mark.parametrize("text", ATTACKS)
def test_no_text_ends_the_script_of_a_chart(results: dict[type, Any], text: str) -> None:
    """Altair writes a chart as it is into a script; none of its texts can begin or end an element there."""
    found: Watchlist = hostile(results[Watchlist], Watchlist, text)
    report: EvaluationReport = hostile(results[EvaluationReport], EvaluationReport, text)
    charts = [chart(found) for name, chart in CHARTS.items() if name != "trend"]
    charts += [found.plot.trend(text, text), report.plot.calibration()]
    for chart in charts:
        assert "<" not in chart.to_json()


def test_without_altair_the_error_says_what_to_install() -> None:
    """Plots are an extra; everything else works without it."""
    code = (
        "import sys; sys.modules['altair'] = None\n"
        "from datetime import date\n"
        "from pilkada_nlp import Watchlist\n"
        "from pilkada_nlp.errors import MissingExtraError\n"
        "found = Watchlist(day=date(2024, 11, 21), entries=())\n"
        "found._repr_html_()\n"
        "try: found.plot()\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "python3 -m pip install '.[plot]'" in done.stdout


def test_a_watchlist_is_walked_through_and_asked_for_entries() -> None:
    """By region code or name and theme; a slip is answered with what is listed almost so."""
    found = watchlist(full_summary())
    assert list(found) == list(found.entries)
    assert len(found) == 5
    assert found["64.08/keamanan"] is found["kabupaten kutai timur/keamanan"] is found.entries[0]
    with pytest.raises(InputError, match=r"64\.07/keamanan: .*did you mean 64\.08/keamanan"):
        found["64.07/keamanan"]
    with pytest.raises(TypeError, match=r"by rank, `\.entries\[0\]`"):
        found[0]  # type: ignore[index]


def test_results_are_rows_of_data_frames(results: dict[type, Any]) -> None:
    """A row is flat: numbers, texts, days and lists of texts, so that any library takes it."""
    rows = {kind: results[kind].row() for kind in (Tagging, Story, WatchlistEntry)}
    assert tuple(rows[Tagging]) == TAGS
    assert (rows[Tagging]["themes"], rows[Tagging]["regions"]) == (["keamanan", "rekap_penetapan"], ["64.01"])
    assert (rows[Story]["articles"], rows[Story]["mentioned"]) == (2, ["logistik"])
    assert (rows[WatchlistEntry]["id"], rows[WatchlistEntry]["direction"]) == ("64.08/keamanan", "naik")
    for row in rows.values():
        assert all(isinstance(cell, str | int | float | bool | date | list | None) for cell in row.values())


def test_a_region_state_of_a_province_stands_for_itself() -> None:
    """Provinces with regencies are coloured by them, others by their own state."""
    summary = full_summary()
    states: tuple[RegionState, ...] = tuple(one for one in summary.regions if one.region.startswith("64"))
    chart = Watchlist(day=summary.day, entries=(), regions=states).plot.map().to_dict()
    tiles = chart["datasets"][chart["vconcat"][0]["data"]["name"]]
    assert {tile["province"]: tile["level"] for tile in tiles}["Kaltim"] == "▲ tinggi"
    assert {tile["province"]: tile["level"] for tile in tiles}["Bali"] == "○ tanpa data"
