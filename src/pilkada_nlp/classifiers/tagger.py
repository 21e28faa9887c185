"""The tagger: load once, tag batches; every judgement comes with the sentences that carry it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from pilkada_nlp._version import __version__
from pilkada_nlp.article import (
    MODALITIES,
    Article,
    Evidence,
    Modality,
    ModalityValue,
    Outcome,
    Relevance,
    SourceKind,
    SourceKindValue,
    Strength,
    Tagging,
    ThemeTag,
)
from pilkada_nlp.classifiers import cues, facts
from pilkada_nlp.classifiers.champion import serving_model
from pilkada_nlp.classifiers.document import Document, DocumentReader, Sentence, counts_alone
from pilkada_nlp.classifiers.entities import find_entities
from pilkada_nlp.classifiers.model import Floats, LinearModel, Manifest, load_model
from pilkada_nlp.classifiers.taxonomy import Taxonomy
from pilkada_nlp.preprocessing import PREPROCESSING_VERSION, Span
from pilkada_nlp.regions import find_regions

_EVIDENCE_SENTENCES = 2
_EVIDENCE_TERMS = 5
_SECONDARY_FROM = 0.2  # probability from which a second modality is worth naming
_UNSURE_MODALITY = 0.5  # below this the modality needs a person
_SIGNALS = frozenset({"kejadian", "dugaan", "putusan"})
_UNSURE_BAND = 0.1  # so close to its threshold a yes/no answer needs a person
_SURE = 3  # weight of a phrase that nearly always means its theme
_NOT_AGAINST = 0.2
_MOST_MAIN_THEMES = 3  # guideline C.4


class Tagger:
    """Tags articles with a trained model; `load_tagger` makes one.

    `name` identifies the model in every tagging that it makes.
    """

    def __init__(self, model: LinearModel, manifest: Manifest, taxonomy: Taxonomy) -> None:
        self._model = model
        self._reader = DocumentReader(taxonomy)
        # What tells a modality from the others, not what all of them share.
        columns = {value: model.weights[:, model.rows[f"mod:{value}"]] for value in MODALITIES}
        shared = np.mean(list(columns.values()), axis=0)
        self._telling = {value: weights - shared for value, weights in columns.items()}
        self.taxonomy = taxonomy
        self.manifest = manifest
        self.name = manifest.name

    def tag(self, articles: Iterable[Article]) -> list[Tagging]:
        """Return one tagging per article, in the same order."""
        return [self._tag(article) for article in articles]

    def evidence(self, article: Article, head: str) -> tuple[Evidence, ...]:
        """Return the sentences that speak most for a yes/no head ("relevant", a theme) or for "mod:<value>"."""
        document = self._reader.read(article)
        weigher = _Weigher(self._model, document, *self._model.vectorize(document.counts))
        telling = self._telling.get(cast(ModalityValue, head.removeprefix("mod:")))
        return weigher.evidence(self._model.weights[:, self._model.rows[head]] if telling is None else telling)

    @property
    def feature_count(self) -> int:
        """How many features the model knows."""
        return len(self._model.vocabulary)

    def features(self, article: Article) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return what the model sees of an article: numbers of features (below `feature_count`) and their values."""
        return self._model.vectorize(self._reader.read(article).counts)

    def unknown_share(self, article: Article) -> float:
        """Return the share of an article's words that the model has never seen often enough to learn from."""
        return self._model.unknown_share(self._reader.read(article).counts)

    def _tag(self, article: Article) -> Tagging:
        model = self._model
        document = self._reader.read(article)
        index, values = model.vectorize(document.counts)
        scores = model.log_odds(index, values)
        relevance = model.probability("relevant", scores)
        if not cues.names_election(article):
            relevance = 0.0  # nothing the model learned from holds for a text without a word of elections
        relevant = relevance >= model.threshold("relevant")
        # Theme heads are fitted on related articles, so theirs is the probability given that the text is related.
        theme_scores = {
            theme: round(relevance * probability, 6)
            for theme, probability in model.theme_probabilities(self.manifest.themes, scores).items()
        }
        weigher = _Weigher(model, document, index, values)
        modality = self._modality(article, weigher, scores) if relevant else None
        themes = self._themes(document, theme_scores, scores, weigher) if relevant else ()
        regions = find_regions(article.text, article.title)
        outcome = self._outcome(article, scores) if modality and modality.value == "putusan" else None
        return Tagging(
            id=article.id,
            relevant=Relevance(
                value=relevant, score=relevance, election=cues.election_type(article) if relevant else None
            ),
            themes=themes,
            theme_scores=theme_scores,
            modality=modality,
            regions=regions,
            source_kind=cues.marked_kind(article) or self._kind_by_style(scores),
            severity=cues.severity(article, modality.value, outcome) if modality else 0,
            review=self._review(
                relevance, theme_scores if relevant else {}, modality, any(r.score < 1 for r in regions)
            ),
            outcome=outcome,
            model=self.name,
            taxonomy=self.taxonomy.version,
            version=__version__,
            event_date=facts.event_date(article) if relevant else None,
            is_aggregate=facts.is_aggregate(article) if relevant else None,
            case_stage=facts.case_stage(article, modality.value if modality else None),
            subtags=facts.subtags(article, [theme.theme for theme in themes]) if relevant else None,
            entities=find_entities(article) if relevant else None,
            thresholds={head: model.threshold(head) for head in ("relevant", *self.manifest.themes)},
        )

    def _themes(
        self, document: Document, theme_scores: Mapping[str, float], scores: Floats, weigher: "_Weigher"
    ) -> tuple[ThemeTag, ...]:
        model = self._model
        passing = [theme for theme, score in theme_scores.items() if score >= model.threshold(theme)]
        passing.sort(key=lambda theme: model.threshold(theme) - theme_scores[theme])
        main = set(passing[:_MOST_MAIN_THEMES])
        phrases = document.phrases()
        found = []
        for theme, score in theme_scores.items():
            named = phrases.get(theme, {})
            strength: Strength = "pokok" if theme in main else "sebutan"
            if theme not in main and not self._is_named(theme, named, scores):
                continue
            evidence = weigher.evidence(model.weights[:, model.rows[theme if theme in main else f"any:{theme}"]])
            if theme not in main and named:  # a theme that is only named stands in the sentences that name it
                evidence = tuple(
                    weigher.as_evidence(document.sentences[number]) for number in list(named)[:_EVIDENCE_SENTENCES]
                )
            found.append(
                ThemeTag(
                    theme=theme, strength=strength, score=score, threshold=model.threshold(theme), evidence=evidence
                )
            )
        return tuple(found)

    def _is_named(self, theme: str, named: Mapping[int, int], scores: Floats) -> bool:
        """Say whether a theme is named: by the model, or, as in lists, by a sure phrase and not against the model."""
        probability = self._model.probability(f"any:{theme}", scores)
        sure = max(named.values(), default=0) == _SURE
        return probability >= self._model.threshold(f"any:{theme}") or (sure and probability >= _NOT_AGAINST)

    def _modality(self, article: Article, weigher: "_Weigher", scores: Floats) -> Modality:
        model = self._model
        shares = cast("dict[ModalityValue, float]", model.shares("mod:", scores))
        ranked = sorted(((share, value) for value, share in shares.items()), reverse=True)
        if cues.is_simulation(article):
            ranked = _moved_up(ranked, "imbauan") if ranked[0][1] == "kejadian" else ranked
        if cues.is_absence(article) and ranked[0][1] in _SIGNALS:
            ranked = _moved_up(ranked, "imbauan")  # "nothing so far" reassures; it is no ruling
        if cues.is_debunk(article):
            ranked = _moved_up(ranked, "cek_fakta")
        (score, value), (next_score, second) = ranked[:2]
        return Modality(
            value=value,
            score=round(score, 6),
            secondary=second if next_score >= _SECONDARY_FROM else None,
            evidence=weigher.evidence(self._telling[value]),
        )

    def _kind_by_style(self, scores: Floats) -> SourceKind:
        shares = self._model.shares("kind:", scores)
        value = max(shares, key=shares.__getitem__)
        return SourceKind(value=cast(SourceKindValue, value), score=round(shares[value], 6))

    def _outcome(self, article: Article, scores: Floats) -> Outcome | None:
        """Return how a decided case ended: by the words of title and lead, else by the model if it learned that."""
        shares = self._model.shares("out:", scores)
        if said := cues.outcome(article):
            return said
        # Where nothing was learned all have the same share, and a guess would call half of the acquitted guilty.
        learned = len(set(shares.values())) > 1
        return cast(Outcome, max(shares, key=shares.__getitem__)) if learned else None

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


class _Weigher:
    """Finds the sentences that add most to a score."""

    def __init__(self, model: LinearModel, document: Document, index: npt.NDArray[np.intp], values: Floats) -> None:
        self._model = model
        self._document = document
        self._modalities: dict[Span, ModalityValue] = {}
        self._index = index
        names = [model.vocabulary[column] for column in index.tolist()]
        # A term that stands in several sentences shares its value among them.
        self._values = values / np.fromiter(map(document.counts.__getitem__, names), np.float64, len(names))
        self._terms, self._entries, self._starts = _incidence(document.sentences, names)
        self._numbers = np.repeat(np.arange(len(document.sentences)), np.diff(self._starts))

    def evidence(self, weights: Floats) -> tuple[Evidence, ...]:
        """Return the sentences that add most under `weights`, shape (terms,), strongest first, with their terms."""
        shares = (weights[self._index] * self._values)[self._entries]
        sentences = self._document.sentences
        totals = np.bincount(self._numbers, shares, minlength=len(sentences))
        ranked = np.argsort(-totals, kind="stable")[:_EVIDENCE_SENTENCES].tolist()
        return tuple(
            self.as_evidence(sentences[number], self._strongest(number, shares))
            for number in ranked
            if totals[number] > 0
        )

    def _strongest(self, number: int, shares: npt.NDArray[np.floating]) -> tuple[tuple[str, float], ...]:
        """Return the terms of a sentence that add most, each with what it adds."""
        added: defaultdict[str, float] = defaultdict(float)
        part = slice(self._starts[number], self._starts[number + 1])
        for term, share in zip(self._terms[part], shares[part].tolist(), strict=True):
            added[term] += share
        ranked = sorted((item for item in added.items() if item[1] > 0), key=lambda item: (-item[1], item[0]))
        return tuple((term, round(weight, 4)) for term, weight in ranked[:_EVIDENCE_TERMS])

    def as_evidence(self, sentence: Sentence, terms: tuple[tuple[str, float], ...] = ()) -> Evidence:
        """Return a sentence as evidence, with the terms that weigh most in it and the modality that it has alone."""
        span = sentence.span
        if span not in self._modalities:
            scores = self._model.log_odds(*self._model.vectorize(counts_alone(sentence)))
            shares = self._model.shares("mod:", scores)
            self._modalities[span] = cast(ModalityValue, max(shares, key=shares.__getitem__))
        return Evidence(
            start=span.start,
            end=span.end,
            text=span.text,
            terms=terms,
            field="title" if sentence.in_title else "text",
            modality=self._modalities[span],
        )


def _incidence(
    sentences: Sequence[Sentence], names: Sequence[str]
) -> tuple[list[str], npt.NDArray[np.intp], list[int]]:
    """Return each occurrence of a term, by sentence: the terms, their places in `names`, and where sentences start.

    A term of the title counts twice in the whole text, as in `Document.counts`, and again as one of lead and title.
    """
    place_of = {name: number for number, name in enumerate(names)}.get
    found: list[tuple[str, int]] = []
    starts = [0]
    for sentence in sentences:
        found += [(term, at) for term in sentence.terms if (at := place_of(term)) is not None]
        if sentence.in_lead:
            found += [(term, at) for term in sentence.terms if (at := place_of(f"l:{term}")) is not None]
        if sentence.in_title:
            found += [(term, at) for term in sentence.terms if (at := place_of(term)) is not None]
            found += [(term, at) for term in sentence.terms if (at := place_of(f"t:{term}")) is not None]
        starts.append(len(found))
    return [term for term, _ in found], np.array([at for _, at in found], dtype=np.intp), starts


def _moved_up(ranked: list[tuple[float, ModalityValue]], value: ModalityValue) -> list[tuple[float, ModalityValue]]:
    """Return the ranking with `value` in front, its own score kept, so that a rule over a model stays visible."""
    front = [item for item in ranked if item[1] == value]
    return front + [item for item in ranked if item[1] != value]


def load_tagger(folder: str | Path | None = None) -> Tagger:
    """Return a tagger with the model in service, or with the one in `folder`, and the taxonomy that it learned.

    In service is the version that was last promoted, the shipped model when none was. Raises ModelError when the folder
    holds no model, a changed one, or one of another format or version.
    """
    model, manifest, taxonomy = load_model(Path(folder or serving_model()), PREPROCESSING_VERSION)
    return Tagger(model, manifest, taxonomy)
