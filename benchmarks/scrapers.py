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


def serve(pipe: Connection, outlets: int, articles: int, ports: int) -> None:
    """Serve `outlets` sites over so many ports until the pipe closes; one port is one host to a client."""
    asked = {"full": 0, "unmodified": 0, "robots": 0, "page": 0}

    def answer(path: str, head: bytes, port: int) -> tuple[bytes, float]:
        if path == "/robots.txt":
            asked["robots"] += 1
            return _response(b"User-agent: *\nDisallow: /wp-admin/\n", "text/plain"), 0.0
        if path == "/asked":
            return _response(json.dumps(asked).encode(), "application/json"), 0.0
        if path.startswith("/feed"):
            if b'if-none-match: "satu"' in head.lower():
                asked["unmodified"] += 1
                return b'HTTP/1.1 304 Not Modified\r\nETag: "satu"\r\n\r\n', 0.0
            asked["full"] += 1
            return _response(_feed(path, port, articles), "application/rss+xml", b'ETag: "satu"\r\n'), 0.0
        asked["page"] += 1
        return _response(_PAGE, "text/html"), _DELAY

    async def run() -> None:
        servers = []
        for _ in range(ports):
            servers.append(await asyncio.get_running_loop().create_server(lambda: _Protocol(answer), "127.0.0.1", 0))
        pipe.send([server.sockets[0].getsockname()[1] for server in servers])
        while not pipe.poll():
            await asyncio.sleep(0.1)

    asyncio.run(run())


class _Protocol(asyncio.Protocol):
    """As little HTTP as will do, so that the server takes little of the machine."""

    def __init__(self, answer: Callable[[str, bytes, int], tuple[bytes, float]]) -> None:
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
        response, delay = self._answer(path, head, self._transport.get_extra_info("sockname")[1])
        if delay:
            asyncio.get_running_loop().call_later(delay, self._transport.write, response)
        else:
            self._transport.write(response)


def _response(body: bytes, kind: str, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s" % (kind.encode(), len(body), more, body)


def _feed(path: str, port: int, articles: int) -> bytes:
    name = path.rpartition("/")[2]
    items = "".join(
        f"<item><title>Judul {number}</title><link>http://127.0.0.1:{port}/{name}/{number}</link>"
        "<pubDate>Thu, 21 Nov 2024 14:05:00 +0800</pubDate></item>"
        for number in range(articles)
    )
    return f'<rss version="2.0"><channel><title>Uji</title>{items}</channel></rss>'.encode()


@contextmanager
def server(outlets: int, articles: int, ports: int) -> Iterator[list[int]]:
    """Serve while the context lasts, and give the ports."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, outlets, articles, ports))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def fetch(folder: Path, ports: list[int], outlets: int, rounds: int) -> list[dict[str, float]]:
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
            home=(home := f"http://127.0.0.1:{ports[number % len(ports)]}"),
            feeds=(f"{home}/feed/{number}",),
            pace=0.0,
            allow_private=True,
        )
        for number in range(outlets)
    ]
    fetcher = Fetcher("uji@contoh.id", clock=lambda: now)
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


def peer(ports: list[int], articles: int, threads: int) -> dict[str, float]:
    """Read the same pages with bare sessions of requests."""
    import requests

    def read(number: int) -> int:
        with requests.Session() as session:
            session.trust_env = False
            return sum(
                session.get(f"http://127.0.0.1:{ports[number]}/{number}/{article}", timeout=30).status_code == 200
                for article in range(articles)
            )

    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        pages = sum(pool.map(read, range(len(ports))))
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "pages": pages,
        "seconds": time.monotonic() - began,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def asked(port: int) -> dict[str, int]:
    """Return what the server has been asked for."""
    import requests

    counts: dict[str, int] = requests.get(f"http://127.0.0.1:{port}/asked", timeout=30).json()
    return counts


def _alone(*args: str) -> list[dict[str, float]]:
    """Run a part of this module in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.scrapers", *args]
    results: list[dict[str, float]] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return results


def main() -> None:
    """Print all figures as one Markdown table."""
    print("| figure | measured | mark |\n|---|--:|---|")
    figures: list[Figure] = []
    with server(200, 50, 200) as ports, tempfile.TemporaryDirectory() as folder:
        (bare,) = _alone("peer", json.dumps(ports), "50")
        (own,) = _alone("fetch", folder, json.dumps(ports), "200", "1")
    figures += [
        Figure("200 outlets x 50 articles, 50 ms delay", own["pages"] / own["seconds"], "pages/s", 300, True),
        Figure("the same by bare requests in 48 threads", bare["pages"] / bare["seconds"], "pages/s"),
        Figure("CPU a page, everything included", 1000 * own["cpu"] / own["pages"], "ms"),
        Figure("CPU a page, bare requests", 1000 * bare["cpu"] / bare["pages"], "ms"),
        Figure("peak memory", own["megabytes"], "MB", 250),
    ]
    with server(10_000, 0, 200) as ports, tempfile.TemporaryDirectory() as folder:
        first, second = _alone("fetch", folder, json.dumps(ports), "10000", "2")
        counts = asked(ports[0])
    figures += [
        Figure("second round of 10,000 unchanged feeds: answered with 304", counts["unmodified"], "", 10_000, True),
        Figure("second round: any other request", counts["full"] - 10_000 + counts["page"] + counts["robots"] - 200, "", 0),
        Figure("first round, CPU a feed", 100 * first["cpu"] / 1000, "ms"),
        Figure("second round, CPU a feed", 100 * second["cpu"] / 1000, "ms"),
    ]
    with server(10_000, 0, 1000) as ports:
        sizes = {}
        for outlets in (1000, 10_000):
            with tempfile.TemporaryDirectory() as folder:
                sizes[outlets] = _alone("fetch", folder, json.dumps(ports), str(outlets), "1")[0]["megabytes"]
    figures.append(Figure("memory for each outlet more", (sizes[10_000] - sizes[1000]) * 1024 / 9000, "kB", 20))
    for figure in figures:
        print(figure.line(), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["fetch"]:
        where, over, many, times = sys.argv[2:]
        print(json.dumps(fetch(Path(where), json.loads(over), int(many), int(times))))
    elif sys.argv[1:2] == ["peer"]:
        over, many = sys.argv[2:]
        print(json.dumps([peer(json.loads(over), int(many), 48)]))
    else:
        main()
