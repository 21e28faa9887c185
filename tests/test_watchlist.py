"""The watchlist weighs what was published: appeals nothing, allegations less than incidents, copies once."""

from datetime import timedelta

import pytest

from pilkada_nlp.article import ModalityValue, RegionTag
from pilkada_nlp.article.findings import Story, StoryMember, WatchlistEntry
from pilkada_nlp.watchlist import build_watchlist, load_weights
from tests.conftest import NOW

DAY = NOW.date()
KUTIM = RegionTag(code="64.08", name="Kabupaten Kutai Timur", role="peristiwa", score=1.0)


def story_of(key: str = "s", **fields: object) -> Story:
    """Return a story of an incident in Kutai Timur."""
    standard: dict[str, object] = {
        "id": key,
        "day": DAY,
        "published_at": NOW,
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
    return Story(**{**standard, **fields})  # type: ignore[arg-type]


def score(*stories: Story) -> float:
    """Return the score of Kutai Timur's security, 0 when it is not listed."""
    return next((entry.score for entry in build_watchlist(stories, DAY)), 0.0)


def test_the_weight_is_the_published_formula() -> None:
    """Modality x 2 ** (severity - 1) x strength x independence x half-life."""
    assert score(story_of()) == 4.0
    assert score(story_of(themes=(("keamanan", "sebutan"),))) == 1.0
    assert score(story_of(independence=0.3)) == 1.2
    assert score(story_of(modality="dugaan", severity=2)) == 1.2
    assert score(story_of(day=DAY - timedelta(days=7))) == 2.0
    assert score(story_of(day=DAY - timedelta(days=30))) == 0.0
    assert score(story_of(day=DAY + timedelta(days=1))) == 0.0


def test_a_flood_of_appeals_moves_no_level() -> None:
    """Fifty appeals list nothing, and beside an incident they are only counted."""
    appeals = [story_of(f"i{n}", modality="imbauan", severity=0) for n in range(50)]
    assert build_watchlist(appeals, DAY) == []
    (entry,) = build_watchlist([*appeals, story_of()], DAY)
    assert (entry.score, entry.level) == (4.0, "tinggi")
    assert entry.counts == {"imbauan": 50, "kejadian": 1}


@pytest.mark.parametrize("modality", ["imbauan", "fakta_proses", "cek_fakta"])
def test_what_is_no_risk_adds_none(modality: ModalityValue) -> None:
    """Appeals, routine and debunked claims add nothing at any severity."""
    assert score(story_of(modality=modality, severity=4)) == 0.0


def test_a_dismissed_case_adds_nothing() -> None:
    """A ruling of "tidak terbukti" lists nothing; one of "terbukti" does."""
    assert score(story_of(modality="putusan", outcome="tidak_terbukti", severity=1)) == 0.0
    assert score(story_of(modality="putusan", outcome="terbukti")) == 3.2


def test_supervisors_speak_with_authority_on_their_rulings() -> None:
    """A supervisor's release counts in full for a ruling and less for anything else."""
    member = StoryMember(article="s", outlet="a", url="", source_kind="rilis_penyelenggara", similarity=1.0)
    assert score(story_of(modality="putusan", independence=0.7, members=(member,))) == 3.2
    assert score(story_of(independence=0.7, members=(member,))) == 2.8


def test_national_elections_and_placeless_stories_are_left_out() -> None:
    """The watchlist is of regional elections and of regions."""
    assert build_watchlist([story_of(election="pemilu"), story_of(regions=())], DAY) == []


def test_open_regions_count_for_less() -> None:
    """A story between two twins weighs half for each."""
    twins = tuple(RegionTag(code=code, name=code, role="peristiwa", score=0.5) for code in ("33.28", "33.76"))
    assert [entry.score for entry in build_watchlist([story_of(regions=twins)], DAY)] == [2.0, 2.0]


def test_levels_and_reasons_add_up() -> None:
    """The score is the sum of the reasons, strongest first, and the level follows the table."""
    entries: list[WatchlistEntry] = build_watchlist(
        [story_of("a", severity=2), story_of("b", modality="dugaan", severity=1)], DAY
    )
    (entry,) = entries
    assert [reason.story for reason in entry.reasons] == ["a", "b"]
    assert entry.score == pytest.approx(sum(reason.weight for reason in entry.reasons))
    assert entry.level == "sedang"
    levels = load_weights().levels
    assert levels["tinggi"] > levels["sedang"] > 0
