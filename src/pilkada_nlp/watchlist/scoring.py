"""What each story adds to the score of a region and theme, factor by factor, and how long."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from pilkada_nlp.article import ModalityValue, RegionTag
from pilkada_nlp.article.findings import Level, Story, WatchReason
from pilkada_nlp.watchlist.decisions import was_there
from pilkada_nlp.watchlist.weights import Weights

_SENTENCES: Final = 2  # of a story that stand with the reason; the others are in the story

Key = tuple[str, str]
"""Region and theme."""


class Share(NamedTuple):
    """What a story adds to one region and theme: the product of `factors`, less and less as it ages.

    From `ended` on, the day on which its case was dismissed, it adds nothing.
    """

    story: Story
    factors: tuple[tuple[str, float], ...]
    weight: float
    ended: date | None

    def on(self, day: date, decay: Sequence[float]) -> float:
        """Return its weight on a day; `decay` is the factor by age in days, of the stories within the window."""
        age = (day - self.story.day).days
        over = self.ended is not None and self.ended <= day
        return self.weight * decay[age] if 0 <= age < len(decay) and not over else 0.0


class Scores:
    """The scores of all regions and themes on any day, from stories that reach back far enough.

    Stories on national elections only, and stories without a region of their own, are left out. A story counts as it is
    known now, also on earlier days; one that ends a case counts from its own day on.
    """

    def __init__(self, stories: Iterable[Story], weights: Weights) -> None:
        self._weights = weights
        self._decay = {
            modality: [0.5 ** (age / half_life) for age in range(weights.window_days)]
            for modality in weights.modality
            for half_life in [weights.half_life_days.get(modality, weights.half_life_days["default"])]
        }
        self.names: dict[str, str] = {}
        self._stories: defaultdict[Key, list[Story]] = defaultdict(list)
        self._shares: defaultdict[Key, list[Share]] = defaultdict(list)
        regional = [story for story in stories if story.election != "pemilu"]
        ended = _ended_cases(regional, weights)
        for story in regional:
            for place in _narrowest(story.regions):
                self.names[place.code] = place.name
                for theme, strength in story.themes:
                    if not _stands_for(story, theme, place.code):
                        continue
                    self._stories[place.code, theme].append(story)
                    factors = _factors(story, weights, strength=weights.strength[strength], place=place.score)
                    weight = math.prod(value for _, value in factors)
                    if weight or _closes(story, weights):
                        self._shares[place.code, theme].append(Share(story, factors, weight, ended.get(story.id)))

    def __iter__(self) -> Iterator[Key]:
        """Go through the regions and themes that have a story which may weigh something."""
        return iter(self._shares)

    def score(self, key: Key, day: date, dismissed: datetime | None = None) -> float:
        """Return the score on a day, without the stories that were there at the time of a dismissal."""
        sums = self._sums(key, day, dismissed)
        return round(math.fsum(min(sums[modality], self._weights.most.get(modality, math.inf)) for modality in sums), 2)

    def _sums(self, key: Key, day: date, dismissed: datetime | None) -> dict[ModalityValue, float]:
        """Return what the stories of each modality weigh together, before it is bounded."""
        parts: defaultdict[ModalityValue, list[float]] = defaultdict(list)
        for share in self._shares[key]:
            if dismissed is None or not was_there(share.story, dismissed):
                parts[share.story.modality].append(share.on(day, self._decay[share.story.modality]))
        # Exact sums, so that the order of the stories cannot show.
        return {modality: math.fsum(weights) for modality, weights in sorted(parts.items())}

    def level(self, score: float) -> Level:
        """Return the level that a score has."""
        highest_first = sorted(self._weights.levels.items(), key=lambda item: -item[1])
        return next((name for name, least in highest_first if score >= least), "rendah")

    def reasons(self, key: Key, day: date, dismissed: datetime | None = None) -> tuple[WatchReason, ...]:
        """Return the stories within the window that weigh something on a day or did so before, the heaviest first."""
        reasons = []
        sums = self._sums(key, day, dismissed)
        for share in self._shares[key]:
            story, age = share.story, (day - share.story.day).days
            if not 0 <= age < self._weights.window_days:
                continue
            factors = [*share.factors, ("age", self._decay[story.modality][age])]
            if share.ended is not None and share.ended <= day:
                factors.append(("cleared", 0.0))
            if dismissed is not None and was_there(story, dismissed):
                factors.append(("dismissed", 0.0))
            if sums.get(story.modality, 0.0) > (most := self._weights.most.get(story.modality, math.inf)):
                factors.append(("bounded", most / sums[story.modality]))
            reasons.append(_reason(story, key[1], age, factors))
        # Ids come last: they are made of addresses, and the order must be the same wherever the pages lie.
        return tuple(sorted(reasons, key=lambda one: (-one.weight, one.age_days, one.title, one.story)))

    def counts(self, key: Key, day: date) -> dict[str, int]:
        """Return the number of stories by modality within the window, appeals included."""
        ages = ((story, (day - story.day).days) for story in self._stories[key])
        counted = Counter(story.modality for story, age in ages if 0 <= age < self._weights.window_days)
        return dict(sorted(counted.items()))

    def signals(self, key: Key, dismissed: datetime | None = None) -> Counter[date]:
        """Return the number of incidents, allegations and rulings by day: those of one region, and not dismissed."""
        return Counter(
            share.story.day
            for share in self._shares[key]
            if share.weight
            and share.story.modality in self._weights.trend.signals
            and not share.story.is_aggregate
            and (dismissed is None or not was_there(share.story, dismissed))
        )


def _narrowest(places: Sequence[RegionTag]) -> Iterator[RegionTag]:
    """Leave out a province beside one of its regencies, because what happened there is one event, not two."""
    inner = {place.code[:2] for place in places if len(place.code) > 2}
    return (place for place in places if place.code not in inner)


def _stands_for(story: Story, theme: str, code: str) -> bool:
    """Return whether a theme of a story concerns this region: one that is only named may be named for others."""
    return all(code in one.regions for one in story.named if one.theme == theme and one.regions)


def _factors(story: Story, weights: Weights, *, strength: float, place: float) -> tuple[tuple[str, float], ...]:
    """Return the factors by the names that they have in the table; those that are usually 1 only where they are not."""
    factors = [
        ("modality", weights.modality[story.modality]),
        ("severity", weights.severity[story.severity]),
        ("strength", strength),
        ("independence", _independence(story, weights)),
        ("sources", weights.sources[min(story.sources, len(weights.sources) - 1)]),
    ]
    seldom = [
        ("doubt", weights.doubt.factor if story.certainty < weights.doubt.below else 1.0),
        ("aggregate", weights.aggregate if story.is_aggregate else 1.0),
        ("place", place),
        ("outcome", weights.outcome[story.outcome] if story.outcome else 1.0),
    ]
    return (*factors, *(factor for factor in seldom if factor[1] != 1))


def _independence(story: Story, weights: Weights) -> float:
    if story.modality != "putusan":
        return story.independence
    kinds = {member.source_kind for member in story.members}
    return max(story.independence, *(weights.independence_of_rulings.get(kind, 0.0) for kind in kinds))


def _closes(story: Story, weights: Weights) -> bool:
    """Return whether a story ends a case so that nothing of it weighs any more; a round-up of many cases ends none."""
    return story.outcome is not None and weights.outcome[story.outcome] == 0 and not story.is_aggregate


def _ended_cases(stories: Sequence[Story], weights: Weights) -> dict[str, date]:
    """Return the id of each story whose case was dismissed later -> the first day on which it was.

    A case are all stories that `follows` links, directly or through others. A ruling speaks last on its day.
    """
    root: dict[str, str] = {}

    def case(story: str) -> str:
        while (above := root.get(story, story)) != story:
            root[story] = root.get(above, above)
            story = above
        return story

    for story in stories:
        if story.follows:
            root[case(story.id)] = case(story.follows)
    open_in: defaultdict[str, list[str]] = defaultdict(list)
    ended: dict[str, date] = {}
    for story in sorted(stories, key=lambda story: (story.day, _closes(story, weights))):
        if _closes(story, weights):
            ended.update(dict.fromkeys(open_in.pop(case(story.id), ()), story.day))
        elif story.modality in weights.cleared:
            open_in[case(story.id)].append(story.id)
    return ended


def _reason(story: Story, theme: str, age: int, factors: Sequence[tuple[str, float]]) -> WatchReason:
    # What names the theme comes first, and is no statement by itself: beside it stands what is reported.
    naming = [sentence for one in story.named if one.theme == theme for sentence in one.sentences[:1]]
    reported = [one for one in story.sentences if all(one.start != other.start for other in naming)]
    return WatchReason(
        story=story.id,
        title=story.title,
        url=next(member.url for member in story.members if member.article == story.lead),
        modality=story.modality,
        outcome=story.outcome,
        severity=story.severity,
        age_days=age,
        weight=round(math.prod(value for _, value in factors), 4),
        factors=tuple((name, round(value, 4)) for name, value in factors),
        sources=story.sources,
        sentences=tuple([*naming, *reported][:_SENTENCES]),
    )
