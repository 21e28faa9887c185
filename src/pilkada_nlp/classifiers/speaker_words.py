"""The words of `data/entities.toml` that tell who says what."""

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from pilkada_nlp.classifiers.entity_words import either_case, from_first_letter, one_of, table, words

_ARTICLES = ("seorang", "salah satu", "salah seorang", "para", "sang", "mantan")


class SpeakerTables(NamedTuple):
    """The words of the table `speakers`, as patterns where they are looked for in text."""

    said_words: frozenset[str]
    says: frozenset[str]
    body_says: frozenset[str]
    said: re.Pattern[str]
    according: re.Pattern[str]
    between: re.Pattern[str]
    starters: frozenset[str]
    pronoun: re.Pattern[str]
    office: re.Pattern[str]
    introduced: re.Pattern[str]
    of_a_place: frozenset[str]
    of_a_unit: frozenset[str]
    nameless: frozenset[str]
    levels: frozenset[str]
    units: frozenset[str]
    ranks: frozenset[str]
    not_names: frozenset[str]
    not_according: frozenset[str]


def _with_object(verbs: Sequence[str]) -> frozenset[str]:
    return frozenset(verbs) | {f"{verb}nya" for verb in verbs}


@functools.cache
def speaker_tables() -> SpeakerTables:
    """Return the tables."""
    speakers = table("speakers")
    said, says = words(speakers["said"]), _with_object(words(speakers["says"]))
    goes_on = either_case(words(speakers["office_goes_on"]))
    heads = words(speakers["offices"]) + words(speakers["office_pairs"])
    return SpeakerTables(
        said_words=frozenset((*said, *(f"{verb}nya" for verb in said))),
        says=says,
        body_says=_with_object(words(speakers["body_says"])),
        said=re.compile(
            r"(?P<quoted>[\"”’'] ?,? ?(?:(?:demikian|begitu|begitulah|itulah) )?)"
            rf"(?P<a>{one_of(said)})(?P<a_nya>nya)?\b"
            rf"|, (?P<b>{one_of(said)})(?P<b_nya>nya)?\b"
        ),
        according=re.compile(r"\b[Mm]enurut(?P<nya>nya)?\b"),
        between=re.compile(
            r"(?: ?\([^()]{1,60}\))?(?:, [^,\"“”]{1,90}(?=,))?,?"
            rf"(?: (?:{one_of(words(speakers['between']))})\b)*"
            r"(?: (?!(?:yang|dan|oleh|untuk|agar|karena|bersama|dengan|atau|serta|belum|enggan)\b)[a-z-]{2,20}){0,3}"
            r"(?: (?:di|dalam|pada|saat|usai|melalui|lewat) (?:(?! yang )[^,\"“”]){1,90})?,? "
        ),
        starters=frozenset(form.split()[0] for form in (*heads, *speakers["pronouns"], *_ARTICLES)),
        pronoun=re.compile(rf"(?:{either_case(speakers['pronouns'])})\b"),
        office=re.compile(
            rf"(?:(?:{either_case(_ARTICLES)}) )?"
            rf"(?:{either_case([*heads, *map(str.title, heads)])})\b(?: (?:{goes_on})\b)*"
            rf"|(?:[Ss]eorang|[Ss]alah seorang) [a-z]+\b(?: (?:{goes_on})\b)*"
        ),
        introduced=re.compile(from_first_letter([*map(str.capitalize, heads), *map(str.title, heads)])),
        of_a_place=frozenset(words(speakers["of_a_place"])),
        nameless=frozenset(speakers["nameless"]),
        of_a_unit=frozenset(words(speakers["of_a_unit"])),
        levels=frozenset(map(str.lower, table("naming")["levels"])),
        units=frozenset(words(speakers["units"])),
        ranks=frozenset(words(speakers["ranks"])),
        not_names=frozenset(words(speakers["not_names"])),
        not_according=frozenset(words(speakers["not_according"])),
    )


def speaker_words() -> frozenset[str]:
    """Return the words that a sentence said by somebody has at least one of."""
    tables = speaker_tables()
    return tables.said_words | tables.says | {"menurut", "menurutnya"}
