"""Rules of robots.txt (RFC 9309): what they say, how long they hold, and what a server that cannot say them means."""

import functools
import zlib
from datetime import datetime, timedelta
from typing import Final

from protego import Protego

from pilkada_nlp.article import Robots

AGENT: Final = "pilkada-nlp"
"""The product token that robots.txt can name."""

TEXT_LIMIT: Final = 512_000  # bytes; the RFC asks for at least 500 KiB to be read
_FRESH: Final = timedelta(days=1)
_FAILING: Final = timedelta(hours=1)  # how long a server that cannot say its rules is left alone
_LONGEST_DELAY: Final = 60.0  # seconds; a longer Crawl-delay would stop the reading of an outlet altogether


def robots_of(origin: str, text: bytes, now: datetime) -> Robots:
    """Return the rules that a file states."""
    return Robots(origin=origin, until=now + _FRESH, text=zlib.compress(text) if text else b"")


def robots_unsaid(origin: str, why: str, now: datetime) -> Robots:
    """Return the rules of a server that fails to say them: nothing may be asked for, for a while."""
    return Robots(origin=origin, until=now + _FAILING, refusal=why)


def forbids(robots: Robots, url: str) -> bool:
    """Say whether the file forbids us an address."""
    return bool(robots.text) and not _parsed(robots.text).can_fetch(url, AGENT)


def crawl_delay(robots: Robots) -> float:
    """Return the seconds that the file wants between two requests, 0 when it does not say."""
    delay = _parsed(robots.text).crawl_delay(AGENT) if robots.text else None
    return min(max(float(delay or 0.0), 0.0), _LONGEST_DELAY)


def sitemaps(robots: Robots) -> list[str]:
    """Return the addresses of sitemaps that the file names."""
    return list(_parsed(robots.text).sitemaps) if robots.text else []


@functools.lru_cache(maxsize=256)
def _parsed(text: bytes) -> Protego:
    """Parse a file; sites of one publisher often share its text."""
    return Protego.parse(zlib.decompress(text).decode("utf-8-sig", "replace"))
