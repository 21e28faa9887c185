"""Phrases of many tables found in one pass over the words of a text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple


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
        for table in (self._whole, self._begun):
            for patterns in table.values():
                patterns.sort(key=lambda pattern: -len(pattern.rest))
        self._lengths = sorted({len(first) for first in self._begun})

    def find(self, words: Sequence[str]) -> list[Hit]:
        """Return the phrases among lower-case words, in order."""
        found: list[Hit] = []
        for at, word in enumerate(words):
            patterns = self._whole.get(word)
            seen: set[str] = set()
            if patterns:
                found += self._match(patterns, words, at, seen)
            for length in self._lengths:
                if length > len(word):
                    break
                patterns = self._begun.get(word[:length])
                if patterns:
                    found += self._match(patterns, words, at, seen)
        return found

    @staticmethod
    def _match(patterns: Sequence[_Pattern], words: Sequence[str], at: int, seen: set[str]) -> Iterator[Hit]:
        for label, weight, rest in patterns:
            end = at + 1 + len(rest)
            if (
                label not in seen
                and end <= len(words)
                and all(
                    word.startswith(part) if open_end else word == part
                    for word, (part, open_end) in zip(words[at + 1 : end], rest, strict=True)
                )
            ):
                seen.add(label)
                yield Hit(label, weight, " ".join(words[at:end]), at)
