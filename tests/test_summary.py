"""The renderings of a summary: complete, the same every time, safe against what articles contain, written whole."""

import csv
import io
import itertools
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import get_args

import feedparser
import jsonschema
import msgspec
import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from pilkada_nlp.article import MODALITIES, Reason
from pilkada_nlp.article.findings import DailySummary, Drift, Sentence, SourceState, StoryMember
from pilkada_nlp.errors import OutputError
from pilkada_nlp.regions.gazetteer import gazetteer
from pilkada_nlp.summary import coverage, digest, feed, json_schema, long_date, render, write_summary
from pilkada_nlp.summary.stages import stopped
from pilkada_nlp.wording import Language, table, texts
from tests.sample_summaries import DAY, LEAFLETS, PLENO, RULING, RUMOUR, empty_summary, full_summary, large_summary

EVIL = '<script>alert(1)</script> [klik](javascript:x) | "kutip" & *tebal* https://jahat.example @semua'
TRICKS = "=1+1\x00\x1b[31m\u202e\u200b\U000e0041 akhir"


class _Page(HTMLParser):
    """Collects what a browser would load or run, the ids and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.active: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"]] if values.get("id") else []  # type: ignore[list-item]
        self.links += [values["href"]] if values.get("href") else []  # type: ignore[list-item]
        if tag in ("script", "iframe", "object", "link", "img", "use", "image", "base", "form"):
            self.active.append(tag)
        self.active += [f"{tag} {name}" for name in values if name.startswith("on") or name in ("src", "srcset")]

    def handle_data(self, data: str) -> None:
        self.text += data


def evil_summary(text: str = EVIL) -> DailySummary:
    """Return the full summary with `text` wherever an article, an outlet or an analyst has the word."""
    full = full_summary()
    member = StoryMember(article="x", outlet=text, url="javascript:alert(1)", source_kind="media", similarity=1.0)
    quote = Sentence(article="x", outlet=text, url="data:text/html,x", start=0, end=1, text=text, speaker=text)
    place = replace(PLENO.regions[0], name=text)
    story = replace(
        PLENO, id=text, title=text, members=(member,), sentences=(quote,), regions=(place,), case_stage=text
    )
    reason = replace(full.watchlist[0].reasons[0], title=text, url="javascript:x", sentences=(quote,))
    decision = full.watchlist[0].decision
    assert decision is not None
    entry = replace(
        full.watchlist[0],
        region_name=text,
        theme=text,
        reasons=(reason,),
        decision=replace(decision, by=text, why=text),
    )
    milestone = replace(full.next[0], names={"id": text, "en": text})
    return replace(
        full,
        headlines=(replace(full.headlines[0], story=text, sentence=quote),),
        incidents=(story,),
        rulings=(story,),
        allegations=(story,),
        unconfirmed=(story,),
        potentials=(story,),
        debunked=(story,),
        watchlist=(entry, replace(entry, region="52.06")),
        open_cases=(replace(full.open_cases[0], title=text, url="vbscript:x", stage=text),),
        appeals=(replace(full.appeals[0], region_name=text, kinds={text: 3}),),
        changes=(replace(full.changes[0], title=text, before=text, now=text, why=text, line=text),),
        corrections=(replace(full.changes[0], title=text, line=text),),
        sources=(SourceState(outlet="b", name=text, read=False, detail=text),),
        stage=(milestone,),
        next=(milestone,),
        ahead=(milestone,),
        muted=(text,),
        warnings=(Drift(kind="theme", found=0.3, usual=0.1, articles=80, outlet=text, theme=text),),
        missing={text: text},
        notice=text,
        contact=text,
        model=text,
    )


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("make", [full_summary, empty_summary, large_summary])
def test_every_part_can_be_rendered_and_is_the_same_every_time(
    make: Callable[[], DailySummary], language: Language
) -> None:
    """Nine parts in their order, none of them failed, and twice the same text; the page stays below 500 kB."""
    summary = make()
    first = render(summary, language)
    assert first == render(summary, language)
    for kind in ("html", "md"):
        assert "Error" not in first[kind]
    order = ["headlines", "incidents", "watchlist", "open_cases", "potentials", "appeals", "debunked", "method"]
    assert re.findall(r'<section id="(\w+)">', first["html"]) == order
    words = texts(language)["summary"]["part"]
    assert re.findall(r"^## (.*)$", first["md"], re.MULTILINE) == [words[part] for part in order]
    assert len(first["html"].encode()) < 500_000
    assert msgspec.json.decode(first["json"], type=DailySummary) == summary


def test_the_page_says_what_the_summary_holds() -> None:
    """Every story and entry with its id, place, kind, sentence, speaker and link; numbers as Indonesians write them."""
    html = render(full_summary())["html"]
    page = _Page(html)
    for story in (PLENO, LEAFLETS):
        assert story.title in page.text
        assert story.id in page.ids
        assert story.sentences[0].text in page.text
        assert story.members[0].url in page.links
    for phrase in (
        "1.284 artikel dibaca",
        "19 dari 31 (61 %)",
        "6 hari lagi",
        "Edisi 3, dikoreksi",
        "sedang menjadi tinggi",
        "Ketua Bawaslu Bima",
        "Kabupaten Kutai Timur (64.08)",
        "tiga orang korban luka",
        "terbit 14.05 WITA",
        "p = 0,004",
        "2 dari 3 media setempat terbaca",
        "Diam: Suara Hulu",
        "dicek ke KPU",
        "melonjak",
        "server menjawab dengan kesalahan: 503",
        "Sepi Kita",
        "alamat lain dari artikel yang sudah ada: 1.040",
    ):
        assert phrase in page.text, phrase
    assert len(page.ids) == len(set(page.ids))
    anchors = {link[1:] for link in page.links if link.startswith("#")}
    assert anchors <= set(page.ids)


def test_a_stage_is_disturbed_only_where_words_say_so() -> None:
    """The stage that stopped is named; one that is only a theme is not, nor is there a word for torn billboards."""
    words = texts("id")["summary"]["stages"].lower()
    assert f"{words}: Rekapitulasi dan penetapan ·" in render(full_summary())["md"]
    torn = replace(PLENO, title="Baliho dirobek", sentences=(), themes=(("kampanye", "pokok"),))
    assert words not in render(replace(full_summary(), incidents=(torn,), rulings=()))["md"]


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("Rapat pleno di Tenggarong diskors sampai Jumat.", {"rekap_penetapan"}),
        ("KPU menunda pemungutan suara di dua distrik.", {"pungut_hitung"}),
        ("Pengiriman kotak suara ke pulau itu tidak dapat dilanjutkan.", {"logistik"}),
        ("Debat kedua batal karena listrik padam.", {"kampanye"}),
        ("Dua belas baliho kampanye dirobek.", set()),
        ("Kampanye tidak dihentikan.", set()),
        ("Saksi meminta pleno ditunda.", set()),
        ("Bawaslu menghentikan kasus kampanye di sekolah.", set()),
        ("Komisi Pemilihan Umum menyebut lomba itu ditunda.", set()),
        ("Penetapan tersangka ditunda.", set()),
    ],
)
def test_words_that_a_stage_stopped(text: str, stages: set[str]) -> None:
    """Stopped, put off, called off or not to be gone on with; a demand, a denial and a case are none of these."""
    assert stopped(text) == stages


def test_copies_are_named_as_such() -> None:
    """An outlet that only copied stands apart from those that are counted, in the page and in Markdown."""
    copied = StoryMember(article="c", outlet="warta", url="https://warta.example/c", source_kind="media",
                         similarity=0.9, reason="salinan", joined_to=PLENO.lead)  # fmt: skip
    twice = replace(copied, article="d", outlet="lensa", url="https://lensa.example/d")
    story = replace(PLENO, members=(PLENO.members[0], copied, twice, PLENO.members[1]))
    shown = render(replace(full_summary(), incidents=(story,)))
    assert "2 sumber independen: Kabar Mahakam, Lensa Pesisir; salinan: Warta Nusa" in _Page(shown["html"]).text
    assert "; salinan: [Warta Nusa](<https://warta.example/c>)" in shown["md"]
    assert "salinan:" not in render(full_summary())["md"]


def test_an_allegation_is_quoted_with_its_denial() -> None:
    """The two first sentences of an allegation are shown everywhere, of other stories one."""
    denial = replace(LEAFLETS.sentences[0], text="Tim pasangan calon membantah laporan itu.")
    third = replace(denial, text="Kalimat ketiga.")
    story = replace(LEAFLETS, sentences=(*LEAFLETS.sentences, denial, third))
    told = replace(PLENO, sentences=(*PLENO.sentences, third))
    full = full_summary()
    summary = replace(full, incidents=(told,), allegations=(story,))
    for text in (render(summary)["html"], render(summary)["md"], "\n".join(digest(summary))):
        assert denial.text in text
        assert third.text not in text


def test_every_entry_that_is_shown_leads_back() -> None:
    """Folded entries too link to the article of their weightiest story and name its outlet, else its host."""
    full = full_summary()
    low = full.watchlist[-1]
    assert low.level == "rendah"
    shown = render(full)
    url, source = low.reasons[0].url, "kejadian, Kabar Mahakam"
    assert f'<a href="{url}" rel="noreferrer">{RUMOUR.title}</a>, {source}</li>' in shown["html"]
    assert f"[{RUMOUR.title}](<{url}>), {source}" in shown["md"]
    bare = replace(low, reasons=(replace(low.reasons[0], story="x", sentences=(), url="https://jauh.example/x"),))
    assert f"{RUMOUR.title}</a>, kejadian, jauh.example</li>" in render(replace(full, watchlist=(bare,)))["html"]


def test_the_page_says_where_to_ask_for_a_correction() -> None:
    """The address of those who publish it is a link where it is an e-mail or web address, and never anything else."""
    replace, full = msgspec.structs.replace, full_summary()
    assert 'href="mailto:pemantau%40contoh.id">pemantau@contoh.id</a>' in render(full)["html"]
    assert texts("id")["summary"]["wrong"] in render(full)["md"]
    assert '<a href="https://contoh.id">' in render(replace(full, contact="https://contoh.id"))["html"]
    assert "javascript:alert(1)</p>" in render(replace(full, contact="javascript:alert(1)"))["html"]
    assert texts("id")["summary"]["wrong"] not in render(replace(full, contact=""))["html"]


def test_shares_of_few_are_numbers_only() -> None:
    """Under twenty there is no percentage."""
    html = render(replace(full_summary(), stories=19, independent=10))["html"]
    assert "10 dari 19" in html
    assert "53 %" not in html


def test_a_quiet_day_differs_from_a_part_that_is_missing() -> None:
    """What was not reported is said; what could not be made is never said to be nothing."""
    for text in (render(empty_summary())["html"], render(empty_summary())["md"], "\n".join(digest(empty_summary()))):
        assert "Tidak ada yang berubah." in text
        assert "Bagian ini tidak dapat dibuat: arsip rusak." in text
        assert "Tidak ada daerah yang masuk daftar pantau" not in text
    assert "Tidak ada kejadian yang diberitakan." in render(empty_summary())["html"]


@pytest.mark.parametrize("part", ["headlines", "watchlist", "appeals", "method"])
def test_a_part_that_cannot_be_rendered_says_so_and_the_rest_appears(part: str) -> None:
    """A value that no template expects breaks its own part alone, in the page, in Markdown and in the digest."""
    full = full_summary()
    trend = full.watchlist[0].trend
    assert trend is not None
    broken: dict[str, dict[str, object]] = {
        "headlines": {"headlines": (replace(full.headlines[0], mark="tak dikenal"),)},
        "watchlist": {"watchlist": (replace(full.watchlist[0], trend=replace(trend, direction="tak dikenal")),)},
        "appeals": {"appeals": (replace(full.appeals[0], kinds={"media": "banyak"}),)},
        "method": {"set_aside": {"tak dikenal": 3}},
    }
    summary = replace(full, **broken[part])
    name = texts("id")["summary"]["part"][part]
    html, md = render(summary)["html"], render(summary)["md"]
    assert html.count('class="gone"') == 1
    assert f"{name}: Bagian ini tidak dapat dibuat" in html
    assert "tidak dapat dibuat" in md
    for text in (html, md):
        assert "Debat terakhir" in text
        assert texts("id")["summary"]["method_blind"] in text or part == "method"
    if part == "headlines":
        assert "tidak dapat dibuat" in "\n".join(digest(summary))


def test_articles_cannot_inject_anything_into_the_page() -> None:
    """Markup, scripts and script addresses stay text; links lead to http and https only."""
    page = _Page(render(evil_summary())["html"])
    assert page.active == []
    assert page.text.count("<script>alert(1)</script>") > 20
    outside = {link for link in page.links if not link.startswith(("#", "ringkasan-2024-11-21."))}
    assert outside == set()


def test_articles_cannot_inject_anything_into_markdown() -> None:
    """Rendered as GitHub and wikis do, the Markdown has no link, image or markup of an article, and whole tables."""
    md = render(evil_summary())["md"]
    html = MarkdownIt("gfm-like", {"linkify": False}).render(md)
    assert set(re.findall(r'href="([^"]*)"', html)) == set()
    assert "<script" not in html
    assert "<em>" not in html
    assert "https://jahat" not in re.sub("`[^`]*`", "", md)  # nor does a bare address become a link
    rows = [line for line in md.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6, 7}


def test_hidden_characters_are_taken_out_and_formulas_are_disarmed() -> None:
    """No control, no turned direction, nothing invisible in any rendering for people; a cell is never a formula."""
    summary = evil_summary(TRICKS)
    shown = render(summary)
    texts_out = [
        shown["html"],
        shown["md"],
        shown["entries.csv"],
        shown["stories.csv"],
        *digest(summary),
        feed([summary]),
    ]
    for text in texts_out:
        assert not re.search("[\x00\x1b\u202e\u200b\U000e0041]", text)
        assert "akhir" in text
    for name in ("entries.csv", "stories.csv"):
        cells = [cell for row in csv.reader(io.StringIO(shown[name])) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert any(cell.startswith("'=1+1") for cell in cells)


def test_links_that_pretend_are_none() -> None:
    """Only http and https with a plain host become links."""
    full = full_summary()
    for url, links in (
        ("https://a.id/x?y=1", 1),
        ("https://kompas.com@jahat.example/", 0),
        ("JavaScript:alert(1)", 0),
        ("//a.id/x", 0),
        ("https://[::1", 0),
    ):
        html = render(replace(full, open_cases=(replace(full.open_cases[0], url=url),)))["html"]
        assert html.count(f'href="{url}"') == links, url


def test_the_page_stands_alone() -> None:
    """Nothing is loaded from elsewhere or run; tables have headers, pictures a title, a description and a table."""
    html = render(full_summary())["html"]
    assert _Page(html).active == []
    assert '<html lang="id">' in html
    assert html.count("<table") == html.count("<thead>") > 10
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]*)\)", html)) <= {"#map-west-hatch", "#map-east-hatch"}
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) == 1 + 2 + 1 + 4  # bars, map, heat map, a line for each entry in full
    assert all(re.search(r"<title[^>]*>[^<]+</title><desc[^>]*>[^<]+</desc>", picture) for picture in pictures)


def test_the_map_has_a_place_for_every_province() -> None:
    """38 tiles, none on another, with names that fit; the strip of a tile is divided by level."""
    tiles = {code: (half, tile["row"], tile["column"]) for half, found in table("tiles.toml").items()
             for code, tile in found.items()}  # fmt: skip
    assert set(tiles) == {code for code in gazetteer().regions if "." not in code}
    assert len(set(tiles.values())) == 38
    html = render(full_summary())["html"]
    assert "Kalimantan Timur: 1 tinggi, 0 sedang, 9 rendah, 0 tanpa data" in html


def test_long_lists_are_capped_and_say_where_the_rest_is() -> None:
    """High and medium entries stand in full up to forty, the others folded; nothing is left out silently."""
    summary = large_summary()
    html = render(summary)["html"]
    assert html.count('class="spark"') == 40
    assert "Tinggi dan sedang lainnya: 40" in html
    assert "Tingkat rendah: 220" in html
    assert "… dan 50 lagi" in html  # incidents and rulings
    assert 'href="ringkasan-2024-11-21.stories.csv"' in html


def test_a_page_of_thousands_of_entries_stays_small() -> None:
    """Only the entries that are shown carry a link, so that 5,500 of them fit into 500 kB, with long addresses too."""
    summary = large_summary(1000)
    levels = dict.fromkeys(range(2000), "sedang")
    entries = tuple(
        replace(entry, level=levels.get(n, "rendah"),
                reasons=tuple(replace(reason, url=f"{reason.url}/{'a' * 100}") for reason in entry.reasons))
        for n, entry in enumerate(itertools.islice(itertools.cycle(summary.watchlist), 5500))
    )  # fmt: skip
    html = render(replace(summary, watchlist=entries))["html"]
    assert html.count(", kabar.example</li>") == 400
    assert len(html.encode()) < 500_000


def test_json_follows_the_published_schema() -> None:
    """The schema in `data/` is that of the types (`make schema` writes it), and summaries are valid by it."""
    published = json.loads(resources.files("pilkada_nlp").joinpath("data", "summary.schema.json").read_text("utf-8"))
    assert published == json.loads(json.dumps(json_schema())), (
        "data/summary.schema.json is out of date: run `make schema`"
    )
    validator = jsonschema.Draft202012Validator(published)
    for summary in (full_summary(), empty_summary()):
        validator.validate(json.loads(render(summary)["json"]))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**json.loads(render(empty_summary())["json"]), "articles": "banyak"})


def test_csv_has_one_row_for_each_entry_and_each_event() -> None:
    """Events that stand in two parts have one row; without any row the columns are still named."""
    summary = replace(full_summary(), unconfirmed=(PLENO,))
    shown = render(summary)
    entries = list(csv.DictReader(io.StringIO(shown["entries.csv"])))
    assert [entry["id"] for entry in entries] == [entry.id for entry in summary.watchlist]
    assert (entries[0]["kejadian"], entries[0]["p_value"], entries[0]["decision"]) == ("3", "0.004", "confirm")
    stories = {story["id"]: story for story in csv.DictReader(io.StringIO(shown["stories.csv"]))}
    assert stories[PLENO.id]["parts"] == "incidents unconfirmed"
    assert len(stories) == 5
    empty = render(empty_summary())
    for name in ("entries.csv", "stories.csv"):
        assert empty[name] == shown[name].splitlines()[0] + "\n"


def test_the_digest_fits_into_messages() -> None:
    """Each message keeps within the limit of chats, no line is divided, and the pages are numbered."""
    (only,) = digest(full_summary())
    assert only.startswith("Ringkasan risiko pilkada: Kamis, 21 November 2024")
    assert PLENO.title in only
    assert only.count(PLENO.title) == 1
    messages = digest(large_summary())
    assert len(messages) > 1
    assert all(len(text.encode("utf-16-le")) // 2 <= 4096 for text in messages)
    assert [text.splitlines()[-1] for text in messages] == [
        f"({n}/{len(messages)})" for n in range(1, len(messages) + 1)
    ]
    long = replace(PLENO, title="🗳" * 5000)
    wide = digest(replace(full_summary(), incidents=tuple(replace(long, id=str(n)) for n in range(8))))
    assert all(len(text.encode("utf-16-le")) // 2 <= 4096 for text in wide)
    assert all("🗳" in text for text in wide[:2])


def test_the_digest_says_what_protects_people() -> None:
    """What is not proven, and what a person has yet to look at, stands in the chat as it does on the page."""
    cleared = replace(RULING, title="Kepala dinas tidak melanggar", outcome="tidak_terbukti")
    text = "\n".join(digest(replace(full_summary(), rulings=(cleared,))))
    assert "PUTUSAN; tidak terbukti; rekomendasi; Netralitas ASN" in text
    assert "DUGAAN (BELUM TERBUKTI); kajian; perlu ditinjau; Politik uang" in text
    assert "Dugaan yang lebih dari 14 hari tanpa hasil." in text


def test_the_feed_is_valid_and_lists_each_edition_once() -> None:
    """A reader finds the newest twenty days, an id of its own for each edition, and nothing of a day not over."""
    full = full_summary()
    days = [replace(full, day=DAY - timedelta(days=n), edition=1 + n % 2) for n in range(30)]
    found = feedparser.parse(feed([*days, replace(days[0], edition=2), replace(full, closed=False)]))
    assert not found.bozo
    assert found.version == "atom10"
    assert len(found.entries) == len({entry.id for entry in found.entries}) == 21
    assert found.entries[0].id == "tag:pilkada-nlp,2024:id/2024-11-21/2"
    assert found.entries[0].link.endswith("ringkasan-2024-11-21.html")
    assert found.entries[0].updated_parsed
    assert not feedparser.parse(feed([])).bozo


def test_files_are_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """All files appear, nothing temporary stays, messages of a longer edition go, and a bad place is named."""
    out = tmp_path / "baru" / "sekali"
    base = "ringkasan-2024-11-21"
    longer = write_summary(large_summary(), out)
    assert len([path for path in longer if path.suffix == ".txt"]) > 1
    paths = write_summary(full_summary(), out)
    names = [f"{base}.{ending}" for ending in ("html", "md", "json", "entries.csv", "stories.csv")]
    assert [path.name for path in paths] == [*names, f"{base}-1.txt", "umpan.atom"]
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in paths)
    before = {path: path.read_bytes() for path in paths}
    assert {path: path.read_bytes() for path in write_summary(full_summary(), out)} == before
    (tmp_path / "datei").write_text("")
    with pytest.raises(OutputError, match="datei"):
        write_summary(full_summary(), tmp_path / "datei")
    with pytest.raises(OutputError, match="proc"):
        write_summary(full_summary(), Path("/proc"))


def test_the_feed_in_a_folder_holds_the_days_that_lie_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Earlier days come from their JSON; a file that is no summary is named in the log and left out."""
    for days in range(3):
        write_summary(replace(full_summary(), day=DAY - timedelta(days=days)), tmp_path, "en")
    (tmp_path / "summary-2024-11-01.json").write_text("{}")
    write_summary(full_summary(), tmp_path, "en")
    entries = feedparser.parse((tmp_path / "feed.atom").read_text(encoding="utf-8")).entries
    assert [entry.link for entry in entries] == [f"summary-2024-11-{day}.html" for day in (21, 20, 19)]
    assert "summary-2024-11-01.json" in caplog.text


def test_both_languages_have_the_same_words() -> None:
    """No text is missing in one of the languages."""

    def keys(words: dict[str, object], prefix: str = "") -> set[str]:
        return {
            inner
            for name, value in words.items()
            for inner in (keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name})
        }

    assert keys(texts("id")) == keys(texts("en"))


def test_every_reason_and_every_kind_has_words() -> None:
    """Whatever sets an article aside, and every kind of statement, can be shown to people."""
    assert set(texts("id")["reasons"]) == set(get_args(Reason))
    assert set(texts("id")["modality"]) == set(MODALITIES)


def test_coverage_is_stated_in_words() -> None:
    """So many of so many sources; and plainly when there was none."""
    states = tuple(
        SourceState(outlet=str(n), name=str(n), read=n < 31, reason=None if n < 31 else "deadline") for n in range(40)
    )
    summary = replace(full_summary(), sources=states)
    assert coverage(summary, "id") == "31 dari 40 sumber terbaca."
    assert render(summary)["md"].count("(terlalu lambat)") == 9
    none = replace(full_summary(), sources=(SourceState(outlet="a", name="A", read=False, reason="connection"),))
    assert "Tidak satu pun sumber terbaca" in render(none)["html"]


def test_dates_are_written_out() -> None:
    """Days and months in both languages."""
    assert long_date(DAY, "id") == "Kamis, 21 November 2024"
    assert long_date(DAY, "en") == "Thursday, 21 November 2024"
