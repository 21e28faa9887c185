"""`pilkada evaluate`, `models`, `promote`, `rollback` and `drift`: how good a model is, and which one serves."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pilkada_nlp.cli.labels import read_labellings
from pilkada_nlp.cli.options import archive_option, day_option, format_option, model_folder, models_option
from pilkada_nlp.cli.printing import Format, Row, complain, print_rows, progress_bar, tell
from pilkada_nlp.errors import InputError

if TYPE_CHECKING:
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article import Article, Tagging
    from pilkada_nlp.classifiers import Tagger
    from pilkada_nlp.classifiers.model import Reference
    from pilkada_nlp.drift import DriftRow
    from pilkada_nlp.evaluation.comparison import Comparison
    from pilkada_nlp.fetching import Progress
    from pilkada_nlp.labelling import Labelling

_PLACES = 4  # of a figure in a table; 0.0001 is less than one article in a thousand
_MOVED = 3  # themes in a row for people
_SHOWN = ("themes", "signal", "relevance", "modality")


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json", "html"]),
    default="markdown",
    show_default=True,
    help="How the report is printed.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the intervals.")
@models_option
def evaluate(
    model: Path, data: Path, form: Literal["markdown", "json", "html"], seed: int, folder: Path | None
) -> None:
    """Judge a model by labelled articles.

    The report has figures with intervals, slices, calibration and the worst errors. MODEL is a model's folder or the
    name of a version; DATA is a file of labels or a folder of a corpus, of which the articles with split "test" count,
    or all when there are none.

    Example: pilkada evaluate models/tagger corpora/berita --format html > laporan.html
    """
    from pilkada_nlp.classifiers import load_tagger
    from pilkada_nlp.evaluation import evaluate as judge
    from pilkada_nlp.evaluation import report_html, report_markdown

    tagger = load_tagger(model_folder(model, folder))
    report = judge(tagger, _test_articles(data), seed)
    if form == "json":
        from pilkada_nlp.cli.printing import print_json

        print_json(report)
    else:
        click.echo((report_html if form == "html" else report_markdown)(report))


@click.command()
@models_option
@format_option
def models(folder: Path | None, form: Format) -> None:
    """List the versions of the model, and say which one serves.

    Figures are F1 (modality: accuracy) on the frozen articles that no version learns from.

    Example: pilkada models
    """
    from pilkada_nlp.versions import Versions

    versions = Versions(folder).all()
    rows: list[Row] = [
        {
            "version": version.name,
            "serves": "yes" if version.serving else "",
            "made": f"{version.made_at:%Y-%m-%d}",
            "articles": version.articles,
            "own": version.own_articles,
            **{name: f"{version.figures[name]:.3f}" if name in version.figures else "-" for name in _SHOWN},
        }
        for version in versions
    ]
    if form == "table":
        for row in rows:
            del row["made"], row["relevance"]  # so that the rest has room in eighty columns
    print_rows(rows, form, "Models")
    for version in versions:
        if version.problem:
            complain(version.problem)


@click.command()
@click.argument("version")
@click.option(
    "--data",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    show_default="the frozen articles",
    help="Labelled articles to judge by (file, or folder of a corpus); may be given again.",
)
@click.option("--allow-regression", "allow", multiple=True, metavar="GATE", help="A gate that may be missed.")
@click.option("--why", multiple=True, help="Why it may; once for each --allow-regression.")
@models_option
@format_option
def promote(
    version: str, data: Sequence[Path], allow: Sequence[str], why: Sequence[str], folder: Path | None, form: Format
) -> None:
    """Put a version in service, if it is not worse than what serves.

    Both are judged on the same articles, and on samples drawn from these: "worse in" says in how many of them the new
    one does worse. Of the errors of calibration less is better. It is refused (exit status 1) when a core theme,
    relevance, signals or calibration fall by more than models/gates.toml bears, or when the own labels contradict one
    another. Runs that are at work end with the model they began with.

    Example: pilkada promote tagger-27195fa1-0 --allow-regression petahana --why "label lama keliru"
    """
    from pilkada_nlp.versions import Versions

    if len(allow) != len(why) or not all(reason.strip() for reason in why):
        raise click.UsageError("--allow-regression needs a --why that says the reason")
    judged_by = [labelling for path in data for labelling in _test_articles(path)]
    verdict = Versions(folder).promote(version, judged_by, allow=dict(zip(allow, why, strict=True)))
    make = _comparison_line if form == "table" else _comparison_row
    print_rows(map(make, verdict.comparisons), form, f"{verdict.version} against {verdict.against}")
    for sentence in verdict.allowed:
        tell(f"Allowed: {sentence}")
    for refusal in verdict.refusals:
        complain(f"refused: {refusal.reason}")
    if verdict.refusals:
        sys.exit(1)
    tell(f"{version} serves from now on; `pilkada rollback` undoes it")


def _comparison_row(one: "Comparison") -> Row:
    return {"figure": one.gate, "before": one.before, "now": one.now, "change": one.change, "fell": one.fell}


def _comparison_line(one: "Comparison") -> Row:
    """Return a row for people, who subtract what they see: of the errors of calibration, less is better."""
    before, now = round(one.before, _PLACES), round(one.now, _PLACES)
    return {
        "figure": one.gate,
        "before": f"{before:.{_PLACES}f}",
        "now": f"{now:.{_PLACES}f}",
        "now - before": f"{now - before:+.{_PLACES}f}",
        "worse in": f"{one.fell:.0%} of samples",
    }


@click.command()
@models_option
def rollback(folder: Path | None) -> None:
    """Put the version in service that served before.

    Example: pilkada rollback
    """
    from pilkada_nlp.versions import Versions

    name = Versions(folder).rollback()
    tell(f"{name or 'the shipped model'} serves from now on")


@click.command()
@day_option("--since", "The first day to look at.", "four weeks before the newest day")
@archive_option
@format_option
def drift(since: datetime | None, archive_url: str | None, form: Format) -> None:
    """Show how articles differ from what the model learned from.

    By week and by outlet of the archive, beside the training texts in the first row: the share of words that the model
    does not know, the main themes of articles on elections, and how far its probabilities have moved (population
    stability index: relevance of all articles, likeliest theme of those on elections; above 0.25 is commonly called
    another distribution). The press always differs from training; the daily summary warns only of what is unusual for
    the press. Articles are read again, which takes some seconds a thousand.

    Example: pilkada drift --since 2024-11-01
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.classifiers import load_tagger
    from pilkada_nlp.drift import drift_report
    from pilkada_nlp.fetching import today

    tagger = load_tagger()
    with closing(Archive(archive_url, create=False)) as archive, progress_bar() as progress:
        last = archive.newest_day(today(datetime.now(UTC))) or today(datetime.now(UTC))
        first = since.date() if since else last - timedelta(days=27)
        report = drift_report(_tagged(archive, tagger, first, last, progress), tagger)
    if not report.weeks:
        advice = f"run `pilkada poll`, or `pilkada retag --since {first}`"
        raise InputError(f"no article from {first} to {last} was tagged by {tagger.name}; {advice}", "archive")
    rows: list[tuple[str, DriftRow | Reference]] = [
        ("training", report.training),
        *((row.where, row) for row in (*report.weeks, *report.outlets)),
    ]
    make = _drift_line if form == "table" else _drift_row
    print_rows(
        (make(where, row, report.training) for where, row in rows),
        form,
        f"Articles from {first} to {last}, tagged by {tagger.name}",
    )


def _tagged(
    archive: "Archive", tagger: "Tagger", first: date, last: date, progress: "Progress"
) -> "Iterator[tuple[Article, Tagging]]":
    days = (last - first).days + 1
    for number in range(days):
        day = first + timedelta(days=number)
        taggings = archive.taggings(day, day, tagger.name)
        for article in archive.articles(day, day) if taggings else ():
            if article.id in taggings:
                yield article, taggings[article.id]
        progress("tag", number + 1, days)


def _drift_row(where: str, row: "DriftRow | Reference", training: "Reference") -> Row:
    counts: Row = {"where": where, "articles": "", "related": "", "unknown": row.unknown, "relevance": "", "themes": ""}
    if isinstance(row, tuple):
        relevance, strongest = ("" if one is None else one for one in (row.relevance, row.strongest))
        counts |= {"articles": row.articles, "related": row.related, "relevance": relevance, "themes": strongest}
    return counts | {theme: row.themes[theme] for theme in training.themes}


def _drift_line(where: str, row: "DriftRow | Reference", training: "Reference") -> Row:
    """Return a row for people, with the themes whose share is furthest from training."""
    whole = _drift_row(where, row, training)
    moved = sorted(training.themes, key=lambda theme: -abs(row.themes[theme] - training.themes[theme]))
    shown = [f"{theme} {row.themes[theme]:.0%} ({training.themes[theme]:.0%})" for theme in moved[:_MOVED]]
    return {
        "where": where,
        "articles": whole["articles"],
        "related": whole["related"],
        "unknown": f"{row.unknown:.0%}",
        "PSI": " / ".join(f"{whole[name]:.2f}" for name in ("relevance", "themes") if whole[name] != ""),
        "themes (training)": ", ".join(shown) if isinstance(row, tuple) and row.strongest is not None else "",
    }


def _test_articles(path: Path) -> "list[Labelling]":
    """Return the labelled articles of a file or a folder of a corpus: those of split "test" if there are any."""
    from pilkada_nlp.corpora import read_corpus
    from pilkada_nlp.labelling import Labelling

    found = [Labelling(article=row) for row in read_corpus([path])] if path.is_dir() else read_labellings(path)
    return [one for one in found if one.article.split == "test"] or found
