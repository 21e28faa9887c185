"""`pilkada tag`, `extract` and `stem`: articles and pages that a user hands over."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import click

from pilkada_nlp.cli.messages import say
from pilkada_nlp.cli.options import config_option, format_option, lang_option, model_option
from pilkada_nlp.cli.printing import Format, Row, complain, heading, print_json, print_rows, print_values
from pilkada_nlp.errors import InputError

if TYPE_CHECKING:
    from pilkada_nlp.article import Article, Tagging
    from pilkada_nlp.extraction.workers import Job
    from pilkada_nlp.wording import Language

_BATCH = 100  # articles held in memory while tagging a stream


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-")
@model_option
@click.option("--explain", is_flag=True, help="Print what each judgement rests on, instead of a few lines.")
@lang_option("--explain")
@format_option
def tag(files: Sequence[str], model: Path | None, explain: bool, lang: "Language", form: Format) -> None:
    """Tag articles given as text, HTML or JSONL.

    "-" reads standard input, and a folder is read whole. A JSONL line has text, and may have id, title, url, date and
    outlet. Of a text file the first line is the title.

    Example: pilkada tag berita.jsonl --format jsonl
    """
    if explain and form != "table":
        raise click.UsageError(f"--explain prints text for people; leave it or --format {form} out")
    from pilkada_nlp.classifiers import load_tagger

    tagger = load_tagger(model)
    failures: list[InputError] = []

    def report(error: InputError) -> None:
        failures.append(error)
        complain(error)

    def tagged() -> "Iterator[tuple[Article, Tagging]]":
        articles = read_files(files, report)
        while batch := list(islice(articles, _BATCH)):
            yield from zip(batch, tagger.tag(batch), strict=True)

    if explain:
        for article, tagging in tagged():
            click.echo(f"{tagging.explain(lang, article.title)}\n")
    else:
        _print_taggings(tagged(), form)
    if failures:
        sys.exit(1)


def read_files(names: Iterable[str], report: Callable[[InputError], None]) -> "Iterator[Article]":
    """Yield the articles of all files; what cannot be read is reported and passed over."""
    from pilkada_nlp.inputs import read_articles

    for name in names:
        try:
            yield from read_articles(name, report)
        except InputError as error:
            report(error)


def _print_taggings(pairs: "Iterable[tuple[Article, Tagging]]", form: Format) -> None:
    if form == "table":
        for article, tagging in pairs:
            click.echo(_described(article, tagging))
    elif form == "csv":
        print_rows((_tagging_row(article, tagging) for article, tagging in pairs), form)
    else:
        print_values((tagging for _, tagging in pairs), form)


def _described(article: "Article", tagging: "Tagging") -> str:
    """Return a tagging in a few lines for people."""
    lines = [heading(f"{tagging.id}  {article.title}")]
    kind = tagging.source_kind.value + (f" {tagging.source_kind.mark}" if tagging.source_kind.mark else "")
    if tagging.modality is None:
        lines.append("  " + say(f"not about an election ({tagging.relevant.score:.2f}); {kind}"))
    else:
        second = f", then {tagging.modality.secondary}" if tagging.modality.secondary else ""
        said = say(
            f"{tagging.relevant.election} ({tagging.relevant.score:.2f}); {tagging.modality.value} "
            f"({tagging.modality.score:.2f}{second}); severity {tagging.severity}; {kind}"
        )
        lines.append(f"  {said}")
    for theme in tagging.themes:
        lines.append(f"  {theme.theme}: {theme.strength} ({theme.score:.2f})")
        lines += [f"    “{evidence.text}”" for evidence in theme.evidence[:1]]
    if places := tagging.places():
        lines.append("  " + "; ".join(f"{place.code} {place.name}" for place in places))
    if tagging.review:
        lines.append("  " + say(f"needs review: {', '.join(tagging.review)}"))
    return "\n".join(lines)


def _tagging_row(article: "Article", tagging: "Tagging") -> Row:
    return {
        "id": tagging.id,
        "title": article.title,
        "relevant": "yes" if tagging.relevant.value else "no",
        "election": tagging.relevant.election or "",
        "themes": "; ".join(f"{theme.theme} ({theme.strength})" for theme in tagging.themes),
        "modality": tagging.modality.value if tagging.modality else "",
        "regions": "; ".join(f"{region.code} {region.name}" for region in tagging.places()),
        "source_kind": tagging.source_kind.value,
        "severity": tagging.severity,
        "review": "; ".join(tagging.review),
    }


@click.command()
@click.argument("source", metavar="FILE|URL|-")
@click.option("--url", help="The address that the page in FILE came from; tells its outlet too.")
@config_option
@click.option(
    "--explain", "explained", is_flag=True, help="Say which rule gave each field and what was removed, and why."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the article is printed.",
)
def extract(source: str, url: str | None, config: Path | None, explained: bool, form: Literal["text", "json"]) -> None:
    """Print the article on a page, or why there is none.

    A web address is fetched as `pilkada daily` would, with the further pages of a split article, and needs a
    configuration; a saved page does not.

    Example: pilkada extract halaman.html --url https://news.detik.com/berita/d-1 --format json
    """
    on_the_web = source.startswith(("http://", "https://"))
    if url and on_the_web:
        raise click.UsageError("--url says where a saved page came from; a web address is fetched from where it is")
    from pilkada_nlp.article import Rejection, canonical_url
    from pilkada_nlp.extraction import as_dict, explain
    from pilkada_nlp.extraction.workers import Workers

    try:
        canonical_url(url or "https://contoh.id")
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error
    job = _fetched(source, config) if on_the_web else _saved(source, url, config)
    with Workers(count=1) as workers:
        result = next(workers.extract([job]))
    shown = as_dict(result)
    if "url" in shown and not on_the_web and url is None:
        shown["url"] = None  # a saved page does not say where it came from
    # What broke a worker or took too long is not read once more in this process.
    if explained and not (isinstance(result, Rejection) and result.reason == "unreadable"):
        found = explain(*job)
        shown |= {"rules": found.rules, "removed": [piece._asdict() for piece in found.removed]}
    if form == "json":
        print_json(shown)
    else:
        click.echo(_page_text(shown))


def _saved(name: str, url: str | None, config: Path | None) -> "Job":
    """Return the page in a file, as the outlet's at `url` when that is known."""
    from pilkada_nlp.config import known_outlets
    from pilkada_nlp.extraction.workers import Job
    from pilkada_nlp.inputs import page_of_html
    from pilkada_nlp.scrapers import outlet_of

    try:
        with click.open_file(name, "rb") as stream:
            content = stream.read()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check its name and permissions", name) from error
    if url is None:
        return Job(page_of_html(content), None)
    outlet = outlet_of(url, known_outlets(config))
    return Job(page_of_html(content, url, outlet.id if outlet else ""), outlet)


def _fetched(url: str, config: Path | None) -> "Job":
    """Return the page at an address with those further pages of its article that can be had."""
    from pilkada_nlp.article import Outlet, Rejection
    from pilkada_nlp.config import known_outlets, load_config
    from pilkada_nlp.extraction import further_pages
    from pilkada_nlp.extraction.workers import Job
    from pilkada_nlp.scrapers import Fetcher, outlet_of

    contact = load_config(config).contact
    known = outlet_of(url, known_outlets(config))
    outlet = known or Outlet(id="", name="", home=url)
    with closing(Fetcher(contact)) as fetcher:
        page = fetcher.get(url, outlet)
        if isinstance(page, Rejection):
            raise InputError(
                f"cannot be fetched ({page.reason}: {page.detail}); try later, or save the page and give the file", url
            )
        rest = [fetcher.get(address, outlet) for address in further_pages(page, outlet)]
    return Job(page, known, [part for part in rest if not isinstance(part, Rejection)])


def _page_text(shown: dict[str, Any]) -> str:
    """Return an extracted article, or a refusal, in lines for people."""
    pieces = [f"  - [{piece['rule']}] {piece['text']}" for piece in shown.get("removed", ())]
    rules = [f"  {name}: {rule}" for name, rule in shown.get("rules", {}).items()]
    why = [*(["", "Rules:", *rules] if rules else []), *(["", "Removed:", *pieces] if pieces else [])]
    if "refused" in shown:
        return "\n".join([say(f"no article: {shown['refused']} ({shown['detail']})"), *why])
    names = ("url", "outlet", "published_at", "published_on", "updated_at", "authors", "editors", "section", "tags")
    facts = (*names, "dateline", "marks", "source_line")
    values = {name: ", ".join(value) if isinstance(value := shown[name], list) else value for name in facts}
    head = [f"{name}: {value}" for name, value in values.items() if value]
    if not shown["complete"]:
        head.append("complete: no, further pages are missing")
    return "\n".join([heading(shown["title"]), *head, "", shown["body"], *why])


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--stock", is_flag=True, help="PySastrawi 1.2.1 to the letter, without the corrections for elections.")
def stem(file: IO[bytes], stock: bool) -> None:
    """Print each line of FILE with its words stemmed.

    Without a FILE, or for "-", standard input is read.

    Example: echo "Petahana membagikan sembako" | pilkada stem
    """
    from pilkada_nlp.preprocessing import Stemmer

    stemmer = Stemmer(corrections=not stock)
    for line in file:
        click.echo(stemmer.stem(line.decode("utf-8", "replace")))
