"""Changing labels one step at a time, as a person does who corrects a guess; what hangs together changes together."""

from typing import Any

import msgspec

from pilkada_nlp.article import Article, ModalityValue, Outcome, Strength
from pilkada_nlp.classifiers import cues, facts
from pilkada_nlp.corpora import Labels, label_problems


def without_election(labels: Labels) -> Labels:
    """Return labels that say that the article is about no election; where it was and who speaks stays."""
    return Labels(rel=False, regions=labels.regions, kind=labels.kind)


def with_modality(labels: Labels, article: Article, modality: ModalityValue, outcome: Outcome | None = None) -> Labels:
    """Return labels with another kind of statement, which makes the article one about an election.

    `outcome` is how a ruling ended. Severity and stage of the case are those that the words of the article give with
    this modality.
    """
    return _related(
        labels,
        article,
        mod=modality,
        mod_secondary=None if labels.mod_secondary == modality else labels.mod_secondary,
        outcome=outcome,
        sev=cues.severity(article, modality, outcome),
        case_stage=facts.case_stage(article, modality),
    )


def with_theme(labels: Labels, article: Article, theme: str, strength: Strength | None) -> Labels:
    """Return labels with a theme as main theme ("pokok") or as one that is only named ("sebutan"); None removes it."""
    themes: dict[str, tuple[str, ...]] = {
        name: tuple(one for one in getattr(labels, name) if one != theme) for name in ("pokok", "sebutan")
    }
    if strength is None:
        return msgspec.structs.replace(labels, **themes)
    return _related(labels, article, **{**themes, strength: (*themes[strength], theme)})


def what_is_missing(labels: Labels) -> list[str]:
    """Return what has to be said or changed before the labels keep the guideline's rules, each as a sentence."""
    if labels.rel and labels.mod is None:
        return ["say what kind of statement it makes (modality)"]
    return [f"{rule}: {detail}" for rule, detail in label_problems(labels)]


def _related(labels: Labels, article: Article, **values: Any) -> Labels:
    election = labels.election or cues.election_type(article)
    return msgspec.structs.replace(labels, rel=True, election=election, **values)
