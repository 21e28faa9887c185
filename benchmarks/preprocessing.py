"""Measures preprocessing: stemming against PySastrawi in the same run, and right and wrong against gold.

Each speed is CPU time in a process of its own. Texts are those of PILKADA_MEASURE, else those of `corpora/berita`.
"""

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
from Sastrawi.Stemmer.Stemmer import Stemmer as PySastrawi
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
from tests.test_posts import lines
from tests.test_preprocessing import boundaries_f1
from tests.test_stemmer import generated

from benchmarks.figures import Figure
from pilkada_nlp.preprocessing import Stemmer, tables
from pilkada_nlp.preprocessing.affixes import root_of
from pilkada_nlp.preprocessing.posts import normalize, split_hashtag

ROOT = Path(__file__).parents[1]
FLOOR = re.compile(r"[a-z0-9-]+")
SAMPLE = 216_000  # tokens, the size at which the figures of other systems were taken


def texts() -> Iterator[str]:
    """Yield the texts to measure on, one at a time so that memory stays small."""
    folder = os.environ.get("PILKADA_MEASURE")
    if folder:
        with gzip.open(Path(folder) / "data" / "news_unlabelled.jsonl.gz", "rt", encoding="utf-8") as rows:
            for row in rows:
                yield json.loads(row)["text"]
    else:
        for path in sorted((ROOT / "corpora" / "berita").glob("*.jsonl")):
            for row in path.read_text(encoding="utf-8").splitlines():
                yield json.loads(row)["text"]


def sample(tokens: int | None) -> list[str]:
    """Return texts of about so many tokens, or all."""
    chosen: list[str] = []
    count = 0
    for text in texts():
        chosen.append(text)
        count += len(FLOOR.findall(text.lower()))
        if tokens and count >= tokens:
            break
    return chosen


def make(system: str) -> Callable[[str], object]:
    """Return the function of a system that is compared."""
    if system == "pysastrawi":
        return StemmerFactory().create_stemmer().stem  # type: ignore[no-any-return]
    if system == "floor":
        return lambda text: FLOOR.findall(text.lower())
    return Stemmer(corrections=system == "corrected").stem


def speeds(system: str, tokens: int | None) -> None:
    """Print cold and warm tokens a second; run in a process of its own."""
    chosen = sample(tokens)
    count = sum(len(FLOOR.findall(text.lower())) for text in chosen)
    function = make(system)
    rates = []
    for _ in range(4):
        start = time.process_time()
        for text in chosen:
            function(text)
        rates.append(count / (time.process_time() - start))
    print(rates[0], max(rates[1:]))


def peak() -> float:
    """Return the peak memory in MB of a process that stems all texts, read from a pipe one at a time."""
    code = (
        "import json, re, sys; from pilkada_nlp.preprocessing import stem\n"
        "for line in sys.stdin: stem(json.loads(line))\n"
        # Not ru_maxrss, which a process inherits from the one that started it.
        "print(int(re.search('VmHWM: *([0-9]+)', open('/proc/self/status').read().replace(chr(9), ' '))[1]) / 1024)"
    )
    lines = "".join(json.dumps(text) + "\n" for text in texts())
    run = subprocess.run([sys.executable, "-c", code], input=lines, check=True, capture_output=True, text=True)
    return float(run.stdout)


def _run(*args: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.preprocessing", *args]
    run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return [float(part) for part in run.stdout.split()]


def start_up() -> float:
    """Return the milliseconds of CPU from a process that has `re` to its first stemmed article, least of nine."""
    code = (
        "import re, time; start = time.process_time(); import pilkada_nlp.preprocessing as p;"
        "p.stem('Bawaslu Kutai Kartanegara meminta relawan petahana menjaga netralitas selama kampanye. ' * 30);"
        "print(1000 * (time.process_time() - start))"
    )
    runs = (subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(9))
    return min(float(run.stdout) for run in runs)


def differences() -> tuple[int, int]:
    """Return how many word forms were compared with PySastrawi, and how many have another stem."""
    forms = {form for text in texts() for form in FLOOR.findall(text.lower())}
    compared = sorted(forms) + generated(300_000, seed=1)
    oracle = PySastrawi(ArrayDictionary(StemmerFactory().get_words()))
    roots = tables.roots()
    return len(compared), sum(root_of(form, roots) != oracle.stem_word(form) for form in compared)


def figures() -> Iterator[Figure]:
    """Yield all figures of preprocessing."""
    for name, tokens in (("216,000 tokens", SAMPLE), ("all texts", None)):
        size = str(tokens or 0)
        rates = {system: _run(system, size) for system in ("pysastrawi", "floor", "stock", "corrected")}
        for system in ("stock", "corrected"):
            cold, warm = rates[system]
            label = f"stemming, {name}, {'with' if system == 'corrected' else 'without'} corrections"
            yield Figure(f"{label}: cold", cold / 1e6, "M tokens/s", 1.5, more_is_better=True)
            mark = 20 if tokens else None
            yield Figure(f"{label}: cold ÷ PySastrawi", cold / rates["pysastrawi"][0], "x", mark, more_is_better=True)
            yield Figure(f"{label}: warm ÷ PySastrawi", warm / rates["pysastrawi"][1], "x", 3, more_is_better=True)
            yield Figure(f"{label}: lower-case + regex ÷ warm", rates["floor"][1] / warm, "x", 2)
    yield Figure("preprocessing: start-up and first article above `re`", start_up(), "ms CPU", 10)
    yield Figure("preprocessing: peak memory, all texts, one at a time", peak(), "MB", 40)
    compared, other = differences()
    yield Figure(f"stems unlike PySastrawi's among {compared} forms", other, "", 0)
    yield Figure("sentence boundaries, F1", boundaries_f1(), "", 0.97, more_is_better=True)
    for name, function, source, wanted in (
        ("normalize.jsonl", normalize, "text", "normal"),
        ("hashtags.jsonl", split_hashtag, "hashtag", "words"),
    ):
        items = lines(name)
        right = sum(function(item[source]) == item[wanted] for item in items) / len(items)
        yield Figure(f"{name}: exactly right of {len(items)}", right, "")


if __name__ == "__main__":
    if sys.argv[1:]:
        speeds(sys.argv[1], int(sys.argv[2]) or None)
    else:
        for figure in figures():
            print(figure.line(), flush=True)
