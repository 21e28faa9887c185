"""Label Studio: annotated tasks in and out.

Each field of our labels is a control of its own: `Choices` for those with a list of values, `TextArea` for regions,
subtags, the election's id and the date of the event, `Labels` for evidence ("evidence" on the text, "evidence_title" on
the title), which adds its theme. The parts of the article stand in the task's `data`. Labellings of one article that
stand together become annotations of one task. What Label Studio keeps besides of a task and an annotation (ids, time
taken, drafts) stands in `meta["label_studio"]` and goes back to its place; ids and scores of single results do not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from pilkada_nlp.article import Article
from pilkada_nlp.corpora import LabelledArticle, Labels
from pilkada_nlp.errors import InputError
from pilkada_nlp.labelling.files import content
from pilkada_nlp.labelling.record import PARTS, Labelling, Reading, Skipped, Span, from_parts, to_parts
from pilkada_nlp.labelling.vocabulary import FIELDS, Vocabulary, near, texts_of

_NATIVE: Final = "label_studio"  # key in `meta`
EVIDENCE: Final[Mapping[str, Literal["text", "title"]]] = {
    "evidence": "text",
    "evidence_title": "title",
}  # control -> the field of the article it marks
_CONTROL_OF: Final = {field: control for control, field in EVIDENCE.items()}
_OF_ANNOTATION: Final = ("by", "at", "evidence", "meta")  # parts that differ within a task


class _Value(msgspec.Struct, frozen=True):
    """What was given in a control: choices, texts, or a span with its labels."""

    choices: list[str] = []
    text: str | list[str] | None = None
    start: int = 0
    end: int = 0
    labels: list[str] = []


class _Result(msgspec.Struct, frozen=True):
    """A control with its value."""

    from_name: str
    value: _Value


def read_tasks(path: Path, vocabulary: Vocabulary) -> Reading:
    """Return the labellings of a JSON export, one for each annotation; cancelled and empty ones are left out."""
    try:
        tasks = json.loads(content(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON ({error}); export from Label Studio as JSON", str(path)) from error
    if not isinstance(tasks, list):
        raise InputError("is no list of tasks; export from Label Studio as JSON", str(path))
    reading = Reading([], [])
    for number, task in enumerate(tasks, 1):
        where = f"task {task['id']}" if isinstance(task, dict) and "id" in task else f"task number {number}"
        try:
            annotations = _annotations(task)
        except ValueError as error:
            raise InputError(f"{where}: {error}", str(path)) from error
        if not annotations:
            reading.skipped.append(Skipped(where, "no annotation"))
        for place, annotation in enumerate(annotations, 1):
            here = f"{where}, annotation {annotation.get('id', f'number {place}')}"
            if reason := _unfit(annotation):
                reading.skipped.append(Skipped(here, reason))
                continue
            try:
                labelling = _labelling(task, annotation, vocabulary)
                vocabulary.check(labelling)
            except (ValueError, msgspec.ValidationError) as error:
                raise InputError(f"{here}: {error}", str(path)) from error
            reading.labellings.append(labelling)
    return reading


def task_list(labellings: Sequence[Labelling]) -> bytes:
    """Return the file of annotated tasks."""
    tasks = []
    for task, group in groupby(labellings, _task):
        native = {name: value for name, value in task.items() if name not in ("data", "annotations")}
        tasks.append({**native, "data": task["data"], "annotations": [_annotation(labelling) for labelling in group]})
    return encoded(tasks)


def _annotations(task: object) -> list[dict[str, Any]]:
    """Return the annotations of a task; ValueError for what is no task."""
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise ValueError("data: is missing; export from Label Studio as JSON, not as JSON-MIN")
    annotations = task.get("annotations") or []
    if not isinstance(annotations, list) or not all(isinstance(annotation, dict) for annotation in annotations):
        raise ValueError("annotations: is no list of objects")
    return annotations


def _unfit(annotation: Mapping[str, Any]) -> str:
    """Return why an annotation is no labelling; "" when it is one."""
    if annotation.get("was_cancelled"):
        return "cancelled"
    return "" if annotation.get("result") else "nothing was chosen"


def _labelling(task: Mapping[str, Any], annotation: Mapping[str, Any], vocabulary: Vocabulary) -> Labelling:
    data = task["data"]
    parts = {name: data[name] for name in PARTS if name in data}
    texts, evidence = _read_results(msgspec.convert(annotation["result"], list[_Result]), data)
    by = _person(annotation.get("completed_by"))
    at = annotation.get("updated_at") or annotation.get("created_at")
    parts |= {"id": _key(task), "evidence": msgspec.to_builtins(evidence), "by": by, "at": at}
    if not isinstance(data.get("meta") or {}, dict):
        raise ValueError("meta: is no object")
    others = {name: value for name, value in data.items() if name not in PARTS}
    parts["meta"] = {**(data.get("meta") or {}), **others}
    known = {"result", "was_cancelled", "updated_at"}
    if annotation.get("completed_by") in (_completed_by(by), None):
        known.add("completed_by")
    native = {
        "task": {name: value for name, value in task.items() if name not in ("data", "annotations")},
        "annotation": {name: value for name, value in annotation.items() if name not in known},
    }
    if any(native.values()):
        parts["meta"][_NATIVE] = native
    labels = vocabulary.labels(texts)
    return from_parts(parts, vocabulary.with_evidence(labels, evidence))


def _key(task: Mapping[str, Any]) -> str:
    """Return the article's id: that in the data, else the task's own number."""
    key = task["data"].get("id", task.get("id"))
    if not isinstance(key, str | int):
        raise ValueError("id: is missing in the data")
    return str(key)


def _read_results(results: Iterable[_Result], data: Mapping[str, Any]) -> tuple[dict[str, list[str]], list[Span]]:
    """Return field -> values, and the evidence."""
    texts: dict[str, list[str]] = {}
    evidence: list[Span] = []
    for result in results:
        name, value = result.from_name, result.value
        if name in EVIDENCE:
            evidence += _spans(value, EVIDENCE[name], data)
            continue
        if name not in FIELDS:
            raise ValueError(f"{name}: no such control{near(name, (*FIELDS, *EVIDENCE))}")
        given = value.choices if value.text is None else value.text
        texts.setdefault(name, []).extend([given] if isinstance(given, str) else given)
    return texts, evidence


def _spans(value: _Value, field: Literal["text", "title"], data: Mapping[str, Any]) -> Iterator[Span]:
    """Yield a span for each of its labels; offsets are in characters, or in UTF-16 where an old version counted so."""
    start, end, whole, said = value.start, value.end, str(data.get(field, "")), value.text
    if isinstance(said, str) and whole[start:end] != said:
        units = whole.encode("utf-16-le", "surrogatepass")
        if units[2 * start : 2 * end].decode("utf-16-le", "replace") != said:
            raise ValueError(f"evidence: characters {start} to {end} of the {field} are not {said[:60]!r}")
        start = len(units[: 2 * start].decode("utf-16-le", "replace"))
        end = start + len(said)
    for label in value.labels:
        yield Span(label, start, end, field)


def _person(completed_by: object) -> str:
    """Return who labelled: an address, or the number that a user has in Label Studio."""
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("email", completed_by.get("id"))
    return "" if completed_by is None else str(completed_by)


def _completed_by(by: str) -> object:
    """Return what Label Studio calls `by`; None for nobody."""
    if not by:
        return None
    return int(by) if by.isascii() and by.isdigit() and str(int(by)) == by else {"email": by}


def _native(labelling: Labelling) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what Label Studio keeps of the task and of the annotation."""
    match labelling.meta.get(_NATIVE):
        case {"task": dict(task), "annotation": dict(annotation)}:
            return task, annotation
    return {}, {}


def _task(labelling: Labelling) -> dict[str, Any]:
    """Return what labellings of one task share."""
    parts = {name: value for name, value in to_parts(labelling).items() if name not in _OF_ANNOTATION}
    native, _ = _native(labelling)
    meta = {name: value for name, value in labelling.meta.items() if name != _NATIVE or not any(_native(labelling))}
    return {**native, "data": {**parts, "meta": meta}}


def _annotation(labelling: Labelling) -> dict[str, Any]:
    _, native = _native(labelling)
    person = native.get("completed_by")  # with the names that Label Studio adds, if it is still the same one
    made = {
        "completed_by": person if person and _person(person) == labelling.by else _completed_by(labelling.by),
        "updated_at": to_parts(labelling)["at"],
        "was_cancelled": False,
        "result": list(results(labelling.article.labels, labelling.evidence, labelling.article)),
    }
    return {**native, **{name: value for name, value in made.items() if value is not None}}


def results(labels: Labels, evidence: Iterable[Span], article: Article | LabelledArticle) -> Iterator[dict[str, Any]]:
    """Yield the results of an annotation: one for each field, one for each span."""
    for name, values in texts_of(labels).items():
        free = name in ("election_id", "subtags", "regions", "event_date")
        yield {
            "id": name,
            "from_name": name,
            "to_name": "text",
            "type": "textarea" if free else "choices",
            "value": {"text" if free else "choices": list(values)},
        }
    for number, span in enumerate(evidence, 1):
        text = getattr(article, span.field)[span.start : span.end]
        yield {
            "id": f"span{number}",
            "from_name": _CONTROL_OF[span.field],
            "to_name": span.field,
            "type": "labels",
            "value": {"start": span.start, "end": span.end, "text": text, "labels": [span.label]},
        }


def encoded(tasks: object) -> bytes:
    """Return the file of a list of tasks."""
    return f"{json.dumps(tasks, ensure_ascii=False, indent=1)}\n".encode()
