"""Which articles an outlet announces: feeds, sitemaps and listing pages, read from bytes."""

from calendar import timegm
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from pilkada_nlp.article import Link, Outlet, Page, Reason, Rejection, canonical_url

_CHILD_SITEMAPS: Final = 5  # of a sitemap index, the newest first
_SITEMAP_ENTRIES: Final = 5_000

Get = Callable[[str], Page | Rejection]


class NotASourceError(ValueError):
    """The bytes are no feed or sitemap at all, which is not the same as an empty one."""


class Found(NamedTuple):
    """What an outlet announces, once per canonical address, and which of its addresses failed."""

    links: list[Link]
    failures: list[Rejection]
    answered: int


def discover(outlet: Outlet, get: Get) -> Found:
    """Return the links of all feeds, sitemaps and listings of an outlet; `get` fetches one address."""
    links: dict[str, Link] = {}
    failures: list[Rejection] = []
    answered = 0
    for read, addresses in ((_feed, outlet.feeds), (_sitemap, outlet.sitemaps), (_listing, outlet.listings)):
        for address in addresses:
            page = get(address)
            if isinstance(page, Rejection):
                failures.append(page)
                continue
            try:
                found = read(page, outlet, get, failures)
            except NotASourceError as error:
                failures.append(_failure(page, page.requested_url, "not_a_source", str(error)))
                continue
            answered += 1
            for link in found:
                try:
                    key = canonical_url(link.url)
                except ValueError as error:
                    failures.append(_failure(page, link.url, "bad_url", str(error)))
                    continue
                # Of two mentions of an article the one that knows its time is kept.
                if key not in links or (links[key].published_at is None and link.published_at is not None):
                    links[key] = link
    return Found(list(links.values()), failures, answered)


def _failure(page: Page, url: str, reason: Reason, detail: str) -> Rejection:
    return Rejection(url=url, outlet=page.outlet, stage="discover", reason=reason, detail=detail, at=page.fetched_at)


def _feed(page: Page, outlet: Outlet, get: Get, failures: list[Rejection]) -> list[Link]:
    return links_of_feed(page.body, page.url)


def links_of_feed(body: bytes, base: str) -> list[Link]:
    """Return the entries of an RSS, RDF or Atom feed; NotASourceError when the bytes are none of these."""
    import feedparser

    # Only bytes ever reach feedparser: given an address it would fetch by itself, past every check.
    feed = feedparser.parse(body, response_headers={"content-location": base})
    if not feed.get("version") and not feed.entries:
        raise NotASourceError("the answer is not a feed")
    found = []
    for entry in feed.entries:
        address = (entry.get("link") or "").strip()
        if not address:
            continue
        parsed = entry.get("published_parsed") or entry.get("updated_parsed")
        published = datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
        found.append(Link(url=urljoin(base, address), published_at=published, title=entry.get("title")))
    return found


def _sitemap(page: Page, outlet: Outlet, get: Get, failures: list[Rejection]) -> list[Link]:
    links, children = links_of_sitemap(page.body)
    for child in children[:_CHILD_SITEMAPS]:
        answer = get(child)
        if isinstance(answer, Rejection):
            failures.append(answer)
            continue
        try:
            links += links_of_sitemap(answer.body)[0]
        except NotASourceError as error:
            failures.append(_failure(answer, child, "not_a_source", str(error)))
    return links


def links_of_sitemap(body: bytes) -> tuple[list[Link], list[str]]:
    """Return the pages of a sitemap and the addresses of child sitemaps, newest first.

    NotASourceError when the bytes are no sitemap. Entities are not expanded.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise NotASourceError(f"the answer is not a sitemap ({error})") from error
    if root is None or etree.QName(root).localname not in ("urlset", "sitemapindex"):
        raise NotASourceError("the answer is not a sitemap")
    links, children = [], []
    for entry in root[:_SITEMAP_ENTRIES]:
        fields = {etree.QName(node).localname: (node.text or "").strip() for node in entry.iter("{*}*")}
        address = fields.get("loc", "")
        modified = _iso(fields.get("publication_date") or fields.get("lastmod") or "")
        if not address:
            continue
        if etree.QName(entry).localname == "sitemap":
            children.append((modified or datetime.min.replace(tzinfo=UTC), address))
        else:
            links.append(Link(url=address, published_at=modified, title=fields.get("title") or None))
    return links, [address for _, address in sorted(children, reverse=True)]


def _iso(text: str) -> datetime | None:
    """Return an ISO 8601 time in UTC; None without an hour and a zone, because neither is invented."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _listing(page: Page, outlet: Outlet, get: Get, failures: list[Rejection]) -> list[Link]:
    return links_of_listing(page.body, page.url, outlet.listing_links)


def links_of_listing(body: bytes, base: str, selector: str) -> list[Link]:
    """Return the links that `selector` (CSS) finds on a page and that stay on its site."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(body, "lxml")
    site = _site(base)
    found = []
    for anchor in soup.select(selector):
        address = urljoin(base, str(anchor.get("href") or ""))
        if address.startswith(("http://", "https://")) and _site(address) == site and address != base:
            found.append(Link(url=address, title=anchor.get_text(" ", strip=True) or None))
    return found


def _site(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower().removeprefix("www.").removeprefix("m.")
    except ValueError:
        return ""
