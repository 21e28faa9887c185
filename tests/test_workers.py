"""Extraction in processes with limits: a page that takes too long, too much memory or its process, and the next one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pilkada_nlp.article import Article, Rejection
from pilkada_nlp.extraction import extract
from pilkada_nlp.extraction.workers import Job, Workers
from tests.conftest import page_of

BODY = "".join(f"<p>Paragraf nomor {n} berisi kabar tentang rapat di kantor kecamatan pagi itu.</p>" for n in range(6))


def page_job(name: str, body: str = BODY) -> Job:
    """Return a job with a page of its own."""
    page = page_of(
        f'<h1>Judul halaman {name} di sini</h1><div class="entry-content">{body}</div>', f"https://contoh.id/b/{name}"
    )
    return Job(page, None)


def children() -> list[int]:
    """Return the processes that this one has started and that still run."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    if not listed.exists():
        pytest.skip("needs Linux to list the processes that were started")
    return [int(number) for number in listed.read_text().split()]


def test_results_come_in_the_order_of_the_pages() -> None:
    """Several processes give what one call gives, article or refusal, page by page."""
    jobs = [page_job(str(n), BODY if n % 3 else "<p>pendek</p>") for n in range(25)]
    with Workers(count=2) as workers:
        assert list(workers.extract(jobs)) == [extract(job.page) for job in jobs]
        assert len(list(workers.extract(jobs[:2]))) == 2
    assert list(Workers().extract([])) == []


@pytest.mark.parametrize(
    ("blow", "said"), [(signal.SIGSTOP, "stopped after 0.5 seconds"), (signal.SIGKILL, "broke off (SIGKILL)")]
)
def test_a_worker_that_hangs_or_dies_is_replaced(blow: signal.Signals, said: str) -> None:
    """Its page is set aside with the reason, its process is gone, and the next page is extracted by a new one."""
    before = set(children())
    struck: list[int] = []

    def jobs() -> Iterator[Job]:
        yield page_job("satu")
        struck.extend(set(children()) - before)
        os.kill(struck[0], blow)
        yield page_job("dua")
        yield page_job("tiga")

    with Workers(count=1, seconds=0.5) as workers:
        first, second, third = workers.extract(jobs())
        assert isinstance(first, Article)
        assert isinstance(second, Rejection)
        assert (second.reason, second.stage, second.url) == ("unreadable", "extract", "https://contoh.id/b/dua")
        assert said in second.detail
        assert isinstance(third, Article)
        assert len(struck) == 1
        assert struck[0] not in children()
    assert set(children()) <= before


def test_a_page_that_needs_too_much_memory_is_set_aside() -> None:
    """The limit holds for the process of the worker; its next page is read all the same."""
    heavy = page_job("berat", "<p><b>a</b>" * 300_000)
    with Workers(count=1, seconds=20, megabytes=150) as workers:
        first, second = workers.extract([heavy, page_job("ringan")])
    assert isinstance(first, Rejection)
    assert first.reason == "unreadable"
    assert "memory" in first.detail
    assert isinstance(second, Article)


def test_no_process_is_left_behind() -> None:
    """Leaving the context ends the workers, busy or idle."""
    before = set(children())
    workers = Workers(count=1)
    assert isinstance(next(workers.extract([page_job("satu")])), Article)
    assert set(children()) - before
    with workers:
        pass
    assert set(children()) <= before
