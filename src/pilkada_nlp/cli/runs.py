"""`pilkada daily`, `poll` and `demo`: the runs that lead from outlets to a summary."""

import logging
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from pilkada_nlp.cli.logs import log_json_option, logs_json, start_logging
from pilkada_nlp.cli.messages import language
from pilkada_nlp.cli.options import (
    archive_option,
    config_option,
    day_option,
    format_option,
    lang_option,
    outlets_option,
)
from pilkada_nlp.cli.printing import Format, Row, complain, print_json, print_rows, print_table, progress_bar, tell

if TYPE_CHECKING:
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article.findings import DailySummary, WatchlistEntry
    from pilkada_nlp.classifiers import Tagger
    from pilkada_nlp.config import Config
    from pilkada_nlp.daily import DailyResult, Work
    from pilkada_nlp.elections import Calendar
    from pilkada_nlp.wording import Language

_PATIENCE: Final = 900.0  # seconds that the daily run waits for a poll, which comes every quarter of an hour
_log = logging.getLogger(__name__)


@click.command()
@day_option("--date", "The day to summarise.", "today in WIB")
@config_option
@outlets_option
@archive_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="out of the configuration",
    help="Folder for the summary.",
)
@lang_option("the summary")
@format_option
@log_json_option
def daily(
    date: datetime | None,
    config: Path | None,
    own: Path | None,
    archive_url: str | None,
    out: Path | None,
    lang: "Language",
    form: Format,
    log_json: bool,
) -> None:
    """Read the outlets and write the summary of a day.

    Running it again is harmless: nothing changes unless something new came, which makes a corrected edition. Days
    missed since the last summary are caught up with. Waits up to 15 minutes for another run. Prints the watchlist, with
    --format json the whole summary.

    Example: pilkada daily --date 2024-11-27 --out ringkasan
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.classifiers import load_tagger
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.daily import run_daily
    from pilkada_nlp.fetching import today
    from pilkada_nlp.scrapers import Fetcher

    settings = load_config(config)
    outlets = chosen_outlets(settings, config, own)
    now = today(datetime.now(UTC))
    day = date.date() if date else now
    if day > now:
        raise click.BadParameter(
            f"{day} has not come yet; a summary of it would look like calm; give today or an earlier day",
            param_hint="--date",
        )
    start_logging(log_json, f"daily {day}")
    tagger = load_tagger()
    target = out or Path(settings.out).expanduser()
    with (
        closing(Archive(archive_url)) as archive,
        closing(Fetcher(settings.contact, robots=archive.robots())) as fetcher,
        progress_bar() as progress,
    ):
        result = run_daily(
            day,
            outlets,
            archive,
            target,
            fetcher,
            tagger=tagger,
            language=lang,
            calendar=_calendar(settings),
            alerts=settings.alerts,
            contact=settings.contact,
            patience=_PATIENCE,
            waiting=lambda: _log.info("another run works on the archive; waiting for it"),
            progress=progress,
        )
        _report("daily", result.work, tagger, archive, target, result.summary)
    _print_result(result, form)
    _end(result)


def _calendar(settings: "Config") -> "Calendar":
    from pilkada_nlp.elections import load_calendar

    return load_calendar(Path(settings.calendar_file) if settings.calendar_file else None)


def _end(result: "DailyResult") -> None:
    """Say what is missing, and end with status 1 when something is."""
    for summary in (result.summary, *result.others):
        for part, reason in summary.missing.items():
            complain(
                f"summary of {summary.day}: a part is missing: {part} ({reason}); write it again with `pilkada daily`"
            )
    if not result.any_source_read:
        complain(
            "no source could be read; the summary says so and holds what the archive had; `pilkada doctor` says more"
        )
    if not result.any_source_read or result.summary.missing:
        sys.exit(1)


@click.command()
@config_option
@outlets_option
@archive_option
@format_option
@log_json_option
def poll(config: Path | None, own: Path | None, archive_url: str | None, form: Format, log_json: bool) -> None:
    """Take in what is new, renew today's watchlist and raise alerts.

    For cron, every quarter of an hour: only sources that are due are asked. No summary is written. Prints the
    watchlist. Ends with status 75, which says "try again later", while another run is at work.

    Example: pilkada poll --log-json
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.classifiers import load_tagger
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.daily import run_poll
    from pilkada_nlp.scrapers import Fetcher

    settings = load_config(config)
    outlets = chosen_outlets(settings, config, own)
    start_logging(log_json, f"poll {datetime.now(UTC):%Y-%m-%dT%H:%MZ}")
    tagger = load_tagger()
    with (
        closing(Archive(archive_url)) as archive,
        closing(Fetcher(settings.contact, robots=archive.robots())) as fetcher,
        progress_bar() as progress,
    ):
        result = run_poll(
            outlets,
            archive,
            fetcher,
            tagger=tagger,
            calendar=_calendar(settings),
            alerts=settings.alerts,
            progress=progress,
        )
        entries = result.watchlist.entries
        _report("poll", result.work, tagger, archive, Path(settings.out).expanduser(), entries=entries)
    print_rows(map(_entry_row, entries), form, "Watchlist")
    if result.work.sources and not any(source.read for source in result.work.sources):
        complain("none of the sources that were asked could be read; `pilkada doctor` says more")
        sys.exit(1)


def _report(
    kind: Literal["daily", "poll"],
    work: "Work",
    tagger: "Tagger",
    archive: "Archive",
    out: Path,
    summary: "DailySummary | None" = None,
    entries: "tuple[WatchlistEntry, ...]" = (),
) -> None:
    """Log what a run came to, and write its metrics beside the summaries."""
    from collections import Counter

    from pilkada_nlp._version import __version__
    from pilkada_nlp.fetching import today
    from pilkada_nlp.metrics import RunReport, write_metrics

    for source in work.sources:
        if not source.read:
            _log.warning("outlet not read", extra={"outlet": source.outlet, "reason": source.reason})
    sent, now = work.sent, datetime.now(UTC)
    run = RunReport(
        kind=kind,
        day=summary.day if summary else today(work.started_at),
        started_at=work.started_at,
        finished_at=now,
        last_success_at=archive.last_finished(kind, now),
        model=tagger.name,
        taxonomy=tagger.taxonomy.version,
        version=__version__,
        stages=work.stages,
        articles=work.tagged.total(),
        related=work.tagged.total() - work.tagged[None],
        modalities={name: count for name, count in work.tagged.items() if name},
        rejections=work.fetched.set_aside,
        sources_read=sum(source.read for source in work.sources),
        sources_failed=sum(not source.read for source in work.sources),
        stories=summary.stories if summary else 0,
        entries=Counter(entry.level for entry in (summary.watchlist if summary else entries)),
        alerts_queued=work.queued,
        alerts_sent=sum(not attempt.error for attempt in sent.attempts) if sent else 0,
        alerts_failed=sum(bool(attempt.error) for attempt in sent.attempts) if sent else 0,
    )
    _wrote(write_metrics(run, out))
    facts = {"articles": run.articles, "related": run.related, "sources_failed": run.sources_failed}
    _log.info(f"{kind} run done", extra={**facts, "seconds": round((now - work.started_at).total_seconds(), 1)})


def _wrote(path: Path) -> None:
    if logs_json():
        _log.info("wrote", extra={"path": str(path)})
    else:
        tell(f"Wrote {path}")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo-output",
    show_default=True,
    help="Folder for the summary and the archive of the demonstration.",
)
@lang_option("the summary")
@format_option
def demo(out: Path, lang: "Language", form: Format) -> None:
    """Run the daily job on a small news site on this machine.

    Three outlets written for this purpose are served on loopback and read over real HTTP. Nothing else is contacted.
    Prints what `pilkada daily` does.

    Example: pilkada demo --lang en
    """
    from pilkada_nlp.demo import run_demo

    with progress_bar() as progress:
        result = run_demo(out, lang, progress)
    _print_result(result, form)


def _print_result(result: "DailyResult", form: Format) -> None:
    """Print a day's watchlist, or as JSON its whole summary, and the paths of the files that were written."""
    if form == "json":
        print_json(result.summary)
    elif form == "table":
        _print_watchlist(result)
    else:
        print_rows(map(_entry_row, result.summary.watchlist), form)
    for path in result.files:
        _wrote(path)


def _print_watchlist(result: "DailyResult") -> None:
    """Print a day's watchlist in the language of messages, whatever that of its summary."""
    import msgspec

    from pilkada_nlp.classifiers.taxonomy import load_taxonomy
    from pilkada_nlp.summary import coverage, long_date
    from pilkada_nlp.wording import texts

    lang = language()
    words, names, summary = texts(lang), load_taxonomy().names(lang), result.summary
    rows: list[Row] = [
        {
            words["col_level"]: words["level"][entry.level],
            words["col_score"]: f"{entry.score:.1f}",
            words["col_region"]: entry.region_name,
            words["col_theme"]: names.get(entry.theme, entry.theme),
            words["col_why"]: entry.reasons[0].title,
        }
        for entry in summary.watchlist
    ]
    print_table(rows, f"{words['watchlist']}, {long_date(summary.day, lang)}")
    counts = words["volume"].format(**msgspec.structs.asdict(summary))
    click.echo(f"{coverage(summary, lang)} {counts}")
    if summary.set_aside:
        reasons = ", ".join(f"{words['reasons'][reason]} {count}" for reason, count in summary.set_aside.items())
        click.echo(f"{words['summary']['set_aside']}: {reasons}.")


def _entry_row(entry: "WatchlistEntry") -> Row:
    return {
        "region": entry.region,
        "name": entry.region_name,
        "theme": entry.theme,
        "level": entry.level,
        "score": entry.score,
        "stories": sum(entry.counts.values()),
        "top": entry.reasons[0].title,
    }
