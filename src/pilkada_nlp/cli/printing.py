"""What all commands print alike: rows and JSON on stdout, complaints and progress on stderr."""

import functools
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from pilkada_nlp.cli.logs import logs_json
from pilkada_nlp.cli.messages import say, wrong_language

if TYPE_CHECKING:
    from pilkada_nlp.fetching import Progress

Format = Literal["table", "json", "jsonl", "csv"]
Cell = str | int | float
Row = dict[str, Cell]

# Control characters and what turns the direction of writing around, line feeds and tabs aside.
_STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SENTENCES: Final = ("detail", "needs")  # columns that hold messages; all others hold ids, names and figures


def complain(problem: object) -> None:
    """Say on stderr what went wrong; as a line of the log where nothing but JSON lines may stand."""
    if logs_json():
        logging.getLogger("pilkada_nlp").error("%s", problem)
    else:
        tell(problem, "pilkada: ")


def tell(message: object, mark: str = "") -> None:
    """Say something on stderr in the language of messages, with `mark` in front."""
    _doubt_language()
    click.echo(f"{mark}{say(message)}", err=True)


def tell_waiting() -> None:
    """Say that a command waits for another run."""
    tell("another run works on the archive; waiting for it")


@functools.cache  # once is enough
def _doubt_language() -> None:
    if wrong := wrong_language():
        click.echo(f"pilkada: {wrong}", err=True)


def harmless(text: str) -> str:
    """Return a text of others as it may be shown: what could steer a terminal stands as U+FFFD."""
    return _STEERING.sub("\ufffd", text)


def print_rows(rows: Iterable[Row], form: Format, title: str = "") -> None:
    """Print rows of equal keys; as a table for people, which alone has the title, as JSON or JSON lines, or as CSV."""
    if form == "table":
        print_table([_said(row) for row in rows], say(title))
    elif form == "csv":
        _print_csv(rows)
    else:
        print_values(rows, form)


def _said(row: Row) -> Row:
    """Return a row for people: what stands in columns of sentences, in their language."""
    return {name: say(value) if name in _SENTENCES else value for name, value in row.items()}


def print_table(rows: list[Row], title: str) -> None:
    """Print a table for people; its title alone when there are no rows."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title) or None, title_justify="left", box=SIMPLE, pad_edge=False)
    for number, name in enumerate(rows[0] if rows else ()):
        table.add_column(name, no_wrap=number == 0)  # the first names the row, and people copy it
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    Console(color_system=_color_system()).print(table if rows else escape(title) or "-")


def heading(text: str) -> str:
    """Return a text in bold; click leaves that out where stdout is no terminal, and we where NO_COLOR is set."""
    return text if os.environ.get("NO_COLOR") else click.style(text, bold=True)


def _color_system() -> Literal["auto"] | None:
    """Return what rich may do on a terminal: with NO_COLOR it would still write bold and italics."""
    return None if os.environ.get("NO_COLOR") else "auto"


def print_values(values: Iterable[object], form: Literal["json", "jsonl"]) -> None:
    """Print values as a JSON list, or each as a line as soon as it is there."""
    if form == "json":
        print_json(list(values))
        return
    import msgspec

    for value in values:
        click.echo(msgspec.json.encode(value))


def print_json(value: object) -> None:
    """Print one value as JSON that people can read too."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _print_csv(rows: Iterable[Row]) -> None:
    import csv
    import io

    for number, row in enumerate(rows):
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(row), lineterminator="\n")
        if number == 0:
            writer.writeheader()
        writer.writerow({name: _safe_cell(value) for name, value in row.items()})
        click.echo(buffer.getvalue(), nl=False)


def _safe_cell(value: Cell) -> Cell:
    """Return a cell that a spreadsheet shows instead of running it as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def shown_time(moment: datetime | None) -> str:
    """Return a time as it stands in a row, to the minute, with its offset; "" for none."""
    return moment.isoformat(timespec="minutes") if moment else ""


@contextmanager
def progress_bar() -> "Iterator[Progress]":
    """Show a bar for each step on stderr while the context lasts; gives the function to report progress to.

    Nothing is shown where stderr is no terminal or takes JSON lines.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True, color_system=_color_system())
    columns = (TextColumn("{task.description:9}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=logs_json() or not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(say(step))
            bars.update(tasks[step], completed=done, total=total)

        yield show
