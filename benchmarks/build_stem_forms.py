"""Builds `data/stem_forms.txt`: the commonest inflected word forms with their roots, as PySastrawi itself gives them.

Beside it `data/stem_forms_corrected.txt` lists those among them whose root the corrections change; rebuild both after
adding roots to `data/stem_corrections.tsv` (without that stems stay right, but take longer).

Run with a file of word counts, made from any large collection of Indonesian news: JSON Lines (plain or .gz) with a
field "text". The shipped table counts 3.0 million words of 10,703 news articles of national portals.

    python benchmarks/build_stem_forms.py news.jsonl.gz
"""

import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path

from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

from pilkada_nlp.preprocessing import tables
from pilkada_nlp.preprocessing.affixes import root_of
from pilkada_nlp.preprocessing.stemmer import forms_digest

DATA = Path(__file__).parents[1] / "src" / "pilkada_nlp" / "data"
LIMIT = 190_000  # bytes: what loads within 5 ms, with room for the corrected forms


def main(source: Path) -> None:
    """Write the tables from the texts in `source`, commonest forms first until the first is full, then sorted."""
    stemmer = StemmerFactory().create_stemmer()
    counts: Counter[str] = Counter()
    opener = gzip.open if source.suffix == ".gz" else open
    with opener(source, "rt", encoding="utf-8") as lines:
        for line in lines:
            counts.update(re.findall(r"[a-z-]+", json.loads(line)["text"].lower()))
    forms: dict[str, str] = {}
    size = 0
    for form, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        root = stemmer.stem(form)
        size += len(f"{form} {root}\n") if root != form else 0
        if count < 2 or size > LIMIT:
            break
        if root != form and root == root.strip() and " " not in root:
            forms[form] = root
    _write("stem_forms.txt", [f"{form} {root}" for form, root in forms.items()])
    added = [word for kind, word, _ in tables.rows("stem_corrections.tsv") if kind == "root"]
    roots = tables.roots() | set(added)
    corrected = [f"{form} {root}" for form in forms if (root := root_of(form, roots)) != forms[form]]
    _write("stem_forms_corrected.txt", corrected, head=f"{forms_digest(added)}\n")


def _write(name: str, rows: list[str], head: str = "") -> None:
    (DATA / name).write_text(head + "".join(f"{row}\n" for row in sorted(rows)), encoding="ascii")
    print(f"{name}: {len(rows)} forms")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
