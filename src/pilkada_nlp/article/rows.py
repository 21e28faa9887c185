"""Results as flat rows, for data frames of any library: `pandas.DataFrame(story.row() for story in stories)`.

Several values of one kind are a list, because lists can be counted (`frame.explode("themes")`) and written down again
without a separator that a value might hold.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pilkada_nlp.article import Article, Tagging
    from pilkada_nlp.article.findings import Story, WatchlistEntry

TAGS = (
    "relevant",
    "relevance",
    "election",
    "themes",
    "mentioned",
    "modality",
    "modality_score",
    "regions",
    "region_names",
    "source_kind",
    "severity",
    "review",
    "model",
)
"""The names in the row of a tagging."""

Cell = str | int | float | bool | date | datetime | list[str] | None
Row = dict[str, Cell]


def tagging_row(tagging: "Tagging") -> Row:
    """Return the judgements of a tagging; `themes` are the main ones, `regions` those of the event or election."""
    modality, places = tagging.modality, tagging.places()
    return {
        "relevant": tagging.relevant.value,
        "relevance": tagging.relevant.score,
        "election": tagging.relevant.election,
        "themes": _of_strength(((tag.theme, tag.strength) for tag in tagging.themes), "pokok"),
        "mentioned": _of_strength(((tag.theme, tag.strength) for tag in tagging.themes), "sebutan"),
        "modality": modality.value if modality else None,
        "modality_score": modality.score if modality else None,
        "regions": [place.code for place in places],
        "region_names": [place.name for place in places],
        "source_kind": tagging.source_kind.value,
        "severity": tagging.severity,
        "review": list(tagging.review),
        "model": tagging.model,
    }


def article_row(article: "Article") -> Row:
    """Return what identifies an article, without its text."""
    return {
        "id": article.id,
        "day": article.day,
        "outlet": article.outlet,
        "title": article.title,
        "url": article.url,
        "published_at": article.published_at,
        "characters": len(article.text),
    }


def story_row(story: "Story") -> Row:
    """Return a story with the number of its articles and of independent newsrooms that tell it (`sources`)."""
    return {
        "id": story.id,
        "day": story.day,
        "title": story.title,
        "election": story.election,
        "themes": _of_strength(story.themes, "pokok"),
        "mentioned": _of_strength(story.themes, "sebutan"),
        "modality": story.modality,
        "certainty": story.certainty,
        "outcome": story.outcome,
        "severity": story.severity,
        "regions": [place.code for place in story.regions],
        "region_names": [place.name for place in story.regions],
        "articles": len(story.members),
        "sources": story.sources,
        "independence": story.independence,
        "case_stage": story.case_stage,
        "follows": story.follows,
        "review": list(story.review),
    }


def entry_row(entry: "WatchlistEntry") -> Row:
    """Return an entry of the watchlist with its trend, the number of its reasons, and what was decided."""
    trend, coverage = entry.trend, entry.coverage
    return {
        "id": entry.id,
        "day": entry.day,
        "region": entry.region,
        "region_name": entry.region_name,
        "theme": entry.theme,
        "level": entry.level,
        "score": entry.score,
        "previous": entry.previous,
        "direction": trend.direction if trend else None,
        "today": trend.today if trend else None,
        "reasons": len(entry.reasons),
        "outlets": coverage.outlets if coverage else None,
        "outlets_read": coverage.read if coverage else None,
        "decision": entry.decision.action if entry.decision else None,
    }


def _of_strength(themes: Iterable[tuple[str, str]], strength: str) -> list[str]:
    return [theme for theme, found in themes if found == strength]
