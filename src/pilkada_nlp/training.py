"""Trains the tagger from labelled articles; the only module that needs scikit-learn, never imported by serving."""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import sklearn
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, Article
from pilkada_nlp.classifiers.document import DocumentReader
from pilkada_nlp.classifiers.model import FORMAT, TAXONOMY_FILE, Floats, LinearModel, Manifest, idf_of, sha256_of
from pilkada_nlp.classifiers.taxonomy import load_taxonomy, taxonomy_text
from pilkada_nlp.corpora import LabelledArticle
from pilkada_nlp.errors import InputError, OutputError
from pilkada_nlp.preprocessing import PREPROCESSING_VERSION

_LEAST_DOCUMENTS: Final = 4  # a term in fewer articles says more about one event than about a theme
_MARGIN: Final = 1.0  # inverse strength of the L2 penalty of support vector machines, for themes
_STRENGTH: Final = 10.0  # the same of logistic regressions, for relevance, modality and kind
_FOLDS: Final = 5
_PLAIN_SHARE: Final = 0.4  # of articles about elections bear no main theme, by a sample of national portals
_LEAST_EXAMPLES: Final = 5  # main-theme articles from which a theme can be learned; one for each fold

# What each group of heads reads besides the words: election words, phrases of themes, cues of the news peg.
_MEASURED: Final = {"relevant": "d:e:", "theme": "d:p:", "any": "d:p:", "mod": "d:m:", "kind": "d:m:", "out": "d:m:"}

_NEVER: Final = -1e3  # log-odds of a value that the corpus does not have

Matrix: TypeAlias = csr_matrix  # no types are shipped for it
Floats64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def train(corpus: Sequence[LabelledArticle], out: Path, seed: int = 0, taxonomy_file: Path | None = None) -> Manifest:
    """Train on the corpus lines of split "train" and "dev", write the model folder `out`, return its manifest.

    Every theme of the taxonomy (the shipped one, or that of `taxonomy_file`) with at least five main-theme articles is
    learned. Thresholds and calibration are fitted on out-of-fold scores, folds kept apart by event. The same corpus and
    seed give the same bytes on one machine. An existing folder is replaced only when the new one is complete. Raises
    InputError for a corpus that is too small or a file that is no taxonomy, OutputError when `out` cannot be written.
    """
    rows = [row for row in corpus if row.split != "test"]
    events = sorted({row.event for row in rows})
    if len(events) < _FOLDS:
        raise InputError(f"{len(events)} events are too few to train on; at least {_FOLDS} are needed", "corpus")
    taxonomy = load_taxonomy(taxonomy_file)
    counts = Counter(theme for row in rows for theme in row.labels.pokok)
    themes = tuple(theme.id for theme in taxonomy.themes if counts[theme.id] >= _LEAST_EXAMPLES)
    reader = DocumentReader(taxonomy)
    documents = [reader.read(_article(row)).counts for row in rows]
    frequency = Counter(term for document in documents for term in document)
    vocabulary = sorted(term for term, count in frequency.items() if count >= _LEAST_DOCUMENTS)
    model = _empty_model(vocabulary, idf_of(documents, vocabulary, len(documents)), themes)
    fitting = _Fitting(
        model, _matrix(model, documents), rows, np.array([events.index(row.event) for row in rows]), seed
    )
    scores = fitting.fit(themes)
    manifest = Manifest(
        format=FORMAT,
        name=f"tagger-{corpus_digest(rows)[:8]}-{seed}",
        themes=themes,
        preprocessing=PREPROCESSING_VERSION,
        taxonomy=taxonomy.version,
        corpus_sha256=corpus_digest(rows),
        articles=len(rows),
        seed=seed,
        scikit_learn=sklearn.__version__,
        scores=scores,
        files={},
    )
    return _write(model, manifest, out, taxonomy_file)


def _article(row: LabelledArticle) -> Article:
    noon = datetime(row.date.year, row.date.month, row.date.day, 12, tzinfo=UTC)
    return Article(id=row.id, url="", outlet="", title=row.title, text=row.text, day=row.date, fetched_at=noon)


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
        thresholds=np.full(len(heads), 0.5, dtype=np.float32),
    )


def _matrix(model: LinearModel, documents: Sequence[Mapping[str, float]]) -> Matrix:
    """Return the matrix of vectors, shape (articles, terms), by the same code that serves."""
    vectors = [model.vectorize(counts) for counts in documents]
    starts = np.cumsum([0, *(len(index) for index, _ in vectors)])
    matrix = csr_matrix(
        (np.concatenate([values for _, values in vectors]), np.concatenate([index for index, _ in vectors]), starts),
        shape=(len(documents), len(model.vocabulary)),
    )
    matrix.sort_indices()
    return matrix


def _usual_weights(rows: Sequence[LabelledArticle]) -> Floats64:
    """Return weights under which articles without a main theme are as common as in the press.

    The corpus is stratified by theme; left at that, probabilities and thresholds would find themes too readily.
    """
    plain = np.array([bool(row.labels.rel) and not row.labels.pokok for row in rows])
    themed = np.array([bool(row.labels.pokok) for row in rows])
    weight = _PLAIN_SHARE / (1 - _PLAIN_SHARE) * max(1, themed.sum()) / max(1, plain.sum())
    return np.where(plain, max(1.0, weight), 1.0)


class _Fitting:
    """Fits the heads of one model on one corpus."""

    def __init__(
        self,
        model: LinearModel,
        matrix: Matrix,
        rows: Sequence[LabelledArticle],
        groups: npt.NDArray[np.int_],
        seed: int,
    ) -> None:
        self._model = model
        self._matrix = matrix
        self._rows = rows
        self._groups = groups
        self._seed = seed
        self._usual = _usual_weights(rows)

    def fit(self, themes: Sequence[str]) -> dict[str, float]:
        """Fit all heads; return out-of-fold figures by name."""
        labels = [row.labels for row in self._rows]
        everyone = np.arange(len(labels))
        related = np.array([number for number, label in enumerate(labels) if label.rel])
        relevance = self._fit_yes_no("relevant", "relevant", everyone, np.array([label.rel for label in labels]))
        scores = {
            "f1.relevant": self._set_threshold(["relevant"], [np.array([label.rel for label in labels])], [relevance])
        }
        for group, prefix in (("theme", ""), ("any", "any:")):
            targets, found = [], []
            for theme in themes:
                target = np.array([theme in (x.pokok if group == "theme" else (*x.pokok, *x.sebutan)) for x in labels])
                probability = np.zeros(len(labels))
                probability[related] = self._fit_yes_no(group, f"{prefix}{theme}", related, target[related])
                targets.append(target)
                # Main themes are judged by the product with relevance, as they are served.
                found.append(probability * (relevance if group == "theme" else relevance >= 0.5))
            if group == "any":  # the threshold stays at one half: lower ones fit lists of the corpus, not the press
                guessed = np.concatenate(found) >= 0.5
                scores["micro_f1.any"] = round(float(f1_score(np.concatenate(targets), guessed)), 4)
            else:
                scores["micro_f1.theme"] = self._set_threshold(themes, targets, found)
                level = self._model.threshold(themes[0])
                for theme, target, probability in zip(themes, targets, found, strict=True):
                    scores[f"f1.{theme}"] = round(float(f1_score(target, probability >= level)), 4)
        values = [label.mod for label in labels]
        scores |= self._fit_competing("mod", "modality", MODALITIES, related, [values[number] for number in related])
        scores |= self._fit_competing("kind", "kind", SOURCE_KINDS, everyone, [label.kind for label in labels])
        decided = np.array([number for number in related if labels[number].outcome], dtype=int)
        return scores | self._fit_competing("out", "outcome", OUTCOMES, decided, [labels[n].outcome for n in decided])

    def _weights(self, group: str) -> Floats64:
        return self._usual if group in ("theme", "any") else np.ones(len(self._rows))

    def _columns(self, group: str) -> npt.NDArray[np.int_]:
        """Return the columns that heads of a group read."""
        measured = _MEASURED[group]
        return np.array(
            [
                column
                for column, term in enumerate(self._model.vocabulary)
                if not term.startswith("d:") or (measured and term.startswith(measured))
            ]
        )

    def _folds(self, chosen: npt.NDArray[np.int_]) -> Iterator[tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]]:
        yield from GroupKFold(_FOLDS).split(chosen, groups=self._groups[chosen])

    def _fit_yes_no(self, group: str, head: str, chosen: npt.NDArray[np.int_], target: Bools) -> Floats64:
        """Fit a yes/no head on the chosen articles; return their calibrated out-of-fold probabilities."""
        columns = self._columns(group)
        part = self._matrix[chosen][:, columns]
        held_out = np.zeros(len(chosen))
        for train_rows, test_rows in self._folds(chosen):
            fold = self._classifier(group).fit(part[train_rows], target[train_rows])
            held_out[test_rows] = fold.decision_function(part[test_rows])
        final = self._classifier(group).fit(part, target)
        weights = self._weights(group)
        sigmoid = LogisticRegression(C=1e6).fit(held_out[:, None], target, sample_weight=weights[chosen])
        row = self._model.rows[head]
        self._model.weights[columns, row] = final.coef_[0]
        self._model.intercepts[row] = final.intercept_[0]
        self._model.slopes[row] = sigmoid.coef_[0, 0]
        self._model.offsets[row] = sigmoid.intercept_[0]
        probabilities: Floats64 = sigmoid.predict_proba(held_out[:, None])[:, 1]
        return probabilities

    def _fit_competing(
        self, group: str, name: str, values: Sequence[str], chosen: npt.NDArray[np.int_], labels: Sequence[str | None]
    ) -> dict[str, float]:
        """Fit heads of which one wins; return out-of-fold accuracy and macro-F1."""
        self._model.intercepts[[self._model.rows[f"{group}:{value}"] for value in values]] = _NEVER
        seen = {str(label) for label in labels}
        if len(seen) < 2 or len(set(self._groups[chosen])) < _FOLDS:  # nothing to choose between
            self._model.intercepts[[self._model.rows[f"{group}:{value}"] for value in seen]] = 0
            return {}
        columns = self._columns(group)
        part = self._matrix[chosen][:, columns]
        target = np.array([values.index(str(label)) for label in labels])
        guesses = np.zeros(len(target), dtype=int)
        for train_rows, test_rows in self._folds(chosen):
            fold = self._classifier(group).fit(part[train_rows], target[train_rows])
            guesses[test_rows] = fold.predict(part[test_rows])
        final = self._classifier(group).fit(part, target)
        weights, intercepts = final.coef_, final.intercept_
        if len(final.classes_) == 2:  # scikit-learn keeps the difference of the two only
            weights, intercepts = np.vstack([-weights, weights]) / 2, np.hstack([-intercepts, intercepts]) / 2
        for position, value in enumerate(final.classes_):
            row = self._model.rows[f"{group}:{values[value]}"]
            self._model.weights[columns, row] = weights[position]
            self._model.intercepts[row] = intercepts[position]
        return {
            f"accuracy.{name}": round(float(np.mean(guesses == target)), 4),
            f"macro_f1.{name}": round(float(f1_score(target, guesses, average="macro")), 4),
        }

    def _classifier(self, group: str) -> Any:
        if group in ("theme", "any"):
            return LinearSVC(C=_MARGIN, class_weight="balanced", random_state=self._seed)
        return LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=3000, random_state=self._seed)

    def _set_threshold(
        self, heads: Sequence[str], targets: Sequence[Bools], probabilities: Sequence[Floats64]
    ) -> float:
        """Give the heads the common threshold with the best micro-averaged F1 on steps of 0.02, and return that F1.

        One threshold for all: fourteen of their own, each from a hundred examples, fit the corpus and not the press.
        """
        target, probability = np.concatenate(targets), np.concatenate(probabilities)
        grid = np.arange(0.2, 0.81, 0.02)
        weights = np.tile(self._weights("theme" if len(heads) > 1 else heads[0]), len(heads))
        f1 = np.array([f1_score(target, probability >= level, sample_weight=weights) for level in grid])
        best = grid[f1 >= f1.max() - 1e-9]
        for head in heads:
            self._model.thresholds[self._model.rows[head]] = round(float(best[len(best) // 2]), 2)
        return round(float(f1.max()), 4)


def corpus_digest(rows: Sequence[LabelledArticle]) -> str:
    """Return the SHA-256 over the training rows in order of their ids."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.id):
        digest.update(msgspec.json.encode(row) + b"\n")
    return digest.hexdigest()


def _write(model: LinearModel, manifest: Manifest, out: Path, taxonomy_file: Path | None) -> Manifest:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        files = model.save(fresh)
        (fresh / TAXONOMY_FILE).write_text(taxonomy_text(taxonomy_file), encoding="utf-8")
        files[TAXONOMY_FILE] = sha256_of(fresh / TAXONOMY_FILE)
        manifest = msgspec.structs.replace(manifest, files=files)
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

**Use.** Tags Indonesian news on regional elections with relevance, {len(manifest.themes)} risk themes (main or named),
modality, and the kind of source where no mark tells it. For people who check what it says: scores near a threshold are
marked for review.

**Training data.** {manifest.articles} articles of `corpora/berita/` (splits train and dev). Language models wrote and
labelled the texts, each the retelling of a reported event; no press text is among them.
Corpus digest {manifest.corpus_sha256}, seed {manifest.seed}, scikit-learn {manifest.scikit_learn}, taxonomy
{manifest.taxonomy}, preprocessing {manifest.preprocessing}.

**Method.** Sublinear TF-IDF over words, word pairs and stems, in three blocks (whole text, title with lead, title);
beside them, measured: words of elections for relevance, taxonomy phrases for named themes, cues of the news peg for
modality. Logistic regressions for relevance, modality and kind, linear support vector machines for themes; sigmoid
calibration and thresholds from out-of-fold scores. The table of common word forms behind the stems was counted over
public news texts; nothing else comes from the press.

**Scores**, cross-validated by event on the training corpus:

| measure | value |
|---|---|
{scores}

**Limits.** Registers beyond those written are unknown to it, and its probabilities are calibrated on texts written for
training, not on the press at large.
"""
