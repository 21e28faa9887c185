"""What one article tells, small enough to be kept: its wording, the words that set it apart, and how it was judged."""

import functools
import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from importlib import resources
from typing import TYPE_CHECKING, Final

import msgspec

from pilkada_nlp.article import (
    ZONES,
    Article,
    Election,
    Figure,
    ModalityValue,
    Outcome,
    RegionTag,
    SourceKindValue,
    Strength,
    Tagging,
)
from pilkada_nlp.article.findings import NamedTheme, Sentence
from pilkada_nlp.preprocessing.reading import shared_stemmer
from pilkada_nlp.regions import region
from pilkada_nlp.stories.naming import named_themes
from pilkada_nlp.stories.sentences import harm, shown_sentences

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WORD: Final = re.compile(r"\d+(?:[.,/:]\d+)*|\w+")
_NAME: Final = re.compile(r"(?<=[a-z,0-9\"“] )[A-Z]\w{2,}(?: [A-Z]\w+)*")  # not where a sentence begins with a capital
_MONTHS: Final = "januari februari maret april mei juni juli agustus september oktober november desember".split()
_DATE: Final = re.compile(rf"(?i)\b(\d{{1,2}})(?:/(\d{{1,2}})\b| ({'|'.join(_MONTHS)})\b)")
_OPENING: Final = 80  # words behind the title; what an article is about stands there
_NO_TITLE: Final = 12  # words that stand for a missing title
_SHINGLE: Final = 3  # words; with longer ones an edited copy falls apart
SHINGLES: Final = 256  # kept of a text, those with the least hashes; of a longer text they are a fair sample
_TERMS: Final = 160  # kept of a text, those of title and opening first, then the rarest
_TOLD_BY: Final = 1.5  # rarity below which a word says nothing about the event
_KEYS: Final = 24  # words kept to be shown

TITLE, NAME, NUMBER = 1, 2, 4  # what a term is, as bits
RARITY_STEPS: Final = 20  # rarity is kept in steps of 1/20
TERM: Final = (("word", "<u4"), ("rarity", "u1"), ("opening", "u1"), ("kind", "u1"))


class Telling(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What an article tells, as it is compared with others and shown in a story; about three kilobytes as bytes.

    `day` is that of its first region's zone, `at` when it was published, else fetched. `shingles` are the least hashes
    of runs of three words, sorted (little-endian, four bytes each); `terms` are records of type `TERM`: hash of the
    word, how rare it is, how often it stands in title and opening, and what it is. `dates` has a bit for each date in
    the text, `keys` are its rarest words, the rarest first.
    """

    article: str
    outlet: str
    url: str
    title: str
    day: date
    at: datetime
    published_at: datetime | None
    election: Election | None
    regions: tuple[RegionTag, ...]
    themes: tuple[tuple[str, Strength], ...]
    modality: ModalityValue
    outcome: Outcome | None
    severity: int
    source_kind: SourceKindValue
    case_stage: str | None
    is_aggregate: bool
    review: tuple[str, ...]
    shingles: bytes
    terms: bytes
    dates: int
    keys: tuple[str, ...]
    certainty: float = 1.0
    sentences: tuple[Sentence, ...] = ()
    figures: tuple[Figure, ...] = ()
    named: tuple[NamedTheme, ...] = ()


def telling(article: Article, tagging: Tagging) -> Telling:
    """Return what a related article tells; ValueError when it was tagged without a modality."""
    if tagging.modality is None:
        raise ValueError(f"article {article.id} is tagged as related but has no modality")
    words = WORD.findall(article.text.lower())
    title = WORD.findall(article.title.lower())
    terms, keys = _terms(title or words[:_NO_TITLE], words, _names(article.text))
    return Telling(
        article=article.id,
        outlet=article.outlet,
        url=article.url,
        title=article.title,
        day=local_day(article.published_at, tagging.places(), article.day),
        at=article.published_at or article.fetched_at,
        published_at=article.published_at,
        election=tagging.relevant.election,
        regions=tagging.places(),
        themes=tuple((theme.theme, theme.strength) for theme in tagging.themes),
        modality=tagging.modality.value,
        outcome=tagging.outcome,
        severity=tagging.severity,
        source_kind=tagging.source_kind.value,
        case_stage=tagging.case_stage,
        is_aggregate=bool(tagging.is_aggregate),
        review=tagging.review,
        shingles=_shingles([*title, *words]).tobytes(),
        terms=terms,
        dates=_dates(article.title) | _dates(article.text),
        keys=keys,
        certainty=tagging.modality.score,
        sentences=shown_sentences(article, tagging),
        figures=harm(article, tagging),
        named=named_themes(article, tagging),
    )


def local_day(published_at: datetime | None, places: Sequence[RegionTag], otherwise: date) -> date:
    """Return the day of a time in the zone of the first of `places`; `otherwise` when either is not known."""
    if published_at is None or not places:
        return otherwise
    return published_at.astimezone(ZONES[region(places[0].code).zone][1]).date()


@functools.lru_cache(maxsize=400_000)  # the same words come again and again
def weighed(word: str) -> tuple[str, int, float]:
    """Return the stem of a word in lower case, the hash of the stem, and how rare it is.

    That is the logarithm of one over the share of texts that have it.
    """
    texts, counts = _counts()
    stem = shared_stemmer().stem_words([word])[0] if word.isalpha() else word
    return stem, zlib.crc32(stem.encode()), math.log(texts / counts.get(stem, 2))


@functools.cache
def _counts() -> tuple[int, dict[str, int]]:
    table = resources.files("pilkada_nlp").joinpath("data", "story_terms.txt").read_text(encoding="utf-8")
    first, *rows = table.splitlines()
    return int(first), {stem: int(count) for stem, count in map(str.split, rows)}


def _names(text: str) -> set[str]:
    return {word.lower() for found in _NAME.findall(text) for word in found.split()}


def _terms(title: list[str], words: list[str], names: set[str]) -> tuple[bytes, tuple[str, ...]]:
    """Return the terms as records, and the rarest of them as words."""
    import numpy as np

    opening = Counter(weighed(word)[1] for word in (*title, *title, *words[:_OPENING]))
    in_title = {weighed(word)[1] for word in title}
    named = {weighed(name)[1] for name in names}
    found: dict[int, tuple[float, str]] = {}
    for word in {*title, *words}:
        stem, key, rarity = weighed(word)
        if rarity >= _TOLD_BY:
            found[key] = rarity, stem
    order = sorted(found, key=lambda key: (key not in opening, -found[key][0], key))[:_TERMS]
    records = np.zeros(len(order), np.dtype(list(TERM)))
    records["word"] = order
    records["rarity"] = [round(RARITY_STEPS * found[key][0]) for key in order]
    records["opening"] = [min(opening[key], 255) for key in order]
    records["kind"] = [
        TITLE * (key in in_title)
        | NAME * (key in named)
        | NUMBER * (len(found[key][1]) > 1 and found[key][1][0].isdigit())
        for key in order
    ]
    keys = sorted(found, key=lambda key: (-found[key][0], found[key][1]))[:_KEYS]
    return records.tobytes(), tuple(found[key][1] for key in keys)


def _shingles(words: list[str]) -> "npt.NDArray[np.uint32]":
    """Return the sorted hashes of all runs of three words, or the least of them; a shorter text is one run."""
    import numpy as np

    hashes = np.fromiter((weighed(word)[1] for word in words), np.uint64, len(words))
    if len(words) < _SHINGLE:
        return np.array([zlib.crc32(" ".join(words).encode())], np.uint32)
    # Odd factors make the order of the words count; the upper half of the product is the well mixed one.
    mixed = hashes[:-2] * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= (hashes[1:-1] + np.uint64(1)) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= (hashes[2:] + np.uint64(2)) * np.uint64(0x165667B19E3779F9)
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))[:SHINGLES]


def _dates(text: str) -> int:
    """Return a bit for each day of the year that the text names; two days nine weeks apart share one."""
    bits = 0
    for day, number, month in _DATE.findall(text):
        bits |= 1 << (31 * (int(number) if number else _MONTHS.index(month.lower()) + 1) + int(day)) % 63
    return bits
