"""Labels come in and go out without loss, in every format, and what differs is listed."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, Election
from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.cli import main
from pilkada_nlp.cli.labels import FILE_FORMATS
from pilkada_nlp.corpora import CaseStage, LabelledArticle, Labels, read_corpus
from pilkada_nlp.errors import InputError, OutputError
from pilkada_nlp.inputs import article_of_json
from pilkada_nlp.labelling import (
    Format,
    Labelling,
    Span,
    conflicts,
    labelling_interface,
    read_labels,
    resolve,
    write_labels,
    write_tasks,
)
from pilkada_nlp.labelling.files import LARGEST, LONGEST_LINE
from pilkada_nlp.labelling.vocabulary import flat

ROOT = Path(__file__).parents[1]
THEMES = ["netralitas_asn", "petahana", "keamanan", "logistik", "politik_uang"]
ENDINGS: Mapping[str, str] = {"csv": ".csv", "xlsx": ".xlsx", "label-studio": ".json"}

# Emoji with joiners, right to left, combining marks, formulas, codes of XLSX, separators, quotes, what ends a line.
HARD = st.sampled_from(
    ["👩🏽‍🌾", "e\u0301", "\u202eمرحبا\u202c", "שלום", "=1+1", "'=x", "''", "-5", "@a", "＝1", "_x000D_", "_x005F_x0041_"]
    + ["x005F_", '"', "“;”", ";", ",", "\t", "\r\n", "\r", "\n\n", "\u2028", "\x85", "\ufeff", " ", "[", "64.02", "null"]
)
CHARACTERS = st.characters(exclude_categories=("Cs",))
ANY_TEXT = st.lists(HARD | st.text(CHARACTERS, max_size=8), max_size=5).map("".join)
# XLSX has no control characters but tab and the two that end a line.
NO_CONTROL = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]))
SHEET_TEXT = st.lists(
    HARD | st.text(st.characters(exclude_categories=("Cs",), exclude_characters=NO_CONTROL), max_size=8), max_size=5
).map("".join)


def some(*values: Any) -> st.SearchStrategy[Any]:
    """Return one of the values, or None."""
    return st.none() | st.sampled_from(values)


@st.composite
def labellings(draw: st.DrawFn, text: st.SearchStrategy[str] = ANY_TEXT) -> Labelling:
    """A labelling with anything that its types and the taxonomy allow, from nothing at all to every field."""
    themes = draw(st.lists(st.sampled_from(THEMES), unique=True))
    cut = draw(st.integers(0, len(themes)))
    dates = st.dates(date(1998, 1, 1), date(2030, 1, 1))
    labels = Labels(
        rel=draw(st.booleans()),
        election=draw(some(*get_args(Election))),
        election_id=draw(st.none() | text.filter(bool)),
        pokok=tuple(themes[:cut]),
        sebutan=tuple(themes[cut:]),
        subtags=tuple(draw(st.lists(text.filter(bool), max_size=3, unique=True))),
        mod=draw(some(*MODALITIES)),
        mod_secondary=draw(some(*MODALITIES)),
        regions=tuple(draw(st.lists(st.sampled_from(["64", "64.02", "74.10", "11.01", "91"]), unique=True, max_size=3))),
        kind=draw(st.sampled_from(SOURCE_KINDS)),
        sev=draw(st.integers(0, 4)),
        event_date=draw(st.none() | dates),
        is_aggregate=draw(st.booleans()),
        case_stage=draw(some(*get_args(CaseStage))),
        outcome=draw(some(*OUTCOMES)),
    )
    article = LabelledArticle(
        id=draw(text.filter(bool)),
        title=draw(text),
        text=draw(text),
        date=draw(dates),
        labels=labels,
        event=draw(text),
        split=draw(st.sampled_from(["train", "dev", "test"])),
        outlet_style=draw(text),
        source_note=draw(text),
    )
    names = [f"pokok:{name}" for name in labels.pokok] + [f"sebutan:{name}" for name in labels.sebutan] + ["mod:dugaan"]
    spans = []
    for field in ("title", "text"):
        if length := len(getattr(article, field)):
            start = draw(st.integers(0, length - 1))
            end = draw(st.integers(start + 1, length))
            spans.append(msgspec.convert([draw(st.sampled_from(names)), start, end, field], Span))
    return Labelling(
        article=article,
        url=draw(text),
        outlet=draw(text),
        by=draw(text),
        at=draw(st.none() | st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC))),
        guideline=draw(text),
        evidence=tuple(draw(st.lists(st.sampled_from(spans), max_size=3)) if spans else ()),
        meta=draw(st.dictionaries(text, JSON_VALUES(text), max_size=3)),
    )


def JSON_VALUES(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:  # noqa: N802 - a strategy is a kind of type
    """Anything that JSON holds."""
    single = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
    return st.recursive(
        single, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2), max_leaves=3
    )


def a_labelling(key: str = "a-1", by: str = "Sari", hour: int = 7, **values: Any) -> Labelling:
    """A short article on a burnt warehouse, labelled at an hour of one day."""
    labels = {"rel": True, "pokok": ("logistik",), "mod": "kejadian", "regions": ("64.02",), **values}
    article = LabelledArticle(
        id=key,
        title="Gudang logistik terbakar",
        text="Gudang logistik KPU terbakar. Polisi berjaga.",
        date=date(2024, 11, 21),
        labels=msgspec.convert(labels, Labels),
    )
    return Labelling(article=article, by=by, at=datetime(2026, 11, 20, hour, tzinfo=UTC), guideline="0.1")


def written(folder: Path, form: Format, *given: Labelling) -> Path:
    """Return a file of labellings in a format."""
    path = folder / f"label{ENDINGS.get(form, '.jsonl')}"
    write_labels(given, path, form)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of all examples."""
    return tmp_path_factory.mktemp("labels")


def comes_back(folder: Path, form: Format, given: list[Labelling]) -> None:
    """Everything that is written is read again: values, order, nothing left out; and writing it again changes nothing."""
    path = written(folder, form, *given)
    first = path.read_bytes()
    reading = read_labels(path, form)
    assert reading.labellings == given
    assert reading.skipped == []
    if form != "xlsx":  # which holds the time of its making
        assert written(folder, form, *reading.labellings).read_bytes() == first


MANY = settings(max_examples=60, deadline=None)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_own_lines_come_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Our own JSONL holds every labelling."""
    comes_back(folder, "jsonl", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_csv_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """CSV holds every labelling, with formulas, quotes and line ends in its cells."""
    comes_back(folder, "csv", given_ones)


@MANY
@given(given_ones=st.lists(labellings(SHEET_TEXT), max_size=3))
def test_xlsx_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """XLSX holds every labelling without control characters."""
    comes_back(folder, "xlsx", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_doccano_classification_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Labels of a whole article go through doccano's JSONL, the rest as metadata."""
    comes_back(folder, "doccano", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_doccano_spans_come_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Evidence goes through doccano's spans to the character, emoji and all, in the title too."""
    comes_back(folder, "doccano-spans", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_label_studio_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Label Studio's JSON holds every labelling."""
    comes_back(folder, "label-studio", given_ones)
