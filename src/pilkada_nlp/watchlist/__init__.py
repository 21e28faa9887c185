"""The watchlist region x theme: what published stories add up to, why, against which past, and how well one sees.

Counting articles would rank the busiest press office. So a story counts once however often it is printed, appeals
count nothing, allegations less than incidents, and releases less than independent reports. All numbers stand in
`data/watchlist.toml`; what analysts decide and which watches they keep comes from outside.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from pilkada_nlp.article.findings import Coverage, Decision, Story, Watchlist, WatchlistEntry
from pilkada_nlp.watchlist.coverage import Volume, cover, home, states, volume
from pilkada_nlp.watchlist.decisions import by_entry, dismissed_at, standing
from pilkada_nlp.watchlist.scoring import Key, Scores
from pilkada_nlp.watchlist.trend import trend
from pilkada_nlp.watchlist.watches import Watch, fired, load_watches
from pilkada_nlp.watchlist.weights import Weights, load_weights

__all__ = [
    "Volume",
    "Watch",
    "Weights",
    "build_watchlist",
    "cover",
    "fired",
    "load_watches",
    "load_weights",
    "volume",
]


def build_watchlist(
    stories: Iterable[Story],
    day: date,
    *,
    coverage: Mapping[str, Coverage] = {},
    decisions: Sequence[Decision] = (),
    weights: Weights | None = None,
) -> Watchlist:
    """Return the watchlist of `day` from stories that reach 56 days back; later ones are left out.

    28 days are the window, and 28 more let the history be recomputed. An entry is listed when its score is above zero,
    highest first. Stories on national elections only, and stories without a region of their own, are left out. The
    order of `stories` and `decisions` does not matter. `coverage` comes from `cover`; without it nobody looks anywhere.
    """
    weights = weights or load_weights()
    known = [story for story in stories if story.day <= day]
    scores = Scores(known, weights)
    first = min((story.day for story in known), default=day)
    decided = by_entry(decisions)
    entries = []
    for key in scores:
        made = decided.get("/".join(key), [])
        if entry := _entry(key, day, scores, made, weights, coverage, first):
            entries.append(entry)
    entries.sort(key=lambda entry: (-entry.score, entry.region, entry.theme))
    return Watchlist(day=day, entries=tuple(entries), regions=states(entries, coverage))


def _entry(
    key: Key,
    day: date,
    scores: Scores,
    decisions: Sequence[Decision],
    weights: Weights,
    coverage: Mapping[str, Coverage],
    first: date,
) -> WatchlistEntry | None:
    """Return the entry of a region and theme, None when it has no score; `first` is the day of the oldest story."""
    dismissed = dismissed_at(decisions)
    score = scores.score(key, day, dismissed)
    if not score:
        return None
    earlier = [scores.score(key, day - timedelta(days=back), dismissed) for back in range(1, weights.window_days)]
    before = [day - timedelta(days=back) for back in range(1, weights.trend.days + 1)]
    told = scores.signals(key, dismissed)
    return WatchlistEntry(
        day=day,
        region=key[0],
        region_name=scores.names[key[0]],
        theme=key[1],
        level=scores.level(score),
        score=score,
        counts=scores.counts(key, day),
        reasons=scores.reasons(key, day, dismissed),
        coverage=coverage.get(home(key[0])),
        trend=trend(told[day], [told[past] for past in before if past >= first], weights.trend),
        history=(*reversed(earlier), score),
        previous=scores.level(earlier[0]) if earlier[0] else None,
        decision=standing(decisions, day, weights.window_days),
    )
