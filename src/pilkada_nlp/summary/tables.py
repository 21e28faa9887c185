"""The tables of a summary as CSV, for spreadsheets, notebooks and comparisons; columns have one name for ever."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pilkada_nlp.article import MODALITIES
from pilkada_nlp.article.findings import Story, WatchlistEntry
from pilkada_nlp.summary.cleaning import cell
from pilkada_nlp.summary.phrases import Phrases

Row = Mapping[str, object]

_LISTS: Final = ("incidents", "rulings", "allegations", "unconfirmed", "potentials", "debunked")
_ENTRY: Final = (
    "day",
    "id",
    "region",
    "region_name",
    "theme",
    "theme_name",
    "level",
    "previous",
    "score",
    *MODALITIES,
    "direction",
    "today",
    "mean",
    "p_value",
    "burst",
    "outlets",
    "outlets_read",
    "outlets_silent",
    "articles_7_days",
    "stories",
    "title",
    "url",
    "decision",
    "decided_by",
    "muted",
)
_STORY: Final = (
    "day",
    "id",
    "parts",
    "title",
    "published_at",
    "modality",
    "outcome",
    "case_stage",
    "severity",
    "regions",
    "region_names",
    "themes",
    "themes_named",
    "harm",
    "sources",
    "independence",
    "articles",
    "outlets",
    "follows",
    "review",
    "sentence",
    "speaker",
    "url",
)


def entries_csv(phrases: Phrases) -> str:
    """Return the watchlist, one row for each region and theme."""
    return _csv(_ENTRY, (_entry(entry, phrases) for entry in phrases.summary.watchlist))


def stories_csv(phrases: Phrases) -> str:
    """Return the stories that the summary lists, one row for each event, whatever number of parts it stands in."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for part in _LISTS:
        for story in getattr(phrases.summary, part):
            parts[story.id].append(part)
    return _csv(_STORY, (_story(phrases.stories[story], names, phrases) for story, names in parts.items()))


def _entry(entry: WatchlistEntry, phrases: Phrases) -> Row:
    trend, coverage, decision = entry.trend, entry.coverage, entry.decision
    reason = entry.reasons[0] if entry.reasons else None
    return {
        "day": entry.day,
        "id": entry.id,
        "region": entry.region,
        "region_name": entry.region_name,
        "theme": entry.theme,
        "theme_name": phrases.theme(entry.theme),
        "level": entry.level,
        "previous": entry.previous,
        "score": round(entry.score, 3),
        **{kind: entry.counts.get(kind, 0) for kind in MODALITIES},
        "direction": trend.direction if trend else None,
        "today": trend.today if trend else None,
        "mean": round(trend.mean, 3) if trend else None,
        "p_value": trend.p_value if trend else None,
        "burst": trend.burst if trend else None,
        "outlets": coverage.outlets if coverage else None,
        "outlets_read": coverage.read if coverage else None,
        "outlets_silent": " ".join(coverage.silent) if coverage else None,
        "articles_7_days": coverage.articles if coverage else None,
        "stories": " ".join(found.story for found in entry.reasons),
        "title": reason.title if reason else None,
        "url": reason.url if reason else None,
        "decision": decision.action if decision else None,
        "decided_by": decision.by if decision else None,
        "muted": entry.id in phrases.summary.muted,
    }


def _story(story: Story, parts: list[str], phrases: Phrases) -> Row:
    sentence = story.sentences[0] if story.sentences else None
    lead = next((member for member in story.members if member.article == story.lead), None)
    return {
        "day": story.day,
        "id": story.id,
        "parts": " ".join(parts),
        "title": story.title,
        "published_at": story.published_at.isoformat() if story.published_at else None,
        "modality": story.modality,
        "outcome": story.outcome,
        "case_stage": story.case_stage,
        "severity": story.severity,
        "regions": " ".join(place.code for place in story.regions),
        "region_names": "; ".join(place.name for place in story.regions),
        "themes": " ".join(theme for theme, strength in story.themes if strength == "pokok"),
        "themes_named": " ".join(theme for theme, strength in story.themes if strength == "sebutan"),
        "harm": phrases.harm(story.figures),
        "sources": story.sources,
        "independence": story.independence,
        "articles": len(story.members),
        "outlets": " ".join(dict.fromkeys(member.outlet for member in story.members)),
        "follows": story.follows,
        "review": " ".join(story.review),
        "sentence": sentence.text if sentence else None,
        "speaker": sentence.speaker if sentence else None,
        "url": lead.url if lead else None,
    }


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return rows below the names of the columns, which are there without any row too."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()
