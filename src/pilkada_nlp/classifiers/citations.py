"""Figures with their units, and articles of law, as a sentence cites them."""

import bisect
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from pilkada_nlp.article import Figure, LawCited
from pilkada_nlp.classifiers.entity_words import (
    Read,
    Spans,
    either_case,
    from_first_letter,
    last_match,
    one_of,
    table,
    words,
)
from pilkada_nlp.preprocessing import Sentence

_BEFORE = 80  # characters before a figure in which the noun that it measures may stand
_REACH = 200  # characters before a value in which its index may be named
_LONGEST_NUMBER = 15  # digits
_RUPIAH = ("Rp. ", "Rp.", "Rp ", "Rp")
_PASAL = re.compile(
    r"[Pp]asal (?P<pasal>\d{1,3}[A-Z]{0,2})(?![\d.]\d)(?P<parts>"
    r"(?:,? (?:(?:dan|atau|serta|hingga|sampai) )?(?:ayat \(?\d{1,2}[a-z]?\b\)?|\(\d{1,2}[a-z]?\)|huruf [a-z]\b))*)"
)
_AYAT = re.compile(r"(?<!huruf )(?:ayat \(?|\()(\d{1,2}[a-z]?)\b|huruf ([a-z])\b")
_JOINS = re.compile(r",? (?:(?:dari|dalam|pada|di) )?")
_SHARES = re.compile(r",? ?(?:(?:jo\.?|juncto|dan[ /]atau|dan|serta|atau|hingga|sampai) )?")
_RANGE = frozenset({" dari ", " sampai ", " hingga ", " atau ", "-", "–", " dari total ", " - ", " – "})
_INSTRUMENT = re.compile(r"\bIKP\b|\b[Ii]ndeks [Kk]erawanan(?: (?:[Pp]emilu|[Pp]ilkada|[Pp]emilihan))?")
_YEAR = re.compile(r"\b20\d\d\b")
_BARE_VALUE = re.compile(r"\d{1,3},\d{1,2}")


class _LawTables(NamedTuple):
    guard: frozenset[str]
    starts: re.Pattern[str]
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
    first_words = {form.split()[0] for form in (*short, *laws["named"]["words"])}
    starts = first_words | {"Pasal", "pasal", "Putusan", "putusan", "UU", "Undang", "undang"}
    guard = {start.lower() for start in starts} | {"undang-undang"}
    return _LawTables(frozenset(guard), re.compile(from_first_letter(starts)), re.compile(cited), short)


def law_words() -> frozenset[str]:
    """Return the words that a sentence with a citation of law has at least one of."""
    return _law_tables().guard


def find_laws(text: str, sentences: Sequence[Read]) -> list[LawCited]:
    """Return what the `sentences` of `text` cite."""
    tables = _law_tables()
    pieces: list[re.Match[str]] = []
    for sentence, hits in sentences:
        if not hits or tables.guard.isdisjoint(hits):
            continue
        for start in tables.starts.finditer(text, sentence.span.start, sentence.span.end):
            at = start.start()
            piece = (_PASAL if text.startswith("asal", at + 1) else tables.cited).match(text, at)
            if piece is not None and (not pieces or at >= pieces[-1].end()):
                pieces.append(piece)
    return _joined(text, pieces, tables)


def _joined(text: str, pieces: Sequence[re.Match[str]], tables: _LawTables) -> list[LawCited]:
    """Return the citations that `pieces` make up: articles with the laws beside them, and laws alone."""
    found: list[LawCited] = []
    shared: str | None = None  # the law of the article behind
    taken: set[int] = set()  # where laws begin that are cited with an article
    for nth in range(len(pieces) - 1, -1, -1):
        piece, start, stop = pieces[nth], pieces[nth].start(), pieces[nth].end()
        before, behind = (pieces[nth - 1] if nth else None), (pieces[nth + 1] if nth + 1 < len(pieces) else None)
        if piece.re is not _PASAL:
            if start not in taken:
                found.append(_cited(text, start, stop, _short(piece, tables), None))
            continue
        law: str | None = None
        if behind and behind.re is not _PASAL and _JOINS.fullmatch(text, stop, behind.start()):
            law, stop = _short(behind, tables), behind.end()
            if found and found[-1].start == behind.start():
                found.pop()
        elif behind and behind.re is _PASAL and _SHARES.fullmatch(text, stop, behind.start()):
            law = shared
        if law is None and before and before.re is not _PASAL and text[before.end() : start] in (": ", ", ", " "):
            law, start = _short(before, tables), before.start()
            taken.add(start)
        shared = law
        found.append(_cited(text, start, stop, law, piece))
    found.reverse()
    for nth in range(1, len(found)):  # "UU 1/1946, Pasal 14 dan Pasal 15"
        first, second = found[nth - 1], found[nth]
        if first.pasal and second.pasal and not second.law and _SHARES.fullmatch(text, first.end, second.start):
            found[nth] = msgspec.structs.replace(second, law=first.law)
    return found


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
    spelled = rf"(?:{either_case(numbers)})\b(?: (?:{one_of([*numbers, *scales])})\b)*"
    return _FigureTables(
        guard=frozenset(numbers),
        digits=re.compile(
            rf"\d(?:\d{{0,2}}(?:\.\d{{3}})+(?:,\d{{1,4}})?|\d{{0,{_LONGEST_NUMBER - 1}}}(?:[.,]\d{{1,4}})?)"
            rf"(?P<scale> (?:{large})\b)?(?P<percent> ?%)?"
        ),
        spelled=re.compile(rf"{spelled}(?!-)"),
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


def figure_words() -> frozenset[str]:
    """Return the words that make a sentence worth reading for figures, beside digits."""
    return _figure_tables().guard | {"ikp", "indeks"}


_UNIT = re.compile(r" (?P<first>[A-Za-z-]{1,24})(?: (?P<second>[A-Za-z-]{1,24}))?")


class _Number(NamedTuple):
    start: int
    end: int
    value: float
    unit: str | None


def find_figures(
    text: str, sentences: Sequence[Read], speakers: Mapping[int, str | None], cited: Spans
) -> list[Figure]:
    """Return the figures in `text`; numbers within `cited` laws are none.

    `speakers` holds who says the sentence that begins at a character.
    """
    tables = _figure_tables()
    numbers = [*_digits(text, tables)]
    for sentence, hits in sentences:
        if hits and not tables.guard.isdisjoint(hits):
            numbers.extend(_spelled(text, sentence, hits, tables))
    numbers.sort()
    starts = [sentence.span.start for sentence, _ in sentences]
    found: list[Figure] = []
    done = -1
    for nth, number in enumerate(numbers):
        if number.start < done or number.start in cited:
            continue
        unit = number.unit
        if unit is None and nth + 1 < len(numbers) and text[number.end : numbers[nth + 1].start] in _RANGE:
            unit = numbers[nth + 1].unit
        if unit is None and not _BARE_VALUE.fullmatch(text, number.start, number.end):
            continue
        at = bisect.bisect_right(starts, number.start) - 1
        sentence, hits = sentences[at]
        low = max(sentence.span.start, done)
        index = None
        if unit in (None, "persen", "poin") and ("ikp" in hits or "indeks" in hits):
            index = last_match(_INSTRUMENT, text, max(low, number.start - _REACH), number.start)
        if unit is None and index is None:
            continue
        year = _YEAR.search(text, index.start(), number.start) if index else None
        found.append(
            Figure(
                value=number.value,
                text=text[number.start : number.end],
                unit=unit,
                counts=_name_of(index) if index else _counted(text, number, unit, low, sentence.span.end, tables),
                speaker=speakers.get(sentence.span.start),
                start=number.start,
                end=number.end,
                instrument="IKP" if index else None,
                year=int(year.group()) if year else None,
            )
        )
        done = number.end
    for nth in range(len(found) - 2, -1, -1):  # "36 bulan sampai 72 bulan penjara"
        first, second = found[nth], found[nth + 1]
        if first.counts is None and first.unit == second.unit and text[first.end : second.start] in _RANGE:
            found[nth] = msgspec.structs.replace(first, counts=second.counts)
    return found


def _name_of(index: re.Match[str]) -> str:
    return index.group() if index.group() == "IKP" else index.group().lower()


def _digits(text: str, tables: _FigureTables) -> Iterator[_Number]:
    for match in tables.digits.finditer(text):
        at, end = match.span()
        before = text[max(0, at - 4) : at]
        sign = next((sign for sign in _RUPIAH if before.endswith(sign)), "") if "Rp" in before else ""
        if not sign and at:
            if before[-1].isalnum() or (before[-1] in "/.,-–" and before[-2:-1].isalnum()):
                continue
            if "," not in match.group() and _is_name(text, at, tables):
                continue
        digits = match.group().split(" ", 1)[0].rstrip("%")
        value = float((digits.replace(".", "") if _is_grouped(digits) else digits).replace(",", "."))
        if match["scale"]:
            value *= tables.scales[match["scale"][1:]]
        if sign:
            yield _Number(at - len(sign), end, _rounded(value), "rupiah")
        elif match["percent"]:
            yield _Number(at, end, value, "persen")
        else:
            unit, stop = _unit(text, end, tables)
            yield _Number(at, stop, _rounded(value), unit)


def _is_name(text: str, at: int, tables: _FigureTables) -> bool:
    """Say whether the word before a number at `at` makes it part of a name or a date."""
    before = text[max(0, at - 12) : at]
    last = before.split()[-1:] if before.endswith(" ") else []
    return bool(last) and last[0].lower().rstrip(".") in tables.not_after


def _is_grouped(digits: str) -> bool:
    """Say whether the full stops in "1.293" part thousands, as they do before three digits."""
    groups = digits.split(",")[0].split(".")[1:]
    return bool(groups) and all(len(group) == 3 for group in groups)


def _rounded(value: float) -> float:
    return float(round(value, 4))


def _spelled(text: str, sentence: Sentence, hits: frozenset[str], tables: _FigureTables) -> Iterator[_Number]:
    """Yield the numbers in words that count something in `sentence`, which has those among `hits`."""
    start, end = sentence.span.start, sentence.span.end
    found: list[int] = []
    for word in tables.guard & hits:
        for form in (word, word.capitalize()):
            at = text.find(form, start, end)
            while at >= 0:
                found.append(at)
                at = text.find(form, at + len(form), end)
    done = start
    for at in sorted(found):
        match = tables.spelled.match(text, at, end) if at >= done else None
        if match is None or (at and (text[at - 1].isalnum() or text[at - 1] == "-")):
            continue
        done = match.end()
        unit, stop = _unit(text, done, tables)
        if unit is not None and not _is_name(text, at, tables):
            yield _Number(at, stop, _value(match.group().lower().split(), tables), unit)


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


def _unit(text: str, at: int, tables: _FigureTables) -> tuple[str | None, int]:
    """Return the unit behind a number that ends at `at`, and where it ends."""
    match = _UNIT.match(text, at)
    if match is None:
        return None, at
    if match["second"] and f"{match['first']} {match['second']}" in tables.pairs:
        return f"{match['first']} {match['second']}", match.end()
    return (match["first"], match.end("first")) if match["first"] in tables.units else (None, at)


def _counted(text: str, number: _Number, unit: str | None, low: int, high: int, tables: _FigureTables) -> str | None:
    """Return the noun that a figure counts: the unit itself, or of a measure the noun behind or before it."""
    if unit is None or unit not in tables.measures:
        return unit
    behind = tables.behind.match(text, number.end, high)
    if behind:
        return behind.group().strip()
    nouns = tables.before.get(unit)
    last = last_match(nouns, text, max(low, number.start - _BEFORE), number.start) if nouns else None
    return last.group().lower() if last else None
