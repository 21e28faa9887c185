"""Regions that a text is about: a gazetteer of 38 provinces and 514 regencies and cities, matched on raw cased text.

Names are matched longest first, with the words beside them as anchors: "Wali Kota Bima" is the city, "Bupati Bima" the
regency, and "Bima Arya" a person. What stays ambiguous is returned as all its readings with a score below 1.
"""

import csv
import functools
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import NamedTuple

from pilkada_nlp.article import RegionRole, RegionTag
from pilkada_nlp.preprocessing import Token

_LONGEST_NAME = 5  # words: "Kabupaten Ogan Komering Ulu Selatan"
_LEAD = 350  # characters: title, dateline and the first two sentences of a usual news text
_DATELINE = re.compile(r"^\W*(?P<place>[A-Z][A-Za-z. ]{2,30}?)(?:\s*\([^)]{2,40}\)|,[^.–—-]{2,40})?\s*(?:--|[–—:-])\s")
_EASTERN = {"WITA": ("51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"), "WIT": ("8", "9")}


_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")


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


class _Mention(NamedTuple):
    name: str
    codes: tuple[str, ...]
    start: int
    anchored: bool
    compared: bool


class _Name(NamedTuple):
    codes: tuple[str, ...]
    needs_anchor: bool


class _Gazetteer(NamedTuple):
    regions: Mapping[str, Region]
    names: Mapping[str, _Name]
    capitals: Mapping[str, str]
    traps: Mapping[str, frozenset[str]]
    anchors: Mapping[str, str]
    phrases: re.Pattern[str]


def _table(name: str) -> str:
    return resources.files("pilkada_nlp").joinpath("data", name).read_text(encoding="utf-8")


@functools.cache
def _gazetteer() -> _Gazetteer:
    regions: dict[str, Region] = {}
    names: defaultdict[str, set[str]] = defaultdict(set)
    risky: set[str] = set()
    capitals: defaultdict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader(_table("regions.csv").splitlines()):
        level = row["level"].split()[0]
        safe_capitals = tuple(filter(None, row["capital"].split("|")))
        regions[row["code"]] = Region(
            row["code"], level, row["official_name"], row["short_name"], row["province_code"], safe_capitals
        )
        for alias in filter(None, row["aliases_risky"].split("|")):
            names[alias.lower()].add(row["code"])
            risky.add(alias.lower())
        # The level in front of a name decides between twins on its own: "Kota Bogor", "Kab. Bogor".
        prefixes = {"provinsi": ("provinsi", "prov"), "kabupaten": ("kabupaten", "kab"), "kota": ("kota",)}[level]
        for name in {row["short_name"], *filter(None, row["aliases"].split("|"))}:
            names[_key(name)].add(row["code"])
        for name in (row["official_name"], *(f"{prefix} {row['short_name']}" for prefix in prefixes)):
            names[_key(name)] = {row["code"]}
        for capital in set(safe_capitals) - set(row["capital_risky"].split("|")):
            capitals[_key(capital)].add(row["code"])
    traps = tomllib.loads(_table("region_traps.toml"))
    ordinary = set(traps["ordinary_words"]) | risky
    return _Gazetteer(
        regions=regions,
        names={name: _Name(tuple(sorted(codes)), name in ordinary) for name, codes in names.items()},
        capitals={name: next(iter(codes)) for name, codes in capitals.items() if len(codes) == 1 and name not in names},
        traps={
            "not_after": frozenset(traps["not_after"]),
            "not_before": frozenset(traps["not_before"]),
            "national_seat": frozenset(traps["national_seat"]),
            "place": frozenset(traps["prepositions"]["place"]),
            "comparison": frozenset(traps["prepositions"]["comparison"]),
        },
        anchors={word: level for level, words in traps["anchors"].items() for word in words},
        phrases=re.compile(
            "|".join(
                [rf"(?:{re.escape(op)}) \w+" for op in traps["operations"]] + [re.escape(p) for p in traps["phrases"]]
            )
        ),
    )


def _words(text: str) -> list[Token]:
    return [Token(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]


def _key(name: str) -> str:
    return " ".join(token.text.lower() for token in _words(name))


def region(code: str) -> Region:
    """Return the region with this code; KeyError when there is none."""
    return _gazetteer().regions[code]


def find_regions(text: str, title: str = "") -> tuple[RegionTag, ...]:
    """Return the regions named in `title` and `text`, the place of the event or election discussed first.

    Role `peristiwa` is that place, `disebut` a region merely named, `dateline` a place of reporting that the body does
    not confirm. A national text gives none with role `peristiwa`. A score below 1 marks readings that stay open.
    """
    gazetteer = _gazetteer()
    whole = f"{title}\n{text}"
    lead_end = len(title) + 1 + _LEAD
    mentions = list(_mentions(whole, gazetteer, title_end=len(title)))
    town, body_start = _dateline(text)
    body_start += len(title) + 1
    in_body = [m for m in mentions if not len(title) < m.start < body_start]
    senses = _senses(in_body, whole, gazetteer)

    counts: Counter[str] = Counter()
    leading: set[str] = set()
    open_readings: dict[str, int] = {}
    for mention in in_body:
        codes = senses.get(mention.name, mention.codes) if len(mention.codes) > 1 else mention.codes
        for code in codes:
            counts[code] += 0 if mention.compared else 1
            if mention.start < lead_end and not mention.compared:
                leading.add(code)
            if len(codes) > 1:
                open_readings[code] = len(codes)
    tags = _roles(counts, leading, open_readings, gazetteer, whole[:lead_end])
    tags.extend(_from_dateline(town, tags, gazetteer))
    order = {"peristiwa": 0, "dateline": 1, "disebut": 2}
    return tuple(sorted(tags, key=lambda tag: (order[tag.role], -counts[tag.code], tag.code)))


def _mentions(text: str, gazetteer: _Gazetteer, title_end: int) -> Iterator[_Mention]:
    traps, names = gazetteer.traps, gazetteer.names
    blocked = [match.span() for match in gazetteer.phrases.finditer(text)]
    words = _words(text)
    lower = [word.text.lower() for word in words]
    at = 0
    while at < len(words):
        match = _longest(words, lower, at, gazetteer)
        if match is None:
            at += 1
            continue
        key, length = match
        start = words[at].start
        before = lower[at - 1] if at else ""
        after = lower[at + length] if at + length < len(words) else ""
        name = names.get(key) or _Name((gazetteer.capitals[key],), needs_anchor=False)
        anchored, codes = _anchor(lower[max(0, at - 3) : at], name.codes, gazetteer)
        if key in traps["national_seat"]:
            placed, needs_anchor = False, True
        else:
            placed, needs_anchor = before in traps["place"] and start > title_end, name.needs_anchor
        refused = before in traps["not_after"] or (
            after in traps["not_before"] and words[at + length].text[0].isupper()
        )
        if not refused and not any(a <= start < b for a, b in blocked) and (anchored or placed or not needs_anchor):
            yield _Mention(key, codes, start, anchored, not traps["comparison"].isdisjoint(lower[max(0, at - 3) : at]))
        at += length


def _longest(words: list[Token], lower: list[str], at: int, gazetteer: _Gazetteer) -> tuple[str, int] | None:
    if not words[at].text[0].isupper():
        return None
    for length in range(min(_LONGEST_NAME, len(words) - at), 0, -1):
        key = " ".join(lower[at : at + length])
        if (key in gazetteer.names or key in gazetteer.capitals) and all(
            word.text[0].isupper() for word in words[at : at + length]
        ):
            return key, length
    return None


def _anchor(before: list[str], codes: tuple[str, ...], gazetteer: _Gazetteer) -> tuple[bool, tuple[str, ...]]:
    """Return whether an anchor stands before the name, and the codes that it leaves; the nearest anchor decides."""
    anchored = False
    for word in reversed(before):
        level = gazetteer.anchors.get(word)
        if level is None:
            continue
        anchored = True
        fitting = tuple(code for code in codes if gazetteer.regions[code].level == level)
        if fitting:
            return True, fitting
    return anchored, codes


def _senses(mentions: list[_Mention], text: str, gazetteer: _Gazetteer) -> dict[str, tuple[str, ...]]:
    """Return, for each name with several readings, the readings that the rest of the text supports."""
    wide: defaultdict[str, set[str]] = defaultdict(set)
    certain: defaultdict[str, set[str]] = defaultdict(set)
    for mention in mentions:
        codes = gazetteer.names[mention.name].codes if mention.name in gazetteer.names else mention.codes
        key = gazetteer.regions[codes[0]].short_name.lower()
        if len(mention.codes) > 1:
            wide[mention.name].update(mention.codes)
        else:
            certain[key].update(mention.codes)
    found = {}
    for name, readings in wide.items():
        supported = certain.get(name, set()) & readings or {
            code for code in readings if any(capital in text for capital in gazetteer.regions[code].capitals)
        }
        found[name] = tuple(sorted(supported or readings))
    return found


def _roles(
    counts: Counter[str], leading: set[str], open_readings: Mapping[str, int], gazetteer: _Gazetteer, lead: str
) -> list[RegionTag]:
    most = max(counts.values(), default=0)
    places = {code for code in counts if counts[code] and (code in leading or counts[code] >= max(2, 0.5 * most))}
    provinces_with_places = {gazetteer.regions[code].province for code in places if "." in code}
    governor = re.search(r"(?i)\b(pilgub|gubernur|cagub|se-\w+)\b", lead) is not None
    tags = []
    for code in counts:
        role: RegionRole = "peristiwa" if code in places else "disebut"
        if role == "peristiwa" and code in provinces_with_places and not governor:
            role = "disebut"  # the most specific level is the place; the province only says where that is
        score = 1.0 / open_readings[code] if code in open_readings else 1.0
        tags.append(RegionTag(code=code, name=gazetteer.regions[code].name, role=role, score=score))
    return tags


def _dateline(text: str) -> tuple[str, int]:
    """Return the town of the dateline ("" without one) and where the body begins."""
    match = _DATELINE.match(text[:120])
    return (match.group("place").strip(), match.end()) if match else ("", 0)


def _from_dateline(town: str, tags: list[RegionTag], gazetteer: _Gazetteer) -> list[RegionTag]:
    """Return what the dateline adds: the place itself when the body names none, and never for Jakarta."""
    key = _key(town)
    name = gazetteer.names.get(key)
    codes = name.codes if name else (gazetteer.capitals[key],) if key in gazetteer.capitals else ()
    codes = tuple(code for code in codes if not code.startswith("31"))
    if not codes or {tag.code for tag in tags} & set(codes):
        return []
    confirmed = any(tag.role == "peristiwa" for tag in tags)
    role: RegionRole = "dateline" if confirmed else "peristiwa"
    score = 0.6 / len(codes)
    return [RegionTag(code=code, name=gazetteer.regions[code].name, role=role, score=score) for code in codes]
