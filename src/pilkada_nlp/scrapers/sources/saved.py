"""Pages and addresses on this machine: a folder of saved HTML, or a text file with an address a line."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from pilkada_nlp.article import Link, Outlet, Page
from pilkada_nlp.scrapers.fetcher import PAGE_LIMIT
from pilkada_nlp.scrapers.sources.desk import Desk

_SUFFIXES: Final = frozenset({".html", ".htm", ".xhtml"})
_HEAD: Final = 65_536  # bytes in which a page names its own address
# Browsers write the address into a saved page; else the page's own metadata hold it.
_OWN_ADDRESS = (
    re.compile(rb"<!--\s*saved from url=\(\d+\)(\S+)"),
    re.compile(rb"(?i)<link[^>]+rel=[\"']?canonical[\"']?[^>]*\shref=[\"']([^\"']+)"),
    re.compile(rb"(?i)<link[^>]+href=[\"']([^\"']+)[\"'][^>]*\srel=[\"']?canonical"),
    re.compile(rb"(?i)<meta[^>]+property=[\"']og:url[\"'][^>]*\scontent=[\"']([^\"']+)"),
)


class Saved:
    """A folder (searched with its subfolders) or a text file; lines that begin with # are left out."""

    def __init__(self, address: str, desk: Desk) -> None:
        self._path = Path(address).expanduser()
        self._desk = desk

    def discover(self, outlet: Outlet, since: datetime) -> Iterator[Link]:
        """Yield saved pages with their bytes, or the addresses of the file, whatever their time."""
        try:
            if self._path.is_dir():
                yield from self._pages(outlet)
            else:
                text = self._path.read_text(encoding="utf-8")
                self._desk.answers += 1
                lines = (line.strip() for line in text.splitlines())
                yield from (Link(url=line) for line in lines if line and not line.startswith("#"))
        except (OSError, UnicodeDecodeError) as error:
            self._desk.fail(str(self._path), "unreadable", f"{self._path}: {getattr(error, 'strerror', None) or error}")

    def _pages(self, outlet: Outlet) -> Iterator[Link]:
        paths = sorted(path for path in self._path.rglob("*") if path.suffix.lower() in _SUFFIXES)
        self._desk.answers += 1
        for path in paths:
            if path.stat().st_size > PAGE_LIMIT:
                self._desk.fail(str(path), "too_large", f"{path}: more than {PAGE_LIMIT:,} bytes")
                continue
            body = path.read_bytes()
            url = _own_address(body, outlet)
            if not url:
                self._desk.fail(str(path), "bad_url", f"{path}: the page does not say what its own address is")
                continue
            page = Page(
                requested_url=url,
                url=url,
                outlet=outlet.id,
                fetched_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
                status=200,
                content_type="text/html",
                body=body,
            )
            yield Link(url=url, page=page)


def _own_address(body: bytes, outlet: Outlet) -> str:
    for pattern in _OWN_ADDRESS:
        if match := pattern.search(body[:_HEAD]):
            try:
                address: str = urljoin(outlet.home, match[1].decode("utf-8", "replace").replace("&amp;", "&"))
            except ValueError:
                continue
            if address.startswith(("http://", "https://")):
                return address
    return ""
