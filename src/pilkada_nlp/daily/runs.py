"""The two runs: `run_daily` closes days, `run_poll` goes as far as the alerts."""

import time as stopwatch
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from pilkada_nlp.alerts import SendReport, own_watches, raise_alerts, send
from pilkada_nlp.archive import Archive
from pilkada_nlp.article import ZONES, ModalityValue, Outlet
from pilkada_nlp.article.findings import DailySummary, SourceState, Watchlist, WatchlistEntry
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.config import AlertSettings
from pilkada_nlp.daily.days import close_day, days_to_close, renew_watchlist, told_until
from pilkada_nlp.daily.steps import apply_labels, extract_pages, join_stories, tag_articles
from pilkada_nlp.elections import Calendar, load_calendar
from pilkada_nlp.fetching import FetchReport, Progress, fetch_outlets, reach, silent, today
from pilkada_nlp.scrapers import Fetcher, Period
from pilkada_nlp.summary import write_summary
from pilkada_nlp.watchlist import Watch, load_weights
from pilkada_nlp.wording import Language

_SLOT: Final = timedelta(minutes=15)  # of polls: two in one slot are one run begun twice


class DailyResult(NamedTuple):
    """What a run made: the summary of the day asked for, all files it wrote, and whether any source could be read.

    `others` are summaries of further days, caught up with or corrected. `work` is what it took.
    """

    summary: DailySummary
    files: list[Path]
    any_source_read: bool
    others: tuple[DailySummary, ...]
    work: "Work"


class PollResult(NamedTuple):
    """What a poll came to: the watchlist of today as it stands now, and what it took."""

    watchlist: Watchlist
    work: "Work"


class Work(NamedTuple):
    """What a run did: its id, when it began (UTC), the seconds of each stage, what was fetched, and who was alerted.

    `tagged` counts articles by modality, None for those about no election. `queued` counts new alerts, `sent` is what
    came of those that were due, None when nobody is to be told.
    """

    run: str
    started_at: datetime
    stages: dict[str, float]
    fetched: FetchReport
    tagged: Counter[ModalityValue | None]
    sources: list[SourceState]
    queued: int
    sent: SendReport | None


def run_daily(
    day: date,
    outlets: Sequence[Outlet],
    archive: Archive,
    out: Path,
    fetcher: Fetcher,
    *,
    tagger: Tagger | None = None,
    language: Language = "id",
    calendar: Calendar | None = None,
    alerts: AlertSettings | None = None,
    notice: str | None = None,
    contact: str = "",
    patience: float = 0.0,
    waiting: Callable[[], None] | None = None,
    progress: Progress = silent,
) -> DailyResult:
    """Bring the archive up to date and write the summary of `day` into `out`.

    Days that were missed since the last summary are caught up with, and those of the last week to which articles or
    corrections came late get a corrected edition. `notice` is a sentence shown at the head of the summaries, and
    `contact` the address that they give for corrections. Without
    `alerts` nobody is told of anything. For another run it waits up to `patience` seconds, after calling `waiting`.

    Raises ArchiveBusyError when another run works on the archive, ArchiveError when it cannot be written, OutputError
    when a summary cannot, ModelError when the tagger cannot be loaded.
    """
    tagger = tagger or load_tagger()
    desk = _Desk(calendar or load_calendar(), alerts, own_watches(alerts) if alerts else ())
    with archive.alone(patience, waiting):
        run = _Run(f"daily {day}", day, outlets, archive, fetcher, tagger, progress)
        report = run.read_outlets(all_sources=True)
        run.take_in()
        sources = [_state(outlet, report) for outlet in outlets]
        made: dict[date, DailySummary] = {}
        files: list[Path] = []
        with run.stage("summary"):
            for at in days_to_close(archive, day):
                began = run.now()  # what is corrected from here on is for the next edition
                made[at] = close_day(
                    at,
                    archive,
                    outlets,
                    sources,
                    tagger=tagger,
                    calendar=desk.calendar,
                    now=began,
                    notice=notice,
                    contact=contact,
                )
                files += write_summary(made[at], out, language)
                archive.add_edition(made[at], began)
        # The past is no alarm: of a day that is caught up with, only what is still fresh is told.
        now = today(run.now())
        queued, sent = run.alert(archive.entries(now) or archive.entries(now - timedelta(days=1)), now, desk)
        archive.finish_run(run.id, run.now(), sources)
        progress("summary", 1, 1)
    others = tuple(summary for at, summary in made.items() if at != day)
    work = Work(run.id, run.started_at, run.stages, report, run.tagged, sources, queued, sent)
    return DailyResult(made[day], files, any(source.read for source in sources), others, work)


def run_poll(
    outlets: Sequence[Outlet],
    archive: Archive,
    fetcher: Fetcher,
    *,
    tagger: Tagger | None = None,
    calendar: Calendar | None = None,
    alerts: AlertSettings | None = None,
    progress: Progress = silent,
) -> PollResult:
    """Take in what the sources that are due have, bring stories and today's watchlist up to date, and raise alerts.

    Raises ArchiveBusyError when another run works on the archive, ArchiveError when it cannot be written, ModelError
    when the tagger cannot be loaded.
    """
    tagger = tagger or load_tagger()
    desk = _Desk(calendar or load_calendar(), alerts, own_watches(alerts) if alerts else ())
    day = today(fetcher.clock())
    slot = datetime.fromtimestamp(fetcher.clock().timestamp() // _SLOT.total_seconds() * _SLOT.total_seconds(), UTC)
    with archive.alone():
        run = _Run(f"poll {slot:%Y-%m-%dT%H:%MZ}", day, outlets, archive, fetcher, tagger, progress)
        report = run.read_outlets(all_sources=False)
        run.take_in()
        sources = [_state(outlet, report) for outlet in outlets if any(r.outlet == outlet.id for r in report.asked)]
        with run.stage("watchlist"):
            watchlist = renew_watchlist(day, archive, outlets, run.started_at)
        queued, sent = run.alert(watchlist.entries, day, desk)
        archive.finish_run(run.id, run.now(), sources)
    return PollResult(watchlist, Work(run.id, run.started_at, run.stages, report, run.tagged, sources, queued, sent))


class _Desk(NamedTuple):
    """Whom to tell, of what beside the rules, and which dates make it urgent."""

    calendar: Calendar
    alerts: AlertSettings | None
    watches: Sequence[Watch]


class _Run:
    """One run from its first request to its alerts, each stage with its time."""

    def __init__(
        self,
        run: str,
        day: date,
        outlets: Sequence[Outlet],
        archive: Archive,
        fetcher: Fetcher,
        tagger: Tagger,
        progress: Progress,
    ) -> None:
        self.id = run
        self.now = fetcher.clock
        self.started_at = fetcher.clock()
        self.stages: dict[str, float] = {}
        self.tagged: Counter[ModalityValue | None] = Counter()
        self._day = day
        self._outlets = outlets
        self._archive = archive
        self._fetcher = fetcher
        self._tagger = tagger
        self._progress = progress
        archive.start_run(run, day, self.started_at)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = stopwatch.monotonic()
        yield
        self.stages[name] = stopwatch.monotonic() - began

    def read_outlets(self, *, all_sources: bool) -> FetchReport:
        """Ask the sources: all for a summary, because it must not rest on what an earlier run happened to see."""
        period = reach(self.now())
        if all_sources:
            first = self._day - timedelta(days=load_weights().window_days)
            start = datetime.combine(first, time(), ZONES["Asia/Jakarta"][1]).astimezone(UTC)
            period = Period(min(start, period.since))
        with self.stage("fetch"):
            return fetch_outlets(
                self._outlets,
                self._archive,
                self._fetcher,
                period,
                day=self._day,
                all_sources=all_sources,
                progress=self._progress,
            )

    def take_in(self) -> None:
        """Extract, tag and join whatever waits for it."""
        with self.stage("extract"):
            extract_pages(self._day, self._outlets, self._archive, self._progress)
        with self.stage("tag"):
            self.tagged = tag_articles(self._archive, self._tagger, self._day, self._progress)
            apply_labels(self._archive, self.now())
        with self.stage("stories"):
            join_stories(self._archive, self._progress)

    def alert(self, entries: Sequence[WatchlistEntry], day: date, desk: _Desk) -> tuple[int, SendReport | None]:
        """Raise what must not wait and send what is due; without settings nobody is to be told."""
        if desk.alerts is None:
            return 0, None
        with self.stage("alerts"):
            stories = told_until(day + timedelta(days=1), self._archive)  # in Papua it may be tomorrow already
            raised = raise_alerts(
                stories,
                entries,
                watches=desk.watches,
                calendar=desk.calendar,
                settings=desk.alerts,
                now=self.now(),
                day=day,
            )
            return self._archive.queue_alerts(raised), send(self._archive, desk.alerts, self.now())


def _state(outlet: Outlet, report: FetchReport) -> SourceState:
    """Return whether any source of an outlet answered in this run; else what the first of them said."""
    asked = [record for record in report.asked if record.outlet == outlet.id]
    if any(record.outcome != "failed" for record in asked):
        return SourceState(outlet=outlet.id, name=outlet.name, read=True)
    if asked:
        reason, detail = asked[0].reason, asked[0].detail
    else:
        held = min(record.held_until for record in report.left if record.outlet == outlet.id and record.held_until)
        reason, detail = "waiting", f"not asked before {held:%Y-%m-%d %H:%M} UTC"
    return SourceState(outlet=outlet.id, name=outlet.name, read=False, reason=reason, detail=detail)
