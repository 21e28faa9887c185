"""Which texts must never stand on both sides of a fold."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pilkada_nlp.corpora import LabelledArticle
from pilkada_nlp.labelling import Labelling


def event_of(article: LabelledArticle) -> str:
    """Return the event that an article is on; without one it is its own."""
    return article.event or article.id


def groups_of(rows: Sequence[LabelledArticle], own: Sequence[Labelling], least: int) -> npt.NDArray[np.int_]:
    """Return the number of the group of each of `rows` and then of each of `own`.

    Texts on one event are a group. Own labels of one outlet are too, with the events that they are on, so that nothing
    is learned of an outlet's house style from the articles it is judged by; where that would leave fewer than `least`
    groups of own labels, their events alone count.
    """
    events = [event_of(row) for row in rows]
    own_events = [event_of(labelling.article) for labelling in own]
    outlets = [labelling.outlet for labelling in own]
    home = _joined(own_events, outlets)
    if len(set(home)) >= least:
        # A corpus text on an event of theirs belongs with them.
        named = dict(zip(own_events, home, strict=True))
        keys = [*(named.get(event, event) for event in events), *home]
    else:
        keys = [*events, *own_events]
    numbers = {key: number for number, key in enumerate(sorted(set(keys)))}
    return np.array([numbers[key] for key in keys], dtype=int)


def _joined(events: Sequence[str], outlets: Sequence[str]) -> list[str]:
    """Return for each article the least event that it hangs together with, over shared events and shared outlets."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for event, outlet in zip(events, outlets, strict=True):
        if outlet:
            first, second = sorted((root(("event", event)), root(("outlet", outlet))))
            parent[second] = first
    return [root(("event", event))[1] for event in events]
