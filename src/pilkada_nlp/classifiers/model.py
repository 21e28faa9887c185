"""The linear model and its folder: sparse TF-IDF in, log-odds out, with numpy alone.

A model folder holds `weights.npz` (arrays, never pickled), `vocabulary.json`, `taxonomy.toml`, `manifest.json` and
`card.md`. Raise `FORMAT` when a folder written by this version cannot be read by an older one.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from pilkada_nlp.classifiers.taxonomy import Taxonomy, load_taxonomy
from pilkada_nlp.errors import ModelError

FORMAT: Final = 3
TAXONOMY_FILE: Final = "taxonomy.toml"  # the themes that a model learned, kept with it
Floats = npt.NDArray[np.float32]


class Reference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the training texts looked like to models that had not learned from them, weighed as they come in the press.

    `unknown` is the mean share of words that a model does not know. `relevance` is how articles spread over ten equal
    ranges of the probability that they are about an election, `strongest` how those that are spread over the
    probability of their likeliest theme. `themes` is the share of those that bear a theme as a main one.
    """

    unknown: float
    relevance: tuple[float, ...]
    strongest: tuple[float, ...]
    themes: dict[str, float]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model is: its name, what it learned, from what, and the digest of each of its files.

    `themes` are the themes that it assigns. `scores` are cross-validated over events, on the training corpus.
    `own_articles` of the `articles` were labelled by its users, and `own_agreement` is the share of their labels that
    models which had not learned from them agree with ("relevant", "themes"). `reference` is what drift is seen against;
    models of earlier versions have none.
    """

    format: int
    name: str
    themes: tuple[str, ...]
    preprocessing: int
    taxonomy: str
    corpus_sha256: str
    articles: int
    seed: int
    scikit_learn: str
    scores: dict[str, float]
    files: dict[str, str]
    own_articles: int = 0
    own_agreement: dict[str, float] | None = None
    reference: Reference | None = None


class LinearModel:
    """Weights of all heads over one vocabulary.

    A term of the whole text stands in the vocabulary as it is, one of title and first sentences as "l:term", one of the
    title as "t:term"; each of these three blocks is a TF-IDF vector of its own length. "d:name" is a measured feature
    whose value counts as it is, times its entry in `idf`.

    `heads` are "relevant", a theme id for "is a main theme", "any:<theme>" for "is named at all", "mod:<value>" for
    each modality, "kind:<value>" for each kind of source and "out:<value>" for how a decided case ended. `weights`
    has the shape (terms, heads), `intercepts` (heads,). `slopes` and `offsets` turn the log-odds z of a yes/no head
    into the calibrated probability sigmoid(slope * z + offset); `thresholds` say from which probability on the answer
    is yes. Main themes are calibrated together: `joint` are the weights of `joint_features`, with the offset at the
    end, shape (4,). The heads of modality, kind and outcome compete, and have no use for any of these.
    """

    def __init__(
        self,
        vocabulary: list[str],
        idf: Floats,
        heads: list[str],
        weights: Floats,
        intercepts: Floats,
        slopes: Floats,
        offsets: Floats,
        thresholds: Floats,
        joint: Floats,
    ) -> None:
        self.vocabulary = vocabulary
        self.columns = {term: column for column, term in enumerate(vocabulary)}
        self.idf = idf
        self.heads = heads
        self.rows = {head: row for row, head in enumerate(heads)}
        self.weights = weights
        self.intercepts = intercepts
        self.slopes = slopes
        self.offsets = offsets
        self.thresholds = thresholds
        self.joint = joint
        self._block = np.array([_BLOCKS.get(term[:2], 0) for term in vocabulary], dtype=np.intp)

    def vectorize(self, counts: Mapping[str, float]) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return columns and values of the vector of an article: sublinear TF-IDF by block, and measured features."""
        columns = np.fromiter(map(self.columns.get, counts, itertools.repeat(-1)), dtype=np.intp, count=len(counts))
        known = columns >= 0
        index = columns[known]
        values = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))[known]
        block = self._block[index]
        is_term = block != _MEASURED
        values[is_term] = 1 + np.log(values[is_term])
        values *= self.idf[index]
        lengths = np.sqrt(np.bincount(block, values * values, minlength=len(_SHARES)))
        scale = np.divide(_SHARES, lengths, out=np.zeros(len(_SHARES)), where=lengths > 0)
        scale[_MEASURED] = 1.0
        return index, (values * scale[block]).astype(np.float32)

    def log_odds(self, index: npt.NDArray[np.intp], values: Floats) -> Floats:
        """Return the raw scores of all heads, shape (heads,)."""
        result: Floats = values @ self.weights[index] + self.intercepts
        return result

    def probability(self, head: str, scores: Floats) -> float:
        """Return the calibrated probability of a yes/no head."""
        row = self.rows[head]
        return round(float(1 / (1 + np.exp(-(self.slopes[row] * scores[row] + self.offsets[row])))), 6)

    def theme_probabilities(self, themes: Sequence[str], scores: Floats) -> dict[str, float]:
        """Return theme -> calibrated probability that it is a main theme of an article that is about elections."""
        odds = scores[[self.rows[theme] for theme in themes]]
        z = joint_features(odds[None, :])[0] @ self.joint[:-1] + self.joint[-1]
        return dict(zip(themes, np.round(1 / (1 + np.exp(-z.astype(np.float64))), 6).tolist(), strict=True))

    def shares(self, prefix: str, scores: Floats) -> dict[str, float]:
        """Return the probability of each of the heads that compete under `prefix` ("mod:", "kind:"), by its value."""
        rows = [row for head, row in self.rows.items() if head.startswith(prefix)]
        odds = np.exp(scores[rows].astype(np.float64) - scores[rows].max())
        return dict(
            zip((self.heads[row].removeprefix(prefix) for row in rows), (odds / odds.sum()).tolist(), strict=True)
        )

    def unknown_share(self, counts: Mapping[str, float]) -> float:
        """Return the share of the words of an article that are not in the vocabulary."""
        words = {term: count for term, count in counts.items() if is_word(term)}
        unknown = sum(count for term, count in words.items() if term not in self.columns)
        return unknown / max(1.0, sum(words.values()))

    def threshold(self, head: str) -> float:
        """Return the probability from which a yes/no head says yes."""
        return round(float(self.thresholds[self.rows[head]]), 4)

    def save(self, folder: Path) -> dict[str, str]:
        """Write weights and vocabulary into `folder` and return the SHA-256 of each file.

        Weights are kept in half precision: it halves the file and moves no score by more than a hundredth.
        """
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez_compressed(folder / "weights.npz", **(arrays | {"weights": self.weights.astype(np.float16)}))
        names = {"heads": self.heads, "vocabulary": self.vocabulary}
        (folder / "vocabulary.json").write_text(json.dumps(names, ensure_ascii=False) + "\n", encoding="utf-8")
        return {name: sha256_of(folder / name) for name in ("vocabulary.json", "weights.npz")}


_ARRAYS = ("idf", "weights", "intercepts", "slopes", "offsets", "thresholds", "joint")
_BLOCKS: Final = {"l:": 1, "t:": 2, "d:": 3}
_MEASURED: Final = 3
_SHARES: Final = np.array([1.0, 0.3, 0.3, 1.0])
"""Length of each block's vector: title and lead say more, but less reliably; see models/README.md."""


def is_word(term: str) -> bool:
    """Say whether a term is a single word of the text: no pair, no stem, none of the blocks of lead and title."""
    return " " not in term and term[:1] != "~" and term[:2] not in _BLOCKS


def shares_by_score(scores: Sequence[float], weights: Sequence[float]) -> tuple[float, ...]:
    """Return how weighed probabilities spread over ten equal ranges; the shares add up to 1."""
    counts, _ = np.histogram(scores, bins=10, range=(0.0, 1.0), weights=weights)
    total = float(counts.sum())
    return tuple(round(float(count) / total, 4) if total else 0.0 for count in counts)


def joint_features(odds: Floats) -> Floats:
    """Return what a theme is judged by beside its rivals: shape (articles, themes) -> (articles, themes, 3).

    The three are its own log-odds, those of the strongest other theme, and how many themes have positive ones: an
    article is about one or two of the themes whose words it has.
    """
    best = odds.max(axis=1, keepdims=True)
    second = np.sort(odds, axis=1)[:, -2:-1] if odds.shape[1] > 1 else np.zeros_like(best)
    rival = np.where(odds == best, second, best)
    positive = np.broadcast_to((odds > 0).sum(axis=1, keepdims=True), odds.shape)
    return np.stack([odds, rival, positive], axis=2).astype(np.float32)


def idf_of(documents: Iterable[Mapping[str, float]], vocabulary: list[str], total: int) -> Floats:
    """Return the smoothed inverse document frequency ln((1 + n) / (1 + df)) + 1 of each term, shape (terms,)."""
    columns = {term: column for column, term in enumerate(vocabulary)}
    frequency = np.zeros(len(vocabulary))
    for counts in documents:
        for term in counts:
            if term in columns:
                frequency[columns[term]] += 1
    return (np.log((1 + total) / (1 + frequency)) + 1).astype(np.float32)


def load_model(folder: Path, preprocessing: int) -> tuple[LinearModel, Manifest, Taxonomy]:
    """Return the model in `folder` and its taxonomy, after judging its manifest and the digest of each file.

    Raises ModelError when a file is missing or changed, or when the model was made for another format or preprocessing.
    """
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    except OSError as error:
        raise ModelError(
            f"no model here ({error.strerror}); run `make models`, or install the package anew", folder
        ) from error
    except msgspec.MsgspecError as error:
        raise ModelError(f"manifest.json is not readable ({error}); install the package anew", folder) from error
    if manifest.format != FORMAT:
        advice = "update pilkada-nlp" if manifest.format > FORMAT else "run `pilkada train` again"
        raise ModelError(f"written in format {manifest.format}, and this version reads {FORMAT}; {advice}", folder)
    if manifest.preprocessing != preprocessing:
        raise ModelError(
            f"made for preprocessing {manifest.preprocessing}, but this version has {preprocessing}; run "
            "`pilkada train` again",
            folder,
        )
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{name} is missing; install the package anew or run `make models`", folder)
        if sha256_of(path) != digest:
            raise ModelError(
                f"{name} was changed after training; install the package anew or run `make models`", folder
            )
    names = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
        loaded = {name: arrays[name].astype(np.float32) for name in _ARRAYS}
    model = LinearModel(names["vocabulary"], heads=names["heads"], **loaded)
    return model, manifest, load_taxonomy(folder / TAXONOMY_FILE)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
