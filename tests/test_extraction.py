"""From pages to clean articles or typed refusals; dates that are never invented."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pilkada_nlp.article import Article, Outlet, Page, Rejection, Selectors
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.demo import DemoArticle, demo_articles, serve_site
from pilkada_nlp.extraction import as_dict, explain, extract, further_pages, parse_date
from pilkada_nlp.extraction.boilerplate import clean_lines, dateline, line_rule
from pilkada_nlp.scrapers import Fetcher
from pilkada_nlp.wording import table
from tests.conftest import NOW, page_of

WITA = timezone(timedelta(hours=8))
BODY = "".join(
    f"<p>Paragraf nomor {n} berisi kabar tentang rapat di kantor kecamatan pada pagi itu.</p>" for n in range(6)
)


def article(body: str, outlet: Outlet | None = None, **fields: Any) -> Article:
    """Extract an article that must be there."""
    result = extract(page_of(body, **fields), outlet)
    assert isinstance(result, Article), result
    return result


def read_demo(items: list[DemoArticle]) -> dict[str, Article | Rejection]:
    """Fetch and extract demonstration items over HTTP."""
    results: dict[str, Article | Rejection] = {}
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW)
    with serve_site(items) as outlets:
        by_id = {outlet.id: outlet for outlet in outlets}
        for item in items:
            outlet = by_id[item.outlet]
            folder = {"kabarmahakam": "2024/11", "wartanusa": "baca", "lensapesisir": "artikel"}[item.outlet]
            page = fetcher.get(f"{outlet.home}/{folder}/{item.slug}", outlet)
            assert isinstance(page, Page)
            rest = [fetcher.get(address, outlet) for address in further_pages(page)]
            results[item.slug] = extract(page, outlet, [part for part in rest if isinstance(part, Page)])
    fetcher.close()
    return results


def test_demonstration_pages_come_back_as_they_were_written() -> None:
    """Every demonstration article keeps each of its paragraphs, its closing mark beside them, and nothing else."""
    items = demo_articles()
    results = read_demo(items)
    for item in items:
        result = results[item.slug]
        if item.kind != "article":
            assert isinstance(result, Rejection), item.slug
            assert result.reason == {"consent_wall": "consent_wall", "index": "listing_page"}[item.kind]
            continue
        assert isinstance(result, Article), item.slug
        assert result.paragraphs == tuple(" ".join(text.split()) for text in item.paragraphs)
        assert item.closing.strip("()") in ("", *(mark.strip("()") for mark in (*result.marks, *result.editors)))
        assert result.title == item.title
        assert result.complete
        believable = item.published if item.published and item.published <= NOW + timedelta(days=1) else None
        assert result.published_at == believable


def test_a_missing_page_is_said() -> None:
    """An article whose second page cannot be had is marked as incomplete."""
    page = page_of(
        f'<h1>Judul yang cukup panjang</h1><article class="entry-content">{BODY}</article><a href="?page=2">2</a>'
    )
    result = extract(page)
    assert isinstance(result, Article)
    assert not result.complete


@pytest.mark.parametrize(
    "line",
    [
        "Baca juga: Bawaslu Periksa 12 Camat",
        "BACA JUGA: Bentrok di Kantor KPU",
        "Simak juga: Polisi Tangkap Pelaku",
        "ADVERTISEMENT",
        "SCROLL TO CONTINUE WITH CONTENT",
        "[Gambas:Video 20detik]",
        "Ikuti berita terkini kami di Google News",
        "Tags: pilkada, bawaslu",
        "Halaman: 1 2 3 Selanjutnya",
        "Copyright 2024 Kabar",
    ],
)
def test_boilerplate_lines_are_removed(line: str) -> None:
    """A line that outlets put into the body does not reach the text, and its neighbours do."""
    result = article(f'<div class="entry-content"><p>Awal tulisan ini.</p><p>{line}</p>{BODY}</div>')
    assert line not in result.text
    assert result.text.startswith("Awal tulisan ini.\n\nParagraf nomor 0")


def test_html_alone_is_no_page() -> None:
    """Where it came from and when belongs to it, and the error says how to make a page of it."""
    with pytest.raises(TypeError, match=r"not str; make one with .*page_of_html"):
        extract("<p>Isi</p>")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("Kamis, 21 November 2024 14:05 WIB", datetime(2024, 11, 21, 7, 5, tzinfo=UTC)),
        ("Jum'at, 22 Agt 2025 10:00 WIB", datetime(2025, 8, 22, 3, 0, tzinfo=UTC)),
        ("Kompas.com - 03/09/2024, 14:05 WIB", datetime(2024, 9, 3, 7, 5, tzinfo=UTC)),
        ("Senin, 4 Nop 2024 pukul 08.30 WITA", datetime(2024, 11, 4, 0, 30, tzinfo=UTC)),
        ("12 Peb 2020 | 23:10 WIT", datetime(2020, 2, 12, 14, 10, tzinfo=UTC)),
        ("2024-11-21T14:05:00+08:00", datetime(2024, 11, 21, 6, 5, tzinfo=UTC)),
        ("21/11/2024, 14:05", datetime(2024, 11, 21, 6, 5, tzinfo=UTC)),
    ],
)
def test_indonesian_times_are_read_to_the_minute(shown: str, expected: datetime) -> None:
    """Press spellings of months, day first, and the three zones; the outlet's zone where none is shown."""
    found = parse_date(shown, WITA)
    assert found is not None
    assert found.at == expected


def test_an_hour_or_zone_is_never_invented() -> None:
    """Without an hour, or without any zone, only the date is known; nonsense is no date."""
    for text, zone in (("21 November 2024", WITA), ("2024-11-21", WITA), ("2024-11-21 14:05", None)):
        found = parse_date(text, zone)
        assert found is not None
        assert (found.at, found.on) == (None, date(2024, 11, 21))
    for text in ("", "kemarin", "31 Februari 2024", "99/99/2024", "21 Bulan 2024"):
        assert parse_date(text, WITA) is None


def test_unbelievable_dates_fall_back_to_the_feed_then_to_the_fetch() -> None:
    """A date in the far future or before 1998 is not believed, and the article stays."""
    announced = datetime(2024, 11, 20, 20, 0, tzinfo=UTC)
    outlet = Outlet(id="uji", name="Uji", home="https://contoh.id", timezone="Asia/Makassar")
    for wrong in ("2042-11-21T10:00:00+07:00", "1970-01-01T00:00:00+00:00"):
        head = f'<meta property="article:published_time" content="{wrong}">'
        body = f'{head}<div class="entry-content">{BODY}</div>'
        assert article(body, outlet, announced_at=announced).published_at == announced
        late = article(body, outlet)
        assert (late.published_at, late.published_on, late.day) == (None, None, date(2024, 11, 21))


def test_the_day_is_that_of_the_outlets_zone() -> None:
    """An article of 23.30 WIB belongs to the next day where it is already past midnight."""
    head = '<meta property="article:published_time" content="2024-11-20T23:30:00+07:00">'
    body = f'{head}<div class="entry-content">{BODY}</div>'
    for zone, day in (("Asia/Jakarta", 20), ("Asia/Makassar", 21), ("Asia/Jayapura", 21)):
        outlet = Outlet(id="uji", name="Uji", home="https://contoh.id", timezone=zone)
        assert article(body, outlet).day == date(2024, 11, day)


def test_selectors_of_the_outlet_come_first() -> None:
    """An outlet's own selectors say where title, date and body are."""
    outlet = Outlet(
        id="uji",
        name="Uji",
        home="https://contoh.id",
        selectors=(Selectors(title=".jdl", body="#isi", date=".wkt"),),
    )
    head = '<b class="jdl">Judul</b><i class="wkt">21/11/2024 14:05 WIB</i>'
    body = f'{head}<div id="isi">{BODY}</div><div class="entry-content">{BODY}Lain</div>'
    result = article(body, outlet)
    assert result.title == "Judul"
    assert result.published_at == datetime(2024, 11, 21, 7, 5, tzinfo=UTC)
    assert "Lain" not in result.text


def test_a_canonical_link_to_another_site_is_not_believed() -> None:
    """A page cannot take the identity of an article elsewhere."""
    own = article(f'<link rel="canonical" href="https://contoh.id/asli"><div class="entry-content">{BODY}</div>')
    other = article(f'<link rel="canonical" href="https://lain.id/asli"><div class="entry-content">{BODY}</div>')
    assert own.url == "https://contoh.id/asli"
    assert other.url == "https://contoh.id/berita/satu"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"body": b""}, "unreadable"),
        ({"body": b"%PDF-1.4", "content_type": "application/pdf"}, "wrong_type"),
        ({"body": b"<p>pendek</p>"}, "too_short"),
        ({"body": BODY.encode(), "url": "https://contoh.id/tag/pilkada"}, "listing_page"),
        ({"body": BODY.encode(), "url": "https://contoh.id/"}, "listing_page"),
    ],
)
def test_refusals_have_a_type(fields: dict[str, object], reason: str) -> None:
    """What is no article comes back with its reason."""
    result = extract(page_of(**{"body": b"", **fields}))  # type: ignore[arg-type]
    assert isinstance(result, Rejection)
    assert (result.stage, result.reason) == ("extract", reason)


@pytest.mark.parametrize(
    "body",
    [
        b"\x00" * 1000,
        b"<div>" * 5000 + BODY.encode() + b"</div>" * 5000,
        b"\xff\xfe<\x00h\x00",
        b"<html><script type='application/ld+json'>{\"@graph\": [" + b"[" * 5000 + b"</script>" + BODY.encode(),
        b'<link rel="canonical" href="http://[bad"><a href="http://[bad">x</a>' + BODY.encode(),
        b"<!-- " + BODY.encode(),
        b"<?php echo 1 ?>" + BODY.encode(),
        ("<meta charset='utf-16'>" + BODY).encode(),
        "<p>caf\u00e9</p>".encode("latin-1") + BODY.encode(),
    ],
)
def test_broken_pages_do_no_harm(body: bytes) -> None:
    """Any bytes give an article or a reason."""
    page = page_of(body)
    assert isinstance(extract(page), Article | Rejection)
    assert isinstance(further_pages(page), list)


def test_real_pages_go_through(measure: Path) -> None:
    """Real articles come with title and text; listings, galleries and English are refused, each as what it is."""
    folder = measure / "data" / "pages"
    rows = [json.loads(line) for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()]
    titles = found = 0
    for row in rows:
        if row["kind"] == "feed":
            continue
        url = row.get("url") or "https://contoh.id/a/b"
        result = extract(page_of((folder / row["file"]).read_bytes(), url))
        reason = "not_indonesian" if "//en." in url else "listing_page" if row["kind"] == "listing" else "gallery"
        if isinstance(result, Rejection):
            assert result.reason == reason, row["file"]
        else:
            assert row["kind"] == "article", row["file"]
            found += 1
            titles += result.title == row.get("gold_title")
    assert found >= 16
    assert titles >= 13


LINE_RULES = [
    (row["name"], text, kind)
    for row in table("extraction.toml")["line"]
    for kind in ("removes", "keeps")
    for text in row[kind]
]


@pytest.mark.parametrize(
    ("name", "text", "kind"), LINE_RULES, ids=[f"{name}: {text[:30]}" for name, text, _ in LINE_RULES]
)
def test_every_line_rule_keeps_its_word(name: str, text: str, kind: str) -> None:
    """A rule takes out the lines that it names, and no rule the sentence that looks like them."""
    if kind == "removes":
        assert line_rule(text), name
    else:
        assert line_rule(text) is None


@pytest.mark.parametrize(
    ("line", "kept", "said"),
    [
        ("Pasar dibuka lagi. (Adv)", "Pasar dibuka lagi.", {"marks": ["(Adv)"]}),
        ("Pasar dibuka lagi. (ADV/Diskominfo)", "Pasar dibuka lagi.", {"marks": ["(ADV/Diskominfo)"]}),
        ("Pasar dibuka lagi.(prokom04)", "Pasar dibuka lagi.", {"marks": ["(prokom04)"]}),
        ("“Pasar dibuka.” (abc/def)", "“Pasar dibuka.”", {"editors": ["abc/def"]}),
        ("Pasar dibuka lagi. (Adv) (nrl/adt)", "Pasar dibuka lagi.", {"marks": ["(Adv)"], "editors": ["nrl/adt"]}),
        ("Pasar dibuka lagi menurut Komisi Pemilihan Umum (KPU)", None, {}),
        ("Pasar dibuka lagi pada hari Kamis. (21/11)", None, {}),
        ("Pasar dibuka lagi.Baca juga: Polisi Jaga Gudang", "Pasar dibuka lagi.", {}),
        ("Pasar dibuka. (Baca: \ue000Polisi Jaga Gudang\ue001) Pedagang senang.", "Pasar dibuka. Pedagang senang.", {}),
        ("Pasar dibuka. \ue000Baca juga: Polisi Jaga Gudang\ue001", "Pasar dibuka.", {}),
        ("Laporan \ue000Badan Pusat Statistik\ue001 terbit.", "Laporan Badan Pusat Statistik terbit.", {}),
    ],
)
def test_what_closes_a_text_becomes_a_field(line: str, kept: str | None, said: dict[str, list[str]]) -> None:
    """Marks, codes and glued headlines leave the text; brackets that belong to a sentence stay."""
    found = clean_lines([line])
    assert found.lines == [kept or line]
    assert {name: getattr(found, name) for name in ("marks", "editors")} == {"marks": [], "editors": [], **said}


@pytest.mark.parametrize(
    ("line", "town"),
    [
        ("Jakarta - Rapat digelar.", "Jakarta"),
        ("JAKARTA, KOMPAS.com - Rapat digelar.", "JAKARTA"),
        ("Tenggarong, Kaltim (ANTARA) - Rapat digelar.", "Tenggarong"),
        ("TRIBUNKALTIM.CO, TANJUNG SELOR - Rapat digelar.", "TANJUNG SELOR"),
        ("Bisnis.com, JAKARTA — Rapat digelar.", "JAKARTA"),
        ("Merdeka.com - Rapat digelar.", None),
        ("Rapat digelar di Jakarta - dan di Bogor.", None),
    ],
)
def test_the_town_of_a_dateline(line: str, town: str | None) -> None:
    """A town at the head of the text, and not the name of the site."""
    assert dateline(line) == town


def test_local_clocks_under_a_wrong_zone_are_set_right() -> None:
    """Metadata that give the WIB that readers see as UTC are not believed about the zone."""
    meta = '<meta property="article:published_time" content="2024-11-20T14:05:00Z">'
    shown = '<span class="date">Rabu, 20 November 2024 14:05 WIB</span>'
    result = article(f'{meta}{shown}<div class="entry-content">{BODY}</div>')
    assert result.published_at == datetime(2024, 11, 20, 7, 5, tzinfo=UTC)


def test_selectors_of_the_time_of_fetching_come_first() -> None:
    """An expired selector is still tried for old pages, but after those that hold."""
    rules = (Selectors(body=".lama", valid_until=date(2020, 1, 1)), Selectors(body=".baru"))
    outlet = Outlet(id="uji", name="Uji", home="https://contoh.id", selectors=rules)
    both = f'<div class="lama">Lama. {BODY}</div><div class="baru">Baru. {BODY}</div>'
    assert article(both, outlet).text.startswith("Baru.")
    assert article(both, outlet, fetched_at=NOW.replace(year=2019)).text.startswith("Lama.")
    assert article(f'<div class="lama">Lama. {BODY}</div>', outlet).text.startswith("Lama.")


def test_the_outlets_own_rule_joins_pages() -> None:
    """A rule such as "?single=1" replaces the numbered links, and only on a page that has some."""
    page = page_of(
        f'<div class="entry-content">{BODY}</div><a href="/berita/satu/2">2</a><a href="/berita/satu/3">3</a>'
    )
    expected: dict[Any, list[str]] = {
        None: ["https://contoh.id/berita/satu/2", "https://contoh.id/berita/satu/3"],
        "?single=1": ["https://contoh.id/berita/satu?single=1"],
        "?page=all": ["https://contoh.id/berita/satu?page=all"],
        "?page={n}": ["https://contoh.id/berita/satu?page=2", "https://contoh.id/berita/satu?page=3"],
        "/{n}": ["https://contoh.id/berita/satu/2", "https://contoh.id/berita/satu/3"],
    }
    for rule, addresses in expected.items():
        outlet = Outlet(id="uji", name="Uji", home="https://contoh.id", joining=rule)
        assert further_pages(page, outlet) == addresses
        assert further_pages(page_of(BODY), outlet) == []


def test_an_explanation_says_rules_and_removals() -> None:
    """Each field has the rule that gave it, and nothing leaves the body unseen."""
    box = '<div class="baca-juga"><a href="/x">Debat Ditunda Dua Kali</a></div>'
    found = explain(
        page_of(f'<div class="entry-content">{BODY}{box}<p>ADVERTISEMENT</p><p>Selesai sudah. (Adv)</p></div>')
    )
    assert found.rules["text"] == "usual place entry-content"
    assert [(piece.text, piece.rule) for piece in found.removed] == [
        ("Debat Ditunda Dua Kali", "box baca-juga"),
        ("ADVERTISEMENT", "embedded media or advertisement"),
        ("(Adv)", "closing mark or code"),
    ]
    assert as_dict(found.result)["marks"] == ["(Adv)"]


def test_a_mark_taken_from_the_text_still_tells_who_speaks(tagger: Tagger) -> None:
    """A paid article stays paid when its "(Adv)" is kept beside the text."""
    result = article(
        f'<h1>Bupati Resmikan Pasar</h1><div class="entry-content">{BODY}<p>Selesai. (Adv/Prokopim)</p></div>'
    )
    assert "Adv" not in result.text
    (tagging,) = tagger.tag([result])
    assert (tagging.source_kind.value, tagging.source_kind.mark) == ("adv", "(Adv/Prokopim)")


@pytest.mark.parametrize(
    "body",
    [
        b"<p " + b" ".join(b"a%d=1" % n for n in range(40_000)) + b">" + BODY.encode(),
        b"<div>" * 20_000 + BODY.encode(),
        b"<b><i>" * 20_000 + BODY.encode(),
        b"<ul><li>" * 20_000 + BODY.encode(),
        b"<a></a>" * 20_000 + BODY.encode(),
        "\ue001\ue000".encode() * 20_000 + BODY.encode(),
    ],
    ids=["attributes", "divs", "inline", "lists", "links", "signs"],
)
def test_bounded_pages_are_read_all_the_same(body: bytes) -> None:
    """Tens of thousands of attributes, nested elements, links or odd characters take no text away, and no long time."""
    result = article(body.decode())
    assert "Paragraf nomor 0" in result.text
    assert "Paragraf nomor 5" in result.text
