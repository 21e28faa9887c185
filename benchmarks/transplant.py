"""News texts moved to another place and day, and told again in other words: the material of the simulated month.

The texts are made in memory from the test split of `corpora/berita`, where names are those of real events. What they
say of another place never happened; they are measured on and never written anywhere.
"""

import functools
import random
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from pilkada_nlp.preprocessing import sentences
from pilkada_nlp.regions import Region, region
from pilkada_nlp.regions.gazetteer import WORD, gazetteer, key

_WEEKDAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MONTHS: Final = tuple("Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split())
_DATE = re.compile(
    r"(?<![\w/.-])(?:(?P<day>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>\d{4}))?(?![\w/])"
    rf"|(?:(?P<of>\d{{1,2}}) )?(?P<name>{'|'.join(_MONTHS)})\b(?: (?P<long>\d{{4}})\b)?"
    rf"|(?P<weekday>{'|'.join(_WEEKDAYS)})\b)"
)
_ELECTION_YEAR = re.compile(r"\b((?:Pil[a-z]+|[Pp]emilihan|[Ss]erentak|Pemilukada)(?: [A-Z]\w+){0,3} )(20[012]\d)\b")
# Words of a regency's offices and those of a city's, the first of each group to write and all of them to find.
_OFFICES: Final = (
    (("Bupati",), ("Wali Kota", "Walikota")),
    (("Pemkab",), ("Pemkot",)),
    (("Pilbup", "Pilbub"), ("Pilwalkot", "Pilwali", "Pilwakot", "Pilwako")),
    (("Wabup",), ("Wawali", "Wawalkot")),
    (("Cabup",), ("Cawalkot", "Cawali")),
    (("Kapolres",), ("Kapolresta", "Kapolrestabes")),
    (("Mapolres",), ("Mapolresta", "Mapolrestabes")),
    (("Polres",), ("Polresta", "Polrestabes")),
    (("Kabupaten",), ("Kota",)),
)
# Pairs that mean the same in news; either may stand for the other.
_SYNONYMS: Final = (
    ("mengatakan", "menyampaikan"),
    ("menyebut", "mengungkapkan"),
    ("menjelaskan", "menerangkan"),
    ("menegaskan", "menekankan"),
    ("menyatakan", "mengemukakan"),
    ("kata", "ujar"),
    ("tutur", "ucap"),
    ("warga", "penduduk"),
    ("sejumlah", "beberapa"),
    ("tetapi", "namun"),
    ("karena", "lantaran"),
    ("agar", "supaya"),
    ("hanya", "cuma"),
    ("juga", "pula"),
    ("sudah", "telah"),
    ("kemudian", "lalu"),
    ("hingga", "sampai"),
    ("kini", "sekarang"),
    ("sekitar", "kira-kira"),
    ("memakai", "menggunakan"),
    ("segera", "secepatnya"),
    ("sementara itu", "di sisi lain"),
    ("pihaknya", "lembaganya"),
    ("adalah", "ialah"),
    ("malam", "malam hari"),
    ("pagi", "pagi hari"),
    ("ratusan", "beratus-ratus"),
    ("puluhan", "berpuluh-puluh"),
    ("diminta", "diharapkan"),
    ("menunggu", "menantikan"),
    ("tidak", "tak"),
    ("usai", "seusai"),
    ("setelah", "sesudah"),
    ("antara lain", "di antaranya"),
    ("seluruh", "semua"),
    ("melalui", "lewat"),
    ("dapat", "bisa"),
    ("ingin", "hendak"),
    ("sangat", "amat"),
    ("hampir", "nyaris"),
    ("setiap", "tiap"),
    ("yakni", "yaitu"),
    ("selama", "sepanjang"),
    ("ada", "terdapat"),
    ("sore", "petang"),
    ("mencapai", "menyentuh"),
    ("lain", "lainnya"),
    ("dan", "serta"),
    ("untuk", "guna"),
    ("sebagai", "selaku"),
    ("datang", "tiba"),
    ("ikut", "turut"),
    ("pernah", "sempat"),
    ("harus", "mesti"),
    ("menerima", "memperoleh"),
    ("perkara", "kasus"),
    ("memberi", "memberikan"),
    ("katanya", "ujarnya"),
    ("punya", "memiliki"),
    ("bila", "jika"),
    ("kalau", "apabila"),
    ("dipakai", "digunakan"),
    ("acara", "kegiatan"),
    ("tentang", "soal"),
    ("mengenai", "perihal"),
    ("menilai", "memandang"),
    ("dilakukan", "dijalankan"),
    ("selesai", "rampung"),
    ("wilayah", "kawasan"),
    ("sambil", "seraya"),
    ("justru", "malah"),
    ("dinilai", "dianggap"),
    ("ditemukan", "didapati"),
    ("lembar", "helai"),
)
# The second may stand for the first, but not the other way round.
_ONE_WAY: Final = (
    ("tersebut", "itu"),
    ("akan", "bakal"),
    ("menjadi", "jadi"),
    ("atau", "ataupun"),
    ("kepada", "ke"),
    ("meminta", "minta"),
    ("sejak", "mulai"),
    ("ketika", "saat"),
    ("bagi", "buat"),
    ("sebuah", "satu"),
    ("pukul", "jam"),
    ("sehingga", "sampai-sampai"),
    ("pekan", "minggu"),
    ("ia", "dia"),
    ("sedangkan", "sementara"),
    ("mengingatkan", "mewanti-wanti"),
    ("pencoblosan", "pemungutan suara"),
    ("di sana", "di situ"),
    ("berinisial", "dengan inisial"),
    ("setempat", "di daerah itu"),
    ("sebab", "lantaran"),
    ("dua", "2"),
    ("tiga", "3"),
    ("empat", "4"),
    ("lima", "5"),
    ("enam", "6"),
    ("tujuh", "7"),
    ("delapan", "8"),
    ("sembilan", "9"),
)
_CHANGED: Final = 0.6  # share of the words with a synonym that a retelling exchanges
_KEPT: Final = 0.12  # share of the sentences that a retelling keeps of a paragraph, beside the one that it must
_OTHER_TITLE: Final = 0.6  # share of the retellings with a title of their own
_TITLE_WORDS: Final = range(5, 15)
_PRONOUNS: Final = frozenset({"Ia", "Dia", "Mereka", "Itu", "Ini"})  # with these no title begins


def transplanted(text: str, home: str, there: str, written: date, day: date) -> str:
    """Return `text`, written on the day `written` about the region `home`, as if it were about `there` on `day`.

    Both are provinces, or both are none. All names of the region become those of the other: full and short names,
    aliases, the seat; its province becomes the other's province, and the regions around it regions of that province.
    Offices follow when a regency becomes a city. Dates and weekdays move by as many days as lie between.
    """
    return _moved(_with_offices(text, region(home), region(there)), home, there, written, day)


def _moved(text: str, home: str, there: str, written: date, day: date) -> str:
    places = _neighbours(home, there)
    parts, end = [], 0
    for start, stop, code, is_seat in _names(text, home):
        if code not in places:
            continue
        target = region(places[code])
        name = target.capitals[0] if is_seat and target.capitals else target.short_name
        shouted = text[start:stop].isupper() and key(text[start:stop]) not in gazetteer().traps["acronyms"]
        parts += [text[end:start], name.upper() if shouted else name]
        end = stop
    return _redated("".join([*parts, text[end:]]), written, day)


def traces(text: str, home: str, there: str) -> list[str]:
    """Return the names of the region `home` that are left in `text`; those that `there` shares do not count."""
    shared = {key(name) for name in (region(there).short_name, *region(there).capitals)}
    return [
        text[start:stop]
        for start, stop, code, _ in _names(text, home)
        if code == home and key(text[start:stop]) not in shared
    ]


def _names(text: str, home: str) -> Iterator[tuple[int, int, str, bool]]:
    """Yield start, end, code and whether it is the seat for each name of a region in `text`, the longest at a place."""
    tables = gazetteer()
    own = region(home)
    seats = {key(town) for town in own.capitals}
    words = list(WORD.finditer(text))
    lower = [word.group().lower() for word in words]
    at = 0
    while at < len(words):
        length = 0
        if words[at].group()[0].isupper():
            for size in range(5, 0, -1):
                name = " ".join(lower[at : at + size])
                known = tables.names.get(name, ())
                if not known and name not in seats:
                    continue
                if not all(word.group()[0].isupper() or word.group() == "dan" for word in words[at : at + size]):
                    continue
                code = _meant(known, name, home, seats)
                length = min(size, len(words) - at)
                before = lower[at - 1] if at else ""
                ordinary = name in tables.traps["ordinary_words"] and code != home
                if code and not (ordinary and before not in tables.levels):
                    is_seat = name in {key(town) for town in region(code).capitals} - {key(region(code).short_name)}
                    yield words[at].start(), words[at + length - 1].end(), code, is_seat
                break
        at += max(1, length)


def _meant(known: tuple[str, ...], name: str, home: str, seats: set[str]) -> str | None:
    """Return which region a name means in a text about `home`: that one if it can, then one of its province."""
    if home in known or name in seats:
        return home
    around = [code for code in known if code[:2] == home[:2]]
    return min(around, key=lambda code: (code not in gazetteer().provincial_seats, code), default=None)


@functools.cache
def _neighbours(home: str, there: str) -> Mapping[str, str]:
    """Return which region of the province of `there` each region of the province of `home` becomes."""
    places = {home[:2]: there[:2], home: there}
    for level in ("kota", "kabupaten"):
        ours = [code for code in _within(home[:2]) if region(code).level == level and code not in places]
        theirs = [code for code in _within(there[:2]) if region(code).level == level and code not in places.values()]
        theirs = theirs or [code for code in _within(there[:2]) if code not in places.values()]
        seats = gazetteer().provincial_seats
        ours.sort(key=lambda code: (code not in seats, code))
        theirs.sort(key=lambda code: (code not in seats, code))
        places.update({code: theirs[at % len(theirs)] for at, code in enumerate(ours)} if theirs else {})
    return places


def _within(province: str) -> list[str]:
    return [code for code, found in gazetteer().regions.items() if found.province == province and "." in code]


def _with_offices(text: str, home: Region, there: Region) -> str:
    """Return `text` with the words for a regency's offices in place of a city's, or the other way round."""
    if home.level == there.level or "provinsi" in (home.level, there.level):
        return text
    own, other = (0, 1) if home.level == "kabupaten" else (1, 0)
    names = "|".join(re.escape(name) for name in (home.short_name, *home.capitals))
    for group in _OFFICES:
        for word in group[own]:
            new = group[other][0]
            # "Kabupaten X" of another region stays what it is.
            end = rf"(?= (?i:{names})\b| [a-z]|[^\w\s]|\n|$)" if word in ("Kabupaten", "Kota") else r"\b"
            for old, fresh in ((word, new), (word.lower(), new.lower()), (word.upper(), new.upper())):
                text = re.sub(rf"\b{old}{end}", fresh, text)
    return text


def _redated(text: str, written: date, day: date) -> str:
    shift = day - written

    def moved(match: re.Match[str]) -> str:
        if match["weekday"]:
            return _WEEKDAYS[(_WEEKDAYS.index(match["weekday"]) + shift.days) % 7]
        year = match["year"] or match["long"]
        if not (match["day"] or match["of"] or year):
            return match.group()  # "sejak November"
        month = _MONTHS.index(match["name"]) + 1 if match["name"] else int(match["month"])
        found = _nearest(int(match["day"] or match["of"] or 15), month, int(year) if year else None, written)
        if found is None:
            return match.group()
        new = found + shift
        if match["name"]:
            parts = (str(new.day) if match["of"] else "", _MONTHS[new.month - 1], str(new.year) if year else "")
            return " ".join(part for part in parts if part)
        return f"{new.day}/{new.month}" + (f"/{new.year}" if year else "")

    years = day.year - written.year
    text = _ELECTION_YEAR.sub(lambda match: f"{match[1]}{int(match[2]) + years}", text)
    return _DATE.sub(moved, text)


def _nearest(day: int, month: int, year: int | None, written: date) -> date | None:
    """Return the date meant; without a year the one nearest to the day of writing. None when there is no such day."""
    found = []
    for candidate in (year,) if year else (written.year - 1, written.year, written.year + 1):
        try:
            found.append(date(candidate, month, day))
        except ValueError:
            continue
    return min(found, key=lambda moment: abs(moment - written), default=None)


def retold(title: str, text: str, place: str, rng: random.Random) -> tuple[str, str]:
    """Return title and text as another newsroom might tell the same: fewer sentences, other order, other words.

    The first sentence stays in front. Of every paragraph a sentence stays, so that no subject is lost that the labels
    name, and few of the rest; `place` is named if it was. A title of its own is a sentence of the first paragraph. Two
    texts made so from one share about three in ten of their runs of three words, where edited copies share half.
    """
    first, *rest = ([sentence.text for sentence in sentences(paragraph)] for paragraph in text.split("\n\n"))
    first = [first[0], *(said for said in first[1:] if place in said or rng.random() < 0.5)]
    naming = next((said for told in (first, *rest) for said in told if place in said), None)
    told = []
    for paragraph in rest:
        least = naming if naming in paragraph and naming not in first else rng.choice(paragraph)
        told.append(" ".join(said for said in paragraph if said is least or rng.random() < _KEPT))
    rng.shuffle(told)
    heads = [said.rstrip(".") for said in first if len(said.split()) in _TITLE_WORDS]
    heads = [head for head in heads if head.split()[0] not in _PRONOUNS]
    if heads and rng.random() < _OTHER_TITLE:
        head = rng.choice(heads)
        title = head if place in head or place not in title else f"{head} di {place}"
    return reworded(title, rng), reworded("\n\n".join([" ".join(first), *told]), rng)


def reworded(text: str, rng: random.Random, share: float = _CHANGED) -> str:
    """Return `text` with that share of the words that have a synonym exchanged for it."""
    pattern, other = _synonyms()

    def exchanged(match: re.Match[str]) -> str:
        word, before = match.group(), text[max(0, match.start() - 2) : match.start()]
        new = other[word.lower()]
        inside = word[0].isupper() and before not in ("", ". ", "\n\n")  # of a name
        if rng.random() >= share or inside or (word[0].isupper() and not new[0].isalpha()):
            return word
        return new.capitalize() if word[0].isupper() else new

    return pattern.sub(exchanged, text)


@functools.cache
def _synonyms() -> tuple[re.Pattern[str], Mapping[str, str]]:
    other = dict(_ONE_WAY) | {one: two for pair in _SYNONYMS for one, two in (pair, pair[::-1])}
    words = sorted(other, key=len, reverse=True)
    # "dua puluh" and "tiga ratus" keep their words.
    return re.compile(rf"\b(?i:{'|'.join(words)})\b(?! (?:puluh|belas|ratus))"), other


def blended(opening: str, rest: str) -> str:
    """Return a text that begins as one and goes on as another, as press offices put theirs together."""
    ahead, behind = opening.split("\n\n"), rest.split("\n\n")
    return "\n\n".join([*ahead[: max(1, (len(ahead) + 1) // 2)], *behind[len(behind) // 2 :]])
