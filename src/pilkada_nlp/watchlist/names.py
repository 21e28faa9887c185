"""Regions, themes and entries as people write them, and which ones they may have meant where there is no such one."""

import difflib
from collections.abc import Collection

from pilkada_nlp.errors import InputError
from pilkada_nlp.regions import Region, regions_called, similar_regions
from pilkada_nlp.wording import table


def one_of(word: str, words: Collection[str], kind: str) -> str:
    """Return `word` when it is among `words`; else InputError with those that are spelled almost like it."""
    if word in words:
        return word
    near = difflib.get_close_matches(word, words, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(words)}"
    raise InputError(f"there is no such {kind}; {hint}", word)


def theme_called(text: str) -> str:
    """Return the theme with this id; InputError with similar ones when the taxonomy has none."""
    return one_of(text, [theme["id"] for theme in table("taxonomy.toml")["themes"]], "theme")


def region_called(text: str) -> Region:
    """Return the one region with this code or name; InputError with the ones in question when there is none or more."""
    found = regions_called(text)
    if len(found) == 1:
        return found[0]
    near = found or similar_regions(text)
    listed = ", ".join(f"{region.code} {region.name}" for region in near)
    if found:
        raise InputError(f"several regions are called so, write the code of one: {listed}", text)
    raise InputError(f"there is no such region; {f'did you mean {listed}?' if near else 'write its code'}", text)


def entry_called(text: str) -> str:
    """Return the id of the entry that `text` means: region and theme with a stroke between ("Berau/keamanan")."""
    place, stroke, theme = text.rpartition("/")
    if not stroke:
        raise InputError('write region and theme with a stroke between, such as "64.08/keamanan"', text)
    return f"{region_called(place).code}/{theme_called(theme)}"


def covers(region: str, code: str) -> bool:
    """Return whether a region is `code` or the province that it lies in."""
    return code == region or code.startswith(f"{region}.")
