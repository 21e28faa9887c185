"""The watchlist weighs what was published: appeals nothing, allegations less than incidents, copies once."""

import math
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pilkada_nlp.article import MODALITIES, SOURCE_KINDS, ModalityValue, RegionTag
from pilkada_nlp.article.findings import (
    Coverage,
    Decision,
    DecisionAction,
    NamedTheme,
    Sentence,
    Story,
    StoryMember,
    WatchlistEntry,
)
from pilkada_nlp.watchlist import build_watchlist, load_weights
from tests.conftest import NOW

DAY = NOW.date()
KUTIM = RegionTag(code="64.08", name="Kabupaten Kutai Timur", role="peristiwa", score=1.0)
WEIGHTS = load_weights()


def story_of(key: str = "s", back: int = 0, **fields: Any) -> Story:
    """Return a story of an incident in Kutai Timur, so many days back."""
    standard: dict[str, Any] = {
        "id": key,
        "day": DAY - timedelta(days=back),
        "published_at": NOW - timedelta(days=back),
        "lead": key,
        "title": f"Judul {key}",
        "election": "pilkada",
        "regions": (KUTIM,),
        "themes": (("keamanan", "pokok"),),
        "modality": "kejadian",
        "outcome": None,
        "severity": 3,
        "independence": 1.0,
        "members": (StoryMember(article=key, outlet="a", url="https://a.id", source_kind="media", similarity=1.0),),
    }
    return Story(**{**standard, **fields})


def listed(*stories: Story, day: date = DAY, decisions: tuple[Decision, ...] = ()) -> WatchlistEntry | None:
    """Return the entry on Kutai Timur's security, None when it is not listed."""
    entries = build_watchlist(stories, day, decisions=decisions).entries
    return next((entry for entry in entries if entry.id == "64.08/keamanan"), None)


def score(*stories: Story) -> float:
    """Return the score of Kutai Timur's security, 0 when it is not listed."""
    entry = listed(*stories)
    return entry.score if entry else 0.0


def level(*stories: Story) -> str:
    """Return the level of Kutai Timur's security, "" when it is not listed."""
    entry = listed(*stories)
    return entry.level if entry else ""


def test_a_theme_that_is_only_named_counts_where_it_is_named() -> None:
    """A risk map on three regencies names vote buying for one of them: no line of the others rests on it."""
    places = tuple(RegionTag(code=code, name=code, role="peristiwa", score=1.0) for code in ("64.08", "64.03", "64.11"))
    quote = Sentence(article="s", outlet="a", url="https://a.id", start=40, end=60, text="Politik uang di Mahakam Ulu.")
    best = Sentence(article="s", outlet="a", url="https://a.id", start=0, end=20, text="Tiga kabupaten dipetakan.")
    story = story_of(
        regions=places,
        themes=(("keamanan", "pokok"), ("politik_uang", "sebutan")),
        modality="potensi",
        sentences=(best,),
        named=(NamedTheme(theme="politik_uang", regions=("64.11",), sentences=(quote,)),),
    )
    entries = {entry.id: entry for entry in build_watchlist([story], DAY).entries}
    assert set(entries) == {"64.08/keamanan", "64.03/keamanan", "64.11/keamanan", "64.11/politik_uang"}
    assert entries["64.11/politik_uang"].reasons[0].sentences == (quote, best)
    assert entries["64.11/keamanan"].reasons[0].sentences == (best,)
    anywhere = msgspec.structs.replace(story, named=(NamedTheme(theme="politik_uang", sentences=(quote,)),))
    assert len(build_watchlist([anywhere], DAY).entries) == 6


def decision_of(action: DecisionAction, at: datetime = NOW, until: date | None = None, by: str = "analis") -> Decision:
    """Return a decision on the entry of `listed`."""
    return Decision(entry="64.08/keamanan", action=action, at=at, by=by, why="alasan", until=until)


def test_the_weight_is_the_published_formula() -> None:
    """Modality x severity x strength x independence x half-life."""
    assert score(story_of()) == 4.0
    assert score(story_of(themes=(("keamanan", "sebutan"),))) == 1.0
    assert score(story_of(independence=0.3)) == 1.2
    assert score(story_of(modality="dugaan", severity=2)) == 1.2
    assert score(story_of(back=7)) == 2.0
    assert score(story_of(back=28)) == 0.0
    assert score(story_of(back=-1)) == 0.0
    assert score(story_of(modality="putusan", back=27)) == pytest.approx(3.2 * 0.5 ** (27 / 30), abs=0.005)


def test_the_table_knows_every_kind() -> None:
    """No modality, source kind or severity is without a weight, and no level is out of order."""
    assert set(WEIGHTS.modality) == set(MODALITIES)
    assert set(WEIGHTS.independence) == set(SOURCE_KINDS)
    assert list(WEIGHTS.severity) == sorted(WEIGHTS.severity)
    assert list(WEIGHTS.sources) == sorted(WEIGHTS.sources)
    assert list(WEIGHTS.levels) == ["tinggi", "sedang"]
    assert WEIGHTS.levels["tinggi"] > WEIGHTS.levels["sedang"] > 0


@pytest.mark.parametrize(
    ("stories", "expected"),
    [
        ([{"severity": 4}], "tinggi"),
        ([{"severity": 4, "modality": "putusan"}], "tinggi"),
        ([{"sources": 2}], "tinggi"),
        ([{}, {}], "tinggi"),
        ([{}, {"modality": "dugaan", "severity": 2}], "tinggi"),
        ([{"modality": "dugaan"}] * 2, "tinggi"),
        ([{"modality": "dugaan", "severity": 2}] * 4, "tinggi"),
        ([{}], "sedang"),
        ([{"modality": "putusan"}], "sedang"),
        ([{"severity": 2}], "sedang"),
        ([{"modality": "dugaan", "severity": 2}] * 2, "sedang"),
        ([{"modality": "dugaan", "severity": 2}], "rendah"),
        ([{"modality": "potensi", "severity": 1}] * 5, "rendah"),
        ([{"modality": "potensi", "severity": 1}] * 5 + [{"modality": "dugaan", "severity": 2}], "rendah"),
        ([{"severity": 2, "independence": 0.3, "sources": 0}], "rendah"),
    ],
)
def test_the_levels_are_those_that_the_table_promises(stories: list[dict[str, Any]], expected: str) -> None:
    """The comment above the levels says what is high, middling and low; it is true."""
    assert level(*(story_of(str(number), **fields) for number, fields in enumerate(stories))) == expected


def test_newsrooms_confirm_a_story_and_soon_add_nothing() -> None:
    """Three newsrooms weigh more than two and two more than one; fifty no more than three, and less than two events."""
    one, two, three, fifty = (score(story_of(sources=sources)) for sources in (1, 2, 3, 50))
    assert one < two < three == fifty < score(story_of("a"), story_of("b"))
    assert score(story_of(sources=0, independence=0.4)) < one


def test_a_flood_of_appeals_moves_no_level() -> None:
    """Fifty appeals list nothing, and beside an incident they are only counted."""
    appeals = [story_of(f"i{n}", modality="imbauan", severity=0) for n in range(50)]
    assert build_watchlist(appeals, DAY).entries == ()
    quiet, flooded = listed(story_of()), listed(*appeals, story_of())
    assert quiet is not None
    assert flooded is not None
    assert (flooded.score, flooded.level, flooded.trend) == (quiet.score, quiet.level, quiet.trend)
    assert flooded.counts == {"imbauan": 50, "kejadian": 1}


def test_a_wave_of_maps_and_warnings_adds_up_to_one() -> None:
    """Fifty of them weigh as one, each lowered alike, and lift neither an allegation nor an incident."""
    maps = [story_of(f"p{n}", modality="potensi", severity=1) for n in range(50)]
    entry = listed(*maps)
    assert entry is not None
    assert entry.score == score(maps[0]) == 0.25
    assert sum(reason.weight for reason in entry.reasons) == pytest.approx(0.25)
    assert dict(entry.reasons[0].factors)["bounded"] == pytest.approx(1 / 50)
    for other in (story_of(modality="dugaan", severity=2), story_of(), story_of(severity=2)):
        assert level(other, *maps) == level(other)


def test_forty_copies_of_a_release_weigh_as_one_release() -> None:
    """A release that forty outlets print is one story without an independent source."""
    copies = tuple(
        StoryMember(article=f"a{n}", outlet=f"o{n}", url="https://a.id", source_kind="rilis_aparat", similarity=1.0)
        for n in range(40)
    )
    fields: dict[str, Any] = {"lead": "a0", "independence": 0.4, "sources": 0, "severity": 2}
    assert score(story_of(members=copies, **fields)) == score(story_of(members=copies[:1], **fields)) == 0.8


@pytest.mark.parametrize("modality", ["imbauan", "fakta_proses", "cek_fakta"])
def test_what_is_no_risk_adds_none(modality: ModalityValue) -> None:
    """Appeals, routine and debunked claims add nothing at any severity."""
    assert score(story_of(modality=modality, severity=4)) == 0.0


def test_a_dismissed_case_takes_its_allegations_out() -> None:
    """A ruling of "tidak terbukti" cancels what it follows, also through others; what happened stays."""
    report = story_of("lapor", 6, modality="dugaan")
    hearing = story_of("klarifikasi", 4, modality="dugaan", follows="lapor")
    ruling = story_of("putusan", 1, modality="putusan", outcome="tidak_terbukti", severity=1, follows="klarifikasi")
    other = story_of("lain", 5, modality="dugaan")
    incident = story_of("rusuh", 6, follows="lapor")
    again = story_of("baru", 0, modality="dugaan", follows="putusan")
    assert score(report, hearing) > 0
    assert score(report, hearing, ruling) == score(ruling) == 0.0
    assert score(report, hearing, ruling, other) == score(other)
    assert score(report, hearing, ruling, incident) == score(incident)
    assert score(report, hearing, ruling, again) == score(again)
    round_up = msgspec.structs.replace(ruling, is_aggregate=True)
    assert score(report, hearing, round_up) == score(report, hearing)
    assert score(story_of(modality="putusan", outcome="terbukti")) == 3.2


def test_a_dismissed_case_can_be_seen_in_the_reasons() -> None:
    """What was cancelled stays among the reasons, at weight 0 and with the factor; the day before had it."""
    report = story_of("lapor", 6, modality="dugaan")
    ruling = story_of("putusan", modality="putusan", outcome="tidak_terbukti", severity=1, follows="lapor")
    entry = listed(report, ruling, story_of("lain", severity=1))
    assert entry is not None
    weights = {reason.story: (reason.weight, dict(reason.factors)) for reason in entry.reasons}
    assert weights["lapor"][0] == weights["putusan"][0] == 0.0
    assert weights["lapor"][1]["cleared"] == weights["putusan"][1]["outcome"] == 0.0
    assert (entry.level, entry.previous) == ("rendah", "rendah")
    assert entry.history[-2] > 1.2
    assert entry.score == 1.0


def test_a_ruling_of_the_same_day_speaks_last() -> None:
    """Report and ruling on one day, in whatever order the ids stand: nothing is left."""
    for names in (("a", "b"), ("b", "a")):
        report = story_of(names[0], modality="dugaan")
        ruling = story_of(names[1], modality="putusan", outcome="tidak_terbukti", severity=1, follows=names[0])
        assert score(report, ruling) == 0.0


def test_supervisors_speak_with_authority_on_their_rulings() -> None:
    """A supervisor's release counts in full for a ruling and less for anything else."""
    member = StoryMember(article="s", outlet="a", url="", source_kind="rilis_penyelenggara", similarity=1.0)
    assert score(story_of(modality="putusan", independence=0.7, members=(member,))) == 3.2
    assert score(story_of(independence=0.7, members=(member,))) == 2.8


def test_a_round_up_is_no_event_of_one_region() -> None:
    """It weighs a quarter and is no signal of the day."""
    entry = listed(story_of(is_aggregate=True))
    assert entry is not None
    assert entry.trend is not None
    assert (entry.score, entry.trend.today) == (1.0, 0)


def test_national_elections_and_placeless_stories_are_left_out() -> None:
    """The watchlist is of regional elections and of regions."""
    assert build_watchlist([story_of(election="pemilu"), story_of(regions=())], DAY).entries == ()


def test_open_regions_count_for_less() -> None:
    """A story between two twins weighs half for each."""
    twins = tuple(RegionTag(code=code, name=code, role="peristiwa", score=0.5) for code in ("33.28", "33.76"))
    assert [entry.score for entry in build_watchlist([story_of(regions=twins)], DAY).entries] == [2.0, 2.0]


def test_reasons_add_up_and_factors_multiply() -> None:
    """The score is the sum of the reasons, strongest first, and each reason the product of its named factors."""
    entry = listed(
        story_of("a", severity=2, sources=3), story_of("b", 3, modality="dugaan", severity=1), story_of("c", 9)
    )
    assert entry is not None
    assert [reason.story for reason in entry.reasons] == ["a", "c", "b"]
    assert entry.score == pytest.approx(sum(reason.weight for reason in entry.reasons), abs=0.006)
    for reason in entry.reasons:
        assert reason.weight == pytest.approx(math.prod(value for _, value in reason.factors), abs=2e-3)
    first = dict(entry.reasons[0].factors)
    assert first == {
        "modality": 1.0,
        "severity": 2.0,
        "strength": 1.0,
        "independence": 1.0,
        "sources": 1.5,
        "age": 1.0,
    }


def test_the_history_is_what_the_watchlist_would_have_said() -> None:
    """Each of the 28 scores is that of a watchlist built on its day, and so is the level of the day before."""
    chance = random.Random(5)
    stories = [
        story_of(
            str(n),
            chance.randrange(56),
            modality=chance.choice(["kejadian", "dugaan", "putusan"]),
            severity=chance.randrange(1, 4),
            sources=chance.randrange(4),
        )
        for n in range(60)
    ]
    entry = listed(*stories)
    assert entry is not None
    assert len(entry.history) == 28
    for back, expected in enumerate(reversed(entry.history)):
        past = listed(*stories, day=DAY - timedelta(days=back))
        assert (past.score if past else 0.0) == expected
    yesterday = listed(*stories, day=DAY - timedelta(days=1))
    assert yesterday is not None
    assert entry.previous == yesterday.level


def test_an_entry_that_is_new_had_no_level() -> None:
    """The day before it was not listed."""
    entry = listed(story_of())
    assert entry is not None
    assert entry.previous is None
    assert entry.history == (0.0,) * 27 + (4.0,)


def test_the_order_of_stories_and_decisions_does_not_matter() -> None:
    """Any order gives the same watchlist to the last digit."""
    chance = random.Random(7)
    stories = [
        story_of(
            str(n),
            chance.randrange(40),
            severity=chance.randrange(1, 5),
            independence=chance.choice([0.3, 0.7, 1.0]),
            follows=str(chance.randrange(200)) if chance.random() < 0.2 else None,
            outcome=chance.choice([None, None, "tidak_terbukti"]),
            modality=chance.choice(["kejadian", "dugaan", "putusan"]),
        )
        for n in range(200)
    ]
    actions: list[DecisionAction] = ["mute", "confirm", "note", "dismiss"]
    decisions = [decision_of(action, NOW - timedelta(days=3)) for action in actions]
    expected = build_watchlist(stories, DAY, decisions=decisions)
    for _ in range(3):
        chance.shuffle(stories)
        chance.shuffle(decisions)
        assert build_watchlist(stories, DAY, decisions=decisions) == expected


def test_a_dismissal_takes_out_what_was_there() -> None:
    """Stories from before it weigh nothing, what comes later counts again, and the entry still says so."""
    old, new = story_of("lama", 3), story_of("baru", severity=2)
    dismissed = decision_of("dismiss", NOW - timedelta(days=1))
    assert listed(old, decisions=(dismissed,)) is None
    entry = listed(old, new, decisions=(dismissed,))
    assert entry is not None
    assert (entry.score, entry.previous, entry.decision) == (2.0, None, dismissed)
    assert [(reason.story, reason.weight) for reason in entry.reasons] == [("baru", 2.0), ("lama", 0.0)]
    assert dict(entry.reasons[1].factors)["dismissed"] == 0.0


def test_a_dismissal_knows_the_hour() -> None:
    """A story of the same day that was published after it counts; one without a time was there."""
    at = NOW - timedelta(hours=3)
    assert listed(story_of(), decisions=(decision_of("dismiss", at),)) is not None
    assert listed(story_of(published_at=None), decisions=(decision_of("dismiss", at),)) is None


def test_a_confirmation_takes_a_dismissal_back() -> None:
    """The newest of both holds; a note in between changes nothing."""
    earlier, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    both = (decision_of("dismiss", earlier), decision_of("confirm", later))
    assert score(story_of()) == 4.0
    restored = listed(story_of(), decisions=both)
    assert restored is not None
    assert restored.decision == both[1]
    assert listed(story_of(), decisions=(both[0], decision_of("note", later))) is None
    assert listed(story_of(), decisions=(decision_of("confirm", earlier), decision_of("dismiss", later))) is None


def test_a_mute_holds_to_the_end_of_its_day() -> None:
    """It changes no level, outlives a note, and is over the day after."""
    muted = decision_of("mute", NOW - timedelta(days=2), until=DAY)
    noted = decision_of("note", NOW)
    entry = listed(story_of(), decisions=(muted, noted))
    assert entry is not None
    assert (entry.level, entry.decision) == ("sedang", muted)
    after = listed(story_of(), day=DAY + timedelta(days=1), decisions=(muted,))
    assert after is not None
    assert after.decision is None


def test_a_decision_is_over_when_its_stories_have_left_the_window() -> None:
    """A confirmation of a month ago says nothing of what stands there now; it holds on the days it is about."""
    assert WEIGHTS.window_days == 28
    for days, held in ((27, True), (28, False), (-1, True)):
        made = decision_of("confirm", NOW - timedelta(days=days))
        entry = listed(story_of(), decisions=(made,))
        assert entry is not None
        assert (entry.decision == made) is held


def test_entries_of_equal_score_stand_by_region_and_theme() -> None:
    """Never by ids, which are made of addresses."""
    kubar = RegionTag(code="64.07", name="Kabupaten Kutai Barat", role="peristiwa", score=1.0)
    themes = (("logistik", "pokok"), ("keamanan", "pokok"))
    watchlist = build_watchlist([story_of("a", themes=themes), story_of("b", regions=(kubar,))], DAY)
    assert [entry.id for entry in watchlist.entries] == ["64.07/keamanan", "64.08/keamanan", "64.08/logistik"]


def test_an_entry_carries_how_well_its_region_is_seen() -> None:
    """The level stays what the evidence says, with the coverage beside it."""
    seen = Coverage(outlets=2, read=1, silent=("x",), articles=4)
    (entry,) = build_watchlist([story_of()], DAY, coverage={"64.08": seen}).entries
    assert (entry.level, entry.coverage) == ("sedang", seen)


def test_odd_dates_break_nothing() -> None:
    """Stories of the first and last day that a date can have."""
    early = story_of("a", day=date(1, 1, 1), published_at=datetime(1, 1, 1, tzinfo=UTC))
    late = story_of("b", day=date(9999, 12, 31))
    assert score(early, late, story_of()) == 4.0
