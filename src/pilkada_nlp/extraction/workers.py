"""Extraction in processes of their own, with a limit of time and memory, really killed and replaced when they pass it.

A page can make a parser run for minutes, take all memory or crash. None of that may stop the day, and threads cannot be
stopped. So a worker is this module run as a program: jobs come in on its standard input, answers go out on its standard
output, each as four bytes of length and a MessagePack value. It ends when its input ends, so it never outlives its
parent for long.
"""

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

import msgspec

from pilkada_nlp.article import Article, Outlet, Page, Rejection
from pilkada_nlp.extraction import extract

SECONDS: Final = 5.0
MEGABYTES: Final = 450
_MOST_WORKERS: Final = 4
_LIFE: Final = 2000  # pages, after which a worker is replaced: parsers leak
_START: Final = 60.0  # seconds until a new worker must be ready, on a machine under load
_LENGTH: Final = 4  # bytes
_CHUNK: Final = 1 << 16


class Job(NamedTuple):
    """All that `extract` is given for one article."""

    page: Page
    outlet: Outlet | None
    continuation: Sequence[Page] = ()


class _Order(msgspec.Struct, frozen=True):
    page: Page
    outlet: Outlet | None
    continuation: tuple[Page, ...]


class _Answer(msgspec.Struct, frozen=True):
    article: Article | None = None
    rejection: Rejection | None = None
    spent: bool = False  # the worker cannot be relied on any more and ends


class Workers:
    """Processes that extract; use as a context manager, which ends them.

    `seconds` of wall-clock time and `megabytes` of memory are the limits for one article. `count` processes at most
    work side by side (None: one a processor, four at most); each is started when there is work for it.
    """

    def __init__(self, *, count: int | None = None, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> None:
        self._count = count or min(_MOST_WORKERS, os.cpu_count() or 1)
        self._seconds = seconds
        self._megabytes = megabytes
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in (*self._idle, *self._busy):
            worker.kill()
        self._idle.clear()
        self._busy.clear()

    def extract(self, jobs: Iterable[Job]) -> Iterator[Article | Rejection]:
        """Yield what became of each job, in order.

        A page that passes a limit or breaks its worker gives a rejection ("unreadable") that says so, and the next
        page gets a new worker.
        """
        waiting = enumerate(jobs)
        done: dict[int, Article | Rejection] = {}
        following = 0
        more = True
        while more or self._busy or done:
            while more and len(self._busy) < self._count:
                number, job = next(waiting, (0, None))
                if job is None:
                    more = False
                else:
                    self._give(number, job)
            done.update(self._collect())
            while following in done:
                yield done.pop(following)
                following += 1

    def _give(self, number: int, job: Job) -> None:
        worker = self._idle.pop() if self._idle else _Worker(self._seconds, self._megabytes)
        self._busy.append(worker)
        worker.begin(number, job)

    def _collect(self) -> Iterator[tuple[int, Article | Rejection]]:
        """Wait until a worker answers, ends or passes its time; yield every result there is then."""
        if not self._busy:
            return
        with selectors.DefaultSelector() as waiting:
            for worker in self._busy:
                waiting.register(worker.output, selectors.EVENT_READ, worker)
            ready = {
                key.data for key, _ in waiting.select(max(0.0, min(w.deadline for w in self._busy) - time.monotonic()))
            }
        for worker in list(self._busy):
            result = worker.read() if worker in ready else None
            if result is None and time.monotonic() >= worker.deadline:
                result = worker.overdue()
            if result is not None:
                self._busy.remove(worker)
                if worker.usable:
                    self._idle.append(worker)
                else:
                    worker.kill()
                yield worker.number, result


class _Worker:
    """One process and the job that it works on."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        self.number = 0
        self.usable = True
        self.deadline = 0.0
        self._seconds = seconds
        self._megabytes = megabytes
        self._served = 0
        self._page: Page | None = None
        self._buffer = bytearray()
        # -P: a module in the working directory must not stand in for one of ours.
        command = [sys.executable, "-P", "-m", "pilkada_nlp.extraction.workers", str(megabytes), str(seconds)]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )

    @property
    def output(self) -> IO[bytes]:
        """Where the process answers."""
        assert self._process.stdout is not None  # noqa: S101  # it was opened with a pipe
        return self._process.stdout

    def begin(self, number: int, job: Job) -> None:
        """Hand over a job."""
        self.number = number
        self._page = job.page
        self._served += 1
        # A new process has to start first; that is not the page's fault.
        self.deadline = time.monotonic() + self._seconds + (_START if self._served == 1 else 0)
        order = msgspec.msgpack.encode(_Order(job.page, job.outlet, tuple(job.continuation)))
        with contextlib.suppress(BrokenPipeError):  # it has ended; reading will tell
            assert self._process.stdin is not None  # noqa: S101
            self._process.stdin.write(len(order).to_bytes(_LENGTH) + order)
            self._process.stdin.flush()

    def read(self) -> Article | Rejection | None:
        """Return the result when all of it is there; the process may have ended instead."""
        piece = os.read(self.output.fileno(), _CHUNK)
        if not piece:
            return self._broken()
        self._buffer += piece
        if self._buffer[:_LENGTH] == _READY:
            del self._buffer[:_LENGTH]
            self.deadline = time.monotonic() + self._seconds
        size = int.from_bytes(self._buffer[:_LENGTH])
        if len(self._buffer) < max(1, size) + _LENGTH:
            return None
        answer = msgspec.msgpack.decode(bytes(self._buffer[_LENGTH : _LENGTH + size]), type=_Answer)
        self._buffer.clear()
        self.usable = not answer.spent and self._served < _LIFE
        return answer.article or answer.rejection

    def overdue(self) -> Rejection:
        """Return the rejection of a page that takes too long; the process is of no use any more."""
        self.usable = False
        return self._rejection(f"extraction was stopped after {self._seconds:g} seconds")

    def _broken(self) -> Rejection:
        self.usable = False
        status = self._process.wait()
        if status == -signal.SIGALRM:
            return self.overdue()
        cause = signal.Signals(-status).name if status < 0 else f"status {status}"
        return self._rejection(f"extraction broke off ({cause}), perhaps for want of {self._megabytes} MB of memory")

    def _rejection(self, detail: str) -> Rejection:
        assert self._page is not None  # noqa: S101  # called for a job that was begun
        return _rejected(self._page, detail)

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()


_READY: Final = (0).to_bytes(_LENGTH)  # an answer of no length: the process has started


def _rejected(page: Page, detail: str) -> Rejection:
    return Rejection(
        url=page.requested_url,
        outlet=page.outlet,
        stage="extract",
        reason="unreadable",
        detail=detail,
        at=page.fetched_at,
    )


def _answer(order: _Order, megabytes: int) -> _Answer:
    try:
        result = extract(order.page, order.outlet, order.continuation)
    except Exception as error:
        # Whatever a page does to a parser, it is said and set aside; the process may be damaged and ends. Where memory
        # ran out, lxml has no clear word for it.
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        short = isinstance(error, MemoryError) or 2 * used > megabytes
        cause = f"more memory than {megabytes} MB needed? " if short else ""
        return _Answer(rejection=_rejected(order.page, f"{cause}{type(error).__name__}: {error}"[:200]), spent=True)
    return _Answer(article=result) if isinstance(result, Article) else _Answer(rejection=result)


def _serve(megabytes: int, seconds: float) -> None:
    """Answer jobs until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to act on
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    answers.write(_READY)
    answers.flush()
    orders = msgspec.msgpack.Decoder(_Order)
    while head := sys.stdin.buffer.read(_LENGTH):
        order = orders.decode(sys.stdin.buffer.read(int.from_bytes(head)))
        # The parent stops a slow page; this is for a parent that has been killed.
        signal.setitimer(signal.ITIMER_REAL, 2 * seconds + 1)
        answer = _answer(order, megabytes)
        signal.setitimer(signal.ITIMER_REAL, 0)
        reply = msgspec.msgpack.encode(answer)
        answers.write(len(reply).to_bytes(_LENGTH) + reply)
        answers.flush()
        if answer.spent:
            return


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]))
