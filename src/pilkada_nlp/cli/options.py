"""The options that several commands share, so that each means the same everywhere."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

import click

from pilkada_nlp.cli.printing import Format

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(get_args(Format)),
    default="table",
    show_default=True,
    help="How results are printed.",
)
config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Another configuration file."
)
archive_option = click.option("--archive", "archive_url", help="Another archive, such as sqlite:////folder/archive.db.")
outlets_option = click.option(
    "--outlets",
    "own",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A table of outlets that are added to the known ones or override them.",
)


def lang_option(subject: str) -> Callable[[Any], Any]:
    """Return the option `--lang` of a command that writes `subject` in Indonesian or English."""
    return click.option(
        "--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help=f"Language of {subject}."
    )


def ids_of(texts: Iterable[str]) -> list[str]:
    """Return the ids of outlets that were given one by one or with commas."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


only_option = click.option(
    "--only",
    multiple=True,
    metavar="ID",
    callback=lambda _context, _option, given: ids_of(given),
    help="Only this outlet; can be given again, or as ID,ID.",
)
