"""Drift: silence on news like the training texts, a warning when words, scores or themes move away."""

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest

from pilkada_nlp.article import Article
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.corpora import LabelledArticle, read_corpus
from pilkada_nlp.drift import Drift, find_drift, stability_index
from pilkada_nlp.training import train
from tests.conftest import article_of
from tests.test_training import corpus


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    """A tagger of three themes, with the reference of its training."""
    folder: Path = tmp_path_factory.mktemp("drift")
    train(read_corpus([corpus(folder / "c.jsonl", 160)]), folder / "m")
    return load_tagger(folder / "m")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[LabelledArticle]:
    """Texts like those that it was trained on."""
    return read_corpus([corpus(tmp_path_factory.mktemp("drift") / "c.jsonl", 160)])


def articles(rows: Sequence[LabelledArticle], outlet: str = "uji") -> list[Article]:
    """Return them as articles of one week."""
    return [article_of(row.text, row.title, id=row.id, outlet=outlet, day=date(2024, 11, 20)) for row in rows]


def test_news_like_the_training_texts_give_no_warning_on_words(toy: Tagger, rows: list[LabelledArticle]) -> None:
    """Neither the words nor the themes of such texts are strange."""
    found = find_drift(articles(rows), toy.tag(articles(rows)), toy)
    assert not [drift for drift in found if drift.what == "unknown" or drift.what.startswith("theme:")], found


def test_unknown_words_are_told_by_week_and_outlet(toy: Tagger, rows: list[LabelledArticle]) -> None:
    """The share is the mean of the articles'; the sentence says where and how much."""
    chance = random.Random(1)
    strange = [
        msgspec.structs.replace(
            row, title="", text=" ".join("".join(chance.sample("bdghklmnprst", 7)) for _ in range(20))
        )
        for row in rows
    ]
    new = articles(strange, "baru")
    found = [drift for drift in find_drift(new, toy.tag(new), toy) if drift.what == "unknown"]
    assert [(drift.where, drift.articles) for drift in found] == [("2024-W47", 160), ("baru", 160)]
    assert found[0].found > 0.9
    assert found[0].sentence().startswith("2024-W47: ")
    assert "unknown to the model" in found[0].sentence("en")


def test_themes_that_come_far_more_often_are_told(toy: Tagger, rows: list[LabelledArticle]) -> None:
    """Only security for a week is told as that theme; too few articles are no news."""
    one = [row for row in rows if "keamanan" in row.labels.pokok] * 2
    new = articles(one)
    told = {drift.what for drift in find_drift(new, toy.tag(new), toy)}
    assert "theme:keamanan" in told
    assert find_drift(new[:20], toy.tag(new[:20]), toy) == []


def test_older_models_have_nothing_to_compare_with(toy: Tagger, rows: list[LabelledArticle]) -> None:
    """A manifest without a reference gives no warnings."""
    new = articles(rows)
    older = Tagger(toy._model, msgspec.structs.replace(toy.manifest, reference=None), toy.taxonomy)
    assert find_drift(new, toy.tag(new), older) == []


def test_the_stability_index_is_the_usual_one() -> None:
    """Nought for equal shares, the sum of differences by log ratios else, and finite where a range is empty."""
    assert stability_index([0.5, 0.5], [0.5, 0.5]) == 0
    assert stability_index([0.6, 0.4], [0.5, 0.5]) == pytest.approx(0.1 * 0.18232 + 0.1 * 0.22314, abs=1e-4)
    assert stability_index([1.0, 0.0], [0.5, 0.5]) < 5


def test_every_kind_of_drift_has_a_sentence() -> None:
    """In both languages, with the figures in it."""
    for what in ("unknown", "relevance", "strongest", "theme:bencana"):
        drift = Drift("2024-W47", what, 80, 0.37, 0.11)
        for sentence in (drift.sentence("id"), drift.sentence("en")):
            assert "37" in sentence
            assert "{" not in sentence
