"""One HTTP exchange over requests: pooled, to public addresses only, and cut off at its deadline.

It knows nothing of outlets, pace or robots.txt; `fetcher` does.
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, NamedTuple, Protocol

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter

_CONNECT: Final = 10.0  # seconds
_READ: Final = 20.0  # seconds without a byte
_CHUNK: Final = 65_536  # bytes
_OPEN_POOLS: Final = 256  # hosts whose connections stay open; the one unused for longest is closed
_LOOKS: Final = 0.05  # seconds between two looks at the deadlines


class Reply(NamedTuple):
    """What a server answered: `body` is decompressed and empty unless the status is 200."""

    status: int
    phrase: str
    headers: Mapping[str, str]
    body: bytes


class ExchangeError(Exception):
    """An exchange that came to nothing; `str(error)` says why in plain words."""


class RefusedAddressError(ExchangeError):
    """The host is, or turned out at connection time to be, an address that no outlet may have."""


class TooLateError(ExchangeError):
    """The deadline passed before the answer was whole."""


class TooLargeError(ExchangeError):
    """The decompressed body is larger than allowed."""


class NoConnectionError(ExchangeError):
    """No whole answer came: name not found, refused, broken off, TLS not trusted, undecodable."""


class Transport(Protocol):
    """What a `Fetcher` needs of the network; another one can be passed in."""

    def exchange(self, address: str, headers: Mapping[str, str], *, private: bool, limit: int, seconds: float) -> Reply:
        """GET one address without following redirects; raises an ExchangeError."""

    def stop(self) -> None:
        """Hang up on everything that is being read."""

    def close(self) -> None:
        """Close all connections."""


class Network:
    """The real network. `private` in `exchange` allows addresses of this machine and of intranets.

    `trust` says which authorities vouch for servers: by default those that browsers trust (certifi). `seconds` bounds
    the whole exchange from the first packet, however slowly bytes arrive; only looking a name up lies outside of it,
    which the system's resolver bounds by itself.
    """

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        # One context for all connections: loading the authorities takes longer than reading a page.
        trust = trust or ssl.create_default_context(cafile=certifi.where())
        self._sessions = {private: _session(private, trust) for private in (False, True)}
        self._watchdog = _Watchdog()

    def exchange(self, address: str, headers: Mapping[str, str], *, private: bool, limit: int, seconds: float) -> Reply:
        """GET one address without following redirects; raises an ExchangeError."""
        with self._watchdog.watching(seconds) as line:
            try:
                reply = self._download(address, headers, private, limit)
            except ExchangeError:
                raise
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                if line.expired:
                    raise TooLateError(f"not complete after {seconds:g} s") from error
                raise NoConnectionError(_plain(error)) from error
            # A body without a declared length ends without an error when we hang up: it must not pass for a whole page.
            if line.expired:
                raise TooLateError(f"not complete after {seconds:g} s")
            return reply

    def _download(self, address: str, headers: Mapping[str, str], private: bool, limit: int) -> Reply:
        session = self._sessions[private]
        with session.get(
            address, headers=headers, stream=True, allow_redirects=False, timeout=(_CONNECT, _READ)
        ) as response:
            body = bytearray()
            if response.status_code == 200:
                for chunk in response.iter_content(_CHUNK):
                    body += chunk
                    if len(body) > limit:
                        raise TooLargeError(f"more than {limit:,} bytes")
            else:
                # The answer to an error is of no use, but a connection whose answer was read can be used again.
                response.raw.read(_CHUNK, decode_content=False)
            return Reply(response.status_code, response.reason or "", response.headers, bytes(body))

    def stop(self) -> None:
        """Hang up on everything that is being read."""
        self._watchdog.hang_up_all()

    def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            session.close()
        self._watchdog.close()


class _Line:
    """The socket that one exchange waits on, kept as a duplicate, which also reaches a TLS handshake under way."""

    def __init__(self, due: float) -> None:
        self.due = due
        self.expired = False
        self._sock: socket.socket | None = None
        self._guard = threading.Lock()

    def use(self, sock: socket.socket) -> None:
        duplicate = socket.fromfd(sock.fileno(), sock.family, sock.type)
        with self._guard:
            if self._sock is not None:
                self._sock.close()
            self._sock = duplicate
        if self.expired:
            self.hang_up()

    def hang_up(self) -> None:
        self.expired = True
        with self._guard:
            if self._sock is not None:
                # Already closed by the other side: there is nothing left to wait for.
                with suppress(OSError):
                    self._sock.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        with self._guard:
            if self._sock is not None:
                self._sock.close()
                self._sock = None


class _Current(threading.local):
    """The line of the exchange that this thread is in."""

    line: _Line | None = None


_current = _Current()


class _Watchdog:
    """Hangs up on exchanges whose time is over: one thread for all of them, started with the first."""

    def __init__(self) -> None:
        self._lines: set[_Line] = set()
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, seconds: float) -> Iterator[_Line]:
        line = _Line(time.monotonic() + seconds)
        with self._guard:
            self._lines.add(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
        _current.line = line
        try:
            yield line
        finally:
            _current.line = None
            with self._guard:
                self._lines.discard(line)
            line.release()

    def _run(self) -> None:
        while not self._closed.wait(_LOOKS):
            now = time.monotonic()
            with self._guard:
                late = [line for line in self._lines if line.due <= now]
            for line in late:
                line.hang_up()

    def hang_up_all(self) -> None:
        with self._guard:
            lines = list(self._lines)
        for line in lines:
            line.hang_up()

    def close(self) -> None:
        self._closed.set()


class _WatchedMixin:
    """Tells the exchange which socket it waits on: a new one before TLS begins, or one from the pool.

    The socket itself, not the connection: that one lets go of it as soon as the headers are read.
    """

    sock: socket.socket | None

    def _new_conn(self) -> Any:
        sock = super()._new_conn()  # type: ignore[misc]
        if _current.line is not None:
            _current.line.use(sock)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        if _current.line is not None and self.sock is not None:
            _current.line.use(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]


class _PublicMixin(_WatchedMixin):
    """Refuses private addresses where it cannot be fooled: on the connected socket, after DNS and every redirect."""

    def _new_conn(self) -> Any:
        sock = super()._new_conn()
        address = sock.getpeername()[0]
        if not is_public(address):
            sock.close()
            raise RefusedAddressError(f"{self.host} is the private address {address}")  # type: ignore[attr-defined]
        return sock


class _HTTP(_WatchedMixin, urllib3.connection.HTTPConnection):
    pass


class _HTTPS(_WatchedMixin, urllib3.connection.HTTPSConnection):
    pass


class _PublicHTTP(_PublicMixin, urllib3.connection.HTTPConnection):
    pass


class _PublicHTTPS(_PublicMixin, urllib3.connection.HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """Requests over our own connections and one TLS context."""

    def __init__(self, private: bool, trust: ssl.SSLContext) -> None:
        self._trust = trust
        http, https = (_HTTP, _HTTPS) if private else (_PublicHTTP, _PublicHTTPS)
        self._pools = {
            "http": type("Pool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("TLSPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": https}),
        }
        super().__init__(pool_connections=_OPEN_POOLS, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._trust, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the shared context alone: the base class would load all authorities again for each connection."""
        conn.cert_reqs = "CERT_REQUIRED"


class _Session(requests.Session):
    """Leaves redirects alone: the base class reads the whole body of one, however large, before it gives it back."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is nothing to follow."""


def _session(private: bool, trust: ssl.SSLContext) -> requests.Session:
    session = _Session()
    session.trust_env = False  # no proxy or .netrc from the environment: the address check must see the real peer
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for prefix in ("http://", "https://"):
        session.mount(prefix, _Adapter(private, trust))
    return session


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


def _plain(error: BaseException) -> str:
    """Return the innermost reason of a network error, without object addresses."""
    while inner := next((part for part in reversed(error.args) if isinstance(part, BaseException)), None):
        error = inner
    text = str(getattr(error, "reason", error)) or type(error).__name__
    # What stands before a colon behind brackets is the library's name for its connection.
    return re.sub(r"^\W?\w+\([^)]*\):\s*", "", text.split(">: ")[-1])[:200]
