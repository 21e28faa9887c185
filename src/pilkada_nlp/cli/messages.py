"""What the command says to people, in their language: PILKADA_LANG is "id" or "en", by default "en".

The code says everything in English, where it arises. `data/messages.toml` has English templates with Indonesian ones,
such as "not an article ({error})"; a finished message is matched against them at the door where it is printed. What
matches none is printed in English, and what stands in a placeholder is never changed, unless it is a message itself.
"""

import functools
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pilkada_nlp.wording import Language

# Placeholders whose values are messages themselves; all others hold names, numbers and what people wrote.
SPOKEN: Final = frozenset(
    "decided detail error kind message near number_type problem reason refusal strerror what where wrong".split()
)
_LONGEST: Final = 4_000  # characters; what is longer holds somebody's data, and is printed as it is
_DEEPEST: Final = 6  # messages within messages
_SUBJECTS: Final = 8  # colons that are tried as the end of what a message is about
_PIECES: Final = 20  # messages that are put into one, with semicolons between
_WEAK: Final = 6  # characters that a template has of its own; below, a space in a value says that it is another message
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


def language() -> "Language":
    """Return the language of messages."""
    return "id" if os.environ.get("PILKADA_LANG", "").strip().lower() == "id" else "en"


def wrong_language() -> str:
    """Return what is wrong with PILKADA_LANG, "" when nothing is."""
    given = os.environ.get("PILKADA_LANG", "").strip()
    if given.lower() in ("", "id", "en"):
        return ""
    return f"PILKADA_LANG is {given[:40]!r}; it can be id or en, and messages are in English until then"


def say(message: object) -> str:
    """Return a message in the language of messages, unchanged where no words are known for it."""
    text = str(message)
    return text if language() == "en" or len(text) > _LONGEST else _said(text, _DEEPEST)


class _Template(NamedTuple):
    """A template: the texts around its placeholders, which are one more, the placeholders, and what it becomes."""

    around: tuple[str, ...]
    names: tuple[str, ...]
    becomes: str

    def values(self, text: str) -> list[str] | None:
        """Return what stands in the placeholders; None when the text is another one.

        Each placeholder ends at the first place where the text after it begins, which takes no time to go back. One at
        the beginning ends at the first ": " at the latest, since what a message is about is cut off elsewhere.
        """
        first, *rest = self.around
        if not rest:
            return [] if text == first else None
        end = len(text) - len(rest[-1])
        at = len(first)
        if end < at or not text.startswith(first) or not text.endswith(rest[-1]):
            return None
        values = []
        for after in rest[:-1]:
            if (found := text.find(after, at, end)) < 0:
                return None
            values.append(text[at:found])
            at = found + len(after)
        values.append(text[at:end])
        if not first and ": " in values[0]:
            return None
        weak = sum(map(len, self.around)) < _WEAK
        return None if weak and any(" " in value for value in values) else values


def _said(text: str, depth: int) -> str:
    """Return a text in Indonesian; `depth` says how many messages may stand within one another."""
    if not depth:
        return text
    for start in _beginnings(text):
        found = ""
        for template in _templates():
            values = template.values(text[start:])
            if values is not None:
                given = dict(zip(template.names, values, strict=True))
                messages = {name for name in given if re.sub(r"_\d+$", "", name) in SPOKEN}
                if any(given[name].count("(") != given[name].count(")") for name in messages):
                    continue  # it was cut within another message
                spoken = {name: _said(value, depth - 1) if name in messages else value for name, value in given.items()}
                said = text[:start] + template.becomes.format_map(spoken)
                if all(spoken[name] != given[name] for name in messages):
                    return said
                found = found or said  # unless another template knows what is said within it
        if found:
            return found
    if 1 <= text.count("; ") < _PIECES:
        return "; ".join(_said(piece, depth - 1) for piece in text.split("; "))
    if text.endswith(")") and " (" in text:
        before, _, inside = text[:-1].partition(" (")
        return f"{before} ({_said(inside, depth - 1)})"
    return text


def _beginnings(text: str) -> Iterator[int]:
    """Yield where a message may begin: at once, or after what it is about ("berita.jsonl: …")."""
    start = 0
    for _ in range(_SUBJECTS):
        yield start
        colon = text.find(": ", start)
        if colon < 0:
            return
        start = colon + 2


@functools.cache
def _templates() -> tuple[_Template, ...]:
    """Return all templates, those that say most by themselves first."""
    from pilkada_nlp.wording import table  # here, since most runs say nothing in Indonesian

    found = []
    for part in table("messages.toml").values():
        for english, indonesian in part.items():
            pieces = _PLACEHOLDER.split(english)
            found.append(_Template(tuple(pieces[::2]), tuple(pieces[1::2]), indonesian))
    return tuple(sorted(found, key=lambda template: -sum(map(len, template.around))))
