"""The daily job: read the outlets, extract, tag, join stories, weigh the watchlist, write the summary.

Every step asks the archive what is left to do, so a run that was killed is completed by the next one, and a second run
over the same news changes nothing.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import ZONES, Outlet
from pilkada_nlp.article.findings import DailySummary, SourceState
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.extraction.workers import Job, Workers
from pilkada_nlp.fetching import FetchReport, Progress, fetch_outlets, silent
from pilkada_nlp.scrapers import Fetcher, Period
from pilkada_nlp.stories import build_stories
from pilkada_nlp.summary import build_summary, write_summary
from pilkada_nlp.watchlist import build_watchlist, load_weights
from pilkada_nlp.wording import Language

_LATE_COPIES: Final = 3  # days behind the summary's day in which copies of its stories still appear


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
        run = archive.start_run(day, fetcher.clock())
        sources = _read_outlets(day, outlets, archive, fetcher, tell)
        _extract_pages(day, outlets, archive, tell)
        _tag_articles(archive, tagger, tell)
        summary = _conclude(day, archive, tagger, sources, notice)
        files = write_summary(summary, out, language)
        archive.finish_run(run, fetcher.clock(), sources, summary)
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
    entries = build_watchlist(stories, day, weights=weights).entries
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
