"""The words of `data/entities.toml` as the finders of entities use them, and what the finders share."""

import bisect
import functools
import operator
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, NamedTuple

from pilkada_nlp.preprocessing import Sentence, read


class Read(NamedTuple):
    """A sentence and those of its words, in lower case, that a finder waits for."""

    sentence: Sentence
    hits: frozenset[str]


@functools.cache
def table(name: str) -> Mapping[str, Any]:
    """Return the table called `name`."""
    text = resources.files("pilkada_nlp").joinpath("data", "entities.toml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = tomllib.loads(text)[name]
    return found


_FORM = operator.attrgetter("form")


# All finders and facts of an article ask for them one after another.
@functools.lru_cache(maxsize=256)
def forms(text: str) -> tuple[list[str], ...]:
    """Return the words of each sentence of `text` in lower case; callers share the lists."""
    return tuple([[*map(_FORM, sentence.words)] for sentence in read(text)])


class Spans:
    """Spans that do not overlap, in order, which can be asked whether a character lies within one of them."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(spans)

    def __contains__(self, at: int) -> bool:
        nth = bisect.bisect_right(self._spans, (at, sys.maxsize)) - 1
        return nth >= 0 and at < self._spans[nth][1]


def words(text: str) -> tuple[str, ...]:
    """Return the words of an entry: separated by "|" where some of them are more than one, else by white space."""
    return tuple(part.strip() for part in text.split("|")) if "|" in text else tuple(text.split())


def one_of(forms: Iterable[str]) -> str:
    """Return a pattern that matches any of `forms`, the longest first."""
    return "|".join(re.escape(form) for form in sorted(set(forms), key=lambda form: (-len(form), form)))


def last_match(pattern: re.Pattern[str], text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the last match of `pattern` between two characters."""
    last = None
    for match in pattern.finditer(text, start, end):
        last = match
    return last


def either_case(forms: Iterable[str]) -> str:
    """Return a pattern that matches any of `forms`, with a small or a capital first letter."""
    by_letter: dict[str, set[str]] = {}
    for form in forms:
        by_letter.setdefault(form[0].lower(), set()).add(form[1:])
    return "|".join(f"[{letter}{letter.upper()}](?:{one_of(rests)})" for letter, rests in sorted(by_letter.items()))


def from_first_letter(forms: Iterable[str]) -> str:
    """Return a pattern for any of `forms` as a whole word.

    It begins with the letters that the forms begin with, so that the search skips all other characters at once.
    """
    by_letter: dict[str, list[str]] = {}
    for form in forms:
        by_letter.setdefault(form[0], []).append(form[1:])
    starts = (rf"{letter}(?<!\w{letter})(?:{one_of(rests)})" for letter, rests in sorted(by_letter.items()))
    return rf"(?:{'|'.join(starts)})(?!\w)"
