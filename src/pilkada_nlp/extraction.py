"""From a fetched page to a clean article, or to the reason why there is none. Pure: bytes in, values out."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit

from lxml import etree, html

from pilkada_nlp.article import ZONES, Article, Outlet, Page, Reason, Rejection, article_id, canonical_url
from pilkada_nlp.preprocessing import clean

_SHORTEST: Final = 200  # characters of body; shorter texts are excerpts, captions and empty tag pages
_OLDEST: Final = date(1998, 1, 1)  # no Indonesian online outlet is older
_MOST_PAGES: Final = 10
_MONTHS: Final = {
    prefix: number
    for number, prefixes in enumerate(
        ("jan", "feb peb", "mar", "apr", "mei", "jun", "jul", "agu agt ags", "sep", "okt", "nov nop", "des"), 1
    )
    for prefix in prefixes.split()
}
_ZONES_BY_NAME: Final = dict(ZONES.values())
_DAY_FIRST = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})(?:\s+(?P<name>[A-Za-z]{3,9})\s+|[/-](?P<month>\d{1,2})[/-])(?P<year>\d{4})(?!\d)"
    r"(?:[\s,|·-]*(?:pukul|jam)?\s*(?P<hour>[01]?\d|2[0-3])[.:](?P<minute>[0-5]\d)(?:[.:]\d\d)?"
    r"\s*(?P<zone>WIB|WITA|WIT)?)?",
    re.IGNORECASE,
)

_DROPPED_TAGS = frozenset(
    "script style noscript iframe form button nav aside figure figcaption header footer svg".split()
)
_DROPPED_CLASS = re.compile(
    r"(?i)(?:^|[\s_-])(?:baca-?juga|bacajuga|linksisip|lihatjg|related|terkait|terpopuler|share|sharing|social|sosmed|tags?"
    r"|iklan|ads?|advertisement|banner|newsletter|comments?|komentar|breadcrumbs?|pagination|paging|page-links|promo)"
    r"(?:$|[\s_-])"
)
_BLOCKS = frozenset("p div section article li ul ol blockquote h1 h2 h3 h4 h5 h6 table tr pre main center".split())
_BODY_PLACES: Final = (
    "//*[@itemprop='articleBody']",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' entry-content ')]",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' detail__body-text ')]",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' read__content ')]",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' post-content ')]",
)
_BOILERPLATE = re.compile(
    r"""(?ix)^\W*(?:
        (?:baca|simak|lihat|tonton)\s*(?:juga|selengkapnya|:).* | advertisement | iklan
      | scroll\s+to\s+(?:continue|resume).* | \[?gambas:.*
      | (?:halaman\s*:?)?\s*(?:\d+\s+)+(?:selanjutnya|berikutnya)?.{0,12}
      | (?:selanjutnya|berikutnya|sebelumnya|next|prev(?:ious)?)\W* | halaman\s+\d+(?:\s+dari\s+\d+)?
      | (?:ikuti|cek|dapatkan)\b.{0,60}\b(?:google\s+news|whatsapp|telegram|update|berita\s+terkini|aplikasi)\b.*
      | (?:tags?|topik|label)\s*:.* | bagikan\b.{0,40} | share\b.{0,30} | copyright\b.* | ©.* | komentar
      | (?:foto|photo|ilustrasi)\s*[:/].{0,80} | berita\s+terkait.* | artikel\s+terkait.*
    )$"""
)
_CONSENT = re.compile(
    r"(?i)\b(?:cookies?|kuki|kebijakan privasi|persetujuan|setuju\w*|menyetujui|terima semua|preferensi|mitra iklan"
    r"|data pribadi|mengelola pilihan|aktifkan javascript|langganan untuk melanjutkan)\b"
)
_SITE_SUFFIX = re.compile(r"\s+[|–—-]\s+[^|–—-]{2,40}$")
_LISTING_PATH = re.compile(r"(?i)^/?$|/(?:indeks?|index|tags?|topik|category|kategori|search|cari|arsip)(?:/|$|\.)")


class _Published(NamedTuple):
    at: datetime | None
    on: date


def extract(page: Page, outlet: Outlet | None = None, continuation: Sequence[Page] = ()) -> Article | Rejection:
    """Return the article on a page, or why there is none.

    `continuation` are the further pages of a split article, in order. Without an outlet nothing is assumed about
    selectors or time zone. An article's time is taken from the page, else from the feed that announced it; a time
    more than a day after fetching or before 1998 is not believed.
    """
    document = _parse(page)
    if isinstance(document, Rejection):
        return document
    url = _own_address(document, page)
    if _LISTING_PATH.search(urlsplit(url).path) or _is_link_list(document):
        return _reject(page, "listing_page", "the page lists articles and is none itself")
    structured = _structured_data(document)
    paragraphs = _body(document, page, outlet)
    for part in continuation:
        tree = _parse(part)
        if not isinstance(tree, Rejection):
            paragraphs += [text for text in _body(tree, part, outlet) if text not in paragraphs]
    text = "\n\n".join(paragraphs)
    if _is_consent_wall(text):
        return _reject(
            page, "consent_wall", "the page asks for consent or a subscription instead of showing the article"
        )
    if len(text) < _SHORTEST:
        return _reject(page, "too_short", f"{len(text)} characters of body")
    published = _published(document, page, outlet, structured)
    zone = ZONES[outlet.timezone if outlet else "Asia/Jakarta"][1]
    return Article(
        id=article_id(url),
        url=url,
        outlet=page.outlet,
        title=_title(document, outlet, structured),
        text=text,
        day=published.on if published else page.fetched_at.astimezone(zone).date(),
        fetched_at=page.fetched_at,
        published_at=published.at if published else None,
        published_on=published.on if published else None,
        authors=_authors(document, structured),
        section=_meta(document, "article:section") or _text_of(structured.get("articleSection")) or None,
        complete=len(continuation) >= len(further_pages(page)),
    )


def further_pages(page: Page) -> list[str]:
    """Return the addresses of the other pages of a split article, in order; [] when there are none."""
    document = _parse(page)
    if isinstance(document, Rejection):
        return []
    base = urlsplit(page.url)
    numbered: dict[int, str] = {}
    for anchor in document.iter("a"):
        try:
            address = urljoin(page.url, anchor.get("href") or "")
            parts = urlsplit(address)
            if parts.netloc != base.netloc:
                continue
            whole = {"page": "all", "single": "1"}
            query = {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
            if canonical_url(address) == canonical_url(page.url):
                if any(query.get(key) == value for key, value in whole.items()):
                    return [address]
                number = query.get("page") or query.get("halaman") or ""
            elif parts.path.rstrip("/").rpartition("/")[0] == base.path.rstrip("/") and base.path.strip("/"):
                number = parts.path.rstrip("/").rpartition("/")[2]
            else:
                continue
        except ValueError:
            continue
        if number.isdecimal() and 2 <= int(number) <= _MOST_PAGES:
            numbered.setdefault(int(number), address)
    return [numbered[number] for number in sorted(numbered)]


def _reject(page: Page, reason: Reason, detail: str) -> Rejection:
    return Rejection(
        url=page.requested_url, outlet=page.outlet, stage="extract", reason=reason, detail=detail, at=page.fetched_at
    )


def _parse(page: Page) -> Any:
    kind = page.content_type.split(";")[0].strip().lower()
    if kind and not any(word in kind for word in ("html", "xml", "text/plain")):
        return _reject(page, "wrong_type", f"{kind} is no web page")
    body = page.body.replace(b"\x00", b"")
    try:
        document = html.document_fromstring(body, parser=html.HTMLParser(encoding=_charset(page), huge_tree=False))
    except (etree.LxmlError, ValueError) as error:
        return _reject(page, "unreadable", f"no HTML could be read ({error})")
    # Comments and processing instructions have no text for readers, and tags that are not strings.
    etree.strip_tags(document, etree.Comment, etree.ProcessingInstruction)
    return document


def _charset(page: Page) -> str:
    """Return the encoding that the page really has: a declared one only when its bytes agree with it."""
    declared = [
        match.group(1)
        for source in (page.content_type, page.body[:4096].decode("latin-1"))
        if (match := re.search(r"(?i)charset\s*=\s*[\"']?([\w-]+)", source))
    ]
    for name in ("utf-8", *declared):
        try:
            page.body.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
        return name
    return "utf-8" if "utf-8" in (name.lower() for name in declared) else "windows-1252"


def _own_address(document: Any, page: Page) -> str:
    """Return the canonical link of the page when it stays on the page's own site, else the address that answered."""
    for link in document.xpath("//link[@rel='canonical']/@href"):
        try:
            address = urljoin(page.url, link.strip())
            if urlsplit(canonical_url(address)).netloc == urlsplit(canonical_url(page.url)).netloc:
                return str(address)
        except ValueError:
            continue
    return page.url


def _meta(document: Any, name: str) -> str:
    found = document.xpath("//meta[@property=$n or @name=$n or @itemprop=$n]/@content", n=name)
    return clean(found[0]).strip() if found else ""


def _text_of(value: Any) -> str:
    while isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("name")
    return clean(value).strip() if isinstance(value, str) else ""


def _structured_data(document: Any) -> dict[str, Any]:
    """Return the fields of the page's JSON-LD article, {} without one."""
    for script in document.xpath("//script[@type='application/ld+json']"):
        try:
            data = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(data):
            kinds = node.get("@type")
            if any("Article" in str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                return node
    return {}


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            if isinstance(item.get("@graph"), list):
                yield from (node for node in item["@graph"] if isinstance(node, dict))


def _title(document: Any, outlet: Outlet | None, structured: dict[str, Any]) -> str:
    """Return the headline: the heading that the page's own metadata repeat, else what the metadata say."""
    if outlet and outlet.selectors.title and (chosen := _selected(document, outlet.selectors.title)):
        return _flat(chosen[0])
    titles = document.xpath("//head/title") or document.xpath("//title")
    shown = _flat(titles[0]) if titles else ""
    announced = _text_of(structured.get("headline")) or _meta(document, "og:title") or shown
    headings = [_flat(node) for node in document.xpath("//h1 | //h2")]
    if not announced:
        return next(filter(None, headings), "")
    repeated = [heading for heading in headings if heading and (heading in announced or heading in shown)]
    # A site's name is repeated too, but it is short beside a headline.
    best = max(repeated, key=len, default="")
    return best if len(best.split()) >= 3 else _SITE_SUFFIX.sub("", " ".join(announced.split()))


def _authors(document: Any, structured: dict[str, Any]) -> tuple[str, ...]:
    value = structured.get("author")
    names = [_text_of(item) for item in (value if isinstance(value, list) else [value])]
    return tuple(name for name in names if name) or tuple(filter(None, [_meta(document, "author")]))


def _flat(node: Any) -> str:
    return " ".join(clean(node.text_content()).split())


def _selected(document: Any, selector: str) -> list[Any]:
    return list(document.cssselect(selector))


def _body(document: Any, page: Page, outlet: Outlet | None) -> list[str]:
    """Return the paragraphs of the body: by the outlet's selector, by usual places, else by the general extractor."""
    nodes: list[Any] = []
    if outlet and outlet.selectors.body:
        nodes = _selected(document, outlet.selectors.body)
    for place in _BODY_PLACES:
        nodes = nodes or document.xpath(place)
    if nodes:
        node = max(nodes, key=lambda node: len(node.text_content()))
        paragraphs = _kept(_blocks(node))
        if sum(map(len, paragraphs)) >= _SHORTEST:
            return paragraphs
    return _kept(_general(page))


def _general(page: Page) -> list[str]:
    import trafilatura

    text = trafilatura.extract(
        page.body.decode(_charset(page), "replace"), include_comments=False, include_tables=False, deduplicate=False
    )
    return clean(text or "").split("\n")


def _blocks(node: Any) -> list[str]:
    """Return the text of an element block by block; boxes, bars and captions inside it are left out."""
    found: list[str] = []
    line: list[str] = []

    def flush() -> None:
        text = " ".join("".join(line).split())
        line.clear()
        if text:
            found.append(clean(text))

    # An own stack, because pages nest deeper than Python may recurse.
    stack: list[tuple[Any, bool]] = [(node, False)]
    while stack:
        element, done = stack.pop()
        block = element.tag in _BLOCKS
        if done:
            if block:
                flush()
            if element is not node:
                line.append(element.tail or "")
            continue
        if element is not node and _is_dropped(element):
            line.append(element.tail or "")
            continue
        if block:
            flush()
        if element.tag == "br":
            flush()
        line.append(element.text or "")
        stack.append((element, True))
        stack.extend((child, False) for child in reversed(element))
    flush()
    return found


def _is_dropped(element: Any) -> bool:
    if not isinstance(element.tag, str) or element.tag in _DROPPED_TAGS:
        return True
    return bool(_DROPPED_CLASS.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _kept(paragraphs: Sequence[str]) -> list[str]:
    texts = (" ".join(paragraph.split()) for paragraph in paragraphs)
    return [text for text in texts if text and not _BOILERPLATE.match(text)]


def _is_consent_wall(text: str) -> bool:
    words = len(text.split())
    hits = len(_CONSENT.findall(text))
    return hits >= 3 and hits / max(words, 1) > 0.02


def _is_link_list(document: Any) -> bool:
    """Say whether the page is mostly headlines that link elsewhere, and shows no article of its own."""
    if document.xpath("//*[@itemprop='articleBody']") or _meta(document, "og:type") == "article":
        return False
    body = document.find("body")
    if body is None:
        return False
    headlines = sum(len(text) for a in body.iter("a") if len((text := _flat(a)).split()) >= 4)
    prose = sum(len(_flat(p)) for p in body.iter("p") if len(_flat(p).split()) >= 15 and not p.findall(".//a"))
    return headlines > 400 and headlines > 2 * prose


def _published(document: Any, page: Page, outlet: Outlet | None, structured: dict[str, Any]) -> _Published | None:
    """Return the first believable time among those that the page and its feed give."""
    zone = ZONES[outlet.timezone][1] if outlet else None
    latest = page.fetched_at + timedelta(days=1)
    for text in _date_texts(document, outlet, structured):
        found = parse_date(text, zone)
        if found and _OLDEST <= found.on <= latest.date() and (found.at is None or found.at <= latest):
            return found
    if page.announced_at and page.announced_at <= latest:
        return _Published(page.announced_at, page.announced_at.astimezone(zone or UTC).date())
    return None


def _date_texts(document: Any, outlet: Outlet | None, structured: dict[str, Any]) -> Iterator[str]:
    yield _text_of(structured.get("datePublished"))
    for name in ("article:published_time", "datePublished", "pubdate", "publishdate", "content_PublishedDate"):
        yield _meta(document, name)
    if outlet and outlet.selectors.date:
        yield from (_flat(node) for node in _selected(document, outlet.selectors.date))
    for node in document.xpath("//time"):
        yield node.get("datetime") or ""
        yield _flat(node)
    # The line under the headline, as far as it says so by its class.
    for node in document.xpath(
        "//*[contains(@class, 'date') or contains(@class, 'tanggal') or contains(@class, 'time')]"
    ):
        yield _flat(node)[:120]


def parse_date(text: str, zone: timezone | None) -> _Published | None:
    """Return the time (UTC) and local date that a text shows, ISO 8601 or day first in Indonesian; None without one.

    `zone` holds for texts that name none. Without an hour, or without any zone, only the date is known.
    """
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _indonesian_date(text, zone)
    if len(text) <= 10:
        return _Published(None, moment.date())
    if moment.tzinfo is None:
        if zone is None:
            return _Published(None, moment.date())
        moment = moment.replace(tzinfo=zone)
    shown = moment.astimezone(zone) if zone else moment
    return _Published(moment.astimezone(UTC), shown.date())


def _indonesian_date(text: str, zone: timezone | None) -> _Published | None:
    for match in _DAY_FIRST.finditer(text):
        month = _MONTHS.get((match["name"] or "").lower()[:3]) if match["name"] else int(match["month"])
        try:
            day = date(int(match["year"]), month or 0, int(match["day"]))
        except ValueError:
            continue
        named = _ZONES_BY_NAME[match["zone"].upper()] if match["zone"] else zone
        if match["hour"] is None or named is None:
            return _Published(None, day)
        moment = datetime(day.year, day.month, day.day, int(match["hour"]), int(match["minute"]), tzinfo=named)
        return _Published(moment.astimezone(UTC), moment.astimezone(zone or named).date())
    return None
