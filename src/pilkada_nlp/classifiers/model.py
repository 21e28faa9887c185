"""The linear model and its folder: sparse TF-IDF in, log-odds out, with numpy alone.

A model folder holds `weights.npz` (arrays, never pickled), `vocabulary.json`, `manifest.json` and `card.md`. Raise
`FORMAT` when a folder written by this version cannot be read by an older one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from pilkada_nlp.errors import ModelError

FORMAT: Final = 1
Floats = npt.NDArray[np.float32]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model is: its name, what it learned, from what, and the digest of each of its files.

    `themes` are the themes that it assigns. `scores` are cross-validated over events, on the training corpus.
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


class LinearModel:
    """Weights of all heads over one vocabulary.

    `heads` are "relevant", the themes, then "mod:<value>" for each modality. `weights` has the shape (heads, terms),
    `intercepts` (heads,). `slopes` and `offsets` turn the log-odds z of a yes/no head into the calibrated probability
    sigmoid(slope * z + offset); `thresholds` say from which probability on the answer is yes. For modality heads
    slope, offset and threshold are unused.
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

    def vectorize(self, counts: Mapping[str, float]) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return columns and values of the sublinear, length-normalised TF-IDF vector of term counts."""
        columns = self.columns
        known = sorted((columns[term], count) for term, count in counts.items() if term in columns)
        index = np.fromiter((column for column, _ in known), dtype=np.intp, count=len(known))
        values = (
            1 + np.log(np.fromiter((count for _, count in known), dtype=np.float32, count=len(known)))
        ) * self.idf[index]
        norm = float(np.linalg.norm(values))
        return index, (values / norm if norm else values).astype(np.float32)

    def log_odds(self, index: npt.NDArray[np.intp], values: Floats) -> Floats:
        """Return the raw scores of all heads, shape (heads,)."""
        result: Floats = self.weights[:, index] @ values + self.intercepts
        return result

    def probability(self, head: str, scores: Floats) -> float:
        """Return the calibrated probability of a yes/no head."""
        row = self.rows[head]
        return round(float(1 / (1 + np.exp(-(self.slopes[row] * scores[row] + self.offsets[row])))), 6)

    def threshold(self, head: str) -> float:
        """Return the probability from which a yes/no head says yes."""
        return round(float(self.thresholds[self.rows[head]]), 4)

    def save(self, folder: Path) -> dict[str, str]:
        """Write weights and vocabulary into `folder` and return the SHA-256 of each file."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez(folder / "weights.npz", **arrays)
        names = {"heads": self.heads, "vocabulary": self.vocabulary}
        (folder / "vocabulary.json").write_text(json.dumps(names, ensure_ascii=False) + "\n", encoding="utf-8")
        return {name: _sha256(folder / name) for name in ("vocabulary.json", "weights.npz")}


_ARRAYS = ("idf", "weights", "intercepts", "slopes", "offsets", "thresholds")


def idf_of(documents: Iterable[Mapping[str, float]], vocabulary: list[str], total: int) -> Floats:
    """Return the smoothed inverse document frequency ln((1 + n) / (1 + df)) + 1 of each term, shape (terms,)."""
    columns = {term: column for column, term in enumerate(vocabulary)}
    frequency = np.zeros(len(vocabulary))
    for counts in documents:
        for term in counts:
            if term in columns:
                frequency[columns[term]] += 1
    return (np.log((1 + total) / (1 + frequency)) + 1).astype(np.float32)


def load_model(folder: Path, preprocessing: int, taxonomy: str) -> tuple[LinearModel, Manifest]:
    """Return the model in `folder`, after judging its manifest and the digest of each file.

    Raises ModelError when a file is missing or changed, or when the model was made for another format, preprocessing
    or taxonomy.
    """
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    except OSError as error:
        raise ModelError(
            f"no model here ({error.strerror}); run `make models`, or install the package anew", folder
        ) from error
    except msgspec.MsgspecError as error:
        raise ModelError(f"manifest.json is not readable ({error}); install the package anew", folder) from error
    if manifest.format > FORMAT:
        raise ModelError(
            f"written by a newer version (format {manifest.format}, known {FORMAT}); update pilkada-nlp", folder
        )
    if (manifest.preprocessing, manifest.taxonomy) != (preprocessing, taxonomy):
        raise ModelError(
            f"made for preprocessing {manifest.preprocessing} and taxonomy {manifest.taxonomy}, but this version has "
            f"{preprocessing} and {taxonomy}; run `pilkada train` again",
            folder,
        )
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{name} is missing; install the package anew or run `make models`", folder)
        if _sha256(path) != digest:
            raise ModelError(
                f"{name} was changed after training; install the package anew or run `make models`", folder
            )
    names = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
        return LinearModel(
            names["vocabulary"], heads=names["heads"], **{name: arrays[name] for name in _ARRAYS}
        ), manifest


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
