"""The health of sources: silence, failures and new layouts are noticed, and nothing else is."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Outlet, Selectors, SourceRecord
from pilkada_nlp.doctor import Health, examine
from tests.conftest import NOW, article_of, page_of

OUTLET = Outlet(
    id="uji",
    name="Uji",
    home="https://a.id",
    feeds=("https://a.id/feed",),
    selectors=(Selectors(title="h1.judul", body="div.isi"),),
)
RECORD = SourceRecord(
    outlet="uji", type="feed", address="https://a.id/feed", outcome="fetched", asked_at=NOW, succeeded_at=NOW
)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in a new file."""
    return Archive(f"sqlite:///{tmp_path / 'a.db'}")


def fill(
    archive: Archive, back: int, articles: int, body: str = "<h1 class=judul>J</h1><div class=isi>Isi</div>"
) -> None:
    """Store so many articles of a day so many days ago, each with its page."""
    for number in range(articles):
        url = f"https://a.id/{back}-{number}"
        page = page_of(body, url, fetched_at=NOW - timedelta(days=back))
        archive.add_pages([page])
        day = NOW.date() - timedelta(days=back)
        archive.add_extracted(page, article_of("isi", id=f"{back}-{number}", url=url, day=day), day)


def examined(archive: Archive, record: SourceRecord | None = RECORD) -> Health:
    """Return the health of the one source."""
    if record:
        archive.add_source_record(record)
    (health,) = examine([OUTLET], archive, NOW)
    return health


def test_a_healthy_source_needs_nobody(archive: Archive) -> None:
    """As many articles as usual, an answer today, selectors that find what they should."""
    for back in range(1, 10):
        fill(archive, back, 4)
    health = examined(archive)
    assert (health.yesterday, health.usual, health.failures, health.needs) == (4, 4.0, 0, ())
    assert health.found == {"title": 1.0, "body": 1.0}
    assert health.succeeded_at == NOW


def test_silence_is_measured_by_the_outlets_own_median(archive: Archive) -> None:
    """No article yesterday where there are usually four is silence."""
    for back in range(2, 10):
        fill(archive, back, 4)
    assert examined(archive).needs == ("silent: 0 articles yesterday, usually 4 a day",)


def test_a_small_outlet_is_silent_after_some_days(archive: Archive) -> None:
    """One article a day is usual: none yesterday says nothing, none on three days does."""
    for back in range(3, 12):
        fill(archive, back, 1)
    assert examined(archive).needs == ()
    shifted = examine([OUTLET], archive, NOW + timedelta(days=1))[0]
    assert shifted.needs == ("silent: 0 articles in 3 days, usually 1 a day",)


def test_a_quiet_outlet_is_not_called_silent(archive: Archive) -> None:
    """An outlet with an article now and then may have none."""
    fill(archive, 5, 2)
    assert examined(archive).needs == ()


def test_a_new_layout_is_noticed(archive: Archive) -> None:
    """A selector that finds nothing on most of the newest pages is named with its figures."""
    for back in range(1, 4):
        fill(archive, back, 3, "<h1 class=judul>J</h1><section>Isi</section>")
    health = examined(archive)
    assert health.found == {"title": 1.0, "body": 0.0}
    assert health.needs == ("selector of body (div.isi) finds something on 0 of 9 pages",)


def test_failures_in_a_row_need_a_person(archive: Archive) -> None:
    """The third failure is told with its reason; the first two are not."""
    failing = msgspec.structs.replace(RECORD, outcome="failed", reason="connection", detail="refused", failures=2)
    assert examined(archive, failing).needs == ()
    health = examined(archive, msgspec.structs.replace(failing, failures=3))
    assert health.needs == ("failed 3 times in a row: connection (refused)",)


def test_a_run_that_does_not_come_is_noticed(archive: Archive) -> None:
    """A source that was not asked for days, while one that was never asked is only new."""
    archive.add_source_record(msgspec.structs.replace(RECORD, address="https://a.id/lain"))
    assert examined(archive, None).needs == ()
    old = msgspec.structs.replace(RECORD, asked_at=NOW - timedelta(days=3))
    assert "not asked since 2024-11-18" in examined(archive, old).needs[0]


def test_broken_pages_do_not_stop_the_examination(archive: Archive) -> None:
    """Pages that are none are left out of the share."""
    for number, body in enumerate((b"", b"\x00", b"<!-- -->")):
        archive.add_pages([page_of(body, f"https://a.id/rusak{number}")])
    assert examined(archive).needs == ()


def test_an_archive_in_which_nothing_was_asked_is_doubted(archive: Archive) -> None:
    """A misspelt archive is empty, which must not look like health."""
    assert "is it the right one" in examined(archive, None).needs[0]
