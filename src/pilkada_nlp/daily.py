"""The daily job and the polling between: read the outlets, extract, tag, join stories, weigh, write the summary.

Every step asks the archive what is left to do, so a run that was killed is completed by the next one, and a second run
over the same news changes nothing.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from pilkada_nlp.archive import Archive, Judged
from pilkada_nlp.article import ZONES, Article, Outlet, Tagging
from pilkada_nlp.article.findings import DailySummary, SourceState
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.extraction.workers import Job, Workers
from pilkada_nlp.fetching import FetchReport, Progress, fetch_outlets, silent
from pilkada_nlp.regions import region
from pilkada_nlp.scrapers import Fetcher, Period
from pilkada_nlp.stories import join, telling
from pilkada_nlp.summary import build_summary, write_summary
from pilkada_nlp.watchlist import build_watchlist, load_weights
from pilkada_nlp.wording import Language

_JOINED: Final = 14  # days in which articles are compared with one another
_LATE_COPIES: Final = 3  # days after an article in which others of its story still appear


class DailyResult(NamedTuple):
    """What a run made: the summary, the files it wrote, and whether any source could be read."""

    summary: DailySummary
    files: list[Path]
    any_source_read: bool


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
    tell = progress or silent
    tagger = tagger or load_tagger()
    with archive.alone():
        run = f"daily {day}"
        archive.start_run(run, day, fetcher.clock())
        sources = _read_outlets(day, outlets, archive, fetcher, tell)
        _extract_pages(day, outlets, archive, tell)
        tag_articles(archive, tagger, day, tell)
        join_stories(archive, tell)
        summary = _conclude(day, archive, tagger, sources, notice)
        files = write_summary(summary, out, language)
        archive.add_edition(summary, fetcher.clock())
        archive.finish_run(run, fetcher.clock(), sources)
        tell("summary", 1, 1)
    return DailyResult(summary, files, any(source.read for source in sources))


def _read_outlets(
    day: date, outlets: Sequence[Outlet], archive: Archive, fetcher: Fetcher, tell: Progress
) -> list[SourceState]:
    """Ask every source, due or not, because a day's summary must not rest on what an earlier run happened to see."""
    start = datetime.combine(day - timedelta(days=load_weights().window_days), time(), ZONES["Asia/Jakarta"][1])
    report = fetch_outlets(
        outlets, archive, fetcher, Period(start.astimezone(UTC)), day=day, all_sources=True, progress=tell
    )
    return [_state(outlet, report) for outlet in outlets]


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


def tag_articles(archive: Archive, tagger: Tagger, day: date, progress: Progress = silent) -> None:
    """Tag what no model has tagged, and what this one has not of the days that the watchlist of `day` looks at."""
    done = 0
    first = day - timedelta(days=load_weights().window_days - 1)
    for batch in archive.untagged(tagger.name, first, day + timedelta(days=_LATE_COPIES)):
        taggings = tagger.tag(batch)
        archive.add_judged([_judged(article, tagging) for article, tagging in zip(batch, taggings, strict=True)])
        done += len(batch)
        progress("tag", done, done)


def _judged(article: Article, tagging: Tagging) -> Judged:
    told = telling(article, tagging) if tagging.relevant.value else None
    return Judged(tagging, local_day(article, tagging), told)


def local_day(article: Article, tagging: Tagging) -> date:
    """Return the day on which an article appeared at the place that it is about, else at its outlet."""
    places = tagging.places()
    if article.published_at is None or not places:
        return article.day
    return article.published_at.astimezone(ZONES[region(places[0].code).zone][1]).date()


def join_stories(archive: Archive, progress: Progress = silent) -> None:
    """Join the articles that are in no story yet with those of the days around them."""
    independence = load_weights().independence
    days = archive.unjoined_days()
    total = len(days)
    while days:
        # Days close to each other are joined at once; after a backfill there may be months of them.
        first = days[0]
        last = max(day for day in days if day < first + timedelta(days=_JOINED))
        told = archive.told(first - timedelta(days=_JOINED), last + timedelta(days=_LATE_COPIES))
        archive.replace_stories(told, join(told.tellings, told.known, independence), first, last)
        days = [day for day in days if day > last]
        progress("stories", total - len(days), total)


def _conclude(
    day: date, archive: Archive, tagger: Tagger, sources: Sequence[SourceState], notice: str | None
) -> DailySummary:
    first = day - timedelta(days=load_weights().window_days - 1)
    stories = archive.stories(first, day)
    entries = build_watchlist(stories, day).entries
    archive.replace_entries(day, entries)
    return build_summary(
        day,
        sources=sources,
        articles=archive.articles(day, day),
        taggings=archive.taggings(day, day, tagger.name),
        stories=stories,
        watchlist=entries,
        set_aside=archive.rejections(day),
        model=tagger.name,
        notice=notice,
    )
