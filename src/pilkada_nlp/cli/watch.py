"""`pilkada watchlist`, `why`, `decide` and `correct`: what stands on the watchlist, why, and what people say to it."""

import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from pilkada_nlp.cli.messages import say
from pilkada_nlp.cli.options import archive_option, by_option, day_option, format_option, ids_of, one_line, who
from pilkada_nlp.cli.printing import Format, Row, print_rows, print_values, shown_time, tell
from pilkada_nlp.errors import InputError

if TYPE_CHECKING:
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article.findings import Decision, Sentence, Watchlist, WatchlistEntry, WatchReason

_ARROWS = {"naik": "↑", "turun": "↓", "tetap": "→", "baru": "+"}
_COUNTED = ("kejadian", "dugaan", "putusan", "potensi", "imbauan")  # K/D/P/Po/I
_TITLE = 60  # characters of the heaviest story in the table; `why` has all of it

_date_option = day_option("--date", "The day.", "the newest that has one")
_why_option = click.option("--why", required=True, metavar="TEXT", help="The reason, for those who read it later.")


def _named(read: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return a callback that reads a name, and says what was meant where there is no such one."""

    def callback(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Any:
        if given is None:
            return None
        try:
            return read(given)
        except InputError as error:
            raise click.BadParameter(str(error)) from error

    return callback


def _entry(text: str) -> str:
    from pilkada_nlp.watchlist.names import entry_called

    return entry_called(text)


def _theme(text: str) -> str:
    from pilkada_nlp.watchlist.names import theme_called

    return theme_called(text)


def _themes(text: str) -> str:
    return _listed(text, _theme)


def _regions(text: str) -> str:
    from pilkada_nlp.watchlist.names import region_called

    return _listed(text, lambda name: region_called(name).code)


def _listed(text: str, read: Callable[[str], str]) -> str:
    """Return names with commas as ids with commas, as they stand in a correction."""
    if not (names := ids_of([text])):
        raise InputError("names nothing; give one or several, with commas between", text)
    return ",".join(dict.fromkeys(map(read, names)))


def _places(text: str) -> list[str]:
    """Return the codes of all regions that a name may mean: looking at two twins does no harm."""
    from pilkada_nlp.regions import regions_called
    from pilkada_nlp.watchlist.names import region_called

    return [region.code for region in regions_called(text) or (region_called(text),)]


@click.command()
@click.option(
    "--region",
    "places",
    metavar="CODE|NAME",
    callback=_named(_places),
    help="Only this region; a province with all that lies in it.",
)
@click.option("--theme", metavar="THEME", callback=_named(_theme), help="Only this theme, by its id.")
@_date_option
@archive_option
@format_option
def watchlist(
    places: list[str] | None, theme: str | None, date: datetime | None, archive_url: str | None, form: Format
) -> None:
    """Show the watchlist of a day, highest score first.

    The table gives each entry's level with what was decided, its trend (stories today, an arrow, the mean of the days
    before), its stories by modality (kejadian/dugaan/putusan/potensi/imbauan), how many of its local outlets say
    something, and the story that weighs most. Levels measure what was published; where nobody looks there is no data,
    which is said below the table.

    Example: pilkada watchlist --region "Kutai Timur" --date 2024-11-27
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.watchlist.names import covers

    with closing(Archive(archive_url, create=False)) as archive:
        asked = _asked(archive, date)

    def chosen(code: str) -> bool:
        return not places or any(covers(place, code) for place in places)

    found = [entry for entry in asked if chosen(entry.region) and theme in (None, entry.theme)]
    if form in ("json", "jsonl"):
        print_values(found, form)
    elif form == "csv":
        print_rows(map(_full_row, found), form)
    else:
        print_rows(map(_short_row, found), form, f"Watchlist, {asked.day}: {len(found)} entries")
    blind = [one for one in asked.regions if one.level == "tanpa_data" and chosen(one.region)]
    if blind:
        names = ", ".join(f"{one.region} {one.name}" for one in blind[:5])
        more = f" and {len(blind) - 5} more" if len(blind) > 5 else ""
        tell(f"no data, which is not calm: {names}{more}")


def _newest_day(archive: "Archive") -> date:
    """Return the newest day that has a watchlist, today where none has one yet."""
    from pilkada_nlp.fetching import today

    now = today(datetime.now(UTC))
    return archive.newest_day(now) or now


def _asked(archive: "Archive", given: datetime | None) -> "Watchlist":
    """Return the watchlist of the day given, else the newest; ArchiveError where nobody has looked yet."""
    return archive.watchlist(given.date() if given else _newest_day(archive))


def _short_row(entry: "WatchlistEntry") -> Row:
    return {
        "entry": entry.id,
        "level": entry.level + (f", {entry.decision.action}" if entry.decision else ""),
        "score": f"{entry.score:.1f}",
        "trend": _trend(entry),
        "K/D/P/Po/I": "/".join(str(entry.counts.get(modality, 0)) for modality in _COUNTED),
        "seen": f"{seen.outlets - len(seen.silent)} of {seen.outlets}" if (seen := entry.coverage) else "?",
        "most": textwrap.shorten(f"{entry.region_name}: {entry.reasons[0].title}", _TITLE, placeholder=" …"),
    }


def _trend(entry: "WatchlistEntry") -> str:
    if not (trend := entry.trend):
        return ""
    return f"{trend.today} {_ARROWS[trend.direction]} {trend.mean:g}" + (" burst" if trend.burst else "")


def _full_row(entry: "WatchlistEntry") -> Row:
    trend, seen = entry.trend, entry.coverage
    return {
        "entry": entry.id,
        "day": str(entry.day),
        "region": entry.region,
        "name": entry.region_name,
        "theme": entry.theme,
        "level": entry.level,
        "previous": entry.previous or "",
        "score": entry.score,
        "today": trend.today if trend else "",
        "mean": trend.mean if trend else "",
        "direction": trend.direction if trend else "",
        "p_value": "" if trend is None or trend.p_value is None else trend.p_value,
        "burst": str(trend.burst).lower() if trend else "",
        **{modality: entry.counts.get(modality, 0) for modality in _COUNTED},
        "outlets": seen.outlets if seen else "",
        "silent": " ".join(seen.silent) if seen else "",
        "decision": entry.decision.action if entry.decision else "",
        "story": entry.reasons[0].story,
        "title": entry.reasons[0].title,
        "url": entry.reasons[0].url,
    }


@click.command()
@click.argument("entry", callback=_named(_entry))
@_date_option
@archive_option
def why(entry: str, date: datetime | None, archive_url: str | None) -> None:
    """Explain an entry of the watchlist.

    It is called 64.08/keamanan or "Kutai Timur/keamanan". Each story with its weight and factors (their names are those
    of data/watchlist.toml), its sentences, and who told it; besides the trend, the coverage, and all that was decided.
    The ids of stories serve `pilkada correct`.

    Example: pilkada why 64.08/keamanan --date 2024-11-27
    """
    from pilkada_nlp.archive import Archive

    with closing(Archive(archive_url, create=False)) as archive:
        asked = _asked(archive, date)
        found = next((one for one in asked if one.id == entry), None)
        decisions = [decision for decision in archive.decisions() if decision.entry == entry]
        if found is None:
            for decision in decisions:
                click.echo(f"decided: {_decided(decision)}")
            raise InputError(f"is not on the watchlist of {asked.day}; `pilkada watchlist` shows what is", entry)
        lines = [say(line) for line in _heading(found, decisions)]
        for number, reason in enumerate(found.reasons, 1):
            lines += ["", *_explained(number, reason, archive)]
    click.echo("\n".join(lines))


def _heading(entry: "WatchlistEntry", decisions: "list[Decision]") -> Iterator[str]:
    yield f"{entry.id}  {entry.region_name}  {entry.day}"
    yield f"level     {entry.level}, the day before {entry.previous or 'not listed'}"
    yield f"score     {entry.score:.2f}, the sum of the weights below"
    if trend := entry.trend:
        test = "too few to test" if trend.p_value is None else f"p = {trend.p_value:g}"
        yield (
            f"trend     {trend.direction}: {trend.today} stories that day, usually {trend.mean:g}; "
            f"{test}{', a burst' if trend.burst else ''}"
        )
    yield "history   " + " ".join(f"{score:.1f}" for score in entry.history)
    yield "stories   " + ", ".join(f"{modality} {count}" for modality, count in entry.counts.items())
    if seen := entry.coverage:
        silent = f"; silent: {', '.join(seen.silent)}" if seen.silent else ""
        yield (
            f"coverage  {seen.read} of {seen.outlets} local outlets answered{silent}; "
            f"{seen.articles} articles named the region in 7 days"
        )
    else:
        yield "coverage  unknown"
    for decision in decisions:
        yield f"decided   {_decided(decision)}" + (" (holds)" if decision == entry.decision else "")


def _decided(decision: "Decision") -> str:
    until = f" until {decision.until}" if decision.until else ""
    return f"{shown_time(decision.at)} {decision.action}{until} by {decision.by}: {decision.why}"


def _explained(number: int, reason: "WatchReason", archive: "Archive") -> Iterator[str]:
    yield f"{number}. {reason.weight:.4g}  {reason.title}"
    outcome = f", {reason.outcome}" if reason.outcome else ""
    facts = say(
        f"{reason.modality}{outcome}, severity {reason.severity}, {reason.age_days} days old, "
        f"independent sources: {reason.sources}, story {reason.story}"
    )
    yield f"   {facts}"
    yield "   " + " x ".join(f"{name} {value:g}" for name, value in reason.factors) + f" = {reason.weight:.4g}"
    for sentence in reason.sentences:
        yield from _quoted(sentence, archive)
    story = archive.story(reason.story)
    for member in story.members if story else ():
        alike = "" if member.reason == "asal" else f", {member.similarity:.2f} like {member.joined_to}"
        yield f"   {member.outlet} ({member.source_kind}; {member.reason}{alike}) {member.url}"
    if story is None:
        yield f"   {reason.url}"
    elif story.follows:
        yield "   " + say(f"follows story {story.follows}")


def _quoted(sentence: "Sentence", archive: "Archive") -> Iterator[str]:
    speaker = f", says {sentence.speaker}" if sentence.speaker else ""
    article = archive.article(sentence.article)
    fetched = f", fetched {shown_time(article.fetched_at)}" if article else ""
    yield f"   > {sentence.text}"
    yield f"     ({sentence.outlet}{speaker}, characters {sentence.start}-{sentence.end}{fetched}) {sentence.url}"


@click.command()
@click.argument("entry", callback=_named(_entry))
@click.argument("action", type=click.Choice(["confirm", "dismiss", "mute", "note"]))
@_why_option
@day_option("--until", "The last day of a mute.")
@by_option
@archive_option
def decide(entry: str, action: Any, why: str, until: datetime | None, by: str | None, archive_url: str | None) -> None:
    """Record what you decide about an entry of the watchlist.

    "dismiss" takes the stories that are there now out of the score, later ones count again; "confirm" takes a dismissal
    or a mute back; "mute" keeps the entry out of alerts and apart until a day; "note" only says something. Nothing is
    overwritten. It holds from the next `pilkada poll` or `pilkada daily` on.

    Example: pilkada decide 64.08/keamanan mute --until 2024-12-01 --why "sudah ditangani Bawaslu"
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article.findings import Decision

    if (action == "mute") != bool(until):
        raise click.UsageError("`mute` needs --until, and nothing else takes it")
    made = Decision(
        entry=entry,
        action=action,
        at=datetime.now(UTC),
        by=who(by),
        why=one_line(why),
        until=until.date() if until else None,
    )
    with closing(Archive(archive_url, create=False)) as archive:
        day = _newest_day(archive)
        entries = archive.entries(day)
        if made.until and made.until < day:
            raise click.BadParameter(f"is over before {day}, the day of the watchlist", param_hint="--until")
        archive.add_decision(made)
    tell(f"Recorded: {entry} {_decided(made)}")
    if entry not in {one.id for one in entries}:
        tell(f"{entry} is not on the watchlist of {day}; the decision is kept all the same")


@click.command()
@click.argument("line")
@_why_option
@click.option("--withdraw", is_flag=True, help="Take the line back altogether.")
@click.option("--modality", type=click.Choice(["kejadian", "dugaan", "putusan", "potensi", "imbauan"]))
@click.option("--severity", type=click.IntRange(0, 4))
@click.option("--region", "regions", metavar="CODE,…", callback=_named(_regions), help="Where it was.")
@click.option("--theme", "themes", metavar="THEME,…", callback=_named(_themes), help="What it is about, by id.")
@click.option(
    "--outcome",
    type=click.Choice(["terbukti", "tidak_terbukti", "none"]),
    help="How a ruling ended; it goes by itself from what is no ruling any more.",
)
@by_option
@archive_option
def correct(
    line: str,
    why: str,
    withdraw: bool,
    modality: str | None,
    severity: int | None,
    regions: str | None,
    themes: str | None,
    outcome: str | None,
    by: str | None,
    archive_url: str | None,
) -> None:
    """Correct or withdraw what was published.

    LINE is the id of a story or of an entry of the watchlist. A story gets what you give instead of what it had; an
    entry can only be withdrawn. The next edition says so, and every later one holds to it.

    Example: pilkada correct 64.08/keamanan --withdraw --why "salah wilayah"
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article.findings import Correction

    given = {
        "modality": modality,
        "severity": None if severity is None else str(severity),
        "regions": regions,
        "themes": themes,
        "outcome": "" if outcome == "none" else outcome,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if withdraw == bool(changes):
        raise click.UsageError("say either --withdraw or what is right (--modality, --severity, …)")
    with closing(Archive(archive_url, create=False)) as archive:
        known = _published(archive, line)
        if changes and "/" in known:
            raise click.UsageError(
                "an entry can only be withdrawn; correct its stories (`pilkada why` shows their ids)"
            )
        archive.add_correction(
            Correction(
                line=known,
                action="withdraw" if withdraw else "correct",
                why=one_line(why),
                by=who(by),
                at=datetime.now(UTC),
                changes=changes,
            )
        )
    said = "withdrawn" if withdraw else ", ".join(f"{field}={value}" for field, value in changes.items())
    tell(f"Recorded: {known} {said}; the next edition says so")


def _published(archive: "Archive", line: str) -> str:
    """Return the id of a line that was published: of a story, or of an entry of the last four weeks."""
    if "/" in line:
        entry = _entry(line)
        day = _newest_day(archive)
        if any(entry == one.id for back in range(28) for one in archive.entries(day - timedelta(days=back))):
            return entry
    elif story := archive.story(line):
        return story.id
    raise InputError(
        "no such line was published; `pilkada watchlist` shows the ids of entries, `pilkada why` those of stories",
        line,
    )
