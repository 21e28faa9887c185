"""Regions that a text is about: names matched on raw cased text, with the words beside them as cues.

Every mention adds points for its region, by its cue ("KPU X" more than "Gubernur X"), by where it stands and by what
happens there; a region with a point or more is a place of the event. All words and points stand in
`data/region_cues.toml`. What stays ambiguous is returned as all its readings with a score below 1.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pilkada_nlp.article import RegionRole, RegionTag
from pilkada_nlp.regions.decision import places
from pilkada_nlp.regions.gazetteer import Region, gazetteer
from pilkada_nlp.regions.lookup import all_regions, regions_called, similar_regions
from pilkada_nlp.regions.mentions import Mention
from pilkada_nlp.regions.readings import read

__all__ = ["Region", "all_regions", "find_regions", "region", "regions_called", "similar_regions"]

_ORDER: Mapping[RegionRole, int] = {"peristiwa": 0, "dateline": 1, "disebut": 2}


def region(code: str) -> Region:
    """Return the region with this code; KeyError when there is none."""
    return gazetteer().regions[code]


def find_regions(text: str, title: str = "") -> tuple[RegionTag, ...]:
    """Return the regions named in `title` and `text`, the place of the event or election discussed first.

    Role `peristiwa` is that place, `disebut` a region merely named, `dateline` a place of reporting that the body does
    not confirm. A national text gives none with role `peristiwa`. A score below 1 marks readings that stay open.
    """
    tables = gazetteer()
    reading = read(text, title, tables)
    by_code: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in reading.mentions:
        for code in mention.codes:
            by_code[code].append(mention)
    chosen = places(reading, by_code, len(title) + 1, tables)
    tags = [
        _tag(code, "peristiwa" if code in chosen else "disebut", 1 / max(len(mention.codes) for mention in found))
        for code, found in by_code.items()
    ]
    tags.extend(_from_dateline(reading.dateline, by_code))
    return tuple(sorted(tags, key=lambda tag: (_ORDER[tag.role], -len(by_code.get(tag.code, ())), tag.code)))


def _tag(code: str, role: RegionRole, score: float) -> RegionTag:
    return RegionTag(code=code, name=region(code).name, role=role, score=score)


def _from_dateline(codes: Sequence[str], named: Mapping[str, object]) -> list[RegionTag]:
    """Return what the dateline adds: the place itself when the text names no region, and never for Jakarta."""
    codes = [code for code in codes if not code.startswith("31")]
    if not set(codes).isdisjoint(named):
        return []
    seats = gazetteer().provincial_seats  # where the news of a whole province is written
    role: RegionRole = "dateline" if named or not seats.isdisjoint(codes) else "peristiwa"
    return [_tag(code, role, 0.6 / len(codes)) for code in codes]
