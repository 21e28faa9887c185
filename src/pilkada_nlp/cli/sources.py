"""`pilkada outlets` and `doctor`: which sources are known, and how they are."""

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pilkada_nlp.cli.options import archive_option, config_option, format_option, ids_of, only_option, outlets_option
from pilkada_nlp.cli.printing import Format, Row, print_rows, shown_time, tell
from pilkada_nlp.errors import InputError

if TYPE_CHECKING:
    from pilkada_nlp.article import Outlet
    from pilkada_nlp.doctor import Health
    from pilkada_nlp.scrapers import Trial


@click.command()
@only_option
@config_option
@outlets_option
@archive_option
@format_option
def doctor(only: Sequence[str], config: Path | None, own: Path | None, archive_url: str | None, form: Format) -> None:
    """Show the health of every source.

    Last success, failures in a row, the articles of yesterday against the median of four weeks, and on which share of
    the newest pages the selectors of title, body and date find something. Nothing is fetched.
    The table leaves some of it out; --format csv has all. Exit status 1 when something needs a person.

    Example: pilkada doctor --only antara-kaltim
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.doctor import examine

    chosen = chosen_outlets(load_config(config), config, own, only)
    with closing(Archive(archive_url)) as archive:
        healths = examine(chosen, archive, datetime.now(UTC))
    print_rows(map(_health_line if form == "table" else _health_row, healths), form, "Sources")
    sick = sum(bool(health.needs) for health in healths)
    tell(f"{sick} of {len(healths)} sources need a person")
    if sick:
        sys.exit(1)


def _health_row(health: "Health") -> Row:
    shares = {
        field: f"{health.found[field]:.0%}" if field in health.found else "" for field in ("title", "body", "date")
    }
    return {
        "outlet": health.outlet,
        "type": health.type,
        "address": health.address,
        "last success": shown_time(health.succeeded_at),
        "failures": health.failures,
        "yesterday": health.yesterday,
        "usual": health.usual,
        **shares,
        "needs": "; ".join(health.needs),
    }


def _health_line(health: "Health") -> Row:
    """Return what has room in eighty columns."""
    return {
        "outlet": health.outlet,
        "type": health.type,
        "last success": f"{health.succeeded_at:%m-%d %H:%M}" if health.succeeded_at else "never",
        "failures": health.failures,
        "yesterday/usual": f"{health.yesterday}/{health.usual:g}",
        "needs": "; ".join(health.needs),
    }


@click.group()
def outlets() -> None:
    """List, check and add outlets."""


@outlets.command("list")
@config_option
@outlets_option
@format_option
def list_(config: Path | None, own: Path | None, form: Format) -> None:
    """List the known outlets with their sources, whose addresses --format csv has.

    Example: pilkada outlets list --format csv
    """
    from pilkada_nlp.config import known_outlets

    table = known_outlets(config, own)
    make = _outlet_line if form == "table" else _outlet_row
    print_rows(map(make, table.values()), form, f"{len(table)} outlets")


def _outlet_row(outlet: "Outlet") -> Row:
    return {
        "id": outlet.id,
        "name": outlet.name,
        "kind": outlet.kind,
        "regions": ", ".join(outlet.regions),
        "sources": ", ".join(f"{kind} {address}" for kind, address in outlet.sources()),
        "verified": str(outlet.verified or ""),
    }


def _outlet_line(outlet: "Outlet") -> Row:
    """Return what has room in eighty columns."""
    return {
        "id": outlet.id,
        "name": outlet.name,
        "kind": outlet.kind,
        "regions": ", ".join(outlet.regions),
        "sources": ", ".join(dict.fromkeys(kind for kind, _ in outlet.sources())),
    }


@outlets.command()
@click.argument("ids", nargs=-1, metavar="[ID…]")
@config_option
@outlets_option
@format_option
def check(ids: Sequence[str], config: Path | None, own: Path | None, form: Format) -> None:
    """Check the table of outlets, and each source of those given.

    The sources are asked once; exit status 1 when one fails. Without an ID only the form of the table is checked, and
    nothing is fetched.

    Example: pilkada outlets check antara-kaltim --outlets outlet-saya.toml
    """
    from pilkada_nlp.config import chosen_outlets, known_outlets, load_config
    from pilkada_nlp.scrapers import Fetcher, try_sources

    if not ids:
        tell(f"{len(known_outlets(config, own))} outlets, all in good form")
        return
    settings = load_config(config)
    chosen = chosen_outlets(settings, config, own, ids_of(ids))
    with closing(Fetcher(settings.contact)) as fetcher:
        trials = [trial for outlet in chosen for trial in try_sources(outlet, fetcher)]
    print_rows(map(_trial_row, trials), form, "Sources tried")
    if any(trial.reason for trial in trials):
        sys.exit(1)


def _trial_row(trial: "Trial") -> Row:
    return {
        "outlet": trial.outlet,
        "type": trial.type,
        "address": trial.address,
        "outcome": trial.reason or "fetched",
        "links": trial.links,
        "newest": shown_time(trial.newest),
        "detail": trial.detail,
    }


@outlets.command()
@click.argument("url")
@config_option
@click.option("--allow-private", is_flag=True, help="The site lies on this machine or in an intranet.")
def add(url: str, config: Path | None, allow_private: bool) -> None:
    """Look for the sources of the site at URL and print its TOML.

    Sources are a feed, a sitemap, a WordPress interface or else a page of headlines. Paste the TOML into a file of your
    own, correct name, kind, regions and timezone, and give it with --outlets.

    Example: pilkada outlets add https://contoh.id >> outlet-saya.toml
    """
    from pilkada_nlp.config import load_config
    from pilkada_nlp.scrapers import Fetcher, find_sources, outlet_toml

    with closing(Fetcher(load_config(config).contact)) as fetcher:
        outlet, tried = find_sources(url, fetcher, allow_private=allow_private)
    for trial in tried:
        outcome = f"{trial.reason} ({trial.detail})" if trial.reason else f"{trial.links} links"
        tell(f"{trial.type} {trial.address}: {outcome}")
    if not outlet.verified:
        raise InputError("no feed, sitemap, WordPress interface or headlines found; see above what was tried", url)
    click.echo(outlet_toml(outlet))
