"""The explanation of a tagging: complete, in two languages, safe to show, and the same as text, HTML and data."""

import json
import re
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from typing import get_args

import msgspec
import pytest
from click.testing import CliRunner

from pilkada_nlp.article import (
    Election,
    Evidence,
    Modality,
    RegionRole,
    RegionTag,
    Relevance,
    SourceKind,
    SourceKindValue,
    Strength,
    Tagging,
    ThemeTag,
)
from pilkada_nlp.article.marking import Mark, parse_term, pattern_of, pieces
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.cli import main
from pilkada_nlp.wording import Language, texts
from tests.test_classifiers import demo_texts

SENTENCE = "Bawaslu memeriksa lurah yang diduga menulis ajakan memilih di 12 grup warga."
EVIL = '<script>alert("x")</script>'


def tagging_of(**fields: object) -> Tagging:
    """Return a tagging in which every judgement has something to explain."""
    lead = Evidence(
        start=0,
        end=len(SENTENCE),
        text=SENTENCE,
        terms=(("~tulis", 0.21), ("l:lurah", 0.125), ("0 grup", 0.1), ("p:netralitas_asn", 0.05)),
    )
    named = Evidence(start=90, end=123, text="Petahana menolak memberi komentar.")
    standard: dict[str, object] = {
        "id": "contoh-1",
        "relevant": Relevance(value=True, score=0.5912, election="pilkada"),
        "themes": (
            ThemeTag(theme="netralitas_asn", strength="pokok", score=0.81, threshold=0.4, evidence=(lead,)),
            ThemeTag(theme="petahana", strength="sebutan", score=0.07, threshold=0.25, evidence=(named,)),
        ),
        "theme_scores": {"netralitas_asn": 0.81, "petahana": 0.07, "keamanan": 0.31, "sengketa": 0.01},
        "modality": Modality(value="dugaan", score=0.39, secondary="putusan", evidence=(lead,)),
        "regions": (
            RegionTag(code="64.72", name="Kota Samarinda", role="peristiwa", score=1.0),
            RegionTag(code="64", name="Provinsi Kalimantan Timur", role="dateline", score=0.6),
        ),
        "source_kind": SourceKind(value="adv", score=1.0, mark="(Adv)"),
        "severity": 2,
        "review": ("relevant", "themes.keamanan", "modality", "regions", "case_stage"),
        "outcome": "terbukti",
        "model": "uji-1",
        "taxonomy": "1",
        "version": "0.1.0",
        "event_date": date(2024, 11, 20),
        "case_stage": "kajian",
        "thresholds": {"relevant": 0.55, "netralitas_asn": 0.4, "petahana": 0.25, "keamanan": 0.35, "sengketa": 0.5},
    }
    return Tagging(**{**standard, **fields})  # type: ignore[arg-type]


GOLDEN = """\
contoh-1  Lurah Diperiksa
Relevansi: tentang pemilihan, pilkada (probabilitas 0,591; ambang 0,550)  [perlu ditinjau]
Tema:
  Netralitas ASN: tema pokok (probabilitas 0,810; ambang 0,400)
    teks 0–76: “Bawaslu memeriksa lurah yang diduga menulis ajakan memilih di 12 grup warga.”
      tulis (kata dasar) +0,210; lurah (di pembuka) +0,125; # grup +0,100;
      frasa tema Netralitas ASN +0,050
  Petahana: hanya disebut (probabilitas 0,070; ambang 0,250)
    teks 90–123: “Petahana menolak memberi komentar.”
      frasa tema yang ditemukan: Petahana
Tema yang tidak diberikan:
  Keamanan: hampir mencapai ambang (probabilitas 0,310; ambang 0,350)  [perlu ditinjau]
Jenis pernyataan: dugaan (probabilitas 0,390; berikutnya: putusan)  [perlu ditinjau]
    teks 0–76: “Bawaslu memeriksa lurah yang diduga menulis ajakan memilih di 12 grup warga.”
      tulis (kata dasar) +0,210; lurah (di pembuka) +0,125; # grup +0,100;
      frasa tema Netralitas ASN +0,050
Daerah:  [perlu ditinjau]
  64.72 Kota Samarinda: tempat peristiwa (nilai 1,00)
  64 Provinsi Kalimantan Timur: tempat penulisan (nilai 0,60)
Jenis sumber: teks berbayar (nilai 1,00; tanda: (Adv))
Keparahan: 2 dari 4
Hasil: terbukti
Tahap perkara: kajian  [perlu ditinjau]
Tanggal peristiwa: 2024-11-20
Perlu ditinjau:
  Relevansi: probabilitas 0,591 dekat dengan ambang 0,550.
  Tema Keamanan: probabilitas 0,310 dekat dengan ambang 0,350.
  Jenis pernyataan: probabilitas dugaan hanya 0,390; putusan juga mungkin.
  Daerah: bacaan lain mungkin untuk Provinsi Kalimantan Timur (0,60).
  case_stage: ditandai untuk diperiksa orang.

Dibuat oleh: model uji-1, taksonomi 1, pilkada-nlp 0.1.0
Angka di belakang istilah adalah sumbangannya (log-odds). # = angka apa pun."""


class _Page(HTMLParser):
    """Collects the tags, the attributes and the text of a fragment, and whether its tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.marks: dict[str, str] = {}
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self._title = ""
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self._title = dict(attrs).get("title") or ""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data
        if self._open[-1:] == ["mark"]:
            self.marks[data] = self._title


def test_the_plain_text_to_the_letter() -> None:
    """One explanation as a terminal shows it, in Indonesian, which is what you get without asking."""
    assert str(tagging_of().explain(title="Lurah Diperiksa")) == GOLDEN


def test_english_says_the_same() -> None:
    """The same lines in the other language, decimals with a point."""
    text = str(tagging_of().explain("en", "Lurah Diperiksa"))
    assert len(text.splitlines()) == pytest.approx(len(GOLDEN.splitlines()), abs=2)
    assert (
        "Relevance: about an election, regional election (probability 0.591; threshold 0.550)  [needs review]" in text
    )
    assert "  Civil-servant neutrality: main theme (probability 0.810; threshold 0.400)" in text
    assert "lurah (in the opening) +0.125" in text
    assert "Theme Security and violence: the probability 0.310 is close to the threshold 0.350." in text
    assert "Stage of the case: assessment" in text
    assert "ambang" not in text


def test_another_language_is_refused() -> None:
    """At once, with the languages that there are."""
    with pytest.raises(ValueError, match="'fr'; there are id, en"):
        tagging_of().explain("fr")  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_data_survives_json(language: Language) -> None:
    """What comes back from JSON is what went in, and holds what the tagging holds."""
    tagging = tagging_of()
    data = tagging.explain(language, "Judul").dict()
    assert json.loads(json.dumps(data)) == data
    assert data["relevant"] == {"value": True, "score": 0.5912, "election": "pilkada", "threshold": 0.55}
    assert [theme["theme"] for theme in data["themes"]] == ["netralitas_asn", "petahana"]
    assert data["themes"][0]["evidence"][0]["terms"][0]["term"] == "~tulis"
    assert data["themes"][1]["evidence"][0]["phrases"] == ["Petahana"]
    assert [(theme["theme"], theme["score"], theme["threshold"]) for theme in data["near"]] == [
        ("keamanan", 0.31, 0.35)
    ]
    assert [entry["field"] for entry in data["review"]] == list(tagging.review)
    assert (data["event_date"], data["case_stage"], data["outcome"]) == ("2024-11-20", "kajian", "terbukti")
    assert data["regions"] == [msgspec.to_builtins(region) for region in tagging.regions]


def test_html_shows_what_the_text_says() -> None:
    """Every figure and every sentence of the text stands in the HTML, and terms are marked with their weights."""
    explanation = tagging_of().explain(title="Lurah Diperiksa")
    page = _Page(explanation.html())
    shown = " ".join(page.text.split())
    for part in (SENTENCE, "Lurah Diperiksa", "Kota Samarinda", "(Adv)", "Netralitas ASN", "uji-1", "2 dari 4"):
        assert part in shown
    assert set(re.findall(r"\d,\d{2,3}", GOLDEN)) == set(re.findall(r"\d,\d{2,3}", shown))
    assert shown.count("perlu ditinjau") == GOLDEN.count("perlu ditinjau")
    assert page.marks == {
        "menulis": "tulis (kata dasar) +0,210",
        "lurah": "lurah (di pembuka) +0,125; frasa tema Netralitas ASN +0,050",
        "12 grup": "# grup +0,100",
        "Petahana": "frasa tema Petahana",
    }
    assert explanation._repr_html_() == explanation.html()


def test_html_needs_nothing_from_outside() -> None:
    """No script, image, link or address, so that a notebook shows it offline and as it was."""
    html = tagging_of().explain().html()
    page = _Page(html)
    assert set(page.tags) <= {"div", "style", "span", "strong", "blockquote", "mark", "i", "b"}
    assert page.attributes <= {"class", "lang", "style", "title", "aria-hidden"}
    assert not re.search(r"https?:|url\(|@import", html)


def test_whatever_an_article_holds_is_escaped() -> None:
    """Markup in title, sentence, term, mark, names and ids is shown, never obeyed, in HTML and in a terminal."""
    evil = f"{EVIL} \x1b[31mmerah\u202e lurah"
    evidence = Evidence(start=0, end=len(evil), text=evil, terms=((EVIL, 0.5), ('"><b>', 0.4), ("lurah", 0.1)))
    tagging = tagging_of(
        id=EVIL,
        themes=(ThemeTag(theme=EVIL, strength="pokok", score=0.9, threshold=0.4, evidence=(evidence,)),),
        theme_scores={EVIL: 0.9, "x" + EVIL: 0.9},
        modality=Modality(value="dugaan", score=0.9, evidence=(evidence,)),
        regions=(RegionTag(code="64", name=EVIL, role="disebut", score=0.5),),
        source_kind=SourceKind(value="adv", score=1.0, mark=EVIL),
        review=(f"themes.{EVIL}", f"themes.x{EVIL}", EVIL, "regions"),
        case_stage=EVIL,
        model=EVIL,
    )
    explanation = tagging.explain(title=EVIL)
    page = _Page(explanation.html())
    assert "script" not in page.tags
    assert page.tags.count("style") == 1
    assert page.attributes <= {"class", "lang", "style", "title", "aria-hidden"}
    assert page.marks["lurah"] == "lurah +0,100"
    assert f"{EVIL} +0,500" in page.marks.values()
    assert page.text.count("alert") >= 8
    lines = str(explanation)
    assert all(char.isprintable() or char == "\n" for char in lines)
    assert json.loads(json.dumps(explanation.dict())) == explanation.dict()


def test_an_unrelated_article_says_why_nothing_is_assigned() -> None:
    """A theme above its threshold is named although the article is not about an election; nothing is left blank."""
    tagging = tagging_of(
        relevant=Relevance(value=False, score=0.0),
        themes=(),
        modality=None,
        regions=(),
        theme_scores={"keamanan": 0.9, "petahana": 0.1},
        source_kind=SourceKind(value="media", score=0.7),
        severity=0,
        review=(),
        outcome=None,
        event_date=None,
        case_stage=None,
    )
    text = str(tagging.explain())
    assert "Relevansi: tidak tentang pemilihan (probabilitas 0,000; ambang 0,550)" in text
    assert "Keamanan: mencapai ambang, tetapi artikel tidak tentang pemilihan" in text
    assert "Jenis pernyataan: tidak dinilai" in text
    assert "Perlu ditinjau: tidak ada" in text
    assert "log-odds" not in text
    for absent in ("Hasil", "Tahap perkara", "Tanggal peristiwa", "None"):
        assert absent not in text
        assert absent not in _Page(tagging.explain().html()).text


def test_taggings_stored_without_thresholds_are_explained() -> None:
    """An older tagging keeps the thresholds of its themes; the others are said not to be recorded."""
    row = json.loads(msgspec.json.encode(tagging_of()))
    del row["thresholds"]
    explanation = msgspec.convert(row, Tagging).explain()
    assert "(probabilitas 0,591; ambang tidak tercatat)" in str(explanation)
    assert "(probabilitas 0,810; ambang 0,400)" in str(explanation)
    assert "probabilitas 0,310 dekat dengan ambang yang tidak tercatat." in str(explanation)
    assert explanation.dict()["near"][0]["threshold"] is None
    assert "ambang tidak tercatat" in explanation.html()


def test_every_value_has_words() -> None:
    """Whatever a tagging can hold has a word in both languages."""
    for language in get_args(Language):
        words = texts(language)["explanation"]
        assert set(words["strength"]) == set(get_args(Strength))
        assert set(words["election"]) == set(get_args(Election))
        assert set(words["role"]) == set(get_args(RegionRole))
        assert set(words["source"]) == set(get_args(SourceKindValue))


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("camat", "Camat, bukan camatan.", ["Camat"]),
        ("l:saling lempar", "Mereka saling\nlempar.", ["saling\nlempar"]),
        ("rabu 0/0/0", "Rabu (20/11/2024) pagi", ["Rabu (20/11/2024"]),
        ("0 persen", "44,28 persen dan 7 persen", ["44,28 persen", "7 persen"]),
        ("~tulis", "menulis, penulisan, tertulis, ditulisnya, tulisan, menuliskan", 6),
        ("~pilih", "memilih pemilih dipilih terpilih pemilihan", 5),
        ("~simpan", "menyimpan penyimpanan simpanan", 3),
        ("t:~kumpul", "mengumpulkan dikumpulkan pengumpulan perkumpulan", 4),
        ("~dukung", "dukung-mendukung dan pendukung-pendukungnya", 2),
        ("~aman", "halaman taman pengamanan", ["pengamanan"]),
        ("pl:petahana", "Mobil dinas petahana itu", ["Mobil dinas", "petahana"]),
        ("p:tidak_ada", "apa saja", None),
    ],
)
def test_terms_are_found_where_they_stand(term: str, text: str, found: list[str] | int | None) -> None:
    """Words, pairs, numbers, stems behind affixes, and phrases of a theme."""
    pattern = pattern_of(term)
    hits = [match[0] for match in pattern.finditer(text)] if pattern else None
    assert (len(hits) if hits and isinstance(found, int) else hits) == found


def test_odd_terms_and_texts_do_no_harm() -> None:
    """Whatever the term, there is a pattern that can be searched with, or none; long texts come back whole."""
    for term in ("", "~", "t:", "l:~", "p:", "(", "0", "~k", "~(", " ", "\x00"):
        assert len(parse_term(term)) == 3
        if pattern := pattern_of(term):
            assert all(0 <= match.start() <= match.end() <= 5 for match in pattern.finditer("k (0)"))
    for text in ("me" * 50_000, "1," * 50_000, "a-" * 50_000, "asn " * 50_000, "kan" * 50_000):
        marks = [Mark(pattern, term) for term in ("~asn", "0 0", "asn", "~kan") if (pattern := pattern_of(term))]
        assert "".join(piece for piece, _ in pieces(text, marks)) == text
    assert pieces("", []) == []


def test_overlapping_terms_share_a_place() -> None:
    """A word that weighs twice is marked once, with both weights."""
    marks = [Mark(re.compile("saling lempar"), "dua"), Mark(re.compile("lempar"), "satu")]
    assert pieces("saling lempar batu", marks) == [
        ("saling ", ("dua",)),
        ("lempar", ("dua", "satu")),
        (" batu", ()),
    ]


def test_what_the_tagger_weighs_can_be_seen(tagger: Tagger) -> None:
    """On the demonstration, nearly every weighing term is found in its sentence, and thresholds are known."""
    found = []
    for article, tagging in zip(articles := demo_texts(), tagger.tag(articles), strict=True):
        explanation = tagging.explain(title=article.title)
        assert "tidak tercatat" not in str(explanation)
        _Page(explanation.html())
        shown = [evidence for theme in tagging.themes for evidence in theme.evidence]
        for evidence in (*shown, *(tagging.modality.evidence if tagging.modality else ())):
            patterns = [pattern_of(term) for term, _ in evidence.terms]
            found += [bool(pattern and pattern.search(evidence.text)) for pattern in patterns]
    assert sum(found) / len(found) > 0.97


def test_the_command_prints_explanations() -> None:
    """`pilkada tag --explain` prints the text of each article in either language, and has no other format."""
    line = json.dumps({"id": "a1", "title": "Lurah Diperiksa Bawaslu", "text": f"{SENTENCE} Pilkada tinggal sepekan."})
    result = CliRunner().invoke(main, ["tag", "-", "--explain"], input=f"{line}\n{line}\n")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("a1  Lurah Diperiksa Bawaslu\nRelevansi: tentang pemilihan") == 2
    english = CliRunner().invoke(main, ["tag", "-", "--explain", "--lang", "en"], input=line)
    assert "Relevance: about an election" in english.stdout
    for form in ("json", "jsonl", "csv"):
        refused = CliRunner().invoke(main, ["tag", "-", "--explain", "--format", form], input=line)
        assert refused.exit_code == 2
        assert "--explain" in refused.stderr


def test_text_needs_no_templates() -> None:
    """Types and plain text load no template library; HTML does, on first use."""
    code = "import sys, pilkada_nlp.article, pilkada_nlp.article.explanation; print('jinja2' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
