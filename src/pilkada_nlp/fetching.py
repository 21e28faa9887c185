"""Brings the archive up to date with what the outlets announce; shared by `pilkada fetch` and the daily job."""

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import ZONES, Outlet, Rejection, SourceRecord
from pilkada_nlp.extraction import further_pages
from pilkada_nlp.scrapers import Fetcher, PagesFetched, PartFinished, Period, SourceAsked, SourceLeft, Task, crawl

_LOOK_BACK: Final = timedelta(days=28)  # what was published earlier is too old when asking what is new

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and how much there is."""


class FetchReport(NamedTuple):
    """What a run of fetching came to.

    `asked` are the sources that were asked, `left` those that were not: not due yet, or held off by their server.
    `pages` counts new articles, `set_aside` what could not be used, by reason.
    """

    asked: list[SourceRecord]
    left: list[SourceRecord]
    pages: int
    set_aside: Counter[str]


def today(now: datetime) -> date:
    """Return the date that an aware time has in Jakarta (WIB), the day that a run without a date is about."""
    return now.astimezone(ZONES["Asia/Jakarta"][1]).date()


def reach(now: datetime, since: date | None = None, until: date | None = None) -> Period:
    """Return the period to ask about: what is new, or the days `since` to `until` (by default today), whole, in WIB."""
    zone = ZONES["Asia/Jakarta"][1]
    if since is None:
        return Period(now - _LOOK_BACK)
    begin = datetime.combine(since, time(), zone)
    end = datetime.combine((until or today(now)) + timedelta(days=1), time(), zone)
    return Period(begin.astimezone(UTC), end.astimezone(UTC))


def silent(step: str, done: int, total: int) -> None:
    """Report no progress."""


def fetch_outlets(
    outlets: Sequence[Outlet],
    archive: Archive,
    fetcher: Fetcher,
    period: Period,
    *,
    day: date,
    all_sources: bool,
    limit: int | None = None,
    progress: Progress = silent,
) -> FetchReport:
    """Ask the sources of `outlets` what they have of a period, fetch what is new, and record every outcome.

    Rejections count for `day`. Without `all_sources` only sources that are due are asked. `limit` is the most new
    articles of one outlet. The caller holds the archive (`Archive.alone`); ArchiveError when it cannot be written.
    """
    records = {(record.outlet, record.type, record.address): record for record in archive.source_records()}
    name = f"{period.since.isoformat()}/{period.until.isoformat()}" if period.until else ""
    task = Task(
        period=period,
        further_pages=further_pages,
        known=archive.known(),
        records=records,
        finished=archive.finished_parts(name) if name else {},
        limit=limit,
        all_sources=all_sources,
    )
    report = FetchReport([], [], 0, Counter())
    pages = 0
    total = sum(len(outlet.sources()) for outlet in outlets)
    progress("sources", 0, total)
    with contextlib.closing(crawl(outlets, fetcher, task)) as events:
        for event in events:
            match event:
                case SourceAsked(record, failures):
                    for failure in failures:
                        archive.add_rejection(failure, day)
                        report.set_aside[failure.reason] += 1
                    archive.add_source_record(record)
                    report.asked.append(record)
                case SourceLeft(record):
                    report.left.append(record)
                case PartFinished(outlet, part):
                    archive.add_finished_part(name, outlet, part)
                case PagesFetched(fetched):
                    archive.add_pages(fetched)
                    pages += 1
                    progress("pages", pages, pages)
                case Rejection():
                    archive.add_rejection(event, day)
                    report.set_aside[event.reason] += 1
            if isinstance(event, SourceAsked | SourceLeft):
                progress("sources", len(report.asked) + len(report.left), total)
    archive.add_robots(fetcher.robots())
    return report._replace(pages=pages)
