"""Builds `data/story_terms.txt`: in how many texts each word stands, by which two tellings of one event are compared.

The first line is the number of texts, each other a stem and its count. The texts are those of `corpora/berita` and
`corpora/ringkas`, and the unlabelled news of the folder that `PILKADA_MEASURE` names, of which nothing but these counts
is kept. The table is fixed, so that the likeness of two articles depends on nothing but the two.

    python -m benchmarks.build_story_terms
"""

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pilkada_nlp.stories.telling import WORD, weighed

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "src" / "pilkada_nlp" / "data" / "story_terms.txt"
LEAST = 5  # texts; rarer words are all taken for equally rare, and are often the names of persons


def main() -> None:
    """Write the table."""
    if not TABLE.exists():
        TABLE.write_text("1\n", encoding="utf-8")  # stems are looked up through the module that reads the table
    counts: Counter[str] = Counter()
    texts = 0
    for line in _lines():
        row = json.loads(line)
        counts.update({weighed(word)[0] for word in set(WORD.findall(f"{row['title']} {row['text']}".lower()))})
        texts += 1
    rows = [f"{word} {count}" for word, count in sorted(counts.items()) if count >= LEAST]
    TABLE.write_text("\n".join([str(texts), *rows]) + "\n", encoding="utf-8")
    print(f"{TABLE.name}: {len(rows)} words of {texts} texts")


def _lines() -> Iterator[str]:
    for folder in ("berita", "ringkas"):
        for path in sorted((ROOT / "corpora" / folder).glob("*.jsonl")):
            yield from path.read_text(encoding="utf-8").splitlines()
    news = Path(os.environ["PILKADA_MEASURE"]) / "data" / "news_unlabelled.jsonl.gz"
    with gzip.open(news, "rt", encoding="utf-8") as lines:
        yield from lines


if __name__ == "__main__":
    main()
