"""`pilkada labels`: labels of people in and out of the files that they and their tools use."""

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from pilkada_nlp.cli.messages import say
from pilkada_nlp.cli.options import archive_option, config_option, day_option, format_option, model_option, one_line
from pilkada_nlp.cli.printing import Format, Row, complain, print_rows, shown_time, tell, tell_waiting

if TYPE_CHECKING:
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article import Outlet
    from pilkada_nlp.daily import Standing
    from pilkada_nlp.labelling import Format as FileFormat
    from pilkada_nlp.labelling import Labelling

# Written out once more, since `pilkada --help` must not load what labelling needs; a test compares them.
FILE_FORMATS = ("jsonl", "csv", "xlsx", "doccano", "doccano-spans", "label-studio")

_PATIENCE: Final = 60.0  # seconds that labels wait for a run at work before they leave it to the next

_taxonomy_option = click.option(
    "--taxonomy",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    show_default="the shipped table",
    help="A table of themes, which may add some.",
)
_from_option = click.option(
    "--from", "source", type=click.Choice(FILE_FORMATS), show_default="by the file's ending", help="Format to read."
)


@click.group()
def labels() -> None:
    """Bring labels into the archive, out of it, or between files.

    By their endings, .jsonl is our own form, .csv and .xlsx are spreadsheets, .json is Label Studio; doccano has to be
    named, doccano-spans is its sequence labelling.
    """


@labels.command()
@click.argument("source_file", metavar="IN", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@_from_option
@click.option(
    "--to", "target", type=click.Choice(FILE_FORMATS), show_default="by the file's ending", help="Format to write."
)
@click.option(
    "--resolve",
    "how",
    type=click.Choice(["newest", "majority"]),
    show_default="all are kept",
    help="Make one labelling of several of one article.",
)
@_taxonomy_option
def convert(
    source_file: Path,
    out: Path,
    source: "FileFormat | None",
    target: "FileFormat | None",
    how: Literal["newest", "majority"] | None,
    taxonomy: Path | None,
) -> None:
    """Convert a file of labels from one format to another, without loss.

    Example: pilkada labels convert dari-doccano.jsonl label.xlsx --from doccano
    """
    from pilkada_nlp.labelling import conflicts, resolve, write_labels

    labellings = read = read_labellings(source_file, source, taxonomy)
    if how:
        labellings = resolve(read, how)
        found = conflicts(read)
        for conflict in found:
            if conflict.field == "text":
                complain(
                    f"article {conflict.article}: was labelled with different texts; is the id that of one article?"
                )
        tell(f"{len(read)} labellings of {len(labellings)} articles, {len(found)} conflicts resolved by {how}")
    write_labels(labellings, out, target, taxonomy)
    tell(f"Wrote {len(labellings)} labellings to {out}")


@labels.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_from_option
@_taxonomy_option
@format_option
def check(files: Sequence[Path], source: "FileFormat | None", taxonomy: Path | None, form: Format) -> None:
    """Check files of labels, and list where labellings of one article differ.

    Exit status 1 when there are such conflicts, or a file cannot be read.

    Example: pilkada labels check label.xlsx label-kedua.jsonl
    """
    from pilkada_nlp.labelling import conflicts

    labellings = [labelling for file in files for labelling in read_labellings(file, source, taxonomy)]
    found = conflicts(labellings)
    rows: list[Row] = [
        {
            "article": conflict.article,
            "field": conflict.field,
            "value": side.value,
            "by": side.by,
            "at": shown_time(side.at),
        }
        for conflict in found
        for side in conflict.values
    ]
    print_rows(rows, form, "Conflicts" if found else "No conflicts")
    tell(f"{len(labellings)} labellings, {len(found)} conflicts")
    if found:
        sys.exit(1)


@labels.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The JSON file to write.")
@model_option
def tasks(files: Sequence[str], out: Path, model: Path | None) -> None:
    """Write tasks for Label Studio that begin with a model's tags.

    Articles are given as for `pilkada tag`; Label Studio shows the tags as predictions, with the model's version and a
    score that is low for doubtful articles.

    Example: pilkada labels tasks berita.jsonl --out tugas.json
    """
    from pilkada_nlp.classifiers import load_tagger
    from pilkada_nlp.cli.texts import read_files
    from pilkada_nlp.errors import InputError
    from pilkada_nlp.labelling import write_tasks

    failures: list[InputError] = []

    def report(error: InputError) -> None:
        failures.append(error)
        complain(error)

    articles = list(read_files(files, report))
    write_tasks(zip(articles, load_tagger(model).tag(articles), strict=True), out)
    tell(f"Wrote {len(articles)} tasks to {out}")
    if failures:
        sys.exit(1)


@labels.command()
@_taxonomy_option
def interface(taxonomy: Path | None) -> None:
    """Print the labelling interface for Label Studio (its XML).

    Example: pilkada labels interface > antarmuka.xml
    """
    from pilkada_nlp.labelling import labelling_interface

    click.echo(labelling_interface(taxonomy), nl=False)


@labels.command("import")
@click.argument("source_file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_from_option
@click.option("--by", metavar="NAME", help="Who labelled what names nobody; without it such rows are left out.")
@config_option
@archive_option
def import_(
    source_file: Path, source: "FileFormat | None", by: str | None, config: Path | None, archive_url: str | None
) -> None:
    """Bring the labels of a file into the archive, where they hold at once.

    Rows that `pilkada label next` wrote count as labelled once somebody's name stands in "by". The same label twice is
    one; nothing is overwritten, and of several labels of an article the newest holds. Prints what moved on the
    watchlist.

    Example: pilkada labels import label-minggu-ini.xlsx --by Sari
    """
    import msgspec

    from pilkada_nlp.archive import Archive

    outlets = watched_outlets(config)
    read = read_labellings(source_file, source)
    named = [msgspec.structs.replace(one, by=one.by or one_line(by)) if by else one for one in read]
    given = [one for one in named if one.by]
    if len(given) < len(named):
        complain(f"{source_file}: {len(named) - len(given)} left out, since they name nobody who labelled (by)")
    with closing(Archive(archive_url, create=False)) as archive:
        hold_labels(given, archive, outlets)


@labels.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--to", "target", type=click.Choice(FILE_FORMATS), show_default="by the file's ending", help="Format to write."
)
@day_option("--since", "Only what was labelled from this day on (WIB).")
@archive_option
def export(out: Path, target: "FileFormat | None", since: datetime | None, archive_url: str | None) -> None:
    """Write the labels of the archive to a file, in order of time; of several of one article all.

    Example: pilkada labels export label.xlsx --since 2024-11-18
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article import ZONES
    from pilkada_nlp.labelling import write_labels

    with closing(Archive(archive_url, create=False)) as archive:
        found = archive.labels(since.replace(tzinfo=ZONES["Asia/Jakarta"][1]) if since else None)
    write_labels(found, out, target)
    tell(f"Wrote {len(found)} labellings to {out}")


def watched_outlets(config: Path | None) -> "list[Outlet]":
    """Return the outlets of the configuration, without one those that are shipped: the watchlist counts on them."""
    from pilkada_nlp.config import chosen_outlets, default_config, known_outlets, load_config

    configured = config or default_config().exists()
    return chosen_outlets(load_config(config), config) if configured else list(known_outlets().values())


def hold_labels(given: "Sequence[Labelling]", archive: "Archive", outlets: "Sequence[Outlet]") -> None:
    """Store labels, have the watchlist follow them and all that wait, and print what moved on it."""
    from pilkada_nlp.daily import take_labels

    taken = take_labels(
        given,
        archive,
        outlets,
        datetime.now(UTC),
        patience=_PATIENCE,
        waiting=tell_waiting,
    )
    if given:
        tell(f"Labels stored: {taken.added}; there already: {len(given) - taken.added}")
    if taken.changes is None:
        tell("Another run is still at work; the next `pilkada poll` or `daily` applies the labels")
    elif taken.day is None:
        tell("There is no watchlist yet; the first run follows the labels")
    else:
        rows: list[Row] = [
            {
                "entry": change.entry,
                "region": change.region_name,
                "before": _standing(change.before),
                "now": _standing(change.now),
            }
            for change in taken.changes
        ]
        print_rows(rows, "table", f"Watchlist, {taken.day}: {len(rows)} entries moved")


def _standing(standing: "Standing | None") -> str:
    return f"{standing.level} {standing.score:.1f}" if standing else say("not listed")


def read_labellings(file: Path, form: "FileFormat | None" = None, taxonomy: Path | None = None) -> "list[Labelling]":
    """Return the labellings of a file, and say what was left out."""
    from pilkada_nlp.labelling import read_labels

    reading = read_labels(file, form, taxonomy)
    for skipped in reading.skipped:
        complain(f"{file}, {skipped.where}: left out ({skipped.reason})")
    return reading.labellings
