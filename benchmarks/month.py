"""How far the watchlist can be trusted: five simulated months of news, read day by day as the daily job reads them.

Run as `python -m benchmarks.month`; it prints Markdown tables: the figures, and every miss with its kind. Each month is
judged twice: with the real tagger, which is the figure that counts, and with the gold labels in place of its
judgements, which shows what stories and watchlist do by themselves. What is counted, settled before anything was run:

- An outbreak is found when the entry of its region and theme has the level "tinggi" on the outbreak's own day.
- A false high level is a region on a day with any entry at "tinggi" and no outbreak that it may rest on: one of that
  day or the 14 days before ("satu", "beberapa"), or the 28 days before ("perkara", because rulings weigh for the whole
  window by design). The rate is per 200 days of the month's 60 regions without such an outbreak; false high levels of
  regions that no article was ever about count too.
- A flood or a correction moves a level when an entry of its region stands higher on that day than in the watchlist of
  the same day without those articles.
- A silent outlet is reported when the coverage of its region names it: on each silent day if it could not be read, by
  the third silent day if it had nothing new.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks.figures import Figure
from benchmarks.press import Item, Silence
from benchmarks.simulation import SEEDS, Correction, Flood, Month, Outbreak, held_back, make_month
from pilkada_nlp.article import Modality, RegionTag, Relevance, SourceKind, Strength, Tagging, ThemeTag
from pilkada_nlp.article.findings import Coverage, Level, Story, Watchlist, WatchlistEntry
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.corpora import Labels
from pilkada_nlp.regions import region
from pilkada_nlp.stories import Telling, join, telling
from pilkada_nlp.watchlist import build_watchlist, cover, load_weights

TAGGER: Final = "tagger"
LABELS: Final = "labels"
_JOINED: Final = timedelta(days=14)  # how far back an article may join a story
_NAMED: Final = timedelta(days=7)  # over which coverage counts the articles that name a region
_CARRIED: Final = {"satu": timedelta(days=14), "beberapa": timedelta(days=14), "perkara": timedelta(days=28)}
_REGION_DAYS: Final = 200
_LEVELS: Final[tuple[Level, ...]] = ("tanpa_data", "rendah", "sedang", "tinggi")
_LATEST: Final = timedelta(days=2)  # behind the first day of a silence without news, until it must be reported
# What a tagging can have wrong, with the fields that put it right.
_KINDS: Final = {
    "region": ("regions",),
    "theme": ("themes",),
    "severity": ("severity",),
    "modality": ("modality", "outcome", "severity"),
    "theme and modality": ("relevant", "themes", "modality", "outcome", "severity"),
}


class Miss(NamedTuple):
    """Something that came out wrong: `kind` says which part of the system errs, `stories` what it made of the texts."""

    what: str
    kind: str
    measured: str
    stories: str


class Score(NamedTuple):
    """What came of one month.

    `lowered` counts the corrections by which the score of their theme fell, `named_wrongly` the days on which outlets
    that printed something were named as silent.
    """

    outbreaks: int
    found: int
    region_days: int
    false_high: int
    floods: int
    floods_moved: int
    corrections: int
    corrections_moved: int
    lowered: int
    silences: int
    silences_reported: int
    named_wrongly: int
    misses: tuple[Miss, ...]

    @property
    def found_share(self) -> float:
        """Percent of the outbreaks found on the day."""
        return 100 * self.found / max(1, self.outbreaks)

    @property
    def false_rate(self) -> float:
        """False high levels in 200 days of regions without an outbreak."""
        return _REGION_DAYS * self.false_high / max(1, self.region_days)


class Concluded(NamedTuple):
    """A day's watchlist, with the stories and tellings that it rests on."""

    day: date
    watchlist: Watchlist
    stories: Mapping[str, Story]
    told: Mapping[str, Telling]

    def entry(self, code: str, theme: str) -> WatchlistEntry | None:
        """Return the entry of a region and theme."""
        return next((e for e in self.watchlist.entries if (e.region, e.theme) == (code, theme)), None)

    def levels(self, code: str) -> dict[str, int]:
        """Return how high each theme stands in a region; what is not listed stands at 0."""
        return {e.theme: _LEVELS.index(e.level) for e in self.watchlist.entries if e.region == code}


class Monitor:
    """Reads a month day by day: what was joined before stays, what is new joins it, and each day is concluded.

    `taggings` are by article id, those of all items of the month.
    """

    def __init__(self, month: Month, taggings: Mapping[str, Tagging]) -> None:
        self._month, self._taggings = month, taggings
        self._day = {item.article.id: item.article.day for item in month.items}
        self._independence = load_weights().independence
        self._stories: Mapping[str, Story] = {}
        self._story_of: dict[str, str] = {}
        self._told: Mapping[str, Telling] = {}

    def conclude(
        self, day: date, *, without: Collection[str] = (), instead: Mapping[str, Tagging] | None = None
    ) -> Concluded:
        """Return what the day after the last one kept comes to; nothing changes by it.

        Articles with an id in `without` never came; taggings in `instead` stand in place of those there are.
        """
        told = dict(self._told)
        for item in self._month.of_day(day):
            tagging = (instead or {}).get(item.article.id, self._taggings[item.article.id])
            if tagging.relevant.value and item.article.id not in without:
                told[item.article.id] = telling(item.article, tagging)
        stories = self._joined(day, told)
        watchlist = build_watchlist(stories.values(), day, coverage=self._coverage(day, told))
        return Concluded(day, watchlist, stories, told)

    def keep(self, concluded: Concluded) -> None:
        """Take the day as it was concluded for what the next ones build on."""
        self._stories, self._told = concluded.stories, concluded.told
        self._story_of = {member.article: story.id for story in self._stories.values() for member in story.members}

    def _joined(self, day: date, told: Mapping[str, Telling]) -> dict[str, Story]:
        """Return all stories, those anew that a recent article stands in or may join."""
        near = {key for key in told if self._day[key] >= day - _JOINED}
        touched = {self._story_of[key] for key in near if key in self._story_of}
        near.update(member.article for name in touched for member in self._stories[name].members)
        known = {key: self._story_of[key] for key in near if key in self._story_of}
        joined = join([told[key] for key in sorted(near)], known, self._independence)
        kept = {name: story for name, story in self._stories.items() if name not in touched}
        return kept | {story.id: story for story in joined}

    def _coverage(self, day: date, told: Iterable[str]) -> Mapping[str, Coverage]:
        unread = {s.outlet for s in self._month.silences if s.kind == "tak_terbaca" and s.first <= day <= s.last}
        read = {outlet.id for outlet in self._month.outlets} - unread
        published: defaultdict[str, Counter[date]] = defaultdict(Counter)
        for item in self._month.items:
            if item.article.day <= day:
                published[item.article.outlet][item.article.day] += 1
        recent = [key for key in told if day - self._day[key] < _NAMED]
        named = Counter(place.code for key in recent for place in self._taggings[key].places())
        return cover(self._month.outlets, read, published, named, day)


def tagged(month: Month, tagger: Tagger) -> dict[str, Tagging]:
    """Return the tagger's judgements by article id; a text printed again is read once."""
    read: dict[tuple[str, str], Tagging] = {}
    taggings = {}
    for item in month.items:
        article = item.article
        text = (article.title, article.text)
        if text not in read:
            (read[text],) = tagger.tag([article])
        taggings[article.id] = msgspec.structs.replace(read[text], id=article.id)
    return taggings


def gold(item: Item, tagging: Tagging) -> Tagging:
    """Return `tagging` with the labels of the item in place of what the tagger judged; evidence stays where it fits."""
    labels = item.labels
    found = {theme.theme: theme for theme in tagging.themes}
    themes = {theme: _theme(theme, "pokok", found) for theme in labels.pokok}
    themes |= {theme: _theme(theme, "sebutan", found) for theme in labels.sebutan}
    return msgspec.structs.replace(
        tagging,
        relevant=Relevance(value=labels.rel, score=float(labels.rel), election=labels.election),
        themes=tuple(themes.values()),
        modality=_modality(labels, tagging.modality),
        regions=tuple(
            RegionTag(code=code, name=region(code).name, role="peristiwa", score=1.0) for code in labels.regions
        ),
        source_kind=SourceKind(value=labels.kind, score=1.0),
        severity=labels.sev,
        outcome=labels.outcome,
        is_aggregate=labels.is_aggregate,
        case_stage=labels.case_stage,
        event_date=labels.event_date,
    )


def _theme(theme: str, strength: Strength, found: Mapping[str, ThemeTag]) -> ThemeTag:
    if theme in found:
        return msgspec.structs.replace(found[theme], strength=strength)
    return ThemeTag(theme=theme, strength=strength, score=1.0, threshold=0.5)


def _modality(labels: Labels, judged: Modality | None) -> Modality | None:
    if labels.mod is None:
        return None
    return Modality(value=labels.mod, score=1.0, evidence=judged.evidence if judged else ())


def judge(month: Month, taggings: Mapping[str, Tagging]) -> Score:
    """Return what the watchlist makes of a month when the articles are tagged so."""
    return _Judge(month, taggings).score()


class _Judge:
    """Keeps the counts of one month while it is read."""

    def __init__(self, month: Month, taggings: Mapping[str, Tagging]) -> None:
        self.month, self.taggings = month, taggings
        self.monitor = Monitor(month, taggings)
        self.items = {item.article.id: item for item in month.items}
        self.counts: Counter[str] = Counter()
        self.misses: list[Miss] = []
        self.high: set[str] = set()  # ids of the false high entries of the day before
        self.named: defaultdict[str, set[date]] = defaultdict(set)  # silent outlet -> days on which it was named

    def score(self) -> Score:
        month = self.month
        for day in month.days:
            concluded = self.monitor.conclude(day)
            for outbreak in month.outbreaks:
                if outbreak.day == day:
                    self._outbreak(outbreak, concluded)
            for flood in month.floods:
                if flood.day == day:
                    self._flood(flood, concluded)
            for correction in month.corrections:
                if correction.day == day:
                    self._correction(correction, concluded)
            self._false_highs(concluded)
            self._silences(concluded.watchlist)
            self.monitor.keep(concluded)
        carried = {(o.region, day) for o in month.outbreaks for day in month.days if _carries(o, day)}
        return Score(
            outbreaks=len(month.outbreaks),
            found=self.counts["found"],
            region_days=len(month.regions) * len(month.days) - len(carried),
            false_high=self.counts["false_high"],
            floods=len(month.floods),
            floods_moved=self.counts["floods_moved"],
            corrections=len(month.corrections),
            corrections_moved=self.counts["corrections_moved"],
            lowered=self.counts["lowered"],
            silences=len(month.silences),
            silences_reported=sum(self._is_reported(silence) for silence in month.silences),
            named_wrongly=self.counts["named_wrongly"],
            misses=tuple(self.misses),
        )

    def _outbreak(self, outbreak: Outbreak, concluded: Concluded) -> None:
        if _is_found(outbreak, concluded):
            self.counts["found"] += 1
            return
        items = [item for item in self.month.items if item.part == outbreak.part]
        entry = concluded.entry(outbreak.region, outbreak.theme)
        self.misses.append(
            Miss(
                f"outbreak {outbreak.region}/{outbreak.theme} ({outbreak.kind}, {outbreak.day}) not found",
                self._cause(outbreak, items),
                f"score {entry.score:.2f}, {entry.level}" if entry else "no entry",
                self._shapes(items, concluded),
            )
        )

    def _cause(self, outbreak: Outbreak, items: Sequence[Item]) -> str:
        """Return the kind of judgement that, were it right on the outbreak's articles, would let it be found."""
        right = {item.article.id: gold(item, self.taggings[item.article.id]) for item in items}
        for kind, fields in _KINDS.items():
            put_right = {
                key: msgspec.structs.replace(self.taggings[key], **{field: getattr(tagging, field) for field in fields})
                for key, tagging in right.items()
            }
            if _is_found(outbreak, self.monitor.conclude(outbreak.day, instead=put_right)):
                return f"tagger: {kind}"
        concluded = self.monitor.conclude(outbreak.day, instead=right)
        return "tagger: several judgements" if _is_found(outbreak, concluded) else _beyond_tagging(items, concluded)

    def _shapes(self, items: Sequence[Item], concluded: Concluded) -> str:
        """Return what became of some articles: each story that they stand in, beside the labels of its lead."""
        stories = _stories(items, concluded)
        return "; ".join(_shape(self.items[story.lead], story) for story in stories) or "no story"

    def _flood(self, flood: Flood, concluded: Concluded) -> None:
        if raised := self._raised(flood.region, self._without(flood.part), concluded):
            self.counts["floods_moved"] += 1
            self.misses.append(Miss(f"flood {flood.region} ({flood.kind}, {flood.day}) moved", "flood", raised, ""))

    def _correction(self, correction: Correction, concluded: Concluded) -> None:
        without = self._without(correction.part)
        if raised := self._raised(correction.region, without, concluded):
            self.counts["corrections_moved"] += 1
            what = f"correction {correction.region} ({correction.kind}, {correction.day}) moved"
            items = [item for item in self.month.items if item.part == correction.part]
            self.misses.append(Miss(what, "correction", raised, self._shapes(items, concluded)))
        before, after = (day.entry(correction.region, correction.theme) for day in (without, concluded))
        self.counts["lowered"] += before is not None and (after is None or after.score < before.score)

    def _without(self, part: str) -> Concluded:
        day = next(item.article.day for item in self.month.items if item.part == part)
        ids = frozenset(item.article.id for item in self.month.items if item.part == part)
        return self.monitor.conclude(day, without=ids)

    @staticmethod
    def _raised(code: str, without: Concluded, concluded: Concluded) -> str:
        """Return the themes that stand higher than without some articles, "" when there are none."""
        before = without.levels(code)
        return ", ".join(
            theme for theme, level in concluded.levels(code).items() if level > max(1, before.get(theme, 0))
        )

    def _false_highs(self, concluded: Concluded) -> None:
        day = concluded.day
        expected = {outbreak.region for outbreak in self.month.outbreaks if _carries(outbreak, day)}
        high = [e for e in concluded.watchlist.entries if e.level == "tinggi" and e.region not in expected]
        self.counts["false_high"] += len({entry.region for entry in high})
        for entry in high:
            if entry.id not in self.high:
                heaviest = entry.reasons[0]
                story = concluded.stories[heaviest.story]
                detail = f"score {entry.score:.2f}, {len(entry.reasons)} reasons"
                what = f"false high {entry.id} from {day}"
                self.misses.append(Miss(what, self._blame(entry, story), detail, _shape(self.items[story.lead], story)))
        self.high = {entry.id for entry in high}

    def _blame(self, entry: WatchlistEntry, story: Story) -> str:
        """Return which judgement on the heaviest story of a false high entry is wrong, by the labels of its lead."""
        item = self.items[story.lead]
        labels = item.labels
        if any(outbreak.part == item.part and outbreak.region == entry.region for outbreak in self.month.outbreaks):
            return "levels: an outbreak stays high"
        if not labels.rel or labels.election != "pilkada":
            return "tagger: relevance"
        if entry.region not in labels.regions:
            return "tagger: region"
        if story.modality != labels.mod:
            return "tagger: modality"
        if story.severity > labels.sev:
            return "tagger: severity"
        if entry.theme not in labels.pokok:
            return "tagger: theme"
        return "levels: what is right adds up"

    def _silences(self, watchlist: Watchlist) -> None:
        named = {name for state in watchlist.regions for name in state.coverage.silent}
        silent = {s.outlet for s in self.month.silences if s.first <= watchlist.day <= s.last}
        for name in named & silent:
            self.named[name].add(watchlist.day)
        self.counts["named_wrongly"] += len(named - silent)

    def _is_reported(self, silence: Silence) -> bool:
        due = silence.first if silence.kind == "tak_terbaca" else min(silence.first + _LATEST, silence.last)
        days = {day for day in self.month.days if due <= day <= silence.last}
        if days <= self.named[silence.outlet]:
            return True
        what = f"silent outlet {silence.outlet} ({silence.kind}, {silence.first} to {silence.last}) not named"
        on = ", ".join(str(day) for day in sorted(days - self.named[silence.outlet]))
        self.misses.append(Miss(what, "coverage", f"on {on}", ""))
        return False


def _is_found(outbreak: Outbreak, concluded: Concluded) -> bool:
    entry = concluded.entry(outbreak.region, outbreak.theme)
    return entry is not None and entry.level == "tinggi"


def _carries(outbreak: Outbreak, day: date) -> bool:
    return timedelta(0) <= day - outbreak.day <= _CARRIED[outbreak.kind]


def _stories(items: Sequence[Item], concluded: Concluded) -> list[Story]:
    ids = {item.article.id for item in items}
    return [story for story in concluded.stories.values() if any(member.article in ids for member in story.members)]


def _beyond_tagging(items: Sequence[Item], concluded: Concluded) -> str:
    """Return why an outbreak is not found although each of its articles is tagged as it should be."""
    stories = _stories(items, concluded)
    if any(story.lead not in {item.article.id for item in items} for story in stories):
        return "stories: joined with other news"
    if len(stories) < len({item.labels for item in items}):
        return "stories: different events joined"
    if max(story.sources for story in stories) < 2:
        return "stories: tellings taken for copies"
    return "levels"


def _shape(item: Item, story: Story) -> str:
    labels = item.labels
    places = "+".join(place.code for place in story.regions) or "nowhere"
    themes = "+".join(theme for theme, strength in story.themes if strength == "pokok") or "no theme"
    return (
        f"{len(story.members)} articles of {story.sources} sources: {story.modality} {story.severity} {themes} {places}"
        f" (gold {labels.mod} {labels.sev} {'+'.join(labels.pokok)} {'+'.join(labels.regions) or 'nowhere'})"
    )


def figures(scores: Mapping[str, Sequence[Score]]) -> Iterator[Figure]:
    """Yield each figure for the months of all seeds, the worst of them as its value, for each way of tagging."""
    for way, months in scores.items():
        marked = way == TAGGER
        found = [month.found_share for month in months]
        yield _worst(f"{way}: outbreaks found on the day", found, "%", 90 if marked else None, more=True)
        false = [month.false_rate for month in months]
        yield _worst(f"{way}: false high levels in {_REGION_DAYS} region-days", false, "", 1 if marked else None)
        moved = [month.floods_moved for month in months]
        yield _worst(f"{way}: floods that moved a level, of {months[0].floods}", moved, "", 0 if marked else None)
        moved = [month.corrections_moved for month in months]
        name = f"{way}: corrections that moved a level up, of {months[0].corrections}"
        yield _worst(name, moved, "", 0 if marked else None)
        lowered = [month.lowered for month in months]
        yield _worst(
            f"{way}: corrections that lowered the score, of {months[0].corrections}", lowered, "", None, more=True
        )
        reported = [100 * month.silences_reported / max(1, month.silences) for month in months]
        yield _worst(f"{way}: silent outlets reported", reported, "%", 100 if marked else None, more=True)
        yield _worst(f"{way}: outlet-days named as silent wrongly", [m.named_wrongly for m in months], "", None)


def _worst(name: str, values: Sequence[float], unit: str, mark: float | None, *, more: bool = False) -> Figure:
    each = ", ".join(f"{value:.3g}" for value in values)
    return Figure(f"{name}, worst of {each}", min(values) if more else max(values), unit, mark, more)


def main() -> None:
    """Print the figures of all seeds, then every miss."""
    started = time.process_time()
    corpus = held_back(Path(__file__).parents[1] / "corpora")
    tagger = load_tagger()
    scores: dict[str, list[Score]] = {TAGGER: [], LABELS: []}
    for seed in SEEDS:
        month = make_month(seed, corpus)
        judged = tagged(month, tagger)
        scores[TAGGER].append(judge(month, judged))
        labelled = {item.article.id: gold(item, judged[item.article.id]) for item in month.items}
        scores[LABELS].append(judge(month, labelled))
    print("| what | measured | mark |")
    print("|---|--:|--:|")
    for figure in (*figures(scores), Figure("all months, CPU", time.process_time() - started, "s")):
        print(figure.line())
    for way, months in scores.items():
        print(f"\n{way}: what came out wrong\n\n| seed | what | kind | measured | stories |\n|--:|---|---|---|---|")
        for seed, score in zip(SEEDS, months, strict=True):
            for miss in score.misses:
                print(f"| {seed} | {miss.what} | {miss.kind} | {miss.measured} | {miss.stories} |")


if __name__ == "__main__":
    main()
