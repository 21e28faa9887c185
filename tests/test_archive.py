"""The archive on real SQLite files: what goes in comes out, and trouble is said in a sentence."""

import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest

from pilkada_nlp.archive import Archive, default_archive
from pilkada_nlp.article import Reason, Rejection, Robots, SourceRecord
from pilkada_nlp.errors import ArchiveError
from pilkada_nlp.stories import build_stories
from pilkada_nlp.watchlist import build_watchlist
from tests.conftest import NOW, article_of, page_of
from tests.test_stories import INDEPENDENCE, tagging_of

DAY = NOW.date()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in a new file."""
    return Archive(f"sqlite:///{tmp_path / 'a.db'}")


def rejected(url: str = "https://a.id/x", reason: Reason = "consent_wall") -> Rejection:
    """Return a rejection."""
    return Rejection(url=url, outlet="uji", stage="extract", reason=reason, detail="rinci", at=NOW)


def test_pages_wait_for_extraction_once(archive: Archive) -> None:
    """Pages come out as they went in, all parts together, until extraction has seen them."""
    first = page_of(b"satu\xff", "https://a.id/x", announced_at=NOW)
    second = page_of("dua", "https://a.id/x?page=2", part=2)
    archive.add_pages([first, second])
    archive.add_pages([first, second])
    waiting = list(zip(range(2), archive.unextracted(), strict=False))
    assert [pages for _, pages in waiting] == [[(first, second)], [(first, second)]]
    archive.add_extracted(first, article_of("isi", id="x"), DAY)
    assert list(archive.unextracted()) == []
    assert archive.articles(DAY, DAY) == [article_of("isi", id="x")]


def test_a_second_address_of_an_article_is_recorded(archive: Archive) -> None:
    """The first one read stays, and the other is set aside with the reason."""
    one, two = page_of("isi", "https://a.id/satu"), page_of("isi", "https://a.id/dua")
    for page in (one, two):
        archive.add_pages([page])
        archive.add_extracted(page, article_of("isi", id="x", url=page.url), DAY)
    assert [article.url for article in archive.articles(DAY, DAY)] == ["https://a.id/satu"]
    assert [(gone.url, gone.reason) for gone in archive.rejections(DAY)] == [("https://a.id/dua", "duplicate")]


def test_what_need_not_be_fetched_again(archive: Archive) -> None:
    """Fetched addresses and final refusals are known; passing failures are tried again, and forgotten on success."""
    archive.add_pages([page_of("isi", "https://a.id/ada")])
    archive.add_rejection(rejected("https://a.id/tua", "gone"), DAY)
    archive.add_rejection(rejected("https://a.id/lambat", "deadline"), DAY)
    assert len(archive.known()) == 2
    archive.add_pages([page_of("isi", "https://a.id/lambat")])
    assert len(archive.known()) == 3
    assert [rejection.url for rejection in archive.rejections(DAY)] == ["https://a.id/tua"]


def test_too_old_depends_on_how_far_back_one_asks(archive: Archive) -> None:
    """It is recorded once, for the day on which it was first said, and does not keep a backfill from fetching."""
    archive.add_rejection(rejected(reason="too_old"), DAY)
    archive.add_rejection(rejected(reason="too_old"), DAY + timedelta(days=1))
    assert archive.known() == frozenset()
    assert len(archive.rejections(DAY)) == 1
    assert archive.rejections(DAY + timedelta(days=1)) == []


def test_sources_robots_and_parts_are_remembered(archive: Archive) -> None:
    """What is written last counts, and each period has parts of its own."""
    old = SourceRecord(outlet="uji", type="feed", address="https://a.id/feed")
    new = SourceRecord(
        outlet="uji",
        type="feed",
        address="https://a.id/feed",
        outcome="failed",
        reason="connection",
        outcomes={"connection": 2},
        validators={"https://a.id/feed": ('"1"', None)},
        due_at=NOW,
    )
    archive.add_source_record(old)
    archive.add_source_record(new)
    assert archive.source_records() == [new]
    rules = Robots(origin="https://a.id", until=NOW, text=b"x")
    archive.add_robots([rules])
    archive.add_robots([rules])
    assert archive.robots() == [rules]
    for part in ("satu", "dua", "satu"):
        archive.add_finished_part("2024", "uji", part)
    assert archive.finished_parts("2024") == {"uji": {"satu", "dua"}}
    assert archive.finished_parts("2023") == {}


def test_rejections_belong_to_the_day_of_their_run(archive: Archive) -> None:
    """Why is an article missing today? is a query, whatever its address looks like."""
    archive.add_rejection(rejected(), DAY)
    archive.add_rejection(rejected("bukan alamat"), DAY - timedelta(days=1))
    assert archive.rejections(DAY) == [rejected()]
    assert archive.rejections(DAY - timedelta(days=1)) == [rejected("bukan alamat")]


def test_taggings_stand_beside_those_of_other_models(archive: Archive) -> None:
    """Each model tags each article once, and keeps its own judgement."""
    article = article_of("isi", id="x")
    archive.add_pages([page_of("isi", "https://a.id/x")])
    archive.add_extracted(page_of("isi", "https://a.id/x"), article, DAY)
    assert [batch for batch, _ in zip(archive.untagged("m1"), range(1), strict=False)] == [[article]]
    old, new = tagging_of(article, model="m1"), tagging_of(article, model="m2", severity=1)
    archive.add_taggings([old, new])
    assert list(archive.untagged("m1")) == []
    assert archive.taggings(DAY, DAY, "m1") == {"x": old}
    assert archive.taggings(DAY, DAY, "m2") == {"x": new}
    assert archive.taggings(DAY - timedelta(days=2), DAY - timedelta(days=1), "m1") == {}


def test_stories_and_entries_are_replaced_whole(archive: Archive) -> None:
    """Writing a day again leaves nothing of the earlier state, and keeps other days."""
    articles = [article_of(f"isi {n} satu dua tiga", id=str(n)) for n in range(3)]
    for article in articles:
        archive.add_extracted(page_of("isi", f"https://a.id/{article.id}"), article, DAY)
    taggings = {article.id: tagging_of(article) for article in articles}
    archive.add_taggings(list(taggings.values()))
    stories = build_stories(articles, taggings, INDEPENDENCE)
    entries = list(build_watchlist(stories, DAY).entries)
    for _ in range(2):
        archive.replace_stories(DAY - timedelta(days=9), DAY, stories)
        archive.replace_entries(DAY, entries)
        assert archive.stories(DAY, DAY) == stories
        assert archive.entries(DAY) == entries
    assert archive.settled(DAY + timedelta(days=1)) == {"0", "1", "2"}
    assert archive.settled(DAY) == frozenset()
    archive.replace_stories(DAY, DAY, [])
    archive.replace_entries(DAY, [])
    assert archive.stories(DAY, DAY) == []
    assert archive.entries(DAY) == []


def test_foreign_keys_and_write_ahead_log_are_on(archive: Archive, tmp_path: Path) -> None:
    """A tag without its article is refused, and readers do not block the writer."""
    with pytest.raises(ArchiveError, match="FOREIGN KEY"):
        archive.add_taggings([tagging_of(article_of("x", id="tidak-ada"))])
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("bukan alamat", "no database address"),
        ("postgresql://x/y", "only SQLite"),
        ("sqlite://", "needs a file"),
        ("sqlite:////dev/null/x/a.db", "cannot be made"),
        ("sqlite:////proc/a.db", "cannot be opened"),
    ],
)
def test_a_wrong_address_says_what_to_do(url: str, said: str) -> None:
    """Every address that cannot be an archive is refused in one sentence."""
    with pytest.raises(ArchiveError, match=said) as caught:
        Archive(url)
    assert caught.value.url == url


def test_a_corrupt_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A file that is no database is not overwritten."""
    path = tmp_path / "a.db"
    path.write_bytes(b"ini bukan basis data" * 500)
    with pytest.raises(ArchiveError, match="no SQLite database"):
        Archive(f"sqlite:///{path}")
    assert path.read_bytes() == b"ini bukan basis data" * 500


def test_another_schema_is_refused(tmp_path: Path) -> None:
    """An archive of a version that this one does not know is never guessed at."""
    path = tmp_path / "a.db"
    Archive(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '99'")
    with pytest.raises(ArchiveError, match="schema 99"):
        Archive(f"sqlite:///{path}")


def test_a_full_disk_leaves_nothing_half_written(archive: Archive, tmp_path: Path) -> None:
    """When the database cannot grow, the error says so and the last whole state stays."""
    archive.add_pages([page_of("isi", "https://a.id/ada")])
    known = archive.known()
    with archive._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.commit()
    import os

    big = [page_of(os.urandom(400_000), "https://a.id/besar"), page_of("dua", "https://a.id/besar?page=2", part=2)]
    with pytest.raises(ArchiveError, match="disk is full"):
        archive.add_pages(big)
    archive.close()
    again = Archive(archive.url)
    assert again.known() == known
    with sqlite3.connect(tmp_path / "a.db") as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_archive_lies_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`$XDG_DATA_HOME` decides, as on other programs."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_archive() == f"sqlite:///{tmp_path}/pilkada/archive.db"


def test_the_summary_of_a_day_is_kept(archive: Archive) -> None:
    """There is none until a run is finished."""
    assert archive.summary(date(2024, 11, 21)) is None
