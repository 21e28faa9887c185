"""The one door to the network: polite to every host, bounded in time and size, and honest about what came back."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from pilkada_nlp._version import __version__
from pilkada_nlp.article import Outlet, Page, Reason, Rejection, Robots
from pilkada_nlp.scrapers.robots import AGENT, TEXT_LIMIT, crawl_delay, forbids, robots_of, robots_unsaid, sitemaps
from pilkada_nlp.scrapers.transport import (
    ExchangeError,
    Network,
    NoConnectionError,
    RefusedAddressError,
    Reply,
    TooLargeError,
    TooLateError,
    Transport,
)

PAGE_LIMIT: Final = 10_000_000  # bytes after decompression
SOURCE_LIMIT: Final = 20_000_000  # bytes of a feed, sitemap or API answer after decompression
AT_ONCE: Final = 48  # requests under way at the same time, over all hosts
_DEADLINE: Final = 60.0  # seconds for one address: redirects and all tries, without the pauses between them
_HOPS: Final = 5
_PORTS: Final = frozenset({None, 80, 443, 8080, 8443})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TRIES: Final = 3
_TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_LONGEST_PAUSE: Final = 30.0  # seconds between two tries; who wants us to wait longer is left for a later run
_LONGEST_HOLD: Final = 86_400.0  # seconds; no Retry-After keeps us away for more than a day
_RETRIES: Final = 6.0  # tries beyond the first that a host may cost, until successes earn new ones
_EARNED: Final = 0.2  # of a retry, by each success
_DEAD_AFTER: Final = 3  # addresses in a row that could not be reached, or not within their time …
_DEAD_FOR: Final = 300.0  # … and the seconds for which such a host is left alone
_NO_WORD: Final = frozenset({"connection", "refused_address", "waiting"})  # the server did not say a word
_REASONS: Final[dict[type[ExchangeError], Reason]] = {
    RefusedAddressError: "refused_address",
    TooLateError: "deadline",
    TooLargeError: "too_large",
    NoConnectionError: "connection",
}


class Validators(NamedTuple):
    """What a server said of the version that it sent, to ask whether that is still the newest."""

    etag: str | None = None
    modified: str | None = None


class Answer(NamedTuple):
    """What came of asking: the page, or None when it is the version that is known already."""

    page: Page | None
    validators: Validators


class _Host:
    """What holds for one host: one request at a time, a pause between two, and how often it may fail."""

    __slots__ = ("free_at", "held_until", "lock", "retries", "unreached")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free_at = 0.0  # by the monotonic clock
        self.held_until: datetime | None = None
        self.retries = _RETRIES
        self.unreached = 0


class _TimeLeft:
    """The seconds that one address may still take, over its redirects and tries; pauses do not count."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Fetcher:
    """Fetches addresses for outlets, from many threads at once.

    `contact` (an e-mail or web address) goes into the User-Agent, so that an outlet can ask us to stop. `robots` are
    rules learned earlier. `deadline` is in seconds for one address. Time comes from `clock` (aware, UTC), the measure
    of pauses from `monotonic` (seconds), pauses from `wait` (called with seconds), chance from `chance` (in [0, 1))
    and answers from `transport`.
    """

    def __init__(
        self,
        contact: str,
        *,
        robots: Iterable[Robots] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
        transport: Transport | None = None,
        deadline: float = _DEADLINE,
    ) -> None:
        self.clock = clock
        self._monotonic = monotonic
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._chance = chance
        self._transport = transport or Network()
        self._deadline = deadline
        self._headers = {
            "User-Agent": f"{AGENT}/{__version__} (+{contact})",
            "Accept-Language": "id,en;q=0.5",
            "Accept-Encoding": "gzip, deflate, br, zstd",
        }
        self._robots = {rules.origin: rules for rules in robots}
        self._hosts: dict[str, _Host] = {}
        self._guard = threading.Lock()
        self._seats = threading.BoundedSemaphore(AT_ONCE)

    def stop(self) -> None:
        """End all pauses, hang up on what is being read, and let no new request begin."""
        self._stopped.set()
        self._transport.stop()

    def close(self) -> None:
        """Close all pooled connections."""
        self._transport.close()

    def robots(self) -> list[Robots]:
        """Return the rules of robots.txt that are known, for the `robots` of a later fetcher."""
        with self._guard:
            return list(self._robots.values())

    def get(self, url: str, outlet: Outlet, *, limit: int = PAGE_LIMIT) -> Page | Rejection:
        """Return the page at `url`, or why it is set aside; `limit` caps the decompressed body, in bytes."""
        answer = self.ask(url, outlet, limit=limit)
        if isinstance(answer, Rejection):
            return answer
        # Without validators no server may say "not modified".
        return answer.page or self._reject(url, outlet, "http_status", "304 without having been asked for changes")

    def ask(
        self, url: str, outlet: Outlet, seen: Validators | None = None, *, limit: int = SOURCE_LIMIT
    ) -> Answer | Rejection:
        """Return what is at `url` unless it is the version `seen`, or why it is set aside.

        Redirects are followed one hop at a time, and each hop is checked: its form, its address, its robots.txt.
        """
        seen = seen or Validators()
        found = self._follow(url, outlet, seen, limit, obey=True)
        if isinstance(found, Rejection):
            return found
        address, reply = found
        validators = Validators(reply.headers.get("ETag"), reply.headers.get("Last-Modified"))
        if reply.status == 304 and seen != Validators():
            # A server need not repeat them.
            return Answer(None, Validators(validators.etag or seen.etag, validators.modified or seen.modified))
        if reply.status != 200:
            reason: Reason = "gone" if reply.status in (404, 410) else "http_status"
            return self._reject(url, outlet, reason, _status(reply))
        page = Page(
            requested_url=url,
            url=address,
            outlet=outlet.id,
            fetched_at=self.clock(),
            status=reply.status,
            content_type=reply.headers.get("Content-Type", ""),
            body=reply.body,
        )
        return Answer(page, validators)

    def free_at(self, url: str) -> float:
        """Return when the host of `url` may be asked again, in seconds of the monotonic clock."""
        return self._host(url).free_at

    def held_until(self, url: str) -> datetime | None:
        """Return the time (UTC) before which the host of `url` is not asked, None when it may be."""
        until = self._host(url).held_until
        return until if until and until > self.clock() else None

    def sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps that the robots.txt of an origin names, as far as it was read."""
        with self._guard:
            rules = self._robots.get(_origin(url))
        return sitemaps(rules) if rules else []

    def _follow(
        self, url: str, outlet: Outlet, seen: Validators, limit: int, *, obey: bool
    ) -> tuple[str, Reply] | Rejection:
        """Return the reply behind all redirects and the address that gave it; `obey` robots.txt on the way."""
        time_left = _TimeLeft(self._deadline)
        address = url
        for _ in range(_HOPS + 1):
            if refusal := _refused_form(address, outlet):
                return self._reject(url, outlet, "refused_address", refusal)
            pace = outlet.pace
            if obey:
                rules = self._rules_for(address, outlet)
                if isinstance(rules, Rejection):
                    return self._reject(url, outlet, rules.reason, f"robots.txt: {rules.detail}")
                if rules.refusal:
                    return self._reject(url, outlet, "robots", f"robots.txt cannot be read: {rules.refusal}")
                if forbids(rules, address):
                    return self._reject(url, outlet, "robots", "robots.txt does not allow it")
                pace = max(pace, crawl_delay(rules))
            reply = self._reply(url, address, outlet, {**self._headers, **_conditions(seen)}, limit, pace, time_left)
            if isinstance(reply, Rejection):
                return reply
            if reply.status not in _REDIRECTS or "Location" not in reply.headers:
                return address, reply
            address = _target(address, reply.headers["Location"])
        return self._reject(url, outlet, "redirect", f"more than {_HOPS} redirects")

    def _rules_for(self, address: str, outlet: Outlet) -> Robots | Rejection:
        """Return the rules of an address's origin, read anew when they are out of date."""
        origin, now = _origin(address), self.clock()
        with self._guard:
            rules = self._robots.get(origin)
        if rules is None or rules.until <= now:
            found = self._follow(f"{origin}/robots.txt", outlet, Validators(), TEXT_LIMIT, obey=False)
            if isinstance(found, Rejection):
                if found.reason in _NO_WORD:
                    return found
                rules = robots_unsaid(origin, found.detail, now)
            elif (status := found[1].status) >= 500 or status == 429:
                rules = robots_unsaid(origin, _status(found[1]), now)
            else:
                rules = robots_of(origin, found[1].body, now)  # no file means no rules
            with self._guard:
                self._robots[origin] = rules
        return rules

    def _reply(
        self,
        url: str,
        address: str,
        outlet: Outlet,
        headers: Mapping[str, str],
        limit: int,
        pace: float,
        time_left: _TimeLeft,
    ) -> Reply | Rejection:
        """Return the reply of one address, after as many tries as a passing failure is worth and the host still has."""
        host = self._host(address)
        for tried in range(1, _TRIES + 1):
            with self._turn(host, pace):
                if self._stopped.is_set():
                    return self._reject(url, outlet, "waiting", "stopped before it was asked for")
                if host.held_until and host.held_until > self.clock():
                    until = f"{host.held_until:%Y-%m-%d %H:%M} UTC"
                    return self._reject(url, outlet, "waiting", f"its host is not asked before {until}")
                began = self._monotonic()
                result = self._exchange(url, address, outlet, headers, limit, time_left.seconds)
                time_left.seconds -= self._monotonic() - began
                again = self._judge(host, result, tried)
            if not again or time_left.seconds <= 0:
                break
        return result

    def _exchange(
        self, url: str, address: str, outlet: Outlet, headers: Mapping[str, str], limit: int, left: float
    ) -> Reply | Rejection:
        with self._seats:
            try:
                return self._transport.exchange(
                    address, headers, private=outlet.allow_private, limit=limit, seconds=max(left, 0.001)
                )
            except ExchangeError as error:
                reason = _REASONS[type(error)]
                detail = f"not complete after {self._deadline:g} s" if reason == "deadline" else str(error)
                return self._reject(url, outlet, reason, detail)

    def _judge(self, host: _Host, result: Reply | Rejection, tried: int) -> bool:
        """Note what a result means for its host, and say whether to try again once the host's pause is over."""
        reason = result.reason if isinstance(result, Rejection) else None
        unreached = reason in ("connection", "deadline")
        if not unreached and not (isinstance(result, Reply) and result.status in _TRY_AGAIN):
            host.unreached = 0
            host.retries = min(_RETRIES, host.retries + _EARNED)
            return False
        wanted = self._retry_after(result.headers) if isinstance(result, Reply) else None
        if wanted is not None and wanted > _LONGEST_PAUSE:
            host.held_until = self.clock() + timedelta(seconds=min(wanted, _LONGEST_HOLD))
            return False
        again = reason != "deadline" and tried < _TRIES and host.retries >= 1
        if again:
            host.retries -= 1
        elif unreached:
            host.unreached += 1
            if host.unreached >= _DEAD_AFTER:
                host.held_until = self.clock() + timedelta(seconds=_DEAD_FOR)
        if wanted is not None or again:
            pause = self._chance() * min(_LONGEST_PAUSE, 2.0**tried) if wanted is None else wanted
            host.free_at = max(host.free_at, self._monotonic() + pause)
        return again

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Return the seconds that a Retry-After asks for, given as seconds or as a date; None without one."""
        text = headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - self.clock()).total_seconds())

    def _host(self, address: str) -> _Host:
        name = urlsplit(address).netloc.lower()
        with self._guard:
            host = self._hosts.get(name)
            if host is None:
                host = self._hosts[name] = _Host()
            return host

    @contextmanager
    def _turn(self, host: _Host, pace: float) -> Iterator[None]:
        """Wait until the host may be asked again, and keep others from asking it meanwhile."""
        with host.lock:
            if (pause := host.free_at - self._monotonic()) > 0:
                self._wait(pause)
            host.free_at = 0.0
            try:
                yield
            finally:
                host.free_at = max(host.free_at, self._monotonic() + pace)

    def _reject(self, url: str, outlet: Outlet, reason: Reason, detail: str) -> Rejection:
        return Rejection(url=url, outlet=outlet.id, stage="fetch", reason=reason, detail=detail, at=self.clock())


def _conditions(seen: Validators) -> dict[str, str]:
    fields = {"If-None-Match": seen.etag, "If-Modified-Since": seen.modified}
    return {name: value for name, value in fields.items() if value}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _status(reply: Reply) -> str:
    return f"{reply.status} {reply.phrase}".strip()


def _target(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        return location  # its form is refused like that of any other address


def _refused_form(address: str, outlet: Outlet) -> str:
    """Return why the form of an address alone rules it out, or ""."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"only http and https are fetched, not {address[:100]!r}"
    if port not in _PORTS and not outlet.allow_private:
        return f"port {port} is not one that news sites use"
    return ""
