"""Reads all outlets at once and yields what was found, one event after another, to a single consumer."""

import queue
import threading
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from pilkada_nlp.article import Link, Outlet, Page, Rejection, SourceState, article_id
from pilkada_nlp.scrapers.discovery import discover
from pilkada_nlp.scrapers.fetcher import Fetcher

_WORKERS: Final = 8
_AHEAD: Final = 16  # events that may wait for the consumer, so that memory stays bounded


class SourceListed(NamedTuple):
    """An outlet was asked what is new: its state, the failures, and how many new articles are to be fetched."""

    state: SourceState
    failures: list[Rejection]
    new: int


class PagesFetched(NamedTuple):
    """All pages of one article, the first page first."""

    pages: tuple[Page, ...]


Event = SourceListed | PagesFetched | Rejection


def crawl(
    outlets: Sequence[Outlet],
    fetcher: Fetcher,
    *,
    since: datetime,
    known: Container[str],
    further_pages: Callable[[Page, Outlet], list[str]],
) -> Generator[Event, None, None]:
    """Yield what every outlet has that is not `known` (article ids) and not announced as older than `since` (UTC).

    `further_pages` says which addresses hold the rest of a split article. Outlets are read side by side, one request
    at a time per host; closing the iterator stops them.
    """
    events: queue.Queue[Event | BaseException | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def put(event: Event | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                events.put(event, timeout=0.2)
            except queue.Full:
                continue
            return

    def read(outlet: Outlet) -> None:
        try:
            for event in _read(outlet, fetcher, since, known, further_pages):
                put(event)
                if stopped.is_set():
                    return
        except BaseException as error:  # handed to the consumer, who must not wait for ever
            put(error)
        finally:
            put(None)

    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="crawl")
    try:
        for outlet in outlets:
            pool.submit(read, outlet)
        running = len(outlets)
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
        pool.shutdown(wait=True, cancel_futures=True)


def _read(
    outlet: Outlet,
    fetcher: Fetcher,
    since: datetime,
    known: Container[str],
    further_pages: Callable[[Page, Outlet], list[str]],
) -> Iterator[Event]:
    found = discover(outlet, lambda address: fetcher.get(address, outlet))
    new = [link for link in found.links if article_id(link.url) not in known]
    state = SourceState(outlet=outlet.id, name=outlet.name, read=found.answered > 0)
    if not state.read:
        first = found.failures[0]
        state = msgspec.structs.replace(state, reason=first.reason, detail=first.detail)
    yield SourceListed(state, found.failures, len(new))
    for link in new:
        if link.published_at is not None and link.published_at < since:
            yield Rejection(
                url=link.url,
                outlet=outlet.id,
                stage="discover",
                reason="too_old",
                detail=f"announced as of {link.published_at:%Y-%m-%d}",
                at=fetcher.clock(),
            )
            continue
        yield from _fetch(link, outlet, fetcher, further_pages)


def _fetch(
    link: Link, outlet: Outlet, fetcher: Fetcher, further_pages: Callable[[Page, Outlet], list[str]]
) -> Iterator[PagesFetched | Rejection]:
    first = fetcher.get(link.url, outlet)
    if isinstance(first, Rejection):
        yield first
        return
    pages = [msgspec.structs.replace(first, announced_at=link.published_at)]
    missing: Rejection | None = None
    for part, address in enumerate(further_pages(first, outlet), 2):
        page = fetcher.get(address, outlet)
        if isinstance(page, Rejection):
            missing = page  # extraction sees the gap and marks the article as incomplete
            break
        pages.append(msgspec.structs.replace(page, part=part))
    yield PagesFetched(tuple(pages))
    if missing:
        yield missing
