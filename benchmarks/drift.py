"""How often drift is warned of on ordinary press, and whether it is where the news is no ordinary press.

Run as `python -m benchmarks.drift`; needs `PILKADA_MEASURE`, the folder of measuring data. Ordinary are dated weeks and
random draws of real articles, of one newsroom and of many together; no warning is right there. Mixed into such draws,
the texts of one outlet are then replaced: English, letters in disorder, a third of the words glued together, words in
disorder, posts. Themes are tripled among real articles and, because most are rare there, among those of the corpus.
"""

import gzip
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks.figures import Figure
from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Drift
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.corpora import read_corpus
from pilkada_nlp.drift import find_drift
from pilkada_nlp.inputs import article_of_json

ROOT: Final = Path(__file__).parents[1]
_SAMPLE: Final = 1500  # articles, as many as the daily job looks at
_BEFORE: Final = timedelta(days=21)
_OUTLET: Final = 50  # articles of one newsroom
_DRAWS: Final = 20
_STRANGE: Final = "asing"
_EACH_THEME: Final = 40  # articles of a theme in the corpus, from which tripling it can be told from chance
_POSTS: Final = 6  # every sixth post
_PASSAGE: Final = 60  # English words


class Row(NamedTuple):
    """An article as the tagger sees it."""

    article: Article
    tagging: Tagging


def tagged(articles: Sequence[Article], tagger: Tagger) -> list[Row]:
    """Return articles with their taggings."""
    return [Row(*pair) for pair in zip(articles, tagger.tag(articles), strict=True)]


def lines(path: Path, every: int = 1) -> list[Article]:
    """Return the articles, or posts, of a file that have any text."""
    with gzip.open(path) as rows:
        found = [article_of_json(line, path.name, number) for number, line in enumerate(rows, 1) if number % every == 0]
    return [article for article in found if article.text.strip()]


def drifts(rows: Sequence[Row], tagger: Tagger, before: Sequence[Row] = ()) -> list[Drift]:
    """Return what is found in them, held against others."""
    return find_drift(
        [row.article for row in rows], [row.tagging for row in rows], tagger, [row.tagging for row in before]
    )


def ordinary(press: Sequence[Row], tagger: Tagger, chance: random.Random) -> Iterator[Figure]:
    """Yield how often ordinary press is warned of, and how many of its words are unknown."""
    outlets: defaultdict[str, list[Row]] = defaultdict(list)
    weeks: defaultdict[date, list[Row]] = defaultdict(list)
    for row in press:
        outlets[row.article.outlet].append(row)
        if on := row.article.published_on:
            weeks[on - timedelta(days=on.weekday())].append(row)
    reference = tagger.manifest.reference.unknown if tagger.manifest.reference else 0.0
    for kind, least in (("all articles", 100), ("articles on elections", 25)):
        means = []
        for rows in outlets.values():
            chosen = [row for row in rows if kind == "all articles" or row.tagging.relevant.value]
            if len(chosen) >= least:
                means.append(sum(tagger.unknown_share(row.article) for row in chosen) / len(chosen))
        yield Figure(f"unknown words in {kind}, newsroom with the least", 100 * min(means), "%")
        yield Figure(f"unknown words in {kind}, newsroom with the most", 100 * max(means), "%")
        yield Figure(f"the same ÷ its share in training ({reference:.1%})", max(means) / reference, "")
    full = {start: rows for start, rows in weeks.items() if len(rows) >= _OUTLET}
    words = swollen = comparable = 0
    for start, rows in full.items():
        before = [row for past in weeks if start - _BEFORE <= past < start for row in weeks[past]]
        found = drifts(rows, tagger, before)
        words += any(drift.kind != "theme" for drift in found)
        swollen += any(drift.kind == "theme" for drift in found)
        comparable += min(sum(row.tagging.relevant.value for row in span) for span in (rows, before)) >= _OUTLET
    yield Figure(f"dated weeks with a warning on words, of {len(full)}", 100 * words / len(full), "%", 5)
    # No mark: when the registration of candidates begins, news of candidates does swell.
    yield Figure(f"dated weeks with a warning on a theme, of {comparable} that could be compared", swollen, "")
    large = {name: rows for name, rows in outlets.items() if len(rows) >= 2 * _OUTLET}
    warned = sum(bool(drifts(chance.sample(rows, _OUTLET), tagger)) for rows in large.values() for _ in range(_DRAWS))
    share = 100 * warned / (_DRAWS * len(large))
    yield Figure(f"draws of {_OUTLET} articles of one newsroom ({len(large)} of them) with a warning", share, "%", 2)
    warned = 0
    for _ in range(_DRAWS // 4):
        drawn = chance.sample(press, 2 * _SAMPLE)
        warned += bool(drifts(drawn[:_SAMPLE], tagger, drawn[_SAMPLE:]))
    yield Figure(f"draws of {_SAMPLE} articles of all newsrooms with a warning", 100 * warned / (_DRAWS // 4), "%", 0)


def english() -> list[str]:
    """Return passages of this project's own English documentation, as long as short news."""
    text = " ".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CHANGELOG.md"))
    words = text.split()
    return [" ".join(words[at : at + _PASSAGE]) for at in range(0, len(words) - _PASSAGE, _PASSAGE)]


def in_disorder(text: str, chance: random.Random) -> str:
    """Return a text with the letters of each word in disorder."""
    return " ".join("".join(chance.sample(word, len(word))) for word in text.split())


def glued(text: str, chance: random.Random) -> str:
    """Return a text with every third space gone."""
    return "".join(word + ("" if chance.random() < 1 / 3 else " ") for word in text.split())


def shuffled(text: str, chance: random.Random) -> str:
    """Return a text with its words in disorder."""
    words = text.split()
    return " ".join(chance.sample(words, len(words)))


def strange(press: Sequence[Row], posts: Sequence[Row], tagger: Tagger, chance: random.Random) -> Iterator[Figure]:
    """Yield how often an outlet of strange texts is told among a hundred ordinary articles."""
    changes: dict[str, Callable[[str, random.Random], str]] = {
        "letters in disorder": in_disorder,
        "every third space gone": glued,
        "words in disorder": shuffled,
    }
    related = [row for row in press if row.tagging.relevant.value]
    pools: dict[str, list[Row]] = {
        "English": tagged(
            [_as_outlet(chance.choice(press).article, text=text, title="") for text in english()], tagger
        ),
        **{
            name: tagged(
                [_as_outlet(row.article, text=change(row.article.text, chance)) for row in chance.sample(related, 200)],
                tagger,
            )
            for name, change in changes.items()
        },
        "posts": [Row(_as_outlet(row.article), row.tagging) for row in posts],
        "posts on elections": [
            Row(_as_outlet(row.article), row.tagging) for row in posts if row.tagging.relevant.value
        ],
    }
    for name, pool in pools.items():
        told = 0
        for _ in range(_DRAWS):
            mixed = [*chance.sample(press, 100), *chance.sample(pool, min(_OUTLET, len(pool)))]
            told += any(drift.outlet == _STRANGE for drift in drifts(mixed, tagger))
        mark = None if name in ("words in disorder", "posts") else 100
        count = min(_OUTLET, len(pool))
        yield Figure(f"{count} texts of one outlet, {name}: told", 100 * told / _DRAWS, "%", mark, more_is_better=True)
    whole = drifts(chance.sample(posts, 500), tagger)
    yield Figure("500 posts as one outlet: told", 100 * bool(whole), "%", 100, more_is_better=True)


def _as_outlet(article: Article, **fields: str) -> Article:
    return msgspec.structs.replace(article, outlet=_STRANGE, **fields)


def themes(press: Sequence[Row], corpus: Sequence[Row], tagger: Tagger, chance: random.Random) -> Iterator[Figure]:
    """Yield whether a theme that is tripled is told, alone, among all articles of a half against the other half."""
    for name, rows, least in (("press", press, _OUTLET), ("corpus", corpus, _EACH_THEME)):
        related = [row for row in rows if row.tagging.relevant.value]
        chance.shuffle(related)
        before, now = related[::2], related[1::2]
        common = [theme for theme in tagger.manifest.themes if sum(_is_on(row, theme) for row in related) >= least]
        alone = 0
        for theme in common:
            more = [*now, *(row for row in now if _is_on(row, theme) for _ in range(2))]
            alone += {drift.theme for drift in drifts(more, tagger, before) if drift.kind == "theme"} == {theme}
        share = 100 * alone / len(common)
        yield Figure(
            f"themes that are tripled and told alone, {name}: {len(common)}", share, "%", 90, more_is_better=True
        )
        yield Figure(f"themes told without tripling, {name}", len(drifts(now, tagger, before)), "", 0)


def _is_on(row: Row, theme: str) -> bool:
    return any(tag.theme == theme and tag.strength == "pokok" for tag in row.tagging.themes)


def figures(folder: Path) -> Iterator[Figure]:
    """Yield all figures of drift."""
    chance, tagger = random.Random(7), load_tagger()  # noqa: S311  # a draw, no secret
    press = tagged(lines(folder / "data" / "news_unlabelled.jsonl.gz"), tagger)
    yield from ordinary(press, tagger, chance)
    yield from strange(press, tagged(lines(folder / "data" / "social_sample.jsonl.gz", _POSTS), tagger), tagger, chance)
    texts = [
        msgspec.structs.replace(press[0].article, title=row.title, text=row.text, outlet="korpus")
        for row in read_corpus([ROOT / "corpora" / "berita"])
    ]
    yield from themes(press, tagged(texts, tagger), tagger, chance)
    week, before = press[:_SAMPLE], press[_SAMPLE : 2 * _SAMPLE]
    start = time.process_time()
    drifts(week, tagger, before)
    yield Figure(f"looking at {_SAMPLE} articles", time.process_time() - start, "s CPU", 5)


if __name__ == "__main__":
    measure = os.environ.get("PILKADA_MEASURE")
    if not measure:
        sys.exit("PILKADA_MEASURE is not set: drift is measured on real articles.")
    for figure in figures(Path(measure)):
        print(figure.line(), flush=True)
