"""Retraining with labels of real articles: what they bring, what false ones do, and what it costs.

Needs `PILKADA_MEASURE`, the folder of measuring data. Everything is trained in a temporary folder; no shipped model
ever sees a real article. Wall-clock seconds stand beside CPU seconds, because machines are shared.
"""

import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from sklearn.model_selection import GroupKFold

from benchmarks.figures import Figure
from benchmarks.quality import labels_of
from pilkada_nlp.article import MODALITIES
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.classifiers.champion import shipped_model
from pilkada_nlp.corpora import LabelledArticle, Labels, read_corpus, read_sentences
from pilkada_nlp.evaluation import article_of
from pilkada_nlp.evaluation.measures import Floats, counts, f1, main_of, measure, samples
from pilkada_nlp.inputs import article_of_json
from pilkada_nlp.labelling import Labelling, write_labels
from pilkada_nlp.labelling.taggings import Tagged
from pilkada_nlp.training import train, train_version
from pilkada_nlp.training.choosing import choose
from pilkada_nlp.versions import Versions

ROOT = Path(__file__).parents[1]
CORPORA = [ROOT / "corpora" / "berita", ROOT / "corpora" / "ringkas"]
SENTENCES = ROOT / "corpora" / "kalimat"
FOLDS = 5
MANY = 10_000
FALSE = 0.3
SEEDS = 10
FEW = (25, 50, 100)
T_95 = 2.262  # of Student's distribution with nine degrees of freedom, for an interval of 95 %
_NO_DAY = date(2024, 1, 1)  # dates of the measuring data have many forms, and training reads none


def real_labels(folder: Path) -> list[Labelling]:
    """Return the real labelled articles, each with its outlet: the name of its site without subdomain."""
    found = []
    for line in (folder / "data" / "news_dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        article = LabelledArticle(
            id=row["id"], title=row["title"], text=row["text"], date=_NO_DAY, labels=labels_of(row["labels"])
        )
        found.append(Labelling(article=article, outlet=site(row["outlet"])))
    return found


def site(outlet: str) -> str:
    """Return the name of a site: "nasional.kompas.com" is "kompas", as is "kompas.com"."""
    parts = outlet.lower().removesuffix(".com").removesuffix(".co.id").replace(" ", ".").split(".")
    return "tribunnews" if "tribun" in outlet else parts[-1]


def trained(own: Sequence[Labelling], folder: Path) -> Tagger:
    """Return a tagger that has learned from the corpora and from these labels."""
    train(read_corpus(CORPORA), folder, sentences=read_sentences([SENTENCES]), own=own)
    return load_tagger(folder)


def found_by(tagger: Tagger, judged: Sequence[Labelling]) -> Floats:
    """Return what a tagger finds rightly, wrongly and not at all of main themes, shape (articles, 3)."""
    taggings = tagger.tag(map(article_of, judged))
    pairs = [(one.article.labels, tagging) for one, tagging in zip(judged, taggings, strict=True)]
    return counts(pairs, main_of(tagger.manifest.themes))


def gains(folder: Path) -> list[Figure]:
    """Measure what labels of the other outlets bring to main themes, on each fifth of the outlets."""
    real = real_labels(folder)
    folds = list(GroupKFold(FOLDS).split(real, groups=[one.outlet for one in real]))
    alone, beside = np.zeros((len(real), 3)), np.zeros((len(real), 3))
    with tempfile.TemporaryDirectory() as place:
        alone[:] = found_by(trained([], Path(place) / "alone"), real)
        for number, (others, fold) in enumerate(folds):
            tagger = trained([real[at] for at in others], Path(place) / f"fold{number}")
            beside[fold] = found_by(tagger, [real[at] for at in fold])
    figures = []
    changes = []
    for number, (_, fold) in enumerate(folds, 1):
        before, now = float(f1(alone[fold].sum(axis=0))), float(f1(beside[fold].sum(axis=0)))
        outlets = sorted({real[at].outlet for at in fold if real[at].outlet})
        name = f"fold {number} ({len(fold)} articles of {', '.join(outlets[:3])})"
        figures.append(Figure(f"{name}: corpora alone, main themes, micro-F1", before, ""))
        figures.append(Figure(f"{name}: with the labels of the others", now, ""))
        changes.append(now - before)
    drawn = samples(len(real), 0)
    whole = measure(float(f1(beside.sum(axis=0)) - f1(alone.sum(axis=0))), f1(drawn @ beside) - f1(drawn @ alone))
    mean = sum(changes) / FOLDS
    figures.append(Figure("gain of four folds of real labels on the fifth, mean", mean, "", 0.02, more_is_better=True))
    figures.append(Figure(f"the same over all articles ({whole.low:+.3f} to {whole.high:+.3f})", whole.value, ""))
    return figures


def few(folder: Path) -> list[Figure]:
    """Measure what few labels bring, chosen as `pilkada label next` does against as many random ones.

    Each of ten seeds takes one of the five folds by outlet as the articles to be found, and chooses among the others.
    """
    real = real_labels(folder)
    folds = list(GroupKFold(FOLDS).split(real, groups=[one.outlet for one in real]))
    gained: dict[tuple[int, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "model"
        alone = trained([], model)
        tags = dict(zip((one.article.id for one in real), alone.tag(map(article_of, real)), strict=True))
        for seed in range(SEEDS):
            others, fold = folds[seed % FOLDS]
            judged, pool = [real[at] for at in fold], {real[at].article.id: real[at] for at in others}
            candidates = [Tagged(article_of(one), tags[key], key) for key, one in pool.items()]
            before = float(f1(found_by(alone, judged).sum(axis=0)))
            shuffled = random.Random(seed).sample(sorted(pool), len(pool))  # noqa: S311  # not a secret
            for count in FEW:
                picked = [choice.article.id for choice in choose(candidates, alone, count, seed)]
                for how, keys in (("chosen", picked), ("random", shuffled[:count])):
                    now = found_by(trained([pool[key] for key in keys], Path(place) / "next"), judged)
                    gained.setdefault((count, how), []).append(float(f1(now.sum(axis=0))) - before)
    figures = []
    for count in FEW:
        chosen, chance = np.array(gained[count, "chosen"]), np.array(gained[count, "random"])
        for name, values in (("chosen", chosen), ("random", chance), ("chosen less random", chosen - chance)):
            spread = float(values.std(ddof=1) / np.sqrt(SEEDS)) * T_95
            figures.append(
                Figure(f"{count} labels, {name}: gain of micro-F1 (± {spread:.3f})", float(values.mean()), "")
            )
    return figures


def with_false_labels(own: Sequence[Labelling], share: float, seed: int) -> list[Labelling]:
    """Return labels of which a share is turned round: what is about an election is not, and the other way round."""
    chance = random.Random(seed)  # noqa: S311  # not a secret
    themes = load_tagger(shipped_model()).manifest.themes
    turned = set(chance.sample(range(len(own)), round(share * len(own))))
    result = []
    for number, one in enumerate(own):
        labels = one.article.labels
        if number in turned and labels.rel:
            labels = Labels(rel=False, kind=labels.kind)
        elif number in turned:
            pokok = (chance.choice(themes),)
            labels = Labels(rel=True, election="pilkada", pokok=pokok, mod=chance.choice(MODALITIES), kind=labels.kind)
        result.append(msgspec.structs.replace(one, article=msgspec.structs.replace(one.article, labels=labels)))
    return result


def gates(folder: Path) -> list[Figure]:
    """Say whether the gates let careful labels pass and stop those of which three in ten are false."""
    real = real_labels(folder)
    corpus, sentences = read_corpus(CORPORA), read_sentences([SENTENCES])
    figures = []
    for name, own in (("careful labels", real), ("three in ten labels false", with_false_labels(real, FALSE, 0))):
        with tempfile.TemporaryDirectory() as place:
            versions = Versions(Path(place))
            manifest = train_version(versions, corpus, own, sentences=sentences).manifest
            verdict = versions.promote(manifest.name)
            for field, share in (manifest.own_agreement or {}).items():
                figures.append(Figure(f"{name}: out-of-fold agreement on {field}", share, ""))
            missed = ", ".join(refusal.gate for refusal in verdict.refusals) or "none"
            expected = 0 if own is real else 1
            figures.append(
                Figure(f"{name}: gates missed ({missed})", len(verdict.refusals), "", expected, bool(expected))
            )
    return figures


def cost(folder: Path) -> list[Figure]:
    """Measure training on ten thousand articles: the corpora, and real ones with the tags of the shipped model."""
    tagger = load_tagger(shipped_model())
    corpus = read_corpus(CORPORA)
    wanted = MANY - sum(row.split != "test" for row in corpus)
    own: list[Labelling] = []
    with gzip.open(folder / "data" / "news_unlabelled.jsonl.gz") as lines:
        for number, line in enumerate(lines):
            if len(own) == wanted:
                break
            article = article_of_json(line, "unlabelled", number)
            (tagging,) = tagger.tag([article])
            main = tuple(theme.theme for theme in tagging.themes if theme.strength == "pokok")
            modality = tagging.modality.value if tagging.modality else None
            labels = Labels(rel=tagging.relevant.value, pokok=main, mod=modality)
            row = LabelledArticle(
                id=f"u{number}", title=article.title, text=article.text, date=article.day, labels=labels
            )
            own.append(Labelling(article=row, outlet=f"outlet {number % 40}"))
    with tempfile.TemporaryDirectory() as place:
        write_labels(own, Path(place) / "own.jsonl")
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = [
            "train",
            f"{place}/own.jsonl",
            *map(str, CORPORA),
            "--sentences",
            str(SENTENCES),
            "--out",
            f"{place}/m",
        ]
        subprocess.run([sys.executable, "-m", "pilkada_nlp", *command], check=True, capture_output=True)
        took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [
        Figure(f"training on {MANY} articles", took, "s", 180),
        Figure("the same", used, "s CPU"),
        Figure("the same, peak memory", after.ru_maxrss / 1024, "MB", 2048),
    ]


def main() -> None:
    """Print all figures as one Markdown table."""
    place = os.environ.get("PILKADA_MEASURE")
    if not place:
        print("PILKADA_MEASURE is not set: retraining was not measured.")
        return
    print("| figure | measured | mark |\n|---|--:|---|")
    for part in (cost, gates, gains, few):
        for figure in part(Path(place)):
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
