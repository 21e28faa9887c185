"""The calendar of elections: which stage a day lies in, what comes next, and when a region votes.

The table is `data/calendar.toml`; a file of the same form adds elections to it. Days are those of the region's zone.
"""

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from pilkada_nlp.article.findings import Milestone
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.regions import region as region_of

_VOTING: Final = "pemungutan"
_BEFORE, _AFTER = timedelta(days=3), timedelta(days=2)  # when violence and money around a vote are reported
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HEAD: Final = re.compile(r"\s*\[\[\s*elections\s*(\.\s*milestones\s*)?\]\]")


class Calendar(NamedTuple):
    """The milestones of all known elections, by first day; `elections` are their names: id -> {"id": …, "en": …}.

    `region` is everywhere the code of a region: it has its own milestones, those of its province and those of the
    whole country. A province has none of its regencies. Without it, milestones of any region count.
    """

    elections: Mapping[str, Mapping[str, str]]
    milestones: tuple[Milestone, ...]

    def on(self, day: date, region: str | None = None) -> tuple[Milestone, ...]:
        """Return the milestones that `day` lies in."""
        return tuple(found for found in self._of(region) if found.first <= day <= found.last)

    def after(self, day: date, region: str | None = None) -> tuple[Milestone, ...]:
        """Return the milestones that begin next: all those of the first date after `day` on which any does."""
        coming = [found for found in self._of(region) if found.first > day]
        return tuple(found for found in coming if found.first == coming[0].first)

    def ahead(self, day: date, days: int, region: str | None = None) -> tuple[Milestone, ...]:
        """Return the milestones that begin within the `days` days after `day`."""
        return tuple(found for found in self._of(region) if timedelta() < found.first - day <= timedelta(days=days))

    def voting_days(self, region: str) -> tuple[date, ...]:
        """Return the days on which a region votes or voted, re-votes included."""
        days = {
            found.first + timedelta(days=number)
            for found in self._of(region)
            if found.key == _VOTING
            for number in range((found.last - found.first).days + 1)
        }
        return tuple(sorted(days))

    def near_voting(self, day: date, region: str) -> bool:
        """Return whether a region votes within the three days after `day`, on it, or did in the two before."""
        return any(voting - _BEFORE <= day <= voting + _AFTER for voting in self.voting_days(region))

    def _of(self, region: str | None) -> Iterator[Milestone]:
        province = region.split(".")[0] if region else None
        for found in self.milestones:
            if region is None or not found.regions or region in found.regions or province in found.regions:
                yield found


class _MilestoneRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A milestone as it stands in a file."""

    key: str
    names: dict[str, str]
    first: date
    source: str
    last: date | None = None
    regions: tuple[str, ...] = ()


class _ElectionRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An election as it stands in a file, without its milestones."""

    id: str
    names: dict[str, str]
    regions: tuple[str, ...] = ()


_Row = TypeVar("_Row", _ElectionRow, _MilestoneRow)


class _Wrong(Exception):  # noqa: N818  # it never leaves this module
    """A field that is wrong, and why; `field` is "" when it is the row as a whole."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.field = field


def load_calendar(own: Path | None = None) -> Calendar:
    """Return the shipped calendar; the elections of the file `own` are added, or replace one of the same id.

    Raises ConfigError naming the file, the line where it can be told, the election, the milestone and the field.
    """
    shipped = _shipped()
    if own is None:
        return shipped
    try:
        text = own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{own}: cannot be read as a calendar ({error})", own) from error
    added = _parsed(text, own)
    kept = [milestone for milestone in shipped.milestones if milestone.election not in added.elections]
    return _calendar({**shipped.elections, **added.elections}, [*kept, *added.milestones])


@functools.cache
def _shipped() -> Calendar:
    text = resources.files("pilkada_nlp").joinpath("data", "calendar.toml").read_text(encoding="utf-8")
    return _parsed(text, Path("data/calendar.toml"))


def _calendar(elections: Mapping[str, Mapping[str, str]], milestones: list[Milestone]) -> Calendar:
    return Calendar(elections, tuple(sorted(milestones, key=lambda found: (found.first, found.last, found.election))))


def _parsed(text: str, path: Path) -> Calendar:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # it says the line itself
        raise ConfigError(f"{path}: cannot be read as a calendar ({error})", path) from error
    if unknown := sorted(set(table) - {"elections"}):
        raise ConfigError(f"{path}: {', '.join(unknown)}: only [[elections]] belong in it", path)
    rows = table.get("elections")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path}: no [[elections]] in it; write one as in data/calendar.toml", path)
    elections: dict[str, Mapping[str, str]] = {}
    milestones: list[Milestone] = []
    for number, row in enumerate(rows):
        name = f"election {row.get('id', f'number {number + 1}')}"
        try:
            election = _election(row, elections)
        except _Wrong as wrong:
            raise _complaint(wrong, path, _line(text, number, None, wrong.field), name) from wrong
        elections[election.id] = election.names
        own: list[Milestone] = []
        for place, found in enumerate(row["milestones"]):
            try:
                own.append(_milestone(found, election, own))
            except _Wrong as wrong:
                which = f"{name}, milestone {place + 1}"
                raise _complaint(wrong, path, _line(text, number, place, wrong.field), which) from wrong
        milestones += own
    return _calendar(elections, milestones)


def _complaint(wrong: _Wrong, path: Path, line: int | None, what: str) -> ConfigError:
    where = path if line is None else f"{path}, line {line}"
    return ConfigError(f"{where}: {what}: {wrong}", path)


def _election(row: dict[str, Any], known: Mapping[str, object]) -> _ElectionRow:
    milestones = row.get("milestones")
    election = _converted({name: value for name, value in row.items() if name != "milestones"}, _ElectionRow)
    if not _ID.fullmatch(election.id):
        raise _Wrong("id", f"{election.id!r} is not made of small letters, digits, hyphens and underscores")
    if election.id in known:
        raise _Wrong("id", f"{election.id!r} stands twice")
    if not isinstance(milestones, list) or not milestones:
        raise _Wrong("milestones", "there are none; write [[elections.milestones]]")
    _check_names(election.names)
    _check_regions(election.regions)
    return election


def _milestone(row: object, election: _ElectionRow, before: list[Milestone]) -> Milestone:
    found = _converted(row, _MilestoneRow)
    last = found.last or found.first
    if not _ID.fullmatch(found.key):
        raise _Wrong("key", f"{found.key!r} is not made of small letters, digits, hyphens and underscores")
    if last < found.first:
        raise _Wrong("last", f"{last} is before the first day, {found.first}")
    if not found.source.strip():
        raise _Wrong("source", "is empty; say where the dates were published")
    _check_names(found.names)
    _check_regions(found.regions)
    milestone = Milestone(
        key=found.key,
        election=election.id,
        names=found.names,
        first=found.first,
        last=last,
        regions=found.regions or election.regions,
        source=found.source,
    )
    for other in before:
        shared = set(milestone.regions) & set(other.regions)
        everywhere = not milestone.regions or not other.regions
        if other.key == found.key and other.first <= last and found.first <= other.last and (shared or everywhere):
            where = ", ".join(sorted(shared)) or "the whole country"
            raise _Wrong("first", f"{found.key} overlaps with that from {other.first} to {other.last} ({where})")
    return milestone


def _converted(row: object, kind: type[_Row]) -> _Row:
    try:
        return msgspec.convert(row, kind, builtin_types=(date,))
    except msgspec.ValidationError as error:
        why, _, place = str(error).partition(" - at ")
        named = re.search(r"\$\.(\w+)", place) or re.search(r"unknown field `(\w+)`", why)
        raise _Wrong(named[1] if named else "", why) from error


def _check_names(names: Mapping[str, str]) -> None:
    if set(names) != {"id", "en"} or not all(name.strip() for name in names.values()):
        raise _Wrong("names", "has to hold a name in Indonesian (id) and in English (en), and nothing else")


def _check_regions(codes: tuple[str, ...]) -> None:
    for code in codes:
        try:
            region_of(code)
        except KeyError:
            raise _Wrong("regions", f"{code!r} is no code of a province, regency or city") from None
    if len(codes) != len(set(codes)):
        raise _Wrong("regions", "a code stands twice; keep one")


def _line(text: str, election: int, milestone: int | None, field: str) -> int | None:
    """Return the line of a field, else that where its table begins; None in a file that writes tables in another way.

    `election` and `milestone` count from 0. tomllib does not tell where a value stood.
    """
    number_of_election, number_of_milestone, begins = -1, None, None
    for number, line in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(line):
            if head[1] is None:
                number_of_election, number_of_milestone = number_of_election + 1, None
            else:
                number_of_milestone = 0 if number_of_milestone is None else number_of_milestone + 1
            if (number_of_election, number_of_milestone) == (election, milestone):
                begins = number
        elif (number_of_election, number_of_milestone) == (election, milestone) and (
            field and re.match(rf"\s*{re.escape(field)}\s*=", line)
        ):
            return number
    return begins
