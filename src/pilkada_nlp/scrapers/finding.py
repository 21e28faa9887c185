"""Looks for the sources of a site, and tries those that an outlet has."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from pilkada_nlp.article import Outlet, Reason, Rejection, SourceRecord, SourceType
from pilkada_nlp.scrapers.fetcher import Fetcher
from pilkada_nlp.scrapers.sources import SOURCES, Desk, Period
from pilkada_nlp.scrapers.sources.home import announced_on, usual_places

_ENOUGH = 50  # links of a source, by which it has shown that it works
_EVER = datetime(1998, 1, 1, tzinfo=UTC)


class Trial(NamedTuple):
    """What trying a source came to: how many links it gave at least, the newest of their times, or why it failed."""

    outlet: str
    type: SourceType
    address: str
    links: int
    newest: datetime | None
    reason: Reason | None
    detail: str


def try_sources(outlet: Outlet, fetcher: Fetcher) -> list[Trial]:
    """Ask each source of an outlet once, without fetching what it announces."""
    return [_try(outlet, kind, address, fetcher) for kind, address in outlet.sources()]


def _try(outlet: Outlet, kind: SourceType, address: str, fetcher: Fetcher) -> Trial:
    record = SourceRecord(outlet=outlet.id, type=kind, address=address)
    desk = Desk(outlet, record, Period(_EVER), fetcher, known=())
    links = [
        link for link, _ in zip(SOURCES[kind](address, desk).discover(outlet, _EVER), range(_ENOUGH), strict=False)
    ]
    newest = max((link.published_at for link in links if link.published_at), default=None)
    failure = desk.failures[0] if desk.failures and not links else None
    return Trial(
        outlet.id,
        kind,
        address,
        len(links),
        newest,
        failure.reason if failure else None,
        failure.detail if failure else "",
    )


def find_sources(home: str, fetcher: Fetcher, *, allow_private: bool = False) -> tuple[Outlet, list[Trial]]:
    """Return an outlet with the sources that the site at `home` really has, and what was tried.

    The WordPress collection, the feeds and the sitemaps that the home page and robots.txt name are tried first, then
    the usual places; of each type the first that gives links is taken. Without any the home page itself stands as a
    listing if it shows headlines.
    """
    host = (urlsplit(home).hostname or "").removeprefix("www.")
    outlet = Outlet(
        id=re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-") or "outlet",
        name=host or home,
        home=home,
        pace=0.0 if allow_private else 2.0,  # a site of one's own needs no pauses
        allow_private=allow_private,
    )
    tried: list[Trial] = []
    page = fetcher.get(home, outlet)
    named: Sequence[tuple[SourceType, str]] = ()
    if isinstance(page, Rejection):
        tried.append(Trial(outlet.id, "home", home, 0, None, page.reason, page.detail))
    else:
        named = announced_on(page.body, page.url) if page.body.strip() else ()
    robots: list[tuple[SourceType, str]] = [("sitemap", address) for address in fetcher.sitemaps(home)]
    found: dict[SourceType, str] = {}
    for kind, address in dict.fromkeys([*named, *robots, *usual_places(home)]):
        if kind not in found:
            trial = _try(outlet, kind, address, fetcher)
            tried.append(trial)
            if trial.links:
                found[kind] = address
    if not found and not isinstance(page, Rejection):
        trial = _try(outlet, "listing", home, fetcher)
        tried.append(trial)
        if trial.links:
            found["listing"] = home
    fields = {"api": "apis", "feed": "feeds", "sitemap": "sitemaps", "listing": "listings"}
    changes = {fields[kind]: (address,) for kind, address in found.items()}
    evidence = "named by the site itself" if found else ""
    verified = fetcher.clock().date() if found else None
    return msgspec.structs.replace(outlet, **changes, evidence=evidence, verified=verified), tried
