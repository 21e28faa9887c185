"""Kinds of sources, all of one shape: `discover(outlet, since)` yields links, newest knowledge first.

A source asks for addresses through its `Desk`, which records what came of it. Links are yielded as they are found, and
a source goes on only after its reader is done with them: what it has finished by then is really finished.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, Protocol

from pilkada_nlp.article import Link, Outlet, SourceType
from pilkada_nlp.scrapers.sources.desk import Desk, NotASourceError, Period
from pilkada_nlp.scrapers.sources.feed import Feed
from pilkada_nlp.scrapers.sources.home import Home
from pilkada_nlp.scrapers.sources.listing import Listing
from pilkada_nlp.scrapers.sources.saved import Saved
from pilkada_nlp.scrapers.sources.sitemap import Sitemap
from pilkada_nlp.scrapers.sources.wordpress import WordPress

__all__ = ["SOURCES", "Desk", "NotASourceError", "Period", "Source"]


class Source(Protocol):
    """One address at which an outlet announces articles."""

    def discover(self, outlet: Outlet, since: datetime) -> Iterator[Link]:
        """Yield the articles that are announced, of which older ones than `since` (UTC) may be left out."""


SOURCES: Final[dict[SourceType, Callable[[str, Desk], Source]]] = {
    "api": WordPress,
    "feed": Feed,
    "sitemap": Sitemap,
    "listing": Listing,
    "home": Home,
    "file": Saved,
}
"""How a source of each type is made of its address and a desk."""
