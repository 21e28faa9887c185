"""The files of a summary: each replaced whole or not at all."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from pilkada_nlp.article.findings import DailySummary
from pilkada_nlp.files import replace_file
from pilkada_nlp.summary.digest import digest
from pilkada_nlp.summary.feed import feed
from pilkada_nlp.summary.rendering import base_name, render
from pilkada_nlp.wording import Language

_log = logging.getLogger(__name__)

_FED: Final = 20  # days that a feed shows
_OF_ENTRIES: Final = frozenset({"day", "region", "region_name", "theme", "level", "score"})  # read for the feed
_NOTHING: Final = {"counts": msgspec.Raw(b"{}"), "reasons": msgspec.Raw(b"[]")}
_FEEDS: Final[dict[Language, str]] = {"id": "umpan.atom", "en": "feed.atom"}


def write_summary(summary: DailySummary, out: Path, language: Language = "id") -> list[Path]:
    """Write all renderings into `out` and return their paths, the page first.

    These are the page, Markdown, JSON, two CSV tables, the messages of the digest ("ringkasan-2024-11-21-1.txt") and
    the feed, which lists this day and those whose JSON lies in `out` already. Raises OutputError when a file cannot be
    written.
    """
    base = base_name(summary, language)
    texts = {f"{base}.{ending}": text for ending, text in render(summary, language).items()}
    further: dict[str, Callable[[], dict[str, str]]] = {
        "digest": lambda: {f"{base}-{n}.txt": f"{text}\n" for n, text in enumerate(digest(summary, language), 1)},
        "feed": lambda: {_FEEDS[language]: feed([summary, *_earlier(summary, out, language)], language)},
    }
    for name, make in further.items():
        try:
            texts |= make()
        except Exception:  # whatever is wrong with one of them, people get the page
            _log.exception("the %s of %s cannot be made", name, base)
    for name, text in texts.items():
        replace_file(out / name, text.encode("utf-8"), make_folder=True)
    for path in out.glob(f"{base}-*.txt"):
        if path.name not in texts and re.fullmatch(r"\d+", path.stem.rpartition("-")[2]):
            path.unlink(missing_ok=True)  # of an edition that had more messages
    return [out / name for name in texts]


def _earlier(summary: DailySummary, out: Path, language: Language) -> list[DailySummary]:
    """Return the summaries of other days in `out`, as far as the feed needs them.

    A file that is none of this version is named in the log.
    """
    found = []
    pattern = base_name(summary, language).replace(str(summary.day), "[0-9]*.json")
    for path in sorted(out.glob(pattern), reverse=True)[: _FED + 1]:
        if path.name == f"{base_name(summary, language)}.json":
            continue
        try:
            found.append(_read(path.read_bytes()))
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning(f"{path} is left out of the feed: {error}")
    return found


def _read(data: bytes) -> DailySummary:
    """Return a summary from its JSON without what lies under the entries of its watchlist.

    On a busy day that is fifty megabytes, of which the feed shows nothing.
    """
    fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    entries = msgspec.json.decode(fields.pop("watchlist", b"[]"), type=list[dict[str, msgspec.Raw]])
    brief = [{name: value for name, value in entry.items() if name in _OF_ENTRIES} | _NOTHING for entry in entries]
    return msgspec.json.decode(msgspec.json.encode(fields | {"watchlist": brief}), type=DailySummary)
