"""What Label Studio needs before people label: tasks that begin with a model's guesses, and the labelling interface."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.labelling.label_studio import EVIDENCE, encoded, results
from pilkada_nlp.labelling.taggings import evidence_of, labels_of
from pilkada_nlp.labelling.vocabulary import FIELDS, SEVERAL, Vocabulary

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


def guessed_tasks(tagged: Iterable[tuple[Article, Tagging]]) -> bytes:
    """Return the file of tasks with a model's taggings as predictions to start from.

    `model_version` is the tagging's model. The `score` of a prediction is the least probability among relevance (of the
    side taken), modality and the main themes given, so that sorting by it puts the doubtful articles first; results
    have scores of their own.
    """
    return encoded([_guessed(article, tagging) for article, tagging in tagged])


def labelling_interface(taxonomy: Path | None = None) -> str:
    """Return the XML of a labelling interface with the themes of the shipped taxonomy or of the file `taxonomy`."""
    vocabulary = Vocabulary(taxonomy)
    view = ElementTree.Element("View")
    for name, marked in EVIDENCE.items():
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
            area = ElementTree.SubElement(view, "TextArea", name=name, toName="text")
            if name not in SEVERAL:
                area.set("maxSubmissions", "1")
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


def _guessed(article: Article, tagging: Tagging) -> dict[str, Any]:
    scores = _scores(tagging)
    found = list(results(labels_of(tagging), evidence_of(tagging), article))
    for result in found:
        if result["from_name"] in scores:
            result["score"] = scores[result["from_name"]]
    least = min(score for name, score in scores.items() if name != "kind")
    data = {"id": article.id, "title": article.title, "text": article.text, "date": article.day.isoformat()}
    return {
        "data": {**data, "url": article.url, "outlet": article.outlet},
        "predictions": [{"model_version": tagging.model, "score": least, "result": found}],
    }


def _scores(tagging: Tagging) -> dict[str, float]:
    """Return field -> how sure the model is of it."""
    scores = {
        "rel": max(tagging.relevant.score, 1 - tagging.relevant.score),
        "kind": tagging.source_kind.score,
    }
    if tagging.modality:
        scores["mod"] = tagging.modality.score
    if mains := [tag.score for tag in tagging.themes if tag.strength == "pokok"]:
        scores["pokok"] = min(mains)
    return scores
