"""A text read once: its sentences, tokens and words, each word with what its stem alone would lose."""

import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pilkada_nlp.preprocessing.splitter import Span, sentences
from pilkada_nlp.preprocessing.stemmer import Stemmer
from pilkada_nlp.preprocessing.tokenizer import Piece, pieces

Affix = Literal["", "di-", "me-", "ber-", "ter-", "pe-", "pe-an", "ke-an"]

# What these words govern is denied, up to the next word or mark that opens another clause.
_NEGATIONS = frozenset("tidak tak bukan belum tanpa nihil jangan janganlah bukanlah tidaklah mustahil enggan".split())
_NOT_DENYING = frozenset("hanya cuma saja sekadar sebatas lain semata urung jarang sedikit".split())  # "tidak hanya"
_HEDGES = frozenset(
    """diduga dugaan menduga terduga terindikasi indikasi disinyalir ditengarai berpotensi potensi potensial rawan
    kerawanan mungkin kemungkinan barangkali dikhawatirkan khawatir kekhawatiran jika apabila bila bilamana kalau
    seandainya andai manakala agar supaya mencegah antisipasi mengantisipasi diantisipasi dituding disebut-sebut konon
    dikabarkan akan bisa dapat simulasi""".split()
)
_CLAUSES = frozenset(
    "tetapi tapi namun melainkan sedangkan sementara karena sebab sehingga padahal meski meskipun".split()
)
_CLAUSE_MARKS = frozenset(',;:()–—"“”')
_NEGATION_REACH = 4  # words; measured scopes in Indonesian news rarely run on longer without a mark
_DIGITS = re.compile(r"\d[\d.,]*")
_CLITIC = re.compile(r"-?(?:nya|lah|kah|pun)$")
_UNREAD = frozenset({"url", "email", "mention", "emoji", "punctuation"})


class Word(NamedTuple):
    """A word as models see it.

    `form` is the raw form in lower case, `stem` its root. Stems merge what must be kept apart
    ("diamankan", arrested, and "aman", safe), hence `affix`, the class of prefix and voice. `denied` is true within
    the scope of a negation, `hedged` behind a word that makes it possible or alleged only.
    """

    form: str
    stem: str
    affix: Affix
    denied: bool
    hedged: bool


class Sentence(NamedTuple):
    """A sentence with its words; "44,28 persen" gives the words "44,28" and "persen"."""

    span: Span
    words: tuple[Word, ...]


@functools.cache
def shared_stemmer(corrections: bool = True) -> Stemmer:
    """Return the stemmer that this process shares, so that word forms once seen stay remembered."""
    return Stemmer(corrections)


# A few hundred articles at most are in work at a time; each stage asks for the same ones.
@functools.lru_cache(maxsize=256)
def read(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of `text` with their words; repeated calls for one text cost nothing."""
    found = []
    at, everything = 0, pieces(text)
    for span in sentences(text):
        first = at
        while at < len(everything) and everything[at][0] < span.end:
            at += 1
        found.append(Sentence(span, _words(everything[first:at])))
    return tuple(found)


def _words(part: Sequence[Piece]) -> tuple[Word, ...]:
    raw: list[str] = []
    scopes: list[tuple[bool, bool]] = []
    denied = 0
    hedged = False
    for piece in part:
        _, _, text, kind = piece
        if kind in _UNREAD:
            if text[0] in _CLAUSE_MARKS:
                denied, hedged = 0, hedged and text == ","
            continue
        for word in (text,) if kind == "word" else _parts(piece):
            lower = word.lower()
            if lower in _CLAUSES:
                denied, hedged = 0, False
            elif lower in _NOT_DENYING:
                denied = 0
            raw.append(word)
            scopes.append((denied > 0, hedged))
            if lower in _NEGATIONS:
                denied = _NEGATION_REACH
            elif denied:
                denied -= 1
            hedged = hedged or lower in _HEDGES
    stems = shared_stemmer().stem_words(raw)
    return tuple(map(_word, raw, stems, scopes))


@functools.lru_cache(maxsize=100_000)  # the same words come again and again
def _word(raw: str, stem: str, scope: tuple[bool, bool]) -> Word:
    form = raw.lower()
    return Word(form, stem or form, _affix(form, stem), *scope)


def _parts(piece: Piece) -> list[str]:
    _, _, text, kind = piece
    return [text.rstrip(".")] if kind == "abbreviation" else text.split()


def _affix(form: str, stem: str) -> Affix:
    if form == stem:
        return ""
    base = _CLITIC.sub("", form)
    if base == stem:
        return ""
    if base.startswith("di") and not stem.startswith("di"):
        return "di-"
    if base.startswith("me") and not stem.startswith("me"):
        return "me-"
    if base.startswith("pe") and not stem.startswith("pe"):
        return "pe-an" if base.endswith("an") else "pe-"
    if base.startswith("ke") and base.endswith("an"):
        return "ke-an"
    if base.startswith("ter") and not stem.startswith("ter"):
        return "ter-"
    return "ber-" if base.startswith("be") and not stem.startswith("be") else ""


def terms(words: Iterable[Word]) -> list[str]:
    """Return the terms that models count: raw words, pairs of neighbours, and stems marked "~" where they differ.

    Numbers become "0", because counts differ from article to article.
    """
    kept = list(words)
    forms = [word.form if word.form.isalpha() else _DIGITS.sub("0", word.form) for word in kept]
    pairs = [f"{left} {right}" for left, right in itertools.pairwise(forms)]
    return forms + pairs + [f"~{word.stem}" for word in kept if word.stem != word.form]
