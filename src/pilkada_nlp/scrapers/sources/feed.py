"""RSS 0.9x to 2.0, RDF, Atom and JSON Feed."""

import codecs
import json
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

from pilkada_nlp.article import Link, Outlet
from pilkada_nlp.scrapers.sources.desk import Desk, NotASourceError, moment_of

_PERIODS: Final = {"hourly": 3600, "daily": 86_400, "weekly": 604_800}  # of the syndication module, in seconds
_LONGEST_TTL: Final = 21_600.0  # seconds; feeds that claim to change once a week still bring news every day


# A tag with thousands of attributes costs feedparser minutes; long ones without hold pictures (data: addresses).
_LONG_TAG = re.compile(rb"<[^<>!?]{5000,}")
_MOST_ATTRIBUTES: Final = 500


class FeedRead(NamedTuple):
    """The entries of a feed, in its order, and the seconds for which it says that it will not change."""

    links: list[Link]
    ttl: float


class Feed:
    """A feed at an address."""

    def __init__(self, address: str, desk: Desk) -> None:
        self._address = address
        self._desk = desk

    def discover(self, outlet: Outlet, since: datetime) -> Iterator[Link]:
        """Yield the entries; `since` is left to the reader, because a feed is one answer whatever one asks."""
        page = self._desk.ask(self._address)
        feed = self._desk.read(page, read_feed) if page else None
        if feed:
            self._desk.least_interval = feed.ttl
            yield from feed.links


def read_feed(body: bytes, base: str) -> FeedRead:
    """Return what a feed announces; NotASourceError when the bytes are none, or broke off before the first entry."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return FeedRead(_json_links(body, base), 0.0)
    import feedparser

    if any(tag[0].count(b"=") > _MOST_ATTRIBUTES for tag in _LONG_TAG.finditer(body)):
        raise NotASourceError(f"a tag of the answer has more than {_MOST_ATTRIBUTES} attributes")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # feedparser believes a wrong declaration more than the mark at the beginning, but not for UTF-8.
        body = codecs.BOM_UTF8 + body.decode("utf-16", "replace").encode()
    # Only bytes ever reach feedparser: given an address it would fetch by itself, past every check.
    feed = feedparser.parse(
        body, response_headers={"content-location": base}, sanitize_html=False, resolve_relative_uris=False
    )
    if not feed.get("version") and not feed.entries:
        raise NotASourceError("the answer is not a feed")
    if feed.bozo and not feed.entries and not _is_only_charset(feed.bozo_exception):
        raise NotASourceError(f"the feed is broken before its first entry ({feed.bozo_exception})"[:200])
    found = []
    for entry in feed.entries:
        address = (entry.get("link") or "").strip()
        if not address:
            continue
        parsed = entry.get("published_parsed") or entry.get("updated_parsed")
        found.append(Link(url=_absolute(base, address), published_at=_moment(parsed), title=entry.get("title")))
    return FeedRead(found, _ttl(feed.feed))


def _is_only_charset(error: object) -> bool:
    import feedparser

    return isinstance(error, feedparser.CharacterEncodingOverride | feedparser.NonXMLContentType)


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _ttl(feed: Any) -> float:
    """Return the seconds of `ttl` (minutes) or of the syndication module, 0 when the feed names none."""
    try:
        if minutes := float(feed.get("ttl") or 0):
            return min(max(minutes, 0.0) * 60, _LONGEST_TTL)
        period = _PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower(), 0)
        return min(period / max(float(feed.get("sy_updatefrequency") or 1), 1.0), _LONGEST_TTL)
    except ValueError:
        return 0.0


def _json_links(body: bytes, base: str) -> list[Link]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotASourceError(f"the answer is broken JSON ({error})"[:200]) from error
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise NotASourceError("the answer is JSON, but no JSON Feed")
    found = []
    for item in data["items"]:
        if isinstance(item, dict) and isinstance(address := item.get("url") or item.get("external_url"), str):
            moment = moment_of(str(item.get("date_published") or item.get("date_modified") or ""))
            title = item.get("title")
            found.append(
                Link(
                    url=_absolute(base, address.strip()),
                    published_at=moment,
                    title=title if isinstance(title, str) else None,
                )
            )
    return found


def _absolute(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address  # a broken address is told apart and recorded where its identity is asked for
