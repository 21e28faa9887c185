"""Real parts for the tests: a scriptable HTTP server, a fetcher for it, the measuring data where there are any."""

import ctypes
import gc
import os
import platform
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pilkada_nlp.article import Article, Outlet, Page
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.scrapers import Fetcher

# The model that a developer may have put in service, and an archive of theirs, are none of the tests' business.
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="pilkada-tests-")
os.environ.pop("PILKADA_LANG", None)  # nor is the language of theirs

NOW = datetime(2024, 11, 21, 15, 30, tzinfo=UTC)

Route = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    """Says nothing when a client hangs up, as clients of these tests do on purpose."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Site:
    """A web site on loopback: `routes` maps a path to what answers it; `asked` lists the paths asked for."""

    def __init__(self, port: int = 0) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                route = site.routes.get(self.path.split("?")[0])
                if route is None:
                    self.send_error(404)
                else:
                    route(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
                """Keep quiet."""

        self.server = _Server(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.home = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()

    def page(self, path: str, body: str | bytes, kind: str = "text/html; charset=utf-8") -> str:
        """Serve `body` at `path` and return its address."""
        content = body.encode() if isinstance(body, str) else body

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        self.routes[path] = answer
        return self.home + path

    def reply(self, path: str, *answers: tuple[int, dict[str, str], bytes]) -> str:
        """Answer at `path` with (status, headers, body), one after another, the last for ever; return its address."""
        left = list(answers)

        def answer(handler: BaseHTTPRequestHandler) -> None:
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        self.routes[path] = answer
        return self.home + path

    def outlet(self, **fields: Any) -> Outlet:
        """Return an outlet on this site, allowed to be on a private address."""
        return Outlet(**{"id": "uji", "name": "Uji", "home": self.home, "pace": 0.0, "allow_private": True, **fields})


class Time:
    """Time that passes only when somebody waits; `pauses` lists the waits."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.pauses: list[float] = []

    def clock(self) -> datetime:
        """Return the time of day."""
        return NOW + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self.passed

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.passed += seconds


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site on loopback."""
    site = Site()
    yield site
    site.close()


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    """A fetcher with a fixed clock and a short deadline, which tries again at once."""
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW, chance=lambda: 0.0, deadline=1.5)
    yield fetcher
    fetcher.close()


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    """The shipped tagger."""
    return load_tagger()


@pytest.fixture(scope="session")
def measure() -> Path:
    """The folder of measuring data, or a skip that says how to set it."""
    folder = os.environ.get("PILKADA_MEASURE")
    if not folder or not (Path(folder) / "data").is_dir():
        pytest.skip("needs real texts: set PILKADA_MEASURE to the folder that holds the measuring data")
    return Path(folder)


def page_of(body: str | bytes, url: str = "https://contoh.id/berita/satu", **fields: Any) -> Page:
    """Return a fetched page with this body."""
    content = body.encode() if isinstance(body, str) else body
    standard = {"outlet": "uji", "fetched_at": NOW, "status": 200, "content_type": "text/html"}
    return Page(**{"requested_url": url, "url": url, "body": content, **standard, **fields})


def article_of(text: str, title: str = "", **fields: Any) -> Article:
    """Return an article with this text."""
    standard = {"id": "a", "url": "https://contoh.id/a", "outlet": "uji", "day": NOW.date(), "fetched_at": NOW}
    standard["published_on"] = fields.get("day", NOW.date())
    return Article(**{"title": title, "text": text, **standard, **fields})


def instructions(action: Callable[[], object]) -> int:
    """Return how many machine instructions `action` takes in this thread, as the processor counts them.

    Unlike time they hardly depend on what else the machine does. Skips the test where the counter is not to be had.
    """
    attributes = bytearray(128)  # struct perf_event_attr of linux/perf_event.h: hardware counter 1, user space only
    struct.pack_into("<IIQ", attributes, 0, 0, len(attributes), 1)
    struct.pack_into("<Q", attributes, 40, 1 << 5 | 1 << 6)
    buffer = (ctypes.c_char * len(attributes)).from_buffer(attributes)
    counter = ctypes.CDLL(None).syscall(298, buffer, 0, -1, -1, 0) if platform.machine() == "x86_64" else -1
    if counter < 0:
        pytest.skip("this machine does not let a process count its instructions")
    try:
        gc.disable()  # its passes over all objects come when they come
        before = int.from_bytes(os.read(counter, 8), "little")
        action()
        return int.from_bytes(os.read(counter, 8), "little") - before
    finally:
        gc.enable()
        os.close(counter)
