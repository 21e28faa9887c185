"""Informal text brought nearer to the standard language: slang, elongation, leetspeak in slurs, hashtags, masks."""

import functools
import re
from collections.abc import Iterable

from pilkada_nlp.preprocessing import tables
from pilkada_nlp.preprocessing.affixes import root_of
from pilkada_nlp.preprocessing.tokenizer import Token, tokens

_MASKS = {"mention": "@user", "url": "url", "email": "email"}
_LONG_NUMBER = re.compile(r"\d{3,}")  # shorter ones are ballot numbers, ages and counts that carry meaning
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_DOUBLED = re.compile(r"([a-z]{2,})2(nya|an)?$")
_NUMBERED = re.compile(r"(paslon|nomor|nomer|no|tps|cagub|cabup|cawali|calon)(\d{1,3})$")
_LEET = str.maketrans("0134578", "oieastb")
_HAS_LEET = re.compile(r"(?=.*[a-z])(?=.*[0-9])[a-z0-9]{3,20}")
_PIECES = re.compile(r"[A-Z]{1,2}\d(?!\d)|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")  # C1 and DA1 are forms
_SHORTEST_SLIP = 5  # letters from which a swap of two leaves little doubt
_LONGEST_WORD = 18  # letters; together with `_LONGEST_TAG` it bounds the work on one hashtag
_LONGEST_TAG = 60
_LONGEST_SLANG = 60  # letters, elongation included


def normalize(text: str, emoji: bool = False) -> str:
    """Return `text` in lower case with informal spellings replaced by standard words.

    Slang comes from `data/slang.tsv`; elongation ("bangeeet"), doubling with "2" ("org2"), leetspeak in slurs,
    repeated punctuation and hashtags are undone. Mentions become "@user", addresses "url" and "email", and runs of
    three or more digits "0"; smaller numbers stay, for they tell pairs of candidates apart. With `emoji`, common emoji
    become words (`data/emoji.tsv`); else they stay.
    """
    out = []
    end = 0
    for token in tokens(text):
        out.append(text[end : token.start])
        out.append(_normal(token, emoji))
        end = token.end
    out.append(text[end:])
    return "".join(out)


def _normal(token: Token, emoji: bool) -> str:
    kind, text = token.kind, token.text.lower()
    if kind in _MASKS:
        return _MASKS[kind]
    if kind == "hashtag":
        return _LONG_NUMBER.sub("0", " ".join(_word(word) for word in split_hashtag(token.text).split()))
    if kind == "emoji":
        return _emoji().get(text.rstrip("\ufe0f"), text) if emoji else text
    if kind == "punctuation":
        return _punctuation(text)
    return _LONG_NUMBER.sub("0", _word(text) if kind == "word" and len(text) <= _LONGEST_SLANG else text)


def _punctuation(text: str) -> str:
    if text[0] in "!?":
        return "".join(mark for mark in "?!" if mark in text)
    return "…" if text.startswith("..") else text[0]


@functools.lru_cache(maxsize=20_000)
def _word(word: str) -> str:
    """Return the standard words for one lower-case word."""
    slang = _slang()
    if word in slang:
        return slang[word]
    if match := _NUMBERED.fullmatch(word):
        return f"{_word(match[1])} {match[2]}"
    if match := _DOUBLED.fullmatch(word):
        base = _word(match[1])
        if _is_word(base):
            return f"{base}-{base}{match[2] or ''}"
    if _HAS_LEET.fullmatch(word):
        plain = word.translate(_LEET)
        if plain in slang or plain in _slurs() or plain in tables.roots():
            return slang.get(plain, plain)
    if _STRETCHED.search(word):
        return _unstretched(word)
    if word.endswith("nya") and word[:-3] in slang and not _is_word(word):
        return f"{slang[word[:-3]]}nya"
    if word.endswith("in") and not _is_word(word):
        base = word[:-2].removeprefix("di")
        if base in tables.roots() and len(base) > 3:  # "batalin", "diumumin"
            return f"{word[:-2]}kan"
    return word if len(word) < _SHORTEST_SLIP or _is_word(word) else _unswapped(word)


def _unswapped(word: str) -> str:
    """Return the only word of the vocabulary that swapping two neighbouring letters gives ("netarl"), or the word."""
    swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1))
    found = {candidate for candidate in swapped if candidate in _vocabulary()}
    return found.pop() if len(found) == 1 else word


def _unstretched(word: str) -> str:
    """Return the word with stretched letters twice if that makes a word ("saat"), or once."""
    for shorter in (_STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word)):
        if shorter in _slang():
            return _slang()[shorter]
        if _is_word(shorter):
            return shorter
    return _STRETCHED.sub(r"\1", word)


def _is_word(word: str) -> bool:
    return word in _vocabulary() or root_of(word, tables.roots()) != word


def split_hashtag(tag: str) -> str:
    """Return the words of a hashtag in lower case: "#JakartaMenyala" -> "jakarta menyala".

    Underscores, case and digits cut first; what is still no word is cut by a dictionary.
    """
    if len(tag) > _LONGEST_TAG:
        return tag.lstrip("#").lower()
    pieces = _PIECES.findall(tag)
    # In "#EdiDamansyah" the capitals have said all: cutting on would break names.
    told = sum(piece[:1].isupper() and piece[1:].islower() for piece in pieces) > 1
    return " ".join(
        word
        for piece in pieces
        for word in ((piece.lower(),) if told and piece[1:].islower() else _segment(piece.lower()))
    )


@functools.lru_cache(maxsize=5_000)
def _segment(piece: str) -> tuple[str, ...]:
    """Return the cut of a piece into known words whose squared lengths add up to most; whole if there is none."""
    if piece.isdigit() or piece in _vocabulary():
        return (piece,)
    best: list[tuple[float, tuple[str, ...]] | None] = [(0.0, ())] + [None] * len(piece)
    for end in range(1, len(piece) + 1):
        for start in range(max(0, end - _LONGEST_WORD), end):
            before, word = best[start], piece[start:end]
            if before is None or not (weight := _weight(word)):
                continue
            current = best[end]
            if current is None or before[0] + weight > current[0]:
                best[end] = (before[0] + weight, (*before[1], word))
    found = best[len(piece)]
    return found[1] if found else (piece,)


def _weight(word: str) -> float:
    if word in _vocabulary():
        return len(word) ** 2
    # An inflected form that no table lists is a word too, but less surely so.
    return 0.7 * len(word) ** 2 if len(word) > 5 and root_of(word, tables.roots()) != word else 0.0


@functools.cache
def _slang() -> dict[str, str]:
    return dict(tables.pairs("slang.tsv"))


@functools.cache
def _slurs() -> frozenset[str]:
    return frozenset(tables.read_table("slurs.txt").split())


@functools.cache
def _emoji() -> dict[str, str]:
    return dict(tables.pairs("emoji.tsv"))


@functools.cache
def _vocabulary() -> frozenset[str]:
    """Return what counts as a word: roots, common inflected forms, words of elections, names of regions, slang."""
    regions = [
        cell for row in tables.read_table("regions.csv").lower().splitlines()[1:] for cell in row.split(",")[2:8]
    ]
    return frozenset().union(
        (root for root in tables.roots() if len(root) > 2),
        tables.read_table("stem_forms.txt").split(),
        tables.read_table("election_words.txt").split(),
        _words_of(regions),
        _words_of(_slang().values()),
        (slang for slang, normal in _slang().items() if " " not in normal and len(slang) > 1),
        _slurs(),
        (word.lower() for _, word, _ in tables.rows("stem_corrections.tsv") if " " not in word),
    )


def _words_of(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[a-z]+", text) if len(word) > 3}
