"""Writes a trained model's folder, whole or not at all."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pilkada_nlp.classifiers.model import TAXONOMY_FILE, LinearModel, Manifest, sha256_of
from pilkada_nlp.classifiers.taxonomy import taxonomy_text
from pilkada_nlp.corpora import LabelledArticle, LabelledSentence
from pilkada_nlp.errors import OutputError
from pilkada_nlp.evaluation.card import model_card


def corpus_digest(rows: Sequence[LabelledArticle], sentences: Sequence[LabelledSentence] = ()) -> str:
    """Return the SHA-256 over the training rows and sentences, each in order of their ids."""
    digest = hashlib.sha256()
    for row in [*sorted(rows, key=lambda row: row.id), *sorted(sentences, key=lambda row: row.id)]:
        digest.update(msgspec.json.encode(row) + b"\n")
    return digest.hexdigest()


def refuse_other_folders(out: Path) -> None:
    """Raise OutputError when `out` is there and is no model: it would be replaced whole."""
    if out.exists() and not (out / "manifest.json").is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise OutputError("this is there already and is no model; name another folder", out)


def write_folder(model: LinearModel, manifest: Manifest, out: Path, taxonomy_file: Path | None) -> Manifest:
    """Write a model with its taxonomy, manifest and card into `out`; return the manifest with the files' digests.

    What is not complete never has the name `out`. Raises OutputError when it cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        files = model.save(fresh)
        (fresh / TAXONOMY_FILE).write_text(taxonomy_text(taxonomy_file), encoding="utf-8")
        files[TAXONOMY_FILE] = sha256_of(fresh / TAXONOMY_FILE)
        manifest = msgspec.structs.replace(manifest, files=files)
        text = json.dumps(msgspec.to_builtins(manifest), indent=2, sort_keys=True) + "\n"
        (fresh / "manifest.json").write_text(text, encoding="utf-8")
        (fresh / "card.md").write_text(model_card(manifest), encoding="utf-8")
        fresh.chmod(0o755)
        aside = fresh.with_name(f"{fresh.name}-old")
        if out.exists():
            out.rename(aside)
        fresh.rename(out)
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"the model cannot be written ({error.strerror or error}); check the folder and the space on the disk", out
        ) from error
    return manifest
