"""The one door to the network: polite, bounded in time and size, and closed to private addresses."""

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from protego import Protego
from requests.adapters import HTTPAdapter

from pilkada_nlp._version import __version__
from pilkada_nlp.article import Outlet, Page, Reason, Rejection

PAGE_LIMIT: Final = 10_000_000  # bytes after decompression
_ROBOTS_LIMIT: Final = 500_000  # bytes; RFC 9309 asks for at least 500 KiB to be parsed
_DEADLINE: Final = 60.0  # seconds for one download, headers and redirects included
_CONNECT: Final = 10.0  # seconds
_READ: Final = 20.0  # seconds without a byte
_HOPS: Final = 5
_PORTS: Final = frozenset({None, 80, 443, 8080, 8443})
_AGENT: Final = "pilkada-nlp"


class _RefusedAddressError(Exception):
    """The host is, or turned out at connection time to be, an address that no outlet may have."""


class _Watched(threading.local):
    """The socket that the current thread waits on, so that a deadline can close it from another thread."""

    holder: list[socket.socket] | None = None


_watched = _Watched()


class _WatchedMixin:
    """Tells the watching deadline which socket is in use, new or taken from the pool.

    The socket itself, not the connection: that one lets go of it as soon as the headers are read.
    """

    sock: socket.socket | None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._tell()

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._tell()
        super().request(*args, **kwargs)  # type: ignore[misc]

    def _tell(self) -> None:
        if _watched.holder is not None and self.sock is not None:
            _watched.holder[:] = [self.sock]


class _PublicMixin(_WatchedMixin):
    """Refuses private addresses where it cannot be fooled: on the connected socket, after DNS and every redirect."""

    def _new_conn(self) -> Any:
        sock = super()._new_conn()  # type: ignore[misc]
        address = sock.getpeername()[0]
        if not is_public(address):
            sock.close()
            raise _RefusedAddressError(f"{self.host} is the private address {address}")  # type: ignore[attr-defined]
        return sock


class _HTTP(_WatchedMixin, urllib3.connection.HTTPConnection):
    pass


class _HTTPS(_WatchedMixin, urllib3.connection.HTTPSConnection):
    pass


class _PublicHTTP(_PublicMixin, urllib3.connection.HTTPConnection):
    pass


class _PublicHTTPS(_PublicMixin, urllib3.connection.HTTPSConnection):
    pass


def _pool(base: type, connection: type) -> type:
    return type(f"{connection.__name__}Pool", (base,), {"ConnectionCls": connection})


class _Adapter(HTTPAdapter):
    """Requests over our own connections."""

    def __init__(self, http: type, https: type) -> None:
        self._pools = {
            "http": _pool(urllib3.HTTPConnectionPool, http),
            "https": _pool(urllib3.HTTPSConnectionPool, https),
        }
        super().__init__(pool_connections=50, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def is_public(address: str) -> bool:
    """Say whether an IP address is reachable for everyone; addresses that wrap a private one are not."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if wrapped is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast


class _Host:
    """The pace of one host: one request at a time, and a pause between two."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free_at = 0.0


class Fetcher:
    """Fetches pages for outlets, from many threads at once.

    `contact` (an e-mail or web address) goes into the User-Agent, so that an outlet can ask us to stop. Time comes
    from `clock` (aware, UTC), pauses from `monotonic` (seconds) and `wait` (called with seconds).
    """

    def __init__(
        self,
        contact: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
        deadline: float = _DEADLINE,
    ) -> None:
        self.clock = clock
        self._monotonic = monotonic
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._deadline = deadline
        self._agent = f"{_AGENT}/{__version__} (+{contact})"
        self._sessions = {False: self._session(_PublicHTTP, _PublicHTTPS), True: self._session(_HTTP, _HTTPS)}
        self._hosts: dict[str, _Host] = {}
        self._robots: dict[str, Protego | Rejection] = {}
        self._live: dict[int, list[socket.socket]] = {}  # by identity: two empty holders are equal
        self._guard = threading.Lock()

    def _session(self, http: type, https: type) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy or .netrc from the environment: the address check must see the real peer
        session.headers["User-Agent"] = self._agent
        session.headers["Accept-Language"] = "id,en;q=0.5"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for prefix in ("http://", "https://"):
            session.mount(prefix, _Adapter(http, https))
        return session

    def stop(self) -> None:
        """End all pauses, hang up on what is being read, and let no new request begin."""
        self._stopped.set()
        with self._guard:
            live = list(self._live.values())
        for holder in live:
            _hang_up(holder, threading.Event())

    def close(self) -> None:
        """Close all pooled connections."""
        for session in self._sessions.values():
            session.close()

    def get(self, url: str, outlet: Outlet, *, limit: int = PAGE_LIMIT) -> Page | Rejection:
        """Return the page at `url`, or why it is set aside; redirects are followed one checked hop at a time.

        `limit` caps the decompressed body, in bytes.
        """
        if refused := self._refused_by_robots(url, outlet):
            return refused
        return self._follow(url, outlet, limit)

    def _refused_by_robots(self, url: str, outlet: Outlet) -> Rejection | None:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._guard:
            rules = self._robots.get(origin)
        if rules is None:
            rules = self._read_robots(f"{origin}/robots.txt", outlet)
            with self._guard:
                self._robots[origin] = rules
        if isinstance(rules, Rejection):
            return self._reject(url, outlet, rules.reason, f"robots.txt: {rules.detail}")
        if not rules.can_fetch(url, _AGENT):
            return self._reject(url, outlet, "robots", "robots.txt does not allow it")
        return None

    def _read_robots(self, url: str, outlet: Outlet) -> Protego | Rejection:
        page = self._follow(url, outlet, _ROBOTS_LIMIT)
        if isinstance(page, Page):
            return Protego.parse(page.body.decode("utf-8", "replace"))
        # RFC 9309: no file means no rules; a server that fails means "not now".
        if page.reason == "http_status" and page.detail.startswith("4"):
            return Protego.parse("")
        return page

    def _follow(self, url: str, outlet: Outlet, limit: int) -> Page | Rejection:
        left = self._deadline
        address = url
        for _ in range(_HOPS + 1):
            if refusal := _refused_form(address, outlet):
                return self._reject(url, outlet, "refused_address", refusal)
            if self._stopped.is_set():
                return self._reject(url, outlet, "connection", "stopped before it was asked for")
            with self._turn(address, outlet):
                began = self._monotonic()
                result = self._request(url, address, outlet, limit, left)
                left -= self._monotonic() - began
            if not isinstance(result, str):
                return result
            address = urljoin(address, result)
        return self._reject(url, outlet, "redirect", f"more than {_HOPS} redirects")

    @contextmanager
    def _turn(self, address: str, outlet: Outlet) -> Iterator[None]:
        """Wait until the host may be asked again, and keep others from asking it meanwhile."""
        with self._guard:
            host = self._hosts.setdefault(urlsplit(address).netloc.lower(), _Host())
        with host.lock:
            if (pause := host.free_at - self._monotonic()) > 0:
                self._wait(pause)
            try:
                yield
            finally:
                host.free_at = self._monotonic() + outlet.pace

    def _request(self, url: str, address: str, outlet: Outlet, limit: int, left: float) -> Page | Rejection | str:
        """Return the page, a rejection, or the address that a redirect names; hang up after `left` seconds."""
        holder: list[socket.socket] = []
        expired = threading.Event()
        alarm = threading.Timer(max(left, 0.001), _hang_up, (holder, expired))
        alarm.daemon = True
        alarm.start()
        with self._guard:
            self._live[id(holder)] = holder
        _watched.holder = holder
        try:
            result = self._download(url, address, outlet, limit)
        except _RefusedAddressError as error:
            result = self._reject(url, outlet, "refused_address", str(error))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            result = self._reject(url, outlet, "connection", _plain(error))
        finally:
            _watched.holder = None
            alarm.cancel()
            with self._guard:
                del self._live[id(holder)]
        # A body without a declared length ends without an error when we hang up: it must not pass for a whole page.
        return (
            self._reject(url, outlet, "deadline", f"not complete after {self._deadline:g} s")
            if expired.is_set()
            else result
        )

    def _download(self, url: str, address: str, outlet: Outlet, limit: int) -> Page | Rejection | str:
        session = self._sessions[outlet.allow_private]
        with session.get(address, stream=True, allow_redirects=False, timeout=(_CONNECT, _READ)) as response:
            if response.is_redirect:
                return response.headers["Location"]
            if response.status_code != 200:
                return self._reject(url, outlet, "http_status", f"{response.status_code} {response.reason}")
            body = bytearray()
            for chunk in response.iter_content(65_536):
                body += chunk
                if len(body) > limit:
                    return self._reject(url, outlet, "too_large", f"more than {limit:,} bytes")
            return Page(
                requested_url=url,
                url=address,
                outlet=outlet.id,
                fetched_at=self.clock(),
                status=response.status_code,
                content_type=response.headers.get("Content-Type", ""),
                body=bytes(body),
            )

    def _reject(self, url: str, outlet: Outlet, reason: Reason, detail: str) -> Rejection:
        return Rejection(url=url, outlet=outlet.id, stage="fetch", reason=reason, detail=detail, at=self.clock())


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


def _hang_up(holder: list[socket.socket], expired: threading.Event) -> None:
    expired.set()
    for sock in list(holder):
        # Already closed: there is nothing left to wait for. The plain method, because TLS must not be talked to here.
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _plain(error: BaseException) -> str:
    """Return the innermost reason of a network error, without object addresses."""
    while inner := next((part for part in reversed(error.args) if isinstance(part, BaseException)), None):
        error = inner
    text = str(getattr(error, "reason", error)) or type(error).__name__
    # What stands before a colon behind brackets is the library's name for its connection.
    return re.sub(r"^\W?\w+\([^)]*\):\s*", "", text.split(">: ")[-1])[:200]
