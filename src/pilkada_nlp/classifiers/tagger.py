"""The tagger: load once, tag batches; every judgement comes with the sentences that carry it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pilkada_nlp._version import __version__
from pilkada_nlp.article import MODALITIES, Article, Evidence, Modality, ModalityValue, Relevance, Tagging, ThemeTag
from pilkada_nlp.classifiers import cues
from pilkada_nlp.classifiers.model import Floats, LinearModel, Manifest, load_model
from pilkada_nlp.classifiers.taxonomy import PhraseMatcher, Taxonomy, load_taxonomy
from pilkada_nlp.preprocessing import PREPROCESSING_VERSION, Span, Word, read, terms
from pilkada_nlp.regions import find_regions

_LEAD_SENTENCES = 2
_EVIDENCE_SENTENCES = 2
_EVIDENCE_TERMS = 5
_SECONDARY_FROM = 0.2  # probability from which a second modality is worth naming
_UNSURE_MODALITY = 0.4  # below this the modality needs a person
_UNSURE_BAND = 0.1  # so close to its threshold a yes/no answer needs a person


class _Sentence(NamedTuple):
    evidence: Evidence
    counts: Counter[str]
    phrases: dict[str, list[str]]


class Document(NamedTuple):
    """An article cut up once: its sentences with their terms, and the counts of all terms."""

    sentences: list[_Sentence]
    counts: Counter[str]


def read_document(article: Article, matcher: PhraseMatcher) -> Document:
    """Return the sentences and term counts of an article.

    A term of the title also counts as "t:term", one of the first two sentences as "l:term"; "p:theme" counts phrases
    of a theme, "pl:theme" those in title and lead.
    """
    title_words = [word for sentence in read(article.title) for word in sentence.words]
    spans: list[tuple[Span, Sequence[Word], bool]] = []
    if article.title:
        spans.append((Span(0, len(article.title), article.title), title_words, True))
    spans += [(sentence.span, sentence.words, False) for sentence in read(article.text)]
    found = []
    for number, (span, words, is_title) in enumerate(spans):
        counted = terms(words)
        phrases = matcher.find(span.text)
        counts = Counter(counted)
        if is_title:
            counts.update(f"t:{term}" for term in counted)
        elif number <= _LEAD_SENTENCES:
            counts.update(f"l:{term}" for term in counted)
        for theme, hits in phrases.items():
            counts[f"p:{theme}"] += len(hits)
            if number <= _LEAD_SENTENCES:
                counts[f"pl:{theme}"] += len(hits)
        evidence = Evidence(start=span.start, end=span.end, text=span.text, field="title" if is_title else "text")
        found.append(_Sentence(evidence, counts, phrases))
    total: Counter[str] = Counter()
    for sentence in found:
        total.update(sentence.counts)
    return Document(found, total)


class Tagger:
    """Tags articles with a trained model; `load_tagger` makes one.

    `name` identifies the model in every tagging that it makes.
    """

    def __init__(self, model: LinearModel, manifest: Manifest, taxonomy: Taxonomy) -> None:
        self._model = model
        self._taxonomy = taxonomy
        self._matcher = PhraseMatcher(taxonomy)
        self.manifest = manifest
        self.name = manifest.name

    def tag(self, articles: Iterable[Article]) -> list[Tagging]:
        """Return one tagging per article, in the same order."""
        return [self._tag(article) for article in articles]

    def _tag(self, article: Article) -> Tagging:
        model = self._model
        document = read_document(article, self._matcher)
        index, values = model.vectorize(document.counts)
        scores = model.log_odds(index, values)
        term_values = {model.vocabulary[column]: float(value) for column, value in zip(index, values, strict=True)}
        relevance = model.probability("relevant", scores)
        if not cues.names_election(article):
            relevance = 0.0  # nothing the model learned from holds for a text without a word of elections
        relevant = relevance >= model.threshold("relevant")
        theme_scores = {theme: model.probability(theme, scores) for theme in self.manifest.themes}
        modality = self._modality(article, document, scores, term_values) if relevant else None
        themes = self._themes(document, theme_scores, term_values) if relevant else ()
        regions = find_regions(article.text, article.title)
        outcome = cues.outcome(article, modality.value) if modality else None
        return Tagging(
            id=article.id,
            relevant=Relevance(
                value=relevant, score=relevance, election=cues.election_type(article) if relevant else None
            ),
            themes=themes,
            theme_scores=theme_scores,
            modality=modality,
            regions=regions,
            source_kind=cues.source_kind(article),
            severity=cues.severity(article, modality.value, outcome) if modality else 0,
            review=self._review(
                relevance, theme_scores if relevant else {}, modality, any(r.score < 1 for r in regions)
            ),
            outcome=outcome,
            model=self.name,
            taxonomy=self._taxonomy.version,
            version=__version__,
            thresholds={head: model.threshold(head) for head in ("relevant", *self.manifest.themes)},
        )

    def _themes(
        self, document: Document, theme_scores: Mapping[str, float], values: Mapping[str, float]
    ) -> tuple[ThemeTag, ...]:
        found = []
        for theme, score in theme_scores.items():
            threshold = self._model.threshold(theme)
            if score >= threshold:
                evidence = self._evidence(document, self._model.weights[self._model.rows[theme]], values)
                found.append(
                    ThemeTag(theme=theme, strength="pokok", score=score, threshold=threshold, evidence=evidence)
                )
            elif named := [sentence for sentence in document.sentences if theme in sentence.phrases]:
                evidence = tuple(sentence.evidence for sentence in named[:_EVIDENCE_SENTENCES])
                found.append(
                    ThemeTag(theme=theme, strength="sebutan", score=score, threshold=threshold, evidence=evidence)
                )
        return tuple(found)

    def _modality(self, article: Article, document: Document, scores: Floats, values: Mapping[str, float]) -> Modality:
        model = self._model
        rows = [model.rows[f"mod:{value}"] for value in MODALITIES]
        odds = scores[rows].astype(np.float64)
        odds = np.exp(odds - odds.max())
        ranked = sorted(zip((odds / odds.sum()).tolist(), MODALITIES, strict=True), reverse=True)
        if cues.is_simulation(article):
            ranked = _moved_up(ranked, "imbauan") if ranked[0][1] == "kejadian" else ranked
        if cues.is_debunk(article):
            ranked = _moved_up(ranked, "cek_fakta")
        (score, value), (next_score, second) = ranked[:2]
        # What tells this modality from the others, not what all of them share.
        weights = model.weights[model.rows[f"mod:{value}"]] - model.weights[rows].mean(axis=0)
        return Modality(
            value=value,
            score=round(score, 6),
            secondary=second if next_score >= _SECONDARY_FROM else None,
            evidence=self._evidence(document, weights, values),
        )

    def _evidence(self, document: Document, weights: Floats, values: Mapping[str, float]) -> tuple[Evidence, ...]:
        """Return the sentences that add most to a score, strongest first, with the terms that do it."""
        columns = self._model.columns
        ranked = []
        for number, sentence in enumerate(document.sentences):
            # A term that stands in several sentences shares its value among them.
            shares = {
                term: float(weights[columns[term]]) * values[term] * count / document.counts[term]
                for term, count in sentence.counts.items()
                if term in values
            }
            ranked.append((sum(shares.values()), -number, sentence, shares))
        ranked.sort(key=lambda item: item[:2], reverse=True)
        return tuple(
            Evidence(
                start=sentence.evidence.start,
                end=sentence.evidence.end,
                text=sentence.evidence.text,
                field=sentence.evidence.field,
                terms=_strongest(shares),
            )
            for total, _, sentence, shares in ranked[:_EVIDENCE_SENTENCES]
            if total > 0
        )

    def _review(
        self, relevance: float, theme_scores: Mapping[str, float], modality: Modality | None, open_region: bool
    ) -> tuple[str, ...]:
        model = self._model
        fields = []
        if abs(relevance - model.threshold("relevant")) < _UNSURE_BAND:
            fields.append("relevant")
        fields += [
            f"themes.{theme}"
            for theme, score in theme_scores.items()
            if abs(score - model.threshold(theme)) < _UNSURE_BAND
        ]
        if modality and modality.score < _UNSURE_MODALITY:
            fields.append("modality")
        if open_region:
            fields.append("regions")
        return tuple(fields)


def _moved_up(ranked: list[tuple[float, ModalityValue]], value: ModalityValue) -> list[tuple[float, ModalityValue]]:
    """Return the ranking with `value` in front, its own score kept, so that a rule over a model stays visible."""
    front = [item for item in ranked if item[1] == value]
    return front + [item for item in ranked if item[1] != value]


def _strongest(shares: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    terms = sorted(
        ((term, weight) for term, weight in shares.items() if weight > 0), key=lambda item: (-item[1], item[0])
    )
    return tuple((term, round(weight, 4)) for term, weight in terms[:_EVIDENCE_TERMS])


def shipped_model() -> Path:
    """Return the folder of the model that comes with the package, in an installed wheel or in a source checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models" / "tagger"
    return installed if installed.is_dir() else package.parents[1] / "models" / "tagger"


def load_tagger(folder: Path | None = None) -> Tagger:
    """Return a tagger with the shipped model, or with the model in `folder`.

    Raises ModelError when the folder holds no model, a changed one, or one of another format or version.
    """
    taxonomy = load_taxonomy()
    model, manifest = load_model(folder or shipped_model(), PREPROCESSING_VERSION, taxonomy.version)
    return Tagger(model, manifest, taxonomy)
