"""What a page says about its article: title, times, authors, section, tags; each with the place that said it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timezone
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from pilkada_nlp.article import ZONES, Outlet, Page, Selectors
from pilkada_nlp.extraction.boilerplate import byline, unique
from pilkada_nlp.extraction.dates import Shown, believable, parse_date
from pilkada_nlp.extraction.document import Document, flat, text_of
from pilkada_nlp.preprocessing import clean
from pilkada_nlp.wording import table

_PUBLISHED_META: Final = (
    "article:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish_date",
    "content_publisheddate",
    "jpnncom_news_pubdate",
    "dtk:publishdate",
    "originalpublicationdate",
    "dc.date.issued",
    "og:published_time",
)
_UPDATED_META: Final = ("article:modified_time", "datemodified", "og:updated_time", "lastmod")
_AUTHOR_META: Final = ("author", "article:author", "dtk:author", "content_author", "jpnncom_news_author", "dc.creator")
_SITE_SUFFIX = re.compile(r"\s+(?:[|–—-]|:(?=\s+\w+ \w+$))\s+[^|–—-]{2,40}$")
_ADDRESS = re.compile(r"(?i)^https?:|^www\.")

_HEADINGS = etree.XPath("//h1|//h2[not(ancestor::*[contains(@class,'related') or contains(@class,'terkait')])]")
_DATED = etree.XPath(
    "//*[contains(@class,'date') or contains(@class,'tanggal') or contains(@class,'time') or contains(@class,'tgl')"
    " or contains(@class,'meta') or contains(@class,'posted-on') or contains(@id,'date') or contains(@class,'waktu')]"
    "[not(self::body or self::html or self::meta or self::script)]"
)
_AUTHORED = etree.XPath(
    "//*[@rel='author' or contains(@class,'author') or contains(@class,'penulis') or contains(@class,'reporter')"
    " or contains(@class,'redaksi') or contains(@class,'byline')][not(self::body or self::article)]"
)
_UPDATE_LABEL: Final = r"(?:ter(?:akhir)?\s*)?(?:diperbarui|diperbaharui|diupdate|updated?|update)"
_UPDATED_SOURCE = re.compile(
    rb"(?i)>\s*(?:terakhir\s+)?(?:diperbarui|diperbaharui|diupdate|updated?)\b\s*[:,]?\s*([^<]{6,80})<"
)
_WEEKDAY_SOURCE = re.compile(
    rb"(?i)>\s*((?:senin|selasa|rabu|kamis|jum.{1,6}?at|sabtu|minggu)\s*,\s*"
    rb"\d{1,2}[ /-][a-z\d]{1,9}[ /-]\d{4}[^<]{0,40})<"
)
_IN_UTC = re.compile(r"(?:Z|[+-]00:?00)\s*$")
_LOCAL_CLOCK = re.compile(r"(?i)\b(\d{1,2})[.:](\d\d)(?:[.:]\d\d)?\s*(?:WIB|WITA|WIT)\b")
_UPDATED_TEXT = re.compile(rf"(?i)\W*{_UPDATE_LABEL}\b")
_BYLINE_SOURCE = re.compile(
    rb"(?i)>\s*(?:penulis|reporter|pewarta|jurnalis|kontributor|oleh|editor|redaktur|rep|red)\s*[:<]"
)
_BYLINE_STARTS = etree.XPath(
    "//*[not(self::script or self::style or self::body)][starts-with(normalize-space(text()),'Penulis')"
    " or starts-with(normalize-space(text()),'Reporter') or starts-with(normalize-space(text()),'Pewarta')"
    " or starts-with(normalize-space(text()),'Editor') or starts-with(normalize-space(text()),'Redaktur')"
    " or starts-with(normalize-space(text()),'Oleh') or starts-with(normalize-space(text()),'Rep:')"
    " or starts-with(normalize-space(text()),'Kontributor')]"
)
_LABEL_ALONE = re.compile(r"(?i)(penulis|reporter|pewarta|kontributor|editor|redaktur)\s*:?")
_DATE_TEXT: Final = 120  # characters of an element that is looked into for a date
_MOST_PLACES: Final = 40  # elements that are looked into; a page of hundreds of teasers shows hundreds of dates


class Found(NamedTuple):
    """A value and the rule that gave it."""

    value: str
    rule: str


class Times(NamedTuple):
    """When the article was published and updated; `rule` names the place that the first was read from."""

    published: Shown | None
    updated_at: datetime | None
    rule: str
    clock_in_utc: bool = False


_NO_TIMES: Final = Times(None, None, "nothing believable")


def find_title(document: Document, rules: Sequence[Selectors]) -> Found:
    """Return the headline: the heading that the page's own metadata repeat, else what metadata or selectors say."""
    announced = text_of(document.structured.get("headline")) or document.meta.get("og:title", "") or document.title
    headings = [flat(node) for node in _HEADINGS(document.root)[:_MOST_PLACES]]
    # A site's name is repeated too, but it is short beside a headline.
    repeated = [text for text in headings if text and (text in announced or text in document.title)]
    best = max(repeated, key=len, default="")
    if len(best.split()) >= 3:
        return Found(best, "heading that the metadata repeat")
    for rule in rules:
        if rule.title and (chosen := document.select(rule.title)) and (text := flat(chosen[0])):
            return Found(text, f"selector {rule.title}")
    if announced:
        return Found(_SITE_SUFFIX.sub("", announced), "metadata")
    return Found(next(filter(None, headings), ""), "first heading")


def find_times(document: Document, page: Page, outlet: Outlet | None, rules: Sequence[Selectors]) -> Times:
    """Return the first believable time among those that the page gives, else that of the feed which announced it."""
    zone = ZONES[outlet.timezone][1] if outlet else None
    stated = _first(_stated_texts(document), zone, page)
    if stated.published is None or stated.published.at is None:
        seen = _first(_visible_texts(document, rules), zone, page)
        # A time elsewhere on the page must not overrule the date that the metadata give.
        if stated.published is None or (seen.published and seen.published.on == stated.published.on):
            stated = seen
    if stated.published is None and page.announced_at:
        stated = Times(_shown(page.announced_at, zone), None, "the feed")
        if stated.published and not believable(stated.published, page.fetched_at):
            stated = _NO_TIMES
    if stated.published and stated.published.at and stated.clock_in_utc:
        stated = stated._replace(published=_as_seen(stated.published, document, rules, zone))
    return stated._replace(updated_at=_updated(document, page, zone, stated.published))


def _first(texts: Iterable[Found], zone: timezone | None, page: Page) -> Times:
    """Return the first believable time of day among texts, else the first date, else one that counts from now."""
    listed: list[Found] = []
    dated: Times | None = None
    for text, rule in texts:
        listed.append(Found(text, rule))
        shown = parse_date(text, zone)
        if shown and believable(shown, page.fetched_at):
            found = Times(shown, None, rule, bool(_IN_UTC.search(text)))
            if shown.at is not None:
                return found
            dated = dated or found
    if dated:
        return dated
    # "2 jam yang lalu" once is the article's; many times they are those of the newest articles beside it.
    ago = [(shown, rule) for text, rule in listed if (shown := parse_date(text, zone, page.fetched_at))]
    ago = [(shown, rule) for shown, rule in ago if believable(shown, page.fetched_at)]
    return Times(ago[0][0], None, ago[0][1]) if ago and len({shown for shown, _ in ago}) == 1 else _NO_TIMES


def _shown(moment: datetime, zone: timezone | None) -> Shown:
    return Shown(moment.astimezone(UTC), moment.astimezone(zone or UTC).date())


def _stated_texts(document: Document) -> Iterator[Found]:
    yield Found(text_of(document.structured.get("datePublished")), "JSON-LD")
    for name in _PUBLISHED_META:
        if text := document.meta.get(name):
            yield Found(text, f"meta {name}")


def _visible_texts(document: Document, rules: Sequence[Selectors]) -> Iterator[Found]:
    for rule in rules:
        if rule.date:
            for node in document.select(rule.date)[:3]:
                yield Found(flat(node)[:_DATE_TEXT], f"selector {rule.date}")
    for node in list(document.root.iter("time"))[:3]:
        yield Found(node.get("datetime") or "", "time element")
        yield Found(flat(node)[:_DATE_TEXT], "time element")
    for node in _DATED(document.root)[:_MOST_PLACES]:
        text = flat(node)
        if len(text) <= 2 * _DATE_TEXT and not _UPDATED_TEXT.match(text):
            yield Found(text, f"class {node.get('class') or node.get('id')}"[:60])
    if match := _WEEKDAY_SOURCE.search(document.source):
        yield Found(match[1].decode("utf-8", "replace"), "line with a weekday")


def _as_seen(stated: Shown, document: Document, rules: Sequence[Selectors], zone: timezone | None) -> Shown:
    """Return the time that readers see where the metadata give the same clock as UTC.

    Many pages write "14:05 WIB" and, in their metadata, 14:05+00:00: that is the local clock under a wrong zone.
    """
    for text, _ in _visible_texts(document, rules):
        seen, local = parse_date(text, zone), _LOCAL_CLOCK.search(text)
        clock = (stated.at.hour, stated.at.minute) if stated.at else None
        if seen and seen.at and local and (int(local[1]), int(local[2])) == clock:
            return seen
    return stated


def _updated(document: Document, page: Page, zone: timezone | None, published: Shown | None) -> datetime | None:
    """Return when the page says that it was changed, if that is after its publication."""
    texts = [text_of(document.structured.get("dateModified")), *(document.meta.get(name, "") for name in _UPDATED_META)]
    match = _UPDATED_SOURCE.search(document.source)
    if match:
        texts.insert(0, match[1].decode("utf-8", "replace"))
    for text in filter(None, texts):
        shown = parse_date(text, zone, page.fetched_at)
        if shown is None or shown.at is None or not believable(shown, page.fetched_at):
            continue
        if published is None or published.at is None:
            return shown.at
        return shown.at if (shown.at - published.at).total_seconds() >= 60 else None
    return None


def find_people(document: Document, rules: Sequence[Selectors]) -> tuple[list[str], list[str], str]:
    """Return authors, editors and the place that named the authors: metadata, selectors, bylines around the body."""
    value = document.structured.get("author")
    authors = [text_of(item) for item in (value if isinstance(value, list) else [value])]
    rule = "JSON-LD"
    if not any(map(_is_name, authors)):
        authors = [document.meta.get(name, "") for name in _AUTHOR_META]
        authors = next(([name] for name in authors if _is_name(name)), [])
        rule = "metadata"
    named, editors = _bylines(document)
    for selectors in rules:
        if not authors and selectors.author:
            authors = [_first_name(flat(node)) for node in document.select(selectors.author)]
            rule = f"selector {selectors.author}"
    if not authors:
        authors, rule = named, "byline"
    if not authors:
        texts = [flat(node) for node in _AUTHORED(document.root)[:_MOST_PLACES]]
        # "author-time" and the like hold the date of the article too, or nothing else.
        authors = [_first_name(text) for text in texts if parse_date(text[:_DATE_TEXT], None) is None]
        authors, rule = list(filter(_is_name, authors))[:1], "class of an author"
    names = unique(clean(name) for name in authors if _is_name(name))
    return names, unique(editors), rule if names else "nothing"


def _first_name(text: str) -> str:
    text = re.sub(r"(?i)^(?:oleh|penulis|reporter|by)\b\s*:?\s*", "", text)
    return re.split(r"\s+[-–|·]\s*|\s*[|·]\s*|,", text)[0].strip()


def _is_name(text: str) -> bool:
    return 1 < len(text) <= 80 and not _ADDRESS.match(text) and not re.search(r"\d{4}|[:{}<>@]", text)


def _bylines(document: Document) -> tuple[list[str], list[str]]:
    if not _BYLINE_SOURCE.search(document.source):
        return [], []
    authors: list[str] = []
    editors: list[str] = []
    for element in _BYLINE_STARTS(document.root)[:_MOST_PLACES]:
        text = flat(element)
        if match := _LABEL_ALONE.fullmatch(text):
            value = _beside(element)
            text = f"{match[1]}: {value}" if value else ""
        if len(text) <= 160 and (names := byline(text)):
            authors.extend(names[0])
            editors.extend(names[1])
    return unique(filter(_is_name, authors)), unique(filter(_is_name, editors))


def _beside(element: Any) -> str:
    """Return the text right after an element: its tail, or the next element."""
    if element.tail and element.tail.strip():
        return " ".join(str(element.tail).split())
    following = element.getnext()
    return flat(following)[:_DATE_TEXT] if following is not None else ""


def find_section(document: Document) -> str | None:
    """Return the section that the metadata name."""
    return document.meta.get("article:section") or text_of(document.structured.get("articleSection")) or None


def find_tags(document: Document) -> tuple[str, ...]:
    """Return the key words that the metadata give."""
    value = document.structured.get("keywords")
    listed = value if isinstance(value, list) else str(value or "").split(",")
    text = document.meta.get("keywords") or document.meta.get("news_keywords") or ""
    return tuple(unique(text_of(name) for name in [*listed, *text.split(",")]))[:_MOST_PLACES]


def address_mark(url: str) -> list[str]:
    """Return the part of an address that says that the text is paid for, such as "/adv/"; [] without one."""
    words = table("extraction.toml")["marks"]["addresses"]
    return [f"/{part}/" for part in urlsplit(url).path.lower().split("/") if part in words][:1]
