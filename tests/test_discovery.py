"""Feeds, sitemaps and listings from bytes; an error never looks like an empty source."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pilkada_nlp.article import Outlet, Page, Rejection
from pilkada_nlp.scrapers.discovery import (
    NotASourceError,
    discover,
    links_of_feed,
    links_of_listing,
    links_of_sitemap,
)
from tests.conftest import NOW, page_of

RSS = """<rss version="2.0"><channel><title>Uji</title>
<item><title>Satu</title><link>https://a.id/satu</link><pubDate>Thu, 21 Nov 2024 14:05:00 +0800</pubDate></item>
<item><title>Dua</title><link>/dua</link></item>
<item><title>Tanpa alamat</title></item></channel></rss>"""

SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>https://a.id/satu</loc><lastmod>2024-11-21T14:05:00+08:00</lastmod></url>
<url><loc>https://a.id/dua</loc><lastmod>2024-11-20</lastmod></url></urlset>"""


def test_a_feed_gives_addresses_and_times_in_utc() -> None:
    """Relative links become absolute, times UTC, entries without a link are left out."""
    one, two = links_of_feed(RSS.encode(), "https://a.id/feed")
    assert (one.url, one.published_at) == ("https://a.id/satu", datetime(2024, 11, 21, 6, 5, tzinfo=UTC))
    assert (two.url, two.published_at) == ("https://a.id/dua", None)


def test_a_sitemap_gives_addresses_but_never_invents_an_hour() -> None:
    """A date without an hour and zone is no time."""
    links, children = links_of_sitemap(SITEMAP.encode())
    assert [link.published_at for link in links] == [datetime(2024, 11, 21, 6, 5, tzinfo=UTC), None]
    assert children == []


def test_sitemaps_expand_no_entities() -> None:
    """An entity that would unfold or read a file stays folded."""
    bomb = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><urlset><url><loc>https://a.id/&f;</loc></url></urlset>'
    links, _ = links_of_sitemap(bomb)
    assert all(Path("/etc/hostname").read_text().strip() not in link.url for link in links)


def test_a_listing_gives_links_of_its_own_site() -> None:
    """Links elsewhere and to the page itself are no articles."""
    page = '<h2><a href="/satu">Satu</a></h2><h2><a href="https://iklan.example/x">Iklan</a></h2><h2><a>Kosong</a></h2>'
    assert [link.url for link in links_of_listing(page.encode(), "https://a.id/", "h2 a")] == ["https://a.id/satu"]


@pytest.mark.parametrize("body", [b"", b"<html><p>Dinding</p></html>", b"\x00\xff", b"{}"])
def test_what_is_no_source_says_so(body: bytes) -> None:
    """A page instead of a feed or sitemap is an error, not an empty list."""
    with pytest.raises(NotASourceError):
        links_of_feed(body, "https://a.id/")
    with pytest.raises(NotASourceError):
        links_of_sitemap(body)


def test_one_failing_address_does_not_hide_the_others() -> None:
    """What answers is used, what fails is recorded, copies of a link are one."""
    answers: dict[str, Page] = {
        "https://a.id/feed": page_of(RSS, "https://a.id/feed"),
        "https://a.id/s.xml": page_of(SITEMAP, "https://a.id/s.xml"),
        "https://a.id/wall": page_of("<html>Setuju?</html>", "https://a.id/wall"),
    }

    def get(address: str) -> Page | Rejection:
        return answers[address]

    outlet = Outlet(
        id="uji",
        name="Uji",
        home="https://a.id",
        feeds=("https://a.id/wall", "https://a.id/feed"),
        sitemaps=("https://a.id/s.xml",),
    )
    found = discover(outlet, get)
    assert [link.url for link in found.links] == ["https://a.id/satu", "https://a.id/dua"]
    assert [failure.reason for failure in found.failures] == ["not_a_source"]
    assert found.answered == 2


def test_broken_links_and_children_of_a_sitemap_are_recorded() -> None:
    """A child sitemap that fails or is none, and an address that is none, are failures; the rest is used."""
    index = "".join(f"<sitemap><loc>https://a.id/{name}.xml</loc></sitemap>" for name in ("ada", "mati", "wall"))
    broken = SITEMAP.replace("https://a.id/dua", "http://[rusak")
    answers: dict[str, Page | Rejection] = {
        "https://a.id/i.xml": page_of(f"<sitemapindex>{index}</sitemapindex>", "https://a.id/i.xml"),
        "https://a.id/ada.xml": page_of(broken, "https://a.id/ada.xml"),
        "https://a.id/mati.xml": Rejection(
            url="https://a.id/mati.xml", outlet="uji", stage="fetch", reason="http_status", detail="500", at=NOW
        ),
        "https://a.id/wall.xml": page_of("<html>Setuju?</html>", "https://a.id/wall.xml"),
    }
    outlet = Outlet(id="uji", name="Uji", home="https://a.id", sitemaps=("https://a.id/i.xml",))
    found = discover(outlet, answers.__getitem__)
    assert [link.url for link in found.links] == ["https://a.id/satu"]
    assert sorted(failure.reason for failure in found.failures) == ["bad_url", "http_status", "not_a_source"]
    assert found.answered == 1


def test_real_feeds_are_read_whole(measure: Path) -> None:
    """Every real feed of the measuring data gives the number of entries that its index states."""
    folder = measure / "data" / "pages"
    rows = [json.loads(line) for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()]
    feeds = [row for row in rows if row["kind"] == "feed"]
    found = {row["file"]: len(links_of_feed((folder / row["file"]).read_bytes(), "https://a.id/")) for row in feeds}
    assert len(feeds) >= 28
    assert found == {row["file"]: row["feed_items"] for row in feeds}
