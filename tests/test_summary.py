"""The summary: complete, the same every time, safe against what articles contain, and written in one piece."""

import json
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from pilkada_nlp.article import ModalityValue, Rejection
from pilkada_nlp.article.findings import DailySummary, Sentence, SourceState, Story, StoryMember
from pilkada_nlp.errors import OutputError
from pilkada_nlp.summary import build_summary, coverage, long_date, render, write_summary
from pilkada_nlp.watchlist import build_watchlist
from pilkada_nlp.wording import Language, texts
from tests.conftest import NOW, article_of
from tests.test_stories import tagging_of
from tests.test_watchlist import DAY, story_of

EVIL = '<script>alert(1)</script> [klik](javascript:x) | "kutip" & *tebal*'


def summary_of(stories: list[Story], **fields: object) -> DailySummary:
    """Return the summary of a day on which each story has one article."""
    articles = [article_of("isi", id=story.id) for story in stories]
    standard: dict[str, object] = {
        "sources": [SourceState(outlet="a", name="Outlet A", read=True)],
        "articles": articles,
        "taggings": {article.id: tagging_of(article) for article in articles},
        "stories": stories,
        "watchlist": build_watchlist(stories, DAY).entries,
        "set_aside": [],
        "model": "uji",
    }
    return build_summary(DAY, **{**standard, **fields})  # type: ignore[arg-type]


def test_every_kind_of_story_has_its_place() -> None:
    """Incidents, rulings, allegations, maps and debunked claims are listed apart, appeals only counted."""
    kinds: list[ModalityValue] = ["kejadian", "putusan", "dugaan", "potensi", "cek_fakta", "imbauan", "fakta_proses"]
    stories = [story_of(kind, modality=kind) for kind in kinds]
    stories.append(story_of("nasional", election="pemilu"))
    summary = summary_of(stories)
    lists = (summary.incidents, summary.rulings, summary.allegations, summary.potentials, summary.debunked)
    assert [[story.id for story in part] for part in lists] == [[kind] for kind in kinds[:5]]
    assert [(count.region, count.stories) for count in summary.appeals] == [("64.08", 1)]
    assert (summary.articles, summary.related, summary.stories) == (8, 8, 8)


def test_stories_of_other_days_are_not_todays() -> None:
    """A story counts for the day when one of its articles does; the watchlist still knows it."""
    old = story_of("lama", day=DAY - timedelta(days=3))
    summary = summary_of([old], articles=[])
    assert summary.incidents == ()
    assert [entry.region for entry in summary.watchlist] == ["64.08"]


@pytest.mark.parametrize("language", ["id", "en"])
def test_renderings_say_the_same_every_time(language: Language) -> None:
    """Rendering twice gives the same bytes, and each rendering holds titles, places, sources and coverage."""
    summary = summary_of([story_of("a"), story_of("b", modality="dugaan", severity=2)])
    first, second = render(summary, language), render(summary, language)
    assert first == second
    for kind in ("html", "md"):
        for part in ("Judul a", "Judul b", "Kabupaten Kutai Timur", "Outlet A", coverage(summary, language)):
            assert part in first[kind], (kind, part)
    assert msgspec.json.decode(first["json"], type=DailySummary) == summary


def test_both_languages_have_the_same_words() -> None:
    """No text is missing in one of the languages."""

    def keys(table: dict[str, object], prefix: str = "") -> set[str]:
        return {
            inner
            for name, value in table.items()
            for inner in (keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name})
        }

    assert keys(texts("id")) == keys(texts("en"))


def test_every_reason_has_words() -> None:
    """Whatever sets an article aside can be shown to people."""
    from typing import get_args

    from pilkada_nlp.article import Reason

    assert set(texts("id")["reasons"]) == set(get_args(Reason))


class _Page(HTMLParser):
    """Collects what a browser would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "iframe", "object", "link", "img") or any(name.startswith("on") for name in values):
            self.active.append(tag)
        if any((values.get(name) or "").startswith(("javascript:", "data:")) for name in ("href", "src")):
            self.active.append(f"{tag} {values}")


def test_articles_cannot_inject_anything() -> None:
    """Markup, scripts and script addresses from articles stay text, in HTML and in Markdown."""
    member = StoryMember(article="x", outlet=EVIL, url="javascript:alert(1)", source_kind="media", similarity=1.0)
    evil = story_of(
        "x",
        title=EVIL,
        sentences=(Sentence(article="x", outlet="a", url="", start=0, end=1, text=EVIL),),
        members=(member,),
    )
    summary = summary_of([evil], sources=[SourceState(outlet="b", name=EVIL, read=False, detail=EVIL)], notice=EVIL)
    texts_out = render(summary)
    page = _Page()
    page.feed(texts_out["html"])
    assert page.active == []
    assert "<script" not in texts_out["md"].replace("\\<script", "")
    assert "](javascript:" not in texts_out["md"].replace("\\](javascript:", "").replace("\\]", "")
    rows = [line for line in texts_out["md"].splitlines() if line.startswith("| ")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1


def test_the_page_stands_alone() -> None:
    """Nothing is loaded from elsewhere, tables have headers, the page has a language and a title."""
    html = render(summary_of([story_of()]))["html"]
    page = _Page()
    page.feed(html)
    assert page.active == []
    assert '<html lang="id">' in html
    assert "<title>" in html
    assert html.count("<table>") == html.count("<thead>") > 1
    assert "url(" not in html
    assert "@import" not in html


def test_coverage_is_stated_in_words() -> None:
    """So many of so many sources; and plainly when there was none."""
    states = [
        SourceState(outlet=str(n), name=str(n), read=n < 31, reason=None if n < 31 else "deadline") for n in range(40)
    ]
    summary = summary_of([], sources=states)
    assert coverage(summary, "id") == "31 dari 40 sumber terbaca."
    assert render(summary)["md"].count("(terlalu lambat)") == 9
    none = summary_of([], sources=[SourceState(outlet="a", name="A", read=False, reason="connection")])
    assert "Tidak satu pun sumber terbaca" in render(none)["html"]


def test_what_was_set_aside_is_counted_by_reason() -> None:
    """The reader sees how much is missing and why."""
    walls = [
        Rejection(url=f"https://a.id/{n}", outlet="a", stage="extract", reason="consent_wall", detail="", at=NOW)
        for n in range(3)
    ]
    summary = summary_of([], set_aside=walls)
    assert summary.set_aside == {"consent_wall": 3}
    assert "dinding persetujuan: 3" in render(summary)["md"]


def test_files_are_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """Three files appear, nothing temporary stays, and an unwritable place is said with its path."""
    summary = summary_of([story_of()])
    paths = write_summary(summary, tmp_path / "baru" / "sekali")
    assert [path.name for path in paths] == [f"ringkasan-2024-11-21.{ending}" for ending in ("html", "md", "json")]
    assert sorted(path.name for path in (tmp_path / "baru" / "sekali").iterdir()) == sorted(path.name for path in paths)
    assert json.loads(paths[2].read_text(encoding="utf-8"))["day"] == "2024-11-21"
    (tmp_path / "datei").write_text("")
    with pytest.raises(OutputError, match=r"datei.*ringkasan-2024-11-21\.html"):
        write_summary(summary, tmp_path / "datei")
    with pytest.raises(OutputError, match="proc"):
        write_summary(summary, Path("/proc"))


def test_dates_are_written_out() -> None:
    """Days and months in both languages."""
    assert long_date(DAY, "id") == "Kamis, 21 November 2024"
    assert long_date(DAY, "en") == "Thursday, 21 November 2024"
