"""`pilkada label`: what is worth labelling next, and labelling it in the terminal."""

import os
import textwrap
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pilkada_nlp.cli.labels import hold_labels, watched_outlets
from pilkada_nlp.cli.messages import language, say
from pilkada_nlp.cli.options import archive_option, by_option, config_option, format_option, who
from pilkada_nlp.cli.printing import Format, Row, harmless, print_rows, tell
from pilkada_nlp.errors import InputError

if TYPE_CHECKING:
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.cli.terminal import Item
    from pilkada_nlp.labelling import Labelling
    from pilkada_nlp.training.choosing import Choice

_WINDOW: Final = timedelta(days=28)  # what is older moves no watchlist any more
_TITLE: Final = 90  # characters in the table
_SESSION: Final = 10  # articles; about a quarter of an hour


class _Label(click.Group):
    """Takes what names no command of its own as meant for the session in the terminal."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, *self.get_help_option_names(ctx)}:
            args = ["here", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Label)
def label() -> None:
    """Label articles of the archive, in the terminal or in files.

    Without a command `pilkada label` goes through the articles that are most worth labelling, `pilkada label ARTICLE…`
    through those that you name by id or address; see `pilkada label here --help`. Labels stay whatever models come, and
    move the watchlist at once.
    """


@label.command()
@click.argument("articles", nargs=-1, metavar="[ARTICLE]…")
@click.option("--count", type=click.IntRange(1), default=_SESSION, show_default=True, help="How many to choose.")
@by_option
@config_option
@archive_option
def here(articles: Sequence[str], count: int, by: str | None, config: Path | None, archive_url: str | None) -> None:
    """Label in the terminal: the articles named, else those that are most worth it.

    Each shows title, opening, sentences and what the model says; one key accepts that, others change it ("?" lists
    them). Every label is stored as it is given; at the end the watchlist follows and what moved on it is printed. Where
    the input is a pipe, each line is a key.

    Example: pilkada label --count 20
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.cli.keys import Keys
    from pilkada_nlp.cli.terminal import Session

    person, outlets = who(by), watched_outlets(config)  # what is wrong with either is said before the work, not after
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        click.get_current_context().color = False
    with closing(Archive(archive_url, create=False)) as archive:
        if articles:
            items = [_named(archive, given) for given in articles]
        else:
            items = [_item(archive, choice) for choice in _chosen(archive, count)]

        def store(labelling: "Labelling") -> None:
            archive.add_labels([labelling], datetime.now(UTC))

        session = Session(items, store, by=person, clock=lambda: datetime.now(UTC), keys=Keys())
        try:
            session.run()
        finally:
            if session.labelled:
                tell(f"\nLabels stored: {session.labelled}")
                hold_labels([], archive, outlets)


@label.command("next")
@click.argument("count", type=click.IntRange(1), metavar="N")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write them to label elsewhere: .json for Label Studio, .xlsx, .csv or .jsonl to fill in.",
)
@archive_option
@format_option
def next_(count: int, out: Path | None, archive_url: str | None, form: Format) -> None:
    """List the N articles of the last four weeks that are most worth labelling, the most useful first.

    One of each story, and different from each other. Why is said in words in the table; elsewhere "margin" is near a
    threshold of the model, "review" what it asks a person about, "rare:THEME" a theme that few seem to have, "diverse"
    nothing but being different. A file that is written begins with what the model says; filled in, it comes back by
    `pilkada labels import`.

    Example: pilkada label next 20 --out tugas.json
    """
    from pilkada_nlp.archive import Archive

    with closing(Archive(archive_url, create=False)) as archive:
        chosen = _chosen(archive, count)
    rows = [_for_people(choice) if form == "table" else _row(choice) for choice in chosen]
    print_rows(rows, form, f"Worth labelling: {len(rows)}")
    if out:
        _write(chosen, out)
        tell(f"Wrote {len(chosen)} articles to {out}")


def _chosen(archive: "Archive", count: int) -> "list[Choice]":
    """Return what is most worth labelling of the four weeks up to the newest day that a run was about."""
    from pilkada_nlp.classifiers import load_tagger
    from pilkada_nlp.fetching import today
    from pilkada_nlp.training.choosing import choose

    last = archive.newest_day(today(datetime.now(UTC)))
    found = archive.unlabelled(last - _WINDOW, last + timedelta(days=1)) if last else []
    # Taggings of before thresholds were recorded do not say how unsure they are.
    chosen = choose([one for one in found if one.tagging.thresholds], load_tagger(), count)
    if not chosen:
        tell("Nothing to label: the last four weeks hold no article that nobody has labelled")
    return chosen


def _row(choice: "Choice") -> Row:
    return {
        "article": choice.article.id,
        "day": str(choice.article.day),
        "outlet": choice.article.outlet,
        "why": ", ".join(choice.reasons),
        "title": _title(choice),
    }


def _for_people(choice: "Choice") -> Row:
    """Return a row that fits 80 columns, where the title is what an article is known by."""
    return {"article": choice.article.id, "title": _title(choice), "why": _in_words(choice.reasons)}


def _title(choice: "Choice") -> str:
    return textwrap.shorten(harmless(choice.article.title), _TITLE, placeholder=" …")


def _in_words(reasons: Sequence[str]) -> str:
    """Return the reasons of a `Choice` for people."""
    from pilkada_nlp.classifiers.taxonomy import load_taxonomy

    themes = load_taxonomy().names(language())
    words = {"margin": say("model unsure"), "review": say("to be checked"), "diverse": say("unlike the others")}
    rare = {f"rare:{theme}": say(f"rare theme: {name}") for theme, name in themes.items()}
    return ", ".join({**words, **rare}.get(reason, reason) for reason in reasons)


def _write(chosen: "Sequence[Choice]", out: Path) -> None:
    import msgspec

    from pilkada_nlp.labelling import guessed, write_labels, write_tasks

    if out.suffix.lower() == ".json":
        write_tasks([(choice.article, choice.tagging) for choice in chosen], out)
    else:
        guesses = [(guessed(choice.article, choice.tagging), choice.reasons) for choice in chosen]
        write_labels([msgspec.structs.replace(one, meta={"reasons": list(why)}) for one, why in guesses], out)


def _item(archive: "Archive", choice: "Choice") -> "Item":
    from pilkada_nlp.archive import Tagged
    from pilkada_nlp.cli.terminal import Item

    key = choice.article.id
    why = _in_words(choice.reasons)
    return Item(Tagged(choice.article, choice.tagging, key), _others(archive, key), choice.reasons, why)


def _named(archive: "Archive", given: str) -> "Item":
    """Return the article with an id or address, with what was said of it before."""
    from pilkada_nlp.article import article_id
    from pilkada_nlp.cli.terminal import Item

    try:
        key = article_id(given) if "://" in given else given
    except ValueError as error:
        raise InputError("is no address of an article", given) from error
    tagged = archive.tagged(key)
    if tagged is None:
        there = archive.article(key) is not None
        raise InputError("waits to be tagged; run `pilkada poll` first" if there else "is not in the archive", given)
    said = archive.newest_labels([key]).get(key)
    return Item(tagged, _others(archive, key), said=said.labelling if said else None)


def _others(archive: "Archive", key: str) -> tuple[str, ...]:
    story = archive.story(key)
    return tuple(member.article for member in story.members if member.article != key) if story else ()
