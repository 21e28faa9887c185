"""How likely two tellings are of one event: points by what they share, for many pairs at once.

The points of a pair depend on nothing but the two, so it does not matter what else is compared, nor in which order.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from pilkada_nlp.stories.occasions import moved_on, nested, stage
from pilkada_nlp.stories.telling import NAME, NUMBER, RARITY_STEPS, TERM, TITLE, Telling

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_DAYS: Final = 3  # other tellings of an event appear within days
_CHAIN_DAYS: Final = 14  # how long a case is waited for
_RARE: Final = 3.0  # rarity of the words by which tellings find each other: in one text of twenty or fewer
_COMMON: Final = 10.0  # rarity that two tellings share in such words before they are compared: two to three words
_COMPARED: Final = 200  # tellings that one is compared with at most, those that share most with it
_THOUSAND: Final = 1000  # likelihoods are whole thousandths, so that their sums do not depend on the order
_UNLIKELY: Final = 50  # thousandths; below, it makes no difference
_NEWS: Final = 0  # the kind of what is neither an appeal nor a round-up
_APART, _UNKNOWN, _SHARED = -1, 0, 1  # how the places of two tellings stand to each other

_OPENING, _IN_TITLE, _, _, _RARITY = range(5)  # columns of the weights of terms; between them names and numbers

_FEATURES: Final = (
    "opening",  # cosine of titles and first words
    "title",  # how much of the rarity of a title's words the other text has, the mean of both
    "title_least",  # the lesser of both
    "names",  # how much of the rarity of the fewer names is shared
    "numbers",
    "days",  # between them
    "other_date",  # 1 when both name days and none in common
    "theme",  # 1 when they have a main theme in common
    "modality",
)

# Rounded weights of logistic regressions on every second family of `corpora/salinan`, every second judged pair of real
# news, and pairs of different events of `corpora/berita` in one place, taken for news of one day: place, day and theme
# alone must not make two events one. Without a place known of both, the wording has to say more.
_PLACED: Final = {
    "border": -6.4,
    "opening": 0.2,
    "title": 3.6,
    "title_least": 1.9,
    "names": 1.4,
    "numbers": 2.5,
    "days": -1.9,
    "other_date": -1.9,
    "theme": 2.8,
    "modality": 1.3,
}
_UNPLACED: Final = {"border": -5.2, "opening": 4.3, "title": 3.6, "numbers": 1.3, "days": -1.6, "other_date": -1.0}
_APPEAL: Final = 1.0  # points: appeals of one place are alike in all but their occasion, so that must be very like
_APPEALING: Final = 2  # kinds from here on are appeals
_FOLLOWS: Final = {"border": -4.5, "title": 3.0, "title_least": 1.5, "names": 1.4, "numbers": 1.5, "theme": 1.8}


class Pair(NamedTuple):
    """Two tellings by their places: `likely` in thousandths, `similarity` the cosine of titles and openings."""

    earlier: int
    later: int
    likely: int
    similarity: float


class Likeness:
    """Compares tellings that are in order of day."""

    def __init__(self, told: Sequence[Telling]) -> None:
        import numpy as np

        records = [np.frombuffer(telling.terms, np.dtype(list(TERM))) for telling in told]
        terms = np.concatenate(records)
        self._ends = _ends([len(some) for some in records])
        owner = np.repeat(np.arange(len(told)), np.diff(self._ends))
        words, self._word = np.unique(terms["word"], return_inverse=True)
        rarity = terms["rarity"] / RARITY_STEPS
        opening = np.log1p(terms["opening"]) * rarity
        opening /= np.maximum(np.sqrt(np.bincount(owner, opening**2, len(told))), 1e-9)[owner]
        kinds = [np.where(terms["kind"] & kind, rarity, 0.0) for kind in (TITLE, NAME, NUMBER)]
        self._weights = np.column_stack([opening, *kinds, rarity])  # a row for each term of each telling
        self._looked_up = np.zeros((len(words), self._weights.shape[1]))  # a row for each word, of one telling a time
        self._totals = np.column_stack([np.bincount(owner, kind, len(told)) for kind in kinds])
        self._words = len(words)

        rare = np.flatnonzero(rarity >= _RARE)
        self._rare_ends = np.searchsorted(rare, self._ends)
        self._rare_word, self._rare_owner, self._rarity = self._word[rare], owner[rare], rarity[rare]

        self._day = np.array([telling.day.toordinal() for telling in told])
        self._dates = np.array([telling.dates for telling in told], np.int64)
        self._theme = np.array(_bits([[name for name, strength in t.themes if strength == "pokok"] for t in told]))
        self._modality = np.unique([telling.modality for telling in told], return_inverse=True)[1]
        # An appeal after an incident is news of its own, and a round-up is not the event.
        self._kind = np.array([_APPEALING * (telling.modality == "imbauan") + telling.is_aggregate for telling in told])
        self._stage = np.array([stage(telling) for telling in told])
        self._place, self._stands = _places([frozenset(place.code for place in telling.regions) for telling in told])

    def events(self) -> Iterator[Pair]:
        """Yield the pairs that may be tellings of one event, in order."""
        for at, others in self._near(0, _DAYS):
            moved = moved_on(self._stage[at], self._stage[others], self._day[at] - self._day[others])
            others = others[(self._kind[others] == self._kind[at]) & ~moved]
            yield from self._pairs(at, others, _PLACED)

    def follow_ups(self) -> Iterator[Pair]:
        """Yield the pairs of which the later may carry on the case of the earlier, one day to two weeks before.

        A case never goes back; of texts that do not say how far it has come, the later carries on.
        """
        for at, others in self._near(1, _CHAIN_DAYS):
            if self._kind[at] == _NEWS:
                back = (self._stage[at] > 0) & (self._stage[others] > self._stage[at])
                others = others[(self._kind[others] == _NEWS) & ~back & (self._standing(at, others) == _SHARED)]
                yield from self._pairs(at, others, _FOLLOWS)

    def _standing(self, at: int, others: "Ints") -> "Ints":
        stands: Ints = self._stands[self._place[at], self._place[others]]
        return stands

    def _pairs(self, at: int, others: "Ints", placed: Mapping[str, float]) -> Iterator[Pair]:
        import numpy as np

        if not len(others):
            return
        features = self._features(at, others)
        shared = self._standing(at, others) == _SHARED
        points = np.where(shared, _points(features, placed), _points(features, _UNPLACED))
        points -= _APPEAL * (self._kind[at] >= _APPEALING)
        likely = np.rint(_THOUSAND / (1 + np.exp(-points))).astype(np.int64)
        for nth in np.flatnonzero(likely >= _UNLIKELY).tolist():
            yield Pair(int(others[nth]), at, int(likely[nth]), float(features[nth, 0]))

    def _features(self, at: int, others: "Ints") -> "Floats":
        """Return a row of `_FEATURES` for each of `others`, of which there is at least one, beside telling `at`."""
        import numpy as np

        own = slice(self._ends[at], self._ends[at + 1])
        self._looked_up[self._word[own]] = self._weights[own]
        where = _ranges(self._ends[others], self._ends[others + 1])
        mine, theirs = self._looked_up[self._word[where]], self._weights[where]
        self._looked_up[self._word[own]] = 0
        both = np.minimum(mine, theirs)
        both[:, _OPENING] = mine[:, _OPENING] * theirs[:, _OPENING]
        both[:, _IN_TITLE] = np.where(theirs[:, _RARITY] > 0, mine[:, _IN_TITLE], 0)
        both[:, _RARITY] = np.where(mine[:, _RARITY] > 0, theirs[:, _IN_TITLE], 0)
        cosine, title, names, numbers, other_title = _sums(both, self._ends[others + 1] - self._ends[others]).T
        totals, other_totals = self._totals[at], self._totals[others]
        covered = title / max(totals[0], 1e-9), other_title / np.maximum(other_totals[:, 0], 1e-9)
        least = np.maximum(np.minimum(totals, other_totals), 1e-9)
        dates, other_dates = self._dates[at], self._dates[others]
        return np.column_stack(
            [
                cosine,
                (covered[0] + covered[1]) / 2,
                np.minimum(*covered),
                names / least[:, 1],
                numbers / least[:, 2],
                self._day[at] - self._day[others],
                (dates != 0) & (other_dates != 0) & (dates & other_dates == 0),
                (self._theme[at] & self._theme[others]) != 0,
                self._modality[at] == self._modality[others],
            ]
        )

    def _near(self, least: int, most: int) -> "Iterator[tuple[int, Ints]]":
        """Yield each telling with the earlier ones, `least` to `most` days before, that share rare words with it."""
        import numpy as np

        for day in np.unique(self._day):
            start, end = np.searchsorted(self._day, (day - most, day - least + 1))
            today = np.searchsorted(self._day, (day, day + 1))
            window = slice(self._rare_ends[start], self._rare_ends[end])
            order = np.argsort(self._rare_word[window], kind="stable")
            holders = self._rare_owner[window][order] - start
            ends = _ends(np.bincount(self._rare_word[window], minlength=self._words))
            for at in range(*today):
                rare = slice(self._rare_ends[at], self._rare_ends[at + 1])
                words = self._rare_word[rare]
                found = holders[_ranges(ends[words], ends[words + 1])]
                shared = np.bincount(found, np.repeat(self._rarity[rare], ends[words + 1] - ends[words]), end - start)
                others = np.flatnonzero(shared >= _COMMON) + start
                others = others[others < at]
                others = others[self._standing(at, others) != _APART]
                if len(others) > _COMPARED:
                    others = np.sort(others[np.argsort(-shared[others - start], kind="stable")[:_COMPARED]])
                yield at, others


def _points(features: "Floats", weights: Mapping[str, float]) -> "Floats":
    # Not as a product of matrices, in which the last digit of a row may depend on the other rows.
    points: Floats = (features * [weights.get(name, 0.0) for name in _FEATURES]).sum(axis=1) + weights["border"]
    return points


def _bits(sets: Sequence[Sequence[str]]) -> list[int]:
    """Return each set of names as bits of a number."""
    bit = {name: 1 << at for at, name in enumerate(sorted({name for names in sets for name in names}))}
    return [sum(bit[name] for name in set(names)) for names in sets]


def _places(sets: Sequence[frozenset[str]]) -> "tuple[Ints, npt.NDArray[np.int8]]":
    """Return the number of each set of region codes, and how the sets stand to each other."""
    import numpy as np

    numbers = {codes: at for at, codes in enumerate(dict.fromkeys(sets))}
    named = np.array([bool(codes) for codes in numbers])
    stands = np.where(named[:, None] & named, _APART, _UNKNOWN).astype(np.int8)
    provinces: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for codes in numbers:
        for code in codes:
            provinces[code[:2]].add(codes)
    for near in provinces.values():
        for one, other in product(near, near):
            if one & other:
                stands[numbers[one], numbers[other]] = _SHARED
            elif any(nested(here, there) for here in one for there in other):
                stands[numbers[one], numbers[other]] = _UNKNOWN
    return np.array([numbers[codes] for codes in sets]), stands


def _ends(sizes: "Sequence[int] | Ints") -> "Ints":
    """Return where each of the parts that follow each other begins, and at last where the last one ends."""
    import numpy as np

    return np.concatenate([[0], np.cumsum(sizes)])


def _ranges(starts: "Ints", ends: "Ints") -> "Ints":
    """Return all numbers from each start up to its end, one range after the other."""
    import numpy as np

    sizes = ends - starts
    return np.repeat(starts - _ends(sizes)[:-1], sizes) + np.arange(sizes.sum())


def _sums(rows: "Floats", sizes: "Ints") -> "Floats":
    """Return the sums of the rows that belong together: `sizes` of them each, possibly none."""
    import numpy as np

    sums = np.zeros((len(sizes), rows.shape[1]))
    filled = sizes > 0
    if len(rows):
        sums[filled] = np.add.reduceat(rows, _ends(sizes)[:-1][filled])
    return sums
