"""Phrases of many tables found in one pass over the words of a text."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

_REMEMBERED = 100_000  # pairs of words, about 20 MB


class Hit(NamedTuple):
    """A phrase found: its label, weight, the words as the text has them, and at which word it begins."""

    label: str
    weight: int
    text: str
    at: int


class _Pattern(NamedTuple):
    label: str
    weight: int
    rest: tuple[tuple[str, bool], ...]  # the words behind the first, each with whether any ending will do


def _fits(word: str, part: tuple[str, bool]) -> bool:
    text, any_ending = part
    return word.startswith(text) if any_ending else word == text


class PhraseMatcher:
    """Finds phrases by label; "*" at the end of a word stands for any ending. Case and punctuation do not count.

    Of the phrases of one label that begin at one word only the longest is reported. The work grows with the words, not
    with the phrases.
    """

    def __init__(self, tables: Mapping[str, Iterable[tuple[str, int]]]) -> None:
        self._whole: dict[str, list[_Pattern]] = {}
        self._begun: dict[str, list[_Pattern]] = {}
        for label, phrases in tables.items():
            for text, weight in phrases:
                words = [(word.rstrip("*"), word.endswith("*")) for word in text.split()]
                (first, open_end), *rest = words
                table = self._begun if open_end else self._whole
                table.setdefault(first, []).append(_Pattern(label, weight, tuple(rest)))
        self._lengths = sorted({len(first) for first in self._begun})
        self._by_pair: dict[tuple[str, str], list[_Pattern]] = {}

    def find(self, words: Sequence[str]) -> list[Hit]:
        """Return the phrases among lower-case words, in order."""
        found: list[Hit] = []
        known = self._by_pair
        for at, pair in enumerate(itertools.pairwise([*words, ""])):
            patterns = known[pair] if pair in known else self._patterns(pair)
            if patterns:
                found += self._match(patterns, words, at)
        return found

    def _patterns(self, pair: tuple[str, str]) -> list[_Pattern]:
        """Return the phrases that can begin with a word before another, longest first, and remember them."""
        word, following = pair
        patterns = list(self._whole.get(word, ()))
        for length in self._lengths:
            if length <= len(word):
                patterns += self._begun.get(word[:length], ())
        patterns = [pattern for pattern in patterns if not pattern.rest or _fits(following, pattern.rest[0])]
        patterns.sort(key=lambda pattern: -len(pattern.rest))
        if len(self._by_pair) >= _REMEMBERED:
            self._by_pair.clear()
        self._by_pair[pair] = patterns
        return patterns

    @staticmethod
    def _match(patterns: Sequence[_Pattern], words: Sequence[str], at: int) -> Iterator[Hit]:
        seen: set[str] = set()
        for label, weight, rest in patterns:
            end = at + 1 + len(rest)
            if label not in seen and end <= len(words) and all(map(_fits, words[at + 1 : end], rest)):
                seen.add(label)
                yield Hit(label, weight, " ".join(words[at:end]), at)
