"""Regions: names and traps, twins, what counts as the place of an event, and bad input."""

import csv
import sys
from importlib import resources
from types import FrameType

import pytest

from pilkada_nlp.regions import find_regions, region
from pilkada_nlp.regions.gazetteer import gazetteer


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
        ("Polres Probolinggo Kota menyita dua amplop.", {"35.74"}),
        ("Pilkada Pati berjalan. Bupati Pati cuti.", {"33.18"}),
        ("Bawaslu Papua Barat Daya menerima laporan.", {"96"}),
        ("Warga Kukar memilih.", {"64.02"}),
        ("Warung di terminal Bireuen ramai membicarakan calon.", {"11.11"}),
        ("Komisioner KPU Boven Digul diganti.", {"93.02"}),
        ("Calon wakil bupati dan wakil wali kota diundang KPU Kota Metro.", {"18.72"}),
        ("Badan Pengawas Pemilu (Bawaslu) Provinsi Jambi mencatat lima laporan.", {"15"}),
        ("Polda Metro Jaya menyiapkan pengamanan pilkada.", {"31"}),
        ("Polres Metro Bekasi Kota menjaga gudang KPU Kota Bekasi.", {"32.75"}),
    ],
)
def test_names_and_anchors(text: str, codes: set[str]) -> None:
    """The words before a name decide between twins, and the longest name wins."""
    assert places(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "Wakil Menteri Bima Arya mengingatkan kepala daerah.",
        "Para pati TNI hadir, perwira saling serang pendapat di medan berat.",
        "Operasi Mantap Praja Toba digelar.",
        "Rakyat dari Sabang sampai Merauke memilih.",
        "Pemilih dari Aceh sampai Papua menunggu.",
        "Radar Bogor memberitakan hal itu.",
        "JAKARTA – Ketua KPU RI memberi keterangan di Jakarta, Kamis.",
        "Malang benar nasib petugas itu, lempar batu pun kena.",
        "Petugas dari Kecamatan Ketapang dan Desa Landak mengambil kotak.",
        "Warga berkumpul di Padang Lestari sejak pagi.",
        "Kapal itu lewat Selat Malaka menuju Pulau Buru.",
        "Pendukung dari Solo Raya menonton.",
        "Baca juga: Pilkada Ngawi Ditunda Sepekan",
        "Warga Kecamatan Ketapang mengantre. Di Ketapang hujan turun.",
        "Oki dan Bu Tuti datang bersama.",
        "Massa berkumpul di Medan Merdeka Utara.",
        "Ketua Umum PB organisasi itu hadir.",
        "Yang diperiksa ialah MR, BS, dan TL.",
        "Perbatasan Papua Nugini ditutup sehari.",
        "Penumpang menunggu di Terminal Bireuen sampai larut.",
    ],
)
def test_what_is_no_region(text: str) -> None:
    """Persons, operations, idioms, media, sub-districts, waters, areas, links and JAKARTA are not places."""
    assert places(text) == set()


def test_open_twins_stay_open() -> None:
    """A twin without any anchor comes back as both readings with a score below 1."""
    tags = find_regions("Pencoblosan di Tegal berlangsung lancar.")
    assert {tag.code for tag in tags if tag.role == "peristiwa"} == {"33.28", "33.76"}
    assert all(tag.score == 0.5 for tag in tags)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Warga Bandung protes. Mereka berkumpul di Soreang.", {"32.04"}),
        ("Pemilih Mojokerto mengantre. TPS di Kecamatan Pungging paling ramai.", {"35.16"}),
        ("KPU Serang menunda pleno. Pasangan calon bupati menerima.", {"36.04"}),
        ("KPU Tasikmalaya menunda pleno. KPU Kota Tasikmalaya menyebut hujan.", {"32.78"}),
        ("Bawaslu Banjar memeriksa camat. Berkasnya dikirim ke Bawaslu Jawa Barat.", {"32.79"}),
        ("KEDIRI – Petugas TPS di Mojoroto kehabisan tinta.", {"35.71"}),
    ],
)
def test_what_settles_a_twin(text: str, codes: set[str]) -> None:
    """A seat, a sub-district, the office named alone, another mention or the province shows which twin is meant."""
    assert codes <= places(text)
    assert not places(text) & {"32.73", "35.76", "36.73", "32.06", "63.03", "35.06"}


def test_a_name_of_province_and_city_is_the_province() -> None:
    """Jambi, Bengkulu, Gorontalo and Yogyakarta mean the province unless a word says city or regency."""
    assert places("Pemilih di Gorontalo menunggu hasil. KPU Gorontalo meminta maaf.") == {"75"}
    assert places("Wali Kota Gorontalo cuti. KPU Kota Gorontalo mencatatnya.") == {"75.71"}


def test_dateline_counts_only_without_other_places() -> None:
    """The dateline is the place when the text names none, and only a dateline when it names another."""
    assert places("TENGGARONG – Pasar ramai hari ini.") == {"64.02"}
    tags = find_regions("SAMARINDA – KPU Kabupaten Berau menerima logistik. KPU Berau siap.")
    assert {tag.code: tag.role for tag in tags} == {"64.03": "peristiwa", "64.72": "dateline"}


@pytest.mark.parametrize(
    "text",
    [
        "SURABAYA – Tahapan pemilihan dimulai pekan depan.",
        "media.com, MAKASSAR - Tahapan pemilihan dimulai pekan depan.",
        "Palu (12/11/2024) – Tahapan pemilihan dimulai pekan depan.",
        "SERANG – Tahapan pemilihan gubernur dimulai pekan depan.",
    ],
)
def test_the_seat_of_a_province_is_a_mere_dateline(text: str) -> None:
    """Where the news of a whole province is written, the dateline says nothing of the city."""
    assert {tag.role for tag in find_regions(text)} == {"dateline"}


def test_the_specific_level_is_the_place() -> None:
    """A province that only says where the regency lies is named, not the place; its own race counts beside it."""
    tags = {tag.code: tag.role for tag in find_regions("Bentrok di Kabupaten Kutai Timur, Kalimantan Timur.")}
    assert tags == {"64.08": "peristiwa", "64": "disebut"}
    text = "KPU Kabupaten Berau menerima kotak suara. Pilgub Kalimantan Timur memakai kotak yang sama."
    assert places(text, "Kotak Pilgub Kaltim Tiba di Berau") == {"64", "64.03"}


def test_a_regency_without_a_name_leaves_the_province() -> None:
    """When a text says no more than "a regency in X", the province X is the place."""
    text = "KENDARI – Camat di salah satu kabupaten di Sulawesi Tenggara dilaporkan. Saksi ditemui di Kendari, Kamis."
    assert places(text) == {"74"}


def test_comparisons_do_not_count() -> None:
    """A region named by comparison is not the place."""
    assert places("Bawaslu Kabupaten Paser belajar dari kasus lain, seperti Cirebon dulu.") == {"64.01"}


NATIONAL = (
    "JAKARTA – Sekjen partai itu menyebut koalisi nasional akan mengumumkan capres dan cawapres pekan depan. "
    "Menurut dia presiden dan para ketua umum sudah bertemu. {} Mahkamah Konstitusi dan KPU RI menunggu nama mereka."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Gubernur Jawa Timur hadir pula.",
        "Mantan Gubernur Banten juga datang.",
        '"Kami siap," kata dia saat ditemui di Surabaya, Selasa (3/10).',
        "Keterangan itu disampaikan di Kantor KPU, Menteng, Jakarta Pusat, Rabu (4/10).",
        "Seorang pengamat dari sebuah kampus di Makassar menilai itu wajar.",
        "Ia lahir di Surabaya dan lama tinggal di Padang.",
        "Gugatan lain diputus Pengadilan Negeri Makassar.",
        "Wali Kota Solo disebut sebagai calon wakil.",
        "Survei terbaru mencakup Jawa Barat, Jawa Tengah, Banten, dan Bali.",
    ],
)
def test_national_texts_have_no_place(sentence: str) -> None:
    """In national news office holders, venues, birthplaces, courts and tables of provinces are only named."""
    assert places(NATIONAL.format(sentence)) == set()


def test_a_stop_of_a_national_campaign_is_a_place() -> None:
    """Where a presidential candidate holds a rally, something happens; where he was merely met, nothing does."""
    stop = "Ia lalu berkampanye di Lapangan Merdeka, Kabupaten Sidoarjo, Jawa Timur."
    assert places(NATIONAL.format(stop)) == {"35.15"}


def test_an_office_holder_is_the_place_when_the_text_is_about_the_race() -> None:
    """The head of a region counts once the text is about that region's election."""
    text = "Bupati Wonogiri dilaporkan ke Bawaslu. Pelapor menyebut ASN Wonogiri dikerahkan."
    assert places(text, "Bupati Wonogiri Dilaporkan") == {"33.12"}


def test_the_race_of_a_province_counts_beside_the_regency_that_tells_of_it() -> None:
    """Guideline H.9: a provincial race in front counts beside its regency, the province as mere frame does not."""
    text = "Warga Kabupaten Klungkung memilih Gubernur Bali besok. {} KPU Klungkung siap."
    assert places(text.format("Pemilihan gubernur Bali diikuti tiga pasangan.")) == {"51", "51.05"}
    assert places(text.format("Bawaslu Bali hadir.").replace(" memilih Gubernur Bali", " mencoblos")) == {"51.05"}


def test_a_province_with_several_of_its_regencies_is_only_their_frame() -> None:
    """Guideline D.3: where a text tells of several regencies, their province counts only by its own race."""
    text = "KPU Kabupaten Muna dan KPU Kabupaten Wakatobi ditegur. {} di Sulawesi Tenggara berjalan."
    assert places(text.format("Tahapan"), "Dua KPU di Sultra Ditegur") == {"74.03", "74.07"}
    assert places(text.format("Pilgub Sulawesi Tenggara"), "Dua KPU di Sultra Ditegur") == {"74", "74.03", "74.07"}


def test_another_regions_office_settles_no_twin() -> None:
    """The head of a third regency says nothing of an open twin, which stays open."""
    text = "Kampanye digelar di Tasikmalaya, Jawa Barat. Rombongan lalu menemui Bupati Lebak."
    assert {"32.06", "32.78"} <= places(text)


def test_city_and_regency_named_together_are_both_certain() -> None:
    """A city and a regency that are named together are two regions, and neither is open."""
    tags = {tag.code: tag.score for tag in find_regions("KPU Kota dan Kabupaten Tangerang menunda pleno.")}
    assert tags == {"36.03": 1, "36.71": 1}


def test_an_address_in_a_village_is_where_it_happens() -> None:
    """An address down to the village is the place of the event, a town behind a hall may be a mere venue."""
    filler = "Panitia menyiapkan pentas seni dan lomba untuk para peserta sejak pagi hari. " * 3
    village = "Acara itu berlangsung di Desa Sukaindah, Kecamatan Baros, Kabupaten Serang, Banten."
    hall = "Acara itu berlangsung di Gedung Juang, Kabupaten Serang, Banten."
    assert places(f"Relawan menggelar lomba. {filler}{village}") == {"36.04"}
    assert places(f"Relawan menggelar lomba. {filler}{hall}") == set()


def test_a_ruling_on_members_is_about_their_region() -> None:
    """Whoever pronounces it, the punishment of an election body's members concerns their region."""
    ruling = "Dewan juga menjatuhkan sanksi peringatan kepada Ketua KPU Kabupaten Brebes."
    assert places(NATIONAL.format(ruling)) == {"33.29"}


def test_an_election_body_that_hosts_a_meeting_is_a_venue() -> None:
    """What is said at the meeting of a regency's election body is not about the regency."""
    hosted = '"Undang-undangnya perlu dibenahi," katanya dalam rapat kerja Bawaslu Manggarai Barat, Senin (13/10).'
    assert places(NATIONAL.format(hosted)) == set()


def test_a_sentence_of_examples_names_no_place() -> None:
    """Guideline D.7: what is named as an example elsewhere does not count."""
    example = "Contohnya hakim pernah mencoret semua pasangan pada Pilkada Barito Utara."
    assert places(f"Biaya politik membuat calon mencari utang. {example} Aturannya harus diperbaiki.") == set()


def test_rankings_by_risk_count_as_a_whole() -> None:
    """Guideline D.5: the provinces of a list count in a ranking by risk, and not in a table of results."""
    text = (
        "JAKARTA – Bawaslu merilis peta untuk pemilihan tahun depan. Lima provinsi {}, berturut-turut "
        "Maluku Utara, Sulawesi Utara, Banten, Lampung, dan Bali. Angka itu dihitung dari laporan para pengawas "
        "di lapangan, dari jumlah perkara yang pernah ditangani, dan dari catatan aparat keamanan setempat."
    )
    risky = {"82", "71", "36", "18", "51"}
    assert places(text.format("paling rawan"), "Peta Kerawanan Pemilihan Dirilis") == risky
    assert places(text.format("paling ramai"), "Peta Partisipasi Pemilihan Dirilis") == set()


def test_instances_of_a_provincial_race_are_only_named() -> None:
    """Regencies listed in news of their province's election are its instances, not places of their own."""
    filler = "Tim hukum menyerahkan berkas perkara kepada panitera dan menunggu jadwal sidang berikutnya. " * 4
    text = f"Gugatan Pilgub Sumatera Utara didaftarkan. {filler}Banjir terjadi di Medan, Deli Serdang, dan Langkat."
    assert places(text, "Hasil Pilgub Sumut Digugat") == {"12"}


def test_lists_of_regencies_count_as_a_whole() -> None:
    """Every regency of a list is a place, also with figures between the names."""
    text = "Kekurangan terjadi di Sragen, Blora, dan Kudus. Terbanyak Sragen 40 lembar, Blora 12 lembar, Kudus dua."
    assert places(text, "Surat Suara Kurang di Tiga Kabupaten") == {"33.14", "33.16", "33.19"}


def test_a_name_before_another_lies_in_it() -> None:
    """Of two names side by side the first is a village in the second; a province may follow its city."""
    assert places("Kotak suara di Karanganyar Demak basah.") == {"33.21"}
    assert places("Kotak suara di Demak Jawa Tengah basah.") == {"33.21"}


def test_every_region_knows_its_zone() -> None:
    """WIB, WITA and WIT follow the province."""
    zones = [region(code).zone for code in ("11.71", "64.02", "94.01", "62.71")]
    assert zones == ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Jakarta"]


def test_the_tables_name_what_exists() -> None:
    """Every code and every cue that the tables refer to is one of theirs."""
    tables = gazetteer()
    codes = {code for found in tables.names.values() for code in found}
    assert codes | tables.provincial_seats | set(tables.districts) <= set(tables.regions)
    assert tables.ends | tables.anchors | tables.joined | tables.traps["regional"] <= set(tables.cues)
    assert {"affiliation", "attached", "bare", "enclosing", "unnamed_part"} <= set(tables.cues)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Kota",
        "Kota " * 5000,
        "A " * 20000,
        "\x00",
        "KPU \x00 Bogor",
        "\ud800 KPU Bogor \udfff",
        "Bima" * 10000,
        "x" * 5_000_000,
        "(" * 10000,
        "Kab." * 5000,
        "." + " " * 50000,
    ],
)
def test_rubbish_does_no_harm(text: str) -> None:
    """Any text gives a tuple, as text and as title."""
    assert isinstance(find_regions(text, text[:1000]), tuple)


@pytest.mark.parametrize(
    "unit", ["Kota Bogor, ", "Wali Kota Serang ", "di Tegal. ", "Kota ", "Abc ", "KPU Pati (Pati) "]
)
def test_the_work_grows_with_the_length(unit: str) -> None:
    """Four times the text takes four times the steps: none looks back over all of it."""

    def steps(text: str) -> int:
        counted = 0

        def count(_frame: FrameType, _event: str, _arg: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            find_regions(text)
        finally:
            sys.setprofile(None)
        return counted

    assert steps(unit * 2000) < 4.2 * steps(unit * 500)


def test_every_region_is_found_by_its_official_name() -> None:
    """All provinces, regencies and cities, named with an office before them."""
    with (resources.files("pilkada_nlp") / "data" / "regions.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    missed = [
        row["official_name"]
        for row in rows
        if row["code"] not in {tag.code for tag in find_regions(f"Rapat pleno KPU {row['official_name']} dimulai.")}
    ]
    assert len(rows) == 552
    assert missed == []
