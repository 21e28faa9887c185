"""`pilkada init` and `fetch`: what is set up once, and what is read without a summary."""

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pilkada_nlp.cli.messages import say
from pilkada_nlp.cli.options import (
    archive_option,
    config_option,
    day_option,
    format_option,
    ids_of,
    only_option,
    outlets_option,
)
from pilkada_nlp.cli.printing import (
    Format,
    Row,
    complain,
    print_rows,
    progress_bar,
    shown_time,
    tell,
)
from pilkada_nlp.errors import ConfigError

if TYPE_CHECKING:
    from pilkada_nlp.article import SourceRecord


@click.command()
@click.option("--contact", help="E-mail or web address for outlets (in every request) and readers (on the summary).")
@click.option("--outlets", metavar="ID,ID", help="The outlets to read; empty for all.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the summaries.")
@config_option
def init(contact: str | None, outlets: str | None, out: Path | None, config: Path | None) -> None:
    """Write the configuration, asking for what is not given.

    Example: pilkada init --contact pemantau@contoh.id --outlets antara,tempo --out ringkasan
    """
    from pilkada_nlp.config import default_config, is_contact, write_config
    from pilkada_nlp.scrapers import load_outlets

    path = config or default_config()
    if path.exists():
        click.confirm(say(f"{path} exists; write it anew?"), abort=True, err=True)
    known = load_outlets()
    contact = contact or click.prompt(say("Contact address (e-mail or web) for outlets and readers"), err=True)
    if not is_contact(str(contact)):
        raise click.BadParameter(f"{contact!r} is no e-mail or web address", param_hint="--contact")
    if outlets is None:
        tell(f"{len(known)} outlets are known; `pilkada outlets list` shows them")
        outlets = click.prompt(
            say("Outlets to read (ids, commas; Enter means all)"), default="", show_default=False, err=True
        )
    chosen = ids_of([outlets or ""])
    if unknown := sorted(set(chosen) - set(known)):
        raise ConfigError(f"unknown outlets: {', '.join(unknown)}; `pilkada outlets list` shows all")
    out = out or Path(click.prompt(say("Folder for the summaries"), default="ringkasan", err=True))
    write_config(path, str(contact), str(out.expanduser().absolute()), chosen)
    tell(f"Wrote {path}")


@click.command()
@only_option
@day_option("--since", "Go through a past period, from this day on.")
@day_option("--until", "Its last day.", "today in WIB")
@click.option("--limit", type=click.IntRange(1), help="The most new articles of one outlet.")
@config_option
@outlets_option
@archive_option
@format_option
def fetch(
    only: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    config: Path | None,
    own: Path | None,
    archive_url: str | None,
    form: Format,
) -> None:
    """Fetch what is new into the archive, without a summary.

    Asks the sources that are due: busy ones often, silent ones seldom; those of outlets given with --only always. With
    --since a past period is gone through whole, from sitemaps, dated listings and WordPress; interrupted, it goes on
    where it was. Days are those of WIB.

    Example: pilkada fetch --since 2024-08-01 --until 2024-12-31 --only antara-kaltim
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.fetching import fetch_outlets, reach, today
    from pilkada_nlp.scrapers import Fetcher

    if until and (since is None or until < since):
        raise click.UsageError("--until needs a --since that is not after it")
    settings = load_config(config)
    outlets = chosen_outlets(settings, config, own, only)
    now = datetime.now(UTC)
    period = reach(now, since.date() if since else None, until.date() if until else None)
    with (
        closing(Archive(archive_url)) as archive,
        closing(Fetcher(settings.contact, robots=archive.robots())) as fetcher,
        progress_bar() as progress,
        archive.alone(),
    ):
        report = fetch_outlets(
            outlets,
            archive,
            fetcher,
            period,
            day=today(now),
            all_sources=bool(only or since),
            limit=limit,
            progress=progress,
        )
    print_rows(map(_source_row, report.asked), form, "Sources asked")
    reasons = ", ".join(f"{reason} {count}" for reason, count in report.set_aside.most_common())
    tell(f"{report.pages} new articles; set aside: {reasons or 'nothing'}; {len(report.left)} not due")
    if report.asked and all(record.outcome == "failed" for record in report.asked):
        complain("none of the sources that were asked could be read; `pilkada doctor` says more")
        sys.exit(1)


def _source_row(record: "SourceRecord") -> Row:
    return {
        "outlet": record.outlet,
        "type": record.type,
        "address": record.address,
        "outcome": (record.reason or "failed") if record.outcome == "failed" else record.outcome,
        "announced": record.announced,
        "new": record.new,
        "failures": record.failures,
        "next": shown_time(record.due_at),
        "detail": record.detail,
    }
