"""The table of the watchlist, `data/watchlist.toml`, as a value."""

import functools
from typing import Literal

import msgspec

from pilkada_nlp.article import ModalityValue, Outcome, Strength
from pilkada_nlp.article.findings import Level
from pilkada_nlp.wording import table


class SilenceRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an outlet is silent; the table says what each number means."""

    days: int
    least: float
    share: float
    most_days: int


class Doubt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a judgement counts whose probability is low; the table says what each number means."""

    below: float
    factor: float


class TrendRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a trend is made of; the table says what each number means."""

    signals: tuple[ModalityValue, ...]
    days: int
    least_days: int
    clipped: int
    least_mean: float
    least_count: int
    burst: float
    surprise: float


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `data/watchlist.toml`; it says what each number means."""

    window_days: int
    severity: tuple[float, float, float, float, float]
    sources: tuple[float, ...]
    aggregate: float
    cleared: tuple[ModalityValue, ...]
    modality: dict[ModalityValue, float]
    most: dict[ModalityValue, float]
    strength: dict[Strength, float]
    outcome: dict[Outcome, float]
    independence: dict[str, float]
    independence_of_rulings: dict[str, float]
    half_life_days: dict[ModalityValue | Literal["default"], float]
    levels: dict[Level, float]
    doubt: Doubt
    silence: SilenceRules
    trend: TrendRules


@functools.cache
def load_weights() -> Weights:
    """Return the shipped weights."""
    return msgspec.convert(table("watchlist.toml"), Weights)
