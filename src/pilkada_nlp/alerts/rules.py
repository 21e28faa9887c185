"""Which stories cannot wait for the morning, and why: rules on severity, dates and words (`data/alerts.toml`)."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from pilkada_nlp.article.findings import Sentence, Story
from pilkada_nlp.elections import Calendar
from pilkada_nlp.preprocessing.persons import mask_private
from pilkada_nlp.wording import table

SERIOUS: Final = 4  # the severity of deaths, arson, and rulings that end a candidacy
_CONFIRMED: Final = 3  # the severity of confirmed violations and disruptive incidents
_SIGNALS: Final = ("kejadian", "dugaan", "putusan")
_OLD_YEARS: Final = 2  # the years that a sentence must lie back to be about an earlier election
_BREAKS: Final = r"[\s,()./-]+"  # between words of one clause; quotation marks, colons and semicolons part clauses


class Cause(NamedTuple):
    """Why a story is an alert: the name of the rule and, where words decided, the sentence that they stand in."""

    rule: str
    sentence: Sentence | None = None


class _Persons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    harmed: tuple[str, ...]
    somebody_else: tuple[str, ...]


class _Harm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    suffered: tuple[str, ...]
    done_to: tuple[str, ...]
    of_things: tuple[str, ...]


class _Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    acts: tuple[str, ...]
    others: tuple[str, ...]
    unreal: tuple[str, ...]


class _Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stopped: tuple[str, ...]
    passing: tuple[str, ...]


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    not_now: tuple[str, ...]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: int
    persons: _Persons
    harm: _Harm
    gap: _Gap
    stage: _Stage
    told: _Told


def _any(patterns: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(patterns)})\b"


class _Rules:
    """The table as patterns, each compiled once."""

    def __init__(self, words: _Table) -> None:
        self.days = words.days
        person, suffered = _any(words.persons.harmed), _any(words.harm.suffered)
        # "polisi dan warga luka-luka": whoever is joined to the person is harmed with him.
        blocked = rf"(?:{_any((*words.gap.acts, *words.gap.unreal))}|(?<!dan )(?<!serta ){_any(words.gap.others)})"
        gap = rf"{_BREAKS}(?:(?!{blocked})[\w'-]+{_BREAKS}){{0,12}}?"
        short = rf"{_BREAKS}(?:(?!{blocked})[\w'-]+{_BREAKS}){{0,3}}?"
        thing = r"\b(?:rumah|mobil|motor|kendaraan)(?: (?:milik|dinas|pribadi|seorang))*"
        self.harm = (
            re.compile(rf"(?P<person>{person}){gap}{suffered}"),
            re.compile(rf"{_any(words.harm.done_to)}{short}(?P<person>{person})"),
            re.compile(rf"{thing} (?P<person>{person}){gap}{_any(words.harm.of_things)}"),
        )
        self.somebody_else = re.compile(rf"{_any(words.persons.somebody_else)}(?: [\w'-]+){{0,2}}\s*$")
        self.unreal = re.compile(rf"{_any(words.gap.unreal)}(?:[\s,]+[\w'-]+){{0,4}}[\s,]*$")
        self.stopped = re.compile(_any(words.stage.stopped))
        self.passing = re.compile(_any(words.stage.passing))
        self.not_now = re.compile(_any(words.told.not_now))


@functools.cache
def _rules() -> _Rules:
    return _Rules(msgspec.convert(table("alerts.toml"), _Table))


def alert_days() -> int:
    """Return how many days, the last one included, a story may be old and still raise an alert."""
    return _rules().days


def causes(story: Story, calendar: Calendar) -> tuple[Cause, ...]:
    """Return why a story cannot wait, the weightiest cause first; empty for nearly all.

    Appeals, maps of risks and debunked claims never raise one, nor do round-ups of many cases, cases that ended without
    proof, and stories on national elections only.
    """
    if (
        story.modality not in _SIGNALS
        or story.is_aggregate
        or story.election == "pemilu"
        or story.outcome == "tidak_terbukti"
    ):
        return ()
    return tuple(_causes(story, calendar))


def _causes(story: Story, calendar: Calendar) -> Iterator[Cause]:
    if story.severity >= SERIOUS:
        yield Cause("severity")
    told = list(_told(story))
    if story.modality != "putusan" and (harmed := next((s for s in told if is_harm(s.text)), None)):
        yield Cause("organiser_harmed", harmed)
    if story.modality == "putusan":  # what stopped long ago stands in the text of a ruling, what it stops in the title
        told = [sentence for sentence in told if sentence not in story.sentences]
    if story.modality != "dugaan" and (stopped := next((s for s in told if is_stop(s.text)), None)):
        yield Cause("stage_stopped", stopped)
    if story.severity >= _CONFIRMED and any(calendar.near_voting(story.day, place.code) for place in story.regions):
        yield Cause("voting_day")


def _told(story: Story) -> Iterator[Sentence]:
    """Yield what a story tells of now: its sentences and, last, its title, without what is rehearsed or long past."""
    if _rules().not_now.search(story.title.lower()):
        return
    for sentence in (*story.sentences, headline(story)):
        years = map(int, re.findall(r"\b20\d\d\b", sentence.text))
        is_past = any(year <= story.day.year - _OLD_YEARS for year in years)
        if not is_past and not _rules().not_now.search(sentence.text.lower()):
            yield sentence


def headline(story: Story) -> Sentence:
    """Return the title of a story as a sentence of its lead, which says nothing of where it stands in the text.

    Private persons in it stand by initials, as they do in the story's sentences.
    """
    lead = next(member for member in story.members if member.article == story.lead)
    text = mask_private(story.title)
    return Sentence(article=lead.article, outlet=lead.outlet, url=lead.url, start=0, end=0, text=text)


def is_harm(sentence: str) -> bool:
    """Return whether a sentence says that an organiser, a guard or an official came to harm."""
    rules, text = _rules(), " ".join(sentence.lower().split())
    for pattern in rules.harm:
        for found in pattern.finditer(text):
            at = found.start("person")
            before = text[found.start() : at] or text[:at]
            if not rules.somebody_else.search(before) and not rules.unreal.search(text[: found.start()]):
                return True
    return False


def is_stop(sentence: str) -> bool:
    """Return whether a sentence says that a stage of the election stopped, other than for a rest."""
    text = " ".join(sentence.lower().split())
    return bool(_rules().stopped.search(text)) and not _rules().passing.search(text)


def earlier(story: Story, stories: Mapping[str, Story]) -> Sequence[Story]:
    """Return the earlier stories of the same case, as far as they are among `stories`."""
    chain: list[Story] = []
    before = stories.get(story.follows or "")
    while before and before not in chain:
        chain.append(before)
        before = stories.get(before.follows or "")
    return chain
