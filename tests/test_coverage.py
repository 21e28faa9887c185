"""Coverage: who looks at a region, and that silence is not called calm."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from pilkada_nlp.article import Outlet, RegionTag
from pilkada_nlp.article.findings import Coverage, Story
from pilkada_nlp.watchlist import build_watchlist, cover
from pilkada_nlp.watchlist.coverage import volume
from tests.test_watchlist import DAY, story_of


def outlet(name: str, *regions: str) -> Outlet:
    """Return an outlet that reports on these regions."""
    return Outlet(id=name, name=name, home=f"https://{name}.id", regions=regions)


OUTLETS = [outlet("kaltim", "64"), outlet("kutim", "64.08"), outlet("berau", "64.03"), outlet("nasional")]
STEADY = {DAY - timedelta(days=back): 5 for back in range(29)}
PUBLISHED: dict[str, Mapping[date, int]] = {one.id: STEADY for one in OUTLETS}
EVERYONE = {one.id for one in OUTLETS}


def state(code: str, coverage: Mapping[str, Coverage], *stories: Story) -> str:
    """Return the level of a region."""
    watchlist = build_watchlist(stories, DAY, coverage=coverage)
    return next(one.level for one in watchlist.regions if one.region == code)


def test_a_region_is_seen_by_its_own_outlets_and_those_of_its_province() -> None:
    """Outlets of a neighbour and national ones do not count; a province is also seen by those of its parts."""
    seen = cover(OUTLETS, EVERYONE, PUBLISHED, {"64.08": 3}, DAY)
    assert seen["64.08"] == Coverage(outlets=2, read=2, silent=(), articles=3)
    assert seen["64.71"].outlets == 1
    assert seen["64"].outlets == 3
    assert seen["11"] == Coverage(outlets=0, read=0, silent=(), articles=0)


def test_who_did_not_answer_or_fell_far_below_its_median_is_silent() -> None:
    """One outlet that cannot be read, and one that has a single article where five are usual."""
    published = PUBLISHED | {"kutim": STEADY | {DAY: 0}}
    seen = cover(OUTLETS, EVERYONE - {"kaltim"}, published, {}, DAY)
    assert seen["64.08"] == Coverage(outlets=2, read=1, silent=("kaltim", "kutim"), articles=0)
    assert seen["64.03"].silent == ("kaltim",)


def test_who_speaks_on_the_day_that_has_just_begun_is_not_silent() -> None:
    """Nothing on the last whole day, something since: whom the page quotes it does not call silent."""
    published = PUBLISHED | {"kutim": STEADY | {DAY: 0, DAY + timedelta(days=1): 1}}
    assert cover(OUTLETS, EVERYONE, published, {}, DAY)["64.08"].silent == ()


def test_an_outlet_long_dead_is_silent_though_its_median_is_zero() -> None:
    """It answers, and has had nothing for a week or for ever."""
    dead = {DAY - timedelta(days=back): 5 for back in range(20, 29)}
    for published in (dead, {}):
        seen = cover(OUTLETS, EVERYONE, PUBLISHED | {"kutim": published}, {}, DAY)
        assert seen["64.08"].silent == ("kutim",)


def test_small_outlets_are_counted_over_as_many_days_as_bring_three_articles() -> None:
    """One article a day: one day without says nothing, three do."""
    daily = {DAY - timedelta(days=back): 1 for back in range(1, 29)}
    assert volume(daily, DAY) == (2, 3, 1.0, False)
    assert volume({day: 1 for day in daily if (DAY - day).days > 2}, DAY).silent
    assert not volume({}, DAY).silent


def test_nobody_looking_is_no_data_and_not_calm() -> None:
    """Without outlets and articles a region has no level; a readable outlet or an article makes it "rendah"."""
    assert state("64.08", cover(OUTLETS, EVERYONE, PUBLISHED, {}, DAY)) == "rendah"
    assert state("64.08", cover(OUTLETS, {"berau"}, PUBLISHED, {}, DAY)) == "tanpa_data"
    assert state("64.08", cover(OUTLETS, {"berau"}, PUBLISHED, {"64.08": 1}, DAY)) == "rendah"
    assert state("11.01", cover(OUTLETS, EVERYONE, PUBLISHED, {}, DAY)) == "tanpa_data"
    assert state("11.01", {}) == "tanpa_data"


def test_evidence_outlives_silence() -> None:
    """What was reported keeps its level where nobody looks any more; a low level there is a guess and is not kept."""
    silent = cover([], [], {}, {}, DAY)
    assert state("64.08", silent, story_of(severity=4)) == "tinggi"
    assert state("64.08", silent, story_of(severity=1, modality="dugaan")) == "tanpa_data"


def test_every_region_that_votes_has_a_state() -> None:
    """38 provinces and 508 regencies and cities; the areas of Jakarta count as Jakarta."""
    watchlist = build_watchlist([story_of(regions=(area("31.74"),), severity=4)], DAY)
    codes = [one.region for one in watchlist.regions]
    assert codes == sorted(set(codes))
    assert (len(codes), sum(len(code) == 2 for code in codes)) == (546, 38)
    assert not any(code.startswith("31.") for code in codes)
    assert next(one.level for one in watchlist.regions if one.region == "31") == "tinggi"
    assert cover([outlet("jaksel", "31.74")], ["jaksel"], {}, {"31.74": 2}, DAY)["31"] == Coverage(
        outlets=1, read=1, silent=("jaksel",), articles=2
    )


def area(code: str) -> RegionTag:
    """Return a place with this code."""
    return RegionTag(code=code, name=code, role="peristiwa", score=1.0)


@pytest.mark.parametrize("usual", [1, 3, 10])
def test_a_normal_day_is_not_silent(usual: int) -> None:
    """As many articles as ever."""
    assert not volume({DAY - timedelta(days=back): usual for back in range(29)}, DAY).silent
