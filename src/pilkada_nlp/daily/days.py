"""Which days to close, what a day's watchlist weighs, and the summary that closes it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Outlet
from pilkada_nlp.article.findings import DailySummary, Drift, SourceState, Story, Watchlist
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.drift import find_drift
from pilkada_nlp.elections import Calendar
from pilkada_nlp.fetching import today
from pilkada_nlp.summary import apply_corrections, build_summary, lines
from pilkada_nlp.watchlist import build_watchlist, cover, load_weights, volume

_NAMED: Final = 7  # days in which an article that names a region counts as somebody looking there
_USUAL: Final = 28  # days that an outlet's usual number of articles is taken over
_MISSED: Final = 14  # days that are caught up with at most
_DRIFT: Final = 7  # days before, whose articles are looked at for drift
_DRIFT_BEFORE: Final = 21  # days before these, that their themes are held against
_DRIFT_SAMPLE: Final = 1500  # articles of each of the two spans, because reading them anew takes time
_WARNINGS: Final = 2  # shown at most
_CORRECTED: Final = 7  # days back in which late articles make a corrected edition


def days_to_close(archive: Archive, day: date) -> list[date]:
    """Return the days to summarise, in order: missed ones, those that something came late for, and `day`."""
    days = {day, *_late_days(archive, day - timedelta(days=_CORRECTED), day)}
    first = archive.first_edition()
    if first is not None:
        before = [day - timedelta(days=back) for back in range(1, _MISSED + 1)]
        closed = archive.closed_at(before[-1], before[0])
        days.update(at for at in before if at >= first and at not in closed)
    return sorted(days)


def _late_days(archive: Archive, first: date, last: date) -> Iterator[date]:
    """Yield the closed days of which, after their newest edition, an article came, or a label or correction did."""
    closed = archive.closed_at(first, last)
    for newest in (archive.newest_fetched(first, last), archive.newest_applied(first, last)):
        yield from (day for day, at in newest.items() if day in closed and at > closed[day])
    corrections = archive.corrections()
    for day, made in closed.items():
        fresh = {correction.line for correction in corrections if correction.at > made}
        if fresh and (summary := archive.summary(day)) is not None and not fresh.isdisjoint(lines(summary)):
            yield day


def close_day(
    day: date,
    archive: Archive,
    outlets: Sequence[Outlet],
    sources: Sequence[SourceState],
    *,
    tagger: Tagger,
    calendar: Calendar,
    now: datetime,
    notice: str | None = None,
    contact: str = "",
) -> DailySummary:
    """Return the summary of `day` from what the archive holds, and store its watchlist.

    `tagger` is the one that tagged its articles. `sources` says which outlets could be read; what an earlier edition of
    the day could read stays readable, since its articles are there. The edition is closed when the day is over in
    Jakarta at `now`.
    """
    last = archive.summary(day)
    read = {source.outlet for source in sources if source.read}
    if last is not None and last.closed:
        read |= {source.outlet for source in last.sources if source.read}
    stories, watchlist = weigh(day, archive, outlets, read, _whole(day, now))
    archive.replace_entries(day, watchlist.entries)
    published = archive.outlet_days(day - timedelta(days=_USUAL), day)
    return build_summary(
        day,
        articles=archive.articles(day, day),
        taggings=archive.taggings(day, day, tagger.name),
        stories=stories,
        watchlist=watchlist,
        sources=[_on_day(source, last, read, published.get(source.outlet, {}), day) for source in sources],
        previous=archive.summary(day - timedelta(days=1)),
        last=last,
        corrections=archive.corrections(),
        calendar=calendar,
        set_aside=archive.rejections(day),
        model=tagger.name,
        closed=today(now) > day,
        notice=notice,
        contact=contact,
        # What was published of a closed day stays: that the news has moved since is no news of that day.
        warnings=last.warnings if last and last.closed else moved(day, archive, tagger),
    )


def moved(day: date, archive: Archive, tagger: Tagger) -> list[Drift]:
    """Return how the articles of the week before `day` differ from what is usual, the greatest differences alone."""
    first = day - timedelta(days=_DRIFT)
    now = archive.sample(first, day - timedelta(days=1), tagger.name, _DRIFT_SAMPLE)
    past = archive.sample(first - timedelta(days=_DRIFT_BEFORE), first - timedelta(days=1), tagger.name, _DRIFT_SAMPLE)
    articles = archive.articles_called(now)
    said = {key: one.now for key, one in archive.retold([*now, *past], tagger.name).items() if one.now}
    found = find_drift(articles, [said[article.id] for article in articles], tagger, [said[key] for key in past])
    return found[:_WARNINGS]


def renew_watchlist(day: date, archive: Archive, outlets: Sequence[Outlet], now: datetime) -> Watchlist:
    """Return the watchlist of `day` as what the archive holds makes it, and store it in place of the one before."""
    last = archive.summary(day)
    if last is not None and last.closed:
        watchlist = weigh_past_day(day, archive, outlets)
    else:
        _, watchlist = weigh(day, archive, outlets, _readable(outlets, archive), _whole(day, now))
    archive.replace_entries(day, watchlist.entries)
    return watchlist


def _whole(day: date, now: datetime) -> date:
    """Return the last day up to `day` that is over: an outlet is not silent because the day has just begun."""
    return day if today(now) > day else day - timedelta(days=1)


def _readable(outlets: Sequence[Outlet], archive: Archive) -> set[str]:
    """Return the outlets of which any source did not fail when it was last asked, or was never asked."""
    failed = {(one.outlet, one.type, one.address) for one in archive.source_records() if one.outcome == "failed"}
    return {
        outlet.id
        for outlet in outlets
        if any((outlet.id, kind, address) not in failed for kind, address in outlet.sources())
    }


def told_until(day: date, archive: Archive) -> list[Story]:
    """Return the stories behind the watchlist of `day` and its history, corrected."""
    first = day - timedelta(days=2 * load_weights().window_days - 1)
    stories = archive.stories(first, day)
    # A story that was joined to another lives on under that one's id, and so does what was said of it.
    now = {member.article: story.id for story in stories for member in story.members}
    corrections = [
        msgspec.structs.replace(correction, line=now.get(correction.line, correction.line))
        for correction in archive.corrections()
    ]
    return apply_corrections(stories, corrections)


def weigh(
    day: date, archive: Archive, outlets: Sequence[Outlet], read: Collection[str], whole: date
) -> tuple[list[Story], Watchlist]:
    """Return the stories and the watchlist of `day`; `whole` is the last day that is over, for the outlets' silence."""
    stories = told_until(day, archive)
    named: defaultdict[str, int] = defaultdict(int)
    for story in stories:
        if (day - story.day).days < _NAMED:
            for place in story.regions:
                named[place.code] += len(story.members)
    published = archive.outlet_days(whole - timedelta(days=_USUAL), day)
    coverage = cover(outlets, read, published, named, whole)
    return stories, build_watchlist(stories, day, coverage=coverage, decisions=archive.decisions())


def weigh_past_day(day: date, archive: Archive, outlets: Sequence[Outlet]) -> Watchlist:
    """Return the watchlist of a day of the past from the stories as they are now.

    Which outlets could be read is what the newest edition of the day says; where there is none, all count as read.
    """
    last = archive.summary(day)
    if last is None:
        return weigh(day, archive, outlets, [outlet.id for outlet in outlets], day)[1]
    read = {source.outlet: source.read for source in last.sources}
    asked = [outlet for outlet in outlets if outlet.id in read]
    whole = day if last.closed else day - timedelta(days=1)
    return weigh(day, archive, asked, [outlet for outlet in read if read[outlet]], whole)[1]


def _on_day(
    source: SourceState, last: DailySummary | None, read: Collection[str], published: Mapping[date, int], day: date
) -> SourceState:
    """Return what is known of an outlet with its articles of the day beside its usual number.

    On a closed day its state stays as it was published unless it can be read now: that it fails in another way is no
    news of that day.
    """
    said = [state for state in last.sources if state.outlet == source.outlet] if last and last.closed else []
    if said and said[0].read == (source.outlet in read):
        return said[0]
    usual = volume(published, day).usual
    if source.outlet in read and not source.read:
        source = SourceState(outlet=source.outlet, name=source.name, read=True)
    return msgspec.structs.replace(source, articles=published.get(day, 0), usual=usual)
