"""Stems as PySastrawi 1.2.1 gives them, with corrections for the words and names of this domain."""

import functools
import re
from collections.abc import Callable, Sequence
from zlib import crc32

from pilkada_nlp.preprocessing import tables
from pilkada_nlp.preprocessing.affixes import root_of

# What PySastrawi's normaliser keeps: ASCII letters and digits, hyphens, and by Python's rules of case "ı" and "ſ".
_KEPT = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
_CASED = bytes(byte if byte in _KEPT else 32 for byte in range(256))
_LOWER = _CASED.lower()
_ODD = re.compile("[ıſİ\u212a]")
_SEPARATOR = re.compile("[^A-Za-z0-9ıſ-]+")

# Stems of words that may be part of a name of several words carry this mark inside the memo: one look at the joined
# stems tells whether there is such a word, which is faster than to look each word up.
_MARK = "\x00"

_Forms = dict[str, str]
_Phrase = tuple[str, ...]


class Stemmer:
    """Reduces Indonesian words to their roots.

    With `corrections` (the default) the roots and names of `data/stem_corrections.tsv` are added: "petahana" stays
    whole, and "Bekasi" is a name, not "bekas". Names count in their written case, or all in capitals, only. Without
    corrections the output is that of PySastrawi 1.2.1 to the letter.

    Word forms once seen are remembered, up to `LIMIT` of them. A stemmer can be pickled and used by several threads.
    """

    LIMIT = 200_000  # word forms: at most about 35 MB

    def __init__(self, corrections: bool = True) -> None:
        self.corrections = corrections
        self._memo = _Memo(self._root, self.LIMIT)

    def __reduce__(self) -> tuple[type["Stemmer"], tuple[bool]]:
        return Stemmer, (self.corrections,)

    def stem(self, text: str) -> str:
        """Return `text` with every word stemmed, in lower case, separated by single spaces.

        Everything but ASCII letters, digits and hyphens separates words, as in PySastrawi.
        """
        words = _words(text, self.corrections)
        stems = " ".join(map(self._memo.__getitem__, words))
        return stems if _MARK not in stems else " ".join(_with_phrases(words, stems))

    def stem_words(self, words: Sequence[str]) -> list[str]:
        """Return the stem of each word; case and neighbours tell names from words ("Kepulauan Riau")."""
        stems = list(map(self._memo.__getitem__, words))
        joined = " ".join(stems)
        return stems if _MARK not in joined else _with_phrases(words, joined)

    def _root(self, word: str) -> str:
        lower = word.lower()
        if not self.corrections:
            return _stock_forms().get(lower) or root_of(lower, tables.roots())
        corrections = _corrections()
        if word in corrections.names or lower in corrections.roots:
            stem = lower
        else:
            stem = corrections.forms.get(lower) or root_of(lower, corrections.roots)
        return stem + _MARK if word in corrections.phrases else stem


class _Memo(dict[str, str]):
    """Stems by word form, bounded, because a service meets ever new names and typing errors.

    When it is full it becomes the older generation and starts anew; forms that are met again come over from there.
    """

    LONGEST = 60  # letters; what is longer is no word, and a few could fill the memory

    def __init__(self, root: Callable[[str], str], limit: int) -> None:
        self._root = root
        self._half = limit // 2
        self._older: dict[str, str] = {}

    def __missing__(self, word: str) -> str:
        if len(self) >= self._half:
            self._older = dict(self)
            self.clear()
        stem = self._older.get(word) or self._root(word)
        if len(word) <= self.LONGEST:
            self[word] = stem
        return stem


class _Corrections:
    """The table of corrections, made ready: all roots, names of one word, and names of several words.

    `phrases` holds the latter by the first of their words that would be cut, each with the place of that word in it.
    """

    def __init__(self) -> None:
        added = []
        phrases: list[_Phrase] = []
        self.names: set[str] = set()
        self.phrases: dict[str, list[tuple[int, _Phrase]]] = {}
        for kind, word, _reason in tables.rows("stem_corrections.tsv"):
            if kind == "root":
                added.append(word)
            elif " " in word:
                phrases.append(tuple(word.split()))
            else:
                self.names.update((word, word.upper()))
        self.roots = tables.roots() | set(added)
        self.forms = _corrected_forms(added)
        for phrase in phrases:
            cut = (at for at, part in enumerate(phrase) if root_of(part.lower(), self.roots) != part.lower())
            if (at := next(cut, None)) is not None:
                for written in (phrase, tuple(map(str.upper, phrase))):
                    self.phrases.setdefault(written[at], []).append((at, written))


@functools.cache
def _corrections() -> _Corrections:
    return _Corrections()


@functools.cache
def _stock_forms() -> _Forms:
    words = tables.read_table("stem_forms.txt").split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _corrected_forms(added: Sequence[str]) -> _Forms:
    """Return the shipped forms for the corrected roots; none, and so slower, while the table lags behind these."""
    digest, *words = tables.read_table("stem_forms_corrected.txt").split()
    if digest != forms_digest(added):
        return {}
    return _stock_forms() | dict(zip(words[::2], words[1::2], strict=True))


def forms_digest(added: Sequence[str]) -> str:
    """Return what tells whether a table of forms was built for these added roots."""
    return f"{crc32(' '.join(sorted(added)).encode()):08x}"


def _with_phrases(words: Sequence[str], joined: str) -> list[str]:
    """Return the stems with names of several words put back, and without marks."""
    pieces = joined.split(_MARK)
    stems = "".join(pieces).split(" ")
    at = 0
    for piece in pieces[:-1]:
        at += piece.count(" ")
        for place, phrase in _corrections().phrases[words[at]]:
            start = at - place
            if start >= 0 and tuple(words[start : start + len(phrase)]) == phrase:
                stems[start : start + len(phrase)] = [part.lower() for part in phrase]
    return stems


def _words(text: str, cased: bool) -> list[str]:
    if not text.isascii() and _ODD.search(text):
        # Lower-casing "İ" leaves a combining dot, which separates; the Kelvin sign becomes a plain letter.
        text = _SEPARATOR.sub(" ", text.replace("İ", "i ").replace("\u212a", "K"))
        return (text if cased else text.lower()).split()
    return text.encode("ascii", "replace").translate(_CASED if cased else _LOWER).decode("ascii").split()
