"""Kinds of sources over real HTTP and as bytes; an error never looks like an empty source."""

import gzip
import json
import tracemalloc
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pilkada_nlp.article import WORDPRESS_POST, Link, Outlet, SourceRecord, SourceType
from pilkada_nlp.scrapers import Fetcher, Period
from pilkada_nlp.scrapers.sources import SOURCES, Desk, NotASourceError
from pilkada_nlp.scrapers.sources.feed import read_feed
from pilkada_nlp.scrapers.sources.home import announced_on
from pilkada_nlp.scrapers.sources.listing import read_listing
from pilkada_nlp.scrapers.sources.sitemap import read_sitemap
from pilkada_nlp.scrapers.sources.wordpress import read_posts
from tests.conftest import NOW, Site

SINCE = datetime(2024, 11, 1, tzinfo=UTC)
BACKFILL = Period(datetime(2024, 8, 1, tzinfo=UTC), datetime(2024, 9, 1, tzinfo=UTC))
OUTLET = Outlet(id="uji", name="Uji", home="https://a.id")

RSS = """<rss version="2.0"><channel><title>Uji</title><ttl>90</ttl>
<item><title>Satu</title><link>https://a.id/satu</link><pubDate>Thu, 21 Nov 2024 14:05:00 +0800</pubDate></item>
<item><title>Dua</title><link>/dua</link></item>
<item><title>Tanpa alamat</title></item></channel></rss>"""

SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>https://a.id/satu</loc><lastmod>2024-11-21T14:05:00+08:00</lastmod></url>
<url><loc>https://a.id/dua</loc><lastmod>2024-11-20</lastmod></url></urlset>"""


def ask(
    kind: SourceType,
    address: str,
    outlet: Outlet,
    fetcher: Fetcher,
    period: Period = Period(SINCE),  # noqa: B008  # immutable
    known: Container[str] = (),
    finished: Container[str] = (),
    record: SourceRecord | None = None,
) -> tuple[list[Link], Desk]:
    """Return what a source announces, and the desk that knows what came of asking."""
    record = record or SourceRecord(outlet=outlet.id, type=kind, address=address)
    desk = Desk(outlet, record, period, fetcher, known, finished)
    return list(SOURCES[kind](address, desk).discover(outlet, desk.since())), desk


def reasons(desk: Desk) -> list[str]:
    """Return why things failed."""
    return [failure.reason for failure in desk.failures]


# Feeds


def test_a_feed_gives_addresses_and_times_in_utc() -> None:
    """Relative links become absolute, times UTC, entries without a link are left out, its patience is known."""
    (one, two), ttl = read_feed(RSS.encode(), "https://a.id/feed")
    assert (one.url, one.published_at) == ("https://a.id/satu", datetime(2024, 11, 21, 6, 5, tzinfo=UTC))
    assert (two.url, two.published_at) == ("https://a.id/dua", None)
    assert ttl == 90 * 60


FEEDS = {
    "RSS 0.91": '<rss version="0.91"><channel><item><title>A</title><link>https://a.id/a</link></item></channel></rss>',
    "RDF": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="https://a.id/a"><title>A</title>'
    "<link>https://a.id/a</link><dc:date>2024-11-21T14:05:00+08:00</dc:date></item></rdf:RDF>",
    "Atom": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title><link href="https://a.id/a"/>'
    "<updated>2024-11-21T14:05:00+08:00</updated></entry></feed>",
    "JSON": '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "https://a.id/a",'
    ' "title": "A", "date_published": "2024-11-21T14:05:00+08:00"}, {"id": "2"}, 5]}',
    "no namespace or type": '\ufeff  <?xml version="1.0"?>\n<rss><channel><item><link>https://a.id/a</link></item>'
    "</channel></rss>",
}


@pytest.mark.parametrize("text", FEEDS.values(), ids=FEEDS)
def test_every_form_of_feed_is_read(text: str) -> None:
    """From RSS 0.9x to JSON Feed the entry is found, with its time where it has one."""
    (link,) = read_feed(text.encode(), "https://a.id/feed").links
    assert link.url == "https://a.id/a"
    assert link.published_at in (None, datetime(2024, 11, 21, 6, 5, tzinfo=UTC))


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16"])
@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "tidak-ada", ""])
def test_a_wrong_charset_does_not_lose_a_feed(encoding: str, declared: str) -> None:
    """Whatever the declaration says, the entries are found."""
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = (declaration + RSS.replace("Satu", "Pemilu café")).encode(encoding)
    assert [link.url for link in read_feed(body, "https://a.id/").links] == ["https://a.id/satu", "https://a.id/dua"]


def test_a_feed_that_breaks_off_gives_what_came() -> None:
    """Whole entries before the break are used; a break before the first is an error, not an empty feed."""
    cut = RSS.encode()[: RSS.index("<item><title>Dua") + 9]
    assert [link.url for link in read_feed(cut, "https://a.id/").links] == ["https://a.id/satu"]
    with pytest.raises(NotASourceError, match="broken before its first entry"):
        read_feed(RSS.encode()[:40], "https://a.id/")


def test_an_empty_feed_is_empty() -> None:
    """A feed without entries is no error."""
    assert read_feed(b'<rss version="2.0"><channel><title>Uji</title></channel></rss>', "https://a.id/").links == []
    assert read_feed(b'{"version": "https://jsonfeed.org/version/1", "items": []}', "https://a.id/").links == []


def test_feeds_load_nothing_and_expand_nothing() -> None:
    """Entities that unfold or name a file stay what they are."""
    entity = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>' + RSS.replace("Satu", "&f;")
    (one, _), _ = read_feed(entity.encode(), "https://a.id/feed")
    assert Path("/etc/hostname").read_text().strip() not in (one.title or "")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>' + RSS.replace("Satu", "&l8;")
    tracemalloc.start()
    read_feed(bomb.encode(), "https://a.id/feed")
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_tag_with_thousands_of_attributes_is_refused() -> None:
    """It would cost minutes; a long tag that holds a picture is none of that kind."""
    many = " ".join(f'a{number}="1"' for number in range(40_000))
    with pytest.raises(NotASourceError, match="attributes"):
        read_feed(RSS.replace("<item>", f"<item {many}>").encode(), "https://a.id/")
    picture = f"<description><![CDATA[<img src='data:image/png;base64,{'A' * 90_000}=='>]]></description>"
    assert len(read_feed(RSS.replace("<link>/dua", picture + "<link>/dua").encode(), "https://a.id/").links) == 2


def test_a_page_too_large_for_its_links_is_set_aside(site: Site, fetcher: Fetcher) -> None:
    """The tree of a page takes many times its bytes, so that listings have a lower limit than articles."""
    address = site.page("/indeks", listing_page("/a") + " " * 3_000_000)
    assert reasons(ask("listing", address, site.outlet(), fetcher)[1]) == ["too_large"]


@pytest.mark.parametrize(
    "body", [b"", b"<html><p>Dinding</p></html>", b"\x00\xff", b"{}", b"{", b'{"items": 3}', b"[" * 100_000, b"null"]
)
def test_what_is_no_source_says_so(body: bytes) -> None:
    """A page instead of a feed, sitemap or collection is an error, not an empty list."""
    for reader in (read_feed, read_sitemap, read_posts):
        with pytest.raises(NotASourceError):
            reader(body, "https://a.id/")


def test_real_feeds_are_read_whole(measure: Path, site: Site, fetcher: Fetcher) -> None:
    """Every real feed of the measuring data, served over HTTP, gives the number of entries that its index states."""
    folder = measure / "data" / "pages"
    rows = [json.loads(line) for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()]
    feeds = {row["file"]: row["feed_items"] for row in rows if row["kind"] == "feed"}
    found = {}
    for number, name in enumerate(feeds):
        address = site.page(f"/{number}", (folder / name).read_bytes(), "application/xml")
        links, desk = ask("feed", address, site.outlet(), fetcher)
        assert desk.failures == []
        found[name] = len(links)
    assert len(feeds) >= 28
    assert found == feeds


# Sitemaps


def test_a_sitemap_gives_addresses_but_never_invents_an_hour() -> None:
    """A date without an hour and zone is no time."""
    links, children = read_sitemap(SITEMAP.encode(), "https://a.id/")
    assert [link.published_at for link in links] == [datetime(2024, 11, 21, 6, 5, tzinfo=UTC), None]
    assert children == []


def test_a_news_sitemap_gives_titles_and_times_of_publication() -> None:
    """The publication time counts before the last change, and an image's address is not the article's."""
    text = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"
    xmlns:i="http://www.google.com/schemas/sitemap-image/1.1"><url><loc> https://a.id/satu </loc>
    <lastmod>2024-11-22T00:00:00Z</lastmod><i:image><i:loc>https://a.id/x.jpg</i:loc></i:image>
    <n:news><n:publication><n:name>Uji</n:name></n:publication><n:publication_date>2024-11-21T14:05:00+08:00</n:publication_date>
    <n:title>Judul</n:title></n:news></url></urlset>"""
    ((link,), _) = read_sitemap(text.encode(), "https://a.id/")
    assert (link.url, link.title) == ("https://a.id/satu", "Judul")
    assert link.published_at == datetime(2024, 11, 21, 6, 5, tzinfo=UTC)


def test_sitemaps_are_unpacked_and_cut_off() -> None:
    """A gzipped file is read; one that unpacks to gigabytes or breaks off gives what came, in little memory."""
    assert len(read_sitemap(gzip.compress(SITEMAP.encode()), "https://a.id/").links) == 2
    assert len(read_sitemap(gzip.compress(SITEMAP.encode(), 0)[:-60], "https://a.id/").links) == 1
    with pytest.raises(NotASourceError):
        read_sitemap(gzip.compress(b"<urlset>" + b" " * 200_000_000, 1), "https://a.id/")
    many = SITEMAP.replace("</urlset>", "<url><loc>https://a.id/x</loc></url>" * 120_000 + "</urlset>").encode()
    assert len(read_sitemap(many, "https://a.id/").links) == 50_000
    assert read_sitemap(b"<urlset></urlset>", "https://a.id/").links == []
    with pytest.raises(NotASourceError, match="breaks off"):
        read_sitemap(b"<urlset><url>", "https://a.id/")


def test_sitemaps_expand_no_entities() -> None:
    """An entity that would unfold or read a file stays folded."""
    bomb = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><urlset><url><loc>https://a.id/&f;</loc></url></urlset>'
    links, _ = read_sitemap(bomb, "https://a.id/")
    assert all(Path("/etc/hostname").read_text().strip() not in link.url for link in links)


def sitemap_index(site: Site, children: dict[str, str]) -> str:
    """Serve an index of sitemaps, each with one page, and return its address."""
    rows = ""
    for name, changed in children.items():
        site.page(f"/{name}.xml", f"<urlset><url><loc>{site.home}/{name}</loc></url></urlset>")
        rows += f"<sitemap><loc>{site.home}/{name}.xml</loc><lastmod>{changed}</lastmod></sitemap>"
    return site.page("/index.xml", f"<sitemapindex>{rows}</sitemapindex>")


def test_of_an_index_the_newest_children_are_read(site: Site, fetcher: Fetcher) -> None:
    """What did not change since is left out, what is newest comes first; a numbered name stands in for a time."""
    address = sitemap_index(
        site, {"post9": "", "post12": "", "lama": "2024-01-01T00:00:00Z", "baru": "2024-11-20T00:00:00Z"}
    )
    links, desk = ask("sitemap", address, site.outlet(), fetcher)
    assert [link.url.rpartition("/")[2] for link in links] == ["post12", "post9", "baru"]
    assert desk.failures == []
    assert address not in desk.validators


def test_a_backfill_reads_all_children_but_those_that_are_finished(site: Site, fetcher: Fetcher) -> None:
    """More than the newest few, and each is named as finished once its links were dealt with."""
    address = sitemap_index(site, {f"post{number}": "2024-09-01T00:00:00Z" for number in range(9)})
    done = {f"{site.home}/post3.xml"}
    links, desk = ask("sitemap", address, site.outlet(), fetcher, BACKFILL, finished=done)
    assert len(links) == 8
    assert len(desk.take_finished()) == 8
    assert "/post3.xml" not in site.asked


def test_children_that_fail_are_recorded(site: Site, fetcher: Fetcher) -> None:
    """A child sitemap that is gone or none is a failure; the rest is used."""
    address = sitemap_index(site, {"ada": "", "mati": "", "wall": ""})
    del site.routes["/mati.xml"]
    site.page("/wall.xml", "<html>Setuju?</html>")
    links, desk = ask("sitemap", address, site.outlet(), fetcher)
    assert [link.url for link in links] == [site.home + "/ada"]
    assert sorted(reasons(desk)) == ["gone", "not_a_source"]


# WordPress


def post(home: str, number: int, moment: datetime) -> dict[str, Any]:
    """Return a post as the interface gives it."""
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}"
    return {
        "id": number,
        "link": f"{home}/p/{number}",
        "date_gmt": stamp,
        "modified_gmt": stamp,
        "title": {"rendered": f"Judul {number}"},
        "content": {"rendered": "<p>Isi \ud800 yang panjang.</p>"},
        "_embedded": {"author": [{"name": "Redaksi"}], "wp:term": [[{"name": "Daerah", "taxonomy": "category"}]]},
    }


def wordpress(site: Site, posts: list[dict[str, Any]]) -> str:
    """Serve the posts as WordPress does, and return the address of the collection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        chosen = [
            post
            for post in posts
            if query["after"] < post["date_gmt"] + "Z" and post["date_gmt"] + "Z" < query.get("before", "9")
        ]
        size, number = int(query["per_page"]), int(query["page"])
        part = chosen[size * (number - 1) : size * number]
        body = json.dumps(part if part or number == 1 else {"code": "rest_post_invalid_page_number"}).encode()
        handler.send_response(200 if part or number == 1 else 400)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(body)

    site.routes["/wp-json/wp/v2/posts"] = answer
    return site.home + "/wp-json/wp/v2/posts"


def test_wordpress_gives_posts_with_their_pages(site: Site, fetcher: Fetcher) -> None:
    """Text, date, author and categories come with the announcement, over as many pages as there are."""
    address = wordpress(site, [post(site.home, n, NOW - timedelta(hours=n)) for n in range(120)])
    links, desk = ask("api", address, site.outlet(), fetcher)
    assert len(links) == 120
    assert desk.failures == []
    page = links[3].page
    assert page is not None
    assert (page.content_type, page.url, page.outlet) == (WORDPRESS_POST, site.home + "/p/3", "uji")
    assert links[3].published_at == page.announced_at == NOW - timedelta(hours=3)
    body = json.loads(page.body)
    assert body["_embedded"]["author"][0]["name"] == "Redaksi"
    assert body["_embedded"]["wp:term"][0][0]["name"] == "Daerah"
    assert len([path for path in site.asked if path.startswith("/wp-json")]) == 3


def test_wordpress_is_asked_only_for_what_is_new(site: Site, fetcher: Fetcher) -> None:
    """After a settled asking the next reaches back one day before it; a longer past is asked for whole."""
    address = wordpress(site, [post(site.home, n, NOW - timedelta(days=n)) for n in range(10)])
    record = SourceRecord(outlet="uji", type="api", address=address, settled_at=NOW, settled_since=SINCE)
    links, _ = ask("api", address, site.outlet(), fetcher, record=record)
    assert [link.url for link in links] == [site.home + "/p/0"]
    links, _ = ask("api", address, site.outlet(), fetcher, Period(SINCE - timedelta(days=1)), record=record)
    assert len(links) == 10


def test_wordpress_goes_through_a_past_period_by_weeks(site: Site, fetcher: Fetcher) -> None:
    """Each week is asked for by itself and can be left out when it is finished."""
    address = wordpress(site, [post(site.home, n, BACKFILL.since + timedelta(days=n, hours=1)) for n in range(60)])
    links, desk = ask("api", address, site.outlet(), fetcher, BACKFILL)
    assert len(links) == 31
    parts = desk.take_finished()
    assert len(parts) == 5
    again, _ = ask("api", address, site.outlet(), fetcher, BACKFILL, finished=parts[:4])
    assert [link.url for link in again] == [f"{site.home}/p/{n}" for n in (28, 29, 30)]


def test_a_closed_interface_is_a_failure(site: Site, fetcher: Fetcher) -> None:
    """401 and an object instead of a list have their reason."""
    address = site.reply("/a", (401, {}, b'{"code": "rest_cannot_access"}'))
    assert reasons(ask("api", address, site.outlet(), fetcher)[1]) == ["http_status"]
    address = site.page("/b", '{"code": "rest_no_route"}', "application/json")
    assert reasons(ask("api", address, site.outlet(), fetcher)[1]) == ["not_a_source"]


# Listings


def listing_page(*paths: str, following: str = "") -> str:
    """Return a page of headlines."""
    heads = "".join(f'<h2><a href="{path}">Judul {path}</a></h2>' for path in paths)
    return f"<html>{heads}<a href='{following}'>Selanjutnya</a></html>" if following else f"<html>{heads}</html>"


def test_a_listing_gives_links_of_its_own_site() -> None:
    """Links elsewhere and to the page itself are no articles."""
    page = '<h2><a href="/satu">Satu</a></h2><h2><a href="https://iklan.example/x">Iklan</a></h2><h2><a>Kosong</a></h2>'
    page += '<h2><a href="http://[rusak">Rusak</a></h2><h2><a href="javascript:void(0)">Kosong</a></h2>'
    found = read_listing(page.encode(), "https://a.id/", OUTLET)
    assert [link.url for link in found.links] == ["https://a.id/satu"]
    assert found.following == ""


@pytest.mark.parametrize(
    "link",
    [
        "<a href='/x?page=2'>Selanjutnya</a>",
        "<a href='/x?page=2'> Berikutnya » </a>",
        "<a rel='next' href='/x?page=2'>2</a>",
        "<link rel='next' href='/x?page=2'>",
        "<a href='/x?page=2'>›</a>",
        "<a href='https://lain.id/x'>Next</a><a href='/x?page=2'>Next »</a>",
    ],
)
def test_the_next_page_is_found_by_its_words(link: str) -> None:
    """As outlets write it, and only on the own site."""
    assert read_listing(link.encode(), "https://a.id/x", OUTLET).following == "https://a.id/x?page=2"


def test_a_listing_is_followed_until_something_is_known(site: Site, fetcher: Fetcher) -> None:
    """All pages while everything on them is new; only the first when an article of it is known."""
    for number in range(1, 4):
        following = f"/b?hal={number + 1}" if number < 3 else ""
        site.page(
            f"/b{number}", listing_page(f"/a{number}", f"/c{number}", following=f"/b{number + 1}" if following else "")
        )
    address = site.home + "/b1"
    links, _ = ask("listing", address, site.outlet(), fetcher)
    assert [link.url.rpartition("/")[2] for link in links] == ["a1", "c1", "a2", "c2", "a3", "c3"]
    from pilkada_nlp.article import article_id

    site.asked.clear()
    links, _ = ask("listing", address, site.outlet(), fetcher, known={article_id(site.home + "/c1")})
    assert len(links) == 2
    assert "/b2" not in site.asked


def test_a_listing_by_number_ends_where_it_repeats_itself(site: Site, fetcher: Fetcher) -> None:
    """The field for the page is counted up until a page shows nothing more than the one before."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        number = min(int(parse_qs(urlsplit(handler.path).query)["hal"][0]), 4)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(listing_page(f"/a{number}").encode())

    site.routes["/indeks"] = answer
    links, _ = ask("listing", site.home + "/indeks?hal={page}", site.outlet(), fetcher, BACKFILL)
    assert len(links) == 4
    assert len([path for path in site.asked if path.startswith("/indeks")]) == 5


def test_listings_by_day(site: Site, fetcher: Fetcher) -> None:
    """New: today's and yesterday's page in the outlet's zone. A backfill: each day, newest first, and resumable."""
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        day = parse_qs(urlsplit(handler.path).query)["date"][0]
        asked.append(day)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(listing_page(f"/{day.replace('/', '-')}").encode())

    site.routes["/indeks"] = answer
    address = site.home + "/indeks?date={date:%m/%d/%Y}&page={page}"
    outlet = site.outlet(timezone="Asia/Jayapura")
    links, _ = ask("listing", address, outlet, fetcher)
    assert [link.url.rpartition("/")[2] for link in links] == ["11-22-2024", "11-21-2024"]
    asked.clear()
    links, desk = ask("listing", address, outlet, fetcher, BACKFILL)
    assert (asked[0], len(links)) == ("09/01/2024", 32)
    parts = desk.take_finished()
    asked.clear()
    links, _ = ask("listing", address, outlet, fetcher, BACKFILL, finished=parts[:-1])
    assert [link.url.rpartition("/")[2] for link in links] == ["08-01-2024"]


def test_a_listing_without_links_is_a_failure(site: Site, fetcher: Fetcher) -> None:
    """A new layout does not look like a day without news."""
    address = site.page("/indeks", "<html><h4>Tata letak baru</h4></html>")
    links, desk = ask("listing", address, site.outlet(), fetcher)
    assert (links, reasons(desk)) == ([], ["not_a_source"])
    assert "h1 a, h2 a, h3 a" in desk.failures[0].detail


# Home pages, saved pages, lists of addresses

HOME = """<html><head><link rel="alternate" type="application/rss+xml" title="Komentar" href="/comments/feed/">
<link rel="alternate" type="application/rss+xml" title="Uji" href="/feed/">
<link rel="https://api.w.org/" href="/wp-json/">
<link rel="alternate" hreflang="en" href="/en"></head></html>"""


def test_a_home_page_names_its_sources() -> None:
    """The feed and the interface, not the feed of comments or another language."""
    assert announced_on(HOME.encode(), "https://a.id/") == [
        ("feed", "https://a.id/feed/"),
        ("api", "https://a.id/wp-json/wp/v2/posts"),
    ]


def test_an_outlet_with_only_a_home_page_is_read_by_its_feed(site: Site, fetcher: Fetcher) -> None:
    """The feed that the page names is asked; a page that names none is a failure."""
    site.page("/", HOME)
    site.page("/feed/", RSS)
    links, desk = ask("home", site.home + "/", site.outlet(), fetcher)
    assert (len(links), desk.failures) == (2, [])
    site.page("/", "<html></html>")
    assert reasons(ask("home", site.home + "/", site.outlet(), fetcher)[1]) == ["not_a_source"]


def test_saved_pages_come_with_their_bytes(tmp_path: Path, fetcher: Fetcher) -> None:
    """A page knows its own address from the browser or its metadata; one that does not is recorded."""
    folder = tmp_path / "dalam"
    folder.mkdir()
    (tmp_path / "a.html").write_text("<!-- saved from url=(0014)https://a.id/a --><p>satu</p>")
    (folder / "b.HTM").write_text("<link rel='canonical' href='/b?x=1&amp;y=2'><p>dua</p>")
    (tmp_path / "c.html").write_text("<p>tanpa alamat</p>")
    (tmp_path / "d.txt").write_text("bukan halaman")
    links, desk = ask("file", str(tmp_path), OUTLET, fetcher)
    assert [link.url for link in links] == ["https://a.id/a", "https://a.id/b?x=1&y=2"]
    assert links[0].page is not None
    assert links[0].page.body.endswith(b"satu</p>")
    assert reasons(desk) == ["bad_url"]
    assert "c.html" in desk.failures[0].detail


def test_a_file_of_addresses(tmp_path: Path, fetcher: Fetcher) -> None:
    """One a line, remarks left out; a file that is not there or no text is a failure."""
    path = tmp_path / "alamat.txt"
    path.write_text("# dari arsip\nhttps://a.id/a\n\n  https://a.id/b\n")
    assert [link.url for link in ask("file", str(path), OUTLET, fetcher)[0]] == ["https://a.id/a", "https://a.id/b"]
    assert reasons(ask("file", str(tmp_path / "tidak-ada.txt"), OUTLET, fetcher)[1]) == ["unreadable"]
    path.write_bytes(b"\xff\xfe\x00")
    assert reasons(ask("file", str(path), OUTLET, fetcher)[1]) == ["unreadable"]
