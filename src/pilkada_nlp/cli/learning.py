"""`pilkada train` and `corpora`: models, and the labelled texts that they learn from."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pilkada_nlp.cli.options import format_option
from pilkada_nlp.cli.printing import Format, Row, complain, print_rows


@click.command()
@click.argument("corpus", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--sentences",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Single sentences labelled with a modality (JSONL file or folder); may be given again.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The model folder to write."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random.")
@click.option(
    "--taxonomy",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    show_default="the shipped table",
    help="A table of themes, which may add some.",
)
@format_option
def train(
    corpus: Sequence[Path], sentences: Sequence[Path], out: Path, seed: int, taxonomy: Path | None, form: Format
) -> None:
    """Train a tagger on labelled articles.

    Each CORPUS is a JSONL file or a folder of them.

    Example: pilkada train corpora/berita --sentences corpora/kalimat --out models/tagger
    """
    from pilkada_nlp.corpora import read_corpus, read_sentences
    from pilkada_nlp.training import train as train_model

    manifest = train_model(read_corpus(corpus), out, seed, taxonomy, read_sentences(sentences))
    rows: list[Row] = [{"measure": name, "value": value} for name, value in sorted(manifest.scores.items())]
    print_rows(rows, form, f"{manifest.name}: {manifest.articles} articles")
    click.echo(f"Wrote {out}", err=True)


@click.group()
def corpora() -> None:
    """Work with the labelled texts that models are trained on."""


@corpora.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default="corpora")
@format_option
def check(folder: Path, form: Format) -> None:
    """Check that the corpora in FOLDER keep their rules.

    The rules are on schema, guideline, splits, similarity and balance. With the environment variable PILKADA_MEASURE,
    the folder of measuring data, no run of eight words may be shared with that. Exit status 1 when a rule is broken.

    Example: pilkada corpora check corpora
    """
    from pilkada_nlp.corpora import check_corpora

    measure = os.environ.get("PILKADA_MEASURE")
    report = check_corpora(folder, Path(measure) if measure else None)
    if not measure:
        click.echo("PILKADA_MEASURE is not set: overlap with the measuring data was not checked", err=True)
    print_rows((count._asdict() for count in report.counts), form, "Balance")
    for problem in report.problems:
        complain(f"{problem.where}: {problem.rule}: {problem.detail}")
    click.echo(f"{len(report.problems)} problems", err=True)
    if report.problems:
        sys.exit(1)
