"""A tagging in words: every judgement with its score, its threshold and the sentences that carry it.

`Explanation.dict()` gathers everything; plain text and HTML are renderings of it and add nothing. What a tagging does
not hold is not explained: no model and no article is read here.
"""

import functools
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pilkada_nlp.article import Evidence, Tagging, ThemeTag
from pilkada_nlp.article.marking import Mark, parse_term, pattern_of, phrase_pattern, pieces
from pilkada_nlp.wording import Language, table, template_environment, texts

if TYPE_CHECKING:
    import jinja2

Plain = dict[str, Any]

_WIDTH: Final = 100  # characters of a line of plain text


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What a tagging rests on, in one language: `print` it, show it in a notebook, or store its `dict()`."""

    tagging: Tagging
    language: Language = "id"
    title: str = ""

    def __post_init__(self) -> None:
        texts(self.language)  # an unknown language is an error here, not where it is first shown

    def __str__(self) -> str:
        return "\n".join(_Text(self.dict(), Words(self.language)).lines())

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """Return an HTML fragment that needs nothing else; all that comes from the article is escaped."""
        words, content = Words(self.language), self.dict()
        return _template().render(
            d=content,
            t=words.texts,
            w=words,
            facts=_facts(content, words),
            flagged=_flagged(content),
            pieces=functools.partial(highlighted, words),
            weighs_terms=_weighs_terms(content),
        )

    def dict(self) -> Plain:
        """Return everything as strings, numbers, lists and dictionaries that JSON can hold.

        Values are those of the tagging; `name`, `label` and `why` say them in the language of the explanation.
        Offsets count characters of the article's text or title (`field`). A threshold is None where the tagging does
        not hold it.
        """
        tagging, words = self.tagging, Words(self.language)
        modality, source = tagging.modality, tagging.source_kind
        return {
            "id": tagging.id,
            "title": self.title,
            "language": self.language,
            "relevant": {
                **msgspec.to_builtins(tagging.relevant),
                "threshold": tagging.thresholds.get("relevant"),
            },
            "themes": [_theme(tag, words) for tag in tagging.themes],
            "near": _near(tagging, words),
            "modality": modality
            and {
                **msgspec.to_builtins(modality),
                "name": words.modality[modality.value],
                "evidence": [_evidence(evidence, words) for evidence in modality.evidence],
            },
            "regions": [msgspec.to_builtins(region) for region in tagging.regions],
            "source_kind": {**msgspec.to_builtins(source), "name": words.texts["source"].get(source.value)},
            "severity": tagging.severity,
            "outcome": tagging.outcome,
            "case_stage": tagging.case_stage,
            "event_date": tagging.event_date.isoformat() if tagging.event_date else None,
            "review": [{"field": field, "why": _why(field, tagging, words)} for field in tagging.review],
            "model": tagging.model,
            "taxonomy": tagging.taxonomy,
            "version": tagging.version,
        }


class Words:
    """Says values in one language, for explanations and cards."""

    def __init__(self, language: Language) -> None:
        everything = texts(language)
        self.texts: Plain = everything["explanation"]
        self.modality: dict[str, str] = everything["modality"]
        self.outcome: dict[str, str] = everything["outcome"]
        self._names = {theme["id"]: theme["name"][language] for theme in table("taxonomy.toml")["themes"]}

    def theme(self, theme: str) -> str:
        """Return the name of a theme, its id where the taxonomy does not know it."""
        return str(self._names.get(theme, theme))

    def number(self, value: float, form: str = ".3f") -> str:
        """Return a number as the language writes it."""
        return format(value, form).replace(".", self.texts["decimal"])

    def against(self, score: float, threshold: float | None) -> str:
        """Return a probability and its threshold, such as "probabilitas 0,437; ambang 0,250"."""
        bar = self.texts["no_threshold"] if threshold is None else self.texts["threshold"]
        shown = "" if threshold is None else self.number(threshold)
        return f"{self.texts['probability'].format(score=self.number(score))}; {bar.format(threshold=shown)}"

    def term(self, term: str) -> str:
        """Return a term of the model in words."""
        kind, place, text = parse_term(term)
        shown = self.theme(text) if kind == "phrase" else text.replace("0", "#")
        return str(self.texts["term"][f"{kind}_{place}" if place else kind]).format(text=shown)

    def weighed(self, term: Mapping[str, Any]) -> str:
        """Return a term of `Explanation.dict()` with its weight."""
        return f"{term['label']} {self.number(term['weight'], '+.3f')}"


def _theme(tag: ThemeTag, words: Words) -> Plain:
    return {
        "theme": tag.theme,
        "name": words.theme(tag.theme),
        "strength": tag.strength,
        "score": tag.score,
        "threshold": tag.threshold,
        "evidence": [_evidence(evidence, words, tag.theme) for evidence in tag.evidence],
    }


def _evidence(evidence: Evidence, words: Words, theme: str = "") -> Plain:
    """Return a sentence with its terms in words; `phrases` are those of `theme` in it, as they are written there."""
    pattern = phrase_pattern(theme)
    return {
        "field": evidence.field,
        "start": evidence.start,
        "end": evidence.end,
        "text": evidence.text,
        "modality": evidence.modality,
        "modality_name": evidence.modality and words.modality[evidence.modality],
        "terms": [{"term": term, "label": words.term(term), "weight": weight} for term, weight in evidence.terms],
        "phrases": list(dict.fromkeys(pattern.findall(evidence.text))) if pattern else [],
    }


def _near(tagging: Tagging, words: Words) -> list[Plain]:
    """Return the themes that were not assigned but nearly: close to the threshold, or above it in another article."""
    assigned = {tag.theme for tag in tagging.themes}
    found = []
    for theme, score in sorted(tagging.theme_scores.items(), key=lambda item: -item[1]):
        threshold = tagging.thresholds.get(theme)
        reached = threshold is not None and score >= threshold
        if theme not in assigned and (reached or f"themes.{theme}" in tagging.review):
            why = words.texts["near_unrelated" if reached and not tagging.relevant.value else "near_below"]
            found.append(
                {"theme": theme, "name": words.theme(theme), "score": score, "threshold": threshold, "why": why}
            )
    return found


def _why(field: str, tagging: Tagging, words: Words) -> str:
    """Return why a field needs a person, as a sentence."""
    say: dict[str, str] = words.texts["why"]
    head, _, theme = field.partition(".")

    def close(score: float, threshold: float | None) -> dict[str, str]:
        return {
            "score": words.number(score),
            "threshold": say["unknown"] if threshold is None else words.number(threshold),
        }

    if head == "relevant":
        return say[head].format(**close(tagging.relevant.score, tagging.thresholds.get(head)))
    if head == "themes" and theme in tagging.theme_scores:
        recorded = {tag.theme: tag.threshold for tag in tagging.themes} | tagging.thresholds
        return say[head].format(theme=words.theme(theme), **close(tagging.theme_scores[theme], recorded.get(theme)))
    if head == "modality" and (modality := tagging.modality):
        return say["modality_second" if modality.secondary else head].format(
            value=words.modality[modality.value],
            score=words.number(modality.score),
            second=words.modality[modality.secondary] if modality.secondary else "",
        )
    if head == "regions" and (unsure := [region for region in tagging.regions if region.score < 1]):
        return say[head].format(
            regions=", ".join(f"{region.name} ({words.number(region.score, '.2f')})" for region in unsure)
        )
    return say["other"].format(field=field)


def _flagged(content: Plain) -> frozenset[str]:
    return frozenset(entry["field"] for entry in content["review"])


def _weighs_terms(content: Plain) -> bool:
    judged = filter(None, (*content["themes"], content["modality"]))
    return any(evidence["terms"] for part in judged for evidence in part["evidence"])


# Plain text


def _printable(text: str) -> str:
    """Return `text` on one line, without characters that steer a terminal or turn the direction of writing."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


class _Text:
    """The lines of plain text, in the order in which people ask: about what, which themes, which kind, where, who."""

    def __init__(self, content: Plain, words: Words) -> None:
        self._content = content
        self._words = words
        self._flagged = _flagged(content)

    def lines(self) -> Iterator[str]:
        content, t = self._content, self._words.texts
        yield "  ".join(filter(None, map(_printable, (content["id"], content["title"]))))
        yield from self._relevance()
        yield from self._themes()
        yield from self._modality()
        yield from self._regions()
        yield from self._facts()
        yield f"{t['to_review']}: {'' if content['review'] else t['nothing_to_review']}".rstrip()
        for entry in content["review"]:
            yield from _wrapped(entry["why"], "  ")
        yield ""
        yield from _wrapped(f"{t['made_by']}: {t['versions'].format(**content)}", "")
        if _weighs_terms(content):
            yield from _wrapped(t["legend"], "")

    def _badge(self, field: str) -> str:
        return f"  [{self._words.texts['review']}]" if field in self._flagged else ""

    def _relevance(self) -> Iterator[str]:
        relevant, words = self._content["relevant"], self._words
        said = words.texts["related" if relevant["value"] else "unrelated"]
        kind = f", {words.texts['election'][relevant['election']]}" if relevant["election"] else ""
        score = words.against(relevant["score"], relevant["threshold"])
        yield f"{words.texts['relevance']}: {said}{kind} ({score}){self._badge('relevant')}"

    def _themes(self) -> Iterator[str]:
        t = self._words.texts
        yield f"{t['themes']}: {'' if self._content['themes'] else t['no_themes']}".rstrip()
        for theme in self._content["themes"]:
            yield self._theme_line(theme, t["strength"][theme["strength"]])
            yield from self._evidence(theme["evidence"])
        if self._content["near"]:
            yield f"{t['near']}:"
        for theme in self._content["near"]:
            yield self._theme_line(theme, theme["why"])

    def _theme_line(self, theme: Plain, said: str) -> str:
        score = self._words.against(theme["score"], theme["threshold"])
        return "  " + _printable(f"{theme['name']}: {said} ({score})") + self._badge(f"themes.{theme['theme']}")

    def _modality(self) -> Iterator[str]:
        modality, words, t = self._content["modality"], self._words, self._words.texts
        if modality is None:
            yield f"{t['modality']}: {t['no_modality']}"
            return
        second = modality["secondary"]
        shown = t["probability"].format(score=words.number(modality["score"]))
        shown += f"; {t['second'].format(modality=words.modality[second])}" if second else ""
        yield f"{t['modality']}: {modality['name']} ({shown}){self._badge('modality')}"
        yield from self._evidence(modality["evidence"])

    def _regions(self) -> Iterator[str]:
        words, t = self._words, self._words.texts
        shown = "" if self._content["regions"] else t["no_regions"]
        yield f"{t['regions']}: {shown}".rstrip() + self._badge("regions")
        for region in self._content["regions"]:
            score = t["region_score"].format(score=words.number(region["score"], ".2f"))
            yield "  " + _printable(f"{region['code']} {region['name']}: {t['role'][region['role']]} ({score})")

    def _facts(self) -> Iterator[str]:
        for label, value, field in _facts(self._content, self._words):
            yield _printable(f"{label}: {value}") + self._badge(field)

    def _evidence(self, found: Sequence[Plain]) -> Iterator[str]:
        words, t = self._words, self._words.texts
        for evidence in found:
            where = f"{t['in_' + evidence['field']]} {evidence['start']}–{evidence['end']}"
            where += f", {evidence['modality_name']}" if evidence["modality"] else ""
            yield from _wrapped(f"{where}: “{evidence['text']}”", "    ")
            if evidence["terms"]:
                *others, last = (_printable(words.weighed(term)) for term in evidence["terms"])
                yield from _filled([*(f"{term};" for term in others), last], "      ")
            elif evidence["phrases"]:
                yield from _wrapped(t["phrases"].format(phrases=", ".join(evidence["phrases"])), "      ")


def _facts(content: Plain, words: Words) -> list[tuple[str, str, str]]:
    """Return the judgements of one line each, as (label, value, field); those that nobody made are left out."""
    t, source = words.texts, content["source_kind"]
    mark = t["mark"].format(mark=source["mark"]) if source["mark"] else t["no_mark"]
    score = t["region_score"].format(score=words.number(source["score"], ".2f"))
    found = [
        (t["source_kind"], f"{source['name'] or source['value']} ({score}; {mark})", "source_kind"),
        (t["severity"], t["severity_of"].format(severity=content["severity"]), "severity"),
    ]
    for field, value in (
        ("outcome", words.outcome.get(content["outcome"])),
        ("case_stage", t["stage"].get(content["case_stage"], content["case_stage"])),
        ("event_date", content["event_date"]),
    ):
        if value is not None:
            found.append((t[field], value, field))
    return found


def _wrapped(text: str, indent: str) -> list[str]:
    return _filled(_printable(text).split(), indent)


def _filled(units: Iterable[str], indent: str) -> list[str]:
    """Return lines of units such as words, none of which is broken, however long it is."""
    whole = " ".join(unit.replace(" ", "\0") for unit in units)
    lines = textwrap.wrap(
        whole,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]


# HTML


@functools.cache
def _template() -> "jinja2.Template":
    return template_environment().get_template("explanation.html.j2")


def highlighted(words: Words, evidence: Plain, theme: str = "") -> list[tuple[str, str]]:
    """Return a sentence of `Explanation.dict()` in pieces, each with what weighs in it ("" where nothing does).

    Where no term weighs, a theme stands on its phrases.
    """
    found = [(pattern_of(term["term"]), words.weighed(term)) for term in evidence["terms"]]
    if not found and theme:
        found = [(phrase_pattern(theme), words.term(f"p:{theme}"))]
    marks = [Mark(pattern, caption) for pattern, caption in found if pattern]
    return [(text, "; ".join(captions)) for text, captions in pieces(evidence["text"], marks)]
