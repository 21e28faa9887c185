"""What passes between the formats: an article with its labels, who gave them, and what they rest on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from pilkada_nlp.corpora import LabelledArticle, Labels


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Words that a label rests on: characters (code points) `start` to `end` of the article's `field`.

    `label` is "pokok:THEME", "sebutan:THEME" or "mod:VALUE"; a theme must be among the article's labels, while a
    sentence may make another kind of statement than its article. In files a span is a list,
    ["pokok:keamanan", 0, 12, "text"].
    """

    label: str
    start: int
    end: int
    field: Literal["text", "title"] = "text"


class Labelling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person's labels of one article: a line of our own JSONL, and what every other format is read into.

    `by` is who labelled and `at` when (UTC), "" and None where a file does not say; `guideline` is the version that was
    followed. `meta` holds what a tool or a spreadsheet keeps besides, as JSON values.
    """

    article: LabelledArticle
    url: str = ""
    outlet: str = ""
    by: str = ""
    at: datetime | None = None
    guideline: str = ""
    evidence: tuple[Span, ...] = ()
    meta: dict[str, Any] = {}  # msgspec gives each struct an empty dict of its own


class Skipped(NamedTuple):
    """Something in a file that is no labelling: where it stands, and why it was left out."""

    where: str
    reason: str


class Reading(NamedTuple):
    """The labellings of a file in their order, and what was left out of it."""

    labellings: list[Labelling]
    skipped: list[Skipped]


ARTICLE_PARTS: Final = tuple(name for name in LabelledArticle.__struct_fields__ if name != "labels")
PARTS: Final = (*ARTICLE_PARTS, *(name for name in Labelling.__struct_fields__ if name != "article"))
_REQUIRED: Final = ("id", "title", "text", "date")


def to_parts(labelling: Labelling) -> dict[str, Any]:
    """Return everything but the labels, flat, as JSON values by the names in `PARTS`."""
    row: dict[str, Any] = msgspec.to_builtins(labelling)
    article: dict[str, Any] = row.pop("article")
    del article["labels"]
    return {**article, **row}


def from_parts(parts: Mapping[str, Any], labels: Labels) -> Labelling:
    """Return the labelling that `to_parts` took apart; None counts as absent.

    Raises ValueError or msgspec.ValidationError, naming the field, for what is missing or of a wrong type.
    """
    given = {name: value for name, value in parts.items() if value is not None}
    for name in _REQUIRED:
        if name not in given:
            raise ValueError(f"{name}: is missing")
    article = {name: given.pop(name) for name in ARTICLE_PARTS if name in given}
    article["labels"] = msgspec.to_builtins(labels)
    return in_utc(msgspec.convert({"article": article, **given}, Labelling))


def in_utc(labelling: Labelling) -> Labelling:
    """Return the labelling with its time in UTC; ValueError for a time without a zone."""
    if labelling.at is None:
        return labelling
    if labelling.at.tzinfo is None:
        raise ValueError(f"at: {labelling.at.isoformat()} has no time zone; write it as in 2026-11-20T07:00:00+07:00")
    return msgspec.structs.replace(labelling, at=labelling.at.astimezone(UTC))
