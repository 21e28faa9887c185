"""`pilkada alerts`: whether the channels work, what waits for them, and sending it."""

import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pilkada_nlp.cli.logs import log_json_option, start_logging
from pilkada_nlp.cli.options import archive_option, config_option, format_option
from pilkada_nlp.cli.printing import Format, Row, complain, print_rows, shown_time

if TYPE_CHECKING:
    from pilkada_nlp.alerts import Delivery
    from pilkada_nlp.archive import AlertState


@click.group()
def alerts() -> None:
    """Tell people at once what cannot wait for the morning."""


@alerts.command()
@click.argument("channel", required=False)
@config_option
@format_option
def test(channel: str | None, config: Path | None, form: Format) -> None:
    """Send a test message to a channel, or to all, and say whether it arrived.

    Exit status 1 if one did not.

    Example: pilkada alerts test redaksi
    """
    from pilkada_nlp.alerts import own_watches, try_channels
    from pilkada_nlp.config import load_config

    settings = load_config(config).alerts
    own_watches(settings)  # says what is wrong in them
    tried = try_channels(settings, [channel] if channel else [])
    print_rows(map(_delivery_row, tried), form, "Channels")
    if any(delivery.error for delivery in tried):
        complain("not every channel could be reached; the column detail says why")
        sys.exit(1)


@alerts.command("list")
@archive_option
@format_option
def list_alerts(archive_url: str | None, form: Format) -> None:
    """List the alerts that wait, and those sent in the last seven days; --format csv has their ids and times.

    Example: pilkada alerts list --format json
    """
    from pilkada_nlp.archive import Archive

    with closing(Archive(archive_url, create=False)) as archive:
        log = archive.alert_log(datetime.now(UTC) - timedelta(days=7))
    print_rows(map(_state_line if form == "table" else _state_row, log), form, "Alerts")


@alerts.command()
@config_option
@archive_option
@format_option
@log_json_option
def send(config: Path | None, archive_url: str | None, form: Format, log_json: bool) -> None:
    """Send the alerts that are due.

    Exit status 1 if one could not be delivered; it is tried again at the next call. While another process is sending,
    this one does nothing.

    Example: pilkada alerts send
    """
    from pilkada_nlp import alerts as package
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.config import load_config

    start_logging(log_json)
    settings = load_config(config).alerts
    with closing(Archive(archive_url)) as archive:
        report = package.send(archive, settings, datetime.now(UTC))
    print_rows(map(_delivery_row, report.attempts), form, "Alerts")
    if any(delivery.error for delivery in report.attempts):
        sys.exit(1)


def _delivery_row(delivery: "Delivery") -> Row:
    return {
        "channel": delivery.channel,
        "state": "failed" if delivery.error else "sent",
        "title": delivery.title,
        "detail": delivery.error,
    }


def _state_line(state: "AlertState") -> Row:
    """Return what has room in eighty columns."""
    whole = _state_row(state)
    return {name: whole[name] for name in ("channel", "state", "raised", "title", "detail")}


def _state_row(state: "AlertState") -> Row:
    waiting = "failed" if state.error else "waiting"
    return {
        "id": state.alert.id,
        "channel": state.alert.channel,
        "state": "sent" if state.sent_at else waiting,
        "reason": state.alert.reason,
        "title": state.alert.title,
        "raised": shown_time(state.alert.created_at),
        "sent": shown_time(state.sent_at),
        "attempts": state.attempts,
        "next": "" if state.sent_at else shown_time(state.due_at),
        "detail": state.error,
    }
