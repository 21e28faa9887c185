"""Bodies that a text names, with the region behind each: "Bawaslu Kutai Kartanegara"."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

from pilkada_nlp.article import Institution, InstitutionKind
from pilkada_nlp.classifiers.entity_words import from_first_letter, one_of, table, words
from pilkada_nlp.regions.gazetteer import gazetteer

_LONGEST_ACRONYM_OF_INITIALS = 3
_SENTENCE = 200  # characters on each side of "PPK" that tell which office it is
_LIST_GAPS = frozenset(
    {", ", " dan ", ", dan ", ", serta ", " serta ", "-", "/", " atau ", ", Partai ", " dan Partai "}
)
_WORD = re.compile(r"\w+")


class Mention(NamedTuple):
    """A body at characters `start` to `end`; `codes` are the readings of `region` in the gazetteer."""

    name: str
    kind: InstitutionKind
    region: str | None
    codes: frozenset[str]
    start: int
    end: int


class _Tables(NamedTuple):
    forms: Mapping[str, tuple[str, InstitutionKind]]
    pattern: re.Pattern[str]
    behind: re.Pattern[str]
    personnel: re.Pattern[str]
    beside_parties: frozenset[str]
    with_region: frozenset[str]
    initials_after: frozenset[str]
    local: frozenset[str]
    regions: tuple[str, ...]
    tails: frozenset[str]
    ppk_election: frozenset[str]
    not_places: frozenset[str]


@functools.cache
def _tables() -> _Tables:
    kinds: tuple[InstitutionKind, ...] = get_args(InstitutionKind)
    forms: dict[str, tuple[str, InstitutionKind]] = {
        written: (name, kind)
        for kind in kinds
        for name, spelled in table("institutions")[kind].items()
        for form in spelled
        for written in (form, form.upper())
    }
    naming, speakers = table("naming"), table("speakers")
    return _Tables(
        forms=forms,
        pattern=re.compile(from_first_letter(forms)),
        behind=re.compile(
            rf" (?P<number>(?:[IVX]{{1,5}}|\d{{2,4}})/)?(?P<level>(?:(?:{one_of(naming['levels'])})\.? )*)"
            r"(?P<name>[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,4})"
        ),
        personnel=re.compile(rf"\b(?:{one_of(naming['ppk_personnel'])})\b", re.IGNORECASE),
        beside_parties=frozenset(naming["beside_parties"]),
        with_region=frozenset(naming["with_region"]),
        initials_after=frozenset(naming["initials_after"]),
        local=frozenset(naming["local"]),
        regions=tuple(naming["regions"]),
        tails=frozenset(naming["region_tails"]),
        ppk_election=frozenset(naming["ppk_election"]),
        not_places=frozenset(words(speakers["not_names"]) + words(speakers["ranks"]) + words(speakers["units"])),
    )


def find_mentions(text: str) -> list[Mention]:
    """Return all mentions of bodies in `text`, in order."""
    tables = _tables()
    found = []
    personnel = "Pejabat Pembina Kepegawaian" in text
    for match in tables.pattern.finditer(text):
        name, kind = tables.forms[match.group()]
        in_case_number = text[match.end() : match.end() + 1] == "/" and text[max(0, match.start() - 1)] == "-"
        if in_case_number or _is_person(text, match, tables):
            continue
        region, codes, end = _region(text, match.end(), name, tables)
        if name == "PPK" and region is None and not _has_election_words(text, *match.span(), tables):
            around = max(0, match.start() - _SENTENCE), match.end() + _SENTENCE
            if personnel or tables.personnel.search(_sentence(text, match.start(), *around)):
                continue
        found.append(Mention(name, kind, region, codes, match.start(), end))
    return _without_ordinary_words(text, found, tables) if found else found


def institutions(mentions: Sequence[Mention]) -> tuple[Institution, ...]:
    """Return the bodies behind `mentions`, each once, in the order of their first mention."""
    groups: dict[str, list[list[Mention]]] = {}
    by_place: dict[tuple[str, str | None], list[Mention]] = {}
    for mention in mentions:
        places = [(mention.name, place) for place in (mention.region, *mention.codes)]
        group = next((by_place[place] for place in places if place in by_place), None)
        if group is None:
            group = []
            groups.setdefault(mention.name, []).append(group)
        group.append(mention)
        for place in places:
            by_place.setdefault(place, group)
    joined = [group for same_name in groups.values() for group in _join_bare(same_name)]
    joined.sort(key=lambda group: min(mention.start for mention in group))
    return tuple(
        Institution(
            name=group[0].name,
            kind=group[0].kind,
            region=group[0].region,
            mentions=tuple(sorted((mention.start, mention.end) for mention in group)),
        )
        for group in joined
    )


def _join_bare(groups: list[list[Mention]]) -> list[list[Mention]]:
    """Give the mentions without a region to the only body of that name; a party without one is the national party."""
    if len(groups) != 2 or groups[0][0].kind == "partai":
        return groups
    bare, placed = groups if groups[0][0].region is None else groups[::-1]
    return groups if bare[0].region is not None else [placed + bare]


def _is_person(text: str, match: re.Match[str], tables: _Tables) -> bool:
    """Say whether a short form is the initials of a person: "berinisial MK", "MK (34)"."""
    if match.end() - match.start() > _LONGEST_ACRONYM_OF_INITIALS:
        return False
    before = text[max(0, match.start() - 12) : match.start()].split()
    behind = text[match.end() : match.end() + 3]
    return bool(before and before[-1] in tables.initials_after) or (behind[:2] == " (" and behind[2:].isdigit())


def _region(text: str, at: int, name: str, tables: _Tables) -> tuple[str | None, frozenset[str], int]:
    """Return the region written behind a body that ends at `at`, its codes, and where the whole ends."""
    nothing = None, frozenset[str](), at
    for written in tables.regions:
        if text.startswith(written, at + 1) and text[at : at + 1] == " ":
            end = at + 1 + len(written)
            return (written, frozenset((written,)), end) if not text[end : end + 1].isalnum() else nothing
    match = tables.behind.match(text, at)
    if match is None:
        return nothing
    start = match.start("level")
    parts = match["name"].split(" ")
    places = gazetteer()
    for length, key in places.starts.get(parts[0].lower(), ()):
        if " ".join(parts[:length]).lower() == key:
            if len(parts) > length and parts[length] in tables.tails:
                length += 1
            end = match.start("name") + len(" ".join(parts[:length]))
            level = match["level"].split(" ", 1)[0].rstrip(".").lower()
            codes = [code for code in places.names[key] if places.regions[code].level.startswith(level)]
            return text[start:end], frozenset(codes or places.names[key]), end
    kept = 0
    limit = len(parts) if match["number"] else 2 if name in tables.local else 0
    while kept < min(limit, len(parts)) and parts[kept] not in tables.not_places:
        kept += 1
    if not kept:
        return nothing
    end = match.start("name") + len(" ".join(parts[:kept]))
    return text[start:end], frozenset((text[start:end].lower(),)), end


def _has_election_words(text: str, start: int, end: int, tables: _Tables) -> bool:
    """Say whether the word right before or behind tells "PPK" from a personnel or procurement officer."""
    before, behind = _WORD.findall(text, max(0, start - 24), start), _WORD.findall(text, end, end + 24)
    return any(word.lower() in tables.ppk_election for word in (*before[-1:], *behind[:1]))


def _sentence(text: str, at: int, low: int, high: int) -> str:
    """Return the sentence around `at`, at most from `low` to `high`."""
    stop = text.find(".", at, high)
    return text[max(low, text.rfind(".", low, at) + 1) : stop if stop >= 0 else high]


def _without_ordinary_words(text: str, found: list[Mention], tables: _Tables) -> list[Mention]:
    """Drop short names that are ordinary words, cards or degrees, unless their surroundings make them bodies."""
    placed = {m.name for m in found if m.region is not None or text[m.start : m.end] != m.name}
    kept = []
    for nth, mention in enumerate(found):
        plain = text[mention.start : mention.end] == mention.name
        if plain and mention.name in tables.with_region and mention.name not in placed:
            continue
        if mention.name in tables.beside_parties and not text.startswith(("Partai", "PARTAI"), mention.start):
            before = found[nth - 1] if nth else None
            behind = found[nth + 1] if nth + 1 < len(found) else None
            listed = (before and before.kind == "partai" and text[before.end : mention.start] in _LIST_GAPS) or (
                behind and behind.kind == "partai" and text[mention.end : behind.start] in _LIST_GAPS
            )
            if not listed:
                continue
        kept.append(mention)
    return kept
