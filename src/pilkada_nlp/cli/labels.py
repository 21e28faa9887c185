"""`pilkada labels`: labels of people in and out of the files that they and their tools use."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pilkada_nlp.cli.options import format_option
from pilkada_nlp.cli.printing import Format, Row, complain, print_rows, shown_time, tell

if TYPE_CHECKING:
    from pilkada_nlp.labelling import Format as FileFormat
    from pilkada_nlp.labelling import Labelling

# Written out once more, since `pilkada --help` must not load what labelling needs; a test compares them.
FILE_FORMATS = ("jsonl", "csv", "xlsx", "doccano", "doccano-spans", "label-studio")

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
    """Bring labels of people in and out.

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
@click.option(
    "--model",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="the model in service",
    help="The model's folder.",
)
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


def read_labellings(file: Path, form: "FileFormat | None" = None, taxonomy: Path | None = None) -> "list[Labelling]":
    """Return the labellings of a file, and say what was left out."""
    from pilkada_nlp.labelling import read_labels

    reading = read_labels(file, form, taxonomy)
    for skipped in reading.skipped:
        complain(f"{file}, {skipped.where}: left out ({skipped.reason})")
    return reading.labellings
