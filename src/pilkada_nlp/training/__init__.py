"""Trains the tagger from labelled articles: corpora, and beside them labels of one's own. Never imported by serving."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import sklearn
from threadpoolctl import threadpool_limits

from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, Article
from pilkada_nlp.classifiers.document import DocumentReader
from pilkada_nlp.classifiers.model import FORMAT, Floats, LinearModel, Manifest, idf_of, is_word
from pilkada_nlp.classifiers.taxonomy import Taxonomy, load_taxonomy
from pilkada_nlp.corpora import LabelledArticle, LabelledSentence
from pilkada_nlp.errors import InputError
from pilkada_nlp.labelling import Labelling
from pilkada_nlp.preprocessing import PREPROCESSING_VERSION
from pilkada_nlp.training.doubts import Doubt, agreement, doubts_about
from pilkada_nlp.training.fitting import FOLDS, MORE_LIKELY_THAN_NOT, Fitting, Matrix, Texts, matrix_of
from pilkada_nlp.training.folder import corpus_digest, refuse_other_folders, write_folder
from pilkada_nlp.training.groups import event_of, groups_of
from pilkada_nlp.training.reference import reference_of
from pilkada_nlp.versions import Versions

__all__ = ["Doubt", "Trained", "articles_held_back", "corpus_digest", "train", "train_version"]

_LEAST_DOCUMENTS: Final = 4  # a term in fewer articles says more about one event than about a theme
_LEAST_EXAMPLES: Final = 5  # main-theme articles from which a theme can be learned; one for each fold
_OWN_WEIGHT: Final = 1.0  # of an own label beside a text of the corpora; see models/README.md
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and how much there is; as in `fetching`."""


class Trained(NamedTuple):
    """A trained model's manifest, and the own labels that deserve another look, the most doubtful first."""

    manifest: Manifest
    doubts: list[Doubt]


def train(
    corpus: Sequence[LabelledArticle],
    out: Path,
    seed: int = 0,
    taxonomy_file: Path | None = None,
    sentences: Sequence[LabelledSentence] = (),
    own: Sequence[Labelling] = (),
    held_back: Sequence[Labelling] = (),
    progress: Progress = lambda step, done, total: None,
) -> Trained:
    """Train on the corpus and on own labels, of both but split "test", and write the model folder `out`.

    `own` is one labelling for each article (`labelling.resolve` makes it); of an article that stands in the corpus too
    the own label counts. Nothing is learned from articles `held_back`, nor from others on their events. `sentences`,
    those of split "test" left out, teach modality beside the articles, and make it fit to judge a single sentence.

    Every theme of the taxonomy (the shipped one, or that of `taxonomy_file`) with at least five main-theme articles is
    learned. Calibration and figures rest on out-of-fold scores, folds kept apart by event, and own labels by outlet
    too. The same data, in whatever order the own labels come, and the same seed give the same bytes on one machine. An
    older model is replaced only when the new one is complete. Raises InputError for a corpus that is too small or a
    file that is no taxonomy, OutputError when `out` cannot be written.
    """
    out = out.resolve()
    refuse_other_folders(out)
    kept = {key for one in held_back for key in (one.article.id, event_of(one.article))}
    own = sorted((one for one in own if _may_be_learned(one.article, kept)), key=lambda one: one.article.id)
    replaced = {one.article.id for one in own}
    rows = [row for row in corpus if _may_be_learned(row, kept) and row.id not in replaced]
    sentences = [sentence for sentence in sentences if sentence.split != "test"]
    groups = groups_of(rows, own, FOLDS)
    rows += [labelling.article for labelling in own]
    taxonomy = load_taxonomy(taxonomy_file)
    themes = _themes(taxonomy, rows, len(set(groups.tolist())))
    reader = DocumentReader(taxonomy)
    documents = []
    for row in rows:
        documents.append(reader.read(_text(row.id, row.title, row.text)).counts)
        progress("texts", len(documents), len(rows))
    frequency = Counter(term for document in documents for term in document)
    vocabulary = sorted(term for term, count in frequency.items() if count >= _LEAST_DOCUMENTS)
    model = _empty_model(vocabulary, idf_of(documents, vocabulary, len(documents)), themes)
    weights = np.r_[np.ones(len(rows) - len(own)), np.full(len(own), _OWN_WEIGHT)]
    heads = 2 * len(themes) + 4
    done = iter(range(1, heads + 1))
    fitting = Fitting(
        model,
        Texts(_matrix(model, documents), rows, groups, weights),
        _matrix(model, [reader.read(_text(row.id, "", row.text)).counts for row in sentences]),
        [row.mod for row in sentences],
        seed,
        lambda: progress("heads", next(done), heads),
    )
    # Within one fit a second thread costs more than it brings, and would make the last digits a matter of chance.
    with threadpool_limits(1):
        scores, held = fitting.fit(themes)
    digest = corpus_digest(rows, sentences)
    unknown = [_unknown_share(document, frequency) for document in documents]
    manifest = Manifest(
        format=FORMAT,
        name=f"tagger-{digest[:8]}-{seed}",
        themes=themes,
        preprocessing=PREPROCESSING_VERSION,
        taxonomy=taxonomy.version,
        corpus_sha256=digest,
        articles=len(rows),
        seed=seed,
        scikit_learn=sklearn.__version__,
        scores=scores,
        files={},
        own_articles=len(own),
        own_agreement=agreement(own, held, themes, MORE_LIKELY_THAN_NOT) if own else None,
        reference=reference_of(rows, held, themes, unknown),
    )
    manifest = write_folder(model, manifest, out, taxonomy_file)
    return Trained(manifest, doubts_about(own, held, themes, out))


def train_version(
    versions: Versions,
    corpus: Sequence[LabelledArticle],
    own: Sequence[Labelling],
    seed: int = 0,
    taxonomy_file: Path | None = None,
    sentences: Sequence[LabelledSentence] = (),
    progress: Progress = lambda step, done, total: None,
) -> Trained:
    """Train as `train` does, and make the model a version, judged on the articles that no version learns from.

    The first time these are the articles of split "test" in the corpus and among the own labels; they stay the same
    from then on. A version serves when it is promoted (`Versions.promote`). Raises what `train`, `Versions.fresh` and
    `Versions.take` raise.
    """
    frozen = versions.frozen(when_new=articles_held_back(corpus, own))
    with versions.fresh() as fresh:
        trained = train(corpus, fresh, seed, taxonomy_file, sentences, own, frozen, progress)
        versions.take(fresh, frozen)
    return trained


def articles_held_back(corpus: Sequence[LabelledArticle], own: Sequence[Labelling]) -> list[Labelling]:
    """Return the articles of split "test", which are never learned from."""
    return [one for one in (*(Labelling(article=row) for row in corpus), *own) if one.article.split == "test"]


def _may_be_learned(row: LabelledArticle, kept: Collection[str]) -> bool:
    return row.split != "test" and row.id not in kept and event_of(row) not in kept


def _themes(taxonomy: Taxonomy, rows: Sequence[LabelledArticle], groups: int) -> tuple[str, ...]:
    """Return the themes that these texts can teach; InputError when they can teach nothing."""
    if groups < FOLDS:
        raise InputError(f"{groups} events are too few to train on; at least {FOLDS} are needed", "corpus")
    counts = Counter(theme for row in rows for theme in row.labels.pokok)
    related = sum(row.labels.rel for row in rows)
    if not 0 < related < len(rows):
        raise InputError(
            f"{related} articles about elections and {len(rows) - related} others; both are needed to tell them apart",
            "corpus",
        )
    themes = tuple(theme.id for theme in taxonomy.themes if _LEAST_EXAMPLES <= counts[theme.id] < related)
    if not themes:
        raise InputError(
            f"no theme has {_LEAST_EXAMPLES} articles that are about it beside others that are not", "corpus"
        )
    return themes


def _text(key: str, title: str, text: str) -> Article:
    """Return a text as an article; training reads nothing else of it."""
    return Article(id=key, url="", outlet="", title=title, text=text, day=_NO_TIME.date(), fetched_at=_NO_TIME)


def _empty_model(vocabulary: list[str], idf: Floats, themes: Sequence[str]) -> LinearModel:
    heads = [
        "relevant",
        *themes,
        *(f"any:{theme}" for theme in themes),
        *(f"mod:{value}" for value in MODALITIES),
        *(f"kind:{value}" for value in SOURCE_KINDS),
        *(f"out:{value}" for value in OUTCOMES),
    ]
    measured = np.array([term.startswith("d:") for term in vocabulary])
    return LinearModel(
        vocabulary,
        np.where(measured, np.float32(1), idf),
        heads,
        weights=np.zeros((len(vocabulary), len(heads)), dtype=np.float32),
        intercepts=np.zeros(len(heads), dtype=np.float32),
        slopes=np.ones(len(heads), dtype=np.float32),
        offsets=np.zeros(len(heads), dtype=np.float32),
        thresholds=np.full(len(heads), MORE_LIKELY_THAN_NOT, dtype=np.float32),
        joint=np.zeros(4, dtype=np.float32),
    )


def _matrix(model: LinearModel, documents: Sequence[Mapping[str, float]]) -> Matrix:
    """Return the vectors of documents, shape (documents, terms), made by the same code that serves."""
    return matrix_of([model.vectorize(counts) for counts in documents], len(model.vocabulary))


def _unknown_share(document: Mapping[str, float], frequency: Mapping[str, int]) -> float:
    """Return the share of words that would be unknown had this text not been among those that were learned from."""
    words = {term: count for term, count in document.items() if is_word(term)}
    unknown = sum(count for term, count in words.items() if frequency[term] - 1 < _LEAST_DOCUMENTS)
    return unknown / max(1.0, sum(words.values()))
