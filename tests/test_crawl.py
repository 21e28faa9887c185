"""Reading outlets side by side: events, what is known, what is too old, and stopping."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

from pilkada_nlp.article import Outlet, Rejection, article_id
from pilkada_nlp.extraction import further_pages
from pilkada_nlp.scrapers import Fetcher, PagesFetched, SourceListed, crawl
from pilkada_nlp.scrapers.crawl import Event
from tests.conftest import NOW, Site
from tests.test_discovery import RSS

SINCE = datetime(2024, 11, 1, tzinfo=UTC)


def feed(home: str, *paths: str, date: str = "Thu, 21 Nov 2024 14:05:00 +0800") -> str:
    """Return a feed of these paths."""
    items = "".join(f"<item><link>{home}{path}</link><pubDate>{date}</pubDate></item>" for path in paths)
    return f'<rss version="2.0"><channel>{items}</channel></rss>'


def test_new_articles_are_fetched_with_all_their_pages(site: Site, fetcher: Fetcher) -> None:
    """Known ids are left alone, a split article comes as one event with its pages in order."""
    site.page("/feed", feed(site.home, "/lama", "/baru"))
    site.page("/lama", "lama")
    site.page("/baru", '<p>bagian</p><a href="/baru?page=2">2</a>')
    outlet = site.outlet(feeds=(site.home + "/feed",))
    known = {article_id(site.home + "/lama")}
    events = list(crawl([outlet], fetcher, since=SINCE, known=known, further_pages=further_pages))
    assert isinstance(events[0], SourceListed)
    assert (events[0].state.read, events[0].new) == (True, 1)
    assert isinstance(events[1], PagesFetched)
    assert [(page.part, page.url) for page in events[1].pages] == [
        (1, site.home + "/baru"),
        (2, site.home + "/baru?page=2"),
    ]
    assert events[1].pages[0].announced_at == datetime(2024, 11, 21, 6, 5, tzinfo=UTC)
    assert "/lama" not in site.asked


def test_a_missing_page_of_a_split_article_is_recorded(site: Site, fetcher: Fetcher) -> None:
    """The pages that answer come as one article, and the one that does not leaves its reason."""
    site.page("/feed", feed(site.home, "/baru"))
    site.page("/baru", '<p>bagian</p><a href="/baru/2">2</a>')
    outlet = site.outlet(feeds=(site.home + "/feed",))
    _, pages, missing = crawl([outlet], fetcher, since=SINCE, known=(), further_pages=further_pages)
    assert isinstance(pages, PagesFetched)
    assert len(pages.pages) == 1
    assert isinstance(missing, Rejection)
    assert (missing.url, missing.reason) == (site.home + "/baru/2", "http_status")


def test_old_news_and_missing_pages_are_recorded(site: Site, fetcher: Fetcher) -> None:
    """What is announced as too old is not fetched, what is gone has its status; nothing is lost silently."""
    site.page("/feed", feed(site.home, "/tua", date="Mon, 01 Jan 2024 00:00:00 +0000"))
    site.page("/feed2", feed(site.home, "/hilang"))
    outlet = site.outlet(feeds=(site.home + "/feed", site.home + "/feed2"))
    events = list(crawl([outlet], fetcher, since=SINCE, known=(), further_pages=further_pages))
    reasons = sorted(event.reason for event in events if isinstance(event, Rejection))
    assert reasons == ["http_status", "too_old"]
    assert "/tua" not in site.asked


def test_an_outlet_that_is_down_does_not_stop_the_others(site: Site, fetcher: Fetcher) -> None:
    """A dead outlet is reported as not read, with the reason, while the others are read."""
    site.page("/feed", RSS.replace("https://a.id", site.home))
    outlets = [
        site.outlet(id="mati", feeds=("http://127.0.0.1:1/feed",)),
        site.outlet(id="hidup", feeds=(site.home + "/feed",)),
    ]
    events = crawl(outlets, fetcher, since=SINCE, known=(), further_pages=further_pages)
    states = {event.state.outlet: event.state for event in events if isinstance(event, SourceListed)}
    assert states["hidup"].read
    assert not states["mati"].read
    assert states["mati"].reason == "connection"
    assert "refused" in states["mati"].detail


def test_dead_and_living_outlets_do_not_disturb_each_other(fetcher: Fetcher) -> None:
    """Requests that fail and requests that succeed in many threads at once all end as they should."""
    sites = [Site() for _ in range(8)]
    for site in sites:
        site.page("/feed", feed(site.home))
    alive = [site.outlet(id=f"hidup{n}", feeds=(site.home + "/feed",)) for n, site in enumerate(sites * 12)]
    dead = [outlet_at(n) for n in range(1, 97)]
    outlets = [outlet for pair in zip(alive, dead, strict=True) for outlet in pair]
    states = [event.state for event in read_all(outlets, fetcher) if isinstance(event, SourceListed)]
    for site in sites:
        site.close()
    assert len(states) == len(outlets)
    assert {state.outlet for state in states if state.read} == {outlet.id for outlet in alive}


def outlet_at(port: int) -> Outlet:
    """Return an outlet on a port of this machine where nobody answers."""
    home = f"http://127.0.0.1:{port}"
    return Outlet(id=f"mati{port}", name="Mati", home=home, feeds=(home + "/feed",), pace=0.0, allow_private=True)


def read_all(outlets: list[Outlet], fetcher: Fetcher) -> list[Event]:
    """Crawl and return all events."""
    return list(crawl(outlets, fetcher, since=SINCE, known=(), further_pages=further_pages))


def test_closing_the_iterator_stops_the_reading(site: Site, fetcher: Fetcher) -> None:
    """After the consumer leaves, no further pages are asked for."""
    paths = [f"/{number}" for number in range(300)]
    site.page("/feed", feed(site.home, *paths))
    for path in paths:
        site.page(path, "isi")
    events = crawl(
        [site.outlet(feeds=(site.home + "/feed",))], fetcher, since=SINCE, known=(), further_pages=further_pages
    )
    next(events)
    next(events)
    events.close()
    asked = len(site.asked)
    assert asked < 200
    assert list(events) == []
    assert len(site.asked) == asked


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
    outlet = site.outlet(feeds=(site.home + "/feed",))
    events = crawl([outlet], fetcher, since=SINCE, known=(), further_pages=further_pages)
    next(events)
    next(events)
    while "/lambat" not in site.asked:
        time.sleep(0.01)
    time.sleep(0.2)
    began = time.monotonic()
    events.close()
    assert time.monotonic() - began < 10
