"""Fits the heads of a model on one corpus."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, ModalityValue
from pilkada_nlp.classifiers.model import Floats, LinearModel, joint_features
from pilkada_nlp.corpora import LabelledArticle

_MARGIN: Final = 1.0  # inverse strength of the L2 penalty of support vector machines, for themes
_RARE: Final = 4  # weight of an article with a theme beside one without; more would find themes too readily
_STRENGTH: Final = 10.0  # the same of logistic regressions, for relevance, modality and kind
FOLDS: Final = 5
_PLAIN_SHARE: Final = 0.4  # of articles about elections bear no main theme, by a sample of national portals
_SENTENCE_WEIGHT: Final = 0.5  # of a labelled sentence beside an article, for modality; see models/README.md
MORE_LIKELY_THAN_NOT: Final = 0.5  # thresholds with the best F1 on the corpus are lower, and worse on the press
_RELATED_FROM: Final = 0.4  # below one half: an article passed over loses all that could be said of it
_OPENING_WEIGHT: Final = 0.2  # of an article's opening beside an article, for modality and kind

# What each group of heads reads besides the words: election words, phrases of themes, cues of the news peg.
_MEASURED: Final = {"relevant": "d:e:", "theme": "d:p:", "any": "d:p:", "mod": "d:m:", "kind": "d:m:", "out": "d:m:"}

_WHOLE_FROM: Final = 100  # words; what is shorter is the opening of an article, or a very short one
_NEVER: Final = -1e3  # log-odds of a value that the corpus does not have

Matrix: TypeAlias = csr_matrix  # no types are shipped for it
Floats64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def matrix_of(vectors: Sequence[tuple[npt.NDArray[np.intp], Floats]], width: int) -> Matrix:
    """Return vectors, each as columns and values, as one matrix of shape (vectors, width)."""
    starts = np.cumsum([0, *(len(index) for index, _ in vectors)])
    columns = np.concatenate([np.zeros(0, dtype=np.intp), *(index for index, _ in vectors)])
    values = np.concatenate([np.zeros(0, dtype=np.float32), *(values for _, values in vectors)])
    matrix = csr_matrix((values, columns, starts), shape=(len(vectors), width))
    matrix.sort_indices()
    return matrix


def usual_weights(rows: Sequence[LabelledArticle]) -> Floats64:
    """Return weights under which articles without a main theme are as common as in the press.

    The corpus is stratified by theme; left at that, probabilities and thresholds would find themes too readily.
    """
    whole = _are_whole(rows)
    plain = np.array([bool(row.labels.rel) and not row.labels.pokok for row in rows])
    themed = np.array([bool(row.labels.pokok) for row in rows])
    weight = _PLAIN_SHARE / (1 - _PLAIN_SHARE) * max(1, (themed & whole).sum()) / max(1, (plain & whole).sum())
    return np.where(plain, max(1.0, weight), 1.0) * whole


def even_weights(rows: Sequence[LabelledArticle]) -> Floats64:
    """Return weights under which articles about no election are as many as the others, as they are on a news site."""
    whole = _are_whole(rows)
    related = np.array([bool(row.labels.rel) for row in rows])
    weight = (related & whole).sum() / max(1, (~related & whole).sum())
    return np.where(related, 1.0, max(1.0, weight)) * whole


def _are_whole(rows: Sequence[LabelledArticle]) -> Bools:
    """Say which rows are whole articles: openings teach words, but probabilities and thresholds are for articles."""
    whole = np.array([len(row.text.split()) >= _WHOLE_FROM for row in rows])
    return whole if whole.any() else ~whole


class Texts(NamedTuple):
    """Labelled texts as the heads see them: vectors of shape (texts, terms), and what each text counts for.

    Texts of one group are never on both sides of a fold. `weights` are 1 for a text of the corpora.
    """

    matrix: Matrix
    rows: Sequence[LabelledArticle]
    groups: npt.NDArray[np.int_]
    weights: Floats64


class Held(NamedTuple):
    """What the folds say of texts that they did not learn from, as calibrated probabilities.

    Shapes: `relevance` (texts,), `themes` (texts, themes) as served, `modality` (texts, modalities). The last is zero
    for texts about no election.
    """

    relevance: Floats64
    themes: Floats64
    modality: Floats64


class Fitting:
    """Fits the heads of one model on one corpus; `done` is called after each head that can take a while."""

    def __init__(
        self,
        model: LinearModel,
        texts: Texts,
        sentences: Matrix,
        sentence_modalities: Sequence[ModalityValue],
        seed: int,
        done: Callable[[], None],
    ) -> None:
        self._model = model
        self._matrix, self._rows, self._groups, self._counts_for = texts
        self._sentences = sentences
        self._sentence_modalities = sentence_modalities
        self._seed = seed
        self._done = done
        self._usual = usual_weights(self._rows) * self._counts_for
        self._even = even_weights(self._rows) * self._counts_for
        self._whole = _are_whole(self._rows).astype(float)

    def fit(self, themes: Sequence[str]) -> tuple[dict[str, float], Held]:
        """Fit all heads; return out-of-fold figures by name, and what the folds say of each text."""
        labels = [row.labels for row in self._rows]
        everyone = np.arange(len(labels))
        related = np.array([number for number, label in enumerate(labels) if label.rel])
        is_related = np.array([label.rel for label in labels])
        found = self._fit_yes_no("relevant", "relevant", everyone, is_related)
        relevance = self._calibrate("relevant", "relevant", found, everyone, is_related)
        self._model.thresholds[self._model.rows["relevant"]] = _RELATED_FROM
        found_related = relevance >= _RELATED_FROM
        scores = {"f1.relevant": round(float(f1_score(is_related, found_related, sample_weight=self._even)), 4)}
        judged, figures = self._fit_main_themes(themes, related, relevance)
        scores |= figures
        scores |= self._fit_named_themes(themes, related, found_related)
        values = [label.mod for label in labels]
        shares, figures = self._fit_competing(
            "mod",
            "modality",
            MODALITIES,
            related,
            [values[number] for number in related],
            self._sentences,
            self._sentence_modalities,
        )
        scores |= figures
        scores |= self._fit_competing("kind", "kind", SOURCE_KINDS, everyone, [label.kind for label in labels])[1]
        decided = np.array([number for number in related if labels[number].outcome], dtype=int)
        outcomes = [labels[number].outcome for number in decided]
        scores |= self._fit_competing("out", "outcome", OUTCOMES, decided, outcomes)[1]
        return scores, Held(relevance, judged, shares)

    def _fit_main_themes(
        self, themes: Sequence[str], related: npt.NDArray[np.int_], relevance: Floats64
    ) -> tuple[Floats64, dict[str, float]]:
        """Fit the heads of the main themes and their joint calibration.

        Return the probabilities of all texts, shape (texts, themes), and micro-averaged and single F1.
        """
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
        judged *= relevance[:, None]
        found = judged >= MORE_LIKELY_THAN_NOT
        scores = {"micro_f1.theme": self._f1(targets, list(found.T))}
        for theme, target, answer in zip(themes, targets, found.T, strict=True):
            scores[f"f1.{theme}"] = self._f1([target], [answer])
        return judged, scores

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
            found.append((probability >= MORE_LIKELY_THAN_NOT) & found_related)
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
        yield from GroupKFold(FOLDS).split(chosen, groups=self._groups[chosen])

    def _fit_yes_no(self, group: str, head: str, chosen: npt.NDArray[np.int_], target: Bools) -> Floats64:
        """Fit a yes/no head on the chosen articles; return their out-of-fold log-odds."""
        columns = self._columns(group)
        part = self._matrix[chosen][:, columns]
        weights = self._counts_for[chosen]
        held_out = np.zeros(len(chosen))
        for train_rows, test_rows in self._folds(chosen):
            if len(set(target[train_rows].tolist())) < 2:  # all examples are on one event, which is held out
                continue
            fold = self._classifier(group).fit(part[train_rows], target[train_rows], sample_weight=weights[train_rows])
            held_out[test_rows] = fold.decision_function(part[test_rows])
        final = self._classifier(group).fit(part, target, sample_weight=weights)
        row = self._model.rows[head]
        self._model.weights[columns, row] = final.coef_[0]
        self._model.intercepts[row] = final.intercept_[0]
        self._done()
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
    ) -> tuple[Floats64, dict[str, float]]:
        """Fit heads of which one wins; return out-of-fold shares, shape (texts, values), accuracy and macro-F1.

        The sentences `beside` are learned from, with less weight, in every fold, and judge nothing.
        """
        self._model.intercepts[[self._model.rows[f"{group}:{value}"] for value in values]] = _NEVER
        shares = np.zeros((len(self._rows), len(values)))
        seen = {str(label) for label in labels}
        if len(seen) < 2 or len(set(self._groups[chosen])) < FOLDS:  # nothing to choose between
            self._model.intercepts[[self._model.rows[f"{group}:{value}"] for value in seen]] = 0
            self._done()
            return shares, {}
        columns = self._columns(group)
        part = self._matrix[chosen][:, columns]
        target = np.array([values.index(str(label)) for label in labels])
        whole = self._whole[chosen]
        weight = np.where(whole, 1.0, _OPENING_WEIGHT) * self._counts_for[chosen]
        extra = None if beside is None else beside[:, columns]
        extra_target = np.array([values.index(label) for label in beside_labels], dtype=int)

        def fitted(numbers: npt.NDArray[np.int_]) -> Any:
            matrix = part[numbers] if extra is None else vstack([part[numbers], extra]).tocsr()
            weights = np.r_[weight[numbers], np.full(len(extra_target), _SENTENCE_WEIGHT)]
            return self._classifier(group).fit(matrix, np.r_[target[numbers], extra_target], sample_weight=weights)

        guesses = np.zeros(len(target), dtype=int)
        for train_rows, test_rows in self._folds(chosen):
            fold = fitted(train_rows)
            found = fold.predict_proba(part[test_rows])
            guesses[test_rows] = fold.classes_[found.argmax(axis=1)]
            shares[np.ix_(chosen[test_rows], fold.classes_)] = found
        final = fitted(np.arange(len(target)))
        weights, intercepts = final.coef_, final.intercept_
        if len(final.classes_) == 2:  # scikit-learn keeps the difference of the two only
            weights, intercepts = np.vstack([-weights, weights]) / 2, np.hstack([-intercepts, intercepts]) / 2
        for position, value in enumerate(final.classes_):
            row = self._model.rows[f"{group}:{values[value]}"]
            self._model.weights[columns, row] = weights[position]
            self._model.intercepts[row] = intercepts[position]
        self._done()
        return shares, {
            f"accuracy.{name}": round(float(np.average(guesses == target, weights=whole)), 4),
            f"macro_f1.{name}": round(float(f1_score(target, guesses, average="macro", sample_weight=whole)), 4),
        }

    def _classifier(self, group: str) -> Any:
        if group in ("theme", "any"):
            return LinearSVC(C=_MARGIN, class_weight={False: 1, True: _RARE}, random_state=self._seed)
        return LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=3000, random_state=self._seed)
