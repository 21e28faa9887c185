"""`pilkada schedule`: lines for cron and units for systemd."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from pilkada_nlp.cli.options import archive_option, config_option


@click.command()
@click.option(
    "--print",
    "system",
    type=click.Choice(["cron", "systemd"]),
    required=True,
    help="For which of the two; nothing is installed.",
)
@config_option
@archive_option
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="$XDG_STATE_HOME/pilkada/pilkada.log",
    help="The file that takes the log, as JSON lines.",
)
def schedule(
    system: Literal["cron", "systemd"], config: Path | None, archive_url: str | None, log: Path | None
) -> None:
    """Print what makes the command run by itself.

    `pilkada poll` every quarter of an hour, and at 06.15 WIB `pilkada daily` for the day before. How to install it
    stands in comments. A relative path of --config or --log is taken from here.

    Example: pilkada schedule --print cron
    """
    from pilkada_nlp.archive import default_archive
    from pilkada_nlp.config import default_config, load_config
    from pilkada_nlp.scheduling import Schedule, cron_lines, machine_zone, systemd_listing

    path = (config or default_config()).absolute()
    load_config(path)  # a schedule for a configuration that is wrong would fail every quarter of an hour
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    plan = Schedule(
        command=_own_command(),
        config=path,
        archive=archive_url or default_archive(),
        log=(log or state / "pilkada" / "pilkada.log").absolute(),
    )
    text = cron_lines(plan, machine_zone(), datetime.now(UTC)) if system == "cron" else systemd_listing(plan)
    click.echo(text, nl=False)


def _own_command() -> tuple[str, ...]:
    """Return the words that start this very installation of the command."""
    script = Path(sys.executable).with_name("pilkada")  # no links followed: a virtual environment is made of them
    return (str(script),) if script.is_file() else (sys.executable, "-m", "pilkada_nlp")
