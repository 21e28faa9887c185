"""Which sentences stand for an article: its own, whole, with who says them; no allegation reads like a fact."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from pilkada_nlp.article import (
    Article,
    Entities,
    Evidence,
    Figure,
    Modality,
    ModalityValue,
    Speaker,
    Strength,
    Tagging,
    ThemeTag,
)
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.stories.sentences import harm, shown_sentences
from tests.conftest import article_of
from tests.test_stories import tagging_of

CORPUS = Path(__file__).parents[1] / "corpora" / "berita"


def evidence(article: Article, part: str, modality: ModalityValue | None = None) -> Evidence:
    """Return the evidence that begins with `part` in the text."""
    start = article.text.index(part)
    return Evidence(start=start, end=start + len(part), text=part, modality=modality)


def judged(
    article: Article,
    parts: dict[str, ModalityValue] | None = None,
    *,
    value: ModalityValue = "kejadian",
    themes: dict[str, Strength] | None = None,
    **fields: Any,
) -> Tagging:
    """Return a tagging whose modality rests on the sentences with `parts`, its themes on those of `themes`."""
    found = tuple(evidence(article, part, modality) for part, modality in (parts or {}).items())
    tags = tuple(
        ThemeTag(theme="keamanan", strength=strength, score=0.9, threshold=0.5, evidence=(evidence(article, part),))
        for part, strength in (themes or {}).items()
    )
    return tagging_of(article, modality=Modality(value=value, score=0.9, evidence=found), themes=tags, **fields)


def texts(article: Article, tagging: Tagging) -> list[str]:
    """Return the texts of the shown sentences."""
    return [sentence.text for sentence in shown_sentences(article, tagging)]


def test_sentences_are_the_articles_own_without_its_dateline() -> None:
    """Offsets point at the sentence in the text; the dateline in front is no part of it."""
    article = article_of("SANGATTA, Outlet A - Pagar kantor roboh. Hujan turun.\n\nPolisi datang.")
    (sentence,) = shown_sentences(article, judged(article, {"SANGATTA": "kejadian"}))
    assert sentence.text == "Pagar kantor roboh."
    assert article.text[sentence.start : sentence.end] == sentence.text
    assert (sentence.article, sentence.outlet, sentence.url) == (article.id, article.outlet, article.url)
    assert sentence.modality == "kejadian"


@pytest.mark.parametrize(
    ("opening", "shown"),
    [
        ("JAKARTA -- Pagar roboh.", "Pagar roboh."),
        ("BULA,- Pagar roboh.", "Pagar roboh."),
        ("Jakarta, 29/2 - Pagar roboh.", "Pagar roboh."),
        ("Kota Bima – Pagar roboh.", "Pagar roboh."),
        ("Kota Bima (Outlet A) - Pagar roboh.", "Pagar roboh."),
        ("BULA, (OA).- Pagar roboh.", "Pagar roboh."),
        ("Laporan Wartawan Outlet A. JAKARTA - Pagar roboh.", "Pagar roboh."),
        ("Outlet.com, Bima Pagar roboh.", "Pagar roboh."),
        ('SLAWI — "Pagar roboh," kata polisi.', '"Pagar roboh," kata polisi.'),
        ("Pagar Kantor KPU-Bawaslu roboh.", "Pagar Kantor KPU-Bawaslu roboh."),
        ("Pagar roboh - untuk kedua kalinya.", "Pagar roboh - untuk kedua kalinya."),
    ],
)
def test_datelines(opening: str, shown: str) -> None:
    """Datelines of all forms go; a dash within a sentence is none."""
    article = article_of(f"{opening}\n\nPolisi datang.")
    assert texts(article, judged(article, {shown[-8:]: "kejadian"})) == [shown]


def test_without_evidence_the_first_sentences_stand() -> None:
    """Where no sentence carries a judgement, the first six are shown in order; an empty text shows none."""
    article = article_of(" ".join(f"Kalimat ke-{number} berbunyi lain." for number in range(9)))
    found = texts(article, judged(article))
    assert found == [f"Kalimat ke-{number} berbunyi lain." for number in range(6)]
    empty = article_of("")
    assert shown_sentences(empty, judged(empty)) == ()


def test_a_quotation_is_never_halved() -> None:
    """Of a quotation over two sentences both are shown, straight quotes or curly; one that never closes is left out."""
    for opening, closing in (('"', '"'), ("“", "”")):
        article = article_of(
            f"Massa datang. {opening}Kami takut. Mereka membawa kayu,{closing} kata petugas. Lalu sepi."
        )
        (found,) = texts(article, judged(article, {"Mereka": "kejadian"}))
        assert found == f"{opening}Kami takut. Mereka membawa kayu,{closing} kata petugas."
    article = article_of("Massa datang. “Kami takut. Mereka membawa kayu. Lalu sepi.")
    assert texts(article, judged(article, {"“Kami": "kejadian", "Massa": "kejadian"})) == ["Massa datang."]


def test_sentences_that_say_what_the_article_says_come_first() -> None:
    """A sentence of the article's own kind stands before others, a main theme before one only named."""
    article = article_of(
        "Warga diimbau tenang. Dua kubu bentrok di jalan. Kotak suara dijaga. Camat memantau dari kantor."
    )
    tagging = judged(
        article,
        {"Warga": "imbauan", "Dua kubu": "kejadian"},
        themes={"Camat": "sebutan", "Kotak": "pokok"},
    )
    assert texts(article, tagging) == [
        "Dua kubu bentrok di jalan.",
        "Warga diimbau tenang.",
        "Kotak suara dijaga.",
        "Camat memantau dari kantor.",
    ]


def test_what_repeats_stands_behind_what_is_new() -> None:
    """A sentence that says nearly the same as the one before it waits for another."""
    article = article_of(
        "Kantor kecamatan dirusak massa pendukung. Kantor kecamatan dirusak puluhan massa pendukung. Polisi tiba."
    )
    tagging = judged(
        article,
        dict.fromkeys(["Kantor kecamatan dirusak massa", "Kantor kecamatan dirusak puluhan", "Polisi"], "kejadian"),
    )
    assert [text.split()[0] for text in texts(article, tagging)] == ["Kantor", "Polisi", "Kantor"]


def test_a_sentence_that_leans_on_another_waits() -> None:
    """A sentence that begins with a pronoun does not lead where another can."""
    article = article_of("Mereka melempar batu. Kantor KPU dilempari batu.")
    tagging = judged(article, {"Mereka": "kejadian", "Kantor": "kejadian"})
    assert texts(article, tagging)[0] == "Kantor KPU dilempari batu."


def test_at_most_six() -> None:
    """However much evidence there is, six sentences are shown."""
    names = ["Anggana", "Loa Kulu", "Muara Badak", "Samboja", "Sebulu", "Tabang", "Kembang Janggut", "Kenohan"]
    article = article_of(" ".join(f"{name} kebanjiran." for name in names))
    assert len(texts(article, judged(article, dict.fromkeys(names, "kejadian")))) == 6


# ---------------------------------------------------------------- allegations


def test_an_allegation_never_stands_alone_as_a_fact() -> None:
    """The hedged sentence leads though the other weighs more; nothing is rewritten."""
    article = article_of("Camat membagikan uang kepada warga. Ia diduga membagikannya di kantor.")
    tagging = judged(article, {"Camat": "kejadian"}, value="dugaan", themes={"Ia": "sebutan"})
    assert texts(article, tagging) == ["Ia diduga membagikannya di kantor.", "Camat membagikan uang kepada warga."]


def test_the_hedge_is_looked_for_in_the_whole_text() -> None:
    """Where no evidence is hedged, a hedged sentence of the text leads; where there is none, nothing is shown."""
    article = article_of("Camat membagikan uang. Hujan turun. Tim hukum melaporkan hal itu ke Bawaslu.")
    tagging = judged(article, {"Camat": "kejadian"}, value="dugaan")
    assert texts(article, tagging)[0] == "Tim hukum melaporkan hal itu ke Bawaslu."
    bare = article_of("Camat membagikan uang. Hujan turun.")
    assert texts(bare, judged(bare, {"Camat": "kejadian"}, value="dugaan")) == []


@pytest.mark.parametrize(
    "denial",
    [
        "Kepala dinas membantah dugaan itu.",
        "Kepala dinas menyangkal laporan tersebut.",
        "Kepala dinas menepis tudingan warga.",
        "Menurut kepala dinas, hal itu tidak benar.",
    ],
)
def test_a_denial_stands_beside_what_it_denies(denial: str) -> None:
    """However much the denial weighs, the accusation leads and the denial comes second."""
    accusation = "Dua warga melapor karena bantuan itu diduga memuat gambar calon."
    article = article_of(f"{denial} Hujan turun. {accusation} Bawaslu memeriksa gudang.")
    tagging = judged(
        article, {denial: "dugaan", "Bawaslu": "dugaan"}, value="dugaan", themes={denial: "pokok", "Dua": "sebutan"}
    )
    shown = texts(article, tagging)
    assert shown.index(denial) == 1
    assert set(shown) == {denial, accusation, "Bawaslu memeriksa gudang."}


def test_accusation_and_denial_are_looked_for_in_the_whole_text() -> None:
    """Neither rests on being evidence of a judgement; where nothing is denied, nothing is added."""
    accusation, denial = "Camat diduga membagikan uang.", "Camat membantah tudingan itu."
    article = article_of(f"Hujan turun. {accusation} Jalan macet. {denial}")
    assert texts(article, judged(article, {accusation: "dugaan"}, value="dugaan")) == [accusation, denial]
    assert texts(article, judged(article, {denial: "dugaan"}, value="dugaan")) == [accusation, denial]
    alone = article_of(f"Hujan turun. {accusation}")
    assert texts(alone, judged(alone, {accusation: "dugaan"}, value="dugaan")) == [accusation]


def test_a_denial_is_not_alone_where_a_sentence_carries_the_theme() -> None:
    """Without a hedged accusation the hedged denial leads, because the other alone would read like a fact."""
    article = article_of("Camat membagikan uang di pasar. Camat membantah tudingan itu.")
    tagging = judged(article, {"Camat membantah": "dugaan"}, value="dugaan", themes={"Camat membagikan": "pokok"})
    assert texts(article, tagging) == ["Camat membantah tudingan itu.", "Camat membagikan uang di pasar."]


def test_what_is_not_really_so_is_no_denial() -> None:
    """Saying "tidak benar-benar" denies nothing."""
    article = article_of("Petugas diduga tidak benar-benar memeriksa. Saksi melaporkan hal itu.")
    tagging = judged(article, {"Petugas": "dugaan", "Saksi": "dugaan"}, value="dugaan")
    assert texts(article, tagging)[0].startswith("Petugas")


# ---------------------------------------------------------------- speakers


def spoken(text: str, part: str, name: str | None, office: str | None) -> str | None:
    """Return the speaker shown for the sentence with `part`, when this person says it."""
    article = article_of(text)
    start = article.text.index(part)
    speaker = Speaker(name=name, office=office, start=start, end=start + len(part))
    tagging = judged(article, {part: "kejadian"}, entities=Entities(speakers=(speaker,)))
    return shown_sentences(article, tagging)[0].speaker


def test_quotations_say_whose_they_are() -> None:
    """An official stands with office and name; a sentence that names its speaker needs no more."""
    text = "Kapolres Bima Fulan Polan datang. Tiga orang ditahan, katanya."
    assert spoken(text, "Tiga orang", "Fulan Polan", "Kapolres Bima") == "Kapolres Bima Fulan Polan"
    assert spoken(text, "Tiga orang", None, "Kapolres Bima") == "Kapolres Bima"
    assert spoken("Tiga orang ditahan, kata Fulan.", "Tiga", "Fulan Polan", "Kapolres Bima") is None
    assert spoken("Kapolres Bima menahan tiga orang.", "Kapolres", None, "Kapolres Bima") is None


def test_private_speakers_are_what_they_are() -> None:
    """A private person is shown by what he is, without it by initials."""
    text = "Seorang warga bernama Fulan Polan melihatnya. Batu beterbangan, katanya."
    assert spoken(text, "Batu", "Fulan Polan", "warga") == "warga"
    assert spoken(text, "Batu", "Fulan Polan", None) == "FP"


def test_private_persons_stand_by_initials() -> None:
    """The text of a sentence names no private person whom another sentence introduces; the span stays whole."""
    article = article_of("Korban bernama Fulan Polan (45) dirawat. Luka Fulan dijahit.")
    shown = shown_sentences(article, judged(article, {"Luka": "kejadian"}))[0]
    assert shown.text == "Luka F dijahit."
    assert article.text[shown.start : shown.end] == "Luka Fulan dijahit."


# ---------------------------------------------------------------- figures


def harmed(text: str, value: ModalityValue = "kejadian") -> list[str]:
    """Return the texts of the figures of harm when all numbers with a unit in `text` are figures."""
    return [figure.text for figure in figures_of_harm(text, value)]


def figures_of_harm(text: str, value: ModalityValue = "kejadian") -> tuple[Figure, ...]:
    """Return the figures of harm when all numbers with a unit in `text` are figures."""
    article = article_of(text)
    figures = []
    for amount, unit in (
        ("94", "orang"),
        ("40", "rumah"),
        ("250", "lembar"),
        ("Rp20 juta", "rupiah"),
        ("300", "personel"),
    ):
        shown = amount if unit == "rupiah" else f"{amount} {unit}"
        if shown in text:
            start = text.index(shown)
            figure = Figure(
                value=1, text=shown, unit=unit, counts=None, speaker=None, start=start, end=start + len(shown)
            )
            figures.append(figure)
    return harm(article, judged(article, value=value, entities=Entities(figures=tuple(figures))))


def test_figures_of_victims_and_damage_are_kept() -> None:
    """People hurt, houses burnt, ballots torn and losses count; guards, payments and what could be do not."""
    assert harmed("Sebanyak 94 orang luka, 40 rumah hangus. Ada 300 personel berjaga.") == ["94 orang", "40 rumah"]
    assert harmed("Ada 250 lembar surat suara rusak; kerugian Rp20 juta.") == ["250 lembar", "Rp20 juta"]
    assert harmed("Keluarga korban meninggal menerima santunan Rp20 juta.") == []
    assert harmed("Jika banjir datang, 40 rumah bisa terendam.", "potensi") == []
    assert harmed("Bila 40 rumah terendam, TPS pindah.") == []


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Sebanyak 94 orang luka.", "luka"),
        ("Ada 94 orang yang terluka, 40 rumah hangus.", "terluka"),
        ("Korban 94 orang, semua pulang.", None),
        ("Korban adalah 94 orang dari dua desa yang kini dirawat.", None),
    ],
)
def test_a_figure_says_what_became_of_those_it_counts(text: str, counts: str | None) -> None:
    """What stands right behind the number is taken, what stands further away is not guessed at."""
    assert figures_of_harm(text)[0].counts == counts


# ---------------------------------------------------------------- real parts


def test_on_the_corpus_sentences_are_whole_and_allegations_say_so(tagger: Tagger) -> None:
    """On articles of the corpus every tagged one shows sentences, in bounds, whole, each at most once."""
    rows = [json.loads(line) for line in (CORPUS / "lokal_netralitas.jsonl").read_text(encoding="utf-8").splitlines()]
    articles = [article_of(row["text"], row["title"], id=row["id"]) for row in rows]
    checked = unhedged = 0
    for article, tagging in zip(articles, tagger.tag(articles), strict=True):
        shown = shown_sentences(article, tagging)
        if tagging.modality is None:
            continue
        checked += 1
        assert 1 <= len(shown) <= 6, article.title
        if tagging.modality.value == "dugaan":
            unhedged += shown[0].modality != "dugaan"
        spans = sorted((sentence.start, sentence.end) for sentence in shown)
        assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans)), article.title
        for sentence in shown:
            written = article.text[sentence.start : sentence.end]
            assert written.strip() == written
            assert written.count('"') % 2 == 0, written
            assert written.count("“") == written.count("”"), written
    assert checked > 50
    assert unhedged <= 3  # led by another hedge: "dilaporkan", "menurut"
