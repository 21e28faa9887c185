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
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, Article, ModalityValue
from pilkada_nlp.classifiers.document import DocumentReader
from pilkada_nlp.classifiers.model import (
    FORMAT,
    TAXONOMY_FILE,
    Floats,
    LinearModel,
    Manifest,
    idf_of,
    joint_features,
    sha256_of,
)
from pilkada_nlp.classifiers.taxonomy import load_taxonomy, taxonomy_text
from pilkada_nlp.corpora import LabelledArticle, LabelledSentence
from pilkada_nlp.errors import InputError, OutputError
from pilkada_nlp.preprocessing import PREPROCESSING_VERSION

_LEAST_DOCUMENTS: Final = 4  # a term in fewer articles says more about one event than about a theme
_MARGIN: Final = 1.0  # inverse strength of the L2 penalty of support vector machines, for themes
_RARE: Final = 4  # weight of an article with a theme beside one without; more would find themes too readily
_STRENGTH: Final = 10.0  # the same of logistic regressions, for relevance, modality and kind
_FOLDS: Final = 5
_PLAIN_SHARE: Final = 0.4  # of articles about elections bear no main theme, by a sample of national portals
_SENTENCE_WEIGHT: Final = 0.5  # of a labelled sentence beside an article, for modality; see models/README.md
_MORE_LIKELY_THAN_NOT: Final = 0.5  # thresholds with the best F1 on the corpus are lower, and worse on the press
_RELATED_FROM: Final = 0.4  # below one half: an article passed over loses all that could be said of it
_OPENING_WEIGHT: Final = 0.2  # of an article's opening beside an article, for modality and kind
_LEAST_EXAMPLES: Final = 5  # main-theme articles from which a theme can be learned; one for each fold

# What each group of heads reads besides the words: election words, phrases of themes, cues of the news peg.
_MEASURED: Final = {"relevant": "d:e:", "theme": "d:p:", "any": "d:p:", "mod": "d:m:", "kind": "d:m:", "out": "d:m:"}

_WHOLE_FROM: Final = 100  # words; what is shorter is the opening of an article, or a very short one
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NEVER: Final = -1e3  # log-odds of a value that the corpus does not have

Matrix: TypeAlias = csr_matrix  # no types are shipped for it
Floats64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def train(
    corpus: Sequence[LabelledArticle],
    out: Path,
    seed: int = 0,
    taxonomy_file: Path | None = None,
    sentences: Sequence[LabelledSentence] = (),
) -> Manifest:
    """Train on the corpus lines of split "train" and "dev", write the model folder `out`, return its manifest.

    `sentences`, those of split "test" left out, teach modality beside the articles, and make it fit to judge a single
    sentence.

    Every theme of the taxonomy (the shipped one, or that of `taxonomy_file`) with at least five main-theme articles is
    learned. Calibration is fitted on out-of-fold scores, folds kept apart by event. The same corpus and
    seed give the same bytes on one machine. An older model is replaced only when the new one is complete. Raises
    InputError for a corpus that is too small or a file that is no taxonomy, OutputError when `out` cannot be written.
    """
    out = out.resolve()
    _refuse_other_folders(out)
    rows = [row for row in corpus if row.split != "test"]
    sentences = [sentence for sentence in sentences if sentence.split != "test"]
    events = sorted({_event(row) for row in rows})
    if len(events) < _FOLDS:
        raise InputError(f"{len(events)} events are too few to train on; at least {_FOLDS} are needed", "corpus")
    taxonomy = load_taxonomy(taxonomy_file)
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
    reader = DocumentReader(taxonomy)
    documents = [reader.read(_text(row.id, row.title, row.text)).counts for row in rows]
    frequency = Counter(term for document in documents for term in document)
    vocabulary = sorted(term for term, count in frequency.items() if count >= _LEAST_DOCUMENTS)
    model = _empty_model(vocabulary, idf_of(documents, vocabulary, len(documents)), themes)
    numbers = {event: number for number, event in enumerate(events)}
    fitting = _Fitting(
        model,
        _matrix(model, documents),
        rows,
        np.array([numbers[_event(row)] for row in rows]),
        _matrix(model, [reader.read(_text(row.id, "", row.text)).counts for row in sentences]),
        [row.mod for row in sentences],
        seed,
    )
    scores = fitting.fit(themes)
    digest = corpus_digest(rows, sentences)
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
    )
    return _write(model, manifest, out, taxonomy_file)


def _event(row: LabelledArticle) -> str:
    return row.event or row.id


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
        thresholds=np.full(len(heads), _MORE_LIKELY_THAN_NOT, dtype=np.float32),
        joint=np.zeros(4, dtype=np.float32),
    )


def _matrix(model: LinearModel, documents: Sequence[Mapping[str, float]]) -> Matrix:
    """Return the matrix of vectors, shape (articles, terms), by the same code that serves."""
    vectors = [model.vectorize(counts) for counts in documents]
    starts = np.cumsum([0, *(len(index) for index, _ in vectors)])
    columns = np.concatenate([np.zeros(0, dtype=np.intp), *(index for index, _ in vectors)])
    values = np.concatenate([np.zeros(0, dtype=np.float32), *(values for _, values in vectors)])
    matrix = csr_matrix((values, columns, starts), shape=(len(documents), len(model.vocabulary)))
    matrix.sort_indices()
    return matrix


def _usual_weights(rows: Sequence[LabelledArticle]) -> Floats64:
    """Return weights under which articles without a main theme are as common as in the press.

    The corpus is stratified by theme; left at that, probabilities and thresholds would find themes too readily.
    """
    whole = _are_whole(rows)
    plain = np.array([bool(row.labels.rel) and not row.labels.pokok for row in rows])
    themed = np.array([bool(row.labels.pokok) for row in rows])
    weight = _PLAIN_SHARE / (1 - _PLAIN_SHARE) * max(1, (themed & whole).sum()) / max(1, (plain & whole).sum())
    return np.where(plain, max(1.0, weight), 1.0) * whole


def _even_weights(rows: Sequence[LabelledArticle]) -> Floats64:
    """Return weights under which articles about no election are as many as the others, as they are on a news site."""
    whole = _are_whole(rows)
    related = np.array([bool(row.labels.rel) for row in rows])
    weight = (related & whole).sum() / max(1, (~related & whole).sum())
    return np.where(related, 1.0, max(1.0, weight)) * whole


def _are_whole(rows: Sequence[LabelledArticle]) -> Bools:
    """Say which rows are whole articles: openings teach words, but probabilities and thresholds are for articles."""
    whole = np.array([len(row.text.split()) >= _WHOLE_FROM for row in rows])
    return whole if whole.any() else ~whole


class _Fitting:
    """Fits the heads of one model on one corpus."""

    def __init__(
        self,
        model: LinearModel,
        matrix: Matrix,
        rows: Sequence[LabelledArticle],
        groups: npt.NDArray[np.int_],
        sentences: Matrix,
        sentence_modalities: Sequence[ModalityValue],
        seed: int,
    ) -> None:
        self._model = model
        self._matrix = matrix
        self._rows = rows
        self._groups = groups
        self._sentences = sentences
        self._sentence_modalities = sentence_modalities
        self._seed = seed
        self._usual = _usual_weights(rows)
        self._even = _even_weights(rows)
        self._whole = _are_whole(rows).astype(float)

    def fit(self, themes: Sequence[str]) -> dict[str, float]:
        """Fit all heads; return out-of-fold figures by name."""
        labels = [row.labels for row in self._rows]
        everyone = np.arange(len(labels))
        related = np.array([number for number, label in enumerate(labels) if label.rel])
        is_related = np.array([label.rel for label in labels])
        found = self._fit_yes_no("relevant", "relevant", everyone, is_related)
        relevance = self._calibrate("relevant", "relevant", found, everyone, is_related)
        self._model.thresholds[self._model.rows["relevant"]] = _RELATED_FROM
        found_related = relevance >= _RELATED_FROM
        scores = {"f1.relevant": round(float(f1_score(is_related, found_related, sample_weight=self._even)), 4)}
        scores |= self._fit_main_themes(themes, related, relevance)
        scores |= self._fit_named_themes(themes, related, found_related)
        values = [label.mod for label in labels]
        scores |= self._fit_competing(
            "mod",
            "modality",
            MODALITIES,
            related,
            [values[number] for number in related],
            self._sentences,
            self._sentence_modalities,
        )
        scores |= self._fit_competing("kind", "kind", SOURCE_KINDS, everyone, [label.kind for label in labels])
        decided = np.array([number for number in related if labels[number].outcome], dtype=int)
        return scores | self._fit_competing("out", "outcome", OUTCOMES, decided, [labels[n].outcome for n in decided])

    def _fit_main_themes(
        self, themes: Sequence[str], related: npt.NDArray[np.int_], relevance: Floats64
    ) -> dict[str, float]:
        """Fit the heads of the main themes and their joint calibration; return micro-averaged and single F1."""
        targets = [np.array([theme in row.labels.pokok for row in self._rows]) for theme in themes]
        held_out = [
            self._fit_yes_no("theme", theme, related, target[related])
            for theme, target in zip(themes, targets, strict=True)
        ]
        features = joint_features(np.stack(held_out, axis=1).astype(np.float32)).reshape(-1, 3)
        answers = np.stack(targets, axis=1)[related].ravel()
        weights = np.repeat(self._usual[related], len(themes))
        sigmoid = LogisticRegression(C=1e6).fit(features, answers, sample_weight=weights)
        self._model.joint[:] = [*sigmoid.coef_[0], sigmoid.intercept_[0]]
        # Main themes are judged by the product with relevance, as they are served.
        judged = np.zeros((len(self._rows), len(themes)))
        judged[related] = sigmoid.predict_proba(features)[:, 1].reshape(-1, len(themes))
        found = judged * relevance[:, None] >= _MORE_LIKELY_THAN_NOT
        scores = {"micro_f1.theme": self._f1(targets, list(found.T))}
        for theme, target, answer in zip(themes, targets, found.T, strict=True):
            scores[f"f1.{theme}"] = self._f1([target], [answer])
        return scores

    def _f1(self, targets: Sequence[Bools], found: Sequence[Bools]) -> float:
        """Return the micro-averaged F1 over whole articles of one or more yes/no answers."""
        weights = np.tile(self._whole, len(targets))
        return round(float(f1_score(np.concatenate(targets), np.concatenate(found), sample_weight=weights)), 4)

    def _fit_named_themes(
        self, themes: Sequence[str], related: npt.NDArray[np.int_], found_related: Bools
    ) -> dict[str, float]:
        """Fit the heads of themes that are named at all; return their micro-averaged F1."""
        targets, found = [], []
        for theme in themes:
            target = np.array([theme in (*row.labels.pokok, *row.labels.sebutan) for row in self._rows])
            held_out = self._fit_yes_no("any", f"any:{theme}", related, target[related])
            probability = np.zeros(len(self._rows))
            probability[related] = self._calibrate("any", f"any:{theme}", held_out, related, target[related])
            targets.append(target)
            found.append((probability >= _MORE_LIKELY_THAN_NOT) & found_related)
        return {"micro_f1.any": self._f1(targets, found)}

    def _weights(self, group: str) -> Floats64:
        return self._usual if group in ("theme", "any") else self._even

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
        """Fit a yes/no head on the chosen articles; return their out-of-fold log-odds."""
        columns = self._columns(group)
        part = self._matrix[chosen][:, columns]
        held_out = np.zeros(len(chosen))
        for train_rows, test_rows in self._folds(chosen):
            if len(set(target[train_rows].tolist())) < 2:  # all examples are on one event, which is held out
                continue
            fold = self._classifier(group).fit(part[train_rows], target[train_rows])
            held_out[test_rows] = fold.decision_function(part[test_rows])
        final = self._classifier(group).fit(part, target)
        row = self._model.rows[head]
        self._model.weights[columns, row] = final.coef_[0]
        self._model.intercepts[row] = final.intercept_[0]
        return held_out

    def _calibrate(
        self, group: str, head: str, held_out: Floats64, chosen: npt.NDArray[np.int_], target: Bools
    ) -> Floats64:
        """Fit the sigmoid of a yes/no head on out-of-fold log-odds; return the probabilities that it gives them."""
        weights = self._weights(group)[chosen]
        sigmoid = LogisticRegression(C=1e6).fit(held_out[:, None], target, sample_weight=weights)
        row = self._model.rows[head]
        self._model.slopes[row] = sigmoid.coef_[0, 0]
        self._model.offsets[row] = sigmoid.intercept_[0]
        probabilities: Floats64 = sigmoid.predict_proba(held_out[:, None])[:, 1]
        return probabilities

    def _fit_competing(
        self,
        group: str,
        name: str,
        values: Sequence[str],
        chosen: npt.NDArray[np.int_],
        labels: Sequence[str | None],
        beside: Matrix | None = None,
        beside_labels: Sequence[str] = (),
    ) -> dict[str, float]:
        """Fit heads of which one wins; return out-of-fold accuracy and macro-F1.

        The sentences `beside` are learned from, with less weight, in every fold, and judge nothing.
        """
        self._model.intercepts[[self._model.rows[f"{group}:{value}"] for value in values]] = _NEVER
        seen = {str(label) for label in labels}
        if len(seen) < 2 or len(set(self._groups[chosen])) < _FOLDS:  # nothing to choose between
            self._model.intercepts[[self._model.rows[f"{group}:{value}"] for value in seen]] = 0
            return {}
        columns = self._columns(group)
        part = self._matrix[chosen][:, columns]
        target = np.array([values.index(str(label)) for label in labels])
        whole = self._whole[chosen]
        weight = np.where(whole, 1.0, _OPENING_WEIGHT)
        extra = None if beside is None else beside[:, columns]
        extra_target = np.array([values.index(label) for label in beside_labels], dtype=int)

        def fitted(numbers: npt.NDArray[np.int_]) -> Any:
            matrix = part[numbers] if extra is None else vstack([part[numbers], extra]).tocsr()
            weights = np.r_[weight[numbers], np.full(len(extra_target), _SENTENCE_WEIGHT)]
            return self._classifier(group).fit(matrix, np.r_[target[numbers], extra_target], sample_weight=weights)

        guesses = np.zeros(len(target), dtype=int)
        for train_rows, test_rows in self._folds(chosen):
            guesses[test_rows] = fitted(train_rows).predict(part[test_rows])
        final = fitted(np.arange(len(target)))
        weights, intercepts = final.coef_, final.intercept_
        if len(final.classes_) == 2:  # scikit-learn keeps the difference of the two only
            weights, intercepts = np.vstack([-weights, weights]) / 2, np.hstack([-intercepts, intercepts]) / 2
        for position, value in enumerate(final.classes_):
            row = self._model.rows[f"{group}:{values[value]}"]
            self._model.weights[columns, row] = weights[position]
            self._model.intercepts[row] = intercepts[position]
        return {
            f"accuracy.{name}": round(float(np.average(guesses == target, weights=whole)), 4),
            f"macro_f1.{name}": round(float(f1_score(target, guesses, average="macro", sample_weight=whole)), 4),
        }

    def _classifier(self, group: str) -> Any:
        if group in ("theme", "any"):
            return LinearSVC(C=_MARGIN, class_weight={False: 1, True: _RARE}, random_state=self._seed)
        return LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=3000, random_state=self._seed)


def corpus_digest(rows: Sequence[LabelledArticle], sentences: Sequence[LabelledSentence] = ()) -> str:
    """Return the SHA-256 over the training rows and sentences, each in order of their ids."""
    digest = hashlib.sha256()
    for row in [*sorted(rows, key=lambda row: row.id), *sorted(sentences, key=lambda row: row.id)]:
        digest.update(msgspec.json.encode(row) + b"\n")
    return digest.hexdigest()


def _refuse_other_folders(out: Path) -> None:
    """Raise OutputError when `out` is there and is no model: it would be replaced whole."""
    if out.exists() and not (out / "manifest.json").is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise OutputError("this is there already and is no model; name another folder", out)


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

**Training data.** {manifest.articles} labelled articles and openings of articles, of the splits train and dev, with the
sentences given beside them. Language models wrote and labelled the corpora that come with the project
(`corpora/README.md`); no press text is among them. Whoever added other texts knows what they are.
Corpus digest {manifest.corpus_sha256}, seed {manifest.seed}, scikit-learn {manifest.scikit_learn}, taxonomy
{manifest.taxonomy}, preprocessing {manifest.preprocessing}.

**Method.** Sublinear TF-IDF over words, word pairs and stems, in three blocks (whole text, title with lead, title);
beside them, measured: words of elections for relevance, taxonomy phrases for themes, cues of the news peg for
modality. Logistic regressions for relevance, modality and kind, linear support vector machines for themes; sigmoid
calibration from out-of-fold scores, the themes of an article judged beside each other; a theme is assigned when it is
more likely than not. The table of common word forms behind the stems was counted over public news texts; nothing else
comes from the press.

**Scores**, cross-validated by event on the training corpus:

| measure | value |
|---|---|
{scores}

**Limits.** Registers beyond those written are unknown to it, and its probabilities are calibrated on texts written for
training, not on the press at large.
"""
