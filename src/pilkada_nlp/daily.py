"""The daily job and the polling between: read the outlets, extract, tag, join stories, weigh, alert, summarise.

Every step asks the archive what is left to do, so a run that was killed is completed by the next one, and a second run
over the same news changes nothing. `run_poll` goes as far as the alerts; `run_daily` closes days and works alone too.
"""

import time as stopwatch
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from pilkada_nlp.alerts import SendReport, own_watches, raise_alerts, send
from pilkada_nlp.archive import Archive, Judged
from pilkada_nlp.article import ZONES, Article, ModalityValue, Outlet, Tagging
from pilkada_nlp.article.findings import DailySummary, SourceState, Story, Watchlist, WatchlistEntry
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.config import AlertSettings
from pilkada_nlp.elections import Calendar, load_calendar
from pilkada_nlp.extraction.workers import Job, Workers
from pilkada_nlp.fetching import FetchReport, Progress, fetch_outlets, reach, silent, today
from pilkada_nlp.scrapers import Fetcher, Period
from pilkada_nlp.stories import join, local_day, telling
from pilkada_nlp.summary import apply_corrections, build_summary, lines, write_summary
from pilkada_nlp.watchlist import Watch, build_watchlist, cover, load_weights, volume
from pilkada_nlp.wording import Language

_JOINED: Final = 14  # days in which articles are compared with one another
_LATE_COPIES: Final = 3  # days after an article in which others of its story still appear
_NAMED: Final = 7  # days in which an article that names a region counts as somebody looking there
_USUAL: Final = 28  # days that an outlet's usual number of articles is taken over
_MISSED: Final = 14  # days that are caught up with at most
_CORRECTED: Final = 7  # days back in which late articles make a corrected edition
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
    patience: float = 0.0,
    waiting: Callable[[], None] | None = None,
    progress: Progress = silent,
) -> DailyResult:
    """Bring the archive up to date and write the summary of `day` into `out`.

    Days that were missed since the last summary are caught up with, and those of the last week to which articles or
    corrections came late get a corrected edition. `notice` is a sentence shown at the head of the summaries. Without
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
            for at in _days(archive, day):
                began = run.now()  # what is corrected from here on is for the next edition
                made[at] = close_day(
                    at,
                    archive,
                    outlets,
                    sources,
                    model=tagger.name,
                    calendar=desk.calendar,
                    now=began,
                    notice=notice,
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
            _, watchlist = _weigh(day, archive, outlets, _readable(outlets, archive, report), day - timedelta(days=1))
            archive.replace_entries(day, watchlist.entries)
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
            _extract_pages(self._day, self._outlets, self._archive, self._progress)
        with self.stage("tag"):
            self.tagged = tag_articles(self._archive, self._tagger, self._day, self._progress)
        with self.stage("stories"):
            join_stories(self._archive, self._progress)

    def alert(self, entries: Sequence[WatchlistEntry], day: date, desk: _Desk) -> tuple[int, SendReport | None]:
        """Raise what must not wait and send what is due; without settings nobody is to be told."""
        if desk.alerts is None:
            return 0, None
        with self.stage("alerts"):
            stories = _told_until(day + timedelta(days=1), self._archive)  # in Papua it may be tomorrow already
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


def _readable(outlets: Sequence[Outlet], archive: Archive, report: FetchReport) -> list[str]:
    """Return the outlets that did not fail when they were last asked, in this poll or an earlier one."""
    failing = {record.outlet for record in archive.source_records() if record.outcome == "failed"}
    answering = {record.outlet for record in (*report.asked, *report.left) if record.outcome != "failed"}
    return [outlet.id for outlet in outlets if outlet.id in answering or outlet.id not in failing]


def _extract_pages(day: date, outlets: Sequence[Outlet], archive: Archive, tell: Progress) -> None:
    known = {outlet.id: outlet for outlet in outlets}
    done = 0
    with Workers() as workers:
        for batch in archive.unextracted():
            jobs = [Job(page, known.get(page.outlet), rest) for page, *rest in batch]
            for job, result in zip(jobs, workers.extract(jobs), strict=True):
                archive.add_extracted(job.page, result, day)
                done += 1
                tell("extract", done, done)


def tag_articles(
    archive: Archive, tagger: Tagger, day: date, progress: Progress = silent
) -> Counter[ModalityValue | None]:
    """Tag what no model has tagged, and what this one has not of the days that the watchlist of `day` looks at.

    Returns the number of articles by modality, None for those about no election.
    """
    done: Counter[ModalityValue | None] = Counter()
    first = day - timedelta(days=load_weights().window_days - 1)
    for batch in archive.untagged(tagger.name, first, day + timedelta(days=_LATE_COPIES)):
        taggings = tagger.tag(batch)
        archive.add_judged([_judged(article, tagging) for article, tagging in zip(batch, taggings, strict=True)])
        done.update(tagging.modality.value if tagging.modality else None for tagging in taggings)
        progress("tag", done.total(), done.total())
    return done


def _judged(article: Article, tagging: Tagging) -> Judged:
    told = telling(article, tagging) if tagging.relevant.value else None
    return Judged(tagging, local_day(article.published_at, tagging.places(), article.day), told)


def join_stories(archive: Archive, progress: Progress = silent) -> None:
    """Join the articles that are in no story yet with those of the days around them."""
    independence = load_weights().independence
    days = archive.unjoined_days()
    total = len(days)
    while days:
        # Days close to each other are joined at once; after a backfill there may be months of them.
        first = days[0]
        last = max(day for day in days if day < first + timedelta(days=_JOINED))
        told = archive.told(first - timedelta(days=_JOINED), last + timedelta(days=_JOINED))
        archive.replace_stories(told, join(told.tellings, told.known, independence), first, last)
        days = [day for day in days if day > last]
        progress("stories", total - len(days), total)


def _days(archive: Archive, day: date) -> list[date]:
    """Return the days to summarise, in order: missed ones, those that something came late for, and `day`."""
    days = {day, *_late_days(archive, day - timedelta(days=_CORRECTED), day)}
    first = archive.first_edition()
    if first is not None:
        before = [day - timedelta(days=back) for back in range(1, _MISSED + 1)]
        closed = archive.closed_at(before[-1], before[0])
        days.update(at for at in before if at >= first and at not in closed)
    return sorted(days)


def _late_days(archive: Archive, first: date, last: date) -> Iterator[date]:
    """Yield the closed days of which an article was fetched, or a line corrected, after their newest edition."""
    closed = archive.closed_at(first, last)
    for day, fetched in archive.newest_fetched(first, last).items():
        if day in closed and fetched > closed[day]:
            yield day
    corrections = archive.corrections()
    for day, made in closed.items():
        fresh = {correction.line for correction in corrections if correction.at > made}
        if fresh and (summary := archive.summary(day)) is not None and not fresh.isdisjoint(lines(summary)):
            yield day


def close_day(
    day: date,
    archive: Archive,
    outlets: Sequence[Outlet],
    sources: Sequence[SourceState],
    *,
    model: str,
    calendar: Calendar,
    now: datetime,
    notice: str | None = None,
) -> DailySummary:
    """Return the summary of `day` from what the archive holds, and store its watchlist.

    `sources` says which outlets could be read. What an earlier edition of the day could read stays readable, since its
    articles are there. The edition is closed when the day is over in Jakarta at `now`.
    """
    last = archive.summary(day)
    read = {source.outlet for source in sources if source.read}
    if last is not None and last.closed:
        read |= {source.outlet for source in last.sources if source.read}
    closed = today(now) > day
    whole = day if closed else day - timedelta(days=1)  # an outlet is not silent because the day has just begun
    stories, watchlist = _weigh(day, archive, outlets, read, whole)
    archive.replace_entries(day, watchlist.entries)
    published = archive.outlet_days(day - timedelta(days=_USUAL), day)
    return build_summary(
        day,
        articles=archive.articles(day, day),
        taggings=archive.taggings(day, day, model),
        stories=stories,
        watchlist=watchlist,
        sources=[_on_day(source, last, read, published.get(source.outlet, {}), day) for source in sources],
        previous=archive.summary(day - timedelta(days=1)),
        last=last,
        corrections=archive.corrections(),
        calendar=calendar,
        set_aside=archive.rejections(day),
        model=model,
        closed=closed,
        notice=notice,
    )


def _told_until(day: date, archive: Archive) -> list[Story]:
    """Return the stories behind the watchlist of `day` and its history, corrected."""
    first = day - timedelta(days=2 * load_weights().window_days - 1)
    stories = archive.stories(first, day)
    # A story that was joined to another lives on under that one's id, and so does what was said of it.
    now = {member.article: story.id for story in stories for member in story.members}
    corrections = [
        msgspec.structs.replace(correction, line=now.get(correction.line, correction.line))
        for correction in archive.corrections()
    ]
    return apply_corrections(stories, corrections)


def _weigh(
    day: date, archive: Archive, outlets: Sequence[Outlet], read: Collection[str], whole: date
) -> tuple[list[Story], Watchlist]:
    """Return the stories and the watchlist of `day`; `whole` is the last day that is over, for the outlets' silence."""
    stories = _told_until(day, archive)
    named: defaultdict[str, int] = defaultdict(int)
    for story in stories:
        if (day - story.day).days < _NAMED:
            for place in story.regions:
                named[place.code] += len(story.members)
    published = archive.outlet_days(whole - timedelta(days=_USUAL), whole)
    coverage = cover(outlets, read, published, named, whole)
    return stories, build_watchlist(stories, day, coverage=coverage, decisions=archive.decisions())


def _on_day(
    source: SourceState, last: DailySummary | None, read: Collection[str], published: Mapping[date, int], day: date
) -> SourceState:
    """Return what is known of an outlet with its articles of the day beside its usual number.

    On a closed day its state stays as it was published unless it can be read now: that it fails in another way is no
    news of that day.
    """
    said = [state for state in last.sources if state.outlet == source.outlet] if last and last.closed else []
    if said and said[0].read == (source.outlet in read):
        return said[0]
    usual = volume(published, day).usual
    if source.outlet in read and not source.read:
        source = SourceState(outlet=source.outlet, name=source.name, read=True)
    return msgspec.structs.replace(source, articles=published.get(day, 0), usual=usual)
