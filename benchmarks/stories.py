"""Measures the joining of articles into stories: on the families of `corpora/salinan`, on real pairs, and at size.

The weights were fitted on every second family and every second pair; the figures say which half they are of. Taggings
are the shipped tagger's, but every text counts as related, because it is the joining that is measured.
"""

import gzip
import json
import os
import random
import re
import resource
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.figures import Figure
from pilkada_nlp.article import Article, Modality, RegionTag, Tagging
from pilkada_nlp.article.findings import Story
from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.classifiers.champion import shipped_model
from pilkada_nlp.inputs import article_of_json
from pilkada_nlp.regions import region
from pilkada_nlp.stories import build_stories, join, telling
from pilkada_nlp.watchlist import load_weights

ROOT = Path(__file__).parents[1]
SIZE, DAYS, OUTLETS = 100_000, 28, 200
FIRST_DAY = date(2024, 11, 1)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_NUMBER = re.compile(r"\d+")


def main() -> None:
    """Print all figures as one Markdown table."""
    print("| figure | measured | mark |\n|---|--:|---|")
    for figure in chain(families(), real_pairs(), at_size()):
        print(figure.line(), flush=True)


def families() -> Iterator[Figure]:
    """Measure copies, events and follow-ups on the families; the odd ones, in order of name, were not fitted on."""
    rows = _lines("salinan")
    articles = [_article(row["id"], row["title"], row["text"], date.fromisoformat(row["date"])) for row in rows]
    stories = _stories(articles)
    story = {member.article: told.id for told in stories for member in told.members}
    copy: dict[str, str] = {}
    for told in stories:
        for member in told.members:  # in order, so that what a copy was joined to is known before it
            copy[member.article] = copy[member.joined_to or ""] if member.reason == "salinan" else member.article
    names = sorted({row["family"] for row in rows})
    for half, mark, chosen in (("fitted on", None, set(names[::2])), ("not fitted on", 1, set(names[1::2]))):
        members = [row for row in rows if row["family"] in chosen]
        for name, gold, found, least in (("copies", "copy", copy, 0.95), ("events", "event", story, 0.85)):
            pairs = [(found[a["id"]] == found[b["id"]], a[gold] == b[gold]) for a, b in combinations(members, 2)]
            yield Figure(f"{name}, pairwise F1, {len(chosen)} families {half}", _f1(pairs), "", mark and least, True)
        yield _chains(members, story, {told.id: told.follows for told in stories}, half)


def _chains(
    members: Sequence[dict[str, Any]], story: dict[str, str], follows: dict[str, str | None], half: str
) -> Figure:
    tells: dict[str, set[str]] = {}
    for row in members:
        tells.setdefault(row["event"], set()).add(story[row["id"]])
    due: dict[str, set[str]] = {story[row["id"]]: set() for row in members}
    for row in members:
        due[story[row["id"]]] |= tells.get(row["follows"], set())
    right = sum(follows[key] in wanted for key, wanted in due.items())
    wrong = sum(follows[key] is not None and follows[key] not in wanted for key, wanted in due.items())
    return Figure(
        f"follow-ups linked, of {sum(map(bool, due.values()))} {half}, {wrong} stories linked wrongly", right, ""
    )


def real_pairs() -> Iterator[Figure]:
    """Measure the pairs of real news that were judged by reading; the odd ones were not fitted on."""
    folder = os.environ.get("PILKADA_MEASURE")
    if not folder:
        print("PILKADA_MEASURE is not set: nothing was measured on real pairs.")
        return
    gold = [json.loads(line) for line in (ROOT / "tests" / "gold" / "story_pairs.jsonl").read_text().splitlines()]
    wanted = {pair[side] for pair in gold for side in ("one", "other")}
    with gzip.open(Path(folder) / "data" / "news_unlabelled.jsonl.gz", "rb") as lines:
        articles = [
            article_of_json(line, "news", at) for at, line in enumerate(lines) if json.loads(line)["id"] in wanted
        ]
    story = {member.article: told.id for told in _stories(articles) for member in told.members}
    pairs = [(story[pair["one"]] == story[pair["other"]], pair["same"]) for pair in gold]
    yield Figure("real pairs, F1, the 100 fitted on", _f1(pairs[::2]), "")
    yield Figure("real pairs, F1, the 100 not fitted on", _f1(pairs[1::2]), "", 0.9, True)


def at_size() -> Iterator[Figure]:
    """Measure 100,000 articles of 28 days, each made of sentences of the corpus with names and numbers exchanged."""
    articles, taggings = _many()
    before = _cpu()
    told = [telling(article, taggings[article.id]) for article in articles]
    telling_took = _cpu() - before
    size = sum(len(msgspec.msgpack.encode(one)) for one in told[:1000])
    del articles, taggings
    before = _cpu()
    stories = join(told, {}, load_weights().independence)
    joining_took = _cpu() - before
    yield Figure("a telling as bytes, mean", size / 1000, "bytes")
    yield Figure(f"telling {SIZE:,} articles", telling_took, "s CPU")
    yield Figure(f"joining them into {len(stories):,} stories", joining_took, "s CPU")
    yield Figure("both", telling_took + joining_took, "s CPU", 90)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("peak memory, with making the articles", peak, "MB", 1500)


def _many() -> tuple[list[Article], dict[str, Tagging]]:
    """Return articles of events that are told once or up to forty times, most often as copies, and their taggings.

    Sentences are whole and names come as often as in the corpus, so that words keep their frequencies.
    """
    chance = random.Random(8)  # noqa: S311  # made-up texts, not secrets
    rows = [*_lines("berita"), *_lines("salinan")]
    models = [_article(str(at), row["title"], row["text"], FIRST_DAY) for at, row in enumerate(rows)]
    taggings = _tagged(models)
    sentences = [re.split(r"(?<=[.?!])\s+", model.text) for model in models]
    names = [name for model in models for name in _NAME.findall(model.text)]
    codes = sorted({place.code for tagging in taggings.values() for place in tagging.places()})
    articles: list[Article] = []
    tags: dict[str, Tagging] = {}
    while len(articles) < SIZE:
        nth = chance.randrange(len(models))
        told = [*sentences[nth], *chance.choice(sentences)[:4]]
        swap = {name: chance.choice(names) for name in _NAME.findall(" ".join(told))}
        told = [_NUMBER.sub(lambda _: str(chance.randint(1, 400)), line) for line in told]
        told = [_swapped(line, swap) for line in told]
        title = models[nth].title if chance.random() < 0.5 else told[0][:80]
        tagging = msgspec.structs.replace(taggings[str(nth)], regions=_place(chance.choice(codes)))
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3, 5, 10, 40))):
            # Some newsrooms print it whole, some shorten it, some begin with something else.
            lines = told if chance.random() < 0.6 else chance.sample(told, max(len(told) * 2 // 3, 1))
            key = f"{len(articles):06}"
            text = " ".join(lines)
            outlet = f"outlet-{chance.randrange(OUTLETS)}"
            articles.append(_article(key, title, text, day + timedelta(days=chance.randrange(2)), outlet))
            tags[key] = msgspec.structs.replace(tagging, id=key)
    return articles[:SIZE], tags


def _swapped(line: str, swap: dict[str, str]) -> str:
    return _NAME.sub(lambda found: swap.get(found[0], found[0]), line)


def _place(code: str) -> tuple[RegionTag, ...]:
    return (RegionTag(code=code, name=region(code).name, role="peristiwa", score=1.0),)


def _lines(folder: str) -> list[dict[str, Any]]:
    files = sorted((ROOT / "corpora" / folder).glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def _stories(articles: Sequence[Article]) -> list[Story]:
    return build_stories(articles, _tagged(articles), load_weights().independence)


def _tagged(articles: Sequence[Article]) -> dict[str, Tagging]:
    return {
        tagging.id: msgspec.structs.replace(
            tagging,
            relevant=msgspec.structs.replace(tagging.relevant, value=True),
            modality=tagging.modality or Modality(value="fakta_proses", score=0.0),
        )
        for tagging in load_tagger(shipped_model()).tag(articles)
    }


def _article(key: str, title: str, text: str, day: date, outlet: str = "uji") -> Article:
    at = datetime.combine(day, time(), UTC)
    return Article(id=key, url="", outlet=outlet, title=title, text=text, day=day, fetched_at=at)


def _f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    right = sum(found and gold for found, gold in pairs)
    return 2 * right / (sum(found for found, _ in pairs) + sum(gold for _, gold in pairs))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
