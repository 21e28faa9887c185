"""How right the tagger is on labelled articles: F1, accuracy and error, on all and on the slice that matters."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.figures import Figure
from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, Tagging
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.inputs import article_of_json

SIGNALS = {"kejadian", "dugaan", "putusan"}
CORE = {"netralitas_asn", "petahana", "keamanan"}
ENOUGH = 7  # a value with fewer examples is left out of macro averages
Labels = dict[str, Any]
Pair = tuple[Labels, Tagging]
Sets = Callable[[Labels, Tagging], tuple[set[str], set[str]]]


def judged(name: str, tagger: Tagger, lines: Sequence[bytes]) -> Iterator[Figure]:
    """Yield all figures for labelled articles, then the chief ones for those that neither appeal nor are routine."""
    labels = [json.loads(line)["labels"] for line in lines]
    taggings = tagger.tag(article_of_json(line, name, number) for number, line in enumerate(lines, 1))
    pairs = list(zip(labels, taggings, strict=True))
    yield Figure(f"{name}: relevance F1", _micro(pairs, lambda x, t: (_flag(x["rel"]), _flag(t.relevant.value))), "")
    yield from _chief(name, pairs, tagger.manifest.themes)
    for theme in tagger.manifest.themes:
        count = sum(theme in label["pokok"] for label, _ in pairs)
        yield Figure(f"{name}: {theme} as main theme, F1 ({count})", _micro(pairs, _main_of({theme})), "")
    related = [(label, tagging) for label, tagging in pairs if label["rel"]]
    levels: dict[int, list[int]] = {}
    for label, tagging in related:
        levels.setdefault(label["sev"], []).append(abs(label["sev"] - tagging.severity))
    yield Figure(f"{name}: severity error, mean of the levels", _mean([_mean(found) for found in levels.values()]), "")
    kinds = [(label.get("kind"), tagging.source_kind.value) for label, tagging in pairs]
    yield Figure(f"{name}: source kind, macro-F1", _macro(kinds, SOURCE_KINDS), "")
    decided = [(x["outcome"], t.outcome) for x, t in related if x.get("outcome") in OUTCOMES and t.outcome]
    if decided:
        right = _mean([gold == found for gold, found in decided])
        yield Figure(f"{name}: outcome, accuracy where a ruling was seen ({len(decided)})", right, "")
    slice_ = [pair for pair in related if pair[0]["mod"] not in ("imbauan", "fakta_proses")]
    yield from _chief(f"{name}, neither appeal nor routine ({len(slice_)})", slice_, tagger.manifest.themes)


def _chief(name: str, pairs: Sequence[Pair], themes: Sequence[str]) -> Iterator[Figure]:
    related = [(label, tagging) for label, tagging in pairs if label["rel"]]
    modalities = [(label["mod"], _modality(tagging)) for label, tagging in related]
    frequent = [theme for theme in themes if sum(theme in label["pokok"] for label, _ in pairs) >= ENOUGH]
    yield Figure(f"{name}: main themes, micro-F1", _micro(pairs, _main_of(set(themes))), "")
    yield Figure(f"{name}: main themes, macro-F1", _mean([_micro(pairs, _main_of({theme})) for theme in frequent]), "")
    yield Figure(f"{name}: core main themes, micro-F1", _micro(pairs, _main_of(CORE)), "")
    yield Figure(f"{name}: any mention, micro-F1", _micro(pairs, _named), "")
    yield Figure(f"{name}: modality accuracy", _mean([gold == found for gold, found in modalities]), "")
    yield Figure(f"{name}: modality, macro-F1", _macro(modalities, MODALITIES), "")
    signal = _micro(pairs, lambda x, t: (_flag(x["mod"] in SIGNALS), _flag(_modality(t) in SIGNALS)))
    yield Figure(f"{name}: signal F1 (kejadian, dugaan, putusan)", signal, "")


def _modality(tagging: Tagging) -> str | None:
    return tagging.modality.value if tagging.modality else None


def _main_of(themes: set[str]) -> Sets:
    return lambda x, t: (
        themes & set(x["pokok"]),
        themes & {theme.theme for theme in t.themes if theme.strength == "pokok"},
    )


def _named(label: Labels, tagging: Tagging) -> tuple[set[str], set[str]]:
    return {*label["pokok"], *label["sebutan"]}, {theme.theme for theme in tagging.themes}


def _flag(value: object) -> set[str]:
    return {"yes"} if value else set()


def _micro(pairs: Sequence[Pair], sets: Sets) -> float:
    both = [sets(label, tagging) for label, tagging in pairs]
    hits = sum(len(gold & found) for gold, found in both)
    return 2 * hits / max(1, sum(len(gold) + len(found) for gold, found in both))


def _macro(pairs: Sequence[tuple[str | None, str | None]], values: Sequence[str]) -> float:
    scores = []
    for value in values:
        if sum(gold == value for gold, _ in pairs) >= ENOUGH:
            hits = sum(gold == value == found for gold, found in pairs)
            scores.append(2 * hits / sum((gold == value) + (found == value) for gold, found in pairs))
    return _mean(scores)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))
