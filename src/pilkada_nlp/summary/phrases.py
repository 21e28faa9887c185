"""The values of a summary as phrases of one language, for all renderings: numbers, dates, places, reasons."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from pilkada_nlp.article import Figure, local_time
from pilkada_nlp.article.findings import (
    AppealCount,
    Change,
    Coverage,
    DailySummary,
    Decision,
    Drift,
    Milestone,
    OpenCase,
    Sentence,
    SourceState,
    Story,
    StoryMember,
    WatchlistEntry,
    WatchReason,
)
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.regions import region
from pilkada_nlp.summary.cleaning import is_web_address
from pilkada_nlp.summary.stages import stopped
from pilkada_nlp.wording import Language, texts

COUNTED: Final[Mapping[str, str]] = {"kejadian": "K", "dugaan": "D", "putusan": "P", "potensi": "Po", "imbauan": "I"}

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "header": ("stage", "next", "sources"),
    "headlines": (),
    "incidents": ("rulings", "unconfirmed", "allegations"),
    "watchlist": ("regions", "muted"),
    "open_cases": (),
    "potentials": ("ahead",),
    "appeals": (),
    "debunked": (),
    "method": ("corrections", "set_aside"),
}
"""The parts of a summary in the order of the page, each with the fields that it shows beside the one of its name."""

_ARROWS: Final = {"naik": "↗", "tetap": "→", "turun": "↘", "baru": "✱"}
_PEOPLE: Final = frozenset({"orang", "jiwa"})
_SMALL: Final = 20  # no percentage of fewer than these
_FAR_BELOW: Final = 0.25  # of its usual number of articles: an outlet that answers and says little


class Phrases:
    """Words for one summary in one language; `t` are the texts of all renderings, `names` those of the themes."""

    def __init__(self, summary: DailySummary, language: Language) -> None:
        everything = texts(language)
        self.language: Language = language
        self.summary = summary
        self.t: Mapping[str, Any] = everything["summary"]
        self.modality: Mapping[str, str] = everything["modality"]
        self.outcome: Mapping[str, str] = everything["outcome"]
        self.reasons: Mapping[str, str] = everything["reasons"]
        self.title = str(everything["title"])
        self._national = str(everything["national"])
        self._no_theme = str(everything["no_theme"])
        self._speakers: Mapping[str, str] = everything["explanation"]["source"]
        self._case_stages: Mapping[str, str] = everything["explanation"]["stage"]
        self._names = load_taxonomy().names(language)
        self._outlets = {source.outlet: source.name for source in summary.sources}
        shown = (*summary.incidents, *summary.rulings, *summary.unconfirmed, *summary.allegations)
        self.stories = {story.id: story for story in (*shown, *summary.potentials, *summary.debunked)}

    # Numbers and dates

    def number(self, value: float, digits: int = 1) -> str:
        """Return a number as the language writes it: 1.284,5 or 1,284.5; whole numbers without a fraction."""
        text = f"{value:,.{0 if isinstance(value, int) else digits}f}"
        return text.translate({ord(","): self.t["thousands"], ord("."): self.t["decimal"]})

    def share(self, part: int, whole: int) -> str:
        """Return "19 dari 31 (61 %)"; of fewer than 20 the numbers alone."""
        key = "percent" if whole >= _SMALL else "of"
        share = self.number(round(100 * part / whole)) if whole else ""
        return str(self.t[key]).format(part=self.number(part), whole=self.number(whole), share=share)

    def day(self, day: date, *, year: bool = False) -> str:
        """Return a day in short: "27 Nov", with its year where it is not the summary's or `year` asks for it."""
        text = f"{day.day} {self.t['short_months'][str(day.month)]}"
        return f"{text} {day.year}" if year or day.year != self.summary.day.year else text

    def when(self, story: Story) -> str:
        """Return when a story was first published: "terbit 14.05 WITA", with the day if another; "" if it is not known.

        The time is that of its region. It says nothing of when the event was.
        """
        day = "" if story.day == self.summary.day else self.day(story.day)
        clock = ""
        if story.published_at is not None:
            zone = region(story.regions[0].code).zone if story.regions else "Asia/Jakarta"
            _, digits, abbreviation = local_time(story.published_at, zone).split()
            clock = f"{digits if self.language == 'id' else digits.replace('.', ':')} {abbreviation}"
        when = ", ".join(filter(None, (day, clock)))
        return str(self.t["published"]).format(when=when) if when else ""

    def until(self, day: date) -> str:
        """Return how far ahead a day lies: "hari ini", "besok", "6 hari lagi"."""
        days = (day - self.summary.day).days
        return str(self.t["today"] if days <= 0 else self.t["tomorrow"] if days == 1 else self.t["in_days"]).format(
            days=self.number(days)
        )

    # The calendar

    def milestone(self, milestone: Milestone) -> str:
        """Return the name of a stage or date."""
        return milestone.names.get(self.language) or milestone.names.get("id") or milestone.key

    def span(self, milestone: Milestone) -> str:
        """Return the days of a milestone: "25 Sep – 23 Nov", or the one day."""
        first, last = self.day(milestone.first), self.day(milestone.last)
        return first if milestone.first == milestone.last else f"{first} – {last}"

    def where(self, milestone: Milestone) -> str:
        """Return the regions that a milestone holds for."""
        return self._some([_region_name(code) for code in milestone.regions]) or str(self.t["everywhere"])

    # Stories

    def theme(self, theme: str) -> str:
        """Return the name of a theme, its id where the taxonomy does not know it."""
        return self._names.get(theme, theme)

    def themes(self, themes: Sequence[tuple[str, str]]) -> str:
        """Return the main themes of a story."""
        return ", ".join(self.theme(theme) for theme, strength in themes if strength == "pokok") or self._no_theme

    def places(self, regions: Sequence[Any]) -> str:
        """Return the places of a story with their codes."""
        return self._some([f"{place.name} ({place.code})" for place in regions]) or self._national

    def _some(self, names: list[str], most: int = 3) -> str:
        rest = len(names) - most
        return ", ".join(names[:most]) + (" " + self.t["more_places"].format(count=rest) if rest > 0 else "")

    def disturbed(self, story: Story) -> str:
        """Return the stages among the story's themes that its title or a shown sentence says did not go on."""
        told = frozenset[str]().union(*map(stopped, (story.title, *(shown.text for shown in story.sentences))))
        return ", ".join(self.theme(theme) for theme, _ in story.themes if theme in told)

    def kind(self, told: Story | WatchReason) -> str:
        """Return the kind of statement, of an allegation without an outcome also that nothing is proven."""
        words = self.modality[told.modality]
        return f"{words} ({self.t['unproven']})" if told.modality == "dugaan" and not told.outcome else words

    def status(self, story: Story) -> str:
        """Return what became of it: outcome, stage of the case, what a person must look at."""
        words = [self.outcome[story.outcome]] if story.outcome else []
        if story.case_stage and story.case_stage not in (story.outcome, story.modality):
            words.append(self._case_stages.get(story.case_stage, story.case_stage))
        if story.is_aggregate:
            words.append(self.t["aggregate"])
        if story.review:
            words.append(self.t["to_review"])
        return "; ".join(words)

    def case_stage(self, case: OpenCase) -> str:
        """Return the last stage of an open case that is known."""
        return self._case_stages.get(case.stage, case.stage) if case.stage else ""

    def harm(self, figures: Sequence[Figure]) -> str:
        """Return victims and damage as the articles give them; a bare number of people says nothing and is left out."""
        return "; ".join(dict.fromkeys(_figure(figure) for figure in figures if not _is_bare(figure)))

    def tellings(self, sources: int) -> str:
        """Return how many independent newsrooms tell it."""
        return str(self.t["independent_tellings"]).format(count=sources) if sources else str(self.t["no_independent"])

    def story_tellings(self, story: Story) -> str:
        """Return how many independent newsrooms tell a story; none when all of it is paid or released."""
        return self.tellings(story.sources if story.independence >= 0.75 else 0)

    def outlet(self, outlet: str) -> str:
        """Return the name of an outlet."""
        return self._outlets.get(outlet, outlet)

    def links(self, members: Sequence[StoryMember]) -> list[StoryMember]:
        """Return one member for each outlet: what it wrote itself before what it copied, independent ones first."""
        ordered = sorted(members, key=lambda member: (member.reason == "salinan", member.source_kind != "media"))
        return list({member.outlet: member for member in reversed(ordered)}.values())[::-1]

    def own(self, members: Sequence[StoryMember]) -> list[StoryMember]:
        """Return one member for each outlet that tells it in words of its own, independent ones first."""
        return [member for member in self.links(members) if member.reason != "salinan"]

    def copies(self, members: Sequence[StoryMember]) -> list[StoryMember]:
        """Return one member for each outlet that has nothing but a copy."""
        return [member for member in self.links(members) if member.reason == "salinan"]

    def quotes(self, told: Story | WatchReason, first: Sentence | None = None) -> list[Sentence]:
        """Return the sentences to show, `first` before all: of an allegation two, so that a denial stands beside it."""
        most = 2 if told.modality == "dugaan" else 1
        found = [sentence for sentence in told.sentences if sentence != first]
        return ([first] if first else []) + found[: most - bool(first)]

    def source(self, reason: WatchReason) -> str:
        """Return the outlet that the address of a reason leads to, its host where no outlet is known by it."""
        members = self.stories[reason.story].members if reason.story in self.stories else ()
        known = {one.url: one.outlet for one in members} | {one.url: one.outlet for one in reason.sentences}
        outlet = known.get(reason.url)
        if outlet is None:
            return urlsplit(reason.url).hostname or "" if is_web_address(reason.url) else ""
        return self.outlet(outlet)

    def attribution(self, sentence: Sentence) -> str:
        """Return who says a sentence, "" when the sentence says so itself."""
        return sentence.speaker or ""

    # The watchlist

    def arrow(self, entry: WatchlistEntry) -> str:
        """Return the trend in a sign and words: "↗ naik, lonjakan"; "" when nothing was computed."""
        if entry.trend is None:
            return ""
        words = self.t["direction"][entry.trend.direction]
        return f"{_ARROWS[entry.trend.direction]} {words}" + (f", {self.t['burst']}" if entry.trend.burst else "")

    def trend(self, entry: WatchlistEntry) -> str:
        """Return today's number against the mean, with the chance of it where it was computed."""
        if entry.trend is None:
            return ""
        text = self.t["trend_numbers"].format(today=entry.trend.today, mean=self.number(entry.trend.mean))
        if entry.trend.p_value is None:
            return str(text)
        few = entry.trend.p_value < 0.001
        return (
            f"{text}; {self.t['p_small'] if few else self.t['p_value'].format(p=self.number(entry.trend.p_value, 3))}"
        )

    def counts(self, entry: WatchlistEntry) -> str:
        """Return the stories by kind: "K 3 · D 2 · P 0 · Po 1 · I 5"."""
        return " · ".join(f"{letter}\N{NO-BREAK SPACE}{entry.counts.get(kind, 0)}" for kind, letter in COUNTED.items())

    def counted(self) -> str:
        """Return what the letters of `counts` stand for."""
        return ", ".join(f"{letter} = {self.modality[kind]}" for kind, letter in COUNTED.items())

    def coverage(self, coverage: Coverage | None) -> str:
        """Return how well a region is seen, "" when nobody looked."""
        if coverage is None:
            return ""
        key = "coverage" if coverage.outlets else "coverage_none"
        return str(self.t[key]).format(
            read=coverage.read, outlets=coverage.outlets, articles=self.number(coverage.articles)
        )

    def silent(self, coverage: Coverage | None) -> str:
        """Return the outlets that were not heard."""
        names = [self.outlet(outlet) for outlet in coverage.silent] if coverage else []
        return str(self.t["silent"]).format(outlets=self._some(names)) if names else ""

    def reason(self, reason: WatchReason) -> str:
        """Return what a reason rests on and adds."""
        age = self.t["age_days"].format(days=reason.age_days) if reason.age_days else self.t["age_today"]
        return str(self.t["reason"]).format(
            modality=self.kind(reason),
            severity=reason.severity,
            age=age,
            tellings=self.tellings(reason.sources),
            weight=self.number(reason.weight),
        )

    def decision(self, decision: Decision) -> str:
        """Return what an analyst decided, who, when and why."""
        text = self.t["by"].format(
            action=self.t["decision"][decision.action], by=decision.by, at=self.day(decision.at.date())
        )
        until = f" {self.t['until'].format(until=self.day(decision.until))}" if decision.until else ""
        return f"{text}{until}: {decision.why}" if decision.why else f"{text}{until}"

    def listed(self, *levels: str) -> list[WatchlistEntry]:
        """Return the entries of these levels that nobody muted, highest first."""
        return [e for e in self.summary.watchlist if e.level in levels and e.id not in self.summary.muted]

    # What the page says of itself

    def missing(self, field: str) -> str:
        """Return why a field of the summary, or the whole part that shows it, could not be made; "" when it could."""
        part = next((part for part, fields in PARTS.items() if field in fields), field)
        why = self.summary.missing.get(field) or self.summary.missing.get(part, "")
        return str(self.t["missing"]).format(why=why.rstrip(".")) if why else ""

    def missing_list(self) -> str:
        """Return the parts that could not be made, "" when all could."""
        parts = [f"{self.part(name)} ({why})" for name, why in self.summary.missing.items()]
        return str(self.t["missing_list"]).format(parts="; ".join(parts)) if parts else ""

    def warning(self, drift: Drift) -> str:
        """Return how the news of the week before differs, and what to do: "Kabar, 7 hari terakhir: 22 % kata …"."""
        where = self.t["drift_week"]
        text = str(self.t["drift"][drift.kind]).format(
            where=f"{self.outlet(drift.outlet)}, {where}" if drift.outlet else where,
            theme=self.theme(drift.theme or ""),
            found=self.number(round(100 * drift.found)),
            usual=self.number(round(100 * drift.usual)),
            articles=self.number(drift.articles),
        )
        return text[:1].upper() + text[1:]

    def part(self, name: str) -> str:
        """Return the heading of a part, or of the block that shows a field."""
        words = self.t["part"].get(name) or self.t.get(name)
        return words if isinstance(words, str) else name

    def change(self, change: Change) -> str:
        """Return what is different: "berubah: Judul (sedang menjadi tinggi). Alasan: …"."""
        text = self.t["change"].format(kind=self.t["change_kind"][change.kind], title=change.title.rstrip("."))
        if change.before and change.now:
            before, now = self._value(change.before), self._value(change.now)
            text += f" ({self.t['from_to'].format(before=before, now=now)})"
        pieces = [text]
        if change.why:
            pieces.append(self.t["because"].format(why=change.why.rstrip(".")))
        return ". ".join(pieces) + "."

    def _value(self, value: str) -> str:
        return self.t["levels"].get(value) or self.modality.get(value) or self.outcome.get(value) or self.theme(value)

    def down(self) -> Iterator[tuple[str, str]]:
        """Yield the outlets that could not be read, each with the reason."""
        for source in self.summary.sources:
            if not source.read:
                reason = self.reasons[source.reason] if source.reason else ""
                yield source.name, ": ".join(filter(None, (reason, source.detail)))

    def quiet(self) -> list[SourceState]:
        """Return the outlets that answered with far fewer articles than usual."""
        return [s for s in self.summary.sources if s.read and s.usual >= 4 and s.articles < _FAR_BELOW * s.usual]

    def speakers(self, appeal: AppealCount) -> str:
        """Return who appeals, the most frequent first."""
        kinds = sorted(appeal.kinds.items(), key=lambda kind: (-kind[1], kind[0]))
        return ", ".join(f"{self._speakers.get(kind, kind)} {count}" for kind, count in kinds)

    def open_for(self, case: OpenCase) -> str:
        """Return for how long a case has been open."""
        return str(self.t["since_days"]).format(days=self.number((self.summary.day - case.since) // timedelta(days=1)))


def _is_bare(figure: Figure) -> bool:
    return figure.unit in _PEOPLE and figure.counts in (None, figure.unit)


def _figure(figure: Figure) -> str:
    is_word = figure.unit != "rupiah" and figure.text.split()[0].isalpha()
    words = [figure.text.lower() if is_word else figure.text]
    words += [word for word in (figure.unit, figure.counts) if word and word not in figure.text]
    return " ".join(dict.fromkeys(words))


def _region_name(code: str) -> str:
    try:
        return region(code).name
    except KeyError:
        return code


def coverage(summary: DailySummary, language: Language) -> str:
    """Return how many sources could be read, as a sentence such as "31 dari 40 sumber terbaca."."""
    read = sum(source.read for source in summary.sources)
    key = "coverage" if read else "coverage_none"
    return str(texts(language)[key]).format(read=read, all=len(summary.sources))


def long_date(day: date, language: Language) -> str:
    """Return a date as people write it, such as "Kamis, 21 November 2024"."""
    words = texts(language)
    return f"{words['days'][day.weekday()]}, {day.day} {words['months'][str(day.month)]} {day.year}"
