"""Evaluation: figures that can be worked out by hand, intervals, slices, and reports that are safe to open."""

import re
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.corpora import LabelledArticle, Labels, read_corpus
from pilkada_nlp.errors import InputError
from pilkada_nlp.evaluation import EvaluationReport, article_of, evaluate, report_html, report_markdown
from pilkada_nlp.evaluation.comparison import compare
from pilkada_nlp.evaluation.measures import (
    average_precision,
    bin_gaps,
    bins,
    calibration_error,
    counts,
    f1,
    main_of,
    measured,
    samples,
)
from pilkada_nlp.labelling import Labelling

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def labelled() -> list[Labelling]:
    """The corpus' own test split, every fourth article, half of it with an outlet."""
    rows = [row for row in read_corpus([ROOT / "corpora" / "berita"]) if row.split == "test"][::4]
    return [Labelling(article=row, outlet="media-a" if number % 2 else "") for number, row in enumerate(rows)]


@pytest.fixture(scope="module")
def report(tagger: Tagger, labelled: list[Labelling]) -> EvaluationReport:
    """The shipped model judged on them."""
    return evaluate(tagger, labelled)


def test_figures_are_those_counted_by_hand(tagger: Tagger, labelled: list[Labelling], report: EvaluationReport) -> None:
    """F1, precision and recall come out as they do when the articles are counted one by one."""
    taggings = tagger.tag(map(article_of, labelled))
    right = wrong = missed = 0
    for one, tagging in zip(labelled, taggings, strict=True):
        gold = "keamanan" in one.article.labels.pokok
        found = any(theme.theme == "keamanan" and theme.strength == "pokok" for theme in tagging.themes)
        right, wrong, missed = right + (gold and found), wrong + (found and not gold), missed + (gold and not found)
    score = next(score for score in report.themes if score.theme == "keamanan")
    assert score.articles == right + missed > 5
    assert score.precision.value == pytest.approx(right / (right + wrong), abs=1e-4)
    assert score.recall.value == pytest.approx(right / (right + missed), abs=1e-4)
    assert score.f1.value == pytest.approx(2 * right / (2 * right + wrong + missed), abs=1e-4)
    modalities = [
        one.article.labels.mod == (tagging.modality and tagging.modality.value)
        for one, tagging in zip(labelled, taggings, strict=True)
        if one.article.labels.rel
    ]
    assert report.figures["modality"].value == pytest.approx(sum(modalities) / len(modalities), abs=1e-4)
    assert sum(sum(row.values()) for row in report.confusion.values()) == report.related == len(modalities)
    assert sum(report.confusion[mod].get(mod, 0) for mod in report.confusion) == sum(modalities)


def test_average_precision_is_that_of_scikit_learn() -> None:
    """Also of weighed articles, as samples are."""
    chance = np.random.default_rng(1)
    answers, scores = chance.random(80) < 0.3, chance.random(80)
    drawn = samples(80, 0)
    found = average_precision(answers, scores, drawn)
    assert found.value == pytest.approx(average_precision_score(answers, scores), abs=1e-4)
    resampled = [average_precision_score(answers, scores, sample_weight=weights) for weights in drawn[:200]]
    assert found.low < np.quantile(resampled, 0.2) < found.value < np.quantile(resampled, 0.8) < found.high


def test_intervals_hold_what_they_promise() -> None:
    """Of articles drawn from a world with F1 0.8, about 95 of 100 intervals hold 0.8; the seed decides the samples."""
    chance = np.random.default_rng(2)
    held = 0
    for _ in range(100):
        kinds = chance.choice(3, size=150, p=[2 / 3, 1 / 6, 1 / 6])
        interval = measured(np.eye(3)[kinds], f1, samples(150, 0))
        held += interval.low <= 0.8 <= interval.high
    assert 88 <= held <= 100
    assert (samples(30, 1) == samples(30, 1)).all()
    assert (samples(30, 1) != samples(30, 2)).any()


def test_calibration_errors_are_counted_alike() -> None:
    """The error by bins and that by gaps of articles, which comparisons resample, are the same."""
    answers = [[(0.05, False), (0.95, True)], [(0.92, False)], [(0.55, True), (0.51, True)]]
    flat = [one for given in answers for one in given]
    found = bins(np.array([score for score, _ in flat]), np.array([answer for _, answer in flat]))
    gaps = bin_gaps(answers).sum(axis=0)
    assert calibration_error(found) == pytest.approx(np.abs(gaps[:-1]).sum() / gaps[-1], abs=1e-3)
    assert calibration_error(found) == pytest.approx((0.05 + abs(0.935 - 0.5) * 2 + abs(0.53 - 1) * 2) / 5, abs=1e-3)


def test_slices_leave_out_what_is_too_small(report: EvaluationReport) -> None:
    """Every slice has ten articles; a figure that labels give nothing to find is none, not 0."""
    assert {one.by for one in report.slices} >= {"outlet", "length", "year", "election", "statement"}
    assert all(one.articles >= 10 for one in report.slices)
    unrelated = next(one for one in report.slices if one.by == "election" and one.value == "-")
    assert unrelated.signal_f1 is None or unrelated.signal_f1 == 0
    assert unrelated.modality_accuracy is None


def test_the_worst_errors_come_first_with_what_led_astray(labelled: list[Labelling], report: EvaluationReport) -> None:
    """At most thirty, the surest first; the sentences stand in the article."""
    assert 10 < len(report.errors) <= 30
    sure = [error.probability for error in report.errors]
    assert sure == sorted(sure, reverse=True)
    texts = {one.article.id: f"{one.article.title}\n{one.article.text}" for one in labelled}
    shown = [error for error in report.errors if error.evidence]
    assert shown
    for error in shown:
        assert error.found not in ("-", "no")
        for sentence in error.evidence:
            assert " ".join(sentence.split()) in " ".join(texts[error.article].split())


def test_the_same_articles_and_seed_give_the_same_report(
    tagger: Tagger, labelled: list[Labelling], report: EvaluationReport
) -> None:
    """And no articles give an error that says so."""
    assert evaluate(tagger, labelled) == report
    with pytest.raises(InputError, match="no labelled articles"):
        evaluate(tagger, [])


def test_reports_show_every_theme_and_escape_what_is_foreign(tagger: Tagger) -> None:
    """The page needs no script and nothing from elsewhere; its pictures can be read aloud; Markdown stays text."""
    bad = '<script>alert(1)</script> Pilkada | `KPU` "Bawaslu"'
    rows = [
        LabelledArticle(
            id=f"a{n}", title=bad, text=f"{bad} petahana memutasi pejabat.", date=date(2024, 9, 1), labels=x
        )
        for n, x in enumerate([Labels(rel=False), Labels(rel=True, mod="imbauan", pokok=("bencana",))] * 8)
    ]
    report = evaluate(tagger, [Labelling(article=row, outlet="<b>x</b>") for row in rows])
    page, text = report_html(report), report_markdown(report)
    assert "<script" not in page
    assert "<b>x" not in page
    assert not re.search(r'(src|href)="', page)
    for theme in tagger.manifest.themes:
        assert theme in page
        assert f"| {theme} |" in text
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 3
    for picture in pictures:
        root = ET.fromstring(picture)  # noqa: S314  # our own page
        labels = root.attrib["aria-labelledby"].split()
        assert [element.attrib.get("id") for element in list(root)[:2]] == labels
    rows_of_table = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.count("|") >= 3 for line in rows_of_table)
    assert "| <script" not in text


def test_a_model_is_no_worse_than_itself(tagger: Tagger, labelled: list[Labelling]) -> None:
    """Compared with itself nothing changes in any sample."""
    for one in compare(tagger, tagger, labelled, 0):
        assert (one.change, one.fell) == (0, 0)


def test_counting_needs_no_articles(tagger: Tagger) -> None:
    """Nothing counted is nothing found, in the same shape."""
    assert counts([], main_of(tagger.manifest.themes)).shape == (0, 3)
