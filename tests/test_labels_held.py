"""Labels of people in the archive: they lie over any model's taggings, move the watchlist at once, and stay."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Correction
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.corpora import LabelledArticle, Labels
from pilkada_nlp.daily import LabelsTaken, Standing, join_stories, run_poll, tag_articles, take_labels
from pilkada_nlp.errors import ArchiveError, InputError
from pilkada_nlp.labelling import Labelling, Span, guessed, labelled
from pilkada_nlp.labelling.taggings import labels_of
from pilkada_nlp.scrapers import Fetcher
from pilkada_nlp.stories import telling
from tests.conftest import NOW, Site, article_of, page_of
from tests.test_daily import DAY, REPORT, RIOT, News, at
from tests.test_labels import labellings

LATER = datetime(2024, 11, 21, 16, tzinfo=UTC)
RECIPE = (
    "Resep Soto Banjar untuk Akhir Pekan",
    "Soto banjar memakai kayu manis, cengkih, dan biji pala. Rebus ayam kampung sampai empuk, lalu suwir dagingnya.\n\n"
    "Tumis bumbu halus hingga harum, masukkan ke dalam kuah, dan sajikan bersama perkedel serta telur rebus.",
)


def said(article: Article, at: datetime | None = LATER, by: str = "Sari", **labels: Any) -> Labelling:
    """Return a labelling of an article: an incident of security in Kutai Timur unless told otherwise."""
    values = {"rel": True, "election": "pilkada", "pokok": ("keamanan",), "mod": "kejadian", "regions": ("64.08",)}
    return Labelling(
        article=LabelledArticle(
            id=article.id,
            title=article.title,
            text=article.text,
            date=article.day,
            labels=msgspec.convert({**values, "sev": 3, **labels}, Labels),
        ),
        by=by,
        at=at,
    )


def unrelated(article: Article, **fields: Any) -> Labelling:
    """Return a labelling that says that an article is about no election."""
    return msgspec.structs.replace(
        said(article, **fields),
        article=msgspec.structs.replace(said(article).article, labels=Labels(rel=False)),
    )


@pytest.fixture
def news(site: Site, tmp_path: Path, tagger: Tagger) -> Iterator[News]:
    """An outlet without news yet."""
    news = News(site, tmp_path, tagger)
    yield news
    news.archive.close()


def poll(news: News) -> None:
    """Run a poll at the present of the news."""
    fetcher = Fetcher("uji@contoh.id", clock=lambda: news.now)
    run_poll([news.outlet], news.archive, fetcher, tagger=news.tagger)
    fetcher.close()


def published(news: News, *texts: tuple[str, str]) -> list[Article]:
    """Publish texts at noon and poll; return their articles in the order of the texts."""
    for text in texts:
        news.publish(text, at(DAY, 12))
    poll(news)
    by_title = {article.title: article for article in news.archive.articles(DAY, DAY)}
    return [by_title[title] for title, _ in texts]


def take(news: News, *given: Labelling) -> LabelsTaken:
    """Store labels and bring the watchlist up to date."""
    return take_labels(given, news.archive, [news.outlet], news.now)


def listed(news: News, day: date = DAY) -> dict[str, Standing]:
    """Return where the entries of a day stand."""
    return {entry.id: Standing(entry.level, entry.score) for entry in news.archive.entries(day)}


# A label laid over a tagging


@given(labelling=labellings(), article=st.sampled_from([RIOT, REPORT, RECIPE]))
def test_a_label_lies_over_any_tagging(labelling: Labelling, article: tuple[str, str], tagger: Tagger) -> None:
    """What a person said holds, whatever the model says, and laying it over twice changes nothing."""
    (tagging,) = tagger.tag([article_of(article[1], article[0])])
    labels = labelling.article.labels
    held = labelled(tagging, labelling)
    assert labelled(held, labelling) == held
    assert (held.id, held.model, held.review) == (tagging.id, tagging.model, ())
    assert held.relevant.value == labels.rel
    assert tuple(place.code for place in held.places()) == labels.regions
    if labels.rel and labels.mod and labels.election:
        unsaid = {"election_id": None}
        assert labels_of(held) == msgspec.structs.replace(labels, **unsaid)
    if not labels.rel:
        assert (held.themes, held.modality, held.severity) == ((), None, 0)


def test_a_guess_that_is_accepted_changes_no_judgement(tagger: Tagger) -> None:
    """Laid over the tagging that it comes from, a guess only makes it sure, and keeps its sentences."""
    article = article_of(RIOT[1], RIOT[0])
    (tagging,) = tagger.tag([article])
    held = labelled(tagging, guessed(article, tagging))
    assert labels_of(held) == labels_of(tagging)
    assert [tag.theme for tag in held.themes if tag.evidence] == [tag.theme for tag in tagging.themes if tag.evidence]
    assert held.modality is not None
    assert tagging.modality is not None
    assert [mark.text for mark in held.modality.evidence] == [mark.text for mark in tagging.modality.evidence]
    assert telling(article, held).certainty == 1.0


def test_what_a_person_marked_is_the_evidence(tagger: Tagger) -> None:
    """Marked words stand in place of the model's sentences, those of other labels do not."""
    article = article_of(RIOT[1], RIOT[0])
    labelling = msgspec.structs.replace(
        said(article), evidence=(Span("pokok:keamanan", 0, 10), Span("mod:kejadian", 0, 4, "title"))
    )
    held = labelled(tagger.tag([article])[0], labelling)
    assert [(mark.text, mark.field) for tag in held.themes for mark in tag.evidence] == [(RIOT[1][:10], "text")]
    assert held.modality is not None
    assert [(mark.text, mark.modality) for mark in held.modality.evidence] == [(RIOT[0][:4], "kejadian")]


# In the archive


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with two articles that nobody has tagged."""
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    for key, (title, text) in {"rusuh": RIOT, "lapor": REPORT}.items():
        page = page_of("isi", f"https://a.id/{key}")
        archive.add_pages([page])
        archive.add_extracted(page, article_of(text, title, id=key, url=page.url), DAY)
    return archive


def of(archive: Archive, key: str) -> Article:
    """Return an article that is there."""
    article = archive.article(key)
    assert article is not None
    return article


def test_labels_are_rows_that_only_grow(archive: Archive) -> None:
    """Each labelling is a row in order of time, the same one twice is one row, and the newest holds."""
    first, second = said(of(archive, "rusuh")), said(of(archive, "rusuh"), LATER + timedelta(hours=1), sev=4)
    timeless = said(of(archive, "lapor"), None, mod="dugaan")
    assert archive.add_labels([second, timeless, first], NOW) == 3
    assert archive.add_labels([second, first, timeless], NOW + timedelta(days=1)) == 0
    assert archive.labels() == [msgspec.structs.replace(timeless, at=NOW), first, second]
    assert archive.labels(since=LATER) == [first, second]
    assert archive.newest_labels(["rusuh", "tidak-ada"])["rusuh"].labelling == second
    assert archive.add_labels(archive.labels(), NOW) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "asing"}, "article asing: is not in the archive"),
        ({"text": "Lain."}, "article rusuh: has evidence that marks another text"),
        ({"labels": Labels(rel=True)}, "article rusuh: .*without a modality"),
        (
            {"labels": Labels(rel=True, mod="kejadian", regions=("99.99",))},
            "article rusuh: no label .*regions: '99.99' is no code",
        ),
        ({"labels": Labels(rel=True, mod="kejadian", sev=9)}, "article rusuh: no label .*sev: '9' is unknown"),
        (
            {"labels": Labels(rel=True, mod="kejadian", pokok=("asing",))},
            "article rusuh: no label .*pokok: 'asing' is unknown",
        ),
    ],
)
def test_a_label_that_cannot_hold_is_refused_by_name(archive: Archive, change: dict[str, Any], message: str) -> None:
    """Nothing of a set with one such label is stored, and the message says which article it is."""
    good = said(of(archive, "lapor"))
    bad = said(of(archive, "rusuh"))
    bad = msgspec.structs.replace(
        bad, article=msgspec.structs.replace(bad.article, **change), evidence=(Span("mod:kejadian", 0, 4),)
    )
    with pytest.raises(InputError, match=message):
        archive.add_labels([good, bad], NOW)
    assert archive.labels() == []


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (NOW + timedelta(days=2), "at: 2024-11-23 15:30 UTC is still to come"),
        (NOW.replace(tzinfo=None), "no time zone"),
    ],
)
def test_a_time_that_cannot_be_is_refused(archive: Archive, at: datetime, message: str) -> None:
    """A slip in the year would make a label the newest for ever."""
    with pytest.raises(InputError, match=message):
        archive.add_labels([said(of(archive, "rusuh"), at)], NOW)


def test_two_who_store_at_once_lose_nothing(archive: Archive) -> None:
    """Sessions side by side each get their rows in, and one label that both have is there once."""
    article = of(archive, "rusuh")
    own = {by: [said(article, LATER + timedelta(seconds=n), by=by) for n in range(10)] for by in ("Sari", "Budi")}
    shared = said(article, LATER - timedelta(hours=1), by="bersama")

    def store(by: str) -> int:
        other = Archive(archive.url)
        return sum(other.add_labels([one], NOW) for one in [shared, *own[by]])

    with ThreadPoolExecutor(2) as workers:
        assert sum(workers.map(store, own)) == 21
    assert len(archive.labels()) == 21


def test_an_archive_of_schema_3_is_upgraded_in_place(archive: Archive) -> None:
    """The tables that came since are added, all else stays, by whichever of several processes comes first."""
    archive.close()
    with sqlite3.connect(archive.path) as connection:
        connection.execute("DROP TABLE labels")
        connection.execute("DROP TABLE former_entries")
        connection.execute("UPDATE meta SET value = '3' WHERE key = 'schema_version'")
    with ThreadPoolExecutor(4) as workers:
        upgraded = list(workers.map(Archive, [archive.url] * 4))
    assert len(upgraded[0].articles(DAY, DAY)) == 2
    assert upgraded[1].add_labels([said(of(upgraded[2], "rusuh"))], NOW) == 1
    assert upgraded[3].entries_before(DAY) == []
    with sqlite3.connect(archive.path) as connection:
        connection.execute("UPDATE meta SET value = '2' WHERE key = 'schema_version'")
    with pytest.raises(ArchiveError, match="schema 2"):
        Archive(archive.url)


def test_a_label_given_while_others_are_applied_is_not_lost(archive: Archive, tagger: Tagger) -> None:
    """Only labels that were looked at count as applied, so that one that came in between waits for the next time."""
    tag_articles(archive, tagger, DAY)
    archive.add_labels([said(of(archive, "rusuh"))], NOW)
    seen = archive.newest_labels(["rusuh"])["rusuh"]
    archive.add_labels([said(of(archive, "rusuh"), LATER + timedelta(hours=1))], NOW)
    archive.labels_applied({"rusuh": seen.row}, NOW)
    assert [article.id for article, _ in next(archive.relabelled())] == ["rusuh"]
    archive.labels_applied({"rusuh": archive.newest_labels(["rusuh"])["rusuh"].row}, NOW)
    assert list(archive.relabelled()) == []
    assert archive.newest_applied(DAY, DAY) == {DAY: NOW}


# On the watchlist


def test_a_label_takes_an_article_off_the_watchlist_at_once(news: News) -> None:
    """What a person calls about no election leaves story and watchlist, and the change is told."""
    (riot,) = published(news, RIOT)
    before = listed(news)
    assert "64.08/keamanan" in before
    taken = take(news, unrelated(riot))
    assert (taken.added, taken.day) == (1, DAY)
    assert taken.changes is not None
    assert {change.entry: (change.before, change.now) for change in taken.changes} == {
        key: (standing, None) for key, standing in before.items()
    }
    assert listed(news) == {}
    assert news.archive.taggings(DAY, DAY, news.tagger.name)[riot.id].relevant.value is False
    assert take(news, unrelated(riot)) == LabelsTaken(0, DAY, ())


def test_a_label_puts_an_article_on_the_watchlist_at_once(news: News) -> None:
    """What no model took for news of an election is told and listed as the person says, with certainty."""
    (recipe,) = published(news, RECIPE)
    assert listed(news) == {}
    taken = take(news, said(recipe))
    assert [(change.entry, change.before) for change in taken.changes or ()] == [("64.08/keamanan", None)]
    (story,) = news.archive.stories(DAY, DAY)
    assert (story.title, story.modality, story.severity, story.certainty) == (RECIPE[0], "kejadian", 3, 1.0)
    assert listed(news).keys() == {"64.08/keamanan"}


def test_no_run_and_no_other_model_undoes_a_label(news: News, tagger: Tagger) -> None:
    """After further runs, and after another model has tagged the article anew, the label still holds."""
    riot, _ = published(news, RIOT, REPORT)
    take(news, said(riot, mod="dugaan", sev=2, pokok=("logistik",), regions=("64.02",)))
    held = listed(news)
    assert "64.02/logistik" in held
    poll(news)
    assert listed(news) == held
    manifest = msgspec.structs.replace(tagger.manifest, name="lain")
    news.tagger = Tagger(tagger._model, manifest, tagger.taxonomy)
    news.now += timedelta(minutes=30)
    poll(news)
    assert listed(news) == held
    tagging = news.archive.taggings(DAY, DAY, "lain")[riot.id]
    assert (tagging.model, tagging.modality and tagging.modality.value) == ("lain", "dugaan")
    stored = sqlite3.connect(news.archive.path).execute(
        "SELECT data FROM tags WHERE article = ? ORDER BY model", (riot.id,)
    )
    own = [msgspec.json.decode(data, type=Tagging) for (data,) in stored]
    assert [(one.model, one.modality and one.modality.value) for one in own] == [
        ("lain", "kejadian"),
        (tagger.name, "kejadian"),
    ]


def test_of_several_labels_the_newest_holds(news: News) -> None:
    """Who looks again corrects himself; an older label that comes in later changes nothing."""
    (riot,) = published(news, RIOT)
    take(news, unrelated(riot))
    take(news, said(riot, LATER + timedelta(hours=1)))
    held = listed(news)
    assert "64.08/keamanan" in held
    assert take(news, unrelated(riot, by="Budi")).changes == ()
    assert listed(news) == held


def test_a_correction_wins_over_the_label_of_its_article(news: News) -> None:
    """What was said of the published story stands; what it leaves open follows the label."""
    (riot,) = published(news, RIOT)
    (story,) = news.archive.stories(DAY, DAY)
    news.archive.add_correction(
        Correction(line=story.id, action="correct", why="x", by="a", at=NOW, changes={"severity": "1"})
    )
    take(news, said(riot, sev=4, mod="dugaan"))
    (entry,) = [entry for entry in news.archive.entries(DAY) if entry.id == "64.08/keamanan"]
    assert [(reason.modality, reason.severity) for reason in entry.reasons] == [("dugaan", 1)]
    taken = take(news, said(riot, LATER + timedelta(hours=1), sev=0, mod="kejadian"))
    (entry,) = [entry for entry in news.archive.entries(DAY) if entry.id == "64.08/keamanan"]
    assert [(reason.modality, reason.severity) for reason in entry.reasons] == [("kejadian", 1)]
    assert taken.changes


def test_labels_wait_for_the_next_run_while_another_is_at_work(news: News) -> None:
    """They are stored all the same, and the next poll applies them."""
    (riot,) = published(news, RIOT)
    before = listed(news)
    with news.archive.alone():
        other = Archive(news.archive.url)
        assert take_labels([unrelated(riot)], other, [news.outlet], news.now) == LabelsTaken(1, DAY, None)
    assert listed(news) == before
    news.now += timedelta(minutes=15)
    poll(news)
    assert listed(news) == {}


def test_what_was_killed_between_storing_and_applying_is_applied_by_the_next_poll(news: News) -> None:
    """A process that dies right after its label was stored loses nothing of it."""
    (riot,) = published(news, RIOT)
    code = (
        "import os, sys, signal, msgspec; from datetime import datetime; from pilkada_nlp.archive import Archive;"
        "from pilkada_nlp.labelling import Labelling;"
        "archive = Archive(sys.argv[1]); given = msgspec.json.decode(sys.argv[2], type=Labelling);"
        "archive.add_labels([given], given.at); os.kill(os.getpid(), signal.SIGKILL)"
    )
    given = msgspec.json.encode(unrelated(riot)).decode()
    run = subprocess.run([sys.executable, "-c", code, news.archive.url, given], check=False)
    assert run.returncode == -signal.SIGKILL
    assert listed(news)
    news.now += timedelta(minutes=15)
    poll(news)
    assert listed(news) == {}


def test_a_label_of_a_closed_day_makes_a_corrected_edition(news: News) -> None:
    """A day of the last week that was published gets an edition that says what went, once."""
    (riot,) = published(news, RIOT)
    news.now = at(DAY + timedelta(days=1), 6)
    (incident,) = news.daily(DAY).summary.incidents
    news.now = at(DAY + timedelta(days=1), 10)
    take(news, unrelated(riot))
    news.now = at(DAY + timedelta(days=2), 6)
    (corrected,) = news.daily(DAY + timedelta(days=1)).others
    assert (corrected.day, corrected.edition, corrected.incidents) == (DAY, 2, ())
    assert ("removed", incident.id) in {(change.kind, change.line) for change in corrected.changes}
    news.now = at(DAY + timedelta(days=3), 6)
    assert DAY not in {summary.day for summary in news.daily(DAY + timedelta(days=2)).others}


def test_an_article_that_no_model_has_tagged_follows_its_label_from_the_start(archive: Archive, tagger: Tagger) -> None:
    """A label that comes before the tagger does is laid over the first tagging."""
    archive.add_labels([unrelated(of(archive, "rusuh"))], NOW)
    assert list(archive.relabelled()) == []
    tag_articles(archive, tagger, DAY)
    join_stories(archive)
    assert [story.title for story in archive.stories(DAY, DAY)] == [REPORT[0]]
    assert take_labels([], archive, [], NOW).changes == ()
    assert archive.newest_applied(DAY, DAY) == {DAY: NOW}


def test_what_nobody_labelled_can_be_asked_for(archive: Archive, tagger: Tagger) -> None:
    """Related articles with their tagging and story, and those that are nearly so; labelled ones are left out."""
    tag_articles(archive, tagger, DAY)
    join_stories(archive)
    found = {one.article.id: one for one in archive.unlabelled(DAY, DAY)}
    assert found.keys() == {"rusuh", "lapor"}
    assert found["rusuh"].tagging.model == tagger.name
    assert found["rusuh"].story == archive.stories(DAY, DAY)[0].id or found["rusuh"].story == "rusuh"
    archive.add_labels([said(of(archive, "rusuh"))], NOW)
    assert [one.article.id for one in archive.unlabelled(DAY, DAY)] == ["lapor"]
    assert archive.unlabelled(DAY - timedelta(days=9), DAY - timedelta(days=1)) == []
