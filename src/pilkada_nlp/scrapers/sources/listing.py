"""Pages of headlines and search results, one after another, by day where the outlet has such pages."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from pilkada_nlp.article import ZONES, Link, Outlet
from pilkada_nlp.scrapers.sources.desk import HTML_LIMIT, Desk, NotASourceError

_DAYS_BACK: Final = 1  # days before today whose pages are looked at when asking what is new
_PAGES_NEW: Final = 5  # of one listing, when asking what is new and every link is
_PAGES_PAST: Final = 500  # of one listing, when going through a past period
_FIELD = re.compile(r"\{(date)(?::([^{}]*))?\}|\{(page)\}")
_NEXT_WORDS = re.compile(r"(?i)^\W*(?:selanjutnya|berikutnya|next|older(?: posts)?|lebih lama|›|»|>)\W*$|^[›»>]+$")


class ListingRead(NamedTuple):
    """The links of a page to articles of its own site, and the address of the next page, "" without one."""

    links: list[Link]
    following: str


class Listing:
    """A listing at an address, which may hold the fields `{date:…}` and `{page}`."""

    def __init__(self, address: str, desk: Desk) -> None:
        self._address = address
        self._desk = desk

    def discover(self, outlet: Outlet, since: datetime) -> Iterator[Link]:
        """Yield the links of its pages: of the newest until one holds nothing new, in a backfill of all."""
        if "{date" not in self._address:
            yield from self._pages(outlet, None)
            return
        for day in self._days(outlet, since):
            part = f"{self._address} {day}"
            if not self._desk.is_finished(part):
                failed = len(self._desk.failures)
                yield from self._pages(outlet, day)
                if len(self._desk.failures) == failed:
                    self._desk.finish(part)

    def _days(self, outlet: Outlet, since: datetime) -> list[date]:
        zone = ZONES[outlet.timezone][1]
        last = (self._desk.period.until or self._desk.fetcher.clock()).astimezone(zone).date()
        first = since.astimezone(zone).date()
        if not self._desk.backfill:
            first = max(first, last - timedelta(days=_DAYS_BACK))
        return [last - timedelta(days=back) for back in range((last - first).days + 1)]

    def _pages(self, outlet: Outlet, day: date | None) -> Iterator[Link]:
        address = _filled(self._address, day, 1)
        seen: set[str] = set()
        articles: set[str] = set()
        for number in range(1, (_PAGES_PAST if self._desk.backfill else _PAGES_NEW) + 1):
            seen.add(address)
            page = self._desk.ask(address, HTML_LIMIT)
            found = self._desk.read(page, lambda body, base: read_listing(body, base, outlet)) if page else None
            if page is None or found is None:
                return
            if not found.links and number == 1 and day is None:
                # Nearly always a new layout; an outlet without any headline is no outlet.
                self._desk.fail(page.requested_url, "not_a_source", f"{outlet.listing_links!r} finds no link on it")
                return
            fresh = [link for link in found.links if link.url not in articles]
            unknown = [link for link in fresh if not self._desk.knows(link.url)]
            articles.update(link.url for link in fresh)
            yield from fresh
            address = _filled(self._address, day, number + 1) if "{page}" in self._address else found.following
            # A last page is often shown again under the next number, and a known article means that we were here.
            if not fresh or not address or address in seen or (not self._desk.backfill and len(unknown) < len(fresh)):
                return


def _filled(template: str, day: date | None, number: int) -> str:
    def value(match: re.Match[str]) -> str:
        if match[3]:
            return str(number)
        return f"{day:{match[2] or '%Y-%m-%d'}}" if day else ""

    return _FIELD.sub(value, template)


def check_template(address: str) -> str:
    """Return what is wrong with the fields of a listing's address, "" when nothing is."""
    rest = _FIELD.sub("", address)
    if "{" in rest or "}" in rest:
        return f"{address!r} has other fields in braces than date:%Y-%m-%d and page"
    return ""


def read_listing(body: bytes, base: str, outlet: Outlet) -> ListingRead:
    """Return the articles that a page lists and the address of the next page.

    NotASourceError when the bytes are no page.
    """
    from bs4 import BeautifulSoup

    if not body.strip():
        raise NotASourceError("the answer is empty")
    soup = BeautifulSoup(body, "lxml")
    site = _site(base)
    found = []
    for anchor in soup.select(outlet.listing_links):
        address = _absolute(base, str(anchor.get("href") or ""))
        if _site(address) == site and address != base:
            found.append(Link(url=address, title=anchor.get_text(" ", strip=True) or None))
    if outlet.listing_next:
        candidates = list(soup.select(outlet.listing_next))
    else:
        candidates = list(soup.select('a[rel~="next"], link[rel~="next"]')) or [
            anchor for anchor in soup.select("a[href]") if _NEXT_WORDS.match(anchor.get_text(" ", strip=True))
        ]
    following = (_absolute(base, str(node.get("href") or "")) for node in candidates)
    return ListingRead(found, next((address for address in following if _site(address) == site), ""))


def _absolute(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def _site(address: str) -> str:
    """Return the host of a web address without the mark of a mirror, "" for anything else."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.netloc.lower().removeprefix("www.").removeprefix("m.") if parts.scheme in ("http", "https") else ""
