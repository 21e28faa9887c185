"""What is known of regions: 38 provinces, 514 regencies and cities, their names, and the cues around names.

The tables lie in `data/`: `regions.csv` (codes, names, capitals), `region_kecamatan.csv` (sub-districts that tell a
city from the regency of the same name) and `region_cues.toml` (words and points, with comments for editors).
"""

import csv
import functools
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_EASTERN = {"WITA": ("51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"), "WIT": ("8", "9")}
LEVEL_WORDS = {"provinsi": ("provinsi", "prov"), "kabupaten": ("kabupaten", "kab"), "kota": ("kota",)}


class Region(NamedTuple):
    """A row of `data/regions.csv`: `level` is "provinsi", "kabupaten" or "kota"."""

    code: str
    level: str
    name: str
    short_name: str
    province: str
    capitals: tuple[str, ...]

    @property
    def zone(self) -> str:
        """The IANA name of the zone whose time the region keeps (WIB, WITA or WIT)."""
        if self.province.startswith(_EASTERN["WIT"]):
            return "Asia/Jayapura"
        return "Asia/Makassar" if self.province in _EASTERN["WITA"] else "Asia/Jakarta"


class Cue(NamedTuple):
    """What the words before a name say of it: `points` count for its region."""

    name: str
    points: float


class Gazetteer(NamedTuple):
    """All tables, read once. Keys of names are their words in lower case, joined by single spaces."""

    regions: Mapping[str, Region]
    names: Mapping[str, tuple[str, ...]]  # key -> codes
    starts: Mapping[str, tuple[tuple[int, str], ...]]  # first word -> (number of words, key), longest first
    cues: Mapping[str, Cue]  # by name, the one that decides first
    chain: Mapping[str, Cue | None]  # word -> its cue, None for a filler
    levels: Mapping[str, str]  # word -> level
    traps: Mapping[str, frozenset[str]]
    phrases: re.Pattern[str]
    context: Mapping[str, frozenset[str]]
    ends: frozenset[str]  # cues at which a chain ends
    anchors: frozenset[str]  # cues that make an ordinary word a name
    joined: frozenset[str]  # cues that "dan" joins to another
    seat_of: frozenset[str]
    points: Mapping[str, float]
    provincial_seats: frozenset[str]
    districts: Mapping[str, re.Pattern[str]]  # code -> its sub-districts


def key(name: str) -> str:
    """Return `name` as the tables spell it."""
    return " ".join(match.group().lower() for match in WORD.finditer(name))


def _table(name: str) -> str:
    return resources.files("pilkada_nlp").joinpath("data", name).read_text(encoding="utf-8")


@functools.cache
def gazetteer() -> Gazetteer:
    """Return the tables."""
    cues = tomllib.loads(_table("region_cues.toml"))
    regions, names, risky, acronyms = _regions(cues["names"])
    kinds = {name: Cue(name, cue["points"]) for name, cue in cues["cues"].items()}
    chain: dict[str, Cue | None] = dict.fromkeys(cues["chain"]["fillers"] + cues["chain"]["seat_of"])
    for name, cue in cues["cues"].items():
        chain.update(dict.fromkeys(cue["words"], kinds[name]))
    traps = {name: frozenset(words) for name, words in cues["traps"].items()}
    traps["ordinary_words"] |= risky
    traps["acronyms"] = frozenset(acronyms)
    starts: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in names:
        starts[name.split(" ", 1)[0]].append((name.count(" ") + 1, name))
    return Gazetteer(
        regions=regions,
        names=names,
        starts={word: tuple(sorted(found, reverse=True)) for word, found in starts.items()},
        cues=kinds,
        chain=chain,
        levels={word: level for level, words in cues["levels"].items() for word in words},
        traps=traps,
        phrases=_phrases(cues["traps"]["phrases"], cues["traps"]["operations"]),
        context={name: frozenset(words) for name, words in cues["context"].items()},
        ends=frozenset(cues["chain"]["ends"]),
        anchors=frozenset(cues["chain"]["anchors"]),
        joined=frozenset(cues["chain"]["joined"]),
        seat_of=frozenset(cues["chain"]["seat_of"]),
        points=cues["points"],
        provincial_seats=frozenset(cues["provincial_seats"]["codes"]),
        districts=_districts(),
    )


def _regions(
    extra: Mapping[str, list[str]],
) -> tuple[dict[str, Region], dict[str, tuple[str, ...]], set[str], set[str]]:
    """Return the regions by code, the codes by name, the names that need a cue, and those that need capitals."""
    regions: dict[str, Region] = {}
    names: defaultdict[str, set[str]] = defaultdict(set)
    capitals: defaultdict[str, set[str]] = defaultdict(set)
    risky: set[str] = set()
    acronyms: set[str] = set()
    for row in csv.DictReader(_table("regions.csv").splitlines()):
        code, level, towns = row["code"], row["level"].split()[0], _cells(row["capital"])
        regions[code] = Region(code, level, row["official_name"], row["short_name"], row["province_code"], tuple(towns))
        for name in (row["short_name"], *_cells(row["aliases"]), *_cells(row["aliases_risky"])):
            names[key(name)].add(code)
            if name.isupper():
                acronyms.add(key(name))
        risky.update(map(key, _cells(row["aliases_risky"])))
        for town in set(towns) - set(_cells(row["capital_risky"])):
            capitals[key(town)].add(code)
    for code, aliases in extra.items():
        names.update({key(alias): {code} for alias in aliases})
    # A regency's seat stands for the regency where no other region or seat bears the name.
    names.update({town: codes for town, codes in capitals.items() if len(codes) == 1 and town not in names})
    return regions, {name: tuple(sorted(codes)) for name, codes in names.items()}, risky, acronyms


def _cells(cell: str) -> list[str]:
    return [part for part in cell.split("|") if part]


def _phrases(phrases: Iterable[str], operations: Iterable[str]) -> re.Pattern[str]:
    return re.compile(
        "|".join([rf"{re.escape(name)}(?: Jaya)? \w+" for name in operations] + [*map(re.escape, phrases)])
    )


def _districts() -> dict[str, re.Pattern[str]]:
    by_code: defaultdict[str, list[str]] = defaultdict(list)
    for row in csv.DictReader(_table("region_kecamatan.csv").splitlines()):
        by_code[row["region_code"]].append(re.escape(row["name"]))
    return {code: re.compile(rf"\b(?:{'|'.join(names)})\b") for code, names in by_code.items()}
