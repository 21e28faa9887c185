"""How long the watchlist of two months of a whole country takes, and how often chance alone is called a burst.

Run as `python -m benchmarks.watchlist`. The stories are made up of numbers only: it is the work that is measured.
"""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from benchmarks.figures import Figure
from pilkada_nlp.article import MODALITIES, ModalityValue, RegionTag
from pilkada_nlp.article.findings import Story, StoryMember
from pilkada_nlp.regions import all_regions
from pilkada_nlp.watchlist import build_watchlist, load_weights
from pilkada_nlp.watchlist.trend import trend

DAY: Final = date(2024, 11, 27)
THEMES: Final = ("keamanan", "logistik", "netralitas_asn", "politik_uang", "hoaks_sara", "kampanye", "petahana")


def stories(count: int, modalities: Sequence[ModalityValue], seed: int) -> list[Story]:
    """Return stories of 56 days all over the country, one in ten of which follows another."""
    chance = random.Random(seed)  # noqa: S311  # numbers to measure with, not secrets
    places = [RegionTag(code=one.code, name=one.name, role="peristiwa", score=1.0) for one in all_regions()]
    made = []
    for number in range(count):
        day = DAY - timedelta(days=chance.randrange(56))
        modality = chance.choice(modalities)
        member = StoryMember(article=str(number), outlet="a", url="https://a.id", source_kind="media", similarity=1.0)
        made.append(
            Story(
                id=str(number),
                day=day,
                published_at=datetime(day.year, day.month, day.day, 5, tzinfo=UTC),
                lead=str(number),
                title=f"Judul {number}",
                election="pilkada",
                regions=tuple(chance.sample(places, chance.choice([1, 1, 2]))),
                themes=tuple((theme, "pokok") for theme in chance.sample(THEMES, chance.choice([1, 2]))),
                modality=modality,
                outcome=chance.choice([None, "terbukti", "tidak_terbukti"]) if modality == "putusan" else None,
                severity=0 if modality == "imbauan" else chance.randrange(1, 4),
                independence=chance.choice([0.3, 0.7, 1.0]),
                members=(member,),
                follows=str(chance.randrange(count)) if chance.random() < 0.1 else None,
            )
        )
    return made


def false_bursts(daily: float, days: int, seed: int) -> tuple[float, float]:
    """Return which share of days of one steady Poisson law is called a burst, and which share points up."""
    chance, rules = random.Random(seed), load_weights().trend  # noqa: S311  # the same

    def count() -> int:
        return sum(chance.random() < daily / 100 for _ in range(100))

    trends = [trend(count(), [count() for _ in range(rules.days)], rules) for _ in range(days)]
    return sum(one.burst for one in trends) / days, sum(one.direction == "naik" for one in trends) / days


def figures() -> Iterator[Figure]:
    """Yield all figures of the watchlist."""
    for name, modalities in (("of all kinds", MODALITIES), ("that all weigh something", MODALITIES[:4])):
        made = stories(28_000, modalities, seed=1)
        times = []
        for _ in range(3):
            start = time.process_time()
            entries = build_watchlist(made, DAY).entries
            times.append(time.process_time() - start)
        yield Figure(f"watchlist of 28,000 stories {name}, {len(entries)} entries", min(times), "s CPU", 3)
    for daily in (0.1, 0.5, 2.0):
        bursts, rises = false_bursts(daily, 5000, seed=2)
        yield Figure(f"days called a burst by chance, {daily:g} stories a day", 100 * bursts, "%", 1)
        yield Figure(f"days whose arrow points up by chance, {daily:g} stories a day", 100 * rises, "%", 10)


if __name__ == "__main__":
    for figure in figures():
        print(figure.line(), flush=True)
