"""Between what a model says of an article and what a person says: the guess to start from, the label laid over it."""

from typing import NamedTuple

import msgspec

from pilkada_nlp.article import (
    Article,
    Evidence,
    Modality,
    RegionTag,
    Relevance,
    SourceKind,
    Strength,
    Tagging,
    ThemeTag,
)
from pilkada_nlp.corpora import LabelledArticle, Labels
from pilkada_nlp.labelling.record import Labelling, Span
from pilkada_nlp.regions import region

_WITH_SUBTAGS = "netralitas_asn"  # the only theme that has any


class Tagged(NamedTuple):
    """An article, what the model that tagged it last says of it, and its story (its own id if in none)."""

    article: Article
    tagging: Tagging
    story: str


def guessed(article: Article, tagging: Tagging) -> Labelling:
    """Return what a tagging says of an article as a labelling by nobody yet, for a person to start from."""
    return Labelling(
        article=LabelledArticle(
            id=article.id, title=article.title, text=article.text, date=article.day, labels=labels_of(tagging)
        ),
        url=article.url,
        outlet=article.outlet,
        evidence=evidence_of(tagging),
    )


def labels_of(tagging: Tagging) -> Labels:
    """Return what a tagging says as labels."""
    modality = tagging.modality
    return msgspec.convert(
        {
            "rel": tagging.relevant.value,
            "election": tagging.relevant.election,
            "pokok": tuple(tag.theme for tag in tagging.themes if tag.strength == "pokok"),
            "sebutan": tuple(tag.theme for tag in tagging.themes if tag.strength == "sebutan"),
            "subtags": tuple(dict.fromkeys(tag for tags in (tagging.subtags or {}).values() for tag in tags)),
            "mod": modality and modality.value,
            "mod_secondary": modality and modality.secondary,
            "regions": tuple(place.code for place in tagging.places()),
            "kind": tagging.source_kind.value,
            "sev": tagging.severity,
            "event_date": tagging.event_date,
            "is_aggregate": bool(tagging.is_aggregate),
            "case_stage": tagging.case_stage,
            "outcome": tagging.outcome,
        },
        Labels,
    )


def evidence_of(tagging: Tagging) -> tuple[Span, ...]:
    """Return the sentences that carry themes and modality of a tagging as spans."""
    found = [(f"{tag.strength}:{tag.theme}", mark) for tag in tagging.themes for mark in tag.evidence]
    if tagging.modality:
        found += [(f"mod:{tagging.modality.value}", mark) for mark in tagging.modality.evidence]
    return tuple(Span(label, mark.start, mark.end, mark.field) for label, mark in found)


def labelled(tagging: Tagging, labelling: Labelling) -> Tagging:
    """Return a tagging that says what a person said, each judgement with probability 1 and none left to review.

    Sentences are those that the person marked, else the model's where it came to the same judgement. Places of the
    event that the person does not name are only mentioned. What labels cannot say (figures, speakers) stays, as does
    the election where the label names none. `model` stays that of the tagging. Laying a label over twice changes
    nothing more.
    """
    labels = labelling.article.labels
    election = labels.election or tagging.relevant.election
    return msgspec.structs.replace(
        tagging,
        relevant=Relevance(value=labels.rel, score=float(labels.rel), election=election if labels.rel else None),
        themes=_themes(tagging, labelling) if labels.rel else (),
        theme_scores={
            theme: float(labels.rel and theme in labels.pokok)
            for theme in dict.fromkeys((*tagging.theme_scores, *labels.pokok))
        },
        modality=_modality(tagging, labelling) if labels.rel else None,
        regions=_regions(tagging, labels),
        source_kind=SourceKind(
            value=labels.kind,
            score=1.0,
            mark=tagging.source_kind.mark if tagging.source_kind.value == labels.kind else None,
        ),
        severity=labels.sev if labels.rel else 0,
        review=(),
        outcome=labels.outcome,
        event_date=labels.event_date,
        is_aggregate=labels.is_aggregate,
        case_stage=labels.case_stage,
        subtags={_WITH_SUBTAGS: labels.subtags} if labels.subtags else {},
    )


def _themes(tagging: Tagging, labelling: Labelling) -> tuple[ThemeTag, ...]:
    seen = {tag.theme: tag.evidence for tag in tagging.themes}
    named: list[tuple[Strength, tuple[str, ...]]] = [
        ("pokok", labelling.article.labels.pokok),
        ("sebutan", labelling.article.labels.sebutan),
    ]
    return tuple(
        ThemeTag(
            theme=theme,
            strength=strength,
            score=1.0,
            threshold=tagging.thresholds.get(theme, 0.0),
            evidence=_marked(labelling, f"pokok:{theme}", f"sebutan:{theme}") or seen.get(theme, ()),
        )
        for strength, themes in named
        for theme in themes
    )


def _modality(tagging: Tagging, labelling: Labelling) -> Modality | None:
    """Return the modality that was given; that of the tagging where none was."""
    labels, guess = labelling.article.labels, tagging.modality
    if labels.mod is None:
        return guess
    same = guess.evidence if guess and guess.value == labels.mod else ()
    return Modality(
        value=labels.mod,
        score=1.0,
        secondary=labels.mod_secondary,
        evidence=_marked(labelling, f"mod:{labels.mod}") or same,
    )


def _marked(labelling: Labelling, *names: str) -> tuple[Evidence, ...]:
    """Return what the person marked with one of these labels."""
    modality = labelling.article.labels.mod if names[0].startswith("mod:") else None
    return tuple(
        Evidence(
            start=span.start,
            end=span.end,
            text=getattr(labelling.article, span.field)[span.start : span.end],
            field=span.field,
            modality=modality,
        )
        for span in labelling.evidence
        if span.label in names
    )


def _regions(tagging: Tagging, labels: Labels) -> tuple[RegionTag, ...]:
    places = tuple(RegionTag(code=code, name=region(code).name, role="peristiwa", score=1.0) for code in labels.regions)
    return places + tuple(
        msgspec.structs.replace(tag, role="disebut") if tag.role == "peristiwa" else tag
        for tag in tagging.regions
        if tag.code not in labels.regions
    )
