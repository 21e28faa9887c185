"""Entities and facts: the gold written before the code, worked cases, old archives, odd and long texts."""

import json
import math
import random
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pilkada_nlp.article import Entities, Figure, LawCited, Modality, Relevance, SourceKind, Tagging
from pilkada_nlp.classifiers.entities import case_stage, event_date, find_entities, is_aggregate, subtags
from pilkada_nlp.corpora import read_corpus
from pilkada_nlp.preprocessing import read
from tests.conftest import article_of, instructions

GOLD = Path(__file__).parent / "gold" / "entities.jsonl"
CORPUS = Path(__file__).parents[1] / "corpora" / "berita"
Items = set[tuple[Any, ...]]


def gold() -> list[dict[str, Any]]:
    """Return the marked excerpts."""
    return [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]


def rows_of(kind: str, row: dict[str, Any]) -> Items:
    """Return what the gold, or entities turned into the same form, hold of a kind: all that must be right at once."""
    found = row[kind]
    if kind == "institutions":
        return {(item["name"], item["kind"], item["region"], *span) for item in found for span in item["mentions"]}
    if kind == "speakers":
        return {(item["name"], (item["office"] or "").lower(), item["start"], item["end"]) for item in found}
    if kind == "figures":
        keys = ("value", "unit", "text", "start", "end", "instrument", "year")
        return {tuple(item[key] for key in keys) for item in found}
    return {(item["pasal"], *item["ayat"], *item["huruf"], item["law"], item["start"], item["end"]) for item in found}


def f1(pairs: Iterable[tuple[Items, Items]]) -> float:
    """Return the F1 of (found, wanted) over all texts together."""
    hits = found = wanted = 0
    for ours, theirs in pairs:
        hits, found, wanted = hits + len(ours & theirs), found + len(ours), wanted + len(theirs)
    return 2 * hits / (found + wanted)


def found_in(row: dict[str, Any]) -> dict[str, Any]:
    """Return the entities of an excerpt in the form of the gold."""
    built: dict[str, Any] = msgspec.to_builtins(find_entities(article_of(row["text"], row["title"])))
    return built


def entities_of(text: str) -> Entities:
    """Return the entities of a text."""
    return find_entities(article_of(text))


@pytest.mark.parametrize(
    ("kind", "least"), [("institutions", 0.97), ("speakers", 0.95), ("figures", 0.95), ("laws", 0.97)]
)
def test_entities_agree_with_the_gold(kind: str, least: float) -> None:
    """An item counts when its name, values and both ends are right; the marks lie just under the measured figures."""
    assert f1((rows_of(kind, found_in(row)), rows_of(kind, row)) for row in gold()) >= least


@pytest.mark.parametrize("field", ["speaker", "counts"])
def test_figures_know_who_gave_them_and_what_they_count(field: str) -> None:
    """The figures of the gold have the right speaker and the right noun in 9 of 10 cases."""

    def items(row: dict[str, Any]) -> Items:
        return {(item["start"], (item[field] or "").lower()) for item in row["figures"]}

    assert f1((items(found_in(row)), items(row)) for row in gold()) >= 0.9


def test_offsets_are_those_of_the_text() -> None:
    """What an entity shows is what stands in the text between its offsets."""
    for row in gold():
        text, found = row["text"], entities_of(row["text"])
        spans = {sentence.span[:2] for sentence in read(text)}
        assert all((speaker.start, speaker.end) in spans for speaker in found.speakers)
        cited: tuple[Figure | LawCited, ...] = (*found.figures, *found.laws)
        assert all(text[item.start : item.end] == item.text for item in cited)
        for body in found.institutions:
            assert all((body.region or "") in text for _ in body.mentions)


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        (
            "Bawaslu Kutai Kartanegara rapat. Menurut Bawaslu Kukar, aman. Bawaslu siap.",
            {("Bawaslu", "Kutai Kartanegara")},
        ),
        ("KPU RI dan KPU Kota Bima bertemu. KPU mencatat.", {("KPU", "RI"), ("KPU", "Kota Bima"), ("KPU", None)}),
        ("PPK wajib menjatuhkan sanksi kepada ASN.", set()),
        ("Pejabat Pembina Kepegawaian (PPK) diam. PPK lupa.", set()),
        ("Anggota PPK Samboja dan PPS dilantik.", {("PPK", "Samboja"), ("PPS", None)}),
        ("Tagihan PBB naik, pesawat Garuda terlambat, dan gelora rakyat.", set()),
        ("Koalisi PKB, PBB dan PAN terbentuk.", {("PKB", None), ("PBB", None), ("PAN", None)}),
        ("Menteri PAN-RB hadir.", {("KemenPANRB", None)}),
        ("Pria berinisial MK ditahan, MA (34) menyusul.", set()),
        ("Kartu KIP dibagikan.", set()),
        ("KIP Aceh Utara rapat. KIP siap.", {("KIP", "Aceh Utara")}),
        ("Putusan MK Nomor 60/PUU-XXII/2024 dan PKPU 8/2024.", set()),
        ("Polda Metro Jaya dan Polres Serang Kota", {("Polda", "Metro Jaya"), ("Polres", "Serang Kota")}),
        ("Kodim 0906/Kutai Kartanegara siaga.", {("Kodim", "Kutai Kartanegara")}),
        ("Perkara 90-PKE-DKPP/V/2024.", set()),
        ("BAWASLU BIMA RAPAT", {("Bawaslu", "BIMA")}),
    ],
)
def test_bodies_are_told_from_ordinary_words(text: str, bodies: set[tuple[str, str | None]]) -> None:
    """Short names count as bodies only where they are, and with the region behind them."""
    assert {(body.name, body.region) for body in entities_of(text).institutions} == bodies


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("“Siap,” ujar Bambang.", [("Bambang", None)]),
        (
            '"Siap," kata Ketua Bawaslu Kukar Teguh Wibowo, Senin (4/11/2024).',
            [("Teguh Wibowo", "Ketua Bawaslu Kukar")],
        ),
        ("Menurut Ketua KPU Bima, RS, aman. “Siap. Sudah,” tegasnya.", [("RS", "Ketua KPU Bima")] * 3),
        ("Kapolres Bima AKBP Eko Sutomo mengatakan aman.", [("Eko Sutomo", "Kapolres Bima")]),
        ("Kapolsek Samboja memastikan aman. “Ya,” kata Kapolsek.", [(None, "Kapolsek Samboja")] * 2),
        ("Wakil Wali Kota Bima Feri S menyebut aman.", [("Feri S", "Wakil Wali Kota Bima")]),
        ("Gubernur Ridwan Kamil menegaskan. Ridwan juga meminta tenang.", [("Ridwan Kamil", "Gubernur")] * 2),
        ("Loury D, kuasa hukum pelapor, menerangkan hal itu.", [("Loury D", "kuasa hukum pelapor")]),
        ("Bawaslu RI menyebut 433 laporan.", [(None, "Bawaslu RI")]),
        ("Bawaslu RI menolak laporan itu.", []),
        (
            "Sekretaris Jenderal Partai Gelora Mahfuz S menilai itu keliru.",
            [("Mahfuz S", "Sekretaris Jenderal Partai Gelora")],
        ),
        (
            '"Sudah," kata Koordinator Divisi Hukum, Data dan Informasi Panwaslih Abdya, Heri S, soal itu.',
            [("Heri S", "Koordinator Divisi Hukum, Data dan Informasi Panwaslih Abdya")],
        ),
        ("Di Dobo, Kapolda Maluku Irjen Bahar D hadir. “Ya,” kata Kapolda.", [("Bahar D", "Kapolda Maluku")]),
        ("Sehari sebelumnya KPU Papua menilai pleno keliru.", [(None, "KPU Papua")]),
        ("Surat untuk KPU Papua menilai pleno keliru.", []),
        ("Larangan itu, menurut MUI, tegas.", [(None, "MUI")]),
        ("“Aman,” ujarnya.", []),
        ("Menurut undang-undang, itu dilarang.", []),
        ("Warga menunggu. Rombongan Maluku datang.", []),
    ],
)
def test_speakers_are_found_with_their_office(text: str, speakers: list[tuple[str | None, str | None]]) -> None:
    """Names, offices and pronouns lead to who speaks, sentence by sentence; nobody is made up."""
    assert [(speaker.name, speaker.office) for speaker in entities_of(text).speakers] == speakers


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("IKP Pilkada 2024 sebesar 44,28 persen.", [(44.28, "persen", "IKP", "IKP", 2024)]),
        ("Skor indeks kerawanan pemilu 65,21.", [(65.21, None, "indeks kerawanan pemilu", "IKP", None)]),
        ("Ada 1.293 personel di 12 TPS.", [(1293, "personel", "personel", None, None), (12, "TPS", "TPS", None, None)]),
        ("Anggaran Rp1,5 miliar cair.", [(1.5e9, "rupiah", "anggaran", None, None)]),
        ("Ancaman 6 bulan penjara.", [(6, "bulan", "penjara", None, None)]),
        ("Dua ratus lima puluh ribu lembar surat suara.", [(250000, "lembar", "surat suara", None, None)]),
        ("Pada 27 November 2024 pukul 07.00 di TPS 3 sesuai UU Nomor 10 Tahun 2016, nomor urut 2.", []),
        ("Salah satu pasangan, satu-satunya, ke-17.", []),
        ("Dari 35 sampai 55 tahun.", [(35, "tahun", None, None, None), (55, "tahun", None, None, None)]),
    ],
)
def test_figures_keep_what_was_quoted(text: str, figures: list[tuple[Any, ...]]) -> None:
    """Values, units and what they count are as quoted; dates, names and laws are no figures."""
    found = entities_of(text).figures
    assert [(one.value, one.unit, one.counts, one.instrument, one.year) for one in found] == figures


@pytest.mark.parametrize(
    ("text", "laws"),
    [
        ("Pasal 71 ayat (2) UU 10/2016", [("71", ("2",), (), "UU 10/2016")]),
        ("Pasal 187A Undang-Undang Nomor 10 Tahun 2016", [("187A", (), (), "UU 10/2016")]),
        (
            "Pasal 70 ayat (1) huruf c dan Pasal 71 UU Pilkada",
            [("70", ("1",), ("c",), "UU Pilkada"), ("71", (), (), "UU Pilkada")],
        ),
        ("PKPU Nomor 13 Tahun 2024: Pasal 57", [("57", (), (), "PKPU 13/2024")]),
        ("putusan MK Nomor 136/PUU-XXII/2024.", [(None, (), (), "putusan MK 136/PUU-XXII/2024")]),
        ("SKB Netralitas ASN", [(None, (), (), "SKB Netralitas ASN")]),
        ("pasal 69 huruf b juncto pasal 187 tak dikenakan", [("69", (), ("b",), None), ("187", (), (), None)]),
        (
            "UU Nomor 1 Tahun 1946, Pasal 14 dan atau Pasal 15",
            [("14", (), (), "UU 1/1946"), ("15", (), (), "UU 1/1946")],
        ),
        ("menurut undang-undang dan pasal itu", []),
    ],
)
def test_laws_are_cited_in_short_form(text: str, laws: list[tuple[Any, ...]]) -> None:
    """Articles find their law before or behind them, and laws have one spelling."""
    assert [(law.pasal, law.ayat, law.huruf, law.law) for law in entities_of(text).laws] == laws


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Rapat digelar Senin (18/11/2024).", date(2024, 11, 18)),
        ("Rapat digelar Rabu (20/11).", date(2024, 11, 20)),
        ("Rapat digelar kemarin.", date(2024, 11, 20)),
        ("Rapat digelar Jumat.", date(2024, 11, 15)),
        ("Rapat digelar Kamis.", date(2024, 11, 21)),
        ("Rapat digelar 18 November 2024.", date(2024, 11, 18)),
        ("Berkas dibahas sebelum pencoblosan 27 November. Rapat Selasa (19/11/2024).", date(2024, 11, 19)),
        ("Debat akan digelar Sabtu (23/11/2024).", date(2024, 11, 23)),
        ("Kotak tiba sebelum Rabu (27/11/2024).", None),
        ("Pada (31/2/2024) dan (99/99).", None),
        ("Tanpa hari.", None),
    ],
)
def test_the_day_of_the_event(text: str, day: date | None) -> None:
    """Days are read in all their forms against the day of publication, Thursday 21 November 2024."""
    assert event_date(article_of(text)) == day


def test_facts_of_a_case() -> None:
    """A stage belongs to allegations and decisions only; tags of neutrality to that theme only."""
    held = article_of("Polisi menahan camat itu sebagai tersangka.", "Camat Jadi Tersangka")
    assert case_stage(held, "dugaan") == "penyidikan"
    assert case_stage(held, "imbauan") is None
    assert case_stage(held, None) is None
    closed = article_of("Bawaslu menghentikan laporan karena tidak memenuhi unsur.", "Laporan Dihentikan")
    assert case_stage(closed, "putusan") == "dihentikan"
    assert case_stage(article_of(""), "dugaan") == "dugaan"
    village = article_of("Kepala desa dan camat berfoto dengan calon.", "Dua Kades dan Camat Diperiksa")
    assert subtags(village, ["netralitas_asn"]) == {"netralitas_asn": ("asn", "kades")}
    assert subtags(village, ["petahana"]) == {}
    assert is_aggregate(
        article_of(
            "Sebanyak 433 laporan diterima sepanjang masa kampanye dari 120 daerah.", "433 Laporan Masuk Bawaslu"
        )
    )
    assert not is_aggregate(held)


def test_no_day_is_counted_from_an_unknown_one() -> None:
    """An article without a date of its own gets no day of the event, however plainly it names a weekday."""
    text = "Massa membakar kantor KPU, Rabu malam (14/10)."
    assert event_date(article_of(text, day=date(2024, 10, 16))) == date(2024, 10, 14)
    assert event_date(article_of(text, published_on=None)) is None


def test_facts_agree_with_the_labels_of_the_test_split() -> None:
    """On the related articles of the corpora's test split the rules stay near what was measured once."""
    rows = [row for row in read_corpus([CORPUS]) if row.split == "test" and row.labels.rel]
    pairs = [(article_of(row.text, row.title, day=row.date), row.labels) for row in rows]
    staged = [(case_stage(article, labels.mod), labels.case_stage) for article, labels in pairs if labels.case_stage]
    assert sum(ours == theirs for ours, theirs in staged) / len(staged) >= 0.66
    assert sum(is_aggregate(article) == labels.is_aggregate for article, labels in pairs) / len(pairs) >= 0.94
    days = [(event_date(article), labels.event_date) for article, labels in pairs]
    assert (
        sum(ours == theirs for ours, theirs in days if theirs) / sum(theirs is not None for _, theirs in days) >= 0.82
    )
    tags = [
        (
            {(row.id, tag) for tag in subtags(article, ["netralitas_asn"]).get("netralitas_asn", ())},
            {(row.id, tag) for tag in row.labels.subtags},
        )
        for row, (article, labels) in zip(rows, pairs, strict=True)
        if "netralitas_asn" in labels.pokok + labels.sebutan
    ]
    assert f1(tags) >= 0.82


def tagging(**fields: Any) -> Tagging:
    """Return a tagging with these fields."""
    standard = {
        "id": "a",
        "relevant": Relevance(value=True, score=1.0),
        "themes": (),
        "theme_scores": {},
        "modality": Modality(value="imbauan", score=1.0),
        "regions": (),
        "source_kind": SourceKind(value="media", score=1.0),
        "severity": 0,
        "review": (),
        "outcome": None,
        "model": "m",
        "taxonomy": "t",
        "version": "v",
    }
    return Tagging(**{**standard, **fields})


def test_taggings_of_older_archives_can_be_read() -> None:
    """A tagging stored without entities, or with null, has none; one with entities comes back as it went in."""
    old = json.loads(msgspec.json.encode(tagging()))
    assert msgspec.convert(old, Tagging).entities is None
    del old["entities"]
    assert msgspec.convert(old, Tagging).entities is None
    full = tagging(entities=entities_of(gold()[0]["text"]))
    assert full.entities
    assert full.entities.speakers
    assert msgspec.json.decode(msgspec.json.encode(full), type=Tagging) == full


PIECES = """“ ” " , . Ketua Bawaslu KPU Kukar ujar ujarnya kata menurut Menurut Pasal 71 ayat (2) UU Nomor 10 Tahun 2016
12 TPS Rp1,5 miliar dua puluh persen IKP 44,28 PPK (25/11/2024) (99/99) (0/0/0000) 31 Februari 0 Maret Senin mengatakan
PBB Partai Garuda berinisial MK
seorang dia Putusan MK Nomor 60/PUU SKB \x00 \u2028 ı İ ſ ² ٣ Kota RI - / – Polsek Kapolsek 😀 \ud800""".split()
PIECES += ["\u2028", "\n"]


def all_of(text: str) -> Entities:
    """Return the entities of a text after asking for all facts of it too."""
    article = article_of(text, text[:200])
    for modality in ("dugaan", "putusan", None):
        case_stage(article, modality)
    is_aggregate(article)
    event_date(article)
    subtags(article, ["netralitas_asn"])
    return find_entities(article)


def test_any_text_is_taken() -> None:
    """Empty, random and broken texts give entities within the text and no exception, on the first and last day too."""
    choice = random.Random(7)
    for _ in range(1500):
        text = choice.choice(["", " "]).join(choice.choices(PIECES, k=choice.randrange(40)))
        found = all_of(text)
        cited: tuple[Figure | LawCited, ...] = (*found.figures, *found.laws)
        assert all(text[item.start : item.end] == item.text for item in cited)
        assert all(math.isfinite(figure.value) for figure in found.figures)
        assert all(0 <= start < end <= len(text) for body in found.institutions for start, end in body.mentions)
    for day in (date.min, date.max):
        event_date(article_of("Kemarin, Senin, (1/1) dan 31 Desember.", day=day))
    assert find_entities(article_of("")) == Entities()


@pytest.mark.parametrize(
    "piece",
    [
        "x",
        "PPK Abc ",
        "Pasal 1 2 TPS ",
        '"',
        "Ketua KPU ",
        "Abc Def mengatakan ",
        "dua ",
        "1.",
        "IKP 1,1 ",
        "kata Bawaslu ",
        "(1/1)",
        "Garuda, ",
        "Putusan MK Nomor 1/",
        "Ketua Abc Def, ",
        "A ",
    ],
)
def test_work_grows_with_the_length_only(piece: str) -> None:
    """Ten times the text takes about ten times the work, whatever it repeats."""

    def work(length: int) -> Callable[[], object]:
        text = (piece * (length // len(piece) + 1))[:length]
        read(text)
        return lambda: all_of(text)

    all_of(piece)
    work(4_000)()
    assert instructions(work(40_000)) < 16 * instructions(work(4_000)) + 30_000_000


def test_an_article_costs_little() -> None:
    """Entities and all facts of a 300-word article, once its sentences are read, take some four million instructions.

    That is 0.4 ms of a slow processor; they are counted because time depends on what else the machine does.
    """
    text = next(row.text for row in read_corpus([CORPUS]) if 295 <= len(row.text.split()) <= 305 and row.labels.rel)
    all_of(text)
    read(text)
    fresh = f"{text} "
    read(fresh)
    assert instructions(lambda: all_of(fresh)) < 5_000_000
