"""Several labellings of one article: where they differ, and one labelling made of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from pilkada_nlp.corpora import LabelledArticle
from pilkada_nlp.labelling.record import Labelling, Span
from pilkada_nlp.labelling.vocabulary import FIELDS, SEVERAL, texts_of

How = Literal["newest", "majority"]

_TEXT_FIELDS: Final = ("title", "text", "date")  # of which an article should have one
_BY_MODALITY: Final = ("mod_secondary", "sev", "case_stage", "outcome")  # they say more about the kind of statement
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Side(NamedTuple):
    """One side of a conflict: the value that was given, by whom and when (UTC)."""

    value: str
    by: str
    at: datetime | None


class Conflict(NamedTuple):
    """A field of an article on which its labellings differ, with what each of them says, oldest first."""

    article: str
    field: str
    values: tuple[Side, ...]


def conflicts(labellings: Iterable[Labelling]) -> list[Conflict]:
    """Return every field on which labellings of one article differ, in the order of articles and fields.

    The order of themes, subtags and regions makes no difference. Titles, texts and dates are compared too, since ids
    that stand for two articles spoil more than a label; of those only the beginning is shown.
    """
    found = []
    for key, group in _by_article(labellings).items():
        group = sorted(group, key=_moment)
        for field in (*_TEXT_FIELDS, *FIELDS):
            values = [_value(labelling, field) for labelling in group]
            if len(set(values)) > 1:
                sides = tuple(
                    Side(value[:80], labelling.by, labelling.at) for value, labelling in zip(values, group, strict=True)
                )
                found.append(Conflict(key, field, sides))
    return found


def resolve(labellings: Iterable[Labelling], how: How = "newest") -> list[Labelling]:
    """Return one labelling for each article, in the order in which articles come first.

    "newest" takes the one with the latest time; without times, or of equal ones, the last. "majority" asks each
    person's newest labelling: first whether the article is about an election, then those who agree on that about all
    else, field by field, and for themes, subtags and regions value by value; what says more about the modality is asked
    of those who agree on that. With equal votes the newest labelling decides. The text is that of the newest, its
    evidence what all who read the same text give for labels that stay; `meta["resolved"]` says who was asked.
    """
    chosen = _newest if how == "newest" else _majority
    return [chosen(group) for group in _by_article(labellings).values()]


def _by_article(labellings: Iterable[Labelling]) -> Mapping[str, Sequence[Labelling]]:
    groups: defaultdict[str, list[Labelling]] = defaultdict(list)
    for labelling in labellings:
        groups[labelling.article.id].append(labelling)
    return groups


def _moment(labelling: Labelling) -> datetime:
    return labelling.at or _NEVER


def _value(labelling: Labelling, field: str) -> str:
    if field in _TEXT_FIELDS:
        return str(getattr(labelling.article, field))
    return "; ".join(sorted(texts_of(labelling.article.labels).get(field, ())))


def _newest(group: Sequence[Labelling]) -> Labelling:
    return sorted(group, key=_moment)[-1]


def _majority(group: Sequence[Labelling]) -> Labelling:
    votes = _one_each(group)
    newest = votes[-1]
    if len(votes) == 1:
        return newest
    agreed = _agreeing(votes, lambda labelling: labelling.article.labels.rel)
    by_modality = _agreeing(agreed, lambda labelling: labelling.article.labels.mod)
    labels: dict[str, Any] = {"rel": agreed[-1].article.labels.rel, "mod": by_modality[-1].article.labels.mod}
    for field in FIELDS:
        if field not in labels and field not in SEVERAL:
            asked = by_modality if field in _BY_MODALITY else agreed
            labels[field] = _elected([getattr(labelling.article.labels, field) for labelling in asked])
    labels |= _themes(agreed)
    for field in ("subtags", "regions"):
        labels[field] = _shared([getattr(labelling.article.labels, field) for labelling in agreed])
    article = msgspec.structs.replace(newest.article, labels=msgspec.structs.replace(newest.article.labels, **labels))
    asked_of = [{"by": labelling.by, "at": labelling.at.isoformat() if labelling.at else None} for labelling in votes]
    return msgspec.structs.replace(
        newest,
        article=article,
        by=", ".join(dict.fromkeys(labelling.by for labelling in votes if labelling.by)),
        evidence=_evidence(votes, article),
        meta={**newest.meta, "resolved": {"how": "majority", "of": asked_of}},
    )


def _one_each(group: Sequence[Labelling]) -> list[Labelling]:
    """Return the newest labelling of each person, oldest first; those of nobody in particular all count."""
    ordered = sorted(group, key=_moment)
    last = {labelling.by: place for place, labelling in enumerate(ordered)}
    return [labelling for place, labelling in enumerate(ordered) if not labelling.by or last[labelling.by] == place]


def _elected(values: Sequence[Any]) -> Any:
    """Return the value with most votes, of equal ones that which came last."""
    counts = Counter(values)
    most = max(counts.values())
    return next(value for value in reversed(values) if counts[value] == most)


def _agreeing(votes: Sequence[Labelling], said: Callable[[Labelling], Any]) -> list[Labelling]:
    elected = _elected([said(labelling) for labelling in votes])
    return [labelling for labelling in votes if said(labelling) == elected]


def _shared(values: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return what most of the lists hold, in the order of the newest, then of the others."""
    ordered = dict.fromkeys(item for items in reversed(values) for item in items)
    return tuple(item for item in ordered if _elected([item in items for items in values]))


def _themes(votes: Sequence[Labelling]) -> dict[str, tuple[str, ...]]:
    """Return the themes by strength; a theme is pokok, sebutan or none by the votes."""
    ordered = dict.fromkeys(
        theme
        for labelling in reversed(votes)
        for theme in (*labelling.article.labels.pokok, *labelling.article.labels.sebutan)
    )

    def strength(labelling: Labelling, theme: str) -> str:
        labels = labelling.article.labels
        return "pokok" if theme in labels.pokok else "sebutan" if theme in labels.sebutan else ""

    elected = {theme: _elected([strength(labelling, theme) for labelling in votes]) for theme in ordered}
    return {name: tuple(theme for theme in ordered if elected[theme] == name) for name in ("pokok", "sebutan")}


def _evidence(votes: Sequence[Labelling], article: LabelledArticle) -> tuple[Span, ...]:
    allowed = {f"{name}:{theme}" for name in ("pokok", "sebutan") for theme in getattr(article.labels, name)}
    return tuple(
        dict.fromkeys(
            span
            for labelling in reversed(votes)
            if (labelling.article.title, labelling.article.text) == (article.title, article.text)
            for span in labelling.evidence
            if span.label in allowed or span.label.startswith("mod:")
        )
    )
