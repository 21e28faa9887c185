"""Drift: silence on news as before, a warning when words are strange or a theme swells, and what a summary says."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Article
from pilkada_nlp.article.findings import DailySummary, Drift
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.cli import main
from pilkada_nlp.corpora import LabelledArticle, read_corpus
from pilkada_nlp.daily import bring_up_to_date, close_day
from pilkada_nlp.drift import drift_report, find_drift, stability_index
from pilkada_nlp.elections import load_calendar
from pilkada_nlp.errors import ModelError
from pilkada_nlp.summary import digest, render
from pilkada_nlp.wording import Language
from tests.conftest import article_of
from tests.sample_summaries import full_summary

ROOT = Path(__file__).parents[1]
DAY = date(2024, 11, 20)


@pytest.fixture(scope="module")
def rows() -> list[LabelledArticle]:
    """Articles of the corpus: many themes, on elections and not."""
    return random.Random(2).sample(read_corpus([ROOT / "corpora" / "berita"]), 160)


def articles(rows: Sequence[LabelledArticle], outlet: str = "uji", first: int = 0) -> list[Article]:
    """Return them as articles of an outlet, numbered from `first`."""
    return [
        article_of(row.text, row.title, id=f"{first + number:04}", outlet=outlet, day=DAY)
        for number, row in enumerate(rows)
    ]


def garbled(row: LabelledArticle) -> LabelledArticle:
    """Return an article without a title and with the letters of each longer word in another order."""
    chance = random.Random(row.id)
    words = ["".join(chance.sample(word, len(word))) if len(word) > 3 else word for word in row.text.split()]
    return msgspec.structs.replace(row, title="", text=" ".join(words))


def test_news_as_before_gives_no_warning(tagger: Tagger, rows: list[LabelledArticle]) -> None:
    """Neither the words nor the themes of such articles are strange."""
    now = articles(rows)
    taggings = tagger.tag(now)
    assert find_drift(now[::2], taggings[::2], tagger, taggings[1::2]) == []


def test_unknown_words_are_told_by_outlet(tagger: Tagger, rows: list[LabelledArticle]) -> None:
    """An outlet whose words are garbled is told, with its share, and the others are not; of few articles nothing is."""
    strange = articles([garbled(row) for row in rows[:40]], "rusak", 500)
    both = [*articles(rows), *strange]
    (drift,) = find_drift(both, tagger.tag(both), tagger)
    assert (drift.kind, drift.outlet, drift.articles) == ("words", "rusak", 40)
    assert drift.found > 0.5 > drift.usual
    assert find_drift(strange[:20], tagger.tag(strange[:20]), tagger) == []


def test_a_theme_that_swells_is_told(tagger: Tagger, rows: list[LabelledArticle]) -> None:
    """Three times as many articles on a theme as in the weeks before are told, a few more and fewer are not."""
    now = articles(rows)
    taggings = tagger.tag(now)
    on_theme = [t for t in taggings if any(tag.theme == "keamanan" and tag.strength == "pokok" for tag in t.themes)]
    key = {tagging.id for tagging in on_theme}
    more = [one for one in now if one.id in key] * 2 + now
    by_id = {tagging.id: tagging for tagging in taggings}
    (drift,) = find_drift(more, [by_id[one.id] for one in more], tagger, taggings)
    assert (drift.kind, drift.theme, drift.outlet) == ("theme", "keamanan", None)
    assert drift.found > 2 * drift.usual
    assert find_drift(now, taggings, tagger, [by_id[one.id] for one in more]) == []


def test_models_without_a_figure_say_nothing_of_words(tagger: Tagger, rows: list[LabelledArticle]) -> None:
    """A manifest without the share of unknown words gives no warnings on them."""
    strange = articles([garbled(row) for row in rows[:40]])
    older = Tagger(tagger._model, msgspec.structs.replace(tagger.manifest, reference=None), tagger.taxonomy)
    assert find_drift(strange, older.tag(strange), older) == []


def test_the_report_has_weeks_and_outlets_beside_the_training_texts(
    tagger: Tagger, rows: list[LabelledArticle]
) -> None:
    """Each article counts once among the weeks and once among the outlets; strange words and few articles show."""
    strange = articles([garbled(row) for row in rows[:40]], "rusak", 500)
    late = [msgspec.structs.replace(one, day=date(2025, 1, 1)) for one in articles(rows[:3], "sedikit", 900)]
    all_of_them = [*articles(rows), *strange, *late]
    report = drift_report(zip(all_of_them, tagger.tag(all_of_them), strict=True), tagger)
    assert report.training == tagger.manifest.reference
    assert [(row.where, row.articles) for row in report.weeks] == [("2024-W47", 200), ("2025-W01", 3)]
    assert [(row.where, row.articles) for row in report.outlets] == [("rusak", 40), ("sedikit", 3), ("uji", 160)]
    broken, few, usual = report.outlets
    assert broken.unknown > 0.5 > 0.1 > usual.unknown
    assert few.relevance is None
    assert usual.relevance is not None
    assert usual.related > 100
    main = [tag.theme for one in tagger.tag(articles(rows)) for tag in one.themes if tag.strength == "pokok"]
    assert usual.themes["petahana"] == round(main.count("petahana") / usual.related, 4)


def test_the_stability_index_is_the_published_one() -> None:
    """Sum of (found - expected) x ln(found / expected) over the ranges; nothing where they are equal."""
    assert stability_index((0.5, 0.5), (0.5, 0.5)) == 0
    assert stability_index((0.4, 0.6), (0.6, 0.4)) == pytest.approx(0.4 * math.log(1.5))
    assert stability_index((0.0, 1.0), (0.5, 0.5)) < 10


def test_a_model_without_a_reference_cannot_report(tagger: Tagger) -> None:
    """It says what to do."""
    older = Tagger(tagger._model, msgspec.structs.replace(tagger.manifest, reference=None), tagger.taxonomy)
    with pytest.raises(ModelError, match="train it again"):
        drift_report([], older)


def test_the_command_prints_the_report(tagger: Tagger, rows: list[LabelledArticle], tmp_path: Path) -> None:
    """All figures as CSV, the furthest themes as a table, and advice where there is nothing to look at."""
    place = f"sqlite:///{tmp_path}/a.db"
    archive = Archive(place)
    archive.add_articles(articles(rows[:40]))
    bring_up_to_date(archive, DAY, DAY, tagger=tagger)
    command = ["drift", "--archive", place, "--since", f"{DAY}"]
    table = CliRunner().invoke(main, command, env={"COLUMNS": "120"})
    assert "2024-W47" in table.stdout
    assert "training" in table.stdout
    lines = CliRunner().invoke(main, [*command, "--format", "csv"]).stdout.splitlines()
    assert [line.split(",")[0] for line in lines] == ["where", "training", "2024-W47", "uji"]
    nothing = CliRunner().invoke(main, ["drift", "--archive", place, "--since", f"{DAY + timedelta(days=1)}"])
    assert nothing.exit_code == 1
    assert "retag" in nothing.stderr


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_kind_of_drift_has_a_sentence(language: Language) -> None:
    """In both languages and all renderings, with its figures and what to do."""
    for kind in ("words", "election_words", "theme"):
        drift = msgspec.convert(
            {"kind": kind, "found": 0.37, "usual": 0.11, "articles": 80, "outlet": "uji", "theme": "bencana"}, Drift
        )
        summary = msgspec.structs.replace(full_summary(), warnings=(drift,))
        files = render(summary, language)
        for text in (files["html"], files["md"], "\n".join(digest(summary, language))):
            (line,) = [line for line in text.splitlines() if "pilkada label next" in line]
            assert "37 %" in line
            assert "11 %" in line
            assert "{" not in line


def closed(archive: Archive, tagger: Tagger) -> DailySummary:
    """Close the day after the articles of `articles`, store its edition and return it."""
    day = DAY + timedelta(days=1)
    now = datetime(2024, 11, 23, tzinfo=UTC)
    summary = close_day(day, archive, [], [], tagger=tagger, calendar=load_calendar(), now=now)
    archive.add_edition(summary, now)
    return summary


def test_a_summary_warns_of_the_week_before(tmp_path: Path, tagger: Tagger, rows: list[LabelledArticle]) -> None:
    """It says so in its first edition; later findings make no edition of a day that is closed."""
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    archive.add_articles(articles([garbled(row) for row in rows[:40]], "rusak", 500))
    bring_up_to_date(archive, DAY, DAY, tagger=tagger)
    first = closed(archive, tagger)
    assert [(drift.kind, drift.outlet) for drift in first.warnings] == [("words", "rusak")]
    archive.add_articles(articles([garbled(row) for row in rows[40:80]], "lain", 600))
    bring_up_to_date(archive, DAY, DAY, tagger=tagger)
    assert closed(archive, tagger) == first
