"""The Atom feed of the summaries: an entry for each edition, the newest day first, made of the summaries alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

import msgspec
from lxml import etree

from pilkada_nlp.article import ZONES
from pilkada_nlp.article.findings import DailySummary
from pilkada_nlp.summary.cleaning import clean
from pilkada_nlp.summary.phrases import Phrases, coverage, long_date
from pilkada_nlp.summary.rendering import base_name
from pilkada_nlp.wording import Language

_ATOM: Final = "http://www.w3.org/2005/Atom"
_DAYS: Final = 20


def feed(summaries: Sequence[DailySummary], language: Language = "id") -> str:
    """Return an Atom feed of the newest 20 days among `summaries`; days that are not over yet are left out.

    Each edition has an id of its own, so that a reader sees a corrected edition as new. A summary knows no time of its
    making: `updated` is the end of its window in the west of the country, one second later for each further edition.
    """
    closed = [summary for summary in summaries if summary.closed]
    days = sorted({summary.day for summary in closed}, reverse=True)[:_DAYS]
    newest_first = sorted((s for s in closed if s.day in days), key=lambda s: (s.day, s.edition), reverse=True)
    shown = [clean(_brief(summary)) for summary in newest_first]
    root = etree.Element("feed", nsmap={None: _ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    _add(root, "id", f"tag:pilkada-nlp,2024:{language}")
    title = Phrases(shown[0], language).t["feed"] if shown else "Pilkada"
    _add(root, "title", title)
    _add(root, "updated", _moment(shown[0]) if shown else "1970-01-01T00:00:00Z")
    _add(_add(root, "author"), "name", "pilkada-nlp")
    for summary in shown:
        _entry(root, summary, Phrases(summary, language))
    return str(etree.tostring(root, encoding="unicode", pretty_print=True))


def _brief(summary: DailySummary) -> DailySummary:
    """Return a summary without what lies under the entries of its watchlist: it is large, and a feed only counts."""
    entries = tuple(
        msgspec.structs.replace(entry, counts={}, reasons=(), coverage=None, trend=None, history=())
        for entry in summary.watchlist
    )
    return msgspec.structs.replace(summary, watchlist=entries)


def _entry(root: etree._Element, summary: DailySummary, phrases: Phrases) -> None:
    language = phrases.language
    entry = _add(root, "entry")
    _add(entry, "id", f"tag:pilkada-nlp,2024:{language}/{summary.day}/{summary.edition}")
    title = phrases.t["feed_entry"].format(date=long_date(summary.day, language))
    if summary.edition > 1:
        title += f" ({phrases.t['edition'].format(edition=summary.edition)}, {phrases.t['corrected']})"
    _add(entry, "title", title)
    _add(entry, "updated", _moment(summary))
    link = _add(entry, "link")
    link.set("rel", "alternate")
    link.set("type", "text/html")
    link.set("href", f"{base_name(summary, language)}.html")
    _add(entry, "summary", "\n".join(_lines(summary, phrases)))


def _lines(summary: DailySummary, phrases: Phrases) -> list[str]:
    levels = [
        phrases.t["feed_line"].format(level=phrases.t["levels"][level], count=len(phrases.listed(level)))
        for level in ("tinggi", "sedang")
    ]
    stories = [phrases.stories[h.story] for h in summary.headlines if h.story in phrases.stories]
    return [
        coverage(summary, phrases.language),
        *(f"{phrases.modality[story.modality]}: {story.title} ({phrases.places(story.regions)})" for story in stories),
        *levels,
    ]


def _moment(summary: DailySummary) -> str:
    end = datetime.combine(summary.day + timedelta(days=1), time(), ZONES["Asia/Jakarta"][1])
    return f"{end.astimezone(UTC) + timedelta(seconds=summary.edition - 1):%Y-%m-%dT%H:%M:%SZ}"


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    element.text = text
    return element
