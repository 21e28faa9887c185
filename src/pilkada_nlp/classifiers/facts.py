"""Facts of the event that an article tells: its day, the stage of its case, whether it is a total, whose neutrality.

The words stand in `data/entities.toml`. Any text is taken; nothing here raises, and the time grows with the length.
"""

import calendar
import functools
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pilkada_nlp.article import Article, ModalityValue
from pilkada_nlp.classifiers.entity_words import forms, from_first_letter, table, words

_LEAD_WORDS = 80
_FIGURE_WORDS = 150  # words of the text in which figures count for a total
_MOST_FIGURES = 8  # figures that count for a total
_TITLE_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_PARTS = ("title", "lead", "text")
_IN_TITLE = 3.0  # weight of a word of a stage; in the lead it is _IN_LEAD, in the rest, which retells, nothing
_IN_LEAD = 2.0


class _Part(NamedTuple):
    """The words of a part of an article in lower case; `joined` has a blank on both sides, to look for phrases."""

    words: Sequence[str]
    different: frozenset[str]
    joined: str

    def times(self, term: str) -> int:
        """Return how often a word or phrase of the part's words occurs in it."""
        return self.joined.count(f" {term} ") if " " in term else self.words.count(term)


class _Parts(NamedTuple):
    """The title, the lead, and the whole text with the lead."""

    title: _Part
    lead: _Part
    text: _Part


class _Terms:
    """Words and phrases, each with the name of the entries that list it."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._by_first: dict[str, list[tuple[str, str]]] = {}
        for name, listed in entries.items():
            for term in words(listed):
                self._by_first.setdefault(term.split(" ", 1)[0], []).append((term, name))
        self._first = frozenset(self._by_first)

    def found(self, part: _Part) -> Iterator[tuple[str, str]]:
        """Yield each word and phrase that occurs in `part`, with the name of its entry."""
        for first in self._first & part.different:
            for term, name in self._by_first[first]:
                if term == first or f" {term} " in part.joined:
                    yield term, name


# All facts of an article are asked for one after another.
@functools.lru_cache(maxsize=256)
def _parts(title: str, text: str) -> _Parts:
    of_text = [*itertools.chain.from_iterable(forms(text))]
    return _Parts(_part(_TITLE_WORD.findall(title.lower())), _part(of_text[:_LEAD_WORDS]), _part(of_text))


def _part(found: list[str]) -> _Part:
    return _Part(found, frozenset(found), f" {' '.join(found)} ")


# ------------------------------------------------------------------ the stage of a case


@functools.cache
def _stages() -> dict[str, tuple[_Terms, dict[str, float]]]:
    return {
        modality: (
            _Terms({stage: entry["words"] for stage, entry in stages.items()}),
            {stage: entry["points"] for stage, entry in stages.items()},
        )
        for modality, stages in table("case_stage").items()
    }


def case_stage(article: Article, modality: ModalityValue | None) -> str | None:
    """Return the stage that the case in `article` has reached; None when its modality is not dugaan or putusan.

    The stage is one of dugaan, laporan, registrasi, klarifikasi, kajian, rekomendasi, penyidikan, tuntutan, putusan,
    banding, eksekusi and dihentikan.
    """
    if modality not in _stages():
        return None
    terms, points = _stages()[modality]
    scores = dict.fromkeys(points, 0.0)
    parts = _parts(article.title, article.text)
    for weight, part in ((_IN_TITLE, parts.title), (_IN_LEAD, parts.lead)):
        for stage in {name for _, name in terms.found(part)}:
            scores[stage] += weight * points[stage]
    if not any(scores.values()):
        return [*points][-1]
    return max(scores, key=lambda stage: scores[stage])  # the first among equals


# ------------------------------------------------------------------ a total of many


class _Aggregate(NamedTuple):
    threshold: float
    each_figure: float
    classes: Mapping[str, str]
    few: frozenset[str]
    figures: Mapping[str, float]
    words: Sequence[tuple[int, float, frozenset[str]]]


@functools.cache
def _aggregate() -> _Aggregate:
    entry, numbers = table("aggregate"), table("figures")
    return _Aggregate(
        threshold=entry["threshold"],
        each_figure=entry["each_figure"],
        classes={word: name for name, listed in entry["classes"].items() for word in words(listed)},
        few=frozenset(numbers["numbers"]) - {"satu"} | frozenset(numbers["scales"]) | {"belasan", "puluhan", "ratusan"},
        figures=entry["figures"],
        words=[
            (_PARTS.index(part), row["points"], frozenset(words(row["words"]))) for part, row in entry["words"].items()
        ],
    )


def is_aggregate(article: Article) -> bool:
    """Say whether `article` is about a total or list of many cases or regions rather than about one event."""
    entry, parts = _aggregate(), _parts(article.title, article.text)
    points = sum(worth for nth, worth, signs in entry.words if not signs.isdisjoint(parts[nth].different))
    found = {f"{_PARTS[nth]}_{sign}" for nth in (0, 1) for sign in _counted(parts[nth].words, entry)}
    points += sum(entry.figures.get(sign, 0.0) for sign in found)
    points += entry.each_figure * min(_MOST_FIGURES, sum(1 for _ in _counted(parts.text.words[:_FIGURE_WORDS], entry)))
    return points >= entry.threshold


def _counted(of_part: Sequence[str], entry: _Aggregate) -> Iterator[str]:
    """Yield what numbers count in a part: "many_cases" for "433 laporan", "few_places" for "tiga daerah"."""
    for nth, word in enumerate(of_part):
        if word in entry.few:
            size = "few"
        elif word[0].isdigit() and len(word) > 1 and not (len(word) == 4 and word.startswith(("19", "20"))):
            size = "many"
        else:
            continue
        for behind in of_part[nth + 1 : nth + 3]:
            if behind in entry.classes:
                yield f"{size}_{entry.classes[behind]}"
                break


# ------------------------------------------------------------------ the day of the event

_MONTHS = "januari februari maret april mei juni juli agustus september oktober november desember".split()
_WEEKDAYS = {name: nth for nth, name in enumerate("senin selasa rabu kamis jumat sabtu minggu".split())}
_WEEKDAYS |= {"jum'at": 4, "jum’at": 4, "ahad": 6}
_DATE = re.compile(
    r"[(\d](?:(?<=\()(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})(?:[/.-](?P<year>\d{4}|\d\d))?\)"
    rf"|(?<=\d)(?<![\d./]\d)\d? (?P<name>{'|'.join(map(str.capitalize, _MONTHS))})\b"
    r"(?: (?P<named_year>(?:19|20)\d\d))?)"
)
_RELATIVE = {"Kemarin": 1, "kemarin": 1, "Hari ini": 0, "hari ini": 0}
_DAY = re.compile(from_first_letter([*map(str.capitalize, _WEEKDAYS), *_RELATIVE]))
_FAR_DAYS = 20  # farther back lies what an article recalls
_REACH = 1000  # characters of the text in which the day of the event is looked for
_POINTS = {"bracket": 3.0, "named": 2.2, "relative": 1.8, "weekday": 1.6}
_LEAST = 0.5
_LOST_WITH_DISTANCE = 0.002  # points for each character from the beginning
_FARTHEST = 900  # characters: beyond, distance says nothing more


@functools.cache
def _date_words() -> tuple[frozenset[str], tuple[str, ...]]:
    entry = table("event_date")
    return frozenset(words(entry["other"])), words(entry["announces"])


def event_date(article: Article) -> date | None:
    """Return the day of the event: the most prominent one in title and text that is not in the future.

    Weekdays and days without a year are counted from the day of publication. The day of an announced event may lie
    ahead. None when no day is named, or when it is not known when the article appeared.
    """
    if article.published_on is None:
        return None
    other, announces = _date_words()
    today = article.published_on
    opening = f"{article.title}\n{article.text[:_REACH]}"
    best, ahead = None, None
    most = _LEAST
    for at, kind, day in _days(opening, today):
        if day > today:
            ahead = ahead or day
            continue
        score = _POINTS[kind] - _LOST_WITH_DISTANCE * min(at, _FARTHEST)
        before = opening[max(0, at - 40) : at].lower().split()[-3:]
        if not other.isdisjoint(before):
            score -= 0.3 if kind == "bracket" else 0.5
        if (today - day).days > _FAR_DAYS:
            score -= 1.0
        if score > most:
            best, most = day, score
    if ahead is not None and best is None:
        lead = opening[:_FARTHEST].lower()
        return ahead if any(phrase in lead for phrase in announces) else None
    return best


def _days(opening: str, today: date) -> Iterator[tuple[int, str, date]]:
    """Yield where a day is named in `opening`, in what form, and the day."""
    for match in _DATE.finditer(opening):
        if match["day"]:
            kind, number, month, year = "bracket", match["day"], int(match["month"]), match["year"]
        else:
            kind, number = "named", opening[match.start() : match.start("name") - 1]
            month, year = _MONTHS.index(match["name"].lower()) + 1, match["named_year"]
        day = _nearest(int(number), month, int(year) if year else None, today)
        if day is not None:
            yield match.start(), kind, day
    for match in _DAY.finditer(opening):
        name = match.group()
        back = _RELATIVE.get(name)
        if back is None:
            behind = opening[match.end() : match.end() + 22]
            if "(" in behind or any(digit in behind[:14] for digit in "123"):
                continue  # its date follows
            back = (today.weekday() - _WEEKDAYS[name.lower()]) % 7
            yield match.start(), "weekday", _back(today, back)
        else:
            yield match.start(), "relative", _back(today, back)


def _back(today: date, days: int) -> date:
    return today - timedelta(days) if today.toordinal() > days else today


def _nearest(day: int, month: int, year: int | None, today: date) -> date | None:
    """Return the date; without a year the one nearest to `today`, None when there is no such day."""
    if year is not None and year < 100:
        year += 2000
    found = []
    for candidate in (year,) if year is not None else (today.year - 1, today.year, today.year + 1):
        if 1 <= month <= 12 and date.min.year <= candidate <= date.max.year:
            last = calendar.monthrange(candidate, month)[1]
            if 1 <= day <= last:
                found.append(date(candidate, month, day))
    return min(found, key=lambda date_: abs((date_ - today).days), default=None)


# ------------------------------------------------------------------ whose neutrality


@functools.cache
def _subtags() -> tuple[_Terms, dict[str, int]]:
    entries = table("subtags")
    return _Terms({tag: entry["words"] for tag, entry in entries.items()}), {t: e["least"] for t, e in entries.items()}


def subtags(article: Article, themes: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return {"netralitas_asn": tags} for an article with that theme among the names `themes`, {} for any other.

    Tags are asn (civil servants), kades (village heads), tni_polri (forces), bumn (state companies), pj (acting heads).
    """
    if "netralitas_asn" not in themes:
        return {}
    terms, least = _subtags()
    parts = _parts(article.title, article.text)
    points = dict.fromkeys(least, 0)
    for part, worth, most in ((parts.title, 2, 1), (parts.lead, 1, 2), (parts.text, 1, 3)):
        times = dict.fromkeys(least, 0)
        for term, tag in terms.found(part):
            times[tag] += part.times(term)
        for tag, number in times.items():
            points[tag] += worth * min(number, most)
    found = tuple(tag for tag, number in points.items() if number >= least[tag])
    return {"netralitas_asn": found} if found else {}
