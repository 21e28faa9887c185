"""Label Studio: annotated tasks in and out, tasks with a model's guesses, and the labelling interface for them.

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
from typing import Any, Final
from xml.etree import ElementTree

import msgspec

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.corpora import Labels
from pilkada_nlp.errors import InputError
from pilkada_nlp.labelling.files import content
from pilkada_nlp.labelling.record import PARTS, Labelling, Reading, Skipped, Span, from_parts, to_parts
from pilkada_nlp.labelling.vocabulary import FIELDS, SEVERAL, Vocabulary, near, texts_of

_NATIVE: Final = "label_studio"  # key in `meta`
_EVIDENCE: Final = {"evidence": "text", "evidence_title": "title"}  # control -> the field of the article it marks
_CONTROL_OF: Final = {field: control for control, field in _EVIDENCE.items()}
_OF_ANNOTATION: Final = ("by", "at", "evidence", "meta")  # parts that differ within a task
_TITLES: Final = {
    "rel": "Tentang pemilihan?",
    "election": "Pemilihan",
    "election_id": "ID pemilihan, mis. pilkada2024",
    "pokok": "Tema pokok (paling banyak 3)",
    "sebutan": "Tema sebutan",
    "subtags": "Subtag netralitas",
    "mod": "Modalitas",
    "mod_secondary": "Modalitas kedua",
    "regions": "Wilayah (kode, satu per baris, mis. 64.02)",
    "kind": "Jenis sumber",
    "sev": "Keparahan",
    "event_date": "Tanggal peristiwa, mis. 2024-11-21",
    "is_aggregate": "Angka gabungan?",
    "case_stage": "Tahap perkara",
    "outcome": "Hasil perkara",
}


def read_tasks(path: Path, vocabulary: Vocabulary) -> Reading:
    """Return the labellings of a JSON export, one for each annotation; cancelled and empty ones are left out."""
    try:
        tasks = json.loads(content(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON ({error})", str(path)) from error
    if not isinstance(tasks, list):
        raise InputError("is no list of tasks; export from Label Studio as JSON", str(path))
    reading = Reading([], [])
    for number, task in enumerate(tasks, 1):
        where = f"task {task['id'] if isinstance(task, dict) and 'id' in task else f'number {number}'}"
        try:
            if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
                raise ValueError("data: is missing; export from Label Studio as JSON, not as JSON-MIN")
            annotations = task.get("annotations") or []
            if not annotations:
                reading.skipped.append(Skipped(where, "no annotation"))
            for place, annotation in enumerate(annotations, 1):
                where_in_task = f"{where}, annotation {annotation.get('id', f'number {place}')}"
                if reason := _unfit(annotation):
                    reading.skipped.append(Skipped(where_in_task, reason))
                    continue
                try:
                    labelling = _labelling(task, annotation, vocabulary)
                    vocabulary.check(labelling)
                except (ValueError, msgspec.ValidationError) as error:
                    raise InputError(f"{where_in_task}: {error}", str(path)) from error
                reading.labellings.append(labelling)
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise InputError(f"{where}: {error}", str(path)) from error
    return reading


def task_list(labellings: Sequence[Labelling]) -> bytes:
    """Return the file of annotated tasks."""
    tasks = []
    for task, group in groupby(labellings, _task):
        native = {name: value for name, value in task.items() if name not in ("data", "annotations")}
        tasks.append({**native, "data": task["data"], "annotations": [_annotation(labelling) for labelling in group]})
    return _encoded(tasks)


def guessed_tasks(tagged: Iterable[tuple[Article, Tagging]]) -> bytes:
    """Return the file of tasks with a model's taggings as predictions to start from.

    `model_version` is the tagging's model. The `score` of a prediction is the least probability among relevance (of the
    side taken), modality and the main themes given, so that sorting by it puts the doubtful articles first; results
    have scores of their own.
    """
    return _encoded([_guessed(article, tagging) for article, tagging in tagged])


def labelling_interface(taxonomy: Path | None = None) -> str:
    """Return the XML of a labelling interface with the themes of the shipped taxonomy or of the file `taxonomy`."""
    vocabulary = Vocabulary(taxonomy)
    view = ElementTree.Element("View")
    for name, marked in _EVIDENCE.items():
        labels = ElementTree.SubElement(view, "Labels", name=name, toName=marked)
        for strength in ("pokok", "sebutan"):
            for theme, shown in vocabulary.themes.items():
                ElementTree.SubElement(labels, "Label", value=f"{shown} ({strength})", alias=f"{strength}:{theme}")
        for value in vocabulary.choices["mod"]:
            ElementTree.SubElement(labels, "Label", value=value, alias=f"mod:{value}")
    ElementTree.SubElement(view, "Text", name="title", value="$title")
    ElementTree.SubElement(view, "Text", name="text", value="$text")
    for name in FIELDS:
        ElementTree.SubElement(view, "Header", value=_TITLES[name], size="4")
        if name not in vocabulary.choices:
            ElementTree.SubElement(
                view, "TextArea", name=name, toName="text", maxSubmissions="" if name in SEVERAL else "1"
            )
            continue
        choices = ElementTree.SubElement(
            view,
            "Choices",
            name=name,
            toName="text",
            choice="multiple" if name in SEVERAL else "single",
            required="true" if name == "rel" else "false",
        )
        for value in vocabulary.choices[name]:
            shown = vocabulary.themes.get(value, value)
            ElementTree.SubElement(choices, "Choice", value=shown, alias=value)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _unfit(annotation: Mapping[str, Any]) -> str:
    """Return why an annotation is no labelling; "" when it is one."""
    if annotation.get("was_cancelled"):
        return "cancelled"
    return "" if annotation.get("result") else "nothing was chosen"


def _labelling(task: Mapping[str, Any], annotation: Mapping[str, Any], vocabulary: Vocabulary) -> Labelling:
    data = task["data"]
    parts = {name: data[name] for name in PARTS if name in data}
    texts, evidence = _read_results(annotation["result"], data)
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


def _read_results(results: Iterable[Mapping[str, Any]], data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Span]]:
    texts: dict[str, list[str]] = {}
    evidence: list[Span] = []
    for result in results:
        name, value = result["from_name"], result["value"]
        if name in _EVIDENCE:
            evidence += _spans(value, _EVIDENCE[name], data)
            continue
        if name not in FIELDS:
            raise ValueError(f"{name}: no such control{near(name, (*FIELDS, *_EVIDENCE))}")
        given = value.get("choices", value.get("text"))
        texts.setdefault(name, []).extend([given] if isinstance(given, str) else given)
    return texts, evidence


def _spans(value: Mapping[str, Any], field: str, data: Mapping[str, Any]) -> Iterator[Span]:
    """Yield a span for each of its labels; offsets are in characters, or in UTF-16 where an old version counted so."""
    start, end, whole = value["start"], value["end"], data[field]
    said = value.get("text")
    if said is not None and whole[start:end] != said:
        units = whole.encode("utf-16-le")
        before, marked = (units[: 2 * start], units[2 * start : 2 * end])
        if marked.decode("utf-16-le", "replace") != said:
            raise ValueError(f"evidence: characters {start} to {end} of the {field} are not {said[:60]!r}")
        start = len(before.decode("utf-16-le", "replace"))
        end = start + len(said)
    for label in value["labels"]:
        yield msgspec.convert([label, start, end, field], Span)


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
    parts = to_parts(labelling)
    made = {
        "completed_by": _completed_by(labelling.by),
        "updated_at": parts["at"],
        "was_cancelled": False,
        "result": list(_results(labelling.article.labels, labelling.evidence, labelling.article)),
    }
    return {**{name: value for name, value in made.items() if value is not None}, **_native(labelling)[1]}


def _results(labels: Labels, evidence: Iterable[Span], article: Any) -> Iterator[dict[str, Any]]:
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


def _guessed(article: Article, tagging: Tagging) -> dict[str, Any]:
    themes = {
        strength: tuple(tag.theme for tag in tagging.themes if tag.strength == strength)
        for strength in ("pokok", "sebutan")
    }
    modality = tagging.modality
    labels = msgspec.convert(
        {
            "rel": tagging.relevant.value,
            "election": tagging.relevant.election,
            **themes,
            "subtags": tuple(dict.fromkeys(tag for tags in (tagging.subtags or {}).values() for tag in tags)),
            "mod": modality.value if modality else None,
            "mod_secondary": modality.secondary if modality else None,
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
    found = [(f"{tag.strength}:{tag.theme}", mark) for tag in tagging.themes for mark in tag.evidence]
    if modality:
        found += [(f"mod:{modality.value}", mark) for mark in modality.evidence]
    spans = [Span(label, mark.start, mark.end, mark.field) for label, mark in found]
    sure = max(tagging.relevant.score, 1 - tagging.relevant.score)
    scores = {"rel": sure, "kind": tagging.source_kind.score}
    if modality:
        scores["mod"] = modality.score
    mains = [tag.score for tag in tagging.themes if tag.strength == "pokok"]
    if mains:
        scores["pokok"] = min(mains)
    results = list(_results(labels, spans, article))
    for result in results:
        if result["from_name"] in scores:
            result["score"] = scores[result["from_name"]]
    data = {"id": article.id, "title": article.title, "text": article.text, "date": article.day.isoformat()}
    return {
        "data": {**data, "url": article.url, "outlet": article.outlet},
        "predictions": [
            {
                "model_version": tagging.model,
                "score": min(score for name, score in scores.items() if name != "kind"),
                "result": results,
            }
        ],
    }


def _encoded(tasks: object) -> bytes:
    return f"{json.dumps(tasks, ensure_ascii=False, indent=1)}\n".encode()
