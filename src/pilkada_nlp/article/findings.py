"""What follows from tagged articles: stories, the watchlist, the summary of a day, and what people decided about them.

Lines that people can point at have an id: a story the id of an article of its own, an entry of the watchlist its region
and theme ("64.08/keamanan"). Days are those of the region's own zone.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from pilkada_nlp.article import (
    Election,
    Figure,
    ModalityValue,
    Outcome,
    Reason,
    RegionTag,
    Shown,
    SourceKindValue,
    Strength,
)
from pilkada_nlp.errors import InputError

if TYPE_CHECKING:
    from pilkada_nlp.article.plots import WatchlistPlots
    from pilkada_nlp.article.rows import Row

MemberReason = Literal["asal", "salinan", "peristiwa"]
"""Why an article belongs to its story: it began it, is a copy of a member, or tells the same event in other words."""

Level = Literal["tinggi", "sedang", "rendah", "tanpa_data"]
LEVELS: tuple[Level, ...] = ("tinggi", "sedang", "rendah", "tanpa_data")
SYMBOLS: Mapping[Level, str] = {"tinggi": "▲", "sedang": "◆", "rendah": "●", "tanpa_data": "○"}
"""A shape for each level, because colours alone do not say anything to everybody."""

Direction = Literal["naik", "tetap", "turun", "baru"]
DecisionAction = Literal["confirm", "dismiss", "mute", "note"]
CorrectionAction = Literal["correct", "withdraw"]
Mark = Literal["baru", "diperbarui", "dikoreksi"]
DriftKind = Literal["words", "election_words", "theme"]
ChangeKind = Literal["added", "removed", "changed", "corrected", "withdrawn"]


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of an article as it may be shown: characters `start` to `end` of the article's text, "" aside.

    In `text` private persons stand by initials, so it may be shorter than the span. `speaker` is who says it where the
    sentence is a quotation that does not name him ("Kapolres Bima").
    """

    article: str
    outlet: str
    url: str
    start: int
    end: int
    text: str
    modality: ModalityValue | None = None
    speaker: str | None = None


class NamedTheme(msgspec.Struct, frozen=True, kw_only=True):
    """A theme that an article names without being about it, and the sentences that do.

    `regions` are those that the same paragraphs name, of an article on several; empty where it is on one or the
    paragraphs name none, and the theme stands for all of them.
    """

    theme: str
    regions: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()


class StoryMember(msgspec.Struct, frozen=True, kw_only=True):
    """One article of a story and why it is there.

    `joined_to` is the member that it resembles most (None for the first), `similarity` how much: the Jaccard similarity
    of shingles for a copy, the cosine of title and lead for another telling; `shared` are words that both have and few
    others do.
    """

    article: str
    outlet: str
    url: str
    source_kind: SourceKindValue
    similarity: float
    reason: MemberReason = "asal"
    joined_to: str | None = None
    shared: tuple[str, ...] = ()


class Story(Shown, frozen=True, kw_only=True):
    """Articles on one event; judgements are those of `lead`, of its most independent members the surest.

    `id` is the id of one of its articles and stays when more join; `day` is the day of the earliest in the zone of the
    story's first region, `published_at` its time. `members` are in order of publication. `independence` is the greatest
    among the members: 1 for an independent newsroom, less for paid texts and releases. `sources` counts independent
    newsrooms that tell it in words of their own (copies count once). `certainty` is the probability of the modality,
    1 when a person said so. `follows` is the id of an earlier story of the same case. `sentences` are those that best
    show what is reported, best first; of an allegation a denial stands second. `figures` are those of victims and
    damage, where `counts` may also be what became of them ("luka"); `named` are themes that are only named.
    """

    id: str
    day: date
    published_at: datetime | None
    lead: str
    title: str
    election: Election | None
    regions: tuple[RegionTag, ...]
    themes: tuple[tuple[str, Strength], ...]
    modality: ModalityValue
    outcome: Outcome | None
    severity: int
    independence: float
    members: tuple[StoryMember, ...]
    sentences: tuple[Sentence, ...] = ()
    sources: int = 1
    case_stage: str | None = None
    follows: str | None = None
    is_aggregate: bool = False
    figures: tuple[Figure, ...] = ()
    review: tuple[str, ...] = ()
    certainty: float = 1.0
    named: tuple[NamedTheme, ...] = ()

    def row(self) -> "Row":
        """Return the story as one row of a data frame; themes, regions and review are lists."""
        from pilkada_nlp.article.rows import story_row

        return story_row(self)


class WatchReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a region and theme stand on the watchlist: one story and what it adds.

    `weight` is the product of `factors`, each with its name ("modality", "severity", …); it is 0 where the case was
    dismissed ("outcome" of the ruling, "cleared" of what it ended) or an analyst did so ("dismissed"). `sentences` and
    `url` lead down to the text; `sources` is the story's number of independent tellings.
    """

    story: str
    title: str
    url: str
    modality: ModalityValue
    outcome: Outcome | None
    severity: int
    age_days: int
    weight: float
    factors: tuple[tuple[str, float], ...] = ()
    sources: int = 1
    sentences: tuple[Sentence, ...] = ()


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How well a region is seen: silence of its outlets is not calm.

    `outlets` is the number of outlets that report on it or on its province, `read` how many of them answered on the
    day, `silent` the ids of those that did not, or whose articles fell far below their own median. `articles` counts
    the articles of the last seven days that name it as a place of the event.
    """

    outlets: int
    read: int
    silent: tuple[str, ...]
    articles: int


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """A day's stories against the 28 days before: `today` counts incidents, allegations and rulings.

    `mean` is their robust daily mean over the days before, `p_value` the chance of so many or more if nothing had
    changed (None below the least count that is worth a test), `burst` whether that is small.
    """

    today: int
    mean: float
    direction: Direction
    p_value: float | None = None
    burst: bool = False


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What an analyst decided about an entry of the watchlist ("64.08/keamanan"); a row of its own, never overwritten.

    "dismiss" takes what stood there at that time (`at`, UTC) out of the score, what comes later counts again; "mute"
    keeps the entry out of alerts and apart until the end of the day `until`; "confirm" takes either back; "note" only
    says something.
    """

    entry: str
    action: DecisionAction
    at: datetime
    by: str
    why: str = ""
    until: date | None = None


class WatchlistEntry(Shown, frozen=True, kw_only=True):
    """One region and theme on one day; `score` is the sum of the reasons' weights.

    `counts` are stories by modality within the window; appeals are counted there and add nothing to the score.
    `history` holds the scores of the 28 days up to this one, oldest first; `previous` is the level of the day before,
    None when it was not listed. `decision` is the newest that still holds.
    """

    day: date
    region: str
    region_name: str
    theme: str
    level: Level
    score: float
    counts: dict[str, int]
    reasons: tuple[WatchReason, ...]
    coverage: Coverage | None = None
    trend: Trend | None = None
    history: tuple[float, ...] = ()
    previous: Level | None = None
    decision: Decision | None = None

    @property
    def id(self) -> str:
        """What people call the entry by: "64.08/keamanan"."""
        return f"{self.region}/{self.theme}"

    def row(self) -> "Row":
        """Return the entry as one row of a data frame."""
        from pilkada_nlp.article.rows import entry_row

        return entry_row(self)


class RegionState(msgspec.Struct, frozen=True, kw_only=True):
    """The highest level of a region's entries; "rendah" when it has none, "tanpa_data" when nobody looks there."""

    region: str
    name: str
    level: Level
    coverage: Coverage


def short_name(name: str) -> str:
    """Return the name of a region with its kind in short."""
    return name.replace("Kabupaten ", "Kab. ").replace("Provinsi ", "Prov. ")


def by_province(regions: Sequence[RegionState]) -> dict[str, list[RegionState]]:
    """Return province code -> its regencies and cities, worst level first; a province alone stands for itself."""
    found: defaultdict[str, list[RegionState]] = defaultdict(list)
    for state in regions:
        if len(state.region) > 2:
            found[state.region[:2]].append(state)
    for state in regions:
        if len(state.region) == 2 and state.region not in found:
            found[state.region] = [state]
    return {code: sorted(found[code], key=lambda state: LEVELS.index(state.level)) for code in sorted(found)}


class Watchlist(Shown, frozen=True, kw_only=True):
    """The watchlist of a day: entries with a score, highest first, and the state of every region with elections.

    It is walked through like a tuple of its entries, and `watchlist["64.08/keamanan"]` is one of them. `regions` are
    empty where only entries were kept.
    """

    day: date
    entries: tuple[WatchlistEntry, ...]
    regions: tuple[RegionState, ...] = ()

    def __iter__(self) -> Iterator[WatchlistEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, name: str) -> WatchlistEntry:
        """Return the entry of a region, by code or name, and a theme; InputError, with similar ones, if not listed."""
        if not isinstance(name, str):
            raise TypeError('an entry is asked for by its name, `watchlist["64.08/keamanan"]`; by rank, `.entries[0]`')
        wanted = name.casefold()
        names = {
            called.casefold(): entry for entry in self for called in (f"{entry.region_name}/{entry.theme}", entry.id)
        }
        if wanted in names:
            return names[wanted]
        near = [names[close].id for close in difflib.get_close_matches(wanted, names, n=3)]
        hint = (
            f"did you mean {' or '.join(dict.fromkeys(near))}?"
            if near
            else "`[entry.id for entry in watchlist]` lists all"
        )
        raise InputError(f"the watchlist of {self.day} has no such entry; {hint}", name)

    @property
    def plot(self) -> "WatchlistPlots":
        """Plots by Altair: `plot()`, `plot.heatmap()`, `plot.trend(region, theme)`, `plot.map()`."""
        from pilkada_nlp.article.plots import WatchlistPlots

        return WatchlistPlots(self)


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A published line that was corrected or withdrawn: `line` is the id of a story or an entry, `at` is in UTC.

    `changes` names fields of the story and what they are now ({"modality": "dugaan", "severity": "2"}; several values
    with commas). Every later edition holds to it.
    """

    line: str
    action: CorrectionAction
    why: str
    by: str
    at: datetime
    changes: dict[str, str] = {}  # msgspec gives each struct an empty dict of its own


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an outlet could be read in a run: `read` if at least one of its addresses answered.

    Otherwise `reason` and `detail` say why the first of them did not. `articles` is the number of its articles on the
    day, `usual` their median over four weeks.
    """

    outlet: str
    name: str
    read: bool
    reason: Reason | None = None
    detail: str = ""
    articles: int = 0
    usual: float = 0.0


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A stage or date of an election: `first` to `last`, both inclusive; no regions means all that vote.

    `names` are {"id": …, "en": …}; `key` is the same in every election ("pemungutan", "kampanye"); `source` says where
    the dates were published.
    """

    key: str
    election: str
    names: dict[str, str]
    first: date
    last: date
    regions: tuple[str, ...] = ()
    source: str = ""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A message that must not wait for the morning: one event for one channel.

    `id` is made of `event` (the id of the story, "/4" behind it once it is serious, or of an entry and its day) and
    `channel`, so that nothing is said twice. `channel` is the name of one in the configuration, never its address,
    which holds secrets. `reason` is why: "severity", "organiser_harmed", "stage_stopped", "voting_day" or the name of a
    watch. `urgent` alerts do not wait for quiet hours.
    """

    id: str
    event: str
    channel: str
    reason: str
    title: str
    text: str
    created_at: datetime
    urgent: bool = False


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """One of the few things that changed: what a story newly says, or that it came further or was corrected."""

    mark: Mark
    story: str
    articles: tuple[str, ...]
    sentence: Sentence | None


class OpenCase(msgspec.Struct, frozen=True, kw_only=True):
    """An allegation without an outcome for longer than 14 days: `chain` are its stories, the oldest first.

    `stage` is the last one known, `since` the day it began, `expected` a date ahead that its texts name.
    """

    story: str
    title: str
    regions: tuple[RegionTag, ...]
    themes: tuple[tuple[str, Strength], ...]
    since: date
    last: date
    stage: str | None
    chain: tuple[str, ...]
    url: str
    expected: date | None = None


class AppealCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many stories appeal for calm or neutrality in a region, and how many of them are paid or releases.

    `kinds` counts them by who speaks; `usual` is the daily mean of the 28 days before, `jump` says that today's number
    is far above it. `articles` are the leads of the stories. `region` is "" for the whole country.
    """

    region: str
    region_name: str
    stories: int
    not_independent: int
    kinds: dict[str, int] = {}  # msgspec gives each struct an empty dict of its own
    usual: float = 0.0
    jump: bool = False
    articles: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is different from the edition before, or was corrected since: `line` is the id of a story or an entry."""

    line: str
    kind: ChangeKind
    title: str
    before: str = ""
    now: str = ""
    why: str = ""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """A way in which the news of some days is not what it was, so that the model may judge it less well.

    `kind` is "words" or "election_words" for the mean share of words that the model does not know in all articles or in
    those on elections, "theme" for the share of the latter that bear `theme` as a main one. `outlet` is None for all
    outlets together. `found` stands beside `usual`: the most that the press usually has, or the share of the three
    weeks before. `articles` were looked at.
    """

    kind: DriftKind
    found: float
    usual: float
    articles: int
    outlet: str | None = None
    theme: str | None = None


class DailySummary(Shown, frozen=True, kw_only=True):
    """All that the summary of a day says; the renderings add wording and layout, never facts.

    `edition` counts from 1; later ones are corrected editions with their `changes`. `closed` says that the day was over
    when it was made. `stage` is the part of the calendar that the day lies in and `next` the next date with its days.
    `articles` were published that day, `related` of them are about an election, `review` have a field that needs a
    person; `stories` is the number of different stories among the related ones, `independent` how many of those
    have an independent source. `set_aside` counts rejections of the day's reading by reason. `missing` names parts
    that could not be made, with the reason; `muted` are entries that an analyst keeps apart. `contact` is where a
    reader can ask for a correction. `warnings` say that the news of the week before has moved away from what the
    model learned from.
    """

    day: date
    edition: int
    closed: bool
    changes: tuple[Change, ...]
    corrections: tuple[Change, ...]
    stage: tuple[Milestone, ...]
    next: tuple[Milestone, ...]
    sources: tuple[SourceState, ...]
    articles: int
    related: int
    review: int
    stories: int
    independent: int
    headlines: tuple[Headline, ...]
    incidents: tuple[Story, ...]
    rulings: tuple[Story, ...]
    allegations: tuple[Story, ...]
    unconfirmed: tuple[Story, ...]
    watchlist: tuple[WatchlistEntry, ...]
    regions: tuple[RegionState, ...]
    muted: tuple[str, ...]
    open_cases: tuple[OpenCase, ...]
    potentials: tuple[Story, ...]
    ahead: tuple[Milestone, ...]
    appeals: tuple[AppealCount, ...]
    debunked: tuple[Story, ...]
    set_aside: dict[str, int]
    model: str
    taxonomy: str
    version: str
    warnings: tuple[Drift, ...] = ()
    missing: dict[str, str] = msgspec.field(default_factory=dict)
    notice: str | None = None
    contact: str = ""
