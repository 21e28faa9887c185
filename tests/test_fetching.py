"""From outlets to the archive: every outcome is recorded, a second run asks little, a backfill can be interrupted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Outlet
from pilkada_nlp.fetching import FetchReport, fetch_outlets, reach, today
from pilkada_nlp.scrapers import Fetcher, Period
from tests.conftest import NOW, Site
from tests.test_crawl import feed
from tests.test_sources import listing_page

DAY = NOW.date()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive in a new file."""
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    yield archive
    archive.close()


def run(
    archive: Archive, outlets: list[Outlet], period: Period | None = None, now: datetime = NOW, everything: bool = True
) -> FetchReport:
    """Fetch with a new fetcher, as each run of the command does."""
    fetcher = Fetcher("uji@contoh.id", robots=archive.robots(), clock=lambda: now, chance=lambda: 0.0, deadline=1.5)
    try:
        return fetch_outlets(outlets, archive, fetcher, period or reach(now), day=DAY, all_sources=everything)
    finally:
        fetcher.close()


def test_every_outcome_is_recorded(archive: Archive, site: Site) -> None:
    """Fetched, gone, forbidden, too large, too old, a broken address, a dead source: each can be asked for later."""
    site.page("/robots.txt", "User-agent: *\nDisallow: /dalam/\n", "text/plain")
    site.page("/feed", feed(site.home, "/ada", "/hilang", "/dalam/a", "/besar", "ftp://lain/x"))
    site.page("/tua", feed(site.home, "/tua/a", date="Mon, 01 Jan 2024 00:00:00 +0000"))
    site.page("/ada", "isi")
    site.page("/besar", b"x" * 10_000_001)
    outlets = [
        site.outlet(feeds=(site.home + "/feed", site.home + "/tua", site.home + "/kosong")),
        site.outlet(id="mati", home="http://127.0.0.1:1", feeds=("http://127.0.0.1:1/feed",)),
    ]
    report = run(archive, outlets)
    found = {rejection.url.removeprefix(site.home): rejection.reason for rejection in archive.rejections(DAY)}
    assert found == {
        "/hilang": "gone",
        "/dalam/a": "robots",
        "/besar": "too_large",
        "/tua/a": "too_old",
        f"{site.home}ftp://lain/x".removeprefix(site.home): "bad_url",
        "/kosong": "gone",
        "http://127.0.0.1:1/feed": "connection",
    }
    assert report.pages == 1
    assert sum(report.set_aside.values()) == 7
    outcomes = {record.address.removeprefix(site.home): record.outcome for record in archive.source_records()}
    assert outcomes == {
        "/feed": "fetched",
        "/tua": "fetched",
        "/kosong": "failed",
        "http://127.0.0.1:1/feed": "failed",
    }


def test_a_second_run_asks_for_nothing_known(archive: Archive, site: Site) -> None:
    """Within a day robots.txt is remembered, and what is in the archive is not fetched again."""
    site.page("/feed", feed(site.home, "/a"))
    site.page("/a", "isi")
    outlet = site.outlet(feeds=(site.home + "/feed",))
    assert run(archive, [outlet]).pages == 1
    site.asked.clear()
    assert run(archive, [outlet]).pages == 0
    assert site.asked == ["/feed"]


def test_what_is_not_due_is_left_and_told(archive: Archive, site: Site) -> None:
    """Asking for what is due leaves the rest for later; a failing source comes up again by itself."""
    site.page("/feed", feed(site.home))
    outlet = site.outlet(feeds=(site.home + "/feed", "http://127.0.0.1:1/feed"))
    run(archive, [outlet])
    report = run(archive, [outlet], now=NOW + timedelta(minutes=16), everything=False)
    assert [record.address for record in report.asked] == ["http://127.0.0.1:1/feed"]
    assert [record.address for record in report.left] == [site.home + "/feed"]
    assert report.asked[0].failures == 2
    report = run(archive, [outlet], now=NOW + timedelta(minutes=91), everything=False)
    assert len(report.asked) == 2


def test_a_backfill_is_gone_through_once(archive: Archive, site: Site) -> None:
    """What was too old for the news is fetched by a backfill; a second one over the same days lists nothing again."""
    for day in range(1, 4):
        site.page(f"/indeks/2024-08-{day:02}", listing_page(f"/a{day}"))
        site.page(f"/a{day}", "isi")
    site.page("/feed", feed(site.home, "/a1", date="Thu, 01 Aug 2024 10:00:00 +0700"))
    news = site.outlet(feeds=(site.home + "/feed",))
    assert run(archive, [news]).pages == 0
    outlet = site.outlet(listings=(site.home + "/indeks/{date:%Y-%m-%d}",))
    period = reach(NOW, date(2024, 8, 1), date(2024, 8, 3))
    site.reply("/a2", (503, {}, b""))
    assert run(archive, [outlet], period).pages == 2
    site.page("/a2", "isi")
    site.asked.clear()
    assert run(archive, [outlet], period).pages == 1
    # The day after the period belongs to it in UTC; its page is not there, so it is asked for again.
    assert site.asked == ["/indeks/2024-08-04", "/indeks/2024-08-02", "/a2"]
    assert archive.rejections(DAY)[0].reason == "gone"


def test_the_days_of_a_period_are_those_of_wib() -> None:
    """A backfill reaches from midnight to midnight in Jakarta and ends with today unless told otherwise."""
    assert reach(NOW, date(2024, 8, 1), date(2024, 8, 2)) == Period(
        datetime(2024, 7, 31, 17, tzinfo=UTC), datetime(2024, 8, 2, 17, tzinfo=UTC)
    )
    assert reach(NOW, date(2024, 8, 1)).until == datetime(2024, 11, 21, 17, tzinfo=UTC)
    assert reach(NOW) == Period(NOW - timedelta(days=28))


def test_the_default_day_is_that_of_jakarta() -> None:
    """Before 07.00 WIB it is still yesterday in UTC, and already today in Jakarta."""
    assert today(NOW.replace(hour=18)) == DAY + timedelta(days=1)
    assert today(NOW.replace(hour=16)) == DAY
