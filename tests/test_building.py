"""What the summary of a day says: nine parts from the archive's stories, editions with their changes, corrections."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pilkada_nlp.article import RegionTag, Rejection
from pilkada_nlp.article.findings import (
    Correction,
    Coverage,
    DailySummary,
    Decision,
    Drift,
    Milestone,
    RegionState,
    Sentence,
    SourceState,
    Story,
    StoryMember,
    Watchlist,
    WatchlistEntry,
    WatchReason,
)
from pilkada_nlp.elections import Calendar
from pilkada_nlp.summary import render
from pilkada_nlp.summary.building import build_summary
from pilkada_nlp.summary.cases import cases, dates, open_cases
from pilkada_nlp.summary.corrections import apply_corrections
from pilkada_nlp.wording import Language
from tests.conftest import NOW, article_of
from tests.test_stories import tagging_of
from tests.test_watchlist import KUTIM, story_of

DAY = date(2024, 11, 21)
PASER = RegionTag(code="64.01", name="Kabupaten Paser", role="peristiwa", score=1.0)


def milestone(key: str, first: date, last: date | None = None, regions: tuple[str, ...] = ()) -> Milestone:
    """Return a part of a calendar."""
    names = {"id": key, "en": key}
    return Milestone(key=key, election="uji", names=names, first=first, last=last or first, regions=regions)


CALENDAR = Calendar(
    {"uji": {"id": "Uji", "en": "Test"}},
    (
        milestone("kampanye", date(2024, 9, 25), date(2024, 11, 23)),
        milestone("masa_tenang", date(2024, 11, 24), date(2024, 11, 26)),
        milestone("pemungutan", date(2024, 11, 27)),
        milestone("penetapan", date(2024, 12, 10), regions=("64.08",)),
    ),
)


def member(key: str, **fields: Any) -> StoryMember:
    """Return an article of a story."""
    standard = {"article": key, "outlet": "a", "url": f"https://a.id/{key}", "source_kind": "media", "similarity": 1.0}
    return StoryMember(**{**standard, **fields})


def sentence(text: str, key: str = "a") -> Sentence:
    """Return a shown sentence."""
    return Sentence(article=key, outlet="a", url=f"https://a.id/{key}", start=0, end=len(text), text=text)


def story(key: str = "s", **fields: Any) -> Story:
    """Return a story of one article with the same id, told by one newsroom."""
    return story_of(key, **{"members": (member(key),), "sentences": (sentence(f"Kalimat {key}.", key),), **fields})


def entry(region: str = "64.08", theme: str = "keamanan", **fields: Any) -> WatchlistEntry:
    """Return an entry of the watchlist."""
    standard: dict[str, Any] = {
        "day": DAY,
        "region": region,
        "region_name": region,
        "theme": theme,
        "level": "sedang",
        "score": 2.0,
        "counts": {"kejadian": 1},
        "reasons": (),
    }
    return WatchlistEntry(**{**standard, **fields})


def build(stories: list[Story], **fields: Any) -> DailySummary:
    """Return the summary of a day on which every story of that day has its articles."""
    keys = dict.fromkeys(one.article for item in stories if item.day == DAY for one in item.members)
    articles = fields.pop("articles", [article_of("Isi berita.", id=key) for key in keys])
    standard: dict[str, Any] = {
        "articles": articles,
        "taggings": {article.id: tagging_of(article) for article in articles},
        "stories": stories,
        "watchlist": Watchlist(day=DAY, entries=()),
        "sources": [SourceState(outlet="a", name="Outlet A", read=True)],
        "previous": None,
        "last": None,
        "corrections": [],
        "calendar": CALENDAR,
        "set_aside": [],
        "model": "uji",
        "closed": True,
    }
    return build_summary(DAY, **{**standard, **fields})


def ids(stories: tuple[Story, ...]) -> list[str]:
    """Return the ids of stories."""
    return [item.id for item in stories]


MOVED = Drift(kind="words", found=0.4, usual=0.3, articles=900)


def test_the_header_counts_stories_and_knows_the_calendar() -> None:
    """Articles, related ones, stories and independent ones are counted; the stage and the next date are named."""
    stories = [story("a", members=(member("a"), member("b"))), story("c", independence=0.3, sources=0)]
    rejection = Rejection(url="https://a.id", outlet="a", stage="extract", reason="paywall", detail="", at=NOW)
    summary = build(stories, set_aside=[rejection, rejection], warnings=[MOVED])
    assert (summary.articles, summary.related, summary.stories, summary.independent) == (3, 3, 2, 1)
    assert [found.key for found in summary.stage] == ["kampanye"]
    assert [found.key for found in summary.next] == ["masa_tenang"]
    assert summary.set_aside == {"paywall": 2}
    assert summary.warnings == (MOVED,)
    assert summary.missing == {}


def test_every_kind_of_story_has_one_place() -> None:
    """Incidents, rulings, allegations, maps and checked claims stand apart; national elections are counted only."""
    kinds = ["kejadian", "putusan", "dugaan", "potensi", "cek_fakta", "imbauan", "fakta_proses"]
    stories = [story(kind, modality=kind) for kind in kinds]
    stories += [
        story("nasional", election="pemilu"),
        story("kebencian", modality="dugaan", themes=(("hoaks_sara", "pokok"),)),
    ]
    summary = build(stories)
    parts = (summary.incidents, summary.rulings, summary.allegations, summary.potentials, summary.debunked)
    assert [ids(part) for part in parts] == [
        ["kejadian"],
        ["putusan"],
        ["dugaan"],
        ["potensi"],
        ["cek_fakta", "kebencian"],
    ]
    assert summary.stories == 9


def test_stories_of_other_days_are_not_todays() -> None:
    """A story belongs to the day when one of its articles does."""
    summary = build([story("lama", day=DAY - timedelta(days=3))])
    assert (summary.stories, summary.incidents, summary.headlines) == (0, (), ())


def test_an_incident_on_one_dependent_source_is_unconfirmed() -> None:
    """A release alone confirms nothing, nor does an incident whose modality needs a person; two newsrooms do."""
    stories = [
        story("rilis", independence=0.4, sources=0),
        story("ragu", review=("modality",)),
        story("dua", independence=0.4, sources=2),
        story("media"),
    ]
    summary = build(stories)
    assert ids(summary.unconfirmed) == ["ragu", "rilis"]
    assert ids(summary.incidents) == ["media", "dua"]


def test_the_order_rests_on_what_stories_say() -> None:
    """Severity, then independence, then the number of sources, then the title; ids and the order given do not count."""
    stories = [
        story("z", severity=4),
        story("y", title="B", sources=3),
        story("x", title="C"),
        story("w", title="A"),
        story("v", independence=0.8, sources=2),
    ]
    assert ids(build(stories).incidents) == ["z", "y", "w", "x", "v"]
    assert build(stories[::-1]) == build(stories)


def test_the_lead_is_what_changed_at_most_five_and_confirmed_first() -> None:
    """Grave incidents and rulings lead, unconfirmed ones last; weak news is left out where there is enough."""
    stories = [story(f"k{nth}", severity=2 + nth % 2, title=f"K{nth}") for nth in range(5)]
    stories += [
        story("putusan", modality="putusan", severity=4),
        story("rilis", severity=4, independence=0.3, sources=0),
    ]
    stories += [story("kecil", severity=1)]
    summary = build(stories)
    assert [line.story for line in summary.headlines] == ["putusan", "k1", "k3", "k0", "k2"]
    assert {line.mark for line in summary.headlines} == {"baru"}
    first = summary.headlines[0]
    assert first.articles == ("putusan",)
    assert first.sentence is not None
    assert first.sentence.text == "Kalimat putusan."


def test_where_little_happened_weaker_news_fills_up_to_three() -> None:
    """Small incidents and grave allegations stand in the lead of a quiet day; appeals and maps never do."""
    stories = [story(f"k{nth}", severity=1, title=f"K{nth}") for nth in range(4)]
    stories += [story("imbauan", modality="imbauan", severity=0), story("peta", modality="potensi", severity=1)]
    stories += [story("lapor", modality="dugaan", severity=2)]
    assert [line.story for line in build(stories).headlines] == ["lapor", "k0", "k1"]


def test_a_case_stands_once_in_the_lead() -> None:
    """Of the stories of one case the gravest leads; a step of an older case counts as an update of it."""
    old = story("lapor", modality="dugaan", severity=2, day=DAY - timedelta(days=5), case_stage="laporan")
    stories = [
        old,
        story("klarifikasi", modality="dugaan", severity=2, follows="lapor", case_stage="klarifikasi"),
        story("vonis", modality="putusan", severity=3, follows="klarifikasi", case_stage="putusan"),
    ]
    lines = build(stories).headlines
    assert [(line.story, line.mark) for line in lines] == [("vonis", "diperbarui")]


def test_marks_compare_with_the_edition_of_the_day_before() -> None:
    """A story of yesterday with another article is updated, one without news is no news, a corrected one says so."""
    yesterday = DAY - timedelta(days=1)
    before = [story(key, day=yesterday) for key in ("a", "c")]
    previous = msgspec.structs.replace(build([story("a"), story("b"), story("c")]), day=yesterday)
    assert ids(previous.incidents) == ["a", "b", "c"]
    now = [
        msgspec.structs.replace(before[0], members=(member("a"), member("a2"))),
        story("b"),
        msgspec.structs.replace(before[1], members=(member("c"), member("c2"))),
        story("d"),
    ]
    articles = [article_of("Isi.", id=key) for key in ("a2", "b", "c2", "d")]
    decided = Correction(line="c", action="correct", why="keliru", by="uji", at=NOW, changes={"severity": "2"})
    stories = apply_corrections(now, [decided])
    summary = build(stories, articles=articles, previous=previous, corrections=[decided])
    assert {line.story: line.mark for line in summary.headlines} == {"a": "diperbarui", "c": "dikoreksi", "d": "baru"}
    assert next(line.articles for line in summary.headlines if line.story == "a") == ("a2",)
    assert [(one.line, one.kind, one.before, one.now, one.why) for one in summary.corrections] == [
        ("c", "corrected", "kejadian 3", "kejadian 2", "keliru")
    ]


def test_muted_entries_stand_apart() -> None:
    """What an analyst muted is named, so that a page can keep it apart; region states are kept as they are."""
    mute = Decision(entry="64.01/logistik", action="mute", at=NOW, by="uji", until=DAY)
    state = RegionState(
        region="64.08", name="Kutim", level="sedang", coverage=Coverage(outlets=1, read=1, silent=(), articles=3)
    )
    entries = (entry(), entry("64.01", "logistik", decision=mute))
    summary = build([], watchlist=Watchlist(day=DAY, entries=entries, regions=(state,)))
    assert [one.id for one in summary.watchlist] == ["64.08/keamanan", "64.01/logistik"]
    assert summary.muted == ("64.01/logistik",)
    assert summary.regions == (state,)


def test_cases_wait_for_an_outcome_after_fourteen_days() -> None:
    """Old allegations are open until one of their stories has an outcome or their newest is something else."""
    days = {"baru": 14, "lama": 15, "selesai": 40, "diputus": 30}
    stories = [story(key, modality="dugaan", day=DAY - timedelta(days=age), severity=2) for key, age in days.items()]
    stories += [
        story("akhir", modality="putusan", outcome="tidak_terbukti", follows="selesai", day=DAY - timedelta(days=20)),
        story("banding", modality="dugaan", follows="akhir", day=DAY - timedelta(days=9)),
        story("rekomendasi", modality="putusan", follows="diputus", day=DAY - timedelta(days=2)),
        story("rekap", modality="dugaan", is_aggregate=True, day=DAY - timedelta(days=20)),
        story(
            "sidang",
            modality="dugaan",
            follows="lama",
            day=DAY - timedelta(days=3),
            case_stage="registrasi",
            sentences=(sentence("Sidang dijadwalkan 12 Desember 2024, setelah pemungutan 27 November 2024."),),
        ),
    ]
    (case,) = build(stories).open_cases
    assert (case.story, case.chain, case.since) == ("sidang", ("lama", "sidang"), DAY - timedelta(days=15))
    assert (case.stage, case.expected, case.url) == ("registrasi", date(2024, 12, 12), "https://a.id/sidang")


def test_a_date_is_expected_only_where_something_is_set_for_it() -> None:
    """The end of a term, a day gone by and one without a year are no dates that a case waits for."""
    for text in ("Masa jabatannya habis 31 Desember 2024.", "Sidang digelar 1 November 2024.", "Sidang 12 Desember."):
        old = story(modality="dugaan", day=DAY - timedelta(days=20), sentences=(sentence(text),))
        assert open_cases([old], DAY)[0].expected is None, text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sidang 12 Desember 2024 dan 3 Januari 2025", [date(2024, 12, 12), date(2025, 1, 3)]),
        ("Tenggat 02/12/2024, rapat 5-1-2025", [date(2024, 12, 2), date(2025, 1, 5)]),
        ("31 Februari 2025, 12/13/2024, nomor 112/12/20245", []),
    ],
)
def test_dates_are_read_in_full(text: str, expected: list[date]) -> None:
    """Dates with a year are read in words and digits; what is no date is none."""
    assert list(dates(text)) == expected


def test_circles_of_follow_ups_end() -> None:
    """Stories that follow one another in a circle are still each in one case."""
    circle = [story("a", follows="b"), story("b", follows="a")]
    assert sorted(item.id for case in cases(circle) for item in case) == ["a", "b"]


def test_the_days_ahead_are_fourteen() -> None:
    """Dates of the next two weeks are named, regional ones only where a region has one of its own."""
    assert [found.key for found in build([]).ahead] == ["masa_tenang", "pemungutan"]
    later = [
        found.first for found in build([], calendar=Calendar({}, (milestone("x", DAY + timedelta(days=15)),))).ahead
    ]
    assert later == []


def test_appeals_are_counted_by_region_against_their_usual_number() -> None:
    """Who speaks and how many are paid is counted; only five and three times the usual number make a jump."""

    def appeal(key: str, **fields: Any) -> Story:
        return story(key, **{"modality": "imbauan", "severity": 0, **fields})

    release = (member("r", source_kind="rilis_aparat"),)
    stories = [appeal(f"p{nth}", regions=(PASER,)) for nth in range(5)]
    stories += [appeal("r", members=release, independence=0.4, lead="r"), appeal("n", regions=())]
    stories += [appeal(f"lama{nth}", day=DAY - timedelta(days=1 + nth % 28)) for nth in range(56)]
    stories += [appeal("uzur", day=DAY - timedelta(days=29))]
    counts = {count.region: count for count in build(stories).appeals}
    assert list(counts) == ["64.01", "", "64.08"]
    assert (counts["64.01"].stories, counts["64.01"].usual, counts["64.01"].jump) == (5, 0.0, True)
    assert counts["64.08"].kinds == {"rilis_aparat": 1}
    assert (counts["64.08"].not_independent, counts["64.08"].usual, counts["64.08"].jump) == (1, 2.0, False)
    assert counts[""].articles == ("n",)


def test_titles_name_no_private_person() -> None:
    """Titles of stories and of reasons stand with initials, told by the article's own text."""
    article = article_of("Korban bernama Fulan Polan (45) dirawat.", "Fulan Dirawat di Sangatta", id="a")
    reason = WatchReason(
        story="a",
        title="Fulan Polan (45) Dirawat",
        url="https://a.id",
        modality="kejadian",
        outcome=None,
        severity=3,
        age_days=0,
        weight=1.0,
    )
    listed = Watchlist(day=DAY, entries=(entry(reasons=(reason,)),))
    summary = build([story("a", title=article.title)], articles=[article], watchlist=listed)
    assert summary.incidents[0].title == "F Dirawat di Sangatta"
    assert summary.watchlist[0].reasons[0].title == "FP (45) Dirawat"


class _Broken(Calendar):
    """A calendar that cannot look ahead."""

    def ahead(self, day: date, days: int, region: str | None = None) -> tuple[Milestone, ...]:
        raise RuntimeError("kalender rusak")


def test_a_part_that_fails_leaves_the_rest_and_says_so() -> None:
    """What cannot be made is named with the reason; everything else stands."""
    summary = build([story("a")], calendar=_Broken(*CALENDAR))
    assert summary.missing == dict.fromkeys(["open_cases", "ahead"], "RuntimeError: kalender rusak")
    assert ids(summary.incidents) == ["a"]
    assert [found.key for found in summary.stage] == ["kampanye"]


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_is_built_can_be_rendered(language: Language) -> None:
    """A summary with lines in every part, and an empty one, come out as pages that name them."""
    old = story("lama", modality="dugaan", day=DAY - timedelta(days=20))
    kinds = ["kejadian", "putusan", "dugaan", "potensi", "cek_fakta", "imbauan"]
    now = build(
        [old, *(story(kind, modality=kind) for kind in kinds)], watchlist=Watchlist(day=DAY, entries=(entry(),))
    )
    pages = render(build([old, story("kejadian", severity=4)], last=now), language)
    assert "Judul lama" in pages["html"]
    assert "Judul kejadian" in pages["md"]
    assert len(render(build([]), language)["html"]) > 1000


# ---------------------------------------------------------------- editions


def test_the_same_again_is_the_same_edition() -> None:
    """Built again from the same, and read back from its JSON, an edition is returned as it is."""
    stories = [story("a"), story("b", modality="dugaan")]
    last = msgspec.json.decode(msgspec.json.encode(build(stories)), type=DailySummary)
    assert build(stories[::-1], last=last) is last


def test_before_the_day_is_closed_there_is_one_edition() -> None:
    """While the day lasts, news changes the first edition and no list of changes is made; once closed it stays so."""
    early = build([story("a")], closed=False)
    later = build([story("a"), story("b")], last=early, closed=False)
    assert (later.edition, later.changes, later.closed) == (1, (), False)
    closed = build([story("a"), story("b")], last=later)
    assert (closed.edition, closed.closed) == (1, True)
    assert build([story("a"), story("b")], last=closed, closed=False) is closed


def test_a_later_edition_lists_what_changed() -> None:
    """Added, removed and changed lines are named with their values before and now; members are counted with "×"."""
    level = Watchlist(day=DAY, entries=(entry(),))
    last = build([story("a"), story("b"), story("c")], watchlist=level)
    fresh = [story("a", severity=4), story("c", members=(member("c"), member("c2"))), story("d", modality="dugaan")]
    now = build(fresh, last=last, watchlist=Watchlist(day=DAY, entries=(entry(level="tinggi"),)))
    assert now.edition == 2
    assert {(one.line, one.kind, one.before, one.now) for one in now.changes} == {
        ("a", "changed", "kejadian 3", "kejadian 4"),
        ("b", "removed", "kejadian 3", ""),
        ("c", "changed", "×1", "×2"),
        ("d", "added", "", "dugaan 3"),
        ("64.08/keamanan", "changed", "sedang", "tinggi"),
    }
    third = build([*fresh, story("e")], last=now, watchlist=Watchlist(day=DAY, entries=(entry(level="tinggi"),)))
    assert (third.edition, [one.line for one in third.changes]) == (3, ["e"])


def test_a_correction_makes_an_edition_that_says_why_and_stays() -> None:
    """Withdrawn and corrected lines are marked with the reason; building once more changes nothing."""
    stories = [story("a"), story("b")]
    last = build(stories)
    at = NOW + timedelta(days=3)
    decided = [
        Correction(line="a", action="withdraw", why="bukan pilkada", by="uji", at=at),
        Correction(line="b", action="correct", why="baru dugaan", by="uji", at=at, changes={"modality": "dugaan"}),
    ]
    kept = apply_corrections(stories, decided)
    articles = [article_of("Isi berita.", id=key) for key in ("a", "b")]
    now = build(kept, last=last, corrections=decided, articles=articles)
    assert [(one.line, one.kind, one.title, one.before, one.now, one.why) for one in now.changes] == [
        ("b", "corrected", "Judul b", "kejadian 3", "dugaan 3", "baru dugaan"),
        ("a", "withdrawn", "Judul a", "kejadian 3", "", "bukan pilkada"),
    ]
    assert [(one.line, one.kind, one.before) for one in now.corrections] == [
        ("a", "withdrawn", "kejadian 3"),
        ("b", "corrected", "kejadian 3"),
    ]
    assert build(kept, last=now, corrections=decided, articles=articles) is now


def test_corrections_are_stated_once_by_the_next_summary() -> None:
    """What was decided before the day, long after it, or stated this morning is not said; the rest is, with title."""
    previous = msgspec.structs.replace(build([story("a"), story("b")]), day=DAY - timedelta(days=1))

    def withdrawn(line: str, at: datetime) -> Correction:
        return Correction(line=line, action="withdraw", why="keliru", by="uji", at=at)

    midnight = datetime(2024, 11, 20, 17, tzinfo=UTC)  # 00.00 WIB
    decided = [
        withdrawn("a", midnight),
        withdrawn("b", midnight - timedelta(seconds=1)),
        withdrawn("tua", midnight + timedelta(hours=30, minutes=59)),
        withdrawn("nanti", midnight + timedelta(hours=31)),
    ]
    stated = build([], previous=previous, corrections=decided).corrections
    assert [(one.line, one.title) for one in stated] == [("a", "Judul a"), ("tua", "")]
    said = msgspec.structs.replace(previous, corrections=stated)
    again = build([], previous=said, corrections=decided).corrections
    assert [one.line for one in again] == ["tua"]  # decided after the morning on which yesterday's summary was read


# ---------------------------------------------------------------- corrections


def corrected(*changes: tuple[str, dict[str, str]], of: Story | None = None) -> Story:
    """Return a story after corrections made one after another."""
    decided = [
        Correction(line=line, action="correct", why="", by="uji", at=NOW + timedelta(hours=nth), changes=fields)
        for nth, (line, fields) in enumerate(changes)
    ]
    (found,) = apply_corrections([of or story()], decided[::-1])
    return found


def test_corrections_replace_fields_and_the_newest_holds() -> None:
    """Every field that can be corrected takes its new value; a corrected field needs no review any more."""
    doubtful = story(review=("modality", "regions"))
    fields = {"modality": "putusan", "outcome": "terbukti", "regions": "64.08, 64.01", "themes": "keamanan,logistik"}
    found = corrected(("s", {"severity": "1"}), ("s", {"severity": "4", **fields}), of=doubtful)
    assert (found.modality, found.outcome, found.severity) == ("putusan", "terbukti", 4)
    assert found.regions == (KUTIM, PASER)
    assert found.themes == (("keamanan", "pokok"), ("logistik", "pokok"))
    assert found.review == ()
    assert corrected(("s", {"outcome": ""}), of=story(outcome="terbukti")).outcome is None
    assert corrected(("lain", {"severity": "1"})) == story()


@pytest.mark.parametrize("changes", [{"modality": "kabar"}, {"severity": "9"}, {"regions": "99.99"}, {"title": "x"}])
def test_a_correction_that_cannot_be_is_an_error(changes: dict[str, str]) -> None:
    """An unknown field or value is refused with the line and the field."""
    with pytest.raises(ValueError, match=rf"correction of s: .*{next(iter(changes))}"):
        corrected(("s", changes))


def test_withdrawn_stories_vanish_until_they_are_corrected_again() -> None:
    """A withdrawal takes the story out; a newer correction brings it back."""
    out = Correction(line="s", action="withdraw", why="", by="uji", at=NOW)
    back = Correction(line="s", action="correct", why="", by="uji", at=NOW + timedelta(1), changes={"severity": "2"})
    assert apply_corrections([story()], [out]) == []
    assert [found.severity for found in apply_corrections([story()], [back, out])] == [2]


def test_a_withdrawn_entry_takes_its_theme_from_the_stories_of_its_day() -> None:
    """A story of that region loses the theme, one of several regions loses the region; later ones keep both."""
    out = Correction(line="64.08/keamanan", action="withdraw", why="", by="uji", at=NOW)
    themes = (("keamanan", "pokok"), ("logistik", "sebutan"))
    stories = [
        story("a", themes=themes),
        story("b", themes=themes, regions=(KUTIM, PASER)),
        story("c", day=DAY + timedelta(days=1)),
        story("d", regions=(PASER,)),
    ]
    found = apply_corrections(stories, [out])
    assert found[0].themes == themes[1:]
    assert (found[1].themes, found[1].regions) == (themes, (PASER,))
    assert found[2:] == stories[2:]
