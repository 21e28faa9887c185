"""Which reading of an ambiguous name a text means, and what its dateline names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pilkada_nlp.regions.gazetteer import WORD, Gazetteer, key
from pilkada_nlp.regions.mentions import Mention, find_mentions

_ENOUGH = 50_000  # characters that are searched for what tells a city from the regency of the same name
_AGENCY = re.compile(  # "… Praya, Lombok Tengah (ANTARA) -", also behind a pulled quotation
    r"(?P<place>[A-Z][a-z]+(?: [A-Z][a-z]+){0,2})(?:, (?P<region>[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}))?"
    r" \([A-Za-z][\w .]{2,25}\)\s*[-–—]"
)
_DATELINE = re.compile(  # "jpnn.com, KUPANG -", "Denpasar (7/2/2024) –", "KENDARI, 17 Oktober 2024:"
    r"\W*(?:[A-Za-z0-9]+[.,] ?(?:com|co|id|net)(?:\.id)?\W{1,4})?(?P<place>[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+){0,3})"
    r"(?:,? ?\([^)\n]{2,40}\)|, [^.–—\n]{0,40}?|,)?\s*(?:--|[–—:|]|-(?=\s))"
)
_TOWN_ONLY = re.compile(r"\W*(?P<place>[A-Z]{3,}(?: [A-Z]{3,}){0,3})(?=,? |\.)")  # "SINGARAJA, Niat …"

_PAIR = re.compile(r"\b(?:kota (?:dan|serta) kabupaten|kabupaten (?:dan|serta) kota) ", re.IGNORECASE)


class Reading(NamedTuple):
    """The mentions of a text in order, the codes that its dateline names, all its words in lower case, its length.

    Offsets count in the title, a line break and the text.
    """

    mentions: list[Mention]
    dateline: tuple[str, ...]
    words: list[str]
    length: int


def read(text: str, title: str, tables: Gazetteer) -> Reading:
    """Return what `title` and `text` name."""
    whole = f"{title}\n{text}"
    mentions, words = find_mentions(whole, len(title), tables)
    dateline, (begin, end) = _dateline(text, tables)
    if dateline:
        body = len(title) + 1
        mentions = [mention for mention in mentions if not body + begin <= mention.start < body + end]
    mentions = [single for mention in mentions for single in _apart(mention, whole)]
    if any(len(codes) > 1 for codes in (dateline, *(mention.codes for mention in mentions))):
        present = _unclaimed(words, mentions, whole)
        _settle(mentions, present, whole, tables)
        certain = {mention.codes[0] for mention in mentions if len(mention.codes) == 1}
        dateline = _supported(dateline, certain, present, whole, tables) if len(dateline) > 1 else dateline
    return Reading(mentions, dateline, words, len(whole))


def _apart(mention: Mention, text: str) -> list[Mention]:
    """Return a mention for each region of "Kota dan Kabupaten X", which names two; any other mention as it is."""
    if len(mention.codes) > 1 and _PAIR.search(text, mention.chain, mention.start):
        return [replace(mention, codes=(code,)) for code in mention.codes]
    return [mention]


def _unclaimed(words: Sequence[str], mentions: Sequence[Mention], text: str) -> set[str]:
    """Return the words of the text but for the offices of regions that the text names without doubt.

    "Bupati Lebak" says that Lebak is a regency, and nothing of Serang or Tasikmalaya.
    """
    claimed = Counter(
        match.group().lower()
        for mention in mentions
        if len(mention.codes) == 1
        for match in WORD.finditer(text, mention.chain, mention.start)
    )
    return {word for word, count in Counter(words).items() if count > claimed[word]}


def _settle(mentions: Sequence[Mention], present: set[str], text: str, tables: Gazetteer) -> None:
    """Leave each mention the readings that its own words or the rest of the text support."""
    regions = tables.regions
    provinces = {code[:2] for mention in mentions if len(mention.codes) == 1 for code in mention.codes}
    for mention in mentions:
        near = tuple(code for code in mention.codes if code[:2] in provinces)
        if near and len({code[:2] for code in mention.codes}) > 1:
            mention.codes = near
        level = mention.level
        if mention.cue.name == "police" and text[mention.end : mention.end + 5] in (" Kota", " KOTA"):
            level = "kota"  # "Polres Bima Kota" is the city's, "Polres Bima" the regency's
        fitting = tuple(code for code in mention.codes if regions[code].level == level)
        mention.codes = fitting or mention.codes
    # "Polres Bogor" and "Polres Bima Kota" say whose police it is, which need not be whose election it is.
    certain = {mention.codes[0] for mention in mentions if len(mention.codes) == 1 and mention.cue.name != "police"}
    certain = certain or {mention.codes[0] for mention in mentions if len(mention.codes) == 1}
    settled: dict[tuple[str, ...], tuple[str, ...]] = {}
    for mention in mentions:
        if len(mention.codes) > 1:
            if mention.codes not in settled:
                settled[mention.codes] = _supported(mention.codes, certain, present, text, tables)
            mention.codes = settled[mention.codes]


def _supported(
    codes: tuple[str, ...], certain: set[str], present: set[str], text: str, tables: Gazetteer
) -> tuple[str, ...]:
    """Return those of the readings that the text speaks for; all of them when nothing does."""
    known = tuple(code for code in codes if code in certain)
    provinces = tuple(code for code in codes if "." not in code)
    if provinces and (not known or not present.isdisjoint(tables.context["provincial"])):
        return provinces
    if known:
        return known
    seats = tuple(code for code in codes if any(town in text[:_ENOUGH] for town in tables.regions[code].capitals))
    if seats:
        return seats
    named = Counter(
        {code: len(set(tables.districts[code].findall(text, 0, _ENOUGH))) for code in codes if code in tables.districts}
    )
    (first, most), (_, fewer) = (*named.most_common(2), ("", 0), ("", 0))[:2]
    if most > fewer:
        return (first,)
    offices = {level for level in ("kota", "kabupaten") if not present.isdisjoint(tables.context[level])}
    return tuple(code for code in codes if {tables.regions[code].level} == offices) or codes


def _dateline(text: str, tables: Gazetteer) -> tuple[tuple[str, ...], tuple[int, int]]:
    """Return the codes that the dateline names, none without one, and where in `text` it stands."""
    for match in (_AGENCY.search(text, 0, 500), _DATELINE.match(text, 0, 140), _TOWN_ONLY.match(text, 0, 140)):
        for place in reversed(match.groups()) if match else ():
            words = key(place or "").split()
            for skipped in range(len(words)):
                codes = tables.names.get(" ".join(words[skipped:]))
                if match and codes:
                    return codes, match.span()
    return (), (0, 0)
