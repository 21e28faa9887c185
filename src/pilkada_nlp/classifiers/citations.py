"""Figures with their units, and articles of law, as a sentence cites them."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from pilkada_nlp.article import Figure, LawCited
from pilkada_nlp.classifiers.entity_words import either_case, one_of, table, words
from pilkada_nlp.preprocessing import Sentence

_BEFORE = 80  # characters before a figure in which the noun that it measures may stand
_LONGEST_NUMBER = 15  # digits
_PASAL = re.compile(
    r"[Pp]asal (?P<pasal>\d{1,3}[A-Z]{0,2})(?![\d.]\d)(?P<parts>"
    r"(?:,? (?:(?:dan|atau|serta|hingga|sampai) )?(?:ayat \(?\d{1,2}[a-z]?\b\)?|\(\d{1,2}[a-z]?\)|huruf [a-z]\b))*)"
)
_AYAT = re.compile(r"(?<!huruf )(?:ayat \(?|\()(\d{1,2}[a-z]?)\b|huruf ([a-z])\b")
_JOINS = re.compile(r",? (?:(?:dari|dalam|pada|di) )?")
_SHARES = re.compile(r",? ?(?:(?:jo\.?|juncto|dan|dan/atau|serta|atau|hingga|sampai) )?")
_RANGE = frozenset({" dari ", " sampai ", " hingga ", " atau ", "-", "–", " dari total ", " - ", " – "})
_INSTRUMENT = re.compile(r"\bIKP\b|\b[Ii]ndeks [Kk]erawanan(?: (?:[Pp]emilu|[Pp]ilkada|[Pp]emilihan))?")
_YEAR = re.compile(r"\b20\d\d\b")
_BARE_VALUE = re.compile(r"\d{1,3},\d{1,2}")


class _LawTables(NamedTuple):
    guard: frozenset[str]
    cited: re.Pattern[str]
    short: Mapping[str, str]


class _FigureTables(NamedTuple):
    guard: frozenset[str]
    digits: re.Pattern[str]
    spelled: re.Pattern[str]
    units: frozenset[str]
    pairs: frozenset[str]
    measures: frozenset[str]
    numbers: Mapping[str, int]
    scales: Mapping[str, int]
    not_after: frozenset[str]
    behind: re.Pattern[str]
    before: Mapping[str, re.Pattern[str]]


@functools.cache
def _law_tables() -> _LawTables:
    laws = table("laws")
    short = {form: name for name, forms in laws["numbered"].items() for form in forms}
    short |= {form: name for name, forms in laws["rulings"].items() for form in forms}
    number = r"(?:(?:Nomor|nomor|No\.?) ?)?"
    numbered = rf"(?P<law>{one_of(f for forms in laws['numbered'].values() for f in forms)})(?: RI)?"
    ruling = rf"[Pp]utusan (?P<court>{one_of(f for forms in laws['rulings'].values() for f in forms)})"
    cited = (
        rf"(?P<named>{one_of(laws['named']['words'])})\b"
        rf"|{ruling}(?: RI)? (?:Nomor|nomor|No\.?) ?(?P<case>\d[\w./-]*\w)"
        rf"|{numbered} {number}(?P<number>\d+[A-Z]?)(?: Tahun |/| tahun )(?P<year>\d{{4}})\b"
        rf"|(?P<letter>{one_of(form for form in short if form.lower().startswith('s'))}) (?:Nomor|nomor|No\.?) ?"
        r"(?P<letter_number>\d[\w./-]*\w)"
        rf"|(?:UU|[Uu]ndang-[Uu]ndang) (?P<subject>{either_case(laws['subjects']['words'])})\b"
    )
    guard = {"pasal", "putusan", "uu", "undang-undang"} | {
        form.lower().split()[0] for form in (*short, *laws["named"]["words"])
    }
    return _LawTables(frozenset(guard), re.compile(rf"\b(?:{cited})"), short)


def find_laws(sentence: Sentence, text: str, forms: Sequence[str]) -> list[LawCited]:
    """Return what `sentence` of `text` cites; `forms` are its words in lower case."""
    tables = _law_tables()
    if tables.guard.isdisjoint(forms):
        return []
    start, end = sentence.span.start, sentence.span.end
    articles = [*_PASAL.finditer(text, start, end)]
    laws = [*tables.cited.finditer(text, start, end)]
    pieces = sorted([*articles, *laws], key=lambda match: match.start())
    found: list[LawCited] = []
    follows: tuple[int, str | None] = (-1, None)  # where the piece behind begins, and its law
    used: set[int] = set()
    for nth in range(len(pieces) - 1, -1, -1):
        match = pieces[nth]
        if match.re is not _PASAL:
            if match.start() not in used:
                law = _short(match, tables)
                found.append(_cited(text, match.start(), match.end(), law, None))
            continue
        law, stop = None, match.end()
        behind = pieces[nth + 1] if nth + 1 < len(pieces) else None
        if behind is not None and behind.re is not _PASAL and _JOINS.fullmatch(text, stop, behind.start()):
            law, stop = _short(behind, tables), behind.end()
            if found and found[-1].start == behind.start():
                found.pop()
        elif behind is not None and behind.re is _PASAL and _SHARES.fullmatch(text, stop, behind.start()):
            law = follows[1]
        before = pieces[nth - 1] if nth else None
        if law is None and before is not None and before.re is not _PASAL:
            gap = text[before.end() : match.start()]
            if gap in (": ", ", ", " "):
                law = _short(before, tables)
                used.add(before.start())
                found.append(_cited(text, before.start(), stop, law, match))
                continue
        follows = match.start(), law
        found.append(_cited(text, match.start(), stop, law, match))
    return found[::-1]


def _short(match: re.Match[str], tables: _LawTables) -> str:
    """Return the short form of a law: "UU 10/2016"."""
    if match["named"]:
        return match["named"]
    if match["case"]:
        return f"putusan {tables.short[match['court']]} {match['case']}"
    if match["law"]:
        return f"{tables.short[match['law']]} {match['number']}/{match['year']}"
    if match["letter"]:
        return f"{tables.short[match['letter']]} {match['letter_number']}"
    return f"UU {match['subject'][:1].upper()}{match['subject'][1:]}"


def _cited(text: str, start: int, end: int, law: str | None, article: re.Match[str] | None) -> LawCited:
    parts = _AYAT.findall(article["parts"]) if article else ()
    return LawCited(
        text=text[start:end],
        pasal=article["pasal"] if article else None,
        ayat=tuple(ayat for ayat, _ in parts if ayat),
        huruf=tuple(huruf for _, huruf in parts if huruf),
        law=law,
        start=start,
        end=end,
    )


@functools.cache
def _figure_tables() -> _FigureTables:
    figures = table("figures")
    numbers, scales = dict(figures["numbers"]), dict(figures["scales"])
    large = one_of(name for name, value in scales.items() if value >= 1000)
    spelled = rf"(?:{either_case(numbers)})(?: (?:{one_of([*numbers, *scales])}))*"
    return _FigureTables(
        guard=frozenset(numbers),
        digits=re.compile(
            rf"(?P<rp>Rp\.? ?)?(?P<number>\d{{1,3}}(?:\.\d{{3}})+(?:,\d{{1,4}})?|\d{{1,{_LONGEST_NUMBER}}}(?:[.,]\d{{1,4}})?)"
            rf"(?P<scale> (?:{large})\b)?(?P<percent> ?%)?"
        ),
        spelled=re.compile(rf"\b(?<!-){spelled}(?![\w-])"),
        units=frozenset(words(figures["units"])) | {"persen", "rupiah"},
        pairs=frozenset(words(figures["pairs"])),
        measures=frozenset(words(figures["measures"])),
        numbers=numbers,
        scales=scales,
        not_after=frozenset(words(figures["not_after"])),
        behind=re.compile(rf" (?:{one_of(words(figures['behind']))})\b"),
        before={
            unit: re.compile(rf"\b(?:{one_of(words(figures[name]))})\b", re.IGNORECASE)
            for name, units in (
                ("before_money", ("rupiah",)),
                ("before_share", ("persen", "poin")),
                ("before_time", ("hari", "bulan", "tahun")),
                ("before_count", ("orang", "lembar")),
            )
            for unit in units
        },
    )


_UNIT = re.compile(r" (?P<first>[A-Za-z-]{1,24})(?: (?P<second>[A-Za-z-]{1,24}))?")


class _Number(NamedTuple):
    start: int
    end: int
    value: float
    unit: str | None


def find_figures(
    sentence: Sentence, text: str, forms: Sequence[str], speaker: str | None, laws: Sequence[LawCited]
) -> list[Figure]:
    """Return the figures in `sentence` of `text`, said by `speaker`; numbers within `laws` are none."""
    tables = _figure_tables()
    start, end = sentence.span.start, sentence.span.end
    numbers = [*_digits(text, start, end, tables)]
    if not tables.guard.isdisjoint(forms):
        numbers = sorted([*numbers, *_spelled(text, start, end, tables)])
    if not numbers:
        return []
    indexes = [*_INSTRUMENT.finditer(text, start, end)] if "ikp" in forms or "indeks" in forms else []
    found: list[Figure] = []
    done = start
    for nth, number in enumerate(numbers):
        if number.start < done or any(law.start <= number.start < law.end for law in laws):
            continue
        unit, stop = number.unit, number.end
        if unit is None and nth + 1 < len(numbers) and text[stop : numbers[nth + 1].start] in _RANGE:
            unit = numbers[nth + 1].unit
        index = _index_before(indexes, number, done) if unit in (None, "persen", "poin") else None
        if unit is None and (index is None or not _BARE_VALUE.fullmatch(text, number.start, stop)):
            continue
        year = _YEAR.search(text, index.start(), number.start) if index else None
        found.append(
            Figure(
                value=number.value,
                text=text[number.start : stop],
                unit=unit,
                counts=_name_of(index) if index else _counted(text, number, unit, max(start, done), end, tables),
                speaker=speaker,
                start=number.start,
                end=stop,
                instrument="IKP" if index else None,
                year=int(year.group()) if year else None,
            )
        )
        done = stop
    for nth in range(len(found) - 2, -1, -1):  # "36 bulan sampai 72 bulan penjara"
        first, second = found[nth], found[nth + 1]
        if first.counts is None and first.unit == second.unit and text[first.end : second.start] in _RANGE:
            found[nth] = msgspec.structs.replace(first, counts=second.counts)
    return found


def _name_of(index: re.Match[str]) -> str:
    return index.group() if index.group() == "IKP" else index.group().lower()


def _digits(text: str, start: int, end: int, tables: _FigureTables) -> Iterator[_Number]:
    for match in tables.digits.finditer(text, start, end):
        at = match.start()
        if at > start and (text[at - 1].isalnum() or text[at - 1] in "/.,-–" and text[at - 2 : at - 1].isalnum()):
            continue
        if not match["rp"] and _is_name(text, start, at, tables):
            continue
        digits = match["number"]
        whole = digits.replace(".", "") if _is_grouped(digits) else digits
        value = float(whole.replace(",", ".")) * tables.scales.get((match["scale"] or "").strip(), 1)
        if match["rp"]:
            yield _Number(at, match.end(), _rounded(value), "rupiah")
        elif match["percent"]:
            yield _Number(at, match.end(), value, "persen")
        else:
            unit, stop = _unit(text, match.end(), end, tables)
            yield _Number(at, stop, _rounded(value), unit)


def _is_name(text: str, start: int, at: int, tables: _FigureTables) -> bool:
    """Say whether the word before a number at `at` makes it part of a name or a date."""
    before = text[max(start, at - 12) : at].rsplit(None, 1)
    return bool(before) and before[-1].lower().rstrip(".") in tables.not_after and text[at - 1].isspace()


def _is_grouped(digits: str) -> bool:
    """Say whether the full stops in "1.293" part thousands, as they do before three digits."""
    groups = digits.split(",")[0].split(".")[1:]
    return bool(groups) and all(len(group) == 3 for group in groups)


def _rounded(value: float) -> float:
    return float(round(value, 4))


def _spelled(text: str, start: int, end: int, tables: _FigureTables) -> Iterator[_Number]:
    for match in tables.spelled.finditer(text, start, end):
        unit, stop = _unit(text, match.end(), end, tables)
        if unit is not None and not _is_name(text, start, match.start(), tables):
            yield _Number(match.start(), stop, _value(match.group().lower().split(), tables), unit)


def _value(spelled: Sequence[str], tables: _FigureTables) -> float:
    """Return the value of a number in words: "dua ratus lima puluh ribu" is 250,000."""
    total = below_thousand = digit = 0
    for word in spelled:
        scale = tables.scales.get(word, 0)
        if word in tables.numbers:
            below_thousand, digit = below_thousand + digit, tables.numbers[word]
        elif word == "belas":
            below_thousand, digit = below_thousand + digit + 10, 0
        elif scale < 1000:
            below_thousand, digit = below_thousand + digit * scale, 0
        else:
            total, below_thousand, digit = total + (below_thousand + digit or 1) * scale, 0, 0
    return float(total + below_thousand + digit)


def _unit(text: str, at: int, end: int, tables: _FigureTables) -> tuple[str | None, int]:
    """Return the unit behind a number that ends at `at`, and where it ends."""
    match = _UNIT.match(text, at, end)
    if match is None:
        return None, at
    if match["second"] and f"{match['first']} {match['second']}" in tables.pairs:
        return f"{match['first']} {match['second']}", match.end()
    return (match["first"], match.end("first")) if match["first"] in tables.units else (None, at)


def _index_before(indexes: Sequence[re.Match[str]], number: _Number, done: int) -> re.Match[str] | None:
    """Return the index whose value the number is: the last one named since the figure before."""
    return next((index for index in reversed(indexes) if done <= index.start() < number.start), None)


def _counted(text: str, number: _Number, unit: str | None, low: int, high: int, tables: _FigureTables) -> str | None:
    """Return the noun that a figure counts: the unit itself, or of a measure the noun behind or before it."""
    if unit is None or unit not in tables.measures:
        return unit
    behind = tables.behind.match(text, number.end, high)
    if behind:
        return behind.group().strip()
    nouns = tables.before.get(unit)
    last = None
    if nouns is not None:
        for last in nouns.finditer(text, max(low, number.start - _BEFORE), number.start):
            pass
    return last.group().lower() if last else None


