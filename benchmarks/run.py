"""Measures what the project promises and prints each figure with its mark; run by `make bench`.

Times are CPU seconds of whole processes, the least of several runs, because machines are shared and noisy.
`PILKADA_MEASURE` may name the folder with real texts; without it those figures are left out, and that is said.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.figures import Figure
from benchmarks.quality import judged
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.classifiers.champion import shipped_model
from pilkada_nlp.inputs import article_of_json

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable


def cpu_seconds(args: Sequence[str], runs: int = 5) -> float:
    """Return the least CPU time of a command, user and system, over several runs."""
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(args, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def wall_seconds(args: Sequence[str], runs: int = 10) -> float:
    """Return the least time that a command takes from its start to its end."""
    times = []
    for _ in range(runs):
        before = time.perf_counter()
        subprocess.run(args, check=True, capture_output=True)
        times.append(time.perf_counter() - before)
    return min(times)


def peak_megabytes(args: Sequence[str]) -> float:
    """Return the greatest resident memory of a command."""
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], check=True, capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    return float(subprocess.run([PYTHON, "-c", code, *args], check=True, capture_output=True, text=True).stdout)


def start_up() -> list[Figure]:
    """Measure import, a first tag and help, beside bare Python."""
    bare = cpu_seconds([PYTHON, "-c", "pass"])
    tagged = [PYTHON, "-c", "import pilkada_nlp as pn; pn.tag('Massa merusak kantor KPU Kabupaten Paser.')"]
    imported = cpu_seconds([PYTHON, "-c", "import pilkada_nlp"])
    shown = cpu_seconds([PYTHON, "-m", "pilkada_nlp", "--help"])
    return [
        Figure("bare Python", 1000 * bare, "ms CPU"),
        Figure("`import pilkada_nlp` above bare Python", 1000 * (imported - bare), "ms CPU", 100),
        Figure("`import pilkada_nlp as pn; pn.tag(text)`, whole process", 1000 * cpu_seconds(tagged), "ms CPU", 700),
        Figure("the same by the clock", 1000 * wall_seconds(tagged), "ms", 700),
        Figure("bare Python by the clock", 1000 * wall_seconds([PYTHON, "-c", "pass"]), "ms"),
        Figure("`pilkada --help`", 1000 * shown, "ms CPU", 300),
    ]


def demonstration() -> list[Figure]:
    """Measure the daily job on the demonstration site, the whole process with its server."""
    with tempfile.TemporaryDirectory() as folder:
        args = [PYTHON, "-m", "pilkada_nlp", "demo", "--out", folder]
        return [
            Figure("`pilkada demo`, 30 pages", cpu_seconds(args, 3), "s CPU", 10),
            Figure("`pilkada demo`, peak memory", peak_megabytes(args), "MB", 400),
        ]


def tagging_speed(tagger: Tagger, lines: Sequence[bytes]) -> list[Figure]:
    """Measure tagging of articles that are already extracted."""
    articles = [article_of_json(line, "corpus", number) for number, line in enumerate(lines, 1)]
    before = resource.getrusage(resource.RUSAGE_SELF)
    tagger.tag(articles)
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [Figure("tagging an extracted article", 1000 * used / len(articles), "ms CPU")]


def main() -> None:
    """Print all figures as one Markdown table."""
    print("| figure | measured | mark |\n|---|--:|---|")
    for figure in [*start_up(), *demonstration()]:
        print(figure.line(), flush=True)
    tagger = load_tagger(shipped_model())
    files = sorted((ROOT / "corpora" / "berita").glob("*.jsonl"))
    lines = [line for path in files for line in path.read_bytes().splitlines()]
    held_out = [line for line in lines if json.loads(line)["split"] == "test"]
    gold = (ROOT / "tests" / "demo_gold.jsonl").read_text(encoding="utf-8").splitlines()
    for figure in [*tagging_speed(tagger, lines), *judged(f"corpus test ({len(held_out)})", tagger, held_out)]:
        print(figure.line(), flush=True)
    for figure in judged(f"demonstration ({len(gold)})", tagger, _demonstration_lines(gold)):
        print(figure.line(), flush=True)
    folder = os.environ.get("PILKADA_MEASURE")
    if not folder:
        print("\nPILKADA_MEASURE is not set: nothing was measured on real texts.")
        return
    real = (Path(folder) / "data" / "news_dev.jsonl").read_bytes().splitlines()
    for figure in judged(f"real news ({len(real)})", tagger, real):
        print(figure.line(), flush=True)


def _demonstration_lines(gold: Sequence[str]) -> list[bytes]:
    from pilkada_nlp.demo import demo_articles

    labels = {row["slug"]: row["labels"] for row in map(json.loads, gold)}
    return [
        msgspec.json.encode(
            {
                "id": item.slug,
                "title": item.title,
                "text": "\n\n".join([*item.paragraphs, item.closing]).strip(),
                "labels": labels[item.slug],
            }
        )
        for item in demo_articles()
        if item.slug in labels
    ]


if __name__ == "__main__":
    main()
