"""Which further pages a split article has."""

import re
from typing import Final
from urllib.parse import parse_qs, urljoin, urlsplit

from lxml import etree

from pilkada_nlp.article import Outlet, canonical_url
from pilkada_nlp.extraction.document import Document, flat

_MOST_PAGES: Final = 10
_WHOLE: Final = {"page": "all", "single": "1", "showpage": "all"}
_NUMBER_KEYS: Final = ("page", "halaman", "showpage")
_PAGED = re.compile(r"(?i)\b(?:page|halaman|showpage|single)=|(?:^|/)(?:\d{1,3}|all)/?(?:[?#]|$)")
_FROM_ROOT: Final = ("http:", "https:", "/")
_LINKS = etree.XPath("//body//a[@href]|//link[@rel='next']")
_NEXT = re.compile(r"(?i)\W*(?:halaman\s+)?(?:selanjutnya|berikutnya|lanjut|next)\W*")


def whole_address(address: str) -> bool:
    """Say whether an address shows all pages of an article at once, such as "…?page=all"."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    query = {key.lower(): values[0].lower() for key, values in parse_qs(parts.query).items()}
    return any(query.get(key) == value for key, value in _WHOLE.items()) or parts.path.lower().endswith("/all")


def linked_pages(document: Document, outlet: Outlet | None) -> list[str]:
    """Return the addresses of the rest of an article, in order: one that shows all of it, or page after page."""
    if whole_address(document.url):
        return []
    numbered: dict[int, str] = {}
    following: list[str] = []
    slug = document.url.partition("?")[0].rstrip("/").rpartition("/")[2]
    for link in _LINKS(document.root):
        href = link.get("href")
        if not href or not _PAGED.search(href) or (href.startswith(_FROM_ROOT) and slug not in href):
            continue
        try:
            address = urljoin(document.url, href.strip()).partition("#")[0]
            number = _page_number(address, document.url)
        except ValueError:
            continue
        if number is None:
            continue
        if number == 0:
            return [address]
        if 2 <= number <= _MOST_PAGES:
            numbered.setdefault(number, address)
        if link.get("rel") == "next" or _NEXT.fullmatch(flat(link)):
            following.append(address)
    if not numbered:
        return following[:1]
    return _by_rule(document.url, outlet, max(numbered)) or [numbered[number] for number in sorted(numbered)]


def _page_number(address: str, own: str) -> int | None:
    """Return which page of the article at `own` an address is, 0 for all of it at once, None for something else."""
    parts, base = urlsplit(address), urlsplit(own)
    if parts.netloc != base.netloc:
        return None
    query = {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
    below, _, last = parts.path.rstrip("/").rpartition("/")
    inside = below == base.path.rstrip("/") and bool(base.path.strip("/"))
    if canonical_url(address) == canonical_url(own):
        if whole_address(address):
            return 0
        number = next((query[key] for key in _NUMBER_KEYS if key in query), "")
    elif inside and last.lower() == "all":
        return 0
    elif inside:
        number = last
    else:
        return None
    return int(number) if number.isdecimal() and len(number) <= 3 and int(number) > 0 else None


def _by_rule(own: str, outlet: Outlet | None, last: int) -> list[str]:
    """Return the addresses that the outlet's own rule gives for an article that has further pages."""
    rule = outlet.joining if outlet else None
    if rule is None:
        return []
    base = own.partition("#")[0].rstrip("/")
    if rule == "/{n}":
        return [f"{base}/{number}" for number in range(2, last + 1)]
    joined = f"{base}{rule if '?' not in base else rule.replace('?', '&')}"
    if "{n}" not in rule:
        return [joined]
    return [joined.replace("{n}", str(number)) for number in range(2, last + 1)]
