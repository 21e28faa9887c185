"""Whether a day has more stories than its own past lets one expect, and how surprising that is."""

import math
from collections.abc import Sequence

from pilkada_nlp.article.findings import Direction, Trend
from pilkada_nlp.watchlist.weights import TrendRules

_OVERDISPERSED = 1.01  # variance over mean; closer to 1 both laws agree and the negative binomial loses its digits


def trend(today: int, before: Sequence[int], rules: TrendRules) -> Trend:
    """Return the trend of `today`'s stories against those of the days `before`, one number a day in any order.

    The mean is winsorised: the busiest days count as much as the next busiest one. The p-value is the upper tail of a
    negative binomial law where the counts vary more than a Poisson law allows (fitted by moments), else of that law.
    """
    counts = winsorised(before, rules.clipped)
    mean = sum(counts) / len(counts) if counts else 0.0
    variance = sum((count - mean) ** 2 for count in counts) / max(len(counts) - 1, 1)
    expected = max(mean, rules.least_mean)
    more = upper_tail(today, expected, variance)
    tested = len(counts) >= rules.least_days
    p_value = float(f"{more:.3g}") if tested and today >= rules.least_count else None
    direction: Direction = "tetap"
    if today and not any(before):
        direction = "baru"
    elif tested and more < rules.surprise:
        direction = "naik"
    elif tested and lower_tail(today, expected, variance) < rules.surprise:
        direction = "turun"
    return Trend(
        today=today,
        mean=round(mean, 3),
        direction=direction,
        p_value=p_value,
        burst=p_value is not None and p_value < rules.burst,
    )


def winsorised(counts: Sequence[int], one_in: int) -> list[int]:
    """Return the counts in rising order, the highest (one in so many) lowered to the highest of the others."""
    ordered = sorted(counts)
    clipped = len(ordered) // one_in
    kept = ordered[: len(ordered) - clipped]
    return kept + kept[-1:] * clipped


def upper_tail(count: int, mean: float, variance: float) -> float:
    """Return the chance of `count` or more; `mean` is above 0.

    The law is Poisson's, or where the variance is greater than the mean the negative binomial one with both.
    """
    if count <= mean:  # the lower part is the smaller one, so nothing is lost in the difference
        return 1.0 - lower_tail(count - 1, mean, variance)
    chances: list[float] = []
    while not chances or chances[-1] > 1e-17 * chances[0]:
        chances.append(_chance(count + len(chances), mean, variance))
    return math.fsum(chances)


def lower_tail(count: int, mean: float, variance: float) -> float:
    """Return the chance of `count` or fewer under the same law."""
    return min(math.fsum(_chance(number, mean, variance) for number in range(count + 1)), 1.0)


def _chance(count: int, mean: float, variance: float) -> float:
    if variance < mean * _OVERDISPERSED:
        return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    size = mean * mean / (variance - mean)
    return math.exp(
        math.lgamma(count + size)
        - math.lgamma(size)
        - math.lgamma(count + 1)
        + size * math.log(size / (size + mean))
        + count * math.log(mean / (size + mean))
    )
