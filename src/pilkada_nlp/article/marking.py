"""Where the terms that a model weighs stand in a sentence, so that people can see them.

A term is a raw word ("camat"), two neighbours ("saling lempar"), or a stem ("~lempar"), digits written as "0"; in front
of it "t:" says that it stood in the title, "l:" in title or first sentences. "p:theme" counts phrases of a theme, and
"pl:theme" those in title and opening.
"""

import functools
import itertools
import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from pilkada_nlp.wording import table

Place = Literal["", "title", "opening"]
_PLACES: Final[dict[str, Place]] = {"": "", "t": "title", "l": "opening", "p": "", "pl": "opening"}
_HEAD = re.compile(r"(t|l|pl?):(?=.)", re.DOTALL)

# The stemmer stands above this stage, so roots are looked for through the affixes that it takes off. Irregular forms
# (teladan, belajar) stay unmarked; the list of terms has them all the same.
_PREFIXES: Final = "(?:di|ter?|se|ke|ku|ber?|per?|bel|pel|me(?:nge|ng|ny|[mn])?|pe(?:nge|ng|ny|[mn]))"
_SUFFIXES: Final = "(?:kan|an|i|nya|lah|kah|pun|ku|mu)"
_NASAL_FOR: Final = {"k": "ng", "p": "m", "s": "ny", "t": "n"}  # "tulis" -> "menulis": the first letter gives way


class Term(NamedTuple):
    """A term taken apart: `text` is the word, the pair, the stem, or the id of the theme."""

    kind: Literal["word", "stem", "phrase"]
    place: Place
    text: str


class Mark(NamedTuple):
    """What to look for in a sentence, and the caption of every place where it stands."""

    pattern: re.Pattern[str]
    caption: str


def parse_term(term: str) -> Term:
    """Return the parts of a model's term."""
    match = _HEAD.match(term)
    head, rest = (match[1], term[match.end() :]) if match else ("", term)
    place = _PLACES[head]
    if head.startswith("p"):
        return Term("phrase", place, rest)
    return Term("stem", place, rest[1:]) if len(rest) > 1 and rest[0] == "~" else Term("word", place, rest)


@functools.cache
def phrase_pattern(theme: str) -> re.Pattern[str] | None:
    """Return a pattern for the phrases of a theme (`data/taxonomy.toml`), None for one without phrases."""
    phrases = [
        phrase["text"] for row in table("taxonomy.toml")["themes"] if row["id"] == theme for phrase in row["phrases"]
    ]
    forms = [r"[^\w-]+".join(re.escape(word).replace(r"\*", r"\w*") for word in phrase.split()) for phrase in phrases]
    return re.compile(rf"\b(?:{'|'.join(forms)})\b", re.IGNORECASE) if forms else None


@functools.lru_cache(maxsize=1024)
def pattern_of(term: str) -> re.Pattern[str] | None:
    """Return a pattern for the places of a term in a sentence, None if it cannot stand in one."""
    kind, _, text = parse_term(term)
    if kind == "phrase":
        return phrase_pattern(text)
    if kind == "word":
        words = [re.escape(word).replace("0", r"\d+(?:[.,]\d+)*") for word in text.split()]
        return _whole(r"\W+".join(words)) if words else None
    root = re.escape(text)
    forms = f"{_PREFIXES}{{0,3}}{root}"
    if nasal := _NASAL_FOR.get(text[0]):
        forms += f"|(?:di|ke|se|ter|ber)?[mp]e{nasal}{re.escape(text[1:])}"
    half = f"(?:{forms}){_SUFFIXES}{{0,3}}"
    return _whole(rf"(?:\w+-)?{half}(?:-\w+)?")


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE)


def pieces(text: str, marks: Sequence[Mark]) -> list[tuple[str, tuple[str, ...]]]:
    """Return `text` cut into pieces, each with the captions of the marks that cover it, in the order of `marks`."""
    edges: dict[int, dict[int, int]] = {0: {}, len(text): {}}
    for number, mark in enumerate(marks):
        for match in mark.pattern.finditer(text):
            for at, step in ((match.start(), 1), (match.end(), -1)):
                steps = edges.setdefault(at, {})
                steps[number] = steps.get(number, 0) + step
    open_marks = [0] * len(marks)
    found = []
    for start, end in itertools.pairwise(sorted(edges)):
        for number, step in edges[start].items():
            open_marks[number] += step
        captions = tuple(mark.caption for mark, count in zip(marks, open_marks, strict=True) if count)
        found.append((text[start:end], captions))
    return found
