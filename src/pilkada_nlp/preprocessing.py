"""Text to sentences, tokens and stems, with offsets into the original text.

Stems come from PySastrawi with a few added roots (`data/stem_roots.tsv`), because its stock dictionary damages the
words of this domain. Stems lose meaning ("diamankan", arrested, and "aman", safe, become one), so whoever builds
features keeps the raw form beside the stem.
"""

import functools
import itertools
import re
from importlib import resources
from typing import Final, NamedTuple

PREPROCESSING_VERSION: Final = 1
"""Raised whenever the same text gives other tokens or stems, because a model fits one version only."""

_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_DIGITS = re.compile(r"\d+")
_SURROGATE_OR_NUL = re.compile("[\ud800-\udfff\x00]")

# Abbreviations whose full stop does not end a sentence, as they stand before names and numbers.
_ABBREVIATIONS = frozenset(
    """a.n adm akbp alm bpk brigjen bripka d/a dkk dr dra drg drs dst gg h hal hj ibu ii iii inc ipda iptu ir irjen jl
    jln jend jo kab kap kapt kec kel kol komjen kompol kp lettu letkol ltd m mayjen mgr moh muh no pdt ph pjs plt prof
    pt rp rt rw s sdr serka st tgl tlp tn ust vs yth""".split()
)
_STOP = re.compile(
    r"""(?P<mark>[.!?…]+)(?P<close>["”’')\]]*)   # the mark and what closes behind it
        (?P<gap>\s+|(?=["“‘(]?[A-Z][a-z])|$)      # white space, or none at all, as scraped text often has""",
    re.VERBOSE,
)
_DOMAIN = re.compile(r"(?i)(?:com?|id|net|org|go|or|ac|tv|news)(?![^\W_])")
_PARAGRAPH = re.compile(r"\n\s*\n|\n")


class Token(NamedTuple):
    """A word or number: `text` is what stands between characters `start` and `end`."""

    start: int
    end: int
    text: str


class Span(NamedTuple):
    """A sentence: `text` is what stands between characters `start` and `end`, without surrounding white space."""

    start: int
    end: int
    text: str


def clean(text: str) -> str:
    """Return `text` with NULs and lone surrogates replaced by U+FFFD, so that it can be stored and printed."""
    return _SURROGATE_OR_NUL.sub("�", text)


def tokens(text: str) -> list[Token]:
    """Return the words and numbers of `text` in order; hyphenated words ("undang-undang") stay whole."""
    return [Token(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]


def sentences(text: str) -> list[Span]:
    """Return the sentences of `text` in order; a line break always ends one, an abbreviation never does."""
    found: list[Span] = []
    start = 0
    for paragraph in _PARAGRAPH.split(text):
        start = text.index(paragraph, start) if paragraph else start
        found.extend(_split(text, start, start + len(paragraph)))
        start += len(paragraph)
    return found


def _split(text: str, start: int, end: int) -> list[Span]:
    found = []
    for stop in _STOP.finditer(text, start, end):
        if stop.group("mark") == "." and _continues(text, stop, start, end):
            continue
        found.append(_span(text, start, stop.end("close")))
        start = stop.end()
    found.append(_span(text, start, end))
    return [span for span in found if span.text]


def _continues(text: str, stop: re.Match[str], start: int, end: int) -> bool:
    """Say whether a single full stop belongs to an abbreviation, an initial or a list number."""
    # A word of more than twelve letters is no abbreviation: looking no further back keeps the whole linear.
    before = text[max(start, stop.start() - 12) : stop.start()].split()
    word = before[-1].lstrip("(“\"'") if before else ""
    after = text[stop.end() : min(stop.end() + 1, end)]
    return (
        word.lower() in _ABBREVIATIONS
        or (len(word) == 1 and word.isupper())
        or (len(word) <= 2 and word.isdigit() and stop.start() - len(word) == start)
        or after.islower()
        or (not stop.group("gap") and (after.isdigit() or _DOMAIN.match(text, stop.end(), end) is not None))
    )


def _span(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    part = part.strip()
    return Span(start, start + len(part), part)


@functools.cache
def _stemmer() -> "_Memo":
    from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
    from Sastrawi.Stemmer.Stemmer import Stemmer
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    table = resources.files("pilkada_nlp").joinpath("data/stem_roots.tsv").read_text(encoding="utf-8")
    added = [line.split("\t")[0] for line in table.splitlines()[1:]]
    return _Memo(Stemmer(ArrayDictionary(StemmerFactory().get_words() + added)).stem)


class _Memo(dict[str, str]):
    """Stems by word form; bounded, because a service sees ever new names and typing errors."""

    LIMIT = 200_000  # word forms; about 30 MB

    def __init__(self, stem: "functools.partial[str]") -> None:
        self._stem = stem

    def __missing__(self, word: str) -> str:
        if len(self) >= self.LIMIT:
            self.clear()
        stem = self[word] = self._stem(word) or word
        return stem


def stem(text: str) -> str:
    """Return `text` with every word stemmed, in lower case, separated by single spaces; digits stay as they are."""
    memo = _stemmer()
    return " ".join(memo[token.text.lower()] for token in tokens(text))


def features(text: str) -> list[str]:
    """Return the terms that models count: raw words, pairs of neighbours, and stems marked "~" where they differ.

    Runs of digits become "0", so that "12 TPS" and "30 TPS" are one term.
    """
    memo = _stemmer()
    words = [_DIGITS.sub("0", token.text.lower()) for token in tokens(text)]
    pairs = [f"{left} {right}" for left, right in itertools.pairwise(words)]
    stems = [f"~{root}" for word in words if (root := memo[word]) != word]
    return words + pairs + stems
