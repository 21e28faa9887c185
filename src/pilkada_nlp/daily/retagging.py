"""Days of the past weighed anew: for an archive that was filled by hand, and with another model, saying what changed.

A retagging that was killed is completed by the next one. The watchlist that a day had before stays in the archive until
a retagging with another model or from another day begins, so the report is whole, however often it was interrupted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Outlet, Tagging
from pilkada_nlp.article.findings import Level, WatchlistEntry, WatchReason
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.daily.days import weigh_past_day
from pilkada_nlp.daily.steps import join_stories, tag_days
from pilkada_nlp.fetching import Progress, silent
from pilkada_nlp.watchlist import load_weights

_REMEMBERED: Final = 10_000  # stories whose articles are looked up once for all days that they weigh on


class Difference(msgspec.Struct, frozen=True):
    """A value that changed: `what` is a field of a tagging ("" where there is none) or a factor of a weight."""

    what: str
    before: str
    now: str


class RetaggedArticle(msgspec.Struct, frozen=True, kw_only=True):
    """What two models say differently of an article; `model_before` is "" when no other one had read it."""

    article: str
    url: str
    model_before: str
    model_now: str
    fields: tuple[Difference, ...]


class RetaggedStory(msgspec.Struct, frozen=True, kw_only=True):
    """A story that weighs another amount in an entry; None where it did not or does not stand there.

    `article` is the one of its articles whose tagging changed and that it rests on most, None where none did. `factors`
    are those of its weight that changed, also by articles that joined it, corrections and decisions.
    """

    story: str
    title: str
    url: str
    before: float | None
    now: float | None
    article: RetaggedArticle | None
    factors: tuple[Difference, ...]


class RetaggedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the watchlist that came, went or weighs another amount, and the stories that make it so.

    Levels and scores are None on the side where the entry is not listed. `stories` begin with the greatest change.
    """

    day: date
    entry: str
    region_name: str
    theme: str
    level_before: Level | None
    level_now: Level | None
    score_before: float | None
    score_now: float | None
    stories: tuple[RetaggedStory, ...]


class RetagReport:
    """What a retagging came to: `articles` from `since` on are tagged by `model`, `days` were weighed anew.

    `first_weighed` are those of the days on which no run had weighed anything before; they have nothing to change.
    """

    def __init__(self, archive: Archive, model: str, since: date, articles: int, days: Sequence[date]) -> None:
        self.model = model
        self.since = since
        self.articles = articles
        self.days = tuple(days)
        weighed = {day for day in days if archive.entries_before(day) or archive.summary(day)}
        self.first_weighed = tuple(day for day in days if day not in weighed)
        self._archive = archive
        self._cause = lru_cache(_REMEMBERED)(self._find_cause)

    def changes(self) -> Iterator[RetaggedEntry]:
        """Yield the entries that changed, by day, the greatest change of a day first; read day by day when asked for.

        Raises ArchiveError when the archive cannot be read.
        """
        for day in sorted({*self.days} - {*self.first_weighed}):
            before = {entry.id: entry for entry in self._archive.entries_before(day)}
            now = {entry.id: entry for entry in self._archive.entries(day)}
            found = [self._change(day, before.get(key), now.get(key)) for key in sorted(before.keys() | now.keys())]
            changed = [change for change in found if change is not None]
            yield from sorted(changed, key=lambda one: (-_distance(one.score_before, one.score_now), one.entry))

    def _change(self, day: date, before: WatchlistEntry | None, now: WatchlistEntry | None) -> RetaggedEntry | None:
        old = {reason.story: reason for reason in before.reasons} if before else {}
        new = {reason.story: reason for reason in now.reasons} if now else {}
        stories = [
            self._story(old.get(key), new.get(key))
            for key in sorted(old.keys() | new.keys())
            if _weight(old.get(key)) != _weight(new.get(key))
        ]
        if before and now and before.score == now.score and not stories:
            return None
        entry = next(one for one in (now, before) if one)
        return RetaggedEntry(
            day=day,
            entry=entry.id,
            region_name=entry.region_name,
            theme=entry.theme,
            level_before=before.level if before else None,
            level_now=now.level if now else None,
            score_before=before.score if before else None,
            score_now=now.score if now else None,
            stories=tuple(sorted(stories, key=lambda one: (-_distance(one.before, one.now), one.story))),
        )

    def _story(self, before: WatchReason | None, now: WatchReason | None) -> RetaggedStory:
        reason = next(one for one in (now, before) if one)
        return RetaggedStory(
            story=reason.story,
            title=reason.title,
            url=reason.url,
            before=before.weight if before else None,
            now=now.weight if now else None,
            article=self._cause(reason.story, before.url if before else "", now.url if now else ""),
            factors=_factors(before, now) if before and now else (),
        )

    def _find_cause(self, story: str, before: str, now: str) -> RetaggedArticle | None:
        """Return how the tagging of a story's lead changed, the present one or the former, else of another member."""
        found = self._archive.story(story)
        urls = {member.article: member.url for member in found.members} if found else {}
        if story not in urls and (article := self._archive.article(story)):
            urls[story] = article.url
        retold = self._archive.retold(urls, self.model)
        order = {now: 0, before: 1}
        for key in sorted(retold, key=lambda key: (order.get(urls[key], 2), key != story, key)):
            then, here = retold[key]
            if fields := _differences(_said(then), _said(here)):
                return RetaggedArticle(
                    article=key,
                    url=urls[key],
                    model_before=then.model if then else "",
                    model_now=self.model,
                    fields=fields,
                )
        return None


def bring_up_to_date(
    archive: Archive,
    first: date,
    last: date,
    *,
    tagger: Tagger | None = None,
    outlets: Sequence[Outlet] = (),
    progress: Progress = silent,
) -> None:
    """Tag, join and weigh what the archive holds of the days from `first` to `last`, fetching nothing.

    For archives that were filled by hand (`Archive.add_articles`); days are those of `Article.day`. Each day has its
    watchlist afterwards (`Archive.entries`). Without `outlets` the entries say that nobody looks there. A second call
    changes nothing. Raises ArchiveBusyError when a run works on the archive, ArchiveError when it cannot be written,
    ModelError when the tagger cannot be loaded.
    """
    tagger = tagger or load_tagger()
    with archive.alone():
        tag_days(archive, tagger, first, last, progress)
        join_stories(archive, progress)
        _weigh_days(archive, _days(first, last), outlets, archive.replace_entries, progress)


def retag(
    archive: Archive,
    since: date,
    tagger: Tagger | None = None,
    *,
    outlets: Sequence[Outlet] = (),
    patience: float = 0.0,
    waiting: Callable[[], None] | None = None,
    progress: Progress = silent,
) -> RetagReport:
    """Tag the articles from `since` on with `tagger`, by default the model in service, and weigh these days anew.

    What other models said stays beside it. Stories are joined anew, and the watchlists of all days from `since` to the
    last one that has news are replaced; editions stay as they were published. Interrupted, the next call goes on; a
    call with the same model and day again gives the same report. For another run it waits up to `patience` seconds,
    after calling `waiting`.

    Raises ArchiveBusyError when another run works on the archive, ArchiveError when it cannot be written, ModelError
    when the tagger cannot be loaded.
    """
    tagger = tagger or load_tagger()
    with archive.alone(patience, waiting):
        archive.begin_retagging(f"{tagger.name} {since}")
        tag_days(archive, tagger, since, date.max, progress)
        join_stories(archive, progress)
        articles = archive.articles_by_day(since)
        known = [*articles, *archive.listed_days(since)]
        days = _days(min(known), max(known)) if known else []
        _weigh_days(archive, days, outlets, archive.retag_entries, progress)
    return RetagReport(archive, tagger.name, since, sum(articles.values()), days)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _weigh_days(
    archive: Archive,
    days: Sequence[date],
    outlets: Sequence[Outlet],
    store: Callable[[date, Sequence[WatchlistEntry]], None],
    progress: Progress,
) -> None:
    for number, day in enumerate(days, 1):
        store(day, weigh_past_day(day, archive, outlets).entries)
        progress("weigh", number, len(days))


def _weight(reason: WatchReason | None) -> float | None:
    return reason.weight if reason else None


def _distance(before: float | None, now: float | None) -> float:
    return abs((now or 0.0) - (before or 0.0))


def _factors(before: WatchReason, now: WatchReason) -> tuple[Difference, ...]:
    old, new = ({name: f"{value:g}" for name, value in reason.factors} for reason in (before, now))
    return _differences(old, new, missing="1")  # a factor that changes nothing is left out of most reasons


def _differences(before: Mapping[str, str], now: Mapping[str, str], missing: str = "") -> tuple[Difference, ...]:
    pairs = {name: (before.get(name, missing), now.get(name, missing)) for name in {**before, **now}}
    return tuple(Difference(name, old, new) for name, (old, new) in pairs.items() if old != new)


def _said(tagging: Tagging | None) -> dict[str, str]:
    """Return what a tagging says, field by field, of what stories and weights rest on; nothing where there is none."""
    if tagging is None:
        return {}
    fields = {"relevant": "yes" if tagging.relevant.value else "no", "election": tagging.relevant.election or ""}
    for strength in ("pokok", "sebutan"):
        fields[f"themes ({strength})"] = ", ".join(
            sorted(theme.theme for theme in tagging.themes if theme.strength == strength)
        )
    return fields | {
        "modality": tagging.modality.value if tagging.modality else "",
        "modality in doubt": "yes" if tagging.modality and tagging.modality.score < load_weights().doubt.below else "",
        "outcome": tagging.outcome or "",
        "severity": str(tagging.severity),
        "regions": ", ".join(sorted({place.code for place in tagging.places()})),
        "source": tagging.source_kind.value,
        "case stage": tagging.case_stage or "",
        "round-up": "yes" if tagging.is_aggregate else "",
    }
