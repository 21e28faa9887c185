"""The corpus check finds what it promises to find, on small corpora with one fault each."""

import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pilkada_nlp.corpora import CorpusReport, check_corpora, read_corpus
from pilkada_nlp.errors import InputError

ROOT = Path(__file__).parents[1]
WORDS = [f"kata{number}" for number in range(900)]
BALANCE = """
[sizes]
berita = 2
[themes]
keamanan = 1
[modalities]
kejadian = 1
[kinds]
media = 1
[crossed]
least = 1
[crossed.modalities]
keamanan = ["kejadian"]
"""


def text(seed: int, count: int = 120) -> str:
    """Return random words, different with each seed."""
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def article(number: int, labels: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return a sound article with some fields changed."""
    standard = {
        "rel": 1,
        "election": "pilkada",
        "pokok": ["keamanan"],
        "mod": "kejadian",
        "sev": 3,
        "regions": ["64.02"],
    }
    return {
        "id": f"a{number}",
        "title": f"Judul {number}",
        "text": text(number),
        "outlet_style": "lokal",
        "date": "2024-11-21",
        "event": f"e{number}",
        "labels": {**standard, **(labels or {})},
        "source_note": "rincian dikarang",
        "split": "train",
        **fields,
    }


def member(key: str, relation: str, copy: str, event: str, words: str) -> dict[str, Any]:
    """Return a telling of family f."""
    return {
        "id": key,
        "family": "f",
        "relation": relation,
        "copy": copy,
        "event": event,
        "follows": None,
        "title": key,
        "text": words,
        "date": "2024-11-21",
        "outlet": "x",
        "regions": ["64.02"],
        "themes": ["keamanan"],
        "mod": "kejadian",
        "source_note": "rincian dikarang",
    }


FAMILY = [
    member("f-a", "asal", "f-a", "f-a", text(70)),
    member("f-b", "salinan", "f-a", "f-a", text(70)),
    member("f-c", "lain", "f-c", "f-c", text(71)),
]


def opening(number: int, labels: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return the sound opening of an article, with some fields changed."""
    whole = article(number, labels, **{"text": text(number, 60), **fields})
    return {name: value for name, value in whole.items() if name in ("id", "title", "text", "date", "labels")}


def check(
    tmp_path: Path,
    rows: list[Any],
    family: list[Any] = FAMILY,
    measure: Path | None = None,
    openings: Sequence[Any] = (),
) -> CorpusReport:
    """Check a corpus of these articles and openings and one family."""
    folder = tmp_path / "corpora"
    lines_of = {"berita": rows, "ringkas": openings, "salinan": family, "media_sosial": [], "kalimat": []}
    for name, lines in lines_of.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "x.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / "balance.toml").write_text(BALANCE)
    return check_corpora(folder, measure)


def rules(report: CorpusReport) -> set[str]:
    """Return the names of the rules that are broken."""
    return {problem.rule for problem in report.problems}


def test_a_sound_corpus_passes(tmp_path: Path) -> None:
    """Two different articles and a family with a deliberate copy break no rule, and are counted."""
    report = check(tmp_path, [article(1), article(2)])
    assert report.problems == []
    assert [(count.name, count.found) for count in report.counts] == [
        ("berita", 2),
        ("pokok keamanan", 2),
        ("mod kejadian", 2),
        ("kind media", 2),
        ("keamanan x kejadian", 2),
    ]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        (article(2, {"sev": 9}), "severity"),
        (article(2, {"mod": "imbauan"}), "severity"),
        (article(2, {"pokok": ["keamanan", "logistik", "kampanye", "bencana"]}), "theme"),
        (article(2, {"pokok": ["keamananan"]}), "theme"),
        (article(2, {"sebutan": ["keamanan"]}), "theme"),
        (article(2, {"rel": 0}), "relevance"),
        (article(2, {"mod": None, "sev": 0}), "relevance"),
        (article(2, {"regions": ["99.99"]}), "region"),
        (article(2, {"pokok": ["politik_uang"]}), "modality"),
        (article(2, {"kind": "opini"}), "modality"),
        (article(2, {"mod_secondary": "kejadian"}), "modality"),
        (article(2, {"outcome": "terbukti"}), "outcome"),
        (article(2, {"mod": "putusan", "outcome": "tidak_terbukti"}), "severity"),
        (article(2, text=text(2, 100)), "length"),
        (article(2, text=text(2, 460)), "length"),
        (article(2, source_note=""), "provenance"),
        (article(2, id="a1"), "id"),
        (article(2, event="e1", split="test"), "split"),
        (article(2, text=text(1, 115) + " lain sama sekali di sini"), "similarity"),
        (article(2, {"mod": "kabar"}), "schema"),
        (article(2, split="latih"), "schema"),
        (article(2, kunci=1), "schema"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_is_found(tmp_path: Path, changed: dict[str, Any], rule: str) -> None:
    """One broken rule is named, with the text that breaks it."""
    report = check(tmp_path, [article(1), changed])
    assert rule in rules(report)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        (opening(3, text=text(3, 20)), "length"),
        (opening(3, text=text(3, 110)), "length"),
        (opening(3, {"mod": None}), "relevance"),
        (opening(3, text=text(4, 58) + " lain sekali"), "similarity"),
        (opening(4), "id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_openings_have_rules_of_their_own(tmp_path: Path, changed: dict[str, Any], rule: str) -> None:
    """Headline and lead need no event and no source; length, labels, likeness and ids are checked."""
    assert check(tmp_path, [article(1), article(2)], openings=[opening(4), opening(5)]).problems == []
    report = check(tmp_path, [article(1), article(2)], openings=[opening(4), changed])
    assert rules(report) == {rule} or rules(report) == {rule, "similarity"}


def test_missing_balance_is_found(tmp_path: Path) -> None:
    """Too few texts are a problem with both numbers."""
    report = check(tmp_path, [article(1)])
    assert [(problem.rule, problem.detail) for problem in report.problems] == [("berita", "1, at least 2")]


@pytest.mark.parametrize(
    "family",
    [
        FAMILY[:1],
        FAMILY[1:],
        [FAMILY[0], {**FAMILY[1], "copy": "f-b"}, FAMILY[2]],
        [FAMILY[0], FAMILY[1], {**FAMILY[2], "event": "f-a"}],
    ],
)
def test_families_follow_from_their_relations(tmp_path: Path, family: list[Any]) -> None:
    """A family has one first telling, its copies share a cluster, and another event is another event."""
    assert "family" in rules(check(tmp_path, [article(1), article(2)], family))


def test_runs_of_eight_words_from_elsewhere_are_found(tmp_path: Path) -> None:
    """A run shared with one source is named; formulas, and what many texts have, are not."""
    run = "delapan kata berturut turut milik orang lain semua"
    formula = "undang undang nomor tahun tentang pemilihan umum kepala daerah"
    many = "tunggu artikel berikut yang selalu ada dimana mana"
    rows = [article(1, text=f"{text(1)} {run} {formula} {many}"), article(2)]
    data = tmp_path / "measure" / "data"
    data.mkdir(parents=True)
    lines = [{"id": 0, "title": None, "text": f"awal {run} akhir {formula}"}]
    lines += [{"id": number, "text": f"x{number} {many}"} for number in range(3)]
    (data / "news.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    report = check(tmp_path, rows, measure=tmp_path / "measure")
    assert [(problem.where, problem.rule) for problem in report.problems] == [("a1", "verbatim")]
    assert run in report.problems[0].detail
    assert "news.jsonl:1" in report.problems[0].detail


def test_a_folder_without_corpora_is_an_error(tmp_path: Path) -> None:
    """The message says what is missing."""
    with pytest.raises(InputError, match="no berita/"):
        check_corpora(tmp_path)
    check(tmp_path, [article(1)])
    (tmp_path / "corpora" / "balance.toml").unlink()
    with pytest.raises(InputError, match=r"balance\.toml"):
        check_corpora(tmp_path / "corpora")


def test_corpora_are_read_in_order(tmp_path: Path) -> None:
    """Files of a folder come by name, and rows as they stand."""
    check(tmp_path, [article(2), article(1)])
    shutil.copy(tmp_path / "corpora" / "berita" / "x.jsonl", tmp_path / "corpora" / "berita" / "w.jsonl")
    assert [row.id for row in read_corpus([tmp_path / "corpora" / "berita"])] == ["a2", "a1", "a2", "a1"]


def test_the_shipped_corpora_keep_their_rules() -> None:
    """No text of the project's own corpora breaks a rule, and every count reaches its least."""
    report = check_corpora(ROOT / "corpora")
    assert report.problems == []
    assert len(report.counts) > 80


def test_no_shipped_text_shares_a_run_with_real_ones(measure: Path) -> None:
    """No run of eight words of the corpora stands in the measuring data."""
    assert [
        problem for problem in check_corpora(ROOT / "corpora", measure).problems if problem.rule == "verbatim"
    ] == []
