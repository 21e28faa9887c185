"""Results in one calm line each, for `print` and for lists of them; everything else about them is in their fields."""

from collections import Counter
from collections.abc import Sequence
from functools import singledispatch
from typing import Final

from pilkada_nlp.article import Article, RegionTag, Tagging
from pilkada_nlp.article.findings import DailySummary, Story, Watchlist, WatchlistEntry

_MOST: Final = 3  # places and themes that are named before the rest is counted
_TITLE: Final = 70  # characters


@singledispatch
def line(value: object) -> str:
    """Return `value` as a line; what is not registered here says itself."""
    return object.__repr__(value)


@line.register
def _tagging(value: Tagging) -> str:
    themes = [tag.theme for tag in value.themes if tag.strength == "pokok"]
    found = [
        value.modality.value if value.modality else "",
        "" if value.relevant.value else f"not about an election ({value.relevant.score:.2f})",
        _some(themes),
        _places(value.places()),
        f"severity {value.severity}" if value.severity else "",
        f"review: {_some(value.review)}" if value.review else "",
    ]
    return _line("Tagging", value.id, found)


@line.register
def _article(value: Article) -> str:
    return _line(
        "Article", value.id, [f"{value.day}", value.outlet, _title(value.title), f"{len(value.text)} characters"]
    )


@line.register
def _story(value: Story) -> str:
    found = [
        f"{value.day}",
        value.modality,
        f"severity {value.severity}",
        _title(value.title),
        _places(value.regions),
        f"{len(value.members)} articles",
    ]
    return _line("Story", value.id, found)


@line.register
def _entry(value: WatchlistEntry) -> str:
    found = [f"{value.day}", value.region_name, f"{value.level} {value.score:.1f}", f"{len(value.reasons)} reasons"]
    return _line("WatchlistEntry", value.id, found)


@line.register
def _watchlist(value: Watchlist) -> str:
    levels = Counter(entry.level for entry in value)
    counted = ", ".join(f"{count} {level}" for level, count in levels.items())
    return f"Watchlist({value.day}, {len(value)} entries{f': {counted}' if counted else ''})"


@line.register
def _summary(value: DailySummary) -> str:
    state = "closed" if value.closed else "open"
    return (
        f"DailySummary({value.day}, edition {value.edition}, {state}, {value.articles} articles, "
        f"{value.related} related, {value.stories} stories, {len(value.watchlist)} watchlist entries)"
    )


def _line(kind: str, key: str, found: Sequence[str]) -> str:
    return f"{kind}({', '.join([repr(key), *filter(None, map(_plain, found))])})"


def _plain(text: str) -> str:
    """Return a text on one line, without characters that steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _title(title: str) -> str:
    return f"“{title if len(title) <= _TITLE else title[: _TITLE - 1].rstrip() + '…'}”"


def _places(places: Sequence[RegionTag]) -> str:
    return _some([f"{place.code} {place.name}" for place in places])


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {rest} more" if rest > 0 else "")
