"""How good the tagger is on labelled articles: F1, accuracy and error, on all and on the slice that matters."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from benchmarks.figures import Figure
from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.corpora import Labels
from pilkada_nlp.evaluation.measures import (
    CORE,
    ENOUGH,
    Pair,
    macro_f1,
    main_of,
    mean,
    micro_f1,
    modality_of,
    named,
    relevant,
    signal,
)
from pilkada_nlp.inputs import article_of_json


def judged(name: str, tagger: Tagger, lines: Sequence[bytes]) -> Iterator[Figure]:
    """Yield all figures for labelled articles, then the chief ones for those that neither appeal nor are routine."""
    labels = [labels_of(json.loads(line)["labels"]) for line in lines]
    taggings = tagger.tag(article_of_json(line, name, number) for number, line in enumerate(lines, 1))
    pairs = list(zip(labels, taggings, strict=True))
    yield Figure(f"{name}: relevance F1", micro_f1(pairs, relevant), "")
    yield from _chief(name, pairs, tagger.manifest.themes)
    for theme in tagger.manifest.themes:
        count = sum(theme in label.pokok for label, _ in pairs)
        yield Figure(f"{name}: {theme} as main theme, F1 ({count})", micro_f1(pairs, main_of({theme})), "")
    related = [(label, tagging) for label, tagging in pairs if label.rel]
    levels: dict[int, list[int]] = {}
    for label, tagging in related:
        levels.setdefault(label.sev, []).append(abs(label.sev - tagging.severity))
    yield Figure(f"{name}: severity error, mean of the levels", mean([mean(found) for found in levels.values()]), "")
    kinds = [(label.kind, tagging.source_kind.value) for label, tagging in pairs]
    yield Figure(f"{name}: source kind, macro-F1", macro_f1(kinds, SOURCE_KINDS), "")
    decided = [(x.outcome, t.outcome) for x, t in related if x.outcome in OUTCOMES and t.outcome]
    if decided:
        right = mean([gold == found for gold, found in decided])
        yield Figure(f"{name}: outcome, accuracy where a ruling was seen ({len(decided)})", right, "")
    slice_ = [pair for pair in related if pair[0].mod not in ("imbauan", "fakta_proses")]
    yield from _chief(f"{name}, neither appeal nor routine ({len(slice_)})", slice_, tagger.manifest.themes)


def labels_of(row: dict[str, Any]) -> Labels:
    """Return labels as they stand in any of the files; regions, which some give by name, are left out."""
    known = {name: row[name] for name in Labels.__struct_fields__ if row.get(name) is not None and name != "regions"}
    return msgspec.convert(known, Labels, strict=False)


def _chief(name: str, pairs: Sequence[Pair], themes: Sequence[str]) -> Iterator[Figure]:
    related = [(label, tagging) for label, tagging in pairs if label.rel]
    modalities = [(label.mod, modality_of(tagging)) for label, tagging in related]
    frequent = [theme for theme in themes if sum(theme in label.pokok for label, _ in pairs) >= ENOUGH]
    yield Figure(f"{name}: main themes, micro-F1", micro_f1(pairs, main_of(themes)), "")
    yield Figure(f"{name}: main themes, macro-F1", mean([micro_f1(pairs, main_of({theme})) for theme in frequent]), "")
    yield Figure(f"{name}: core main themes, micro-F1", micro_f1(pairs, main_of(CORE)), "")
    yield Figure(f"{name}: any mention, micro-F1", micro_f1(pairs, named), "")
    yield Figure(f"{name}: modality accuracy", mean([gold == found for gold, found in modalities]), "")
    yield Figure(f"{name}: modality, macro-F1", macro_f1(modalities, MODALITIES), "")
    yield Figure(f"{name}: signal F1 (kejadian, dugaan, putusan)", micro_f1(pairs, signal), "")
