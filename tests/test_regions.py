"""Regions by gazetteer: twins, traps, datelines."""

import pytest

from pilkada_nlp.regions import find_regions, region


def places(text: str, title: str = "") -> set[str]:
    """Return the codes of the places of the event."""
    return {tag.code for tag in find_regions(text, title) if tag.role == "peristiwa"}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Wali Kota Bima hadir di kantor Bawaslu.", {"52.72"}),
        ("Bupati Bima memindahkan pejabat.", {"52.06"}),
        ("KPU Kabupaten Bogor menggelar pleno di Cibinong.", {"32.01"}),
        ("Polresta Bogor Kota berjaga. Pemkot Bogor diam.", {"32.71"}),
        ("Pilkada Pati berjalan. Bupati Pati cuti.", {"33.18"}),
        ("Bawaslu Papua Barat Daya menerima laporan.", {"96"}),
        ("Warga Kukar memilih.", {"64.02"}),
    ],
)
def test_names_and_anchors(text: str, codes: set[str]) -> None:
    """The word beside a name decides between twins, and the longest name wins."""
    assert places(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "Wakil Menteri Bima Arya mengingatkan kepala daerah.",
        "Para pati TNI hadir, perwira saling serang pendapat di medan berat.",
        "Operasi Mantap Praja Toba digelar.",
        "Rakyat dari Sabang sampai Merauke memilih.",
        "Radar Bogor memberitakan hal itu.",
        "JAKARTA – Ketua KPU RI memberi keterangan di Jakarta, Kamis.",
        "Malang benar nasib petugas itu, lempar batu pun kena.",
    ],
)
def test_what_is_no_region(text: str) -> None:
    """Persons, officers, operations, idioms, media, verbs and the national dateline are not places."""
    assert places(text) == set()


def test_open_twins_stay_open() -> None:
    """A twin without any anchor comes back as both readings with a score below 1."""
    tags = find_regions("Pencoblosan di Tegal berlangsung lancar.")
    assert {tag.code for tag in tags} == {"33.28", "33.76"}
    assert all(tag.score == 0.5 for tag in tags)


def test_capital_resolves_a_twin() -> None:
    """The seat of a regency shows that the regency is meant."""
    assert places("Warga Bandung protes. Mereka berkumpul di Soreang.") == {"32.04"}


def test_dateline_counts_only_without_other_places() -> None:
    """The dateline is the place when the body names none, and only a dateline when it names another."""
    assert places("TENGGARONG – Pasar ramai hari ini.") == {"64.02"}
    tags = find_regions("SAMARINDA – KPU Kabupaten Berau menerima logistik. KPU Berau siap.")
    assert {tag.code: tag.role for tag in tags} == {"64.03": "peristiwa", "64.72": "dateline"}


def test_the_specific_level_is_the_place() -> None:
    """A province that only says where the regency lies is named, not the place."""
    tags = {tag.code: tag.role for tag in find_regions("Bentrok di Kabupaten Kutai Timur, Kalimantan Timur.")}
    assert tags == {"64.08": "peristiwa", "64": "disebut"}


def test_comparisons_do_not_count() -> None:
    """A region named by comparison is not the place."""
    assert places("Bawaslu Kabupaten Paser belajar dari kasus lain, seperti Cirebon dulu.") == {"64.01"}


def test_every_region_knows_its_zone() -> None:
    """WIB, WITA and WIT follow the province."""
    zones = [region(code).zone for code in ("11.71", "64.02", "94.01", "62.71")]
    assert zones == ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Jakarta"]


@pytest.mark.parametrize("text", ["", "Kota", "Kota " * 5000, "A " * 20000, "\x00", "Bima" * 10000])
def test_rubbish_does_no_harm(text: str) -> None:
    """Any text gives a tuple."""
    assert isinstance(find_regions(text), tuple)
