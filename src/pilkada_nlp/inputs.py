"""Articles that a user hands over directly: a string, a file or folder of JSON lines, HTML pages or plain texts."""

import codecs
import gzip
import hashlib
import json
import os
import re
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from pilkada_nlp.article import WORDPRESS_POST, Article, Page, Rejection
from pilkada_nlp.errors import InputError
from pilkada_nlp.preprocessing import clean

# Extraction takes far longer to import than a plain text takes to tag, so it is imported where it is needed.

_LONGEST_TITLE = 250  # characters; a longer first line is the beginning of the text
_NO_SIGN: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")  # what stands for nothing that is written
_MOST_NO_SIGNS: Final = 0.1  # their share; quotation marks of an older encoding come to less, random bytes to half
_ENDINGS: Final = (".jsonl", ".html", ".htm", ".txt")


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    id: str | int | None = None
    title: str | None = None
    url: str | None = None
    date: str | None = None
    outlet: str | None = None


def read_articles(path: str | Path, report: Callable[[InputError], None] | None = None) -> Iterator[Article]:
    """Return the articles of a file, or of all files in a folder and the folders in it, one after another.

    A file holds JSON lines (see `article_of_json`), one HTML page or one plain text; the ending of its name (.jsonl,
    .html, .htm, .txt, each also with .gz) or else its first character says which. Of a folder only files with these
    endings are read, in order of their names; folders behind links are not entered. "-" is standard input.

    What cannot be read (a line, a page without an article, a file or folder in a folder) is given to `report` and
    passed over; without `report` it is warned of. Raises InputError when there is nothing at `path` or no such file in
    the folder, and when it cannot be looked at.
    """
    tell = report or _warn
    if str(path) == "-":
        return _articles_in(sys.stdin.buffer, "<stdin>", tell)
    place = Path(path)
    try:
        is_folder, there = place.is_dir(), place.exists()
    except OSError as error:
        raise _unreadable(error, str(path)) from error
    if not there:
        raise InputError("there is no such file or folder", str(path))
    files = _files_in(place, tell) if is_folder else [place]
    return chain.from_iterable(_articles_of(file, tell) for file in files)


def _files_in(folder: Path, report: Callable[[InputError], None]) -> list[Path]:
    """Return the files of a folder that can be articles, links that lead nowhere among them, so that they are told."""

    def refuse(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise _unreadable(error, str(folder)) from error
        report(_unreadable(error, error.filename))

    named = [Path(at, name) for at, _, names in os.walk(folder, onerror=refuse) for name in names if _kind(name)]
    # By os.path, because pathlib's raise where a folder may be listed but not entered.
    files = sorted(file for file in named if os.path.isfile(file) or not os.path.exists(file))  # noqa: PTH110, PTH113
    if not files:
        raise InputError(f"this folder has no files that end in {', '.join(_ENDINGS)} (or these with .gz)", str(folder))
    return files


def _unreadable(error: Exception, source: str) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(f"cannot be read ({reason}); check its name and permissions", source)


def _warn(error: InputError) -> None:
    warnings.warn(f"passed over: {error}", stacklevel=2)


def _kind(name: str) -> str:
    """Return the ending that says what a file holds, "" when its name does not."""
    bare = name.lower().removesuffix(".gz")
    return next((ending for ending in _ENDINGS if bare.endswith(ending)), "")


def _articles_of(path: Path, report: Callable[[InputError], None]) -> Iterator[Article]:
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            yield from _articles_in(stream, str(path), report)
    except (OSError, EOFError, zlib.error) as error:  # the last two end a packed file that was cut off
        report(_unreadable(error, str(path)))


def _articles_in(
    stream: BinaryIO | gzip.GzipFile, source: str, report: Callable[[InputError], None]
) -> Iterator[Article]:
    first = stream.readline().removeprefix(codecs.BOM_UTF8)
    start, kind = first.lstrip(), _kind(source)
    if kind == ".jsonl" or (not kind and start.startswith(b"{")):
        for number, line in enumerate(chain([first], stream), 1):
            if line.strip():
                try:
                    yield article_of_json(line, source, number)
                except InputError as error:
                    report(error)
        return
    page = kind in (".html", ".htm") or (not kind and start.startswith(b"<"))
    try:
        yield (article_of_html if page else article_of_text)(first + stream.read(), source)
    except InputError as error:
        report(error)


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

    UTF-8 and UTF-16 are read, a few bytes of other encodings do no harm. InputError for an empty text, and for what is
    no text, such as a PDF or a picture.
    """
    return msgspec.structs.replace(article_of_string(_decoded(content, source)), id=source)


def article_of_string(text: str, title: str | None = None) -> Article:
    """Return the article of a text in memory; its id is made of the text, so the same text has the same one.

    Without a `title` the first line is the title, unless it is the only one or a paragraph. Nothing is known of its
    date, so its day is today's (UTC).
    """
    key = hashlib.sha256("\n".join(filter(None, (title, text))).encode("utf-8", "replace")).hexdigest()[:16]
    body = clean(text).strip()
    if title is None:
        title, _, rest = body.partition("\n")
        title, body = (title, rest) if rest.strip() and len(title) <= _LONGEST_TITLE else ("", body)
    return _article(key, clean(title).strip(), body.strip(), "", "", None)


def article_of_html(content: bytes, source: str) -> Article:
    """Return the article of an HTML page; InputError when there is none on it."""
    from pilkada_nlp.extraction import extract

    result = extract(page_of_html(content))
    if isinstance(result, Rejection):
        raise InputError(
            f"no article on this page ({result.reason}: {result.detail}); see `pilkada extract --explain`", source
        )
    return msgspec.structs.replace(result, id=source, url="")


def _decoded(content: bytes, source: str) -> str:
    from pilkada_nlp.extraction.document import NO_PAGE

    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig", "replace")
    if not text.strip():
        raise InputError("is empty; give a text, HTML or JSONL", source)
    if content.startswith(NO_PAGE) or len(_NO_SIGN.findall(text)) > len(text) * _MOST_NO_SIGNS:
        raise InputError("this is no text; give plain text, HTML or JSONL", source)
    return text


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
    published = None
    if shown_date:
        from pilkada_nlp.extraction import parse_date

        published = parse_date(shown_date, None)
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
