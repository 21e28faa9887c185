"""The newsrooms of the simulated month: which outlets there are, which of them print what, and when."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple

from benchmarks.transplant import retold
from pilkada_nlp.article import ZONES, Article, Outlet, article_id
from pilkada_nlp.corpora import Labels
from pilkada_nlp.regions import region
from pilkada_nlp.regions.gazetteer import gazetteer

LEFT_OUT: Final = frozenset({"31", "34"})  # provinces whose regions elect no regents and mayors, or no governor
_EARLIEST_SILENCE: Final = 15  # days into the month, so that an outlet's usual volume is known

SilenceKind = Literal["tak_terbaca", "tanpa_berita"]


class Told(NamedTuple):
    """A text as a newsroom has it, with the labels that it deserves."""

    title: str
    text: str
    labels: Labels


class Item(NamedTuple):
    """An article of the month with its gold labels; `part` names the planted event it belongs to, "" for none."""

    article: Article
    labels: Labels
    part: str


class Silence(NamedTuple):
    """An outlet that is silent from `first` to `last`, both inclusive."""

    kind: SilenceKind
    outlet: str
    first: date
    last: date


class Press:
    """Outlets in drawn provinces and regions, and what they have printed.

    Each of `provinces` provinces has an outlet of its own and `regencies` regions, `local` of which have one too;
    `national` ones report on the whole country. Days are counted from 0.
    """

    def __init__(
        self, rng: random.Random, days: Sequence[date], *, provinces: int, regencies: int, local: int, national: int
    ) -> None:
        self._rng, self._days = rng, days
        self.items: list[Item] = []
        self.silences: list[Silence] = []
        self._printed: Counter[tuple[str, int]] = Counter()  # (outlet, day) -> articles so far
        self._numbers: Counter[str] = Counter()
        voting: defaultdict[str, list[str]] = defaultdict(list)
        for code, found in gazetteer().regions.items():
            if "." in code and found.province not in LEFT_OUT:
                voting[found.province].append(code)
        enough = [province for province, codes in sorted(voting.items()) if len(codes) > regencies]
        regions: list[str] = []
        areas: list[str] = []
        for province in sorted(rng.sample(enough, provinces)):
            drawn = sorted(rng.sample(voting[province], regencies))
            regions += [province, *drawn]
            areas += [province, *rng.sample(drawn, local)]
        self.regions = tuple(regions)
        self.outlets = tuple(
            [_outlet(f"kabar-{number}", area) for number, area in enumerate(areas, 1)]
            + [_outlet(f"nusantara-{number}", None) for number in range(1, national + 1)]
        )
        self._means = {o.id: rng.uniform(2, 5) if o.regions else rng.uniform(4, 9) for o in self.outlets}

    def fall_silent(self, kinds: Sequence[SilenceKind]) -> None:
        """Silence busy local outlets for three or four days."""
        busy = sorted((o.id for o in self.outlets if o.regions), key=lambda name: -self._means[name])
        for kind, outlet in zip(kinds, busy[: 2 * len(kinds) : 2], strict=True):
            length = min(self._rng.randint(3, 4), len(self._days))
            latest = len(self._days) - length
            first = self._rng.randint(min(_EARLIEST_SILENCE, latest), latest)
            self.silences.append(Silence(kind, outlet, self._days[first], self._days[first + length - 1]))

    def speaking(self, at: int) -> list[Outlet]:
        """Return the outlets that are not silent on a day."""
        silent = {s.outlet for s in self.silences if s.first <= self._days[at] <= s.last}
        return [outlet for outlet in self.outlets if outlet.id not in silent]

    def volume(self, outlet: Outlet, at: int) -> int:
        """Draw how many more articles than it has an outlet prints on a day: its volume is negative binomial."""
        volume = poisson(self._rng, self._rng.gammavariate(2, self._means[outlet.id] / 2))
        return max(0, volume - self._printed[outlet.id, at])

    def near(self, code: str, at: int) -> list[Outlet]:
        """Return the outlets that may print news of a region, in a random order, but its own first."""
        outlets = self.speaking(at)
        self._rng.shuffle(outlets)
        own = [outlet for outlet in outlets if code in outlet.regions]
        others = [o for o in outlets if o not in own and (not o.regions or o.regions[0][:2] == code[:2])]
        return own + others

    def publish(
        self, outlet: Outlet, at: int, told: Told, part: str = "", *, hours: tuple[float, float] = (6, 21)
    ) -> None:
        """Add an article; `hours` is when it comes out, in the outlet's own zone."""
        day = self._days[at]
        self._printed[outlet.id, at] += 1
        self._numbers[outlet.id] += 1
        url = f"{outlet.home}{day:%Y/%m/%d}/{self._numbers[outlet.id]:04}"
        start = datetime.combine(day, time(), ZONES[outlet.timezone][1])
        moment = (start + timedelta(minutes=round(60 * self._rng.uniform(*hours)))).astimezone(UTC)
        article = Article(
            id=article_id(url),
            url=url,
            outlet=outlet.id,
            title=told.title,
            text=told.text,
            day=day,
            fetched_at=moment + timedelta(minutes=15),
            published_at=moment,
            published_on=day,
        )
        self.items.append(Item(article, told.labels, part))

    def spread(self, at: int, told: Told, part: str = "", *, tellings: int = 1, copies: int = 0) -> None:
        """Print a text in one outlet, retellings in others, and verbatim copies of any of them in yet others."""
        (code,) = told.labels.regions
        place = region(code).short_name
        outlets = self.near(code, at)
        retellings = (retold(told.title, told.text, place, self._rng) for _ in range(tellings - 1))
        versions = [told, *(Told(title, text, told.labels) for title, text in retellings)]
        for outlet, version in zip(outlets, versions, strict=False):
            self.publish(outlet, at, version, part, hours=(6, 15))
        for outlet in outlets[len(versions) : len(versions) + copies]:
            self.publish(outlet, at, self._rng.choice(versions), part, hours=(15, 21))


def _outlet(name: str, area: str | None) -> Outlet:
    return Outlet(
        id=name,
        name=name.replace("-", " ").title(),
        home=f"https://{name}.example/",
        kind="local" if area else "national",
        regions=(area,) if area else (),
        timezone=region(area).zone if area else "Asia/Jakarta",
    )


def poisson(rng: random.Random, mean: float) -> int:
    """Return a Poisson number by Knuth's method, which is quick for small means."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
