"""The trend against a region's own past: laws as scipy has them, robust means, few claims from small numbers."""

import random

import pytest
from scipy import stats

from pilkada_nlp.watchlist import load_weights
from pilkada_nlp.watchlist.trend import lower_tail, trend, upper_tail, winsorised

RULES = load_weights().trend
COUNTS = [0, 1, 2, 3, 5, 8, 20, 60, 400]


@pytest.mark.parametrize("mean", [0.036, 0.5, 1.0, 3.7, 25.0, 300.0])
def test_tails_are_those_of_poisson(mean: float) -> None:
    """Where counts vary no more than their mean, both tails agree with scipy's to nine digits."""
    for count in COUNTS:
        assert upper_tail(count, mean, mean) == pytest.approx(stats.poisson.sf(count - 1, mean), rel=1e-9, abs=1e-300)
        assert lower_tail(count, mean, mean / 2) == pytest.approx(stats.poisson.cdf(count, mean), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("mean", "variance"), [(0.1, 0.2), (0.5, 3.0), (1.0, 1.02), (3.7, 9.0), (25.0, 400.0)])
def test_tails_are_those_of_the_negative_binomial(mean: float, variance: float) -> None:
    """Where counts vary more, they agree with scipy's law of the same mean and variance."""
    size, chance = mean**2 / (variance - mean), mean / variance
    for count in COUNTS:
        expected = stats.nbinom.sf(count - 1, size, chance), stats.nbinom.cdf(count, size, chance)
        assert upper_tail(count, mean, variance) == pytest.approx(expected[0], rel=1e-7, abs=1e-300)
        assert lower_tail(count, mean, variance) == pytest.approx(expected[1], rel=1e-7, abs=1e-300)


def test_one_outbreak_does_not_hide_the_next() -> None:
    """The two busiest of 28 days count as the third; a short baseline is left as it is."""
    assert winsorised([1] * 26 + [30, 40], RULES.clipped) == [1] * 28
    assert winsorised([0, 0, 9], RULES.clipped) == [0, 0, 9]
    assert winsorised([], RULES.clipped) == []
    after = trend(12, [1] * 26 + [30, 40], RULES)
    assert (after.mean, after.burst, after.direction) == (1.0, True, "naik")


def test_a_burst_has_its_p_value() -> None:
    """Six stories where one a day is usual is a burst, with the chance of so many under Poisson's law."""
    found = trend(6, [1] * 28, RULES)
    assert found.p_value == pytest.approx(stats.poisson.sf(5, 1), rel=1e-2)
    assert (found.today, found.mean, found.burst) == (6, 1.0, True)


def test_a_region_that_always_varies_surprises_less() -> None:
    """The same six stories are no burst where quiet and busy days have always taken turns."""
    assert not trend(6, [0, 0, 0, 0, 0, 4, 4] * 4, RULES).burst
    assert trend(6, [1] * 28, RULES).burst


@pytest.mark.parametrize("today", [0, 1, 2])
def test_small_numbers_have_no_p_value(today: int) -> None:
    """Below three stories a day nothing is tested and nothing is a burst, however quiet it was before."""
    found = trend(today, [0] * 28, RULES)
    assert (found.today, found.p_value, found.burst) == (today, None, False)


def test_a_first_story_is_new_and_not_a_rise() -> None:
    """Without any story before there is nothing to rise from; three at once are a burst all the same."""
    assert trend(1, [0] * 28, RULES).direction == "baru"
    three = trend(3, [0] * 28, RULES)
    assert (three.direction, three.burst) == ("baru", True)


def test_a_young_archive_claims_nothing() -> None:
    """With fewer than seven days behind it nothing is tested, and only what is new is called so."""
    found = trend(9, [1, 1, 2], RULES)
    assert (found.direction, found.p_value, found.burst) == ("tetap", None, False)
    assert trend(9, [], RULES).direction == "baru"


def test_arrows_need_a_surprise() -> None:
    """Down where so few are rare, level where they are common."""
    assert trend(0, [4] * 28, RULES).direction == "turun"
    assert trend(0, [1] * 28, RULES).direction == "tetap"
    assert trend(4, [4] * 28, RULES).direction == "tetap"
    assert trend(0, [0] * 28, RULES).direction == "tetap"


def test_chance_alone_rarely_makes_a_burst() -> None:
    """On 3,000 days of the same law as the 28 before each, no more than one in a hundred is called a burst."""
    chance = random.Random(11)

    def day() -> int:
        return sum(chance.random() < 0.05 for _ in range(20))  # about one a day

    bursts = sum(trend(day(), [day() for _ in range(28)], RULES).burst for _ in range(3000))
    assert bursts <= 30
