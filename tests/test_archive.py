"""The archive on real SQLite files: what goes in comes out, and trouble is said in a sentence."""

import re
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import msgspec
import polars
import pytest
import sqlalchemy as sa

from pilkada_nlp.archive import Archive, Judged, default_archive
from pilkada_nlp.article import Article, Reason, Rejection, Robots, SourceRecord, Tagging, article_id
from pilkada_nlp.article.findings import Alert, Correction, Decision, Watchlist
from pilkada_nlp.article.rows import TAGS
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.errors import ArchiveError
from pilkada_nlp.stories import build_stories, telling
from pilkada_nlp.watchlist import build_watchlist
from tests.conftest import NOW, article_of, page_of
from tests.sample_summaries import empty_summary, full_summary
from tests.test_stories import INDEPENDENCE, tagging_of

DAY = NOW.date()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in a new file."""
    return Archive(f"sqlite:///{tmp_path / 'a.db'}")


def rejected(url: str = "https://a.id/x", reason: Reason = "consent_wall") -> Rejection:
    """Return a rejection."""
    return Rejection(url=url, outlet="uji", stage="extract", reason=reason, detail="rinci", at=NOW)


def known(archive: Archive, *names: str) -> list[str]:
    """Return those of the addresses that need not be fetched again."""
    return [name for name in names if article_id(f"https://a.id/{name}") in archive.known()]


def judged(*taggings: Tagging) -> list[Judged]:
    """Return taggings as they are stored, on the standard day."""
    return [Judged(tagging, DAY, telling(article_of("isi", id=tagging.id), tagging)) for tagging in taggings]


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
    assert known(archive, "ada", "tua", "lambat", "baru") == ["ada", "tua"]
    archive.add_pages([page_of("isi", "https://a.id/lambat")])
    assert known(archive, "ada", "tua", "lambat", "baru") == ["ada", "tua", "lambat"]
    assert [rejection.url for rejection in archive.rejections(DAY)] == ["https://a.id/tua"]


def test_too_old_depends_on_how_far_back_one_asks(archive: Archive) -> None:
    """It is recorded once, for the day on which it was first said, and does not keep a backfill from fetching."""
    archive.add_rejection(rejected(reason="too_old"), DAY)
    archive.add_rejection(rejected(reason="too_old"), DAY + timedelta(days=1))
    assert known(archive, "x") == []
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
    assert next(archive.untagged("m1", DAY, DAY)) == [article]
    old, new = tagging_of(article, model="m1"), tagging_of(article, model="m2", severity=1)
    archive.add_judged(judged(old))
    assert list(archive.untagged("m1", DAY, DAY)) == []
    assert next(archive.untagged("m2", DAY, DAY)) == [article]
    tomorrow = DAY + timedelta(days=1)
    assert list(archive.untagged("m2", tomorrow, tomorrow)) == []
    archive.add_judged(judged(new))
    assert archive.taggings(DAY, DAY, "m1") == {"x": old}
    assert archive.taggings(DAY, DAY, "m2") == {"x": new}
    assert archive.taggings(DAY - timedelta(days=2), DAY - timedelta(days=1), "m1") == {}


def stored(archive: Archive, *keys: str) -> list[Article]:
    """Store articles of the standard day and return them."""
    articles = [article_of(f"isi {key} satu dua tiga", id=key) for key in keys]
    for article in articles:
        archive.add_extracted(page_of("isi", f"https://a.id/{article.id}"), article, DAY)
    return articles


def test_stories_are_made_of_what_was_told(archive: Archive) -> None:
    """Articles wait until they are joined; stories that are made anew take the place of those they were made of."""
    articles = stored(archive, "0", "1", "2")
    taggings = {article.id: tagging_of(article) for article in articles}
    archive.add_judged(judged(*taggings.values()))
    assert archive.unjoined_days() == [DAY]
    told = archive.told(DAY, DAY)
    assert len(told.tellings) == 3
    stories = build_stories(articles, taggings, INDEPENDENCE)
    for _ in range(2):
        archive.replace_stories(told, stories, DAY, DAY)
        assert archive.unjoined_days() == []
        assert archive.stories(DAY, DAY) == stories
    member = stories[0].members[-1].article
    assert archive.story(member) == archive.story(stories[0].id) == stories[0]
    assert archive.story("tidak-ada") is None
    told = archive.told(DAY, DAY)
    assert told.known == {member.article: story.id for story in stories for member in story.members}
    assert archive.told(DAY + timedelta(days=1), DAY + timedelta(days=1)).tellings == []
    archive.replace_stories(told, [], DAY, DAY)
    assert archive.stories(DAY, DAY) == []


def test_a_follow_up_outlives_the_days_in_which_it_is_compared(archive: Archive) -> None:
    """A story goes on following one that is too old to be compared again, and not one that is no story any more."""
    articles = stored(archive, "0", "1")
    taggings = {article.id: tagging_of(article) for article in articles}
    archive.add_judged(judged(*taggings.values()))
    (story,) = build_stories(articles[:1], taggings, INDEPENDENCE)
    told = archive.told(DAY, DAY)
    archive.replace_stories(told, [msgspec.structs.replace(story, follows="lama")], DAY, DAY)
    told = archive.told(DAY, DAY)
    archive.replace_stories(told, [story], DAY, DAY)
    assert archive.stories(DAY, DAY) == [msgspec.structs.replace(story, follows="lama")]
    (other,) = build_stories(articles[1:], taggings, INDEPENDENCE)
    archive.replace_stories(told, [msgspec.structs.replace(story, follows=other.id), other], DAY, DAY)
    archive.replace_stories(archive.told(DAY, DAY), [story, other], DAY, DAY)
    assert {found.id: found.follows for found in archive.stories(DAY, DAY)} == {story.id: None, other.id: None}


def test_the_watchlist_of_a_day_is_replaced_whole(archive: Archive) -> None:
    """Writing a day again leaves nothing of the earlier state."""
    articles = stored(archive, "0")
    stories = build_stories(articles, {"0": tagging_of(articles[0])}, INDEPENDENCE)
    entries = list(build_watchlist(stories, DAY).entries)
    for _ in range(2):
        archive.replace_entries(DAY, entries)
        assert archive.entries(DAY) == entries
    archive.replace_entries(DAY, [])
    assert archive.entries(DAY) == []


def test_a_watchlist_is_the_users_object(archive: Archive) -> None:
    """The newest one unless a day is named, with the regions of its summary; of a day without one the error tells."""
    with pytest.raises(ArchiveError, match=r"no watchlist; it has none yet; `pilkada daily` makes one"):
        archive.watchlist()
    summary = full_summary()
    archive.replace_entries(summary.day, summary.watchlist)
    assert archive.watchlist() == Watchlist(day=summary.day, entries=summary.watchlist)
    archive.add_edition(summary, NOW)
    assert archive.watchlist(summary.day).regions == summary.regions
    quiet = summary.day + timedelta(days=1)
    archive.add_edition(msgspec.structs.replace(empty_summary(), day=quiet), NOW)
    assert (archive.watchlist().day, len(archive.watchlist())) == (quiet, 0)
    polled = quiet + timedelta(days=1)
    archive.start_run("poll", polled, NOW)
    assert archive.newest_day(polled) == quiet
    archive.finish_run("poll", NOW, [])
    assert (archive.watchlist().day, len(archive.watchlist())) == (archive.newest_day(polled), 0) == (polled, 0)
    with pytest.raises(ArchiveError, match=rf"no watchlist of 2020-01-01; .* from {summary.day} to {polled}"):
        archive.watchlist(date(2020, 1, 1))


def test_articles_with_their_tags_are_rows(archive: Archive, tagger: Tagger) -> None:
    """One row an article, by the model that tagged it last, and with nothing where none has yet."""
    articles = [article_of("Massa melempari kantor KPU Paser pada Pilkada.", id="a"), article_of("isi", id="b")]
    for article in articles:
        archive.add_extracted(page_of("isi", f"https://a.id/{article.id}"), article, DAY)
    tagged = tagger.tag(articles[:1])[0]
    archive.add_judged(judged(msgspec.structs.replace(tagged, model="lama", severity=0), tagged))
    assert archive.taggings(DAY, DAY) == {"a": tagged}
    first, second = archive.rows(DAY, DAY)
    assert list(first) == list(second)
    assert {name: first[name] for name in TAGS} == tagged.row()
    assert {second[name] for name in TAGS} == {None}
    assert (first["id"], first["day"], first["outlet"], first["characters"]) == ("a", DAY, "uji", len(articles[0].text))
    frame = polars.DataFrame([first, second])
    assert frame.explode("themes").height >= 2


def test_a_tag_may_move_an_article_to_the_day_of_its_place(archive: Archive) -> None:
    """What appears late at night in the west is news of the next day in the east."""
    (article,) = stored(archive, "0")
    tomorrow = DAY + timedelta(days=1)
    archive.add_judged([Judged(tagging_of(article), tomorrow, None)])
    assert archive.articles(DAY, DAY) == []
    assert archive.articles(tomorrow, tomorrow) == [article]
    assert archive.unjoined_days() == []


def alert(key: str = "a", minutes: int = 0) -> Alert:
    """Return an alert raised so many minutes after the standard time."""
    at = NOW + timedelta(minutes=minutes)
    return Alert(id=key, event="s", channel="meja", reason="severity", title="J", text="T", created_at=at)


def test_alerts_leave_once_and_none_is_lost(archive: Archive) -> None:
    """An alert waits until it is sent, is put off when it fails, and is never queued twice."""
    assert archive.queue_alerts([alert("a", 1), alert("b")]) == 2
    assert archive.queue_alerts([alert("a", 5)]) == 0
    later = NOW + timedelta(minutes=2)
    assert archive.due_alerts(NOW) == [alert("b")]
    assert archive.due_alerts(later) == [alert("b"), alert("a", 1)]
    archive.alert_failed("b", "tidak terjawab", later + timedelta(minutes=5))
    archive.alert_sent("a", later)
    assert archive.due_alerts(later) == []
    assert archive.due_alerts(later + timedelta(minutes=5)) == [alert("b")]
    states = {state.alert.id: state for state in archive.alert_log(NOW)}
    assert (states["b"].attempts, states["b"].error, states["b"].sent_at) == (1, "tidak terjawab", None)
    assert states["a"].sent_at == later
    assert list(archive.alert_log(later + timedelta(days=1))) == [states["b"]]


def test_what_analysts_say_is_kept_in_order(archive: Archive) -> None:
    """Decisions and corrections are rows of their own, in order of time."""
    decisions = [Decision(entry="64.08/keamanan", action="note", at=NOW + timedelta(hours=n), by="a") for n in (1, 0)]
    corrections = [
        Correction(line="s", action="withdraw", why="x", by="a", at=NOW + timedelta(hours=n)) for n in (1, 0)
    ]
    for decision, correction in zip(decisions, corrections, strict=True):
        archive.add_decision(decision)
        archive.add_correction(correction)
    assert archive.decisions() == decisions[::-1]
    assert archive.corrections() == corrections[::-1]


def test_a_closed_edition_is_never_overwritten(archive: Archive) -> None:
    """A summary made during its day gives way to the next; one that was closed stays, and when it was made is known."""
    first = msgspec.structs.replace(empty_summary(), closed=True)
    for summary in (msgspec.structs.replace(first, closed=False), first):
        archive.add_edition(summary, NOW)
        assert archive.summary(DAY) == summary
    archive.add_edition(msgspec.structs.replace(first, related=9), NOW)
    assert archive.editions(DAY) == [first]
    second = msgspec.structs.replace(first, edition=2)
    archive.add_edition(second, NOW)
    assert archive.editions(DAY) == [first, second]
    assert archive.first_edition() == DAY
    assert archive.closed_at(DAY, DAY) == {DAY: NOW}
    assert archive.newest_fetched(DAY, DAY) == {}
    late = article_of("isi", id="telat", fetched_at=NOW + timedelta(hours=1))
    archive.add_extracted(page_of("isi", "https://a.id/telat"), late, DAY)
    assert archive.newest_fetched(DAY, DAY) == {DAY: NOW + timedelta(hours=1)}


def test_runs_are_counted_by_slot(archive: Archive) -> None:
    """A run that is begun again has the same id and one attempt more."""
    assert [archive.start_run("daily 2024-11-21", DAY, NOW) for _ in range(2)] == [1, 2]
    archive.finish_run("daily 2024-11-21", NOW, [])
    assert archive.start_run("poll 2024-11-21T15:30Z", DAY, NOW) == 1


def test_questions_of_the_daily_job_never_walk_the_archive(archive: Archive) -> None:
    """Each query that a run asks again and again uses an index, so that it does not grow with the archive."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    sa.event.listen(archive._engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    _ = "x" in archive.known()
    list(archive.unextracted())
    list(archive.untagged("m", DAY, DAY))
    archive.replace_stories(archive.told(DAY, DAY), [], DAY, DAY)
    for question in (archive.articles, archive.stories, archive.outlet_days, archive.newest_fetched):
        question(DAY, DAY)
    archive.taggings(DAY, DAY, "m")
    list(archive.relabelled())
    archive.newest_labels(["x"])
    archive.newest_applied(DAY, DAY)
    archive.unlabelled(DAY, DAY)
    archive.rejections(DAY)
    archive.unjoined_days()
    archive.latest_pages("uji", 3)
    archive.add_source_record(SourceRecord(outlet="uji", type="feed", address="https://a.id/feed"))
    with sqlite3.connect(archive.path) as connection:
        for statement, values in asked:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            walks = [step for *_, step in plan if step.startswith("SCAN")]
            assert all(re.search("_un(extracted|tagged|joined|applied)$|CONSTANT|subquery", walk) for walk in walks), (
                statement
            )


def test_foreign_keys_and_write_ahead_log_are_on(archive: Archive, tmp_path: Path) -> None:
    """A tag without its article is refused, and readers do not block the writer."""
    with pytest.raises(ArchiveError, match="FOREIGN KEY"):
        archive.add_judged(judged(tagging_of(article_of("x", id="tidak-ada"))))
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


def test_a_row_that_cannot_be_read_is_a_sentence(archive: Archive, tmp_path: Path) -> None:
    """Whatever was done to a row, people read which archive it is and what to do."""
    archive.add_articles([article_of("isi", id="a1")])
    with sqlite3.connect(archive.path) as connection:
        connection.execute("UPDATE articles SET data = x'7b22'")
    for ask in (lambda: archive.article("a1"), lambda: archive.articles(date.min, date.max)):
        with pytest.raises(ArchiveError, match="a row that this version cannot read"):
            ask()


def test_a_full_disk_leaves_nothing_half_written(archive: Archive, tmp_path: Path) -> None:
    """When the database cannot grow, the error says so and the last whole state stays."""
    archive.add_pages([page_of("isi", "https://a.id/ada")])
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
    assert known(again, "ada", "besar") == ["ada"]
    with sqlite3.connect(tmp_path / "a.db") as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_archive_lies_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`$XDG_DATA_HOME` decides, as on other programs."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_archive() == f"sqlite:///{tmp_path}/pilkada/archive.db"


def test_the_summary_of_a_day_is_kept(archive: Archive) -> None:
    """There is none until a run is finished."""
    assert archive.summary(date(2024, 11, 21)) is None
