"""The regions that a person means who writes a code or a name, in a configuration or on the command line."""

import difflib
import functools
from collections import defaultdict

from pilkada_nlp.regions.gazetteer import LEVEL_WORDS, Region, gazetteer, key


def all_regions() -> tuple[Region, ...]:
    """Return all provinces, regencies and cities, by code."""
    return tuple(region for _, region in sorted(gazetteer().regions.items()))


def regions_called(text: str) -> tuple[Region, ...]:
    """Return the regions with this code or name, by code; the word "Kabupaten", "Kota" or "Provinsi" tells twins apart.

    Several where the name leaves it open ("Bima"), none where there is no such region.
    """
    regions = gazetteer().regions
    if text.strip() in regions:
        return (regions[text.strip()],)
    return tuple(regions[code] for code in _codes().get(key(text), ()))


def similar_regions(text: str) -> tuple[Region, ...]:
    """Return up to three regions whose names are spelled almost like this, the nearest first."""
    names = difflib.get_close_matches(key(text), _codes(), n=3, cutoff=0.7)
    codes = dict.fromkeys(code for name in names for code in _codes()[name])
    return tuple(gazetteer().regions[code] for code in list(codes)[:3])


@functools.cache
def _codes() -> dict[str, tuple[str, ...]]:
    """Return the codes by name as the tables spell it, with and without the word for the level."""
    tables = gazetteer()
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for name, found in tables.names.items():
        codes[name].update(found)
        for level, words in LEVEL_WORDS.items():
            for word in words:
                codes[f"{word} {name}"].update(code for code in found if tables.regions[code].level == level)
    for code, region in tables.regions.items():
        codes[key(region.name)].add(code)
    return {name: tuple(sorted(found)) for name, found in codes.items() if found}
