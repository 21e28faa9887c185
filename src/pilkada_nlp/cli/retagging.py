"""`pilkada retag`: what the model in service makes of days that an older one tagged."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pilkada_nlp.cli.options import archive_option, config_option, day_option, format_option, outlets_option
from pilkada_nlp.cli.printing import Format, Row, print_rows, print_values, progress_bar, tell, tell_waiting

if TYPE_CHECKING:
    from pilkada_nlp.article.findings import Level
    from pilkada_nlp.daily.retagging import Difference, RetaggedEntry, RetaggedStory

_PATIENCE: Final = 900.0  # seconds of waiting for another run, as `pilkada daily` does
_TITLE: Final = 60  # characters of a story's title in the table
_ROWS: Final = 100  # of the table; the other formats have all


@click.command()
@day_option("--since", "The first day to tag again.")
@config_option
@outlets_option
@archive_option
@format_option
def retag(since: datetime | None, config: Path | None, own: Path | None, archive_url: str | None, form: Format) -> None:
    """Tag past days again and say what changes on the watchlist.

    The model in service does it. What older models said stays in the archive. Stories are joined and each day is
    weighed anew, and its watchlist replaced; summaries that were published stay as they were. Stopped in the middle,
    the next run goes on, and running it again shows the same changes again. Waits up to 15 minutes for another run.

    For each entry and day that changed: its level and score before and now, and the stories that make the difference,
    with the fields in which the two models differ, or what else changed. The table shows days in a row with the same
    story as one; the other formats give each day.

    Example: pilkada retag --since 2024-11-01
    """
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.classifiers import load_tagger
    from pilkada_nlp.config import chosen_outlets, load_config
    from pilkada_nlp.daily import retag as retag_days
    from pilkada_nlp.fetching import today

    if since is None:
        raise click.UsageError("say from which day on, such as --since 2024-11-01")
    if since.date() > today(datetime.now(UTC)):
        raise click.BadParameter(f"{since:%Y-%m-%d} has not come yet", param_hint="--since")
    outlets = chosen_outlets(load_config(config), config, own)
    with closing(Archive(archive_url, create=False)) as archive:
        with progress_bar() as progress:
            report = retag_days(
                archive,
                since.date(),
                load_tagger(),
                outlets=outlets,
                patience=_PATIENCE,
                waiting=tell_waiting,
                progress=progress,
            )
        seen, models = Counter[str](), set[str]()
        changes = _counted(report.changes(), seen, models)
        if form == "table":
            print_rows(_short_rows(changes), form, f"Changes since {report.since} by {report.model}")
        elif form == "csv":
            print_rows((row for change in changes for row in _full_rows(change)), form)
        else:
            print_values(changes, form)
    instead = f" instead of {', '.join(sorted(filter(None, models)))}" if any(models) else ""
    tell(f"{report.articles} articles from {report.since} on are tagged by {report.model}{instead}")
    entries, levels = seen["entries"], seen["levels"]
    tell(
        f"{len(report.days)} days are weighed anew, {len(report.first_weighed)} of them for the first time: "
        f"{entries} entries changed, {levels} of them their level"
    )


def _counted(changes: "Iterable[RetaggedEntry]", seen: Counter[str], models: set[str]) -> "Iterator[RetaggedEntry]":
    for change in changes:
        seen["entries"] += 1
        seen["levels"] += change.level_before != change.level_now
        models.update(story.article.model_before for story in change.stories if story.article)
        yield change


def _short_rows(changes: "Iterable[RetaggedEntry]") -> Iterator[Row]:
    """Yield a row for each entry and run of days on which the same story makes the greatest difference, as of its peak.

    The greatest differences come first, and at most as many as people read.
    """
    runs: dict[tuple[str, str], tuple[date, date, RetaggedEntry]] = {}
    for change in changes:
        key = change.entry, change.stories[0].story if change.stories else ""
        first, _, peak = runs.get(key, (change.day, change.day, change))
        runs[key] = first, change.day, max(peak, change, key=_difference)
    ordered = sorted(runs.values(), key=lambda run: (-_difference(run[2]), run[2].entry))
    for first, last, peak in ordered[:_ROWS]:
        yield {
            "entry": peak.entry,
            "days": f"{first}" if first == last else f"{first} to {last:%m-%d}",
            "before": _standing(peak.level_before, peak.score_before),
            "now": _standing(peak.level_now, peak.score_now),
            "why": "\n".join(_why(peak.stories)),
        }
    if len(ordered) > _ROWS:
        tell(f"{len(ordered) - _ROWS} smaller changes are not shown; --format csv has all")


def _difference(change: "RetaggedEntry") -> float:
    return abs((change.score_now or 0.0) - (change.score_before or 0.0))


def _standing(level: "Level | None", score: float | None) -> str:
    return "not listed" if level is None else f"{level} {score:.1f}"


def _why(stories: "tuple[RetaggedStory, ...]") -> Iterator[str]:
    for story in stories[:1]:
        yield textwrap.shorten(story.title, _TITLE, placeholder=" …")
        changed = [*map(_shown, story.article.fields if story.article else ())]
        changed += [f"factor {_shown(change)}" for change in story.factors]
        yield "; ".join(changed) or _other(story)
    if len(stories) > 1:
        yield f"other stories that changed: {len(stories) - 1}"


def _other(story: "RetaggedStory") -> str:
    """Return what to say of a story whose own articles are tagged as before."""
    return "came here from another story" if story.before is None else "stands in another story now"


def _shown(change: "Difference") -> str:
    return f"{change.what}: {_from_to(change.before or '-', change.now or '-')}"


def _from_to(before: str, now: str) -> str:
    return before if before == now else f"{before} → {now}"


def _full_rows(change: "RetaggedEntry") -> Iterator[Row]:
    """Yield a row for each story that an entry changed by."""
    for story in change.stories:
        article = story.article
        yield {
            "day": str(change.day),
            "entry": change.entry,
            "name": change.region_name,
            "level_before": change.level_before or "",
            "level_now": change.level_now or "",
            "score_before": "" if change.score_before is None else change.score_before,
            "score_now": "" if change.score_now is None else change.score_now,
            "story": story.story,
            "weight_before": "" if story.before is None else story.before,
            "weight_now": "" if story.now is None else story.now,
            "title": story.title,
            "article": article.article if article else "",
            "url": article.url if article else story.url,
            "model_before": article.model_before if article else "",
            "model_now": article.model_now if article else "",
            "fields": "; ".join(map(_shown, article.fields)) if article else "",
            "factors": "; ".join(map(_shown, story.factors)),
        }
