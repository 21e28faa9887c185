"""The options that several commands share, so that each means the same everywhere."""

import getpass
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
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
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="$XDG_CONFIG_HOME/pilkada/config.toml",
    help="The configuration file.",
)
archive_option = click.option(
    "--archive",
    "archive_url",
    metavar="URL",
    show_default="$XDG_DATA_HOME/pilkada/archive.db",
    help="The archive, such as sqlite:////folder/archive.db.",
)
outlets_option = click.option(
    "--outlets",
    "own",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    show_default="outlets_file of the configuration",
    help="A table of outlets that are added to the shipped ones or override them.",
)
models_option = click.option(
    "--models",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="$XDG_DATA_HOME/pilkada/models",
    help="The folder of versions.",
)


def model_folder(model: Path, folder: Path | None = None) -> Path:
    """Return the folder of a model that is given by that or by the name of a version in `folder`."""
    if model.is_dir():
        return model
    from pilkada_nlp.versions import Versions  # here, because what serves needs no versions

    return Versions(folder).path(str(model))


model_option = click.option(
    "--model",
    type=click.Path(path_type=Path, file_okay=False),
    callback=lambda _context, _option, given: given and model_folder(given),
    show_default="the model in service",
    help="A model's folder, or the name of a version.",
)
by_option = click.option("--by", metavar="NAME", show_default="your user name", help="Who says so.")


def who(by: str | None) -> str:
    """Return who says so: the name given, else that of the user."""
    try:
        return one_line(by) if by else getpass.getuser()
    except (KeyError, OSError) as error:
        raise click.UsageError("this user has no name; say who you are with --by") from error


def one_line(given: str) -> str:
    """Return what a person wrote, on one line and fit to be stored."""
    from pilkada_nlp.preprocessing import clean

    if not (text := " ".join(clean(given).split())):
        raise click.BadParameter("is empty; write it in a few words", param_hint="--why or --by")
    return text


def lang_option(subject: str) -> Callable[[Any], Any]:
    """Return the option `--lang` of a command that writes `subject` in Indonesian or English."""
    return click.option(
        "--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help=f"Language of {subject}."
    )


_FIRST_YEAR = 1998  # of free news in Indonesia; a year like 1 is a slip
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _Day(click.DateTime):
    """A date, or "today" or "yesterday" in WIB, which are "hari-ini" and "kemarin" too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        back = {"today": 0, "hari-ini": 0, "yesterday": 1, "kemarin": 1}.get(value)
        if back is not None:
            from pilkada_nlp.article import ZONES

            value = f"{datetime.now(ZONES['Asia/Jakarta'][1]) - timedelta(days=back):%Y-%m-%d}"
        if not _WRITTEN.fullmatch(value):
            self.fail(f"{value!r} is no date; write YYYY-MM-DD, such as 2024-11-27, today or yesterday", param, ctx)
        try:
            found = datetime.strptime(value, "%Y-%m-%d")
        except ValueError:
            self.fail(f"{value} is not in the calendar; give a day that there is", param, ctx)
        if found.year < _FIRST_YEAR:
            self.fail(
                f"{found:%Y-%m-%d} is before any news that can be read; give a day from {_FIRST_YEAR} on", param, ctx
            )
        return found


def day_option(name: str, help_text: str, default: str | None = None) -> Callable[[Any], Any]:
    """Return an option that takes a date; `default` says in words which one it is when none is given."""
    return click.option(name, type=_Day(), metavar="YYYY-MM-DD|yesterday", show_default=default, help=help_text)


def ids_of(texts: Iterable[str]) -> list[str]:
    """Return the ids of outlets that were given one by one or with commas."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


only_option = click.option(
    "--only",
    multiple=True,
    metavar="ID",
    callback=lambda _context, _option, given: ids_of(given),
    help="Only this outlet; may be given again, or as ID,ID.",
)
