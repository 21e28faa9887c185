"""Text to sentences with offsets, for edited news, scraped news and posts."""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from pilkada_nlp.preprocessing.tokenizer import ABBREVIATIONS

# Behind these the next word decides: "dkk. Mereka" ends a sentence, "dkk. dilakukan" does not.
_LISTS = frozenset("dkk dll dsb dst".split())
# In lower case these are words as well ("beberapa hal. Pertama"), so only a number or a small letter binds them.
_WORDS_TOO = frozenset("hal hlm no min maks tgl th kel kol st".split())
_BINDING = ABBREVIATIONS - _LISTS | frozenset("a.n s.d u.b u.p d.a".split()) | _WORDS_TOO
_CAPITALS = frozenset("JL NO RT RW KH DR IR PT KAB KEC KEL PROV".split())
# No name begins like this, so an initial before it was the last word of its sentence: "berinisial A. Ia mengaku".
_STARTERS = frozenset(
    """Adapun Akibatnya Atas Bahkan Beberapa Dalam Dari Dengan Di Dia Hal Hingga Ia Ini Itu Kata Karena Kasus
    Kedua Kemudian Ketika Ketiga Keduanya Lalu Mereka Menurut Menurutnya Namun Oleh Padahal Para Pada
    Pihaknya Sebab Sebagai Sebelum Sebelumnya Sedangkan Sejak Sejumlah Selain Selanjutnya Sementara Setelah
    Tak Tapi Tetapi Tidak Untuk Yang""".split()
)
_INITIALS = re.compile(r"(?:[A-Z]\.)*[A-Z]")
_ITEM = re.compile(r"(?:\d{1,2}|[A-Za-z])")
_WORD_BEFORE = re.compile(r"-?[\w.]*$")  # with its hyphen: the H of "hari-H" is no initial
_REACH = 24  # characters behind a full stop that are looked at: longer words are no abbreviations
_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d"


class Span(NamedTuple):
    """A sentence: `text` is what stands between characters `start` and `end`, without surrounding white space."""

    start: int
    end: int
    text: str


class _Patterns(NamedTuple):
    line: re.Pattern[str]
    stop: re.Pattern[str]
    tail: re.Pattern[str]
    small_start: re.Pattern[str]
    large_start: re.Pattern[str]


@functools.cache
def _patterns() -> _Patterns:
    return _Patterns(
        line=re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+"),
        stop=re.compile(r"""(?P<mark>[.!?…]+)(?P<close>["'”’»)\]]*)(?P<gap>\s*)(?P<open>["'“‘«(\[]*)"""),
        tail=re.compile(rf"(?:\s*(?:[{_EMOJI}]+|\#\w+))+\s*$|(?:\s*[{_EMOJI}]+)+"),
        small_start=re.compile(r"[.!?]\s+[a-z]"),
        large_start=re.compile(r"[.!?]\s+[A-Z]"),
    )


def sentences(text: str) -> list[Span]:
    """Return the sentences of `text` in order.

    A line break always ends one, an abbreviation never does. What is said stays with who says it: “Siap!” ujar dia.
    """
    found = []
    # Posts often have no capitals: there a small letter may begin a sentence.
    patterns = _patterns()
    casual = len(patterns.small_start.findall(text)) > len(patterns.large_start.findall(text))
    for line in patterns.line.finditer(text):
        start = line.start()
        for end in _ends(text, line.start(), line.end(), casual):
            found.append(_span(text, start, end))
            start = end
        found.append(_span(text, start, line.end()))
    return [span for span in found if span.text]


def _ends(text: str, start: int, line_end: int, casual: bool) -> Iterator[int]:
    """Yield where sentences end within a line."""
    patterns = _patterns()
    done = start
    for stop in patterns.stop.finditer(text, start, line_end):
        end = stop.end("close")
        after = text[stop.end() : min(stop.end() + _REACH, line_end)]
        tail = patterns.tail.match(text, end, line_end)
        if tail:
            yield tail.end()
        elif end < line_end and _ends_sentence(stop, _before(text, done, stop.start()), after, casual):
            yield end
        else:
            continue
        done = end


def _before(text: str, start: int, at: int) -> tuple[str, bool]:
    """Return the word before a stop, and whether it stands first in its sentence, as the number of a list does."""
    match = _WORD_BEFORE.search(text[max(start, at - _REACH) : at])
    word = match.group() if match else ""
    return word, not text[max(start, at - _REACH) : at - len(word)].strip()


def _ends_sentence(stop: re.Match[str], before: tuple[str, bool], after: str, casual: bool) -> bool:
    mark, close, gap, opened = stop.groups()
    small = after[:1].islower() and not opened
    if (len(mark) > 1 and mark[-1] in ".…") or mark == "…":  # an ellipsis: the thought goes on in small letters
        return bool(gap or opened or after[:1].isupper()) and not small
    if mark != ".":
        return not (small and (close or not gap))
    word, is_first = before
    if (is_first and _ITEM.fullmatch(word)) or _binds(word, after):
        return False
    if not gap:
        return bool(opened) or (after[:1].isupper() and after[1:2].islower() and (bool(close) or _is_whole(word)))
    return not small or (casual and not close)


def _binds(word: str, after: str) -> bool:
    """Say whether the full stop behind `word` belongs to it: an abbreviation or an initial."""
    if _INITIALS.fullmatch(word):
        following = after.split(maxsplit=1)
        return bool(following) and following[0] not in _STARTERS
    if word in _WORDS_TOO:
        return not after[:1].isupper()
    if word.isupper() and len(word) > 1:
        return word in _CAPITALS
    return word.lower() in _BINDING or (word.lower() in _LISTS and not after[:1].isupper())


def _is_whole(word: str) -> bool:
    """Say whether a capital right behind "word." begins a sentence, as scraped text has it; not in "Pid.Sus"."""
    return not word or word.isdigit() or len(word) > 3 or (len(word) > 1 and (word.islower() or word.isupper()))


def _span(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    part = part.strip()
    return Span(start, start + len(part), part)
