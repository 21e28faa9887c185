"""Which of the regions that a text names are places of its event: points per mention, then a decision per region."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pilkada_nlp.regions.gazetteer import Gazetteer
from pilkada_nlp.regions.mentions import Mention
from pilkada_nlp.regions.readings import Reading

_PASSES = 1.0  # points
_LEAD = 420  # characters: dateline and the first two or three sentences of a usual news text
_LIST = 3  # regions from which a list counts as one
_CAPITAL = "31"
# Cues that say no more than where something is; only the places among them can be where something happens.
_PLACES = frozenset({"place", "toward", "enclosing", "address", "level"})
_LOOSE = _PLACES | {"attached", "bare", "origin"}
# Cues by which a text deals with a regency's own affairs, however national the rest of it is.
_OWN = frozenset({"body", "race", "government"})

_Named = Mapping[str, Sequence[Mention]]


def places(reading: Reading, named: _Named, title_end: int, tables: Gazetteer) -> set[str]:
    """Return the codes among those of `named` that reach a point; `title_end` is where the text begins."""
    scores = _Scorer(reading, named, title_end, tables).scores()
    _level_lists(scores, named)
    passed = {code for code, score in scores.items() if score >= _PASSES}
    return {code for code in passed if "." in code or _stands_alone(code, scores, named[code], title_end, tables)}


class _Scorer:
    """Gives each region of one text its points."""

    def __init__(self, reading: Reading, named: _Named, title_end: int, tables: Gazetteer) -> None:
        self._reading, self._named, self._title_end, self._points = reading, named, title_end, tables.points
        words, context = reading.words, tables.context
        share = 15 / max(1, len(words)) * _count(words, context["national"])
        presidential = _count(words, context["presidential"]) / 5
        self._national = self._points["national"] * min(1.0, share)
        self._national += self._points["presidential"] * min(1.0, presidential)
        self._ranks = _count(words, context["ranking"]) >= 2
        self._length = max(1, reading.length - title_end)
        self._total = sum(map(len, named.values()))
        # Provinces whose own election the text deals with.
        self._racing = {code for code, found in named.items() if any(map(_is_own_race, found)) and "." not in code}

    def scores(self) -> dict[str, float]:
        """Return the points of every region that is named other than by comparison."""
        scores = {}
        for code, mentions in self._named.items():
            counted = [mention for mention in mentions if not mention.compared]
            if counted:
                scores[code] = self._score(code, mentions, counted)
        return scores

    def _score(self, code: str, mentions: Sequence[Mention], counted: Sequence[Mention]) -> float:
        points, regional = self._points, "." in code
        happens = any(_happens(mention, code) for mention in counted)
        first = min((m.start - self._title_end for m in mentions if not m.in_title), default=self._length)
        score = self._by_cue(code, counted)
        score += points["repeated"] * min(2.0, math.log(len(counted)))
        score += points["late"] * first / self._length * (1 - points["scene_early"] if happens else 1)
        score += points["share"] * len(mentions) / self._total
        if not (regional and any(mention.cue.name in _OWN and not mention.hosts for mention in counted)):
            score += self._national * (1 - points["scene_spared"] if happens else 1)
        if any(mention.listed >= _LIST for mention in counted):
            # A list of regencies is what a text is about; provinces are listed in tables of the whole country.
            score += points["listed"] * regional + points["ranked"] * self._ranks
            score += points["listed_in_race"] * (regional and code[:2] in self._racing)
        elif self._ranks and regional and any(mention.cue.name == "level" for mention in counted):
            score += points["ranked"]
        score += points["dateline"] * (code in self._reading.dateline)
        return score + points["jakarta"] * (code == _CAPITAL)

    def _by_cue(self, code: str, mentions: Sequence[Mention]) -> float:
        """Return the points of the strongest mention, and a part of those of every other kind of cue."""
        points = self._points
        best: dict[str, float] = {}
        for mention in mentions:
            name, score = mention.cue
            if _happens(mention, code):
                score += points["scene"]
            elif mention.hosts or (mention.venue and name in _LOOSE):
                score += points["venue"]
            if mention.in_title:
                score += points["title"]
            elif mention.start < self._title_end + _LEAD:
                score += points["lead"]
            best[name] = max(score, best.get(name, score))
        strongest, *others = sorted(best.values(), reverse=True)
        return strongest + points["more_cues"] * sum(max(0.0, score) for score in others)


def _count(words: Sequence[str], among: frozenset[str]) -> int:
    return sum(map(among.__contains__, words))


def _happens(mention: Mention, code: str) -> bool:
    return mention.scene and mention.cue.name in _PLACES | {"body"} and "." in code


def _is_own_race(mention: Mention) -> bool:
    return mention.cue.name == "race" and mention.level == "provinsi"


def _level_lists(scores: dict[str, float], named: _Named) -> None:
    """Give the regions that are named in one list and nowhere else the mean of their points: all count or none."""
    lists: defaultdict[tuple[int, bool], list[str]] = defaultdict(list)  # by where they begin, and level
    for code in scores:
        first, *others = named[code]
        if not others and first.listed >= _LIST:
            lists[first.list_start, "." in code].append(code)
    for codes in lists.values():
        mean = sum(scores[code] for code in codes) / len(codes)
        scores.update(dict.fromkeys(codes, mean))


def _stands_alone(
    code: str, scores: Mapping[str, float], mentions: Sequence[Mention], title_end: int, tables: Gazetteer
) -> bool:
    """Say whether a province counts beside its own regencies: only by its own race, or far in front of the one."""
    within = [score for other, score in scores.items() if other.startswith(f"{code}.") and score >= _PASSES]
    if not within or any(_is_own_race(m) and m.start < title_end + _LEAD for m in mentions):
        return True
    score = scores[code] + tables.points["contained"] * min(2.0, within[0] - _PASSES)
    in_title = any(mention.in_title for mention in mentions)
    return len(within) == 1 and score + (0 if in_title else tables.points["contained_late"]) >= _PASSES
