"""Watches: read from a file with errors that help, and firing on what they name and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from pilkada_nlp.article import RegionTag
from pilkada_nlp.article.findings import Decision, Sentence, Story
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.watchlist import Watch, build_watchlist, fired, load_watches
from tests.conftest import NOW
from tests.test_watchlist import DAY, story_of

FULL = """
[[watches]]
name = "kotak suara Berau"
regions = ["64.03", "Kota Samarinda", "Kaltim"]
themes = ["keamanan", "petahana"]
modalities = ["kejadian", "dugaan"]
severity = 2
keywords = ["pembakaran", "kotak suara"]
people = ["Ketua KPU"]
threshold = "tinggi"
notify = ["telegram", "surel"]

[[watches]]
name = "semua"
notify = ["telegram"]
threshold = 3
"""


def written(folder: Path, text: str) -> Path:
    """Return a file with this text."""
    path = folder / "watches.toml"
    path.write_text(text, encoding="utf-8")
    return path


def watch(**fields: Any) -> Watch:
    """Return a watch with these conditions."""
    return Watch(name="uji", notify=("telegram",), **fields)


def says(title: str, *sentences: str, **fields: Any) -> Story:
    """Return a story with a title and sentences."""
    shown = tuple(
        Sentence(article="s", outlet="a", url="https://a.id", start=0, end=len(text), text=text) for text in sentences
    )
    return story_of(title=title, sentences=shown, **fields)


def test_a_file_is_read_and_names_become_codes(tmp_path: Path) -> None:
    """Codes and names of regions stand for the same; what is not given has its usual value."""
    full, rest = load_watches(written(tmp_path, FULL))
    assert full.regions == ("64.03", "64.72", "64")
    assert (full.threshold, full.notify) == ("tinggi", ("telegram", "surel"))
    assert rest == Watch(name="semua", notify=("telegram",), threshold=3.0)
    assert rest.severity == 1


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ('themes = ["keamana"]', ("themes", "keamana", "did you mean keamanan")),
        ('modalities = ["kejadain"]', ("modalities", "did you mean kejadian")),
        ('threshold = "tingi"', ("threshold", "did you mean tinggi")),
        ('threshold = "tanpa_data"', ("threshold", "there are rendah, sedang, tinggi")),
        ('regions = ["Kutai Timr"]', ("regions", "did you mean 64.08 Kabupaten Kutai Timur")),
        ('regions = ["Bima"]', ("regions", "52.06 Kabupaten Bima", "52.72 Kota Bima")),
        ('regions = ["99.99"]', ("regions", "there is no such region")),
        ('tema = ["keamanan"]', ("tema", "no such field")),
        ('keyword = ["kotak"]', ("keyword", "did you mean keywords")),
        ('keywords = ["…"]', ("keywords", "holds no word")),
        ("severity = 5", ("severity", "between 0 and 4")),
        ('severity = "berat"', ("severity",)),
        ("themes = 3", ("themes",)),
        ("regions = [64]", ("regions",)),
        ("notify = []", ("notify", "name a channel")),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, line: str, parts: tuple[str, ...]) -> None:
    """File, watch and field stand in the message, and what may have been meant."""
    notify = "" if line.startswith("notify") else 'notify = ["telegram"]'
    path = written(tmp_path, f'[[watches]]\nname = "awas"\n{notify}\n{line}\n')
    with pytest.raises(ConfigError) as caught:
        load_watches(path)
    assert caught.value.path == path
    for part in (str(path), "watch awas", *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("watches = 3", "no [[watches]] in it"),
        ("", "no [[watches]] in it"),
        ("[[watch]]\nname = 'a'", "watch: only [[watches]]"),
        ("[[watches", "cannot be read"),
        ("[[watches]]\nnotify = ['a']", "number 1"),
        ("[[watches]]\nname = ' '\nnotify = ['a']", "name: is empty"),
        ("[[watches]]\nname = 'a'\nnotify = ['b']\n" * 2, "stands twice"),
    ],
)
def test_files_that_are_none_are_refused(tmp_path: Path, text: str, part: str) -> None:
    """In one sentence that says what is wrong."""
    with pytest.raises(ConfigError, match=r"watches\.toml") as caught:
        load_watches(written(tmp_path, text))
    assert part in str(caught.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(ConfigError, match=r"tiada\.toml"):
        load_watches(tmp_path / "tiada.toml")


@pytest.mark.parametrize(
    ("conditions", "fires"),
    [
        ({}, True),
        ({"regions": ("64",)}, True),
        ({"regions": ("64.08",)}, True),
        ({"regions": ("64.07", "65")}, False),
        ({"themes": ("keamanan",)}, True),
        ({"themes": ("logistik",)}, False),
        ({"modalities": ("dugaan",)}, False),
        ({"severity": 3}, True),
        ({"severity": 4}, False),
        ({"keywords": ("pembakaran",)}, True),
        ({"keywords": ("KOTAK suara",)}, True),
        ({"keywords": ("suara kotak",)}, False),
        ({"keywords": ("kota",)}, False),
        ({"people": ("ketua kpu kutai timur",)}, True),
        ({"people": ("Ketua Bawaslu", "Ketua KPU")}, True),
        ({"people": ("pembakaran",)}, False),
        ({"keywords": ("kotak suara",), "people": ("Ketua Bawaslu",)}, False),
    ],
)
def test_a_watch_fires_on_what_it_names(conditions: dict[str, Any], fires: bool) -> None:
    """All conditions must hold, of each list any one; keywords in every form, people as written."""
    story = says("Kotak suara dibakar", "“Kami lapor,” kata Ketua KPU Kutai Timur.")
    assert fired(watch(**conditions), [story], []) == ((story,) if fires else ())


def test_appeals_fire_only_where_somebody_asks_for_them() -> None:
    """Fifty appeals make no watch fire, unless its least severity is 0."""
    appeals = [story_of(str(n), modality="imbauan", severity=0) for n in range(50)]
    assert fired(watch(), appeals, []) == ()
    assert len(fired(watch(severity=0), appeals, [])) == 50


def test_national_elections_fire_nothing() -> None:
    """They are not what is watched here."""
    assert fired(watch(), [story_of(election="pemilu")], []) == ()


def test_a_province_is_not_its_neighbour_by_number() -> None:
    """A watch on a regency does not fire on its province."""
    province = RegionTag(code="64", name="Provinsi Kalimantan Timur", role="peristiwa", score=1.0)
    assert fired(watch(regions=("64.08",)), [story_of(regions=(province,))], []) == ()


def test_a_threshold_looks_at_entries() -> None:
    """From the level or score on; the other conditions hold for one of the reasons that weigh something."""
    stories = [says("Kotak suara dibakar", severity=4)]
    entries = build_watchlist(stories, DAY).entries
    assert fired(watch(threshold="tinggi"), stories, entries) == entries
    assert fired(watch(threshold=8.0), stories, entries) == entries
    assert fired(watch(threshold="sedang", keywords=("membakar",)), stories, entries) == entries
    assert fired(watch(threshold=8.1), stories, entries) == ()
    assert fired(watch(threshold="tinggi", keywords=("banjir",)), stories, entries) == ()
    assert fired(watch(threshold="tinggi", themes=("logistik",)), stories, entries) == ()
    assert fired(watch(threshold="tinggi"), stories, build_watchlist([story_of()], DAY).entries) == ()


def test_muted_entries_fire_nothing() -> None:
    """An analyst has said that it is known."""
    muted = Decision(entry="64.08/keamanan", action="mute", at=NOW, by="analis", until=DAY)
    entries = build_watchlist([story_of(severity=4)], DAY, decisions=[muted]).entries
    assert len(entries) == 1
    assert fired(watch(threshold="tinggi"), [], entries) == ()
