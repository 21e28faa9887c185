"""What was published and decided: runs, the watchlist, editions of the summary, decisions, corrections, alerts."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

import pilkada_nlp.archive.tables as t
from pilkada_nlp.archive.database import Database, upsert
from pilkada_nlp.article.findings import (
    Alert,
    Correction,
    DailySummary,
    Decision,
    SourceState,
    Watchlist,
    WatchlistEntry,
)
from pilkada_nlp.errors import ArchiveError

# The days that have a watchlist: those of runs that came to their end, whose list may be empty, and of retaggings.
_LISTED: Final = sa.union(
    sa.select(t.runs.c.day).where(t.runs.c.finished_at.is_not(None)),
    sa.select(t.editions.c.day),
    sa.select(t.entries.c.day),
).subquery()
_RETAGGING: Final = "retagging"  # key of the meta table


class AlertState(NamedTuple):
    """An alert in the outbox: when it is due (UTC), when it was sent if it was, and what the last attempt said."""

    alert: Alert
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str


class Publishing(Database):
    """The part of the archive that the daily job, the analysts and the alerts use."""

    # Runs

    def start_run(self, run: str, day: date, at: datetime) -> int:
        """Record that a run begins ("daily 2024-11-21"), and return how often it was begun."""
        row = {"id": run, "day": day, "attempts": 1, "started_at": at}
        write = insert(t.runs).values(row)
        again = {"attempts": t.runs.c.attempts + 1, "started_at": at, "finished_at": None}
        with self._guarded() as connection:
            result = connection.execute(
                write.on_conflict_do_update(index_elements=["id"], set_=again).returning(t.runs.c.attempts)
            )
            return int(result.scalar_one())

    def finish_run(self, run: str, at: datetime, sources: Sequence[SourceState]) -> None:
        """Record the end of a run and which sources it could read."""
        with self._guarded() as connection:
            done = sa.update(t.runs).where(t.runs.c.id == run)
            connection.execute(done.values(finished_at=at, sources=msgspec.json.encode(list(sources))))

    def last_finished(self, kind: str, now: datetime) -> datetime | None:
        """Return when a run of this kind ("daily", "poll") last came to its end, up to `now`."""
        ended = t.runs.c.id.startswith(f"{kind} "), t.runs.c.finished_at <= now
        with self._guarded() as connection:
            query = sa.select(sa.func.max(t.runs.c.finished_at)).where(*ended)
            at: datetime | None = connection.scalar(query)
        return at

    def newest_day(self, until: date) -> date | None:
        """Return the newest day up to `until` that has a watchlist, which may be empty; None when there is none."""
        with self._guarded() as connection:
            day: date | None = connection.scalar(sa.select(sa.func.max(_LISTED.c.day)).where(_LISTED.c.day <= until))
        return day

    # The watchlist and the editions of the summary

    def replace_entries(self, day: date, entries: Sequence[WatchlistEntry]) -> None:
        """Put `entries` in place of the watchlist of `day`."""
        with self._guarded() as connection:
            _replace(connection, day, entries)

    def entries(self, day: date) -> list[WatchlistEntry]:
        """Return the watchlist of `day`, highest score first."""
        with self._guarded() as connection:
            query = sa.select(t.entries.c.data).where(t.entries.c.day == day)
            query = query.order_by(t.entries.c.score.desc(), t.entries.c.region, t.entries.c.theme)
            return [msgspec.json.decode(data, type=WatchlistEntry) for data in connection.scalars(query)]

    def begin_retagging(self, name: str) -> None:
        """Forget the watchlists that an earlier retagging replaced, unless that was the one of this name."""
        with self._guarded() as connection:
            if connection.scalar(sa.select(t.meta.c.value).where(t.meta.c.key == _RETAGGING)) == name:
                return
            connection.execute(sa.delete(t.former_entries))
            upsert(connection, t.meta, {"key": _RETAGGING, "value": name})

    def retag_entries(self, day: date, entries: Sequence[WatchlistEntry]) -> None:
        """Put `entries` in place of the watchlist of `day`, and keep the one that was there before this retagging."""
        with self._guarded() as connection:
            query = sa.select(t.entries.c.data).where(t.entries.c.day == day)
            found = [msgspec.json.decode(data, type=WatchlistEntry) for data in connection.scalars(query)]
            data = msgspec.json.encode([_without_details(entry) for entry in found])
            connection.execute(insert(t.former_entries).values(day=day, data=data).on_conflict_do_nothing())
            _replace(connection, day, entries)

    def entries_before(self, day: date) -> list[WatchlistEntry]:
        """Return the watchlist of `day` as it was before the last retagging: scores, levels and weights alone."""
        with self._guarded() as connection:
            data = connection.scalar(sa.select(t.former_entries.c.data).where(t.former_entries.c.day == day))
            return msgspec.json.decode(data, type=list[WatchlistEntry]) if data else []

    def listed_days(self, first: date) -> list[date]:
        """Return the days from `first` on that have a watchlist, in order."""
        with self._guarded() as connection:
            query = sa.select(t.entries.c.day).where(t.entries.c.day >= first).distinct()
            return sorted(connection.scalars(query))

    def watchlist(self, day: date | None = None) -> Watchlist:
        """Return the watchlist of `day`, by default of the newest day that has one; a calm day has an empty one.

        Its regions are those of the day's summary; a day that was only polled has none. Raises ArchiveError, with the
        days that there are, for a day that no run was about.
        """
        with self._guarded() as connection:
            days = sa.select(sa.func.min(_LISTED.c.day), sa.func.max(_LISTED.c.day))
            first, last = connection.execute(days).one()
            asked = day or last
            there = asked and connection.scalar(sa.select(_LISTED.c.day).where(_LISTED.c.day == asked))
        if there is None:
            held = f"those it has lie from {first} to {last}" if first else "it has none yet; `pilkada daily` makes one"
            raise ArchiveError(f"there is no watchlist{f' of {day}' if day else ''}; {held}", self.url)
        summary = self.summary(asked)
        return Watchlist(day=asked, entries=tuple(self.entries(asked)), regions=summary.regions if summary else ())

    def add_edition(self, summary: DailySummary, at: datetime) -> None:
        """Store an edition; one that was made before its day was over is replaced by the next, others stay."""
        row = {
            "day": summary.day,
            "edition": summary.edition,
            "closed": summary.closed,
            "at": at,
            "data": msgspec.json.encode(summary),
        }
        fresh = {name: row[name] for name in ("closed", "at", "data")}
        write = insert(t.editions).values(row)
        with self._guarded() as connection:
            connection.execute(
                write.on_conflict_do_update(
                    index_elements=["day", "edition"], set_=fresh, where=t.editions.c.closed.is_(False)
                )
            )

    def summary(self, day: date) -> DailySummary | None:
        """Return the newest edition of the summary of `day`, None when there was none."""
        query = sa.select(t.editions.c.data).where(t.editions.c.day == day).order_by(t.editions.c.edition.desc())
        with self._guarded() as connection:
            data = connection.scalar(query.limit(1))
        return msgspec.json.decode(data, type=DailySummary) if data else None

    def editions(self, day: date) -> list[DailySummary]:
        """Return all editions of the summary of `day`, the first one first."""
        with self._guarded() as connection:
            query = sa.select(t.editions.c.data).where(t.editions.c.day == day).order_by(t.editions.c.edition)
            return [msgspec.json.decode(data, type=DailySummary) for data in connection.scalars(query)]

    def first_edition(self) -> date | None:
        """Return the first day that has a summary."""
        with self._guarded() as connection:
            day: date | None = connection.scalar(sa.select(sa.func.min(t.editions.c.day)))
        return day

    def closed_at(self, first: date, last: date) -> dict[date, datetime]:
        """Return when the newest edition of each closed day from `first` to `last` was made."""
        with self._guarded() as connection:
            editions = (
                sa.select(t.editions.c.day, sa.func.max(t.editions.c.at))
                .where(t.editions.c.closed, t.editions.c.day.between(first, last))
                .group_by(t.editions.c.day)
            )
            return dict(connection.execute(editions).all())

    def newest_fetched(self, first: date, last: date) -> dict[date, datetime]:
        """Return when the newest article of each day from `first` to `last` was fetched."""
        with self._guarded() as connection:
            articles = (
                sa.select(t.articles.c.day, sa.func.max(t.articles.c.fetched_at))
                .where(t.articles.c.day.between(first, last))
                .group_by(t.articles.c.day)
            )
            return dict(connection.execute(articles).all())

    # What analysts decide

    def add_decision(self, decision: Decision) -> None:
        """Store a decision about an entry of the watchlist; earlier ones stay."""
        row = {"entry": decision.entry, "at": decision.at, "data": msgspec.json.encode(decision)}
        with self._guarded() as connection:
            connection.execute(insert(t.decisions).values(row))

    def decisions(self) -> list[Decision]:
        """Return all decisions in order of time."""
        with self._guarded() as connection:
            query = sa.select(t.decisions.c.data).order_by(t.decisions.c.at, t.decisions.c.id)
            return [msgspec.json.decode(data, type=Decision) for data in connection.scalars(query)]

    def add_correction(self, correction: Correction) -> None:
        """Store the correction of a published line; earlier ones stay."""
        row = {"line": correction.line, "at": correction.at, "data": msgspec.json.encode(correction)}
        with self._guarded() as connection:
            connection.execute(insert(t.corrections).values(row))

    def corrections(self) -> list[Correction]:
        """Return all corrections in order of time."""
        with self._guarded() as connection:
            query = sa.select(t.corrections.c.data).order_by(t.corrections.c.at, t.corrections.c.id)
            return [msgspec.json.decode(data, type=Correction) for data in connection.scalars(query)]

    # Alerts, which leave through an outbox so that none is lost

    def queue_alerts(self, alerts: Sequence[Alert]) -> int:
        """Put alerts into the outbox, due at once, and return how many are new; what was there stays as it is."""
        added = 0
        with self._guarded() as connection:
            for alert in alerts:
                row = {
                    "id": alert.id,
                    "channel": alert.channel,
                    "due_at": alert.created_at,
                    "attempts": 0,
                    "error": "",
                    "data": msgspec.json.encode(alert),
                }
                added += connection.execute(insert(t.outbox).values(row).on_conflict_do_nothing()).rowcount
        return added

    def due_alerts(self, now: datetime) -> list[Alert]:
        """Return what is to be sent and due, in the order in which it was raised.

        What is due in more than a day was put off by a clock that went wrong, and is due too.
        """
        due = (t.outbox.c.due_at <= now) | (t.outbox.c.due_at > now + timedelta(days=1))
        with self._guarded() as connection:
            query = sa.select(t.outbox.c.data).where(t.outbox.c.sent_at.is_(None), due)
            alerts = [msgspec.json.decode(data, type=Alert) for data in connection.scalars(query)]
        return sorted(alerts, key=lambda alert: (alert.created_at, alert.id))

    def alert_sent(self, key: str, at: datetime) -> None:
        """Record that an alert went out."""
        with self._guarded() as connection:
            row = sa.update(t.outbox).where(t.outbox.c.id == key)
            connection.execute(row.values(sent_at=at, attempts=t.outbox.c.attempts + 1, error=""))

    def alert_failed(self, key: str, error: str, next_at: datetime) -> None:
        """Record that an alert could not go out, and when to try again; `error` must hold no secret."""
        with self._guarded() as connection:
            row = sa.update(t.outbox).where(t.outbox.c.id == key)
            connection.execute(row.values(due_at=next_at, attempts=t.outbox.c.attempts + 1, error=error))

    def alert_log(self, since: datetime) -> list[AlertState]:
        """Return the alerts that wait, and those that were sent from `since` on, in the order in which they are due."""
        with self._guarded() as connection:
            query = sa.select(t.outbox).where(t.outbox.c.sent_at.is_(None) | (t.outbox.c.sent_at >= since))
            rows = connection.execute(query.order_by(t.outbox.c.due_at, t.outbox.c.id)).all()
            return [
                AlertState(msgspec.json.decode(row.data, type=Alert), row.due_at, row.sent_at, row.attempts, row.error)
                for row in rows
            ]


def _replace(connection: sa.Connection, day: date, entries: Sequence[WatchlistEntry]) -> None:
    connection.execute(sa.delete(t.entries).where(t.entries.c.day == day))
    for entry in entries:
        row = {name: getattr(entry, name) for name in ("day", "region", "theme", "level", "score")}
        connection.execute(insert(t.entries).values(data=msgspec.json.encode(entry), **row))


def _without_details(entry: WatchlistEntry) -> WatchlistEntry:
    """Return an entry with what makes up its score, and without the sentences and figures that take most space."""
    reasons = tuple(msgspec.structs.replace(reason, sentences=()) for reason in entry.reasons)
    return msgspec.structs.replace(entry, reasons=reasons, coverage=None, trend=None, history=())
