"""What the summary of a day says: nine parts, each made on its own, from what the archive holds.

The order within a part rests on what stories say (severity, independence, sources, title), never on ids. Figures are
counts of stories, which anybody can make again from the archive.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

import msgspec

from pilkada_nlp._version import __version__
from pilkada_nlp.article import Article, ModalityValue, Rejection, Tagging
from pilkada_nlp.article.findings import (
    AppealCount,
    Change,
    Correction,
    DailySummary,
    Drift,
    Headline,
    Mark,
    SourceState,
    Story,
    Watchlist,
    WatchlistEntry,
)
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.elections import Calendar
from pilkada_nlp.preprocessing.persons import mask_private
from pilkada_nlp.summary.cases import cases, open_cases
from pilkada_nlp.summary.corrections import changes, corrected_since, listed

_NATIONAL: Final = ""
_INDEPENDENT_FROM: Final = 0.75  # below this a story rests on paid texts, releases or parties alone
_MOST_HEADLINES: Final = 5
_LEAST_HEADLINES: Final = 3  # while there are less, weaker news may stand among them
_GRAVE: Final = 2  # severity from which an incident or an allegation is news by itself
_AHEAD: Final = 14  # days of the calendar
_BASELINE: Final = 28  # days before, for the usual number of appeals
_JUMP: Final = 3.0  # times the usual number
_LEAST_JUMP: Final = 5  # stories; fewer are no jump, whatever is usual
_VOTES: Final = 180  # days ahead in which days of voting are known to cases
_VOTING: Final = "pemungutan"
_HOAX: Final = "hoaks_sara"

_Line = TypeVar("_Line")


class _News(NamedTuple):
    """The stories of regional elections: all of them, those that an article of the day tells, and its articles."""

    day: date
    stories: Sequence[Story]
    told: Sequence[Story]
    articles: frozenset[str]


class _Parts:
    """Makes the fields of the summary; one that fails is named in `missing` with the reason, and the rest stands."""

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}

    def make(self, name: str, part: Callable[[], tuple[_Line, ...]]) -> tuple[_Line, ...]:
        """Return the lines of the field `name`, none where they cannot be made."""
        try:
            return part()
        except Exception as error:  # whatever is wrong with one field must not take the page with it
            self.missing[name] = f"{type(error).__name__}: {error}"
            return ()


def build_summary(
    day: date,
    *,
    articles: Sequence[Article],
    taggings: Mapping[str, Tagging],
    stories: Sequence[Story],
    watchlist: Watchlist,
    sources: Sequence[SourceState],
    previous: DailySummary | None,
    last: DailySummary | None,
    corrections: Sequence[Correction],
    calendar: Calendar,
    set_aside: Sequence[Rejection],
    model: str,
    closed: bool,
    notice: str | None = None,
    contact: str = "",
    warnings: Sequence[Drift] = (),
) -> DailySummary:
    """Return the summary of `day`, or `last` itself when nothing is different from it.

    `articles` are those of the day, `taggings` by article id; `stories` are those of the 56 days up to it, corrections
    applied (`apply_corrections`). A story belongs to the day when one of its articles does; stories on national
    elections only are counted and not listed. `previous` is the last edition of the day before, `last` the last one of
    this day: when that was closed and is not true any more, the next edition lists the changes. A day that was closed
    stays so. A field that cannot be made stays empty and is named in `missing`.
    """
    todays = {article.id: f"{article.title}\n{article.text}" for article in articles}
    told = [story for story in stories if any(member.article in todays for member in story.members)]
    regional = [story for story in stories if story.election != "pemilu"]
    shown = sorted((_masked(story, todays) for story in told if story.election != "pemilu"), key=_order)
    news = _News(day, regional, shown, frozenset(todays))
    parts = _Parts()
    judged = [taggings[key] for key in todays if key in taggings]
    muted = [entry.id for entry in watchlist.entries if _is_muted(entry)]
    summary = DailySummary(
        day=day,
        edition=1,
        closed=closed or bool(last and last.closed),
        changes=(),
        corrections=(),
        stage=parts.make("stage", lambda: calendar.on(day)),
        next=parts.make("next", lambda: calendar.after(day)),
        sources=tuple(sources),
        articles=len(articles),
        related=sum(tagging.relevant.value for tagging in judged),
        review=sum(bool(tagging.review) for tagging in judged),
        stories=len(told),
        independent=sum(story.independence >= _INDEPENDENT_FROM for story in told),
        headlines=(),
        incidents=parts.make("incidents", lambda: _of(news, "kejadian", lambda story: not _is_unconfirmed(story))),
        unconfirmed=parts.make("unconfirmed", lambda: _of(news, "kejadian", _is_unconfirmed)),
        rulings=parts.make("rulings", lambda: _of(news, "putusan")),
        allegations=parts.make("allegations", lambda: _of(news, "dugaan", lambda story: not _is_hoax(story))),
        watchlist=parts.make("watchlist", lambda: _entries(watchlist)),
        regions=watchlist.regions,
        muted=tuple(muted),
        open_cases=parts.make("open_cases", lambda: open_cases(regional, day, _votes(calendar, day))),
        potentials=parts.make("potentials", lambda: _of(news, "potensi")),
        ahead=parts.make("ahead", lambda: calendar.ahead(day, _AHEAD)),
        appeals=parts.make("appeals", lambda: _appeals(news)),
        debunked=parts.make("debunked", lambda: _debunked(news)),
        set_aside=dict(sorted(Counter(rejection.reason for rejection in set_aside).items())),
        model=model,
        taxonomy=load_taxonomy().version,
        version=__version__,
        warnings=tuple(warnings),
        missing=parts.missing,
        notice=notice,
        contact=contact,
    )
    stated = parts.make("corrections", lambda: corrected_since(summary, corrections, previous, last))
    headlines = parts.make("headlines", lambda: _headlines(news, previous, stated))
    return _edition(msgspec.structs.replace(summary, headlines=headlines, corrections=stated), last, corrections)


def _edition(fresh: DailySummary, last: DailySummary | None, corrections: Sequence[Correction]) -> DailySummary:
    """Return `last` when `fresh` says the same, else `fresh` with its number and its changes."""
    if last is None:
        return fresh
    if msgspec.structs.replace(fresh, edition=last.edition, changes=last.changes) == last:
        return last
    if not last.closed:
        return msgspec.structs.replace(fresh, edition=last.edition)
    different = changes(last, fresh, corrections)
    if not different and (fresh.corrections, fresh.missing) == (last.corrections, last.missing):
        return last  # an edition that corrects no line would only unsettle its readers
    return msgspec.structs.replace(fresh, edition=last.edition + 1, changes=different)


def _order(story: Story) -> tuple[float, float, int, str, str]:
    """Return what stories are sorted by: the gravest and best founded first."""
    return (-story.severity, -story.independence, -story.sources, story.title, _url(story))


def _url(story: Story) -> str:
    return next((member.url for member in story.members if member.article == story.lead), "")


def _masked(story: Story, contexts: Mapping[str, str]) -> Story:
    title = mask_private(story.title, contexts.get(story.lead, ""))
    return story if title == story.title else msgspec.structs.replace(story, title=title)


def _of(news: _News, modality: ModalityValue, which: Callable[[Story], bool] = lambda story: True) -> tuple[Story, ...]:
    return tuple(story for story in news.told if story.modality == modality and which(story))


def _is_unconfirmed(story: Story) -> bool:
    """Say whether an incident rests on one source that is no independent newsroom, or may be no incident at all."""
    return (story.independence < _INDEPENDENT_FROM and story.sources <= 1) or "modality" in story.review


def _is_hoax(story: Story) -> bool:
    return (_HOAX, "pokok") in story.themes


def _debunked(news: _News) -> tuple[Story, ...]:
    """Return checked claims, then allegations of spreading hoaxes or hatred, which stand with no other part."""
    return _of(news, "cek_fakta") + _of(news, "dugaan", _is_hoax)


# ---------------------------------------------------------------- what changed


def _headlines(news: _News, previous: DailySummary | None, stated: Sequence[Change]) -> tuple[Headline, ...]:
    """Return the three to five things that changed: one per story and case, what is confirmed and gravest first.

    Incidents from severity 2, rulings, steps of a case and corrected stories; where these are few, other incidents and
    grave allegations fill up to three.
    """
    before = {story.id: story for story in listed(previous)} if previous else {}
    corrected = frozenset(change.line for change in stated)
    case_of = {story.id: nth for nth, case in enumerate(cases(news.stories)) for story in case}
    ranked: list[tuple[tuple[bool, bool, int, int, int], Story, Mark]] = []
    for nth, story in enumerate(news.told):
        mark = _mark(story, before.get(story.id), news.articles, corrected)
        kind = _kind(story, mark)
        if mark and kind is not None:
            order = (kind >= _WEAK, _is_unconfirmed(story), -story.severity, kind, nth)
            ranked.append((order, story, mark))
    ranked.sort(key=lambda item: item[0])
    chosen: list[Headline] = []
    seen: set[int] = set()
    for (weak, *_), story, mark in ranked:
        if len(chosen) == _MOST_HEADLINES or (weak and len(chosen) >= _LEAST_HEADLINES):
            break
        if case_of[story.id] not in seen:
            seen.add(case_of[story.id])
            told = tuple(member.article for member in story.members if member.article in news.articles)
            sentence = story.sentences[0] if story.sentences else None
            chosen.append(Headline(mark=mark, story=story.id, articles=told, sentence=sentence))
    return tuple(chosen)


_WEAK: Final = 4  # from this kind on a story is news only where there is little else


def _kind(story: Story, mark: Mark | None) -> int | None:
    """Return the rank of what a story brings, None where that is no news."""
    if story.modality == "kejadian" and story.severity >= _GRAVE:
        return 0
    if story.modality == "putusan":
        return 1
    if story.follows is not None:
        return 2
    if mark == "dikoreksi":
        return 3
    if story.modality == "kejadian" or (story.modality == "dugaan" and story.severity >= _GRAVE):
        return _WEAK
    return None


def _mark(story: Story, before: Story | None, todays: frozenset[str], corrected: frozenset[str]) -> Mark | None:
    """Return how a story changed since yesterday's edition; None when it did not.

    A story is updated when articles joined it or it reached another stage, and also when it brings an older case
    further.
    """
    members = {member.article for member in story.members}
    if story.id in corrected:
        return "dikoreksi"
    if before is None:
        return "baru" if members <= todays and story.follows is None else "diperbarui"
    if members - {member.article for member in before.members}:
        return "diperbarui"
    same = (story.case_stage, story.modality, story.outcome) == (before.case_stage, before.modality, before.outcome)
    return None if same else "diperbarui"


# ---------------------------------------------------------------- watchlist, cases, appeals


def _is_muted(entry: WatchlistEntry) -> bool:
    return entry.decision is not None and entry.decision.action == "mute"


def _entries(watchlist: Watchlist) -> tuple[WatchlistEntry, ...]:
    """Return the entries with titles that name no private persons."""
    return tuple(
        msgspec.structs.replace(
            entry,
            reasons=tuple(
                msgspec.structs.replace(reason, title=mask_private(reason.title)) for reason in entry.reasons
            ),
        )
        for entry in watchlist.entries
    )


def _votes(calendar: Calendar, day: date) -> frozenset[date]:
    return frozenset(found.first for found in calendar.ahead(day, _VOTES) if found.key == _VOTING)


def _appeals(news: _News) -> tuple[AppealCount, ...]:
    """Return the appeals of the day by region, the most first, against the daily mean of the 28 days before."""
    names: dict[str, str] = {}
    found: defaultdict[str, list[Story]] = defaultdict(list)
    before: Counter[str] = Counter()
    for story in news.stories:
        if story.modality != "imbauan" or not timedelta() <= news.day - story.day <= timedelta(days=_BASELINE):
            continue
        for code, name in [(place.code, place.name) for place in story.regions] or [(_NATIONAL, "")]:
            names[code] = name
            if story.day == news.day:
                found[code].append(story)
            else:
                before[code] += 1
    counts = [_appeal(code, names[code], sorted(group, key=_order), before[code]) for code, group in found.items()]
    return tuple(sorted(counts, key=lambda count: (-count.stories, count.region)))


def _appeal(code: str, name: str, stories: Sequence[Story], before: int) -> AppealCount:
    usual = before / _BASELINE
    kinds = Counter(member.source_kind for story in stories for member in story.members if member.article == story.lead)
    return AppealCount(
        region=code,
        region_name=name,
        stories=len(stories),
        not_independent=sum(story.independence < _INDEPENDENT_FROM for story in stories),
        kinds=dict(sorted(kinds.items())),
        usual=round(usual, 2),
        jump=len(stories) >= _LEAST_JUMP and len(stories) > _JUMP * usual,
        articles=tuple(story.lead for story in stories),
    )
