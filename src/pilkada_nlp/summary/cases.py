"""Cases as chains of stories that follow one another, and those that wait for an outcome."""

import functools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from pilkada_nlp.article.findings import OpenCase, Story
from pilkada_nlp.preprocessing.persons import mask_private
from pilkada_nlp.wording import texts

_PATIENCE: Final = 14  # days within which a case without an outcome is nothing unusual
_HORIZON: Final = 180  # days; further dates are ends of terms and coming elections
# Only a sentence with one of these names the date of a hearing, a decision or a deadline.
_SET_FOR: Final = re.compile(
    r"(?i)jadwal|sidang|agenda|tenggat|batas|lambat|putus|pleno|panggil|periksa|klarifikasi|\b(?:akan|bakal)\b"
)
_IN_DIGITS: Final = re.compile(r"(?<![\d/-])(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?![\d/-])")


def cases(stories: Iterable[Story]) -> list[list[Story]]:
    """Return stories grouped by the case that they belong to, the oldest of each first."""
    known = {story.id: story for story in stories}
    groups: defaultdict[str, list[tuple[int, Story]]] = defaultdict(list)
    for story in known.values():
        first, before = story, {story.id}
        while first.follows in known and first.follows not in before:
            first = known[first.follows]
            before.add(first.id)
        groups[first.id].append((len(before), story))
    return [
        [story for _, story in sorted(group, key=lambda item: (item[1].day, item[0], item[1].title))]
        for group in groups.values()
    ]


def open_cases(stories: Iterable[Story], day: date, votes: Collection[date] = ()) -> tuple[OpenCase, ...]:
    """Return the allegations that began more than 14 days before `day` and have no outcome, the gravest first.

    A case is open while its newest story is an allegation and none of its stories has an outcome. `votes` are days of
    voting, which texts name all the time and which no case waits for. Totals of many cases are none themselves.
    """
    single = [story for story in stories if not story.is_aggregate and story.day <= day]
    found = [
        (max(story.severity for story in case), _open(case, day, votes))
        for case in cases(single)
        if case[-1].modality == "dugaan"
        and not any(story.outcome for story in case)
        and (day - case[0].day).days > _PATIENCE
    ]
    found.sort(key=lambda item: (-item[0], item[1].since, item[1].title))
    return tuple(case for _, case in found)


def _open(case: Sequence[Story], day: date, votes: Collection[date]) -> OpenCase:
    newest = case[-1]
    named = {
        ahead
        for story in case
        for sentence in story.sentences
        if _SET_FOR.search(sentence.text)
        for ahead in dates(sentence.text)
        if timedelta() < ahead - day <= timedelta(days=_HORIZON) and ahead not in votes
    }
    return OpenCase(
        story=newest.id,
        title=mask_private(newest.title),
        regions=newest.regions,
        themes=newest.themes,
        since=case[0].day,
        last=newest.day,
        stage=next((story.case_stage for story in reversed(case) if story.case_stage), None),
        chain=tuple(story.id for story in case),
        url=next(member.url for member in newest.members if member.article == newest.lead),
        expected=min(named, default=None),
    )


def dates(text: str) -> Iterator[date]:
    """Yield the dates that a text names in full: "12 Desember 2024", "12/12/2024"."""
    pattern, months = _in_words()
    parts = [(int(found[3]), months[found[2].lower()], int(found[1])) for found in pattern.finditer(text)]
    parts += [(int(found[4]), int(found[3]), int(found[1])) for found in _IN_DIGITS.finditer(text)]
    for year, month, number in parts:
        try:
            yield date(year, month, number)
        except ValueError:  # "31 Februari 2025" is no date
            continue


@functools.cache
def _in_words() -> tuple[re.Pattern[str], dict[str, int]]:
    months = {str(name).lower(): int(number) for number, name in texts("id")["months"].items()}
    return re.compile(rf"(?i)(?<!\d)(\d{{1,2}}) ({'|'.join(months)}) (\d{{4}})(?!\d)"), months
