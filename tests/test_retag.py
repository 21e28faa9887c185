"""Past days weighed anew: archives filled by hand, another model with its reasons, and a kill in the middle."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Article, Modality, Outlet, Tagging
from pilkada_nlp.article.findings import SourceState
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.cli import main
from pilkada_nlp.corpora import read_corpus
from pilkada_nlp.daily import bring_up_to_date, close_day, join_stories, retag, take_labels
from pilkada_nlp.daily.steps import keep_judged
from pilkada_nlp.elections import load_calendar
from pilkada_nlp.errors import ArchiveBusyError
from tests.conftest import NOW, article_of
from tests.test_daily import DAY, REPORT, RIOT
from tests.test_labels_held import said

ROOT = Path(__file__).parents[1]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in a new file."""
    return Archive(f"sqlite:///{tmp_path / 'a.db'}")


def told(text: tuple[str, str], day: date, key: str, outlet: str = "uji") -> Article:
    """Return an article of a day, published at noon in Jakarta."""
    at = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    fields = {"day": day, "published_on": day, "published_at": at, "url": f"https://contoh.id/{key}"}
    return article_of(text[1], text[0], id=key, outlet=outlet, fetched_at=at, **fields)


def milder(tagging: Tagging) -> Tagging:
    """Return a tagging as an older model might have made it: it takes what happened for something alleged."""
    modality = Modality(value="dugaan", score=0.9) if tagging.modality else None
    return msgspec.structs.replace(tagging, model="lama", modality=modality, severity=min(2, tagging.severity))


def as_it_was(archive: Archive, tagger: Tagger, first: date, last: date) -> None:
    """Have the older model tag these days, and close them."""
    older = Tagger(tagger._model, msgspec.structs.replace(tagger.manifest, name="lama"), tagger.taxonomy)
    articles = archive.articles(first, last)
    keep_judged(archive, [(one, milder(tag)) for one, tag in zip(articles, tagger.tag(articles), strict=True)])
    join_stories(archive)
    now = datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        sources = [SourceState(outlet="uji", name="Uji", read=True)]
        summary = close_day(day, archive, [], sources, tagger=older, calendar=load_calendar(), now=now)
        archive.add_edition(summary, now)


def test_articles_that_are_there_are_never_overwritten(archive: Archive) -> None:
    """Articles may be added by hand, twice without harm, and the first of an id stays."""
    first, other = told(RIOT, DAY, "a"), told(REPORT, DAY, "b")
    assert archive.add_articles([first, first]) == 1
    assert archive.add_articles([msgspec.structs.replace(first, title="lain"), other]) == 1
    assert archive.articles(DAY, DAY) == [first, other]


def test_an_archive_filled_by_hand_gets_its_watchlists(archive: Archive, tagger: Tagger) -> None:
    """Days of articles from elsewhere are tagged, joined and weighed in one call; a second one changes nothing."""
    last = DAY + timedelta(days=2)
    archive.add_articles([told(RIOT, DAY, "a"), told(RIOT, DAY, "b", "lain"), told(REPORT, last, "c")])
    bring_up_to_date(archive, DAY, last, tagger=tagger)
    days = [DAY, DAY + timedelta(days=1), last]
    found = {day: archive.entries(day) for day in days}
    assert [found[day][0].id for day in days] == ["64.08/keamanan"] * 3
    assert found[DAY][0].score > found[last][0].score > 0
    assert "96.01/netralitas_asn" in {entry.id for entry in found[last]}
    assert [len(story.members) for story in archive.stories(DAY, last)] == [2, 1]
    bring_up_to_date(archive, DAY, last, tagger=tagger)
    assert {day: archive.entries(day) for day in days} == found


def test_a_retag_says_what_changed_and_why(archive: Archive, tagger: Tagger) -> None:
    """Entries are weighed anew, the report names story, fields and both models, and what was published stays."""
    last = DAY + timedelta(days=1)
    archive.add_articles([told(RIOT, DAY, "a"), told(REPORT, last, "b")])
    as_it_was(archive, tagger, DAY, last)
    before, published = archive.entries(DAY), archive.summary(DAY)
    report = retag(archive, DAY, tagger)
    changes = list(report.changes())
    first = changes[0]
    assert (first.day, first.entry, first.score_before) == (DAY, before[0].id, before[0].score)
    assert first.score_now == archive.entries(DAY)[0].score
    assert (first.score_now or 0) > (first.score_before or 0)
    (story,) = first.stories
    assert story.article is not None
    assert (story.article.article, story.article.model_before, story.article.model_now) == ("a", "lama", tagger.name)
    fields = {change.what: (change.before, change.now) for change in story.article.fields}
    assert fields["modality"] == ("dugaan", "kejadian")
    assert "themes (pokok)" not in fields
    assert "modality" in {change.what for change in story.factors}
    # What another model read in the same way is no change.
    assert {change.entry.split("/")[0] for change in changes} == {"64.08"}
    assert {change.day for change in changes} == {DAY, last}
    assert archive.summary(DAY) == published
    assert set(archive.taggings(DAY, DAY, "lama")) == set(archive.taggings(DAY, DAY, tagger.name)) == {"a"}
    # Again shows the same; from another day on, or with another model, there is nothing left to change.
    assert list(retag(archive, DAY, tagger).changes()) == changes
    again = retag(archive, last, tagger)
    assert (list(again.changes()), again.days, again.articles) == ([], (last,), 1)


def test_the_model_before_is_the_one_that_spoke_last(archive: Archive, tagger: Tagger) -> None:
    """After a model was taken back, it is what the next one is held against, although another tagged in between."""
    archive.add_articles([told(RIOT, DAY, "a")])
    (article,) = archive.articles(DAY, DAY)
    (tagging,) = tagger.tag([article])
    for model in ("pertama", "kedua", "pertama"):
        keep_judged(archive, [(article, msgspec.structs.replace(tagging, model=model))])
    before, now = archive.retold(["a"], "ketiga")["a"]
    assert (before.model if before else None, now) == ("pertama", None)


def test_days_that_nobody_weighed_have_nothing_to_change(archive: Archive, tagger: Tagger) -> None:
    """A day without a watchlist gets one, and is counted apart from what changed; no articles, no days."""
    archive.add_articles([told(RIOT, DAY, "a")])
    report = retag(archive, DAY - timedelta(days=3), tagger)
    assert (report.days, report.first_weighed) == ((DAY,), (DAY,))
    assert list(report.changes()) == []
    assert archive.entries(DAY)
    assert retag(archive, DAY + timedelta(days=90), tagger).days == ()


def test_what_could_be_read_then_is_not_asked_again(archive: Archive, tagger: Tagger) -> None:
    """Coverage of a past day rests on the outlets that its summary says were read."""
    outlets = [Outlet(id=name, name=name, home=f"https://{name}.id", regions=("64.08",)) for name in ("uji", "mati")]
    archive.add_articles([told(RIOT, DAY, "a")])
    as_it_was(archive, tagger, DAY, DAY)
    summary = archive.summary(DAY)
    assert summary is not None
    down = SourceState(outlet="mati", name="mati", read=False, reason="deadline")
    said = msgspec.structs.replace(summary, edition=2, sources=(*summary.sources, down))
    archive.add_edition(said, datetime(2024, 11, 23, tzinfo=UTC))
    retag(archive, DAY, tagger, outlets=outlets)
    coverage = archive.entries(DAY)[0].coverage
    assert coverage is not None
    assert (coverage.outlets, coverage.read, coverage.silent) == (2, 1, ("mati",))


def test_a_retag_waits_for_other_runs(archive: Archive, tagger: Tagger) -> None:
    """Two runs never work on one archive."""
    with archive.alone():
        with pytest.raises(ArchiveBusyError):
            retag(archive, DAY, tagger)
        with pytest.raises(ArchiveBusyError):
            bring_up_to_date(archive, DAY, DAY, tagger=tagger)


def command(archive: Path, config: Path) -> list[str]:
    """Return the command that tags the month again."""
    place = ["--archive", f"sqlite:///{archive}", "--config", str(config)]
    return [sys.executable, "-m", "pilkada_nlp", "retag", "--since", "2024-11-01", *place, "--format", "json"]


def test_a_killed_retag_is_completed_with_a_whole_report(tmp_path: Path, tagger: Tagger) -> None:
    """After kill -9 while tagging and while weighing, the next run ends as one that nothing disturbed."""
    rows = random.Random(4).sample(read_corpus([ROOT / "corpora" / "berita"]), 150)
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    first = date(2024, 11, 1)
    archive.add_articles(
        told((row.title, row.text), first + timedelta(days=number % 10), f"{number:03}")
        for number, row in enumerate(rows)
    )
    as_it_was(archive, tagger, first, first + timedelta(days=9))
    archive.close()
    shutil.copy(tmp_path / "a.db", tmp_path / "b.db")
    config = tmp_path / "c.toml"
    config.write_text(f'contact = "uji@contoh.id"\nout = "{tmp_path}"\n')
    whole = subprocess.run(command(tmp_path / "b.db", config), capture_output=True, text=True, check=True)

    def killed_when(question: str, least: int) -> int:
        """Kill the command once the archive answers so much; return how much there was."""
        with subprocess.Popen(command(tmp_path / "a.db", config), stdout=subprocess.DEVNULL) as process:
            watch = sqlite3.connect(tmp_path / "a.db", timeout=30)
            while (found := int(watch.execute(question).fetchone()[0])) < least:
                assert process.poll() is None, "it was done before it could be killed"
                time.sleep(0.002)
            os.kill(process.pid, signal.SIGKILL)
            watch.close()
        return found

    assert killed_when(f"SELECT count(*) FROM articles WHERE tagged_by = '{tagger.name}'", 30) < 150  # noqa: S608
    assert killed_when("SELECT count(*) FROM meta WHERE key LIKE 'retag 2%'", 2) < 10
    run = subprocess.run(command(tmp_path / "a.db", config), capture_output=True, text=True, check=True)
    assert len(json.loads(whole.stdout)) > 10
    assert json.loads(run.stdout) == json.loads(whole.stdout)
    entries = [
        {day: Archive(f"sqlite:///{tmp_path / name}").entries(day) for day in (first, first + timedelta(days=9))}
        for name in ("a.db", "b.db")
    ]
    assert entries[0] == entries[1]
    assert "days are weighed anew" in run.stderr


def test_the_command_says_what_changed(tmp_path: Path, tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    """People get one row for days in a row, machines one for each day and story; models and counts are named."""
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    last = DAY + timedelta(days=1)
    archive.add_articles([told(RIOT, DAY, "a"), told(REPORT, last, "b")])
    as_it_was(archive, tagger, DAY, last)
    archive.close()
    (tmp_path / "c.toml").write_text(f'contact = "uji@contoh.id"\nout = "{tmp_path}"\n')
    place = ["--archive", f"sqlite:///{tmp_path / 'a.db'}", "--config", str(tmp_path / "c.toml")]
    monkeypatch.setenv("COLUMNS", "200")
    table = CliRunner().invoke(main, ["retag", "--since", f"{DAY}", *place])
    assert table.exit_code == 0, table.output
    (row,) = [line for line in table.stdout.splitlines() if line.strip().startswith("64.08/keamanan")]
    assert f"{DAY} to 11-22" in row
    assert "modality: dugaan → kejadian" in table.stdout
    assert f"2 articles from {DAY} on are tagged by {tagger.name} instead of lama" in table.stderr
    assert "2 days are weighed anew, 0 of them for the first time" in table.stderr
    rows = CliRunner().invoke(main, ["retag", "--since", f"{DAY}", *place, "--format", "csv"]).stdout.splitlines()
    assert rows[0].startswith("day,entry,name,level_before,level_now,score_before")
    assert len([row for row in rows if "64.08/keamanan" in row]) == 2
    refused = CliRunner().invoke(main, ["retag", *place])
    assert (refused.exit_code, "--since 2024-11-01" in refused.stderr) == (2, True)


def test_labels_survive_a_retag(archive: Archive, tagger: Tagger) -> None:
    """What a person said of an article holds whatever the next model says, so its entries do not change."""
    archive.add_articles([told(RIOT, DAY, "a")])
    as_it_was(archive, tagger, DAY, DAY)
    (article,) = archive.articles(DAY, DAY)
    take_labels([said(article, mod="potensi", sev=1)], archive, [], NOW)
    before = archive.entries(DAY)
    assert [reason.modality for reason in before[0].reasons] == ["potensi"]
    assert list(retag(archive, DAY, tagger).changes()) == []
    assert archive.entries(DAY) == before
