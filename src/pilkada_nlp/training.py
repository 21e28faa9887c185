"""Trains the tagger from labelled articles; the only module that needs scikit-learn, never imported by serving."""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import sklearn
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from pilkada_nlp.article import MODALITIES, Article
from pilkada_nlp.classifiers.model import FORMAT, Floats, LinearModel, Manifest, idf_of
from pilkada_nlp.classifiers.tagger import read_document
from pilkada_nlp.classifiers.taxonomy import PhraseMatcher, load_taxonomy
from pilkada_nlp.corpora import LabelledArticle
from pilkada_nlp.errors import InputError, OutputError
from pilkada_nlp.preprocessing import PREPROCESSING_VERSION

LEARNED_THEMES: Final = ("netralitas_asn", "petahana", "keamanan")
"""Themes whose phrases the taxonomy holds; the others stay out rather than being guessed."""

_LEAST_DOCUMENTS: Final = 3  # a term in fewer articles says more about one event than about a theme
_STRENGTH: Final = 10.0  # inverse of the L2 penalty; from 3 to 100 cross-validation on the corpus shows no difference
_FOLDS: Final = 5


def train(corpus: Sequence[LabelledArticle], out: Path, seed: int = 0) -> Manifest:
    """Train on the corpus lines of split "train" and "dev", write the model folder `out`, return its manifest.

    Thresholds and calibration are fitted on out-of-fold scores, folds kept apart by event. The same corpus and seed
    give the same bytes on one machine. An existing folder is replaced only when the new one is complete. Raises
    InputError for a corpus that is too small, OutputError when `out` cannot be written.
    """
    rows = [row for row in corpus if row.split != "test"]
    events = sorted({row.event for row in rows})
    if len(events) < _FOLDS:
        raise InputError(f"{len(events)} events are too few to train on; at least {_FOLDS} are needed", "corpus")
    taxonomy = load_taxonomy()
    matcher = PhraseMatcher(taxonomy)
    documents = [read_document(_article(row), matcher).counts for row in rows]
    frequency = Counter(term for counts in documents for term in counts)
    vocabulary = sorted(term for term, count in frequency.items() if count >= _LEAST_DOCUMENTS)
    model = _empty_model(vocabulary, idf_of(documents, vocabulary, len(documents)))
    matrix = _matrix(model, documents)
    groups = np.array([events.index(row.event) for row in rows])
    scores = _fit_heads(model, matrix, rows, groups, seed)
    _fit_modality(model, matrix, rows, groups, scores, seed)
    manifest = Manifest(
        format=FORMAT,
        name=f"tagger-{corpus_digest(rows)[:8]}-{seed}",
        themes=LEARNED_THEMES,
        preprocessing=PREPROCESSING_VERSION,
        taxonomy=taxonomy.version,
        corpus_sha256=corpus_digest(rows),
        articles=len(rows),
        seed=seed,
        scikit_learn=sklearn.__version__,
        scores=scores,
        files={},
    )
    return _write(model, manifest, out)


def _article(row: LabelledArticle) -> Article:
    noon = datetime(row.date.year, row.date.month, row.date.day, 12, tzinfo=UTC)
    return Article(id=row.id, url="", outlet="", title=row.title, text=row.text, day=row.date, fetched_at=noon)


def _empty_model(vocabulary: list[str], idf: Floats) -> LinearModel:
    heads = ["relevant", *LEARNED_THEMES, *(f"mod:{value}" for value in MODALITIES)]
    return LinearModel(
        vocabulary,
        idf,
        heads,
        weights=np.zeros((len(heads), len(vocabulary)), dtype=np.float32),
        intercepts=np.zeros(len(heads), dtype=np.float32),
        slopes=np.ones(len(heads), dtype=np.float32),
        offsets=np.zeros(len(heads), dtype=np.float32),
        thresholds=np.full(len(heads), 0.5, dtype=np.float32),
    )


def _matrix(model: LinearModel, documents: Sequence[Counter[str]]) -> csr_matrix:
    """Return the TF-IDF matrix, shape (articles, terms), by the same code that serves."""
    vectors = [model.vectorize(counts) for counts in documents]
    starts = np.cumsum([0, *(len(index) for index, _ in vectors)])
    return csr_matrix(
        (np.concatenate([values for _, values in vectors]), np.concatenate([index for index, _ in vectors]), starts),
        shape=(len(documents), len(model.vocabulary)),
    )


def _fit_heads(
    model: LinearModel, matrix: csr_matrix, rows: Sequence[LabelledArticle], groups: npt.NDArray[np.int_], seed: int
) -> dict[str, float]:
    """Fit relevance and themes with calibration and thresholds; return their out-of-fold F1 by head."""
    scores = {}
    targets = {"relevant": np.array([row.labels.rel for row in rows])}
    targets |= {theme: np.array([theme in row.labels.pokok for row in rows]) for theme in LEARNED_THEMES}
    for head, target in targets.items():
        held_out = np.zeros(len(rows))
        for train_rows, test_rows in GroupKFold(_FOLDS).split(matrix, target, groups):
            fold = _classifier(seed).fit(matrix[train_rows], target[train_rows])
            held_out[test_rows] = fold.decision_function(matrix[test_rows])
        final = _classifier(seed).fit(matrix, target)
        sigmoid = LogisticRegression(C=1e6).fit(held_out[:, None], target)
        row = model.rows[head]
        model.weights[row] = final.coef_[0]
        model.intercepts[row] = final.intercept_[0]
        model.slopes[row] = sigmoid.coef_[0, 0]
        model.offsets[row] = sigmoid.intercept_[0]
        probabilities = sigmoid.predict_proba(held_out[:, None])[:, 1]
        model.thresholds[row], scores[f"f1.{head}"] = _best_threshold(probabilities, target)
    return scores


def _fit_modality(
    model: LinearModel,
    matrix: csr_matrix,
    rows: Sequence[LabelledArticle],
    groups: npt.NDArray[np.int_],
    scores: dict[str, float],
    seed: int,
) -> None:
    """Fit the modality heads on related articles; add out-of-fold accuracy and macro-F1 to `scores`."""
    related = np.array([number for number, row in enumerate(rows) if row.labels.mod in MODALITIES])
    target = np.array([MODALITIES.index(rows[number].labels.mod) for number in related])
    guesses = np.zeros(len(related), dtype=int)
    for train_rows, test_rows in GroupKFold(_FOLDS).split(related, target, groups[related]):
        fold = _classifier(seed).fit(matrix[related[train_rows]], target[train_rows])
        guesses[test_rows] = fold.predict(matrix[related[test_rows]])
    final = _classifier(seed).fit(matrix[related], target)
    for position, value in enumerate(final.classes_):
        row = model.rows[f"mod:{MODALITIES[value]}"]
        model.weights[row] = final.coef_[position]
        model.intercepts[row] = final.intercept_[position]
    for absent in set(range(len(MODALITIES))) - set(final.classes_.tolist()):
        model.intercepts[model.rows[f"mod:{MODALITIES[absent]}"]] = -1e3  # never seen, so never guessed
    scores["accuracy.modality"] = round(float(np.mean(guesses == target)), 4)
    scores["macro_f1.modality"] = round(float(f1_score(target, guesses, average="macro")), 4)


def _classifier(seed: int) -> Any:
    return LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=2000, random_state=seed)


def _best_threshold(probabilities: npt.NDArray[np.float64], target: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return the threshold with the best F1 on a grid of 0.05 steps, and that F1; the middle of equals wins."""
    grid = np.arange(0.2, 0.81, 0.05)
    f1 = np.array([f1_score(target, probabilities >= level) for level in grid])
    best = grid[f1 >= f1.max() - 1e-9]
    return round(float(best[len(best) // 2]), 2), round(float(f1.max()), 4)


def corpus_digest(rows: Sequence[LabelledArticle]) -> str:
    """Return the SHA-256 over the training rows in order of their ids."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.id):
        digest.update(msgspec.json.encode(row) + b"\n")
    return digest.hexdigest()


def _write(model: LinearModel, manifest: Manifest, out: Path) -> Manifest:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        manifest = msgspec.structs.replace(manifest, files=model.save(fresh))
        text = json.dumps(msgspec.to_builtins(manifest), indent=2, sort_keys=True) + "\n"
        (fresh / "manifest.json").write_text(text, encoding="utf-8")
        (fresh / "card.md").write_text(_card(manifest), encoding="utf-8")
        fresh.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        fresh.rename(out)
    except OSError as error:
        raise OutputError(f"the model cannot be written ({error.strerror or error})", out) from error
    return manifest


def _card(manifest: Manifest) -> str:
    scores = "\n".join(f"| {name} | {value:.3f} |" for name, value in sorted(manifest.scores.items()))
    return f"""# Model card: {manifest.name}

**Use.** Tags Indonesian news on regional elections with relevance, the themes {", ".join(manifest.themes)}, and
modality. For people who check what it says: scores near a threshold are marked for review.

**Training data.** {manifest.articles} articles of `corpora/berita/` (splits train and dev). Language models wrote and
labelled the texts, each the retelling of a reported event; no press text is among them.
Corpus digest {manifest.corpus_sha256}, seed {manifest.seed}, scikit-learn {manifest.scikit_learn}, taxonomy
{manifest.taxonomy}, preprocessing {manifest.preprocessing}.

**Method.** Sublinear TF-IDF over words, word pairs and stems, title and lead counted apart, taxonomy phrases beside
them; one logistic regression per yes/no head with sigmoid calibration and threshold from out-of-fold scores, one
multinomial logistic regression for modality.

**Scores**, cross-validated by event on the training corpus:

| measure | value |
|---|---|
{scores}

**Limits.** Eleven of the fourteen themes are not learned yet, registers beyond those written are unknown to it, and its
probabilities are calibrated on texts written for training, not on the press at large.
"""
