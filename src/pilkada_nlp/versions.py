"""Versions of the model: trained, judged on the same articles, put in service only when they are not worse.

The folder of models holds a folder for each version, `frozen.jsonl` (the labelled articles that all versions are judged
by and none learns from) and `champion.json`. Whatever dies in the middle leaves these as they were: a version appears
under its name when it is complete, and the pointer is replaced whole.
"""

import contextlib
import fcntl
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.classifiers.champion import (
    POINTER,
    Champion,
    models_folder,
    read_champion,
    serving_model,
    shipped_model,
)
from pilkada_nlp.classifiers.model import Manifest
from pilkada_nlp.errors import InputError, ModelError, OutputError, PilkadaError
from pilkada_nlp.evaluation import EvaluationReport, evaluate, model_card
from pilkada_nlp.evaluation.comparison import Comparison, compare
from pilkada_nlp.files import replace_file
from pilkada_nlp.labelling import Labelling, read_labels, write_labels

_FROZEN: Final = "frozen.jsonl"
_EVALUATION: Final = "evaluation.json"
_UNFINISHED: Final = ".new-"
LABELS: Final = "labels"
"""The gate that asks whether models which had not learned from the own labels agree with them."""


class Gates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a version may fall behind the one in service (`models/gates.toml`).

    `tolerance` is the fall of each figure that is borne. A greater one counts when at least the share `sure` of the
    samples of articles show a fall. `labels` is the least share of own labels that the folds must agree with.
    """

    sure: float
    seed: int
    tolerance: dict[str, float]
    labels: dict[str, float]


class Version(NamedTuple):
    """A version: its name, when it was made (UTC), from how many articles, and its figures on the frozen articles.

    `problem` says why it cannot be used, None when it can.
    """

    name: str
    made_at: datetime
    articles: int
    own_articles: int
    figures: dict[str, float]
    serving: bool
    problem: str | None = None


class Refusal(NamedTuple):
    """A gate that a version does not pass, and why in a sentence."""

    gate: str
    reason: str


class Verdict(NamedTuple):
    """What came of a promotion: refused when there are `refusals`; `allowed` are falls that were allowed in words."""

    version: str
    against: str
    comparisons: list[Comparison]
    refusals: list[Refusal]
    allowed: tuple[str, ...]


class Versions:
    """The versions in a folder, by default `$XDG_DATA_HOME/pilkada/models`."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or models_folder()

    def all(self) -> list[Version]:
        """Return the shipped model and then the versions, oldest first."""
        serving = read_champion(self.folder).serving
        own = [path for path in self.folder.iterdir() if self._is_version(path)] if self.folder.is_dir() else []
        own.sort(key=lambda path: (path.stat().st_mtime, path.name))
        return [_version(shipped_model(), serving is None), *(_version(path, path.name == serving) for path in own)]

    def path(self, name: str) -> Path:
        """Return the folder of a version; InputError when there is none of that name."""
        found = {path.name: path for path in self.folder.iterdir()} if self.folder.is_dir() else {}
        if name not in found or not self._is_version(found[name]):
            raise InputError("there is no such version; `pilkada models` lists them", name)
        return found[name]

    def frozen(self, when_new: Sequence[Labelling] = ()) -> list[Labelling]:
        """Return the articles that all versions are judged by; `when_new` become these when there are none yet.

        Raises InputError when the file cannot be read, OutputError when it cannot be written.
        """
        path = self.folder / _FROZEN
        if path.exists():
            return read_labels(path).labellings
        if when_new:
            _made(self.folder)
            write_labels(when_new, path)
        return list(when_new)

    @contextlib.contextmanager
    def fresh(self) -> Iterator[Path]:
        """Give the path of a folder for a new model, which `take` makes a version; nobody else trains meanwhile.

        What an earlier training that was killed left behind goes. Raises OutputError when another one is at work, or
        the folder cannot be written.
        """
        with self._alone("another training is at work here; try again when it is done", ".training"):
            for left in self.folder.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(left, ignore_errors=True)
            place = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.folder))
            try:
                yield place / "model"
            finally:
                shutil.rmtree(place, ignore_errors=True)

    def take(self, fresh: Path, frozen: Sequence[Labelling]) -> Version:
        """Judge a freshly trained model beside the one in service, write its card, and make it a version.

        The same model again changes nothing. Raises OutputError when another one of its name is there.
        """
        tagger = load_tagger(fresh)
        name = tagger.name
        if (self.folder / name).exists():
            if load_tagger(self.folder / name).manifest.files != tagger.manifest.files:
                raise OutputError("another model of that name is there; move it away", self.folder / name)
            return _version(self.folder / name, read_champion(self.folder).serving == name)
        if frozen:
            judge(fresh, frozen, serving_model(self.folder))
        fresh.rename(self.folder / name)
        return _version(self.folder / name, False)

    def promote(
        self,
        name: str,
        data: Sequence[Labelling] = (),
        *,
        gates: Gates | None = None,
        allow: Mapping[str, str] | None = None,
    ) -> Verdict:
        """Put a version in service if it passes the gates against the model that serves now; say what came of it.

        Both are judged on `data`, by default the frozen articles. `allow` names gates that may be missed, with the
        reason why, which goes into the card. Raises InputError for an unknown version or gate and when there is nothing
        to judge by, ModelError for a model that cannot be loaded.
        """
        gates, allow = gates or load_gates(), allow or {}
        if unknown := sorted(set(allow) - {*gates.tolerance, LABELS}):
            raise InputError(f"no such gate; there are {', '.join([*gates.tolerance, LABELS])}", unknown[0])
        path = self.path(name)
        judged_by = list(data) or self.frozen()
        if not judged_by:
            raise InputError("there are no articles to judge versions by; give labelled ones with --data", _FROZEN)
        with self._alone("another promotion is at work here; try again", ".promotion"):
            challenger, champion = load_tagger(path), load_tagger(serving_model(self.folder))
            comparisons = compare(champion, challenger, judged_by, gates.seed)
            missed = [*_falls(comparisons, gates), *_disagreement(challenger.manifest, gates)]
            refusals = [refusal for refusal in missed if refusal.gate not in allow]
            allowed = tuple(f"{one.reason}; allowed because: {allow[one.gate]}" for one in missed if one.gate in allow)
            if not refusals:
                self._serve(name, allowed)
                self._write_card(challenger, allowed)
        return Verdict(name, champion.name, comparisons, refusals, allowed)

    def rollback(self) -> str | None:
        """Put the version that served before back in service; return its name, None for the shipped model.

        Raises InputError when nothing was in service before.
        """
        with self._alone("another promotion is at work here; try again", ".promotion"):
            champion = read_champion(self.folder)
            if not champion.before:
                raise InputError(
                    "nothing was in service before the model that serves now; `pilkada promote` puts another in",
                    str(self.folder),
                )
            *before, last = champion.before
            self._point(msgspec.structs.replace(champion, serving=last, before=tuple(before)))
            return last

    def _serve(self, name: str, allowed: tuple[str, ...]) -> None:
        champion = read_champion(self.folder)
        if champion.serving != name:
            self._point(Champion(name, (*champion.before, champion.serving), {**champion.allowed, name: allowed}))

    def _point(self, champion: Champion) -> None:
        replace_file(self.folder / POINTER, msgspec.json.format(msgspec.json.encode(champion), indent=2) + b"\n")

    def _write_card(self, tagger: Tagger, allowed: Sequence[str]) -> None:
        folder = self.folder / tagger.name
        report = before = None
        if (folder / _EVALUATION).exists():
            report, before = _evaluations(folder)
        replace_file(folder / "card.md", model_card(tagger.manifest, report, before, allowed).encode())

    def _is_version(self, path: Path) -> bool:
        return not path.name.startswith(".") and (path / "manifest.json").is_file()

    @contextlib.contextmanager
    def _alone(self, message: str, lock: str) -> Iterator[None]:
        """Hold a lock that goes with the process that holds it."""
        _made(self.folder)
        with (self.folder / lock).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise OutputError(message, self.folder) from error
            yield


def judge(folder: Path, held_back: Sequence[Labelling], before: Path | None = None) -> None:
    """Judge the model in `folder` on articles that it did not learn from, and write that into the folder and its card.

    The card says what changed against the model in the folder `before`, if there is one. Raises OutputError when the
    folder cannot be written.
    """
    tagger = load_tagger(folder)
    report = evaluate(tagger, held_back)
    other = evaluate(load_tagger(before), held_back) if before else None
    replace_file(folder / _EVALUATION, msgspec.json.encode((report, other)))
    replace_file(folder / "card.md", model_card(tagger.manifest, report, other).encode())


def load_gates(path: Path | None = None) -> Gates:
    """Return the gates in a file, by default those that come with the package; InputError when it is none."""
    path = path or shipped_model().parent / "gates.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Gates)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"is no table of gates ({error}); mend it, or install the package anew", str(path)) from error


def _falls(comparisons: Sequence[Comparison], gates: Gates) -> Iterator[Refusal]:
    for one in comparisons:
        if one.gate not in gates.tolerance:
            continue
        if one.change < -gates.tolerance[one.gate] and one.fell >= gates.sure:
            yield Refusal(
                one.gate,
                f"{one.gate} goes from {one.before:.3f} to {one.now:.3f}, {-one.change:.3f} worse, and "
                f"{gates.tolerance[one.gate]:g} is borne (worse in {one.fell:.0%} of samples)",
            )


def _disagreement(manifest: Manifest, gates: Gates) -> Iterator[Refusal]:
    for field, least in gates.labels.items():
        share = (manifest.own_agreement or {}).get(field, 1.0)
        if share < least:
            yield Refusal(
                LABELS,
                f"models that had not learned from the own labels agree with {share:.0%} of them on {field}, and at "
                f"least {least:.0%} must be; look at the doubtful ones that `pilkada train` lists",
            )


def _version(folder: Path, serving: bool) -> Version:
    made_at = datetime.fromtimestamp((folder / "manifest.json").stat().st_mtime, UTC)
    try:
        tagger = load_tagger(folder)
        figures = dict(tagger.manifest.scores)
        if (folder / _EVALUATION).exists():
            figures = {name: one.value for name, one in _evaluations(folder)[0].figures.items()}
    except PilkadaError as error:
        return Version(folder.name, made_at, 0, 0, {}, serving, str(error))
    manifest = tagger.manifest
    return Version(manifest.name, made_at, manifest.articles, manifest.own_articles, figures, serving)


def _evaluations(folder: Path) -> tuple[EvaluationReport, EvaluationReport | None]:
    try:
        return msgspec.json.decode(
            (folder / _EVALUATION).read_bytes(), type=tuple[EvaluationReport, EvaluationReport | None]
        )
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelError(f"{_EVALUATION} cannot be read ({error}); train this version again", folder) from error


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made ({error.strerror or error}); check the folder above it, or name another with --models",
            folder,
        ) from error
