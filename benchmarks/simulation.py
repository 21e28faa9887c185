"""A simulated month of news: 60 regions, 40 outlets, November 2024, with gold for what a watchlist should see in it.

`make_month(seed, corpus)` returns the same month for the same seed and corpus. Its texts are those of the corpus's test
split, moved to other regions and days (`transplant`). One text about an election tells of one event only: it is used
again after more than the 14 days in which stories are joined at the earliest, since two places never have the same
wording in common; appeals and routine, of which the split has too few, are used sooner as the opening of one text with
the end of another. What is in a month:

- Background: unrelated news fills each outlet's volume (negative binomial); appeals, routine steps and forecasts; per
  region at most one allegation, ruling or incident of severity 1 or 2 in a week. Gold: no outbreak.
- Outbreaks, one region and theme on one day each, at most one in a region: "satu" is one incident of severity 3 or 4,
  told by three or four newsrooms in their own words; "beberapa" are three or four different events of one theme, at
  least two of them incidents of severity 3 or 4; "perkara" are three or four rulings and allegations of one theme, at
  least two of severity 3 or 4. Other outlets print each text verbatim, two to five of them ("satu") or one to three.
  Gold: day, region and theme.
- Floods on one day in one region without an outbreak: 50 appeals by different offices; 40 copies of one release that
  has been printed once in any case, half of them edited; 20 paid texts and releases. Gold: no level rises by them.
- Corrections: an allegation of some days ago ends "tidak terbukti" (the report retells how it began), or an outlet
  takes back what it reported the day before. Gold: no level rises by them.
- Silent outlets: three or four days on which a busy local outlet cannot be read, or can be and has nothing new.
"""

import math
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from benchmarks.press import LEFT_OUT, Item, Press, Silence, SilenceKind, Told, poisson
from benchmarks.transplant import blended, reworded, transplanted
from pilkada_nlp.article import Outlet
from pilkada_nlp.corpora import LabelledArticle, Labels, read_corpus
from pilkada_nlp.regions import region

SEEDS: Final = (11, 23, 47, 61, 83)
FIRST_DAY: Final = date(2024, 11, 1)
_JOINED: Final = 14  # days in which stories are joined; a text is used again later than that
_SIGNALS: Final = frozenset({"kejadian", "dugaan", "putusan"})
_PRESS: Final = frozenset({"rilis_pemda", "rilis_penyelenggara", "rilis_aparat", "adv"})
_QUIET_SHARE: Final = 0.6  # items about elections in a region on a day that tell of no event, on average
_WEEKLY: Final = 0.7  # chance that a region has its one weak signal in a week
_NATIONAL: Final = 1.0  # items about no region in particular that a national outlet has in a day, on average

_DATELINE = re.compile(r"^[^.\n]{3,40}? [–-] ")

OutbreakKind = Literal["satu", "beberapa", "perkara"]
FloodKind = Literal["imbauan", "rilis", "iklan"]
CorrectionKind = Literal["tidak_terbukti", "ralat"]


class Scale(NamedTuple):
    """How large a month is. Each province has `regencies` regions beside itself and `local` outlets in them."""

    days: int = 30
    provinces: int = 10
    regencies: int = 5
    local: int = 2
    national: int = 10
    outbreaks: Sequence[OutbreakKind] = ("satu",) * 8 + ("beberapa",) * 4 + ("perkara",) * 12
    floods: Sequence[FloodKind] = ("imbauan", "imbauan", "rilis", "rilis", "iklan")
    corrections: Sequence[CorrectionKind] = ("tidak_terbukti",) * 3 + ("ralat",) * 2
    silences: Sequence[SilenceKind] = ("tak_terbaca", "tanpa_berita", "tanpa_berita")


class Outbreak(NamedTuple):
    """A region and theme that must be high on `day`; `part` is the name that its items bear."""

    part: str
    kind: OutbreakKind
    day: date
    region: str
    theme: str


class Flood(NamedTuple):
    """Texts on `day` that must not raise any level of the region."""

    part: str
    kind: FloodKind
    day: date
    region: str


class Correction(NamedTuple):
    """A report on `day` that must not raise any level of the region."""

    part: str
    kind: CorrectionKind
    day: date
    region: str
    theme: str


class Month(NamedTuple):
    """What happened and what was printed: items in order of publication, and what a watchlist should make of them."""

    seed: int
    days: tuple[date, ...]
    regions: tuple[str, ...]
    outlets: tuple[Outlet, ...]
    items: tuple[Item, ...]
    outbreaks: tuple[Outbreak, ...]
    floods: tuple[Flood, ...]
    corrections: tuple[Correction, ...]
    silences: tuple[Silence, ...]

    def of_day(self, day: date) -> list[Item]:
        """Return the items of a day."""
        return [item for item in self.items if item.article.day == day]


def held_back(folder: Path) -> list[LabelledArticle]:
    """Return the articles of `berita/` in the corpora's folder that no model learned from."""
    return [article for article in read_corpus([folder / "berita"]) if article.split == "test"]


def make_month(seed: int, corpus: Sequence[LabelledArticle], scale: Scale | None = None) -> Month:
    """Return the month of this seed. Raises ValueError when the corpus has too few texts for its planted events."""
    return _Desk(random.Random(seed), corpus, scale or Scale()).month(seed)  # noqa: S311  # no secrets here


class _Slot(NamedTuple):
    """A region and day for a planted event."""

    region: str
    at: int


class _Desk:
    """Everything that is decided on one month, from one source of chance."""

    def __init__(self, rng: random.Random, corpus: Sequence[LabelledArticle], scale: Scale) -> None:
        self.rng, self.scale = rng, scale
        self.days = tuple(FIRST_DAY + timedelta(days=at) for at in range(scale.days))
        self.used: dict[str, list[int]] = defaultdict(list)
        placed = [text for text in corpus if _is_placed(text)]
        self.local = [text for text in placed if text.labels.election == "pilkada"]
        self.quiet = [text for text in placed if text.labels.mod not in _SIGNALS]
        self.national = [text for text in corpus if text.labels.rel and not text.labels.regions]
        self.unrelated = [text for text in corpus if not text.labels.rel]
        self.press = Press(
            rng,
            self.days,
            provinces=scale.provinces,
            regencies=scale.regencies,
            local=scale.local,
            national=scale.national,
        )

    def month(self, seed: int) -> Month:
        """Make all parts, those first that need the rarest texts."""
        self.press.fall_silent(self.scale.silences)
        free = list(self.press.regions)
        self.rng.shuffle(free)
        outbreaks = self._outbreaks(free)
        floods = [self._flood(f"banjir-{n:02}", kind, free) for n, kind in enumerate(self.scale.floods, 1)]
        corrections = [
            self._correction(f"koreksi-{n:02}", kind, free) for n, kind in enumerate(self.scale.corrections, 1)
        ]
        for at in range(self.scale.days):
            self._background(at)
        self._weak_signals()
        for at in range(self.scale.days):
            self._fill(at)
        order = sorted(
            self.press.items, key=lambda item: (item.article.published_at or item.article.fetched_at, item.article.id)
        )
        return Month(
            seed,
            self.days,
            self.press.regions,
            self.press.outlets,
            tuple(order),
            tuple(outbreaks),
            tuple(floods),
            tuple(corrections),
            tuple(self.press.silences),
        )

    # Texts

    def _is_free(self, text: LabelledArticle, at: int) -> bool:
        return all(abs(at - day) > _JOINED for day in self.used[text.event])

    def _fits(self, text: LabelledArticle, code: str) -> bool:
        home = text.labels.regions[0]
        return ("." in home) == ("." in code) and home != code

    def _free(self, pool: Iterable[LabelledArticle], code: str, at: int) -> list[LabelledArticle]:
        return [text for text in pool if self._fits(text, code) and self._is_free(text, at)]

    def _told(self, text: LabelledArticle, code: str, at: int, *, mark: bool = True) -> Told:
        """Return the text as it reads in that region on that day; with `mark` it counts as used."""
        if mark:
            self.used[text.event].append(at)
        day = self.days[at]
        (home,) = text.labels.regions
        title, body = (transplanted(part, home, code, text.date, day) for part in (text.title, text.text))
        happened = text.labels.event_date and text.labels.event_date + (day - text.date)
        return Told(title, body, msgspec.structs.replace(text.labels, regions=(code,), event_date=happened))

    # Planted events

    def _outbreaks(self, free: list[str]) -> list[Outbreak]:
        """Plant the outbreaks over the whole month; those that need several texts of one theme choose first."""
        kinds = sorted(self.scale.outbreaks, key=("beberapa", "perkara", "satu").index)
        return [self._outbreak(f"wabah-{number:02}", kind, free) for number, kind in enumerate(kinds, 1)]

    def _outbreak(self, part: str, kind: OutbreakKind, free: list[str]) -> Outbreak:
        """Plant one outbreak in a free region on a day for which there are texts; that region is no longer free."""
        for slot in self._slots(free):
            for theme, texts in self._candidates(kind, slot):
                free.remove(slot.region)
                if kind == "satu":
                    told = self._told(texts[0], slot.region, slot.at)
                    self.press.spread(
                        slot.at, told, part, tellings=self.rng.randint(3, 4), copies=self.rng.randint(2, 5)
                    )
                else:
                    for text in texts:
                        told = self._told(text, slot.region, slot.at)
                        self.press.spread(
                            slot.at, told, part, tellings=self.rng.randint(1, 2), copies=self.rng.randint(1, 3)
                        )
                return Outbreak(part, kind, self.days[slot.at], slot.region, theme)
        raise ValueError(f"the corpus has too few severe texts for another outbreak of the kind {kind}")

    def _slots(self, free: Sequence[str], first: int = 1) -> list[_Slot]:
        days = range(min(first, self.scale.days - 1), self.scale.days)
        slots = [_Slot(code, at) for code in free for at in days]
        self.rng.shuffle(slots)
        return slots

    def _candidates(self, kind: OutbreakKind, slot: _Slot) -> list[tuple[str, list[LabelledArticle]]]:
        """Return a theme and the texts that make an outbreak there, in a list of one or none."""
        pool = [text for text in self._free(self.local, slot.region, slot.at) if text.labels.kind == "media"]
        signals = [text for text in pool if text.labels.mod in _SIGNALS and text.labels.outcome != "tidak_terbukti"]
        themes = sorted({theme for text in signals for theme in text.labels.pokok})
        self.rng.shuffle(themes)
        for theme in themes:
            about = [text for text in signals if theme in text.labels.pokok]
            self.rng.shuffle(about)
            about = list({text.event: text for text in about}.values())
            severe = [text for text in about if text.labels.sev >= 3]
            incidents = [text for text in severe if text.labels.mod == "kejadian"]
            cases = [text for text in about if text.labels.mod != "kejadian" and text.labels.sev >= 2]
            if kind == "satu" and incidents:
                return [(theme, incidents[:1])]
            if kind == "beberapa" and len(incidents) >= 2:
                beside = [text for text in about if text not in incidents[:2] and text.labels.sev >= 2]
                beside.sort(key=lambda text: text.labels.mod != "kejadian" or text.labels.sev >= 3)
                if beside:
                    return [(theme, incidents[:2] + beside[: self.rng.randint(1, 2)])]
            if kind == "perkara":
                heads = [text for text in severe if text in cases][:2]
                beside = [text for text in cases if text not in heads]
                beside.sort(key=lambda text: text.labels.sev)
                if len(heads) == 2 and beside:
                    return [(theme, heads + beside[: self.rng.randint(1, 2)])]
        return []

    def _flood(self, part: str, kind: FloodKind, free: list[str]) -> Flood:
        code = next(code for code in free if "." in code)
        free.remove(code)
        at = self.rng.randint(min(5, self.scale.days - 1), self.scale.days - 1)
        quiet = [text for text in self.quiet if self._fits(text, code)]
        if kind == "rilis":
            releases = [text for text in quiet if text.labels.kind in _PRESS]
            told = self._told(self.rng.choice(releases), code, at, mark=False)
            self.press.publish(self.press.near(code, at)[0], at, told, hours=(6, 8))
            for number in range(40):
                outlet = self.rng.choice(self.press.speaking(at))
                self.press.publish(outlet, at, self._edited(told) if number % 2 else told, part, hours=(8, 21))
        else:
            of_kind = [
                text
                for text in quiet
                if (text.labels.mod == "imbauan" if kind == "imbauan" else text.labels.kind in _PRESS)
            ]
            for number in range(50 if kind == "imbauan" else 20):
                told = self._pressed(of_kind, code, at, rank=number)
                self.press.publish(self.rng.choice(self.press.speaking(at)), at, told, part)
        return Flood(part, kind, self.days[at], code)

    def _edited(self, told: Told) -> Told:
        """Return a text as an editor in haste leaves it: the last paragraph cut, a word here and there exchanged."""
        paragraphs = told.text.split("\n\n")
        text = "\n\n".join(paragraphs[: max(1, len(paragraphs) - 1)])
        return Told(reworded(told.title, self.rng, 0.3), reworded(text, self.rng, 0.3), told.labels)

    def _correction(self, part: str, kind: CorrectionKind, free: list[str]) -> Correction:
        """Plant a report some days ago and what takes it back."""
        for slot in self._slots([code for code in free if "." in code], first=8):
            earlier = max(0, slot.at - (1 if kind == "ralat" else self.rng.randint(3, 6)))
            pool = [text for text in self._free(self.local, slot.region, slot.at) if text.labels.kind == "media"]
            mod = "kejadian" if kind == "ralat" else "dugaan"
            reports = [
                text
                for text in pool
                if text.labels.mod == mod
                and 0 < text.labels.sev <= 2
                and text.labels.pokok
                and self._is_free(text, earlier)
            ]
            self.rng.shuffle(reports)
            for report in reports:
                theme = report.labels.pokok[0]
                endings = [x for x in pool if x.labels.outcome == "tidak_terbukti" and theme in x.labels.pokok]
                if kind == "tidak_terbukti" and not endings:
                    continue
                free.remove(slot.region)
                later = self.press.speaking(slot.at)
                outlet = next(outlet for outlet in self.press.near(slot.region, earlier) if outlet in later)
                told = self._told(report, slot.region, earlier)
                self.press.publish(outlet, earlier, told, hours=(6, 15))
                if kind == "ralat":
                    self.press.publish(outlet, slot.at, _taken_back(told, self.days[earlier]), part)
                else:
                    ending = self._told(self.rng.choice(endings), slot.region, slot.at)
                    self.press.spread(slot.at, _with_beginning(ending, told), part, copies=1)
                return Correction(part, kind, self.days[slot.at], slot.region, theme)
        raise ValueError(f"the corpus has too few texts for another correction of the kind {kind}")

    # Background

    def _background(self, at: int) -> None:
        """Print the appeals, routine steps and forecasts of a day."""
        for code in self.press.regions:
            for _ in range(poisson(self.rng, _QUIET_SHARE)):
                mod = self.rng.choices(("imbauan", "fakta_proses", "potensi", "cek_fakta"), (55, 32, 10, 3))[0]
                pool = [text for text in self.quiet if text.labels.mod == mod and self._fits(text, code)]
                if mod in ("imbauan", "fakta_proses"):
                    told = self._pressed(pool, code, at)
                elif unused := self._free(pool, code, at):
                    told = self._told(self.rng.choice(unused), code, at)
                else:
                    continue
                self.press.spread(at, told, copies=self.rng.choice((0, 0, 0, 1, 1, 2)))
        for outlet in self.press.outlets:
            if outlet.regions:
                continue
            for _ in range(poisson(self.rng, _NATIONAL)):
                if free := [text for text in self.national if self._is_free(text, at)]:
                    text = self.rng.choice(free)
                    self.used[text.event].append(at)
                    self.press.publish(outlet, at, Told(text.title, text.text, text.labels))

    def _pressed(self, pool: Sequence[LabelledArticle], code: str, at: int, rank: int | None = None) -> Told:
        """Return an unused text of the pool, else the opening of one with the end of another of the same modality.

        With `rank`, counted from 0, the openings are taken in turn, so that a flood has as many of them as there are.
        """
        unused = self._free(pool, code, at)
        if unused and rank is None:
            return self._told(self.rng.choice(unused), code, at)
        first = pool[rank % len(pool)] if rank is not None else self.rng.choice(pool)
        head = self._told(first, code, at)
        like = [text for text in pool if text is not first and text.labels.mod == first.labels.mod]
        if (rank is not None and rank < len(pool)) or not like:
            return head
        tail = self._told(self.rng.choice(like), code, at)
        beside = tuple(
            t for t in dict.fromkeys((*head.labels.sebutan, *tail.labels.pokok)) if t not in head.labels.pokok
        )
        return Told(head.title, blended(head.text, tail.text), msgspec.structs.replace(head.labels, sebutan=beside))

    def _weak_signals(self) -> None:
        """Give regions their one ordinary allegation, ruling or incident of severity 1 or 2 in a week."""
        weeks = [(code, week) for code in self.press.regions for week in range(math.ceil(self.scale.days / 7))]
        self.rng.shuffle(weeks)
        busy = {
            (code, (item.article.day - self.days[0]).days // 7)
            for item in self.press.items
            if item.labels.mod in _SIGNALS and item.labels.sev > 0
            for code in item.labels.regions
        }
        for code, week in weeks:
            if (code, week) in busy or self.rng.random() > _WEEKLY:
                continue
            at = self.rng.randrange(7 * week, min(7 * week + 7, self.scale.days))
            weak = [t for t in self._free(self.local, code, at) if t.labels.mod in _SIGNALS and 0 < t.labels.sev <= 2]
            if weak:
                told = self._told(self.rng.choice(weak), code, at)
                self.press.spread(at, told, tellings=self.rng.choice((1, 1, 2)), copies=self.rng.choice((0, 0, 1, 2)))

    def _fill(self, at: int) -> None:
        """Fill each outlet's volume of the day with news about no election, of its own area where it has one."""
        for outlet in self.press.speaking(at):
            missing = self.press.volume(outlet, at)
            near = [code for code in self.press.regions if code[:2] in {area[:2] for area in outlet.regions}]
            near = near or list(self.press.regions)
            for text in self.rng.sample(self.unrelated, min(missing, len(self.unrelated))):
                code = self.rng.choice(near)
                if len(text.labels.regions) == 1 and self._fits(text, code):
                    told = self._told(text, code, at, mark=False)
                else:
                    told = Told(text.title, text.text, text.labels)
                self.press.publish(outlet, at, told)


def _is_placed(text: LabelledArticle) -> bool:
    """Say whether a text is about one place alone, so that it can be moved to another."""
    labels = text.labels
    return labels.rel and len(labels.regions) == 1 and not labels.is_aggregate and labels.regions[0][:2] not in LEFT_OUT


def _with_beginning(ending: Told, report: Told) -> Told:
    """Return how a case ended, with how it began, as such reports retell it."""
    lead, *rest = ending.text.split("\n\n")
    first = _DATELINE.sub("", report.text.split("\n\n")[0])
    began = f"Perkara ini bermula dari laporan beberapa hari lalu. {first}"
    return ending._replace(text="\n\n".join([lead, *rest[:1], began, *rest[1:]]))


def _taken_back(report: Told, day: date) -> Told:
    """Return the notice by which an outlet takes back what it printed on `day`."""
    (code,) = report.labels.regions
    place = region(code)
    text = (
        f"{place.short_name.upper()} – Redaksi mencabut berita berjudul “{report.title}” yang terbit pada "
        f"{day.day}/{day.month}/{day.year}. Setelah diperiksa ulang, peristiwa terkait Pilkada {place.short_name} yang "
        "diberitakan di dalamnya tidak terjadi.\n\n"
        f"KPU dan Bawaslu {place.name} menyatakan tidak ada gangguan pada tahapan pemilihan di wilayah itu pada hari "
        "tersebut. Informasi awal berasal dari pesan berantai yang keliru.\n\n"
        "Redaksi memohon maaf kepada pembaca dan kepada pihak yang dirugikan. Berita semula telah ditarik dari laman "
        "ini."
    )
    labels = Labels(
        rel=True,
        election="pilkada",
        election_id=report.labels.election_id,
        mod="cek_fakta",
        regions=(code,),
        sebutan=report.labels.pokok,
    )
    return Told(f"Ralat: Tidak Benar Terjadi Gangguan Pilkada di {place.short_name}", text, labels)
