"""The daily job: read the outlets, extract, tag, join stories, weigh the watchlist, write the summary.

Every step asks the archive what is left to do, so a run that was killed is completed by the next one, and a second run
over the same news changes nothing.
"""

import contextlib
import fcntl
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import ZONES, DailySummary, Outlet, SourceState
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.errors import ArchiveError
from pilkada_nlp.extraction import further_pages
from pilkada_nlp.extraction.workers import Job, Workers
from pilkada_nlp.scrapers import Fetcher, PagesFetched, SourceListed, crawl
from pilkada_nlp.stories import build_stories
from pilkada_nlp.summary import build_summary, write_summary
from pilkada_nlp.watchlist import build_watchlist, load_weights
from pilkada_nlp.wording import Language

_LATE_COPIES: Final = 3  # days behind the summary's day in which copies of its stories still appear

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and how much there is."""


class DailyResult(NamedTuple):
    """What a run made: the summary, the files it wrote, and whether any source could be read."""

    summary: DailySummary
    files: list[Path]
    any_source_read: bool


def today(now: datetime) -> date:
    """Return the date that an aware time has in Jakarta (WIB), the day that a summary without a date is about."""
    return now.astimezone(ZONES["Asia/Jakarta"][1]).date()


def run_daily(
    day: date,
    outlets: Sequence[Outlet],
    archive: Archive,
    out: Path,
    fetcher: Fetcher,
    *,
    tagger: Tagger | None = None,
    language: Language = "id",
    notice: str | None = None,
    progress: Progress | None = None,
) -> DailyResult:
    """Bring the archive up to date and write the summary of `day` into `out`.

    `notice` is a sentence shown at the head of the summary. Raises ArchiveError when another run works on the archive
    or it cannot be written, OutputError when the summary cannot, ModelError when the tagger cannot be loaded.
    """
    tell = progress or _silent
    tagger = tagger or load_tagger()
    with _alone(archive):
        run = archive.start_run(day, fetcher.clock())
        sources = _read_outlets(day, outlets, archive, fetcher, tell)
        _extract_pages(day, outlets, archive, tell)
        _tag_articles(archive, tagger, tell)
        summary = _conclude(day, archive, tagger, sources, notice)
        files = write_summary(summary, out, language)
        archive.finish_run(run, fetcher.clock(), sources, summary)
        tell("summary", 1, 1)
    return DailyResult(summary, files, any(source.read for source in sources))


def _silent(step: str, done: int, total: int) -> None:
    """Report nothing."""


@contextlib.contextmanager
def _alone(archive: Archive) -> Iterator[None]:
    """Hold the archive's lock, which the system lets go even when the process is killed."""
    path = archive.path.with_name(archive.path.name + ".lock")
    try:
        lock = path.open("w")
    except OSError as error:
        raise ArchiveError(f"its lock {path} cannot be opened ({error.strerror})", archive.url) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveError("another run is working on it; wait until it is done", archive.url) from error
        yield


def _read_outlets(
    day: date, outlets: Sequence[Outlet], archive: Archive, fetcher: Fetcher, tell: Progress
) -> list[SourceState]:
    start = datetime.combine(day - timedelta(days=load_weights().window_days), time(), ZONES["Asia/Jakarta"][1])
    states: dict[str, SourceState] = {}
    done = total = 0
    events = crawl(
        outlets,
        fetcher,
        since=start.astimezone(UTC),
        known=archive.known(),
        further_pages=further_pages,
    )
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, SourceListed):
                states[event.state.outlet] = event.state
                total += event.new
                for failure in event.failures:
                    archive.add_rejection(failure, day)
            else:
                done += 1
                if isinstance(event, PagesFetched):
                    archive.add_pages(event.pages)
                else:
                    archive.add_rejection(event, day)
            tell("fetch", done, total)
    return [states[outlet.id] for outlet in outlets]


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


def _tag_articles(archive: Archive, tagger: Tagger, tell: Progress) -> None:
    done = 0
    for batch in archive.untagged(tagger.name):
        archive.add_taggings(tagger.tag(batch))
        done += len(batch)
        tell("tag", done, done)


def _conclude(
    day: date, archive: Archive, tagger: Tagger, sources: Sequence[SourceState], notice: str | None
) -> DailySummary:
    weights = load_weights()
    first = day - timedelta(days=weights.window_days - 1)
    last = day + timedelta(days=_LATE_COPIES)
    settled = archive.settled(first)
    articles = [article for article in archive.articles(first, last) if article.id not in settled]
    taggings = archive.taggings(first, last, tagger.name)
    stories = [s for s in build_stories(articles, taggings, weights.independence) if s.day <= day]
    archive.replace_stories(first, day, stories)
    entries = build_watchlist(stories, day, weights)
    archive.replace_entries(day, entries)
    return build_summary(
        day,
        sources=sources,
        articles=[article for article in articles if article.day == day],
        taggings=taggings,
        stories=stories,
        watchlist=entries,
        set_aside=archive.rejections(day),
        model=tagger.name,
        notice=notice,
    )
