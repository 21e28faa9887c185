"""Where a home page says that its articles are announced."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from pilkada_nlp.article import Link, Outlet, SourceType
from pilkada_nlp.scrapers.sources.desk import HTML_LIMIT, Desk, NotASourceError
from pilkada_nlp.scrapers.sources.feed import Feed

_FEED_TYPES: Final = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
)
_COMMENTS = re.compile(r"(?i)comment|komentar")


class Home:
    """A home page that names its feed; for outlets of which nothing else is known."""

    def __init__(self, address: str, desk: Desk) -> None:
        self._address = address
        self._desk = desk

    def discover(self, outlet: Outlet, since: datetime) -> Iterator[Link]:
        """Yield the entries of the feed that the page names first."""
        page = self._desk.ask(self._address, HTML_LIMIT)
        if page is None:
            return
        self._desk.always_ask(self._address)
        found = self._desk.read(page, announced_on)
        feeds = [address for kind, address in found or () if kind == "feed"]
        if found is not None and not feeds:
            self._desk.fail(page.requested_url, "not_a_source", "the home page names no feed")
        for address in feeds[:1]:
            yield from Feed(address, self._desk).discover(outlet, since)


def announced_on(body: bytes, base: str) -> list[tuple[SourceType, str]]:
    """Return the feeds and WordPress collections that a page names in its head, in its order.

    NotASourceError when the bytes are no page.
    """
    from bs4 import BeautifulSoup

    if not body.strip():
        raise NotASourceError("the answer is empty")
    found: list[tuple[SourceType, str]] = []
    for node in BeautifulSoup(body, "lxml").select("link[rel][href]"):
        relations: Any = node.get("rel") or []
        try:
            address = urljoin(base, str(node["href"]))
        except ValueError:
            continue
        if "https://api.w.org/" in relations:
            found.append(
                ("api", urljoin(address, "wp/v2/posts") if address.endswith("/") else f"{address}/wp/v2/posts")
            )
        elif (
            "alternate" in relations
            and str(node.get("type") or "").lower() in _FEED_TYPES
            and not _COMMENTS.search(f"{address} {node.get('title') or ''}")
        ):
            found.append(("feed", address))
    return list(dict.fromkeys(found))


def usual_places(home: str) -> list[tuple[SourceType, str]]:
    """Return the addresses at which content systems announce articles when a home page does not say."""
    parts = urlsplit(home)
    origin = f"{parts.scheme}://{parts.netloc}"
    places: tuple[tuple[SourceType, str], ...] = (
        ("api", "/wp-json/wp/v2/posts"),
        ("feed", "/feed"),
        ("feed", "/rss"),
        ("feed", "/rss.xml"),
        ("sitemap", "/sitemap_index.xml"),
        ("sitemap", "/news-sitemap.xml"),
        ("sitemap", "/sitemap.xml"),
    )
    return [(kind, origin + path) for kind, path in places]
