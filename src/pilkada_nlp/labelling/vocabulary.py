"""The values that each field may have, and labels as plain texts for tools that know nothing of our fields.

A tool that has one list of labels gets "field:value": `rel:ya|tidak`, `election:…`, `election_id:…`, `pokok:THEME`,
`sebutan:THEME`, `subtag:…`, `mod:…`, `mod_secondary:…`, `region:64.02`, `kind:…`, `sev:0` to `sev:4`,
`event_date:2024-11-21`, `is_aggregate:ya|tidak`, `case_stage:…`, `outcome:…`. Reading is strict: a value that nobody
knows is an error that says which ones are near.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, Election
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.corpora import CaseStage, Labels
from pilkada_nlp.labelling.record import Labelling, Span
from pilkada_nlp.regions import region, regions_called
from pilkada_nlp.regions.gazetteer import gazetteer

FIELDS: Final = Labels.__struct_fields__
SEVERAL: Final = ("pokok", "sebutan", "subtags", "regions")  # fields that may have more than one value
_YES_OR_NO: Final = {"ya": True, "tidak": False}
_PREFIXES: Final = {"subtags": "subtag", "regions": "region"}  # one label is one of them
_FIELD_OF: Final = {_PREFIXES.get(name, name): name for name in FIELDS}
_REGION = re.compile(r"(\d\d(?:[.,]\d\d)?)(?:\s+(\S.*))?", re.DOTALL)
_MOST_SEVERE: Final = 4


def texts_of(labels: Labels) -> dict[str, tuple[str, ...]]:
    """Return field -> its values as texts; fields without a value are left out, "tidak" stands only for `rel`."""
    texts: dict[str, tuple[str, ...]] = {}
    for name in FIELDS:
        value = getattr(labels, name)
        if isinstance(value, tuple):
            texts[name] = value
        elif isinstance(value, bool):
            texts[name] = ("ya",) if value else ("tidak",) if name == "rel" else ()
        elif value is not None:
            texts[name] = (str(value),)
    return {name: values for name, values in texts.items() if values}


def flat(labels: Labels) -> list[str]:
    """Return the labels as one list of "field:value"."""
    return [f"{_PREFIXES.get(name, name)}:{value}" for name, values in texts_of(labels).items() for value in values]


class Vocabulary:
    """What labels may say, with the themes of the shipped taxonomy or of the file `taxonomy`."""

    def __init__(self, taxonomy: Path | None = None) -> None:
        self.themes = load_taxonomy(taxonomy).names("id")
        yes_or_no = tuple(_YES_OR_NO)
        self.choices: Mapping[str, Sequence[str]] = {
            "rel": yes_or_no,
            "election": get_args(Election),
            "pokok": tuple(self.themes),
            "sebutan": tuple(self.themes),
            "mod": MODALITIES,
            "mod_secondary": MODALITIES,
            "kind": SOURCE_KINDS,
            "sev": tuple(map(str, range(_MOST_SEVERE + 1))),
            "is_aggregate": yes_or_no,
            "case_stage": get_args(CaseStage),
            "outcome": OUTCOMES,
        }

    def labels(self, texts: Mapping[str, Sequence[str]]) -> Labels:
        """Return the labels that `texts_of` turned into texts; ValueError, naming the field, for anything unknown.

        A region may be followed by its name ("64.02 Kabupaten Kutai Kartanegara"), which must then be one of its names.
        """
        values: dict[str, Any] = {}
        for name, given in texts.items():
            if name not in FIELDS:
                raise ValueError(f"{name}: no such field{near(name, FIELDS)}")
            read = [self._value(name, text) for text in given]
            if len(set(read)) < len(read):
                raise ValueError(f"{name}: a value stands twice ({', '.join(given)})")
            if name in SEVERAL:
                values[name] = tuple(read)
            elif len(read) > 1:
                raise ValueError(f"{name}: has several values ({', '.join(given)}), and may have one")
            elif read:
                values[name] = read[0]
        if "rel" not in values:
            raise ValueError("rel: is missing; say whether the article is about an election (ya or tidak)")
        if both := set(values.get("pokok", ())) & set(values.get("sebutan", ())):
            raise ValueError(f"sebutan: {', '.join(sorted(both))} is pokok too")
        return msgspec.convert(values, Labels)

    def from_flat(self, labels: Iterable[str]) -> Labels:
        """Return the labels that `flat` turned into one list; ValueError for one that is unknown."""
        texts: dict[str, list[str]] = {}
        for label in labels:
            name, value = self._parted(label)
            texts.setdefault(name, []).append(value)
        return self.labels(texts)

    def with_evidence(self, labels: Labels, evidence: Sequence[Span]) -> Labels:
        """Return the labels with the themes that the evidence names, main ones where any of their spans says so."""
        named: dict[str, str] = {}
        for span in evidence:
            name, value = self.span_label(span.label)
            if name != "mod" and named.get(value) != "pokok":
                named[value] = name
        themes = {
            strength: (
                *(theme for theme in getattr(labels, strength) if named.get(theme, strength) == strength),
                *(theme for theme in named if named[theme] == strength and theme not in getattr(labels, strength)),
            )
            for strength in ("pokok", "sebutan")
        }
        return msgspec.structs.replace(labels, **themes)

    def span_label(self, label: str) -> tuple[str, str]:
        """Return field and value of the label of a span; ValueError for one that no span may have."""
        name, value = self._parted(label)
        if name not in ("pokok", "sebutan", "mod"):
            raise ValueError(f"evidence: {label!r} is a label of the whole article; a span has pokok, sebutan or mod")
        self._value(name, value)
        return name, value

    def check(self, labelling: Labelling) -> None:
        """Raise ValueError, naming the field, for what no format could carry or nobody would understand."""
        article = labelling.article
        if not article.id:
            raise ValueError("id: is empty")
        if self.labels(texts_of(article.labels)) != article.labels:
            raise ValueError("labels: have values of wrong types")
        for span in labelling.evidence:
            name, theme = self.span_label(span.label)
            if not 0 <= span.start < span.end <= len(getattr(article, span.field)):
                raise ValueError(
                    f"evidence: characters {span.start} to {span.end} are none of the {span.field},"
                    f" which has {len(getattr(article, span.field))}"
                )
            if name != "mod" and theme not in getattr(article.labels, name):
                raise ValueError(f"evidence: {span.label!r} is not among the article's labels")
        _check_json(labelling)

    def _parted(self, label: str) -> tuple[str, str]:
        prefix, colon, value = label.partition(":")
        if not colon or prefix not in _FIELD_OF:
            known = [f"{name}:{value}" for name, values in self.choices.items() for value in values]
            raise ValueError(f"label: {label!r} is unknown{near(label, known)}")
        return _FIELD_OF[prefix], value

    def _value(self, name: str, text: str) -> Any:
        if name == "regions":
            return _code(text)
        if name == "event_date":
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise ValueError(f"{name}: {text!r} is no date such as 2024-11-21") from None
        choices = self.choices.get(name)
        if choices is None:  # election_id and subtags are free
            if not text:
                raise ValueError(f"{name}: has an empty value")
            return text
        if text not in choices:
            raise ValueError(f"{name}: {text!r} is unknown{near(text, choices)}")
        return _YES_OR_NO[text] if name in ("rel", "is_aggregate") else int(text) if name == "sev" else text


def near(word: str, known: Collection[str]) -> str:
    """Return the end of a sentence that names what may have been meant: "; did you mean …?" or all of a few."""
    if close := get_close_matches(word, known, n=3):
        return f"; did you mean {', '.join(close)}?"
    return f"; known are {', '.join(known)}" if len(known) < 25 else ""


def _code(text: str) -> str:
    """Return the code of a region given by code, or by code and name; a decimal comma is what a spreadsheet made."""
    match = _REGION.fullmatch(text.strip())
    code = match[1].replace(",", ".") if match else text
    try:
        name = region(code).name
    except KeyError:
        raise ValueError(f"regions: {text!r} is no code of a region{near(code, gazetteer().regions)}") from None
    if match and match[2] and region(code) not in regions_called(match[2]):
        raise ValueError(f"regions: {code} is {name}, not {match[2].strip()}")
    return code


def _check_json(labelling: Labelling) -> None:
    """Raise ValueError for what JSON in UTF-8 does not hold: half a surrogate pair, or values in `meta`."""
    row: dict[str, Any] = msgspec.to_builtins(labelling)
    for name, value in {**row.pop("article"), **row}.items():
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{name}: holds U+{ord(error.object[error.start]):04X}, half a character, which no file can hold"
            ) from error
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    if json.loads(json.dumps(labelling.meta)) != labelling.meta:
        raise ValueError("meta: holds values that JSON does not have, such as tuples or keys that are no text")
