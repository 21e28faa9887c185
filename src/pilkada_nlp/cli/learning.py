"""`pilkada train` and `corpora`: models, and the labelled texts that they learn from."""

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from pilkada_nlp.cli.labels import read_labellings
from pilkada_nlp.cli.options import archive_option, format_option, models_option
from pilkada_nlp.cli.printing import Format, Row, complain, print_rows, progress_bar, tell


@click.command()
@click.argument("labelled", nargs=-1, metavar="[LABELLED]…", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--sentences",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Single sentences labelled with a modality (JSONL file or folder); may be given again.",
)
@click.option("--from-archive", is_flag=True, help="Learn from the labels of the archive too.")
@archive_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="a new version in --models",
    help="Write a model folder, and make no version of it.",
)
@models_option
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random.")
@click.option(
    "--taxonomy",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    show_default="the shipped table",
    help="A table of themes, which may add some.",
)
@click.option(
    "--doubts", type=click.IntRange(0), default=10, show_default=True, help="How many doubtful own labels to list."
)
@format_option
def train(
    labelled: Sequence[Path],
    sentences: Sequence[Path],
    from_archive: bool,
    archive_url: str | None,
    out: Path | None,
    folder: Path | None,
    seed: int,
    taxonomy: Path | None,
    doubts: int,
    form: Format,
) -> None:
    """Train a tagger on labelled articles.

    That makes a new version, which `pilkada promote` puts in service. LABELLED are folders of corpora, and files of
    your own labels in any format of `pilkada labels`. Without a folder, corpora/berita, corpora/ringkas and the
    sentences of corpora/kalimat are learned from too, where they are. Of several labellings of one article the newest
    counts. Labels with split "test" are never learned from.

    Example: pilkada train --from-archive
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.corpora import read_corpus, read_sentences
    from pilkada_nlp.labelling import resolve
    from pilkada_nlp.training import articles_held_back, train_version
    from pilkada_nlp.training import train as train_model
    from pilkada_nlp.versions import Versions, judge

    if archive_url and not from_archive:
        raise click.UsageError("--archive says where --from-archive finds its labels; give both")
    folders = [path for path in labelled if path.is_dir()]
    if not folders:
        folders = [path for name in ("berita", "ringkas") if (path := Path("corpora") / name).is_dir()]
        sentences = sentences or [path for path in [Path("corpora") / "kalimat"] if path.is_dir()]
    corpus = read_corpus(folders)
    given = [one for path in labelled if path.is_file() for one in read_labellings(path, None, taxonomy)]
    if from_archive:
        with closing(Archive(archive_url, create=False)) as archive:
            given += archive.labels()
    own = resolve(given)
    taught = read_sentences(sentences)
    with progress_bar() as progress:
        if out:
            held_back = articles_held_back(corpus, own)
            trained = train_model(corpus, out, seed, taxonomy, taught, own, held_back, progress)
            if held_back:
                judge(out, held_back)
        else:
            trained = train_version(Versions(folder), corpus, own, seed, taxonomy, taught, progress)
    manifest = trained.manifest
    rows: list[Row] = [{"measure": name, "value": value} for name, value in sorted(manifest.scores.items())]
    print_rows(rows, form, f"{manifest.name}: {manifest.articles} articles")
    for doubt in trained.doubts[:doubts]:
        tell(
            f"Look again: {doubt.article} ({doubt.title}): {doubt.field} is {doubt.given}, where others like it are "
            f"{doubt.expected} ({doubt.probability:.2f})"
        )
        for evidence in doubt.evidence[:1]:
            tell(f"    “{evidence.text}”")
    more = f"; {len(trained.doubts)} own labels deserve another look" if trained.doubts else ""
    tell(f"Wrote {out or manifest.name}{more}")


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
        tell("PILKADA_MEASURE is not set: overlap with the measuring data was not checked")
    print_rows((count._asdict() for count in report.counts), form, "Balance")
    for problem in report.problems:
        complain(f"{problem.where}: {problem.rule}: {problem.detail}")
    tell(f"{len(report.problems)} problems")
    if report.problems:
        sys.exit(1)
