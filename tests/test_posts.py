"""Informal spelling becomes standard words, and what is standard stays."""

import json
from pathlib import Path

import pytest

from pilkada_nlp.preprocessing import normalize, tables
from pilkada_nlp.preprocessing.posts import split_hashtag

GOLD = Path(__file__).parent / "gold"


def lines(name: str) -> list[dict[str, str]]:
    """Return the lines of a gold file."""
    return [json.loads(line) for line in (GOLD / name).read_text(encoding="utf-8").splitlines()]


def test_posts_come_out_as_people_would_write_them() -> None:
    """At least 9 in 10 of 278 fragments, written before the lexicon was seen, match their gold to the letter."""
    items = lines("normalize.jsonl")
    right = sum(normalize(item["text"]) == item["normal"] for item in items)
    assert len(items) >= 270
    assert right / len(items) >= 0.9


def test_standard_text_is_left_alone() -> None:
    """Fragments that need no change but lower case, a fifth of the gold, stay as they are but for one in twenty."""
    items = [item for item in lines("normalize.jsonl") if item["text"].lower() == item["normal"]]
    assert len(items) >= 50
    assert sum(normalize(item["text"]) == item["normal"] for item in items) / len(items) >= 0.95


def test_hashtags_are_split() -> None:
    """At least 95 in 100 of 179 hashtags are split as their gold says."""
    items = lines("hashtags.jsonl")
    assert len(items) >= 170
    assert sum(split_hashtag(item["hashtag"]) == item["words"] for item in items) / len(items) >= 0.95


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("bangeeet!!! kok gituuu???", "sangat! kok begitu?"),
        ("org2 macam2nya", "orang-orang macam-macamnya"),
        ("dasar g0bl0k, 4njing", "dasar goblok, anjing"),
        ("@warga lihat https://contoh.id/a 2024 paslon01", "@user lihat url 0 paslon 01"),
        ("#JakartaMenyala #pilkadadamai", "jakarta menyala pilkada damai"),
        ("saat maaf", "saat maaf"),
        ("KPU dan ASN di TPS 12", "kpu dan asn di tps 12"),
    ],
)
def test_each_kind_of_change(text: str, normal: str) -> None:
    """Elongation, doubling, leetspeak, masks and hashtags are undone, news abbreviations and small numbers stay."""
    assert normalize(text) == normal


def test_emoji_become_words_on_request() -> None:
    """Emoji stay unless asked for."""
    assert normalize("menang 🔥") == "menang 🔥"
    assert normalize("menang 🔥", emoji=True) == "menang membara"


def test_the_lexicon_is_sound() -> None:
    """At least 800 pairs; no form twice, none onto itself, and no standard form is slang again."""
    rows = tables.rows("slang.tsv")
    forms = [slang for slang, _ in rows]
    assert len(forms) == len(set(forms)) >= 800
    known = set(forms)
    for slang, normal in rows:
        assert slang != normal
        assert slang == slang.lower().strip()
        assert normal not in known, f"{slang} -> {normal} is slang again"
