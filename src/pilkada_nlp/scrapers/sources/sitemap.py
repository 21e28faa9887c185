"""Sitemaps, Google-news sitemaps and indexes of them, plain or gzipped, read as a stream."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from pilkada_nlp.article import Link, Outlet
from pilkada_nlp.scrapers.sources.desk import Desk, NotASourceError, moment_of

_NEWEST_CHILDREN: Final = 5  # of an index, when asking what is new
_MOST_CHILDREN: Final = 1_000  # of an index, when going through a past period
_MOST_ENTRIES: Final = 50_000  # the limit of the sitemap protocol
_UNPACKED_LIMIT: Final = 60_000_000  # bytes, a little more than the protocol allows
_READ_AT_ONCE: Final = 262_144  # bytes
_LONGEST_FIELD: Final = 4_000  # characters


class SitemapRead(NamedTuple):
    """The pages of a sitemap, or the child sitemaps of an index with the time of their last change."""

    links: list[Link]
    children: list[tuple[datetime | None, str]]


class Sitemap:
    """A sitemap or an index of sitemaps at an address."""

    def __init__(self, address: str, desk: Desk) -> None:
        self._address = address
        self._desk = desk

    def discover(self, outlet: Outlet, since: datetime) -> Iterator[Link]:
        """Yield the pages; of an index those of its newest children, in a backfill of all that reach `since`."""
        page = self._desk.ask(self._address)
        sitemap = self._desk.read(page, read_sitemap) if page else None
        if sitemap is None:
            return
        yield from sitemap.links
        if sitemap.children:
            # An index may stay the same while its children change.
            self._desk.always_ask(self._address)
        for address in self._wanted(sitemap.children, since):
            if self._desk.is_finished(address):
                continue
            child = self._desk.ask(address)
            found = self._desk.read(child, read_sitemap) if child else None
            if found is not None:
                yield from found.links
                self._desk.finish(address)

    def _wanted(self, children: list[tuple[datetime | None, str]], since: datetime) -> list[str]:
        changed = [(moment, address) for moment, address in children if moment is None or moment >= since]
        changed.sort(key=lambda child: (child[0] or datetime.max.replace(tzinfo=UTC), _numbers(child[1])), reverse=True)
        return [address for _, address in changed][: _MOST_CHILDREN if self._desk.backfill else _NEWEST_CHILDREN]


def _numbers(address: str) -> list[int]:
    """Return the numbers in an address: post-sitemap12.xml is newer than post-sitemap9.xml."""
    return [int(number[:15]) for number in re.findall(r"\d+", address)]


def read_sitemap(body: bytes, base: str) -> SitemapRead:
    """Return the pages and child sitemaps that a sitemap names; NotASourceError when the bytes are none.

    Entities are not expanded and nothing is loaded. Entries beyond the limits of the protocol are left out.
    """
    from lxml import etree

    found = SitemapRead([], [])
    fields: dict[str, str] = {}
    root, whole = "", False
    try:
        for event, name, node in _nodes(body):
            if not root:
                root = name
                if root not in ("urlset", "sitemapindex"):
                    raise NotASourceError("the answer is not a sitemap")
            if event == "start":
                continue
            whole = whole or name == root
            if name in ("url", "sitemap"):
                _add(found, name, fields)
                fields = {}
                node.clear()
                while node.getprevious() is not None:
                    del node.getparent()[0]
                if len(found.links) + len(found.children) >= _MOST_ENTRIES:
                    break
            elif node.text:
                # The first of a name counts: an image has its own `loc` behind that of its page.
                fields.setdefault(name, node.text.strip()[:_LONGEST_FIELD])
    except (etree.XMLSyntaxError, zlib.error):
        pass  # what came before the break is used
    if not (found.links or found.children or whole):
        raise NotASourceError("the answer is not a sitemap" if not root else "the sitemap breaks off before an entry")
    return found


def _nodes(body: bytes) -> Iterator[tuple[str, str, Any]]:
    """Yield begin and end of each element with its name."""
    from lxml import etree

    parser = etree.XMLPullParser(
        ("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    size = 0
    for chunk in _unpacked(body):
        size += len(chunk)
        if size > _UNPACKED_LIMIT:
            raise NotASourceError(f"the sitemap unpacks to more than {_UNPACKED_LIMIT:,} bytes")
        parser.feed(chunk)
        for event, node in parser.read_events():
            if isinstance(node.tag, str):  # no comment
                yield event, etree.QName(node).localname, node


def _unpacked(body: bytes) -> Iterator[bytes]:
    """Yield a file piece by piece, unpacked if it is gzipped, as far as it goes if it breaks off."""
    if not body.startswith(b"\x1f\x8b"):
        yield from (body[start : start + _READ_AT_ONCE] for start in range(0, len(body), _READ_AT_ONCE))
        return
    unpacker = zlib.decompressobj(wbits=31)  # gzip
    while body and not unpacker.eof:
        yield unpacker.decompress(body, _READ_AT_ONCE)
        body = unpacker.unconsumed_tail


def _add(found: SitemapRead, name: str, fields: dict[str, str]) -> None:
    address = fields.get("loc", "")
    moment = moment_of(fields.get("publication_date") or fields.get("lastmod") or "")
    if not address:
        return
    if name == "sitemap":
        found.children.append((moment, address))
    else:
        found.links.append(Link(url=address, published_at=moment, title=fields.get("title")))
