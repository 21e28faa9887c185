"""How well each region is seen: silence of its outlets is not calm."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from statistics import median
from typing import Final, NamedTuple

from pilkada_nlp.article import Outlet
from pilkada_nlp.article.findings import Coverage, Level, RegionState, WatchlistEntry
from pilkada_nlp.regions import Region, all_regions
from pilkada_nlp.watchlist.weights import SilenceRules, load_weights

UNSEEN: Final = Coverage(outlets=0, read=0, silent=(), articles=0)
_ORDER: Final[tuple[Level, ...]] = ("tanpa_data", "rendah", "sedang", "tinggi")


class Volume(NamedTuple):
    """The articles of an outlet on the last `days` days, their usual number a day, and whether that is silence."""

    articles: int
    days: int
    usual: float
    silent: bool


def volume(published: Mapping[date, int], day: date, rules: SilenceRules | None = None) -> Volume:
    """Return the volume of an outlet up to `day`, a whole day, from its articles by day.

    What is usual is the median of the days before, from the first one with any article.
    """
    rules = rules or load_weights().silence
    first = min(published, default=day)
    before = [
        published.get(past, 0)
        for past in (day - timedelta(days=back) for back in range(1, rules.days + 1))
        if past >= first
    ]
    usual = float(median(before)) if before else 0.0
    days = min(math.ceil(rules.least / usual), rules.most_days) if usual else 1
    articles = _articles(published, day, days)
    return Volume(articles, days, usual, days * usual >= rules.least and articles < rules.share * days * usual)


def _articles(published: Mapping[date, int], day: date, days: int) -> int:
    return sum(published.get(day - timedelta(days=back), 0) for back in range(days))


@cache
def voting_regions() -> tuple[Region, ...]:
    """Return every region that the watchlist has a state for, by code.

    Those are all but the six administrative areas of Jakarta, which elect nobody of their own.
    """
    return tuple(region for region in all_regions() if home(region.code) == region.code)


def home(code: str) -> str:
    """Return the region whose election an event in the region `code` belongs to: Jakarta for its areas, else itself."""
    return "31" if code.startswith("31.") else code


def cover(
    outlets: Sequence[Outlet],
    read: Collection[str],
    published: Mapping[str, Mapping[date, int]],
    named: Mapping[str, int],
    day: date,
) -> dict[str, Coverage]:
    """Return the coverage of every region that votes on `day`, a whole day.

    An outlet belongs to its regions, to their province, and to the regencies of a province that it reports on; national
    ones belong to none. `read` are the ids of outlets that answered, `published` is outlet -> day -> number of its
    articles over four weeks up to `day`, and on a day after it that is not over yet; `named` is region code -> articles
    of the last seven days that name it as a place.
    """
    own: defaultdict[str, set[str]] = defaultdict(set)  # region -> outlets that report on it, or on a part of it
    for outlet in outlets:
        for code in outlet.regions:
            own[home(code)].add(outlet.id)
            own[code[:2]].add(outlet.id)
    silent = {
        outlet.id
        for outlet in outlets
        if outlet.regions and (outlet.id not in read or _says_nothing(published.get(outlet.id, {}), day))
    }
    whole = {outlet.id: {code for code in outlet.regions if len(code) == 2} for outlet in outlets}
    articles: defaultdict[str, int] = defaultdict(int)
    for code, count in named.items():
        articles[home(code)] += count
    found = {}
    for region in voting_regions():
        local = own[region.code] | {name for name in own[region.province] if region.province in whole[name]}
        found[region.code] = Coverage(
            outlets=len(local),
            read=len(local & set(read)),
            silent=tuple(sorted(local & silent)),
            articles=articles[region.code],
        )
    return found


def _says_nothing(published: Mapping[date, int], day: date) -> bool:
    if any(count for after, count in published.items() if after > day):
        return False  # the day after has just begun, and it has spoken again
    most = load_weights().silence.most_days
    return volume(published, day).silent or _articles(published, day, most) == 0


def states(entries: Iterable[WatchlistEntry], coverage: Mapping[str, Coverage]) -> tuple[RegionState, ...]:
    """Return the state of every region that votes, by code: its highest entry, muted ones included.

    Where no local outlet says anything and no article names the region, "rendah" would be a guess: "tanpa_data".
    """
    highest: dict[str, Level] = {}
    for entry in entries:
        code = home(entry.region)
        highest[code] = max(highest.get(code, "rendah"), entry.level, key=_ORDER.index)
    found = []
    for region in voting_regions():
        seen = coverage.get(region.code, UNSEEN)
        level = highest.get(region.code, "rendah")
        if level == "rendah" and not seen.articles and len(seen.silent) == seen.outlets:
            level = "tanpa_data"
        found.append(RegionState(region=region.code, name=region.name, level=level, coverage=seen))
    return tuple(found)
