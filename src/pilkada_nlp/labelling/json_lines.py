"""JSON a line: our own form, and that of doccano for classification and for spans.

Our own line is a `Labelling`; a line of a corpus (`LabelledArticle`) is read too.

doccano shows one text, so that title and text are joined by a blank line, and takes all other keys as metadata, which
it gives back beside its own ("Comments"). For classification `label` is the list that `vocabulary.flat` makes. For
spans it is [[start, end, label], …], counted over the joined text, and the article's labels stand in `article_labels`;
a span that an annotator adds adds its theme. doccano does not say who labelled and when, and sorts labels by name.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from pilkada_nlp.corpora import LabelledArticle
from pilkada_nlp.errors import InputError
from pilkada_nlp.labelling.files import lines
from pilkada_nlp.labelling.record import PARTS, Labelling, Reading, Skipped, Span, from_parts, in_utc, to_parts
from pilkada_nlp.labelling.vocabulary import Vocabulary, flat

_GAP: Final = "\n\n"  # between title and text in doccano
_ARTICLE_LABELS: Final = "article_labels"


def read_own(path: Path, vocabulary: Vocabulary) -> Reading:
    """Return the labellings of a file in our own form."""
    labellings = []
    for number, row in _rows(path):
        try:
            if "label" in row:
                raise ValueError("label: is no field of ours; the file looks like doccano's")
            if "article" in row:
                labelling = in_utc(msgspec.convert(row, Labelling))
            else:
                # As `read_corpus` does it: there "rel" may be 1 or 0.
                labelling = Labelling(article=msgspec.convert(row, LabelledArticle, strict=False))
            vocabulary.check(labelling)
        except (ValueError, msgspec.ValidationError) as error:
            raise InputError(str(error), str(path), number) from error
        labellings.append(labelling)
    return Reading(labellings, [])


def own_lines(labellings: Sequence[Labelling]) -> bytes:
    """Return the file of labellings in our own form."""
    return _encoded(msgspec.to_builtins(labelling) for labelling in labellings)


def read_doccano(path: Path, vocabulary: Vocabulary) -> Reading:
    """Return the labellings of a file from doccano, of either kind; lines without labels are left out."""
    reading = Reading([], [])
    for number, row in _rows(path):
        given = row.pop("label", None)
        try:
            if not isinstance(given, list):
                raise ValueError('label: is missing; it is a list such as ["rel:ya"] or [[0, 12, "pokok:keamanan"]]')
            if not given and not row.get(_ARTICLE_LABELS):
                reading.skipped.append(Skipped(f"line {number}", "no labels"))
                continue
            labelling = _from_doccano(row, given, vocabulary)
            vocabulary.check(labelling)
        except (ValueError, msgspec.ValidationError) as error:
            raise InputError(str(error), str(path), number) from error
        reading.labellings.append(labelling)
    return reading


def doccano_lines(labellings: Sequence[Labelling], spans: bool) -> bytes:
    """Return the file for doccano: for classification, or with `spans` for sequence labelling."""
    return _encoded(_to_doccano(labelling, spans) for labelling in labellings)


def _to_doccano(labelling: Labelling, spans: bool) -> dict[str, Any]:
    # Every line has the same keys, because doccano exports by way of a table that fills gaps with null.
    row = to_parts(labelling)
    row["text"] = _joined(labelling.article.title) + labelling.article.text
    labels = flat(labelling.article.labels)
    if not spans:
        return {**row, "label": labels}
    start = {"title": 0, "text": len(_joined(labelling.article.title))}
    del row["evidence"]
    marked = [[span.start + start[span.field], span.end + start[span.field], span.label] for span in labelling.evidence]
    return {**row, _ARTICLE_LABELS: labels, "label": marked}


def _from_doccano(row: Mapping[str, Any], given: Sequence[Any], vocabulary: Vocabulary) -> Labelling:
    parts = {name: row[name] for name in PARTS if name in row}
    title, joined = row.get("title") or "", row.get("text")
    if not isinstance(title, str) or not isinstance(joined, str) or not joined.startswith(_joined(title)):
        raise ValueError("text: does not begin with the title and a blank line")
    parts |= {"id": str(row.get("id", "")), "title": title, "text": joined[len(_joined(title)) :]}
    others = {name: value for name, value in row.items() if name not in (*PARTS, _ARTICLE_LABELS)}
    if not isinstance(row.get("meta") or {}, dict):
        raise ValueError("meta: is no object")
    parts["meta"] = {**(row.get("meta") or {}), **others}
    if _ARTICLE_LABELS not in row:
        return from_parts(parts, vocabulary.from_flat(_texts(given, "label")))
    spans = [_span(mark, title) for mark in given]
    parts["evidence"] = msgspec.to_builtins(spans)
    labels = vocabulary.from_flat(_texts(row[_ARTICLE_LABELS], _ARTICLE_LABELS))
    return from_parts(parts, vocabulary.with_evidence(labels, spans))


def _joined(title: str) -> str:
    """Return what stands before the text."""
    return f"{title}{_GAP}" if title else ""


def _texts(labels: object, name: str) -> list[str]:
    if isinstance(labels, list) and labels and isinstance(labels[0], list):
        raise ValueError(f"{name}: has spans, and {_ARTICLE_LABELS}, the labels of the article, are missing")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"{name}: is no list of texts")
    return labels


def _span(mark: object, title: str) -> Span:
    match mark:
        case [int(start), int(end), str(label)]:
            first = len(_joined(title))
            if start >= first:
                return Span(label, start - first, end - first)
            if end <= len(title):
                return Span(label, start, end, "title")
            raise ValueError(f"label: the span {mark} reaches from the title into the text")
    raise ValueError(f"label: {mark!r} is no span such as [0, 12, 'pokok:keamanan']")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"is no JSON ({error}); mend the line", str(path), number) from error
        if not isinstance(row, dict):
            raise InputError("is no object; a line holds one labelling in braces", str(path), number)
        yield number, row


def _encoded(rows: "Iterator[Any]") -> bytes:
    # The standard encoder, because it takes whole numbers of any size, as metadata may hold.
    return b"".join(f"{json.dumps(row, ensure_ascii=False)}\n".encode() for row in rows)
