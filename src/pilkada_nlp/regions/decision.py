"""Which of the regions that a text names are places of its event: points per mention, then a decision per region."""

import math
from collections.abc import Mapping, Sequence

from pilkada_nlp.regions.gazetteer import Gazetteer
from pilkada_nlp.regions.mentions import Mention
from pilkada_nlp.regions.readings import Reading

_PASSES = 1.0  # points
_LEAD = 420  # characters: dateline and the first two or three sentences of a usual news text
_CAPITAL = "31"
# Cues that say no more than where something is; only the places among them can be where something happens.
_PLACES = frozenset({"place", "toward", "enclosing", "level"})
_LOOSE = _PLACES | {"attached", "bare", "origin"}


def places(reading: Reading, named: Mapping[str, Sequence[Mention]], title_end: int, tables: Gazetteer) -> set[str]:
    """Return the codes among those of `named` that reach a point; `title_end` is where the text begins."""
    points = tables.points
    words = max(1, len(reading.words))
    context = tables.context
    national = points["national"] * min(1.0, 15 / words * sum(word in context["national"] for word in reading.words))
    national += points["presidential"] * min(1.0, sum(word in context["presidential"] for word in reading.words) / 5)
    length = max(1, reading.length - title_end)
    total = sum(map(len, named.values()))
    scores: dict[str, float] = {}
    for code, mentions in named.items():
        counted = [mention for mention in mentions if not mention.compared]
        if not counted:
            continue
        happens = any(_happens(mention, code) for mention in counted)
        first = min((mention.start - title_end for mention in mentions if not mention.in_title), default=length)
        score = _by_cue(counted, code, title_end, tables)
        score += points["repeated"] * min(2.0, math.log(len(counted)))
        score += points["late"] * first / length * (1 - points["scene_early"] if happens else 1)
        score += points["share"] * len(mentions) / total
        score += national * (1 - points["scene_spared"] if happens else 1)
        # A list of regencies is what a text is about; provinces are listed in tables of the whole country.
        score += points["listed"] * ("." in code and any(mention.listed >= 3 for mention in counted))
        score += points["dateline"] * (code in reading.dateline)
        score += points["jakarta"] * (code == _CAPITAL)
        scores[code] = score
    passed = {code for code, score in scores.items() if score >= _PASSES}
    return {code for code in passed if "." in code or _stands_alone(code, scores, named[code], title_end, tables)}


def _happens(mention: Mention, code: str) -> bool:
    return mention.scene and mention.cue.name in _PLACES and "." in code


def _by_cue(mentions: Sequence[Mention], code: str, title_end: int, tables: Gazetteer) -> float:
    """Return the points of the strongest mention, and a part of those of every other kind of cue."""
    points = tables.points
    best: dict[str, float] = {}
    for mention in mentions:
        name, score = mention.cue
        if _happens(mention, code):
            score += points["scene"]
        elif mention.venue and name in _LOOSE:
            score += points["venue"]
        if mention.in_title:
            score += points["title"]
        elif mention.start < title_end + _LEAD:
            score += points["lead"]
        best[name] = max(score, best.get(name, score))
    strongest, *others = sorted(best.values(), reverse=True)
    return strongest + points["more_cues"] * sum(max(0.0, score) for score in others)


def _stands_alone(
    code: str, scores: Mapping[str, float], mentions: Sequence[Mention], title_end: int, tables: Gazetteer
) -> bool:
    """Say whether a province counts: beside a regency that is the place only when the province itself is in front."""
    within = max((score for other, score in scores.items() if other.startswith(f"{code}.")), default=0.0)
    if within < _PASSES:
        return True
    score = scores[code] + tables.points["contained"] * min(2.0, within - _PASSES)
    in_front = any(m.in_title or (m.cue.name == "race" and m.start < title_end + _LEAD) for m in mentions)
    return score + (0 if in_front else tables.points["contained_late"]) >= _PASSES
