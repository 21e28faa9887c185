"""Articles that a user hands over directly: a JSON line, an HTML file, a plain text."""

import codecs
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import chain
from typing import IO

import msgspec

from pilkada_nlp.article import WORDPRESS_POST, Article, Page, Rejection
from pilkada_nlp.errors import InputError
from pilkada_nlp.extraction import extract, parse_date
from pilkada_nlp.extraction.document import NO_PAGE
from pilkada_nlp.preprocessing import clean

_LONGEST_TITLE = 250  # characters; a longer first line is the beginning of the text


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    id: str | int | None = None
    title: str | None = None
    url: str | None = None
    date: str | None = None
    outlet: str | None = None


def read_articles(stream: IO[bytes], source: str, report: Callable[[InputError], None]) -> Iterator[Article]:
    """Yield the articles of a file: those of JSON lines, or the one that is an HTML page or a plain text.

    The ending of its name, `source`, or else its first character says which. What cannot be read is given to `report`
    and passed over; OSError when the stream itself breaks off.
    """
    first = stream.readline()
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")
    if source.endswith(".jsonl") or start.startswith(b"{"):
        for number, line in enumerate(chain([first], stream), 1):
            if line.strip():
                try:
                    yield article_of_json(line, source, number)
                except InputError as error:
                    report(error)
    elif source.endswith((".html", ".htm")) or start.startswith(b"<"):
        try:
            yield article_of_html(first + stream.read(), source)
        except InputError as error:
            report(error)
    else:
        yield article_of_text(first + stream.read(), source)


def article_of_json(line: bytes, source: str, number: int) -> Article:
    """Return the article of a JSON line with `text` and optionally id, title, url, date and outlet.

    Without an id the line number stands for it. A date that cannot be read, such as 5/14/2025, counts as none. Raises
    InputError, with the line number, for bad JSON or a missing text.
    """
    try:
        # The standard parser, because scraped text has escaped lone surrogates, which stricter ones refuse.
        row = msgspec.convert(json.loads(line.decode("utf-8", "replace")), _Line)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise InputError(
            f"not an article ({error}); `pilkada tag --help` says what a line holds", source, number
        ) from error
    key = str(number if row.id is None else row.id)
    return _article(key, clean(row.title or ""), clean(row.text), row.url or "", row.outlet or "", row.date)


def article_of_text(content: bytes, source: str) -> Article:
    """Return the article of a plain text: its first line is the title, unless it is the only one or a paragraph.

    UTF-8 and UTF-16 are read; InputError for what is no text, such as a PDF or a picture.
    """
    text = clean(_decoded(content, source)).strip()
    title, _, body = text.partition("\n")
    if not body.strip() or len(title) > _LONGEST_TITLE:
        title, body = "", text
    return _article(source, title.strip(), body.strip(), "", "", None)


def article_of_html(content: bytes, source: str) -> Article:
    """Return the article of an HTML page; InputError when there is none on it."""
    result = extract(page_of_html(content))
    if isinstance(result, Rejection):
        raise InputError(
            f"no article on this page ({result.reason}: {result.detail}); see `pilkada extract --explain`", source
        )
    return msgspec.structs.replace(result, id=source, url="")


def _decoded(content: bytes, source: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if content.startswith(NO_PAGE) or content.count(b"\x00") * 10 > len(content):
        raise InputError("this is no text; give plain text, HTML or JSONL", source)
    return content.decode("utf-8-sig", "replace")


def page_of_html(content: bytes, url: str = "https://local.invalid/page", outlet: str = "") -> Page:
    """Return a saved HTML page, or a saved post of WordPress' REST interface, as if fetched from `url` just now."""
    return Page(
        requested_url=url,
        url=url,
        outlet=outlet,
        fetched_at=datetime.now(UTC),
        status=200,
        content_type=WORDPRESS_POST if content.lstrip().startswith(b"{") else "text/html",
        body=content,
    )


def _article(key: str, title: str, text: str, url: str, outlet: str, shown_date: str | None) -> Article:
    now = datetime.now(UTC)
    published = parse_date(shown_date, None) if shown_date else None
    day: date = published.on if published else now.date()
    return Article(
        id=key,
        url=url,
        outlet=outlet,
        title=title,
        text=text,
        day=day,
        fetched_at=now,
        published_at=published.at if published else None,
        published_on=published.on if published else None,
    )
