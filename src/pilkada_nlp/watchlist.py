"""The watchlist region x theme: what published stories add up to, and why.

Counting articles would rank the busiest press office. So a story counts once however often it is printed, appeals
count nothing, allegations less than incidents, and releases less than independent reports (`data/watchlist.toml`).
"""

import functools
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from importlib import resources
from typing import cast

import msgspec

from pilkada_nlp.article import SourceKindValue
from pilkada_nlp.article.findings import Level, Story, WatchlistEntry, WatchReason


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `data/watchlist.toml`."""

    window_days: int
    modality: dict[str, float]
    strength: dict[str, float]
    independence: dict[str, float]
    independence_of_rulings: dict[str, float]
    half_life_days: dict[str, float]
    levels: dict[str, float]


@functools.cache
def load_weights() -> Weights:
    """Return the shipped weights."""
    table = resources.files("pilkada_nlp").joinpath("data", "watchlist.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(table), Weights)


def build_watchlist(stories: Iterable[Story], day: date, weights: Weights | None = None) -> list[WatchlistEntry]:
    """Return the entries of `day`, highest score first, from stories within the window.

    Stories on national elections only, and stories without a region of their own, are left out. A region and theme that
    has appeals only keeps its counts at score 0 and is not listed.
    """
    weights = weights or load_weights()
    reasons: defaultdict[tuple[str, str], list[WatchReason]] = defaultdict(list)
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    names: dict[str, str] = {}
    for story in stories:
        age = (day - story.day).days
        if story.election == "pemilu" or not 0 <= age < weights.window_days:
            continue
        for place in story.regions:
            names[place.code] = place.name
            for theme, strength in story.themes:
                counts[place.code, theme][story.modality] += 1
                weight = _weight(story, strength, age, weights) * place.score
                if weight > 0:
                    reasons[place.code, theme].append(
                        WatchReason(
                            story=story.id,
                            title=story.title,
                            url=next(member.url for member in story.members if member.article == story.lead),
                            modality=story.modality,
                            outcome=story.outcome,
                            severity=story.severity,
                            age_days=age,
                            weight=round(weight, 4),
                            sources=story.sources,
                            sentences=story.sentences[:1],
                        )
                    )
    entries = [
        WatchlistEntry(
            day=day,
            region=code,
            region_name=names[code],
            theme=theme,
            level=_level(sum(reason.weight for reason in found), weights),
            score=round(sum(reason.weight for reason in found), 2),
            counts=dict(sorted(counts[code, theme].items())),
            reasons=tuple(sorted(found, key=lambda reason: (-reason.weight, reason.story))),
        )
        for (code, theme), found in reasons.items()
    ]
    return sorted(entries, key=lambda entry: (-entry.score, entry.region, entry.theme))


def _weight(story: Story, strength: str, age: int, weights: Weights) -> float:
    if story.severity == 0 or story.outcome == "tidak_terbukti":
        return 0.0
    half_life = weights.half_life_days.get(story.modality, weights.half_life_days["default"])
    return float(
        weights.modality[story.modality]
        * 2 ** (story.severity - 1)
        * weights.strength[strength]
        * _independence(story, weights)
        * 0.5 ** (age / half_life)
    )


def _independence(story: Story, weights: Weights) -> float:
    if story.modality != "putusan":
        return story.independence
    kinds: set[SourceKindValue] = {member.source_kind for member in story.members}
    return max(story.independence, *(weights.independence_of_rulings.get(kind, 0.0) for kind in kinds))


def _level(score: float, weights: Weights) -> Level:
    return cast(Level, next((name for name, least in weights.levels.items() if score >= least), "rendah"))
