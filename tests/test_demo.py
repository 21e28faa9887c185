"""The demonstration: thirty items with their traps, read over HTTP, summarised rightly."""

import json
from collections import Counter
from pathlib import Path

import pytest
import requests

from pilkada_nlp.archive import Archive
from pilkada_nlp.article.findings import DailySummary
from pilkada_nlp.demo import DEMO_DAY, demo_articles, run_demo, serve_site
from pilkada_nlp.errors import OutputError


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[DailySummary, Path]:
    """The summary of the demonstration, and the folder it was written into."""
    out = tmp_path_factory.mktemp("peragaan")
    return run_demo(out).summary, out


def test_the_site_has_its_traps() -> None:
    """Thirty items of three outlets: a split article, a wall, an index page, dates that are wrong or missing."""
    items = demo_articles()
    assert Counter(item.outlet for item in items) == {"kabarmahakam": 11, "wartanusa": 11, "lensapesisir": 8}
    assert {item.kind for item in items} == {"article", "consent_wall", "index"}
    assert [item.pages for item in items if item.pages > 1] == [3]
    assert any(item.published is None for item in items)
    assert any(item.published and item.published.year == 2042 for item in items)
    assert sum(bool(item.read_also) for item in items) >= 4
    gold = (Path(__file__).parent / "demo_gold.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["slug"] for line in gold} == {item.slug for item in items if item.kind == "article"}


def test_the_site_answers_and_says_404() -> None:
    """It is a real web site while it lasts."""
    with serve_site() as outlets:
        for outlet in outlets:
            (address,) = outlet.feeds + outlet.sitemaps + outlet.listings
            assert requests.get(address, timeout=5).status_code == 200
            assert requests.get(outlet.home + "/tidak/ada", timeout=5).status_code == 404
            assert "Disallow" in requests.get(outlet.home + "/robots.txt", timeout=5).text


def test_all_items_have_an_outcome(result: tuple[DailySummary, Path]) -> None:
    """Thirty items: 28 articles of their days, one wall and one index page refused, none lost."""
    summary, out = result
    assert all(source.read for source in summary.sources)
    assert summary.set_aside == {"consent_wall": 1, "listing_page": 1}
    with_archive = Archive(f"sqlite:///{out / 'demo-archive.db'}")
    days = Counter(article.day.isoformat() for article in with_archive.articles(DEMO_DAY.replace(day=1), DEMO_DAY))
    with_archive.close()
    assert days == {"2024-11-09": 1, "2024-11-20": 4, "2024-11-21": 23}


def test_the_clash_is_told_once_with_all_its_sources(result: tuple[DailySummary, Path]) -> None:
    """The report of the clash, its copy and what a witness saw are one incident, and its region leads the watchlist."""
    (story,) = [story for story in result[0].incidents if len(story.members) > 1]
    assert [place.code for place in story.regions] == ["64.08"]
    reasons = {member.outlet: member.reason for member in story.members}
    assert reasons == {"kabarmahakam": "asal", "wartanusa": "salinan", "lensapesisir": "peristiwa"}
    assert result[0].incidents[0].severity == story.severity == 3
    entry = result[0].watchlist[0]
    assert (entry.region, entry.theme, entry.level) == ("64.08", "keamanan", "tinggi")


def test_appeals_and_dismissed_cases_raise_nothing(result: tuple[DailySummary, Path]) -> None:
    """Kutai Kartanegara has four appeals and no level; a dismissed report is listed as such and not watched."""
    summary = result[0]
    assert "64.02" not in {entry.region for entry in summary.watchlist}
    appeals = {count.region: count for count in summary.appeals}
    assert appeals["64.02"].stories == 3
    assert appeals["64.02"].not_independent == 2
    dismissed = [story for story in summary.rulings if story.outcome == "tidak_terbukti"]
    assert [[place.code for place in story.regions] for story in dismissed] == [["64.09"]]
    assert "64.09" not in {entry.region for entry in summary.watchlist}


def test_read_also_boxes_plant_nothing(result: tuple[DailySummary, Path]) -> None:
    """No headline of a "Baca juga" box reaches the summary."""
    page = (result[1] / "ringkasan-2024-11-21.html").read_text(encoding="utf-8")
    for item in demo_articles():
        assert not [headline for headline in item.read_also if headline in page]
    assert "Peragaan" in page


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The error names it."""
    (tmp_path / "datei").write_text("")
    with pytest.raises(OutputError, match="datei"):
        run_demo(tmp_path / "datei")
