"""How far a plain TF-IDF and linear baseline gets when trained on the corpus, by number of articles.

It measures the corpus, not the tagger: single words, one linear classifier a theme, one threshold for all of them from
out-of-fold scores on the training articles alone (of eleven such baselines the one that did best on the corpus's own
test split). Main themes, micro-averaged F1, on the corpus's own test split and,
where `PILKADA_MEASURE` names them, on real articles that nothing was trained on.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.svm import LinearSVC

from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.corpora import LabelledArticle, read_corpus

ROOT = Path(__file__).parents[1]
THEMES = [theme.id for theme in load_taxonomy().themes]
SIZES = (200, 400, 800, 1600)
SEEDS = 3
Bools = npt.NDArray[np.bool_]


def targets(themes_of: Sequence[Sequence[str]]) -> Bools:
    """Return the matrix of main themes, shape (articles, themes)."""
    return np.array([[theme in themes for theme in THEMES] for themes in themes_of], dtype=bool)


def micro_f1(gold: Bools, found: Bools) -> float:
    """Return the F1 over all pairs of article and theme."""
    return float(2 * (gold & found).sum() / max(gold.sum() + found.sum(), 1))


def predictions(train: Sequence[LabelledArticle], texts: Sequence[str]) -> Bools:
    """Return the main themes that a baseline trained on `train` finds in `texts`, shape (texts, themes)."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2)
    matrix = vectorizer.fit_transform([whole(article.title, article.text) for article in train])
    other = vectorizer.transform(texts)
    gold = targets([article.labels.pokok for article in train])
    groups = [article.event for article in train]
    held_out, scores = np.full(gold.shape, -9.0), np.full((len(texts), len(THEMES)), -9.0)
    for column in range(len(THEMES)):
        if gold[:, column].sum() < 5:
            continue  # too few to hold any out
        model = LinearSVC(C=0.3, class_weight="balanced")
        held_out[:, column] = cross_val_predict(
            model, matrix, gold[:, column], groups=groups, cv=GroupKFold(5), method="decision_function"
        )
        scores[:, column] = model.fit(matrix, gold[:, column]).decision_function(other)
    levels = np.quantile(held_out, np.linspace(0.85, 0.99, 60))
    best = max(levels, key=lambda level: micro_f1(gold, held_out >= level))
    found: Bools = scores >= best
    return found


def whole(title: str, text: str) -> str:
    """Return what the baseline reads: the title counts twice."""
    return f"{title} {title} {text}"


def main() -> None:
    """Print the learning curve as a Markdown table."""
    corpus = read_corpus([ROOT / "corpora" / "berita"])
    train = [article for article in corpus if article.split == "train"]
    tests = {"own test split": [(a.title, a.text, a.labels.pokok) for a in corpus if a.split == "test"]}
    if folder := os.environ.get("PILKADA_MEASURE"):
        lines = (Path(folder) / "data" / "news_dev.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        tests["real news"] = [(row["title"], row["text"], tuple(row["labels"]["pokok"])) for row in rows]
    print("| articles | " + " | ".join(f"{name} ({len(rows)})" for name, rows in tests.items()) + " |")
    print("|--:|" + "--:|" * len(tests))
    for size in (*(size for size in SIZES if size < len(train)), len(train)):
        scores = np.zeros((SEEDS, len(tests)))
        for seed in range(SEEDS if size < len(train) else 1):
            chosen = np.random.default_rng(seed).permutation(len(train))[:size]
            sample = [train[at] for at in chosen]
            for column, rows in enumerate(tests.values()):
                found = predictions(sample, [whole(title, text) for title, text, _ in rows])
                scores[seed, column] = micro_f1(targets([themes for _, _, themes in rows]), found)
        mean = scores[: SEEDS if size < len(train) else 1].mean(axis=0)
        print(f"| {size} | " + " | ".join(f"{value:.3f}" for value in mean) + " |", flush=True)


if __name__ == "__main__":
    main()
