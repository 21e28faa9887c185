"""Measures fetching on loopback, with a server in a process of its own; run by `make bench`.

Rates are wall clock, because the server's delay and the overlap of requests are what is measured; CPU seconds of the
fetching process stand beside them, because machines are shared. The peer is a loop of bare `requests` sessions over
threads, one session a host, which does nothing else: no robots.txt, no pace, no deadline, no archive.
"""

import asyncio
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.figures import Figure

_DELAY = 0.05  # seconds before each answer about an article
_WORDS = "Panitia pengawas mencatat jalannya tahapan dan mengumumkan hasilnya kepada warga kecamatan. "
_PAGE = ("<html><h1>Judul</h1><div class='entry-content'>" + f"<p>{_WORDS * 3}</p>" * 60 + "</div></html>").encode()


def serve(pipe: Connection, articles: int) -> None:
    """Serve until the pipe is written to; each address of this machine (127.0.0.0/8) is a site of its own."""
    asked = {"full": 0, "unmodified": 0, "robots": 0, "page": 0}

    def answer(path: str, head: bytes) -> tuple[bytes, float]:
        if path == "/asked":
            return _response(json.dumps(asked).encode(), "application/json"), 0.0
        if path == "/robots.txt":
            asked["robots"] += 1
            return _response(b"User-agent: *\nDisallow: /wp-admin/\n", "text/plain"), 0.0
        if path == "/feed":
            if b'if-none-match: "satu"' in head.lower():
                asked["unmodified"] += 1
                return b'HTTP/1.1 304 Not Modified\r\nETag: "satu"\r\n\r\n', 0.0
            asked["full"] += 1
            host = head.lower().partition(b"host: ")[2].partition(b"\r\n")[0].decode()
            return _response(_feed(host, articles), "application/rss+xml", b'ETag: "satu"\r\n'), 0.0
        asked["page"] += 1
        return _response(_PAGE, "text/html"), _DELAY

    async def run() -> None:
        loop = asyncio.get_running_loop()
        # All of 127.0.0.0/8 can only be had by listening everywhere; the door is open for as long as the benchmark.
        server = await loop.create_server(lambda: _Protocol(answer), "0.0.0.0", 0, backlog=512)  # noqa: S104
        pipe.send(server.sockets[0].getsockname()[1])
        while not pipe.poll():
            await asyncio.sleep(0.1)

    asyncio.run(run())


class _Protocol(asyncio.Protocol):
    """As little HTTP as will do, so that the server takes little of the machine."""

    def __init__(self, answer: Callable[[str, bytes], tuple[bytes, float]]) -> None:
        self._answer = answer
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what a TCP server gives
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            return
        head, self._buffer = self._buffer, b""
        path = head.split(b" ", 2)[1].decode()
        response, delay = self._answer(path, head)
        if delay:
            asyncio.get_running_loop().call_later(delay, self._transport.write, response)
        else:
            self._transport.write(response)


def _response(body: bytes, kind: str, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s" % (
        kind.encode(),
        len(body),
        more,
        body,
    )


def _feed(host: str, articles: int) -> bytes:
    items = "".join(
        f"<item><title>Judul {number}</title><link>http://{host}/{number}</link>"
        "<pubDate>Thu, 21 Nov 2024 14:05:00 +0800</pubDate></item>"
        for number in range(articles)
    )
    return f'<rss version="2.0"><channel><title>Uji</title>{items}</channel></rss>'.encode()


@contextmanager
def server(articles: int) -> Iterator[int]:
    """Serve feeds of so many articles while the context lasts, and give the port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, articles))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def home(number: int, port: int) -> str:
    """Return the address of a site; each has an address of this machine to itself."""
    return f"http://127.0.{1 + number // 250}.{1 + number % 250}:{port}"


def fetch(folder: Path, port: int, outlets: int, rounds: int) -> list[dict[str, float]]:
    """Read so many outlets into an archive of `folder`, so many times, and say what each round took."""
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article import Outlet
    from pilkada_nlp.fetching import fetch_outlets
    from pilkada_nlp.scrapers import Fetcher, Period

    now = datetime(2024, 11, 21, 15, tzinfo=UTC)
    archive = Archive(f"sqlite:///{folder / 'a.db'}")
    chosen = [
        Outlet(
            id=f"o{number}",
            name=f"O{number}",
            home=home(number, port),
            feeds=(home(number, port) + "/feed",),
            pace=0.0,
            allow_private=True,
        )
        for number in range(outlets)
    ]
    fetcher = Fetcher("uji@contoh.id", robots=archive.robots(), clock=lambda: now)
    results = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.monotonic()
        report = fetch_outlets(
            chosen, archive, fetcher, Period(datetime(2024, 11, 1, tzinfo=UTC)), day=now.date(), all_sources=True
        )
        after = resource.getrusage(resource.RUSAGE_SELF)
        results.append(
            {
                "pages": report.pages,
                "asked": len(report.asked),
                "failed": sum(report.set_aside.values()),
                "seconds": time.monotonic() - began,
                "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                "megabytes": after.ru_maxrss / 1024,
            }
        )
    fetcher.close()
    archive.close()
    return results


def peer(port: int, outlets: int, articles: int) -> list[dict[str, float]]:
    """Read the same pages with bare sessions of requests, as many threads as a crawl has."""
    import requests

    from pilkada_nlp.scrapers.fetcher import AT_ONCE

    def read(number: int) -> int:
        with requests.Session() as session:
            session.trust_env = False
            return sum(session.get(f"{home(number, port)}/{article}", timeout=30).ok for article in range(articles))

    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pages = sum(pool.map(read, range(outlets)))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [{"pages": pages, "seconds": time.monotonic() - began, "cpu": cpu}]


def _alone(*args: object) -> list[dict[str, float]]:
    """Run a part of this module in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.scrapers", *map(str, args)]
    results: list[dict[str, float]] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return results


def _asked(port: int) -> dict[str, int]:
    import requests

    counts: dict[str, int] = requests.get(f"http://127.0.0.1:{port}/asked", timeout=30).json()
    return counts


def pages() -> list[Figure]:
    """Measure 200 outlets with 50 articles each, into an archive, against the peer."""
    with server(50) as port, tempfile.TemporaryDirectory() as folder:
        (bare,) = _alone("peer", port, 200, 50)
        (own,) = _alone("fetch", folder, port, 200, 1)
    return [
        Figure("200 outlets × 50 articles, 50 ms delay, pace 0", own["pages"] / own["seconds"], "pages/s", 300, True),
        Figure("the same by bare requests", bare["pages"] / bare["seconds"], "pages/s"),
        Figure("CPU for a page, robots.txt to archive", 1000 * own["cpu"] / own["pages"], "ms"),
        Figure("CPU for a page, bare requests", 1000 * bare["cpu"] / bare["pages"], "ms"),
        Figure("peak memory", own["megabytes"], "MB", 250),
    ]


def feeds() -> list[Figure]:
    """Measure two rounds over 10,000 feeds that do not change, and the memory that outlets cost."""
    with server(0) as port:
        with tempfile.TemporaryDirectory() as folder:
            (few,) = _alone("fetch", folder, port, 1000, 1)
        before = _asked(port)
        with tempfile.TemporaryDirectory() as folder:
            (many,) = _alone("fetch", folder, port, 10_000, 1)
            between = _asked(port)
            (again,) = _alone("fetch", folder, port, 10_000, 1)
        after = _asked(port)
    first = {name: between[name] - before[name] for name in after}
    second = {name: after[name] - between[name] for name in after}
    return [
        Figure("first round of 10,000 feeds: feeds sent", first["full"], ""),
        Figure("second round, by a new process: answered with 304", second["unmodified"], "", 10_000, True),
        Figure("second round: requests besides", sum(second.values()) - second["unmodified"], "", 0),
        Figure("CPU for a feed, first round", 1000 * many["cpu"] / 10_000, "ms"),
        Figure("CPU for a feed, second round", 1000 * again["cpu"] / 10_000, "ms"),
        Figure("memory for each outlet more", (many["megabytes"] - few["megabytes"]) * 1024 / 9000, "kB", 20),
    ]


def main() -> None:
    """Print all figures as one Markdown table."""
    print("| figure | measured | mark |\n|---|--:|---|")
    for figure in [*pages(), *feeds()]:
        print(figure.line(), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fetch", folder, port, outlets, rounds]:
            print(json.dumps(fetch(Path(folder), int(port), int(outlets), int(rounds))))
        case ["peer", port, outlets, articles]:
            print(json.dumps(peer(int(port), int(outlets), int(articles))))
        case _:
            main()
