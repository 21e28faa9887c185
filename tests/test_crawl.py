"""Reading outlets side by side: events, what is known, what is too old, what is due, and stopping."""

import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from pilkada_nlp.article import Outlet, Page, Rejection, SourceRecord, article_id
from pilkada_nlp.extraction import further_pages
from pilkada_nlp.scrapers import Fetcher, PagesFetched, PartFinished, Period, SourceAsked, SourceLeft, Task, crawl
from pilkada_nlp.scrapers.crawl import Event
from tests.conftest import NOW, Site
from tests.test_sources import BACKFILL, RSS, listing_page, post, wordpress

SINCE = datetime(2024, 11, 1, tzinfo=UTC)


def feed(home: str, *paths: str, date: str = "Thu, 21 Nov 2024 14:05:00 +0800") -> str:
    """Return a feed of these paths."""
    items = "".join(f"<item><link>{home}{path}</link><pubDate>{date}</pubDate></item>" for path in paths)
    return f'<rss version="2.0"><channel>{items}</channel></rss>'


def reading(outlets: Sequence[Outlet], fetcher: Fetcher, **task: Any) -> Generator[Event, None, None]:
    """Crawl with the usual task, but for the given parts of it."""

    def pages(page: Page, outlet: Outlet) -> list[str]:
        return further_pages(page)

    return crawl(outlets, fetcher, Task(**{"period": Period(SINCE), "further_pages": pages, **task}))


def records(events: Iterable[Event]) -> list[SourceRecord]:
    """Return what is known of the sources that were asked."""
    return [event.record for event in events if isinstance(event, SourceAsked)]


def by_key(found: Iterable[SourceRecord]) -> dict[Any, SourceRecord]:
    """Return records as a task takes them."""
    return {(record.outlet, record.type, record.address): record for record in found}


def test_new_articles_are_fetched_with_all_their_pages(site: Site, fetcher: Fetcher) -> None:
    """Known ids are left alone, a split article comes as one event with its pages in order."""
    site.page("/feed", feed(site.home, "/lama", "/baru"))
    site.page("/lama", "lama")
    site.page("/baru", '<p>bagian</p><a href="/baru?page=2">2</a>')
    outlet = site.outlet(feeds=(site.home + "/feed",))
    pages, asked = reading([outlet], fetcher, known={article_id(site.home + "/lama")})
    assert isinstance(asked, SourceAsked)
    assert (asked.record.outcome, asked.record.announced, asked.record.new) == ("fetched", 2, 1)
    assert isinstance(pages, PagesFetched)
    assert [(page.part, page.url) for page in pages.pages] == [
        (1, site.home + "/baru"),
        (2, site.home + "/baru?page=2"),
    ]
    assert pages.pages[0].announced_at == datetime(2024, 11, 21, 6, 5, tzinfo=UTC)
    assert "/lama" not in site.asked


def test_a_missing_page_of_a_split_article_is_recorded(site: Site, fetcher: Fetcher) -> None:
    """The pages that answer come as one article, and the one that does not leaves its reason."""
    site.page("/feed", feed(site.home, "/baru"))
    site.page("/baru", '<p>bagian</p><a href="/baru/2">2</a>')
    pages, missing, _ = reading([site.outlet(feeds=(site.home + "/feed",))], fetcher)
    assert isinstance(pages, PagesFetched)
    assert len(pages.pages) == 1
    assert isinstance(missing, Rejection)
    assert (missing.url, missing.reason) == (site.home + "/baru/2", "gone")


def test_old_news_and_missing_pages_are_recorded(site: Site, fetcher: Fetcher) -> None:
    """What is announced as too old is not fetched, what is gone has its reason; nothing is lost silently."""
    site.page("/feed", feed(site.home, "/tua", date="Mon, 01 Jan 2024 00:00:00 +0000"))
    site.page("/feed2", feed(site.home, "/hilang", "ftp://lain"))
    outlet = site.outlet(feeds=(site.home + "/feed", site.home + "/feed2"))
    events = list(reading([outlet], fetcher))
    rejections = [event for event in events if isinstance(event, Rejection)]
    rejections += [failure for event in events if isinstance(event, SourceAsked) for failure in event.failures]
    assert sorted(rejection.reason for rejection in rejections) == ["bad_url", "gone", "too_old"]
    assert "/tua" not in site.asked


def test_an_article_of_two_sources_is_fetched_once(site: Site, fetcher: Fetcher) -> None:
    """Copies of an address within a run are one."""
    site.page("/feed", feed(site.home, "/a", "/a?utm_source=rss"))
    site.page("/indeks", listing_page("/a/amp"))
    site.page("/a", "isi")
    outlet = site.outlet(feeds=(site.home + "/feed",), listings=(site.home + "/indeks",))
    events = list(reading([outlet], fetcher))
    assert len([event for event in events if isinstance(event, PagesFetched)]) == 1


def test_an_outlet_that_is_down_does_not_stop_the_others(site: Site, fetcher: Fetcher) -> None:
    """A dead outlet is reported with the reason and tried again later, while the others are read."""
    site.page("/feed", RSS.replace("https://a.id", site.home))
    dead = site.outlet(id="mati", feeds=("http://127.0.0.1:1/feed",))
    found = {
        record.outlet: record for record in records(reading([dead, site.outlet(feeds=(site.home + "/feed",))], fetcher))
    }
    assert found["uji"].outcome == "fetched"
    assert (found["mati"].outcome, found["mati"].reason, found["mati"].failures) == ("failed", "connection", 1)
    assert "refused" in found["mati"].detail
    assert found["mati"].due_at == NOW + timedelta(minutes=15)


def test_dead_and_living_outlets_do_not_disturb_each_other(fetcher: Fetcher) -> None:
    """Requests that fail and requests that succeed in many threads at once all end as they should."""
    sites = [Site() for _ in range(8)]
    for site in sites:
        site.page("/feed", feed(site.home))
    alive = [site.outlet(id=f"hidup{n}", feeds=(site.home + "/feed",)) for n, site in enumerate(sites * 12)]
    dead = [outlet_at(n) for n in range(1, 97)]
    outlets = [outlet for pair in zip(alive, dead, strict=True) for outlet in pair]
    found = records(reading(outlets, fetcher))
    for site in sites:
        site.close()
    assert len(found) == len(outlets)
    assert {record.outlet for record in found if record.outcome == "fetched"} == {outlet.id for outlet in alive}


def outlet_at(port: int) -> Outlet:
    """Return an outlet on a port of this machine where nobody answers."""
    home = f"http://127.0.0.1:{port}"
    return Outlet(id=f"mati{port}", name="Mati", home=home, feeds=(home + "/feed",), pace=0.0, allow_private=True)


def test_pauses_of_one_host_hold_up_no_other(site: Site) -> None:
    """While a slow outlet pauses between its pages, more outlets than there are threads are read."""
    others = [Site() for _ in range(60)]
    site.page("/feed", feed(site.home, "/a", "/b"))
    outlets = [site.outlet(id="lambat", feeds=(site.home + "/feed",), pace=0.7)]
    for number, other in enumerate(others):
        other.page("/feed", feed(other.home, "/a"))
        other.page("/a", "isi")
        outlets.append(other.outlet(id=f"cepat{number}", feeds=(other.home + "/feed",)))
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW)
    order = [record.outlet for record in records(reading(outlets, fetcher))]
    for other in others:
        other.close()
    fetcher.close()
    assert order[-1] == "lambat"
    assert len(order) == 61


def test_what_has_not_changed_is_not_read_again(site: Site, fetcher: Fetcher) -> None:
    """After a settled run a source is asked with its ETag, and 304 counts as an answer."""
    asked: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["If-None-Match"])
        handler.send_response(304 if handler.headers["If-None-Match"] == '"1"' else 200)
        handler.send_header("ETag", '"1"')
        handler.end_headers()
        if handler.headers["If-None-Match"] != '"1"':
            handler.wfile.write(feed(site.home, "/a").encode())

    site.routes["/feed"] = answer
    site.reply("/a", (500, {}, b""), (500, {}, b""), (500, {}, b""), (200, {}, b"isi"))
    outlet = site.outlet(feeds=(site.home + "/feed",))
    (first,) = records(reading([outlet], fetcher))
    assert (first.outcome, first.settled_at, first.validators) == ("fetched", None, {})
    (second,) = records(reading([outlet], fetcher, records=by_key([first])))
    assert (second.settled_at, second.settled_since) == (NOW, SINCE)
    (third,) = records(reading([outlet], fetcher, records=by_key([second])))
    assert (third.outcome, third.outcomes) == ("not_modified", {"fetched": 2, "not_modified": 1})
    assert asked == [None, None, '"1"']
    records(reading([outlet], fetcher, records=by_key([third]), period=Period(SINCE - timedelta(days=1))))
    assert asked[-1] is None


def test_only_what_is_due_is_asked_when_told_so(site: Site, fetcher: Fetcher) -> None:
    """A source that is not due is reported as left; one that its server holds off is left even when all are asked."""
    site.page("/feed", feed(site.home))
    outlet = site.outlet(feeds=(site.home + "/feed",))
    (record,) = records(reading([outlet], fetcher, all_sources=False))
    assert record.due_at == NOW + timedelta(seconds=5400)
    (left,) = reading([outlet], fetcher, all_sources=False, records=by_key([record]))
    assert left == SourceLeft(record)
    (asked,) = reading([outlet], fetcher, all_sources=True, records=by_key([record]))
    assert isinstance(asked, SourceAsked)
    site.reply("/feed", (429, {"Retry-After": "7200"}, b""))
    (held,) = records(reading([outlet], fetcher, records=by_key([record])))
    assert (held.reason, held.held_until) == ("http_status", NOW + timedelta(hours=2))
    (left,) = reading([outlet], fetcher, records=by_key([held]))
    assert isinstance(left, SourceLeft)


def test_a_limit_leaves_the_rest_for_the_next_run(site: Site, fetcher: Fetcher) -> None:
    """No more new articles of an outlet than allowed, over all its sources, and the record says how many are left."""
    for name in ("satu", "dua"):
        site.page(f"/{name}", feed(site.home, *(f"/{name}{number}" for number in range(4))))
        for number in range(4):
            site.page(f"/{name}{number}", "isi")
    outlet = site.outlet(feeds=(site.home + "/satu", site.home + "/dua"))
    events = list(reading([outlet], fetcher, limit=5))
    assert len([event for event in events if isinstance(event, PagesFetched)]) == 5
    one, two = records(events)
    assert (one.settled_at, two.settled_at) == (NOW, None)
    assert two.detail == "3 new articles left for the next run"


def test_wordpress_posts_are_not_fetched_again(site: Site, fetcher: Fetcher) -> None:
    """What the interface delivers is the page itself; nothing else of the site is asked for."""
    address = wordpress(site, [post(site.home, n, NOW - timedelta(hours=n)) for n in range(3)])
    events = list(reading([site.outlet(apis=(address,))], fetcher))
    assert len([event for event in events if isinstance(event, PagesFetched)]) == 3
    assert all(path.startswith(("/wp-json", "/robots.txt")) for path in site.asked)


def test_an_interrupted_backfill_goes_on(site: Site, fetcher: Fetcher) -> None:
    """Only parts whose articles were all dealt with are finished, and those are not asked for again."""
    listed: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        day = handler.path.rpartition("/")[2]
        listed.append(day)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(listing_page(f"/a{day}").encode())

    days = [f"2024-08-{day:02}" for day in range(1, 32)] + ["2024-09-01"]
    for day in days:
        site.routes[f"/indeks/{day}"] = answer
        site.page(f"/a{day}", "isi")
    site.reply("/a2024-08-20", (500, {}, b""))
    outlet = site.outlet(listings=(site.home + "/indeks/{date:%Y-%m-%d}",))
    begun = reading([outlet], fetcher, period=BACKFILL)
    finished, known = set[str](), set[str]()
    for event in begun:
        if isinstance(event, PartFinished):
            finished.add(event.part)
        elif isinstance(event, PagesFetched):
            known.add(article_id(event.pages[0].requested_url))
        if len(finished) == 20:
            break
    begun.close()
    assert not any("2024-08-20" in part for part in finished)
    listed.clear()
    site.page("/a2024-08-20", "isi")
    again = Fetcher("uji@contoh.id", clock=lambda: NOW, chance=lambda: 0.0)
    rest = list(reading([outlet], again, period=BACKFILL, known=known, finished={"uji": finished}))
    again.close()
    assert len(listed) == len(days) - 20
    fetched = {article_id(event.pages[0].requested_url) for event in rest if isinstance(event, PagesFetched)}
    assert known | fetched == {article_id(f"{site.home}/a{day}") for day in days}


def test_closing_the_iterator_stops_the_reading(site: Site, fetcher: Fetcher) -> None:
    """After the consumer leaves, no further pages are asked for."""
    paths = [f"/{number}" for number in range(300)]
    site.page("/feed", feed(site.home, *paths))
    for path in paths:
        site.page(path, "isi")
    events = reading([site.outlet(feeds=(site.home + "/feed",))], fetcher)
    next(events)
    next(events)
    events.close()
    time.sleep(0.3)
    assert len(site.asked) < 60


def test_closing_does_not_wait_for_a_slow_server(site: Site) -> None:
    """A server that drips is hung up on when the consumer leaves, long before its deadline."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            for _ in range(300):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.1)

    site.page("/feed", feed(site.home, "/a", "/lambat"))
    site.page("/a", "isi")
    site.routes["/lambat"] = drip
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW, deadline=60)
    events = reading([site.outlet(feeds=(site.home + "/feed",))], fetcher)
    next(events)
    while "/lambat" not in site.asked:
        time.sleep(0.01)
    time.sleep(0.2)
    began = time.monotonic()
    events.close()
    assert time.monotonic() - began < 10


def test_a_fault_in_looking_for_pages_keeps_the_article(site: Site, fetcher: Fetcher) -> None:
    """A page that breaks the parser of further pages is stored, for extraction to record what is wrong with it."""
    site.page("/feed", feed(site.home, "/a"))
    site.page("/a", "isi")

    def broken(page: Page, outlet: Outlet) -> list[str]:
        raise RecursionError("rusak")

    pages, _ = reading([site.outlet(feeds=(site.home + "/feed",))], fetcher, further_pages=broken)
    assert isinstance(pages, PagesFetched)


def test_a_fault_in_a_thread_reaches_the_consumer(site: Site) -> None:
    """What nobody foresaw ends the crawl with that error instead of waiting for ever."""

    def clock() -> datetime:
        raise LookupError("rusak")

    fetcher = Fetcher("uji@contoh.id", clock=clock)
    with pytest.raises(LookupError, match="rusak"):
        list(reading([site.outlet(feeds=(site.home + "/feed",))], fetcher))
    fetcher.close()


def test_hostile_sources_do_not_stop_the_others(site: Site, fetcher: Fetcher) -> None:
    """Deep nesting, thousands of attributes, broken entities: an outcome for each, and the good feed is read."""
    deep = "<div>" * 20_000 + "<h2><a href='/x'>x</a></h2>"
    wide = "<h2 " + " ".join(f"a{number}=1" for number in range(40_000)) + "><a href='/y'>y</a></h2>"
    site.page("/deep", deep)
    site.page("/wide", wide)
    site.page("/deepfeed", "<rss version='2.0'><channel>" + "<a>" * 20_000)
    site.page("/deepmap", "<urlset>" + "<url>" * 20_000)
    site.page("/json", "[" * 200_000)
    site.page("/feed", feed(site.home))
    outlet = site.outlet(
        apis=(site.home + "/json",),
        feeds=(site.home + "/deepfeed", site.home + "/json", site.home + "/feed"),
        sitemaps=(site.home + "/deepmap",),
        listings=(site.home + "/deep", site.home + "/wide"),
    )
    found = {record.address.removeprefix(site.home): record for record in records(reading([outlet], fetcher))}
    assert len(found) == 6
    assert found["/feed"].outcome == "fetched"
    assert found["/json"].outcome == found["/deepfeed"].outcome == found["/deepmap"].outcome == "failed"
    assert found["/wide"].announced == 1


def test_a_limit_does_not_finish_a_part_of_the_past(site: Site, fetcher: Fetcher) -> None:
    """What a limit leaves is asked for again, and days before it count as finished."""
    for day in ("01", "02", "03"):
        site.page(f"/indeks/{day}", listing_page(f"/a{day}", f"/b{day}"))
        site.routes |= {f"/{name}{day}": site.routes[f"/indeks/{day}"] for name in "ab"}
    outlet = site.outlet(listings=(site.home + "/indeks/{date:%d}",))
    period = Period(datetime(2024, 8, 1, tzinfo=UTC), datetime(2024, 8, 3, tzinfo=UTC))
    events = list(reading([outlet], fetcher, period=period, limit=3))
    assert [event.part[-2:] for event in events if isinstance(event, PartFinished)] == ["03"]


def test_a_host_that_refuses_articles_is_remembered(site: Site, fetcher: Fetcher) -> None:
    """Retry-After on an article holds its source in the next run too."""
    site.page("/feed", feed(site.home, "/a", "/b"))
    site.reply("/a", (429, {"Retry-After": "7200"}, b""))
    outlet = site.outlet(feeds=(site.home + "/feed",))
    events = list(reading([outlet], fetcher))
    assert [event.reason for event in events if isinstance(event, Rejection)] == ["http_status", "waiting"]
    (record,) = records(events)
    assert (record.outcome, record.held_until) == ("fetched", NOW + timedelta(hours=2))
