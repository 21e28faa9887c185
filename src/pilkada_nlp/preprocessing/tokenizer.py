"""Text to tokens with offsets: words, numbers with their units, dates and times, addresses, emoji and punctuation."""

import functools
import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from pilkada_nlp.preprocessing.affixes import root_of
from pilkada_nlp.preprocessing.tables import roots

Kind = Literal[
    "word",
    "abbreviation",
    "number",
    "money",
    "percent",
    "measure",
    "date",
    "time",
    "url",
    "email",
    "mention",
    "hashtag",
    "emoji",
    "punctuation",
]

ABBREVIATIONS: Final = frozenset(
    """adm akbp alm apt bpk brigjen bripda bripka brigpol dkk dll dr dra drg drh drs dsb dst gg h hal hj ipda iptu ir
    irjen jl jln jend kab kapt kec kel kol komjen kompol kp letjen lettu letkol ltd mayjen mgr moh muh no ny pdt plt
    prof prov rp sdr serka serma sertu sdri st tgl tlp tn ust yth""".split()
)
"""Written with a full stop; before names and numbers it ends no sentence."""

_MONTHS = (
    "januari februari pebruari maret april mei juni juli agustus september oktober nopember november desember "
    "jan feb peb mar apr jun jul agt agu ags sep sept okt nop nov des"
)
_UNITS = "kilometer kilogram kuintal hektare hektar meter liter ton gram km kg cm mm ha detik menit jam volt watt"
_NUMBER = r"\d++(?:[.,]\d++)*+"
_AMOUNT = r"(?:\s?(?i:triliun|miliar|milyar|juta|ribu)\b)?"
_DOMAIN = r"(?:[A-Za-z0-9-]{1,63}\.){1,4}"
_PATH = r"[^\s<>\"“”]*[^\s<>\"“”.,;:!?)\]'’]"  # what closes a sentence is no part of an address


def _any(words: str) -> str:
    return "(?i:" + "|".join(sorted(words.split(), key=len, reverse=True)) + ")"


@functools.cache
def _pattern() -> re.Pattern[str]:
    # Alternatives stand in order of precedence. Repetitions are possessive, bounded, or end in what they cannot
    # contain, so that the time stays proportional to the text.
    return re.compile(
        rf"""
        (?P<money>\b[Rr][Pp]\.?\s?{_NUMBER}{_AMOUNT})
        |(?P<plain>[A-Za-z]++(?![\w.@’'/:\-]))  # the usual case, early for speed
        |(?P<url>(?i:https?://|www\.){_PATH}|(?<![\w.@-]){_DOMAIN}(?:com|id|net|org|tv|news)\b(?![.@-]\w)(?:/{_PATH})?)
        |(?P<email>(?<![\w.+-])[\w.+-]{{1,64}}@{_DOMAIN}[A-Za-z]{{2,12}}\b)
        |(?P<mention>(?<!\w)@\w++(?:\.\w{{1,40}}){{0,3}})
        |(?P<hashtag>(?<![\w&])\#\w++)
        |(?P<time>(?<![\d.,])(?:[01]?\d|2[0-4])[.:][0-5]\d(?:[.:][0-5]\d)?(?:\s?(?i:WITA|WIB|WIT)\b|(?<=:\d\d)(?![\d:])))
        |(?P<date>(?<![\d.,])(?:[0-3]?\d\s{_any(_MONTHS)}\b(?:\s(?:19|20)\d\d\b)?|[0-3]?\d[/-][01]?\d[/-](?:19|20)?\d\d\b
            |(?:19|20)\d\d-[01]\d-[0-3]\d\b))
        |(?P<percent>{_NUMBER}\s?(?:%|(?i:persen)\b))
        |(?P<measure>{_NUMBER}{_AMOUNT}\s{_any(_UNITS)}\b)
        |(?P<number>{_NUMBER}(?:\s(?i:triliun|miliar|milyar|juta|ribu)\b|(?![\w’'-])))
        |(?P<abbreviation>(?<![\w.])(?:{_any(" ".join(ABBREVIATIONS))}\.
            |[A-Z][A-Za-z]{{0,3}}(?:\.[A-Z][A-Za-z]{{0,3}}){{1,3}}(?:\.|\b)  # degrees: S.Sos., M.Si, Ph.D.
            |[a-z](?:\.[a-z]){{1,3}}\.                                       # a.n., s.d.
            |[A-Z]\.(?=\s?[A-Z])))                                           # initials
        |(?P<emoji>(?:[\U0001f1e6-\U0001f1ff]{{2}}|[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff])
            (?:[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]|\u200d[\U0001f000-\U0001faff\u2600-\u27bf]){{0,8}})
        |(?P<word>[^\W_]++(?:[-’'][^\W_]++)*+)
        |(?P<punctuation>[!?]++|(?P<mark>[^\w\s]|_)(?P=mark)*+)
        """,
        re.VERBOSE,
    )


class Token(NamedTuple):
    """A piece of text: `text` is what stands between characters `start` and `end`, of one of the kinds in `Kind`.

    Hyphenated words ("undang-undang") stay whole, and so do a number and its unit ("44,28 persen", "07.00 WIB").
    """

    start: int
    end: int
    text: str
    kind: Kind = "word"

    @property
    def is_word(self) -> bool:
        """Say whether the token is a word, an abbreviation or a number, alone or with its unit."""
        return self.kind not in _OTHER

    @property
    def clitic(self) -> str:
        """The clitic that is written onto a word: "nya", "lah", "kah" or "pun"; "" when it belongs to the root."""
        word = self.text.lower()
        if self.kind != "word" or not word.endswith(_CLITICS) or word in roots():
            return ""
        base = word[:-3]
        # What is left must be a word by itself: "dilakukannya" has one, "malapun" none; a hyphen says it outright.
        return word[-3:] if base.endswith("-") or base in roots() or root_of(base, roots()) != base else ""


Piece: TypeAlias = tuple[int, int, str, Kind]
_KINDS: Final[Mapping[str | None, Kind]] = {"plain": "word", **{kind: kind for kind in get_args(Kind)}}
_CLITICS = ("nya", "lah", "kah", "pun")
_OTHER = frozenset({"url", "email", "mention", "hashtag", "emoji", "punctuation"})


def tokens(text: str) -> list[Token]:
    """Return all tokens of `text` in order; only white space lies between them."""
    return [Token(*piece) for piece in pieces(text)]


def pieces(text: str) -> list[Piece]:
    """Return the tokens of `text` as plain tuples (start, end, text, kind), which are quicker to make."""
    return [(*match.span(), match[0], _KINDS[match.lastgroup]) for match in _pattern().finditer(text)]
