"""Published lines that were corrected or withdrawn, and what differs between two editions of a day.

A line is a story or an entry of the watchlist; its value, as changes show it, is free of words: "kejadian 3" (modality
and severity), "putusan 3 terbukti", or the level of an entry ("sedang").
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from pilkada_nlp.article import ZONES, ModalityValue, Outcome, RegionTag
from pilkada_nlp.article.findings import Change, ChangeKind, Correction, DailySummary, Story
from pilkada_nlp.regions import region

_WIB: Final = ZONES["Asia/Jakarta"][1]
_READ_AT: Final = time(7)  # a day's summary is read the next morning; what is corrected later stands in the next one


class Line(NamedTuple):
    """A line as an edition published it: `articles` are those of a story."""

    title: str
    value: str
    articles: frozenset[str] = frozenset()


def apply_corrections(stories: Iterable[Story], corrections: Sequence[Correction]) -> list[Story]:
    """Return `stories` as people corrected them, in their order; of several corrections of a line the newest holds.

    A withdrawn story vanishes. A corrected one has the fields that were changed (modality, severity, regions, themes,
    outcome), and these need no review any more; regions that it gains are places of the event, new themes "pokok".
    A withdrawn entry takes its theme from the stories of its region alone, its region from those that have others too;
    later stories are not touched. Raises ValueError for a field or value that cannot be.
    """
    ordered = sorted(corrections, key=lambda correction: (correction.at, correction.line))
    last = {correction.line: correction.action for correction in ordered}
    of_stories: dict[str, dict[str, str]] = {}
    for correction in ordered:
        of_stories.setdefault(correction.line, {}).update(correction.changes)
    entries = [one for one in ordered if "/" in one.line and last[one.line] == one.action == "withdraw"]
    found = []
    for story in stories:
        if last.get(story.id) == "withdraw":
            continue
        if changes := of_stories.get(story.id):
            story = _corrected(story, changes)
        for entry in entries:
            story = _without_entry(story, entry)
        found.append(story)
    return found


def _corrected(story: Story, changes: Mapping[str, str]) -> Story:
    fields: dict[str, Any] = {}
    for field, value in changes.items():
        read = _FIELDS.get(field)
        if read is None:
            raise ValueError(f"correction of {story.id}: {field!r} is no field that can be corrected")
        try:
            fields[field] = read(story, value)
        except (msgspec.ValidationError, KeyError, ValueError) as error:
            raise ValueError(f"correction of {story.id}: {field} cannot be {value!r} ({error})") from error
    if "regions" in changes:
        fields["named"] = ()  # which region each theme is named for was said of the regions that were wrong
    review = tuple(name for name in story.review if name not in changes)
    if "modality" in changes:
        fields["certainty"] = 1.0
        if fields["modality"] != "putusan":
            fields.setdefault("outcome", None)
    return msgspec.structs.replace(story, **fields, review=review)


def _severity(story: Story, value: str) -> int:
    number = int(value)
    if not 0 <= number <= 4:
        raise ValueError("0 to 4")
    return number


def _regions(story: Story, value: str) -> tuple[RegionTag, ...]:
    known = {place.code: place for place in story.regions}
    return tuple(
        known.get(code) or RegionTag(code=code, name=region(code).name, role="peristiwa", score=1.0)
        for code in _several(value)
    )


def _themes(story: Story, value: str) -> tuple[tuple[str, str], ...]:
    known = dict(story.themes)
    return tuple((theme, known.get(theme, "pokok")) for theme in _several(value))


def _several(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


_FIELDS: Final[Mapping[str, Callable[[Story, str], object]]] = {
    "modality": lambda _, value: msgspec.convert(value, ModalityValue),
    "severity": _severity,
    "regions": _regions,
    "themes": _themes,
    "outcome": lambda _, value: msgspec.convert(value, Outcome) if value else None,
}


def _without_entry(story: Story, correction: Correction) -> Story:
    code, _, theme = correction.line.partition("/")
    places = [place for place in story.regions if place.code == code]
    themes = [name for name, _ in story.themes]
    if not places or theme not in themes or story.day > _local_day(correction.at, region(code).zone):
        return story
    if len(story.regions) > 1:
        return msgspec.structs.replace(story, regions=tuple(place for place in story.regions if place.code != code))
    return msgspec.structs.replace(story, themes=tuple(pair for pair in story.themes if pair[0] != theme))


def _local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZONES[zone][1]).date()


def lines(summary: DailySummary) -> dict[str, Line]:
    """Return the lines of an edition by id."""
    found = {
        story.id: Line(story.title, _value(story), frozenset(member.article for member in story.members))
        for story in listed(summary)
    }
    return found | {entry.id: Line(f"{entry.region_name}: {entry.theme}", entry.level) for entry in summary.watchlist}


def listed(summary: DailySummary) -> Iterator[Story]:
    """Yield the stories that an edition lists."""
    for part in ("incidents", "unconfirmed", "rulings", "allegations", "potentials", "debunked"):
        yield from getattr(summary, part)


def _value(story: Story) -> str:
    return " ".join([story.modality, str(story.severity), *([story.outcome] if story.outcome else [])])


def corrected_since(
    now: DailySummary, corrections: Iterable[Correction], previous: DailySummary | None, last: DailySummary | None
) -> tuple[Change, ...]:
    """Return what the edition `now` states as corrected or withdrawn, in the order of the decisions.

    That is everything decided from the beginning of its day (WIB) to the morning on which it is read, and at any time
    what is about a line of that day. What was decided before `previous`, the edition of the day before, was read and
    stands there is not said again; what `last`, an earlier edition of the day, stated stays as it was.
    """
    start = datetime.combine(now.day, time(), _WIB)
    read = datetime.combine(now.day, _READ_AT, _WIB)
    end = datetime.combine(now.day + timedelta(days=1), _READ_AT, _WIB)
    before = lines(previous) if previous else {}
    ours = lines(last) if last else {}
    today = lines(now)
    said = {_key(change): change for change in (previous.corrections if previous else ())}
    kept = {_key(change): change for change in (last.corrections if last else ())}
    found: dict[tuple[str, str, str], Change] = {}
    for correction in sorted(corrections, key=lambda one: (one.at, one.line)):
        line = correction.line
        old, new = ours.get(line) or before.get(line), today.get(line)
        change = Change(
            line=line,
            kind="withdrawn" if correction.action == "withdraw" else "corrected",
            title=(old or new or Line("", "")).title,
            before=old.value if old else "",
            now=new.value if new else "",
            why=correction.why,
        )
        key = _key(change)
        in_time = start <= correction.at and (correction.at < end or line in ours or line in today)
        if key in kept or (in_time and (key not in said or correction.at >= read)):
            found[key] = kept.get(key) or said.get(key) or change
    return tuple(found.values())


def _key(change: Change) -> tuple[str, str, str]:
    return change.line, change.kind, change.why


def changes(last: DailySummary, now: DailySummary, corrections: Iterable[Correction]) -> tuple[Change, ...]:
    """Return what differs between two editions of a day, line by line; "×3" counts the articles of a story.

    What people corrected or withdrew is marked so, with the reason that they gave.
    """
    newest = {one.line: one for one in sorted(corrections, key=lambda one: (one.at, one.line))}
    old, new = lines(last), lines(now)
    found = []
    for line in [*new, *(line for line in old if line not in new)]:
        before, after, correction = old.get(line), new.get(line), newest.get(line)
        decided = correction is not None and (correction.action == "withdraw") == (after is None)
        why = correction.why if correction and decided and before else ""
        if before is None and after:
            found.append(Change(line=line, kind="added", title=after.title, now=after.value))
        elif after is None and before:
            kind: ChangeKind = "withdrawn" if decided else "removed"
            found.append(Change(line=line, kind=kind, title=before.title, before=before.value, why=why))
        elif before and after and before.value != after.value:
            kind = "corrected" if decided else "changed"
            found.append(Change(line=line, kind=kind, title=after.title, before=before.value, now=after.value, why=why))
        elif before and after and before.articles != after.articles:
            counts = (f"×{len(before.articles)}", f"×{len(after.articles)}")
            found.append(Change(line=line, kind="changed", title=after.title, before=counts[0], now=counts[1]))
    return tuple(found)
