"""Labels that hold at once: stored, and the watchlist of the newest day brought up to date."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Outlet
from pilkada_nlp.article.findings import Level, WatchlistEntry
from pilkada_nlp.daily.days import renew_watchlist
from pilkada_nlp.daily.steps import apply_labels, join_stories
from pilkada_nlp.errors import ArchiveBusyError
from pilkada_nlp.fetching import today
from pilkada_nlp.labelling import Labelling


class Standing(NamedTuple):
    """Where an entry stands on the watchlist."""

    level: Level
    score: float


class EntryChange(NamedTuple):
    """An entry of the watchlist ("64.08/keamanan") that labels moved; None where it is not listed."""

    entry: str
    region_name: str
    before: Standing | None
    now: Standing | None


class LabelsTaken(NamedTuple):
    """What came of labels: how many are new, the day whose watchlist they changed, and its entries that moved.

    `changes` is None while another run is at work: the labels are stored, and that run or the next one applies them.
    `day` is None as long as no run has made a watchlist.
    """

    added: int
    day: date | None
    changes: tuple[EntryChange, ...] | None


def take_labels(
    labellings: Sequence[Labelling],
    archive: Archive,
    outlets: Sequence[Outlet],
    now: datetime,
    *,
    patience: float = 0.0,
    waiting: Callable[[], None] | None = None,
) -> LabelsTaken:
    """Store labels, and have stories and the newest watchlist follow them and all others that still wait for that.

    The newest watchlist is that of today (WIB at `now`), or of the last day before that a run was about; `outlets` are
    those that it counts on. For another run it waits up to `patience` seconds, after calling `waiting`. Nobody is
    alerted; the next poll does that. Raises InputError as `Archive.add_labels` does, ArchiveError when the archive
    cannot be written.
    """
    added = archive.add_labels(labellings, now)
    day = archive.newest_day(today(now))
    try:
        with archive.alone(patience, waiting):
            apply_labels(archive, now)
            join_stories(archive)
            if day is None:
                return LabelsTaken(added, None, ())
            before = archive.entries(day)
            entries = renew_watchlist(day, archive, outlets, now).entries
    except ArchiveBusyError:
        return LabelsTaken(added, day, None)
    return LabelsTaken(added, day, _changes(before, entries))


def _changes(before: Sequence[WatchlistEntry], now: Sequence[WatchlistEntry]) -> tuple[EntryChange, ...]:
    """Return what moved, the entries with the highest score of either time first."""
    old = {entry.id: entry for entry in before}
    new = {entry.id: entry for entry in now}
    found = []
    for key, entry in (old | new).items():
        change = EntryChange(key, entry.region_name, _standing(old.get(key)), _standing(new.get(key)))
        if change.before != change.now:
            found.append(change)
    return tuple(sorted(found, key=lambda one: (-max(side.score for side in (one.before, one.now) if side), one.entry)))


def _standing(entry: WatchlistEntry | None) -> Standing | None:
    return Standing(entry.level, entry.score) if entry else None
