"""The command `pilkada`: it parses, calls and prints; everything it does is one call in Python."""

import csv
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import click

from pilkada_nlp._version import __version__
from pilkada_nlp.errors import ConfigError, InputError, PilkadaError

if TYPE_CHECKING:
    from pilkada_nlp.article import Article, Outlet, Page, Tagging, WatchlistEntry
    from pilkada_nlp.daily import DailyResult
    from pilkada_nlp.doctor import Health
    from pilkada_nlp.fetching import Progress
    from pilkada_nlp.scrapers import Trial
    from pilkada_nlp.wording import Language

Format = Literal["table", "json", "jsonl", "csv"]
Cell = str | int | float

_BATCH = 100  # articles held in memory while tagging a stream

_format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv"]),
    default="table",
    show_default=True,
    help="How results are printed.",
)
_lang_option = click.option(
    "--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help="Language of the summary."
)


_config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Another configuration file."
)
_archive_option = click.option(
    "--archive", "archive_url", help="Another archive, such as sqlite:////folder/archive.db."
)
_own_option = click.option(
    "--outlets",
    "own",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A table of outlets that are added to the known ones or override them.",
)
_only_option = click.option(
    "--only", multiple=True, metavar="ID", help="Only this outlet; can be given again, or as ID,ID."
)


class _Commands(click.Group):
    """Turns our errors into one sentence on stderr: exit 1, or 2 where the configuration is at fault."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo(f"pilkada: {error}", err=True)
            ctx.exit(2)
        except PilkadaError as error:
            click.echo(f"pilkada: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("pilkada: stopped; the next run goes on from here", err=True)
            ctx.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pilkada")
def main() -> None:
    """Monitor Indonesian news for risks around regional elections.

    Results go to stdout, messages and progress to stderr. Exit status: 0 done, 1 something failed, 2 wrong usage.
    """


@main.command()
@click.option("--contact", help="E-mail or web address that goes into the User-Agent.")
@click.option("--outlets", help="Ids of outlets, separated by commas; empty for all.")
@click.option("--out", help="Folder for the summaries.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Where the configuration is written.")
def init(contact: str | None, outlets: str | None, out: str | None, config: Path | None) -> None:
    """Write the configuration, asking for what is not given.

    Example: pilkada init --contact pemantau@contoh.id --outlets antara,tempo --out ringkasan
    """
    from pilkada_nlp.config import default_config, write_config
    from pilkada_nlp.scrapers import load_outlets

    path = config or default_config()
    if path.exists():
        click.confirm(f"{path} exists; write it anew?", abort=True, err=True)
    known = load_outlets()
    contact = contact or click.prompt("Contact address (e-mail or web) for the User-Agent", err=True)
    if outlets is None:
        click.echo("Known outlets: " + ", ".join(known), err=True)
        outlets = click.prompt("Outlets to read (ids, commas; empty for all)", default="", show_default=False, err=True)
    chosen = [name.strip() for name in (outlets or "").split(",") if name.strip()]
    if unknown := sorted(set(chosen) - set(known)):
        raise ConfigError(f"unknown outlets: {', '.join(unknown)}; known are {', '.join(known)}")
    out = out or click.prompt("Folder for the summaries", default="ringkasan", err=True)
    write_config(path, str(contact), str(Path(str(out)).expanduser().absolute()), chosen)
    click.echo(f"Wrote {path}", err=True)


@main.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day to summarise.  [default: today in WIB]")
@_config_option
@_own_option
@_archive_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Another folder for the summary.")
@_lang_option
@_format_option
def daily(
    day: datetime | None,
    config: Path | None,
    own: Path | None,
    archive_url: str | None,
    out: Path | None,
    lang: "Language",
    form: Format,
) -> None:
    """Read the outlets and write the summary of a day; running it again is harmless.

    Example: pilkada daily --date 2024-11-27 --out ringkasan
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.daily import run_daily
    from pilkada_nlp.fetching import today
    from pilkada_nlp.scrapers import Fetcher

    settings = load_config(config)
    outlets = chosen_outlets(settings, config, own)
    archive = Archive(archive_url)
    fetcher = Fetcher(settings.contact, robots=archive.robots())
    target = out or Path(settings.out).expanduser()
    try:
        with _progress_bar() as progress:
            date = day.date() if day else today(datetime.now(UTC))
            result = run_daily(date, outlets, archive, target, fetcher, language=lang, progress=progress)
    finally:
        fetcher.close()
        archive.close()
    _print_summary(result, lang, form)
    if not result.any_source_read:
        click.echo("pilkada: no source could be read; the summary says so and holds what the archive had", err=True)
        sys.exit(1)


@main.command()
@_only_option
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Go through a past period, from this day on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Its last day.  [default: today]")
@click.option("--limit", type=click.IntRange(1), help="The most new articles of one outlet.")
@_config_option
@_own_option
@_archive_option
@_format_option
def fetch(
    only: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    config: Path | None,
    own: Path | None,
    archive_url: str | None,
    form: Format,
) -> None:
    """Ask the outlets what is new and fetch it into the archive, without a summary.

    Asks the sources that are due: busy ones often, silent ones seldom; those of outlets given with --only always. With
    --since a past period is gone through whole, from sitemaps, dated listings and WordPress; interrupted, it goes on
    where it was. Days are those of WIB.

    Example: pilkada fetch --since 2024-08-01 --until 2024-12-31 --only antara-kaltim
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.fetching import fetch_outlets, reach, source_row, today
    from pilkada_nlp.scrapers import Fetcher

    if until and (since is None or until < since):
        raise click.UsageError("--until needs a --since that is not after it")
    settings = load_config(config)
    outlets = chosen_outlets(settings, config, own, _ids(only))
    now = datetime.now(UTC)
    period = reach(now, since.date() if since else None, until.date() if until else None)
    archive = Archive(archive_url)
    fetcher = Fetcher(settings.contact, robots=archive.robots())
    try:
        with _progress_bar() as progress, archive.alone():
            report = fetch_outlets(
                outlets,
                archive,
                fetcher,
                period,
                day=today(now),
                all_sources=bool(only or since),
                limit=limit,
                progress=progress,
            )
    finally:
        fetcher.close()
        archive.close()
    _print_rows((source_row(record) for record in report.asked), form, "Sources asked")
    reasons = ", ".join(f"{reason} {count}" for reason, count in report.set_aside.most_common())
    click.echo(f"{report.pages} new articles; set aside: {reasons or 'nothing'}; {len(report.left)} not due", err=True)
    if report.asked and all(record.outcome == "failed" for record in report.asked):
        click.echo("pilkada: none of the sources that were asked could be read", err=True)
        sys.exit(1)


@main.command()
@_only_option
@_config_option
@_own_option
@_archive_option
@_format_option
def doctor(only: Sequence[str], config: Path | None, own: Path | None, archive_url: str | None, form: Format) -> None:
    """Show the health of every source; exit status 1 when something needs a person.

    Last success, failures in a row, the articles of yesterday against the median of four weeks, and on which share of
    the newest pages the selectors of title, body and date find something. Nothing is fetched.

    Example: pilkada doctor --only antara-kaltim
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.doctor import examine

    outlets = chosen_outlets(load_config(config), config, own, _ids(only))
    archive = Archive(archive_url)
    try:
        healths = examine(outlets, archive, datetime.now(UTC))
    finally:
        archive.close()
    _print_rows((_health_row(health) for health in healths), form, "Sources")
    sick = sum(bool(health.needs) for health in healths)
    click.echo(f"{sick} of {len(healths)} sources need a person", err=True)
    if sick:
        sys.exit(1)


def _health_row(health: "Health") -> dict[str, Cell]:
    shares = {
        field: f"{health.found[field]:.0%}" if field in health.found else "" for field in ("title", "body", "date")
    }
    return {
        "outlet": health.outlet,
        "type": health.type,
        "address": health.address,
        "last success": health.succeeded_at.isoformat(timespec="minutes") if health.succeeded_at else "",
        "failures": health.failures,
        "yesterday": health.yesterday,
        "usual": health.usual,
        **shares,
        "needs": "; ".join(health.needs),
    }


def _ids(only: Sequence[str]) -> list[str]:
    """Return the ids of outlets that were given one by one or with commas."""
    return [name.strip() for text in only for name in text.split(",") if name.strip()]


@main.group()
def outlets() -> None:
    """List, check and add outlets."""


@outlets.command("list")
@_own_option
@_format_option
def list_(own: Path | None, form: Format) -> None:
    """List the known outlets with their sources.

    Example: pilkada outlets list --format csv
    """
    from pilkada_nlp.scrapers import load_outlets

    table = load_outlets(own)
    rows: list[dict[str, Cell]] = [
        {
            "id": outlet.id,
            "name": outlet.name,
            "kind": outlet.kind,
            "regions": ", ".join(outlet.regions),
            "sources": ", ".join(f"{kind} {address}" for kind, address in outlet.sources()),
            "verified": str(outlet.verified or ""),
        }
        for outlet in table.values()
    ]
    _print_rows(rows, form, f"{len(rows)} outlets")


@outlets.command("check")
@click.argument("ids", nargs=-1, metavar="[ID…]")
@_config_option
@_own_option
@_format_option
def check_outlets(ids: Sequence[str], config: Path | None, own: Path | None, form: Format) -> None:
    """Check the table of outlets and ask each source of the outlets given once; exit status 1 when one fails.

    Without an ID only the table is checked, and nothing is fetched.

    Example: pilkada outlets check antara-kaltim --outlets outlet-saya.toml
    """
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.scrapers import Fetcher, load_outlets, try_sources

    if not ids:
        click.echo(f"{len(load_outlets(own))} outlets, all in good form", err=True)
        return
    settings = load_config(config)
    chosen = chosen_outlets(settings, config, own, ids)
    fetcher = Fetcher(settings.contact)
    try:
        trials = [trial for outlet in chosen for trial in try_sources(outlet, fetcher)]
    finally:
        fetcher.close()
    _print_rows((_trial_row(trial) for trial in trials), form, "Sources tried")
    if any(trial.reason for trial in trials):
        sys.exit(1)


def _trial_row(trial: "Trial") -> dict[str, Cell]:
    return {
        "outlet": trial.outlet,
        "type": trial.type,
        "address": trial.address,
        "outcome": trial.reason or "fetched",
        "links": trial.links,
        "newest": trial.newest.isoformat(timespec="minutes") if trial.newest else "",
        "detail": trial.detail,
    }


@outlets.command("add")
@click.argument("url")
@_config_option
@click.option("--allow-private", is_flag=True, help="The site lies on this machine or in an intranet.")
def add_outlet(url: str, config: Path | None, allow_private: bool) -> None:
    """Look for the feed, sitemap or WordPress interface of the site at URL and print the TOML of the outlet.

    Paste it into a file of your own, correct name, kind, regions and timezone, and give it with --outlets.

    Example: pilkada outlets add https://contoh.id >> outlet-saya.toml
    """
    from pilkada_nlp.config import load_config
    from pilkada_nlp.scrapers import Fetcher, find_sources, outlet_toml

    fetcher = Fetcher(load_config(config).contact)
    try:
        outlet, tried = find_sources(url, fetcher, allow_private=allow_private)
    finally:
        fetcher.close()
    for trial in tried:
        outcome = f"{trial.reason} ({trial.detail})" if trial.reason else f"{trial.links} links"
        click.echo(f"{trial.type} {trial.address}: {outcome}", err=True)
    if not outlet.verified:
        raise InputError("no feed, sitemap, WordPress interface or headlines found; see above what was tried", url)
    click.echo(outlet_toml(outlet))


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo-output",
    show_default=True,
    help="Folder for the summary and the archive of the demonstration.",
)
@_lang_option
@_format_option
def demo(out: Path, lang: "Language", form: Format) -> None:
    """Run the daily job on a small news site on this machine.

    Three outlets written for this purpose are served on loopback and read over real HTTP. Nothing else is contacted.
    """
    from pilkada_nlp.demo import run_demo

    with _progress_bar() as progress:
        result = run_demo(out, lang, progress)
    _print_summary(result, lang, form)


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-")
@click.option(
    "--model", type=click.Path(path_type=Path, file_okay=False), help="A model folder other than the shipped."
)
@click.option("--explain", is_flag=True, help="Print what each judgement rests on, instead of a few lines.")
@click.option("--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help="Language of --explain.")
@_format_option
def tag(files: Sequence[str], model: Path | None, explain: bool, lang: "Language", form: Format) -> None:
    """Tag articles given as text, HTML or JSONL; "-" reads standard input.

    A JSONL line has id, title and text, and may have url, date and outlet. Of a text file the first line is the title.

    Example: pilkada tag berita.jsonl --format jsonl
    """
    if explain and form != "table":
        raise click.UsageError(f"--explain prints text for people and has no --format {form}")
    from pilkada_nlp.classifiers import load_tagger

    tagger = load_tagger(model)
    failures: list[PilkadaError] = []

    def tagged() -> "Iterator[tuple[Article, Tagging]]":
        for batch in _batches(_read_inputs(files, failures)):
            yield from zip(batch, tagger.tag(batch), strict=True)

    if explain:
        for article, tagging in tagged():
            click.echo(f"{tagging.explain(lang, article.title)}\n")
    else:
        _print_taggings(tagged(), form)
    if failures:
        sys.exit(1)


@main.command("extract")
@click.argument("source", metavar="FILE|URL|-")
@click.option("--url", help="The address that the page in FILE came from; tells its outlet too.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Another configuration file.")
@click.option(
    "--explain", "explained", is_flag=True, help="Say which rule gave each field and what was removed, and why."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def extract_page(source: str, url: str | None, config: Path | None, explained: bool, form: str) -> None:
    """Print the article on a page, or why there is none.

    A web address is fetched as `pilkada daily` would, with the further pages of a split article, and needs a
    configuration; a saved page does not.

    Example: pilkada extract halaman.html --url https://news.detik.com/berita/d-1 --format json
    """
    import msgspec

    from pilkada_nlp.extraction import as_dict, explain
    from pilkada_nlp.extraction.workers import Job, Workers

    job = (
        _fetched_job(source, config) if source.startswith(("http://", "https://")) else _saved_job(source, url, config)
    )
    if explained:
        found = explain(*job)
        shown = as_dict(found.result) | {"rules": found.rules, "removed": [piece._asdict() for piece in found.removed]}
    else:
        with Workers(count=1) as workers:
            shown = as_dict(next(workers.extract([Job(*job)])))
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2))
    else:
        click.echo(_page_text(shown))


@main.command()
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
    help="Another table of themes than the shipped one; it may add themes.",
)
@_format_option
def train(
    corpus: Sequence[Path], sentences: Sequence[Path], out: Path, seed: int, taxonomy: Path | None, form: Format
) -> None:
    """Train a tagger on labelled articles (JSONL files or folders of them).

    Example: pilkada train corpora/berita --sentences corpora/kalimat --out models/tagger
    """
    from pilkada_nlp.corpora import read_corpus, read_sentences
    from pilkada_nlp.training import train as train_model

    manifest = train_model(read_corpus(corpus), out, seed, taxonomy, read_sentences(sentences))
    scores = sorted(manifest.scores.items())
    rows: list[dict[str, Cell]] = [{"measure": name, "value": value} for name, value in scores]
    _print_rows(rows, form, f"{manifest.name}: {manifest.articles} articles")
    click.echo(f"Wrote {out}", err=True)


@main.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--stock", is_flag=True, help="PySastrawi 1.2.1 to the letter, without the corrections for elections.")
def stem(file: IO[bytes], stock: bool) -> None:
    """Print each line of FILE, or of standard input, with its words stemmed.

    Example: echo "Petahana membagikan sembako" | pilkada stem
    """
    from pilkada_nlp.preprocessing import Stemmer

    stemmer = Stemmer(corrections=not stock)
    for line in file:
        click.echo(stemmer.stem(line.decode("utf-8", "replace")))


@main.group()
def corpora() -> None:
    """Work with the labelled texts that models are trained on."""


@corpora.command("check")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default="corpora")
@_format_option
def check(folder: Path, form: Format) -> None:
    """Check schema, guideline rules, splits, similarity and balance of the corpora in FOLDER.

    With the environment variable PILKADA_MEASURE, the folder of measuring data, also that no run of eight words is
    shared with it. Exit status 1 when a rule is broken.

    Example: pilkada corpora check corpora
    """
    from pilkada_nlp.corpora import check_corpora

    measure = os.environ.get("PILKADA_MEASURE")
    report = check_corpora(folder, Path(measure) if measure else None)
    if not measure:
        click.echo("PILKADA_MEASURE is not set: overlap with the measuring data was not checked", err=True)
    _print_rows((count._asdict() for count in report.counts), form, "Balance")
    for problem in report.problems:
        click.echo(f"pilkada: {problem.where}: {problem.rule}: {problem.detail}", err=True)
    click.echo(f"{len(report.problems)} problems", err=True)
    if report.problems:
        sys.exit(1)


# Input


def _read_inputs(names: Iterable[str], failures: list[PilkadaError]) -> "Iterator[Article]":
    """Yield the articles of all files; what cannot be read is reported, kept in `failures`, and passed over."""

    def report(error: PilkadaError) -> None:
        failures.append(error)
        click.echo(f"pilkada: {error}", err=True)

    for name in names:
        try:
            with click.open_file(name, "rb") as stream:
                yield from _articles_of(name, stream, report)
        except OSError as error:
            report(InputError(f"cannot be read ({error.strerror})", name))


def _known_outlets(config: Path | None) -> "dict[str, Outlet]":
    """Return the outlets of the configuration, of the shipped table when there is none."""
    from pilkada_nlp.config import default_config, load_config
    from pilkada_nlp.scrapers import load_outlets

    if config is None and not default_config().exists():
        return load_outlets()
    file = load_config(config).outlets_file
    return load_outlets(Path(file).expanduser() if file else None)


def _saved_job(name: str, url: str | None, config: Path | None) -> "tuple[Page, Outlet | None, list[Page]]":
    from pilkada_nlp.inputs import page_of_html
    from pilkada_nlp.scrapers import outlet_of

    try:
        with click.open_file(name, "rb") as stream:
            content = stream.read()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", name) from error
    if url is None:
        return page_of_html(content), None, []
    outlet = outlet_of(url, _known_outlets(config))
    return page_of_html(content, url, outlet.id if outlet else ""), outlet, []


def _fetched_job(url: str, config: Path | None) -> "tuple[Page, Outlet | None, list[Page]]":
    from pilkada_nlp.article import Outlet, Rejection
    from pilkada_nlp.config import load_config
    from pilkada_nlp.extraction import further_pages
    from pilkada_nlp.scrapers import Fetcher, outlet_of

    fetcher = Fetcher(load_config(config).contact)
    outlet = outlet_of(url, _known_outlets(config)) or Outlet(id="", name="", home=url)
    try:
        page = fetcher.get(url, outlet)
        if isinstance(page, Rejection):
            raise InputError(f"cannot be fetched ({page.reason}: {page.detail})", url)
        rest = [fetcher.get(address, outlet) for address in further_pages(page, outlet)]
    finally:
        fetcher.close()
    return page, outlet if outlet.id else None, [part for part in rest if not isinstance(part, Rejection)]


def _articles_of(name: str, stream: Any, report: Callable[[PilkadaError], None]) -> "Iterator[Article]":
    from pilkada_nlp.inputs import article_of_html, article_of_json, article_of_text

    shown = "<stdin>" if name == "-" else name
    first = stream.readline()
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        if name.endswith(".jsonl") or start.startswith(b"{"):
            for number, line in enumerate(_lines(first, stream), 1):
                if not line.strip():
                    continue
                try:
                    yield article_of_json(line, shown, number)
                except InputError as error:
                    report(error)
        elif name.endswith((".html", ".htm")) or start.startswith(b"<"):
            yield article_of_html(first + stream.read(), shown)
        else:
            yield article_of_text(first + stream.read(), shown)
    except PilkadaError as error:
        report(error)


def _lines(first: bytes, stream: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from stream


def _batches(articles: "Iterator[Article]") -> "Iterator[list[Article]]":
    batch: list[Article] = []
    for article in articles:
        batch.append(article)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


# Output


@contextmanager
def _progress_bar() -> "Iterator[Progress]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step)
            bars.update(tasks[step], completed=done, total=total)

        yield show


def _print_summary(result: "DailyResult", lang: "Language", form: Format) -> None:
    import msgspec

    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(result.summary), indent=2))
    elif form == "table":
        _print_watchlist(result, lang)
    else:
        _print_rows((_entry_row(entry) for entry in result.summary.watchlist), form, "")
    for path in result.files:
        click.echo(f"Wrote {path}", err=True)


def _print_watchlist(result: "DailyResult", lang: "Language") -> None:
    import msgspec

    from pilkada_nlp.classifiers.taxonomy import load_taxonomy
    from pilkada_nlp.summary import coverage, long_date
    from pilkada_nlp.wording import texts

    words, names, summary = texts(lang), load_taxonomy().names(lang), result.summary
    rows: list[dict[str, Cell]] = [
        {
            words["col_level"]: words["level"][entry.level],
            words["col_score"]: f"{entry.score:.1f}",
            words["col_region"]: entry.region_name,
            words["col_theme"]: names.get(entry.theme, entry.theme),
            words["col_why"]: entry.reasons[0].title,
        }
        for entry in summary.watchlist
    ]
    _print_table(rows, f"{words['watchlist']}, {long_date(summary.day, lang)}")
    counts = words["volume"].format(**msgspec.structs.asdict(summary))
    click.echo(f"{coverage(summary, lang)} {counts}")


def _entry_row(entry: "WatchlistEntry") -> dict[str, Cell]:
    return {
        "region": entry.region,
        "name": entry.region_name,
        "theme": entry.theme,
        "level": entry.level,
        "score": entry.score,
        "stories": sum(entry.counts.values()),
        "top": entry.reasons[0].title,
    }


def _page_text(shown: dict[str, Any]) -> str:
    """Return an extracted article, or a refusal, in lines for people."""
    pieces = [f"  - [{piece['rule']}] {piece['text']}" for piece in shown.get("removed", ())]
    rules = [f"  {name}: {rule}" for name, rule in shown.get("rules", {}).items()]
    why = [*(["", "Rules:", *rules] if rules else []), *(["", "Removed:", *pieces] if pieces else [])]
    if "refused" in shown:
        return "\n".join([f"no article: {shown['refused']} ({shown['detail']})", *why])
    names = ("url", "outlet", "published_at", "published_on", "updated_at", "authors", "editors", "section", "tags")
    facts = (*names, "dateline", "marks", "source_line")
    values = {name: ", ".join(value) if isinstance(value := shown[name], list) else value for name in facts}
    head = [f"{name}: {value}" for name, value in values.items() if value]
    if not shown["complete"]:
        head.append("complete: no, further pages are missing")
    return "\n".join([click.style(shown["title"], bold=True), *head, "", shown["body"], *why])


def _print_taggings(pairs: "Iterable[tuple[Article, Tagging]]", form: Format) -> None:
    import msgspec

    if form == "jsonl":
        for _, tagging in pairs:
            click.echo(msgspec.json.encode(tagging))
    elif form == "json":
        taggings = [tagging for _, tagging in pairs]
        click.echo(msgspec.json.format(msgspec.json.encode(taggings), indent=2))
    elif form == "csv":
        _print_rows((_tagging_row(article, tagging) for article, tagging in pairs), form, "")
    else:
        for article, tagging in pairs:
            click.echo(_described(article, tagging))


def _described(article: "Article", tagging: "Tagging") -> str:
    """Return a tagging in a few lines for people."""
    lines = [click.style(f"{tagging.id}  {article.title}", bold=True)]
    kind = tagging.source_kind.value + (f" {tagging.source_kind.mark}" if tagging.source_kind.mark else "")
    if tagging.modality is None:
        lines.append(f"  not about an election ({tagging.relevant.score:.2f}); {kind}")
    else:
        second = f", then {tagging.modality.secondary}" if tagging.modality.secondary else ""
        lines.append(
            f"  {tagging.relevant.election} ({tagging.relevant.score:.2f}); {tagging.modality.value} "
            f"({tagging.modality.score:.2f}{second}); severity {tagging.severity}; {kind}"
        )
    for theme in tagging.themes:
        lines.append(f"  {theme.theme}: {theme.strength} ({theme.score:.2f})")
        lines += [f"    “{evidence.text}”" for evidence in theme.evidence[:1]]
    if places := tagging.places():
        lines.append("  " + "; ".join(f"{place.code} {place.name}" for place in places))
    if tagging.review:
        lines.append("  needs review: " + ", ".join(tagging.review))
    return "\n".join(lines)


def _tagging_row(article: "Article", tagging: "Tagging") -> dict[str, Cell]:
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


def _print_rows(rows: Iterable[dict[str, Cell]], form: Format, title: str) -> None:
    """Print rows of equal keys; as a table for people, one JSON object a line, a JSON list, or CSV."""
    import msgspec

    if form == "table":
        _print_table(list(rows), title)
    elif form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(list(rows)), indent=2))
    elif form == "jsonl":
        for row in rows:
            click.echo(msgspec.json.encode(row))
    else:
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


def _print_table(rows: list[dict[str, Cell]], title: str) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title) or None, title_justify="left", box=SIMPLE, pad_edge=False)
    for name in rows[0] if rows else ():
        table.add_column(name)
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    Console().print(table if rows else escape(title) or "-")
