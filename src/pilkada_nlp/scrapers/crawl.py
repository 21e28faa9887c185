"""Reads all outlets at once and yields what was found, one event after another, to a single consumer.

Each outlet is a `visit`, a generator that stops before each request. A few threads take turns: each takes the visit
whose host may be asked soonest, lets it make one step and puts it back. So pauses for politeness hold no thread while
another host is free, and an outlet costs a generator, not a thread.
"""

import heapq
import queue
import threading
from collections.abc import Callable, Container, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from pilkada_nlp.article import Link, Outlet, Page, Rejection, SourceRecord, SourceType, article_id
from pilkada_nlp.scrapers import polling
from pilkada_nlp.scrapers.fetcher import AT_ONCE, Fetcher
from pilkada_nlp.scrapers.sources import SOURCES, Desk, Period

_AHEAD: Final = 16  # events that may wait for the consumer, so that memory stays bounded
_UNSETTLED: Final = frozenset({"connection", "deadline", "http_status", "waiting"})  # worth asking again soon


class SourceAsked(NamedTuple):
    """A source was asked and its articles were dealt with: what is known of it now, and what could not be used."""

    record: SourceRecord
    failures: list[Rejection]


class SourceLeft(NamedTuple):
    """A source was not asked: it is not due, or its server wants to be left in peace until `record.held_until`."""

    record: SourceRecord


class PartFinished(NamedTuple):
    """A part of a past period was gone through, so that an interrupted backfill need not begin again."""

    outlet: str
    part: str


class PagesFetched(NamedTuple):
    """All pages of one article, the first page first."""

    pages: tuple[Page, ...]


Event = SourceAsked | SourceLeft | PartFinished | PagesFetched | Rejection
SourceKey = tuple[str, SourceType, str]
"""What identifies a source: outlet, type, address."""


class _Pause(NamedTuple):
    """A step of a visit that ends before `address` is asked for."""

    address: str


class Task(NamedTuple):
    """What a crawl is to do, and what is known from earlier ones.

    `known` are ids of articles that need not be fetched, `records` what is known of sources, `finished` the parts of
    the period that are done with, by outlet. `limit` is the most new articles of one outlet. Unless `all_sources`,
    only those are asked that are due. `further_pages` says which addresses hold the rest of a split article.
    """

    period: Period
    further_pages: Callable[[Page, Outlet], list[str]]
    known: Container[str] = ()
    records: Mapping[SourceKey, SourceRecord] = {}
    finished: Mapping[str, Container[str]] = {}
    limit: int | None = None
    all_sources: bool = True


def crawl(outlets: Sequence[Outlet], fetcher: Fetcher, task: Task) -> Generator[Event, None, None]:
    """Yield what every outlet has that is not known and not announced as outside of the period.

    Outlets are read side by side, one request at a time per host; closing the iterator stops them.
    """
    events: queue.Queue[Event | BaseException | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()
    guard = threading.Lock()
    # (when the next host is free, number, visit); numbers keep visits of the same moment in order and uncompared
    ready = [(0.0, number, _visit(outlet, fetcher, task)) for number, outlet in enumerate(outlets)]

    def put(event: Event | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                events.put(event, timeout=0.2)
            except queue.Full:
                continue
            return

    def work() -> None:
        # Who puts a visit back takes the next one himself, so an empty heap means that the others manage alone.
        try:
            while not stopped.is_set():
                with guard:
                    if not ready:
                        break
                    _, number, visit = heapq.heappop(ready)
                step = next(visit, None)
                while step is not None and not isinstance(step, _Pause):
                    put(step)
                    step = next(visit, None)
                if isinstance(step, _Pause):
                    due = fetcher.free_at(step.address)
                    with guard:
                        heapq.heappush(ready, (due, number, visit))
        except BaseException as error:  # handed to the consumer, who must not wait for ever
            put(error)
        finally:
            put(None)

    threads = [
        threading.Thread(target=work, name=f"crawl-{number}", daemon=True) for number in range(min(AT_ONCE, len(ready)))
    ]
    for thread in threads:
        thread.start()
    running = len(threads)
    try:
        while running:
            event = events.get()
            if event is None:
                running -= 1
            elif isinstance(event, BaseException):
                raise event
            else:
                yield event
    finally:
        if running:
            stopped.set()
            fetcher.stop()
        for thread in threads:
            thread.join()


def _visit(outlet: Outlet, fetcher: Fetcher, task: Task) -> Iterator[Event | _Pause]:
    """Ask all sources of an outlet and fetch what is new."""
    seen: set[str] = set()
    taken = 0
    for kind, address in outlet.sources():
        known = task.records.get((outlet.id, kind, address))
        record = known or SourceRecord(outlet=outlet.id, type=kind, address=address)
        now = fetcher.clock()
        if polling.is_held(record, now) or not (task.all_sources or polling.is_due(record, now)):
            yield SourceLeft(record)
            continue
        if kind != "file":
            yield _Pause(address)
        desk = Desk(outlet, record, task.period, fetcher, task.known, task.finished.get(outlet.id, ()))
        asking = _Asking(desk, fetcher, task, seen, taken)
        yield from asking.run(SOURCES[kind](address, desk).discover(outlet, desk.since()))
        taken = asking.taken
        yield SourceAsked(asking.record(now), desk.failures)


class _Asking:
    """Goes through the links of one source and fetches what is new."""

    def __init__(self, desk: Desk, fetcher: Fetcher, task: Task, seen: set[str], taken: int) -> None:
        self.taken = taken
        self._desk = desk
        self._fetcher = fetcher
        self._task = task
        self._seen = seen
        self._announced = 0
        self._new = 0
        self._left = 0
        self._unsettled = False

    def run(self, links: Iterator[Link]) -> Iterator[Event | _Pause]:
        """Deal with each link before the source goes on, so that what it has finished then is really finished."""
        passing = False  # whether something of the part under way is to be tried again
        for link in links:
            passing &= not (yield from self._finished(passing))
            self._announced += 1
            left = self._left
            for event in self._link(link):
                if isinstance(event, Rejection) and event.reason in _UNSETTLED:
                    passing = self._unsettled = True
                yield event
            passing |= self._left > left
        yield from self._finished(passing)

    def _finished(self, passing: bool) -> Generator[Event, None, bool]:
        """Report the parts that were finished since the last link, and return whether there were any."""
        parts = self._desk.take_finished()
        if not passing:
            yield from (PartFinished(self._desk.outlet.id, part) for part in parts)
        return bool(parts)

    def _link(self, link: Link) -> Iterator[Event | _Pause]:
        outlet, period = self._desk.outlet, self._task.period
        try:
            key = article_id(link.url)
        except ValueError as error:
            self._desk.fail(link.url, "bad_url", str(error))
            return
        if key in self._seen or key in self._task.known:
            return
        self._seen.add(key)
        published = link.published_at
        if published is not None and not period.holds(published):
            if published < period.since:
                yield Rejection(
                    url=link.url,
                    outlet=outlet.id,
                    stage="discover",
                    reason="too_old",
                    detail=f"announced as of {published:%Y-%m-%d}",
                    at=self._fetcher.clock(),
                )
            return
        self._new += 1
        if self._task.limit is not None and self.taken >= self._task.limit:
            self._left += 1
            return
        self.taken += 1
        if link.page is not None:
            yield PagesFetched((link.page,))
        else:
            yield from self._fetch(link)

    def _fetch(self, link: Link) -> Iterator[Event | _Pause]:
        outlet = self._desk.outlet
        yield _Pause(link.url)
        first = self._fetcher.get(link.url, outlet)
        if isinstance(first, Rejection):
            yield first
            return
        pages = [msgspec.structs.replace(first, announced_at=link.published_at)]
        missing: Rejection | None = None
        try:
            further = self._task.further_pages(first, outlet)
        except Exception:
            further = []  # extraction meets the same fault on this page and records it
        for part, address in enumerate(further, 2):
            yield _Pause(address)
            page = self._fetcher.get(address, outlet)
            if isinstance(page, Rejection):
                missing = page  # extraction sees the gap and marks the article as incomplete
                break
            pages.append(msgspec.structs.replace(page, part=part))
        yield PagesFetched(tuple(pages))
        if missing:
            yield missing

    def record(self, now: datetime) -> SourceRecord:
        """Return what is known of the source after this asking, which began at `now`."""
        desk = self._desk
        failure = next((failure for failure in desk.failures if failure.reason != "bad_url"), None)
        record = msgspec.structs.replace(
            desk.record,
            announced=self._announced,
            new=self._new,
            asked_at=now,
            reason=failure.reason if failure else None,
            detail=failure.detail if failure else "",
        )
        held_until = self._fetcher.held_until(record.address) if record.type != "file" else None
        if desk.answers == 0 and failure is not None:
            return _counted(polling.failed(record, now, held_until), "failed")
        if self._left:
            record = msgspec.structs.replace(record, detail=f"{self._left} new articles left for the next run")
        if desk.backfill:
            # What a past period holds says nothing about how often there is something new.
            record = msgspec.structs.replace(record, failures=0, held_until=held_until, succeeded_at=now)
            return _counted(record, "fetched")
        record = polling.answered(record, now, held_until, self._new, desk.least_interval)
        if failure is None and not self._left and not self._unsettled:
            since = self._task.period.since
            if record.settled_since is not None:
                since = min(since, record.settled_since)
            record = msgspec.structs.replace(
                record, settled_at=now, settled_since=since, validators=dict(desk.validators)
            )
        return _counted(record, "not_modified" if desk.unmodified == desk.answers else "fetched")


def _counted(record: SourceRecord, outcome: Literal["fetched", "not_modified", "failed"]) -> SourceRecord:
    name = record.reason or "failed" if outcome == "failed" else outcome
    outcomes = {**record.outcomes, name: record.outcomes.get(name, 0) + 1}
    return msgspec.structs.replace(record, outcome=outcome, outcomes=outcomes)
