"""`pilkada watchlist`, `why`, `decide` and `correct`: what they show, what they store, and what they refuse."""

import csv
import io
import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from pilkada_nlp.archive import Archive, Told
from pilkada_nlp.article import Outlet, RegionTag
from pilkada_nlp.article.findings import Decision, Sentence, Story, StoryMember
from pilkada_nlp.cli import main
from pilkada_nlp.cli.printing import shown_time
from pilkada_nlp.watchlist import build_watchlist, cover
from tests.conftest import NOW, article_of, page_of
from tests.sample_summaries import empty_summary
from tests.test_watchlist import DAY, story_of

BIMA = [RegionTag(code=code, name=name, role="peristiwa", score=1.0) for code, name in (("52.06", "A"), ("52.72", "B"))]
LATER = Decision(entry="64.08/keamanan", action="confirm", at=NOW, by="analis", why="cocok")


def told(key: str, **fields: Any) -> Story:
    """Return a story that two outlets tell, with a sentence."""
    first = StoryMember(
        article=f"{key}satu", outlet="satu", url=f"https://satu.id/{key}", source_kind="media", similarity=1.0
    )
    copy = msgspec.structs.replace(
        first, article=f"{key}dua", outlet="dua", url=f"https://dua.id/{key}", reason="salinan", joined_to=first.article
    )
    shown = Sentence(
        article=f"{key}satu",
        outlet="satu",
        url=f"https://satu.id/{key}",
        start=3,
        end=9,
        text="Kalimat.",
        speaker="KPU",
    )
    return story_of(key, lead=f"{key}satu", members=(first, copy), sentences=(shown,), **fields)


STORIES = [
    told("bentrok", severity=4),
    told("lapor", back=5, modality="dugaan", follows="awal"),
    told("bima", regions=tuple(BIMA), severity=1),
    told("imbau", modality="imbauan", severity=0),
]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of an archive with a watchlist of a day long past."""
    address = f"sqlite:///{tmp_path / 'a.db'}"
    outlets = [Outlet(id=name, name=name, home=f"https://{name}.id", regions=("64",)) for name in ("satu", "dua")]
    coverage = cover(outlets, ["satu"], {"satu": {DAY: 1}}, {"64.08": 2}, DAY)
    watchlist = build_watchlist(STORIES, DAY, coverage=coverage, decisions=[LATER])
    with closing(Archive(address)) as archive:
        for member in (member for story in STORIES for member in story.members):
            archive.add_extracted(
                page_of("isi", member.url), article_of("isi", id=member.article, url=member.url, day=DAY), DAY
            )
        archive.replace_stories(Told([], {}), STORIES, DAY - timedelta(days=9), DAY)
        archive.replace_entries(DAY, watchlist.entries)
        archive.add_decision(LATER)
        archive.add_edition(msgspec.structs.replace(empty_summary(), closed=True, regions=watchlist.regions), NOW)
    return address


def run(url: str, *args: str) -> Result:
    """Run a command on the archive."""
    return CliRunner().invoke(main, [*args, "--archive", url])


def test_a_day_that_nobody_looked_at_is_not_shown_as_calm(url: str, tmp_path: Path) -> None:
    """An archive without runs and a day before the first one are errors; a run that found nothing is a calm day."""
    Archive(empty := f"sqlite:///{tmp_path / 'b.db'}").close()
    for asked in (["--archive", empty], ["--archive", url, "--date", "2020-01-01"]):
        shown = CliRunner().invoke(main, ["watchlist", *asked])
        assert (shown.exit_code, shown.stdout) == (1, "")
        assert "there is no watchlist" in shown.stderr
    with closing(Archive(url)) as archive:
        archive.start_run("poll", DAY + timedelta(days=1), NOW)
        archive.finish_run("poll", NOW, [])
    shown = run(url, "watchlist")
    assert (shown.exit_code, shown.stdout.strip()) == (0, f"Watchlist, {DAY + timedelta(days=1)}: 0 entries")


def test_the_last_day_that_has_a_watchlist_is_shown(url: str) -> None:
    """Today has none, so the newest day that has one is; in rows for people, and with every figure for machines."""
    shown = run(url, "watchlist")
    assert shown.exit_code == 0
    assert f"Watchlist, {DAY}: 3 entries" in shown.stdout
    assert "64.08/keamanan" in shown.stdout
    (first, *_), rows = [list(csv.DictReader(io.StringIO(run(url, "watchlist", "--format", "csv").stdout)))] * 2
    assert len(rows) == 3
    assert (first["entry"], first["level"], first["kejadian"], first["imbauan"]) == (
        "64.08/keamanan",
        "tinggi",
        "1",
        "1",
    )
    assert (first["outlets"], first["silent"], first["decision"]) == ("2", "dua", "confirm")
    entries = json.loads(run(url, "watchlist", "--format", "json").stdout)
    assert [entry["region"] for entry in entries] == ["64.08", "52.06", "52.72"]
    assert entries[0]["reasons"][0]["sentences"][0]["text"] == "Kalimat."


@pytest.mark.parametrize(
    ("args", "codes"),
    [
        (["--region", "64"], ["64.08"]),
        (["--region", "kutim"], ["64.08"]),
        (["--region", "Bima"], ["52.06", "52.72"]),
        (["--region", "Kota Bima"], ["52.72"]),
        (["--theme", "logistik"], []),
        (["--date", "2024-11-20"], []),
    ],
)
def test_a_region_or_theme_can_be_picked(url: str, args: list[str], codes: list[str]) -> None:
    """By code or name; a province has all that lies in it, and a name of two regions shows both."""
    shown = run(url, "watchlist", *args, "--format", "csv").stdout
    assert [row["region"] for row in csv.DictReader(io.StringIO(shown))] == codes


def test_where_nobody_looks_is_said(url: str) -> None:
    """A region without outlets or articles is named as one without data, beside an empty list."""
    aceh = run(url, "watchlist", "--region", "11.01")
    assert "0 entries" in aceh.stdout
    assert "no data, which is not calm: 11.01 Kabupaten Aceh Selatan" in aceh.stderr
    assert run(url, "watchlist", "--region", "64.08").stderr == ""


def test_why_says_all_that_an_analyst_must_defend(url: str) -> None:
    """Weights, factors, sentences with outlet and address, members, trend, coverage and decisions."""
    shown = run(url, "why", "Kutai Timur/keamanan")
    assert shown.exit_code == 0
    for part in (
        "64.08/keamanan",
        "level     tinggi",
        "modality 1 x severity 8 x strength 1 x independence 1 x sources 1 x age 1 = 8",
        "> Kalimat.",
        f"(satu, says KPU, characters 3-9, fetched {shown_time(NOW)}) https://satu.id/bentrok",
        "dua (media; salinan, 1.00 like bentroksatu) https://dua.id/bentrok",
        "story bentrok",
        "follows story awal",
        "tetap: 1 stories that day, usually 0.2; too few to test",
        "1 of 2 local outlets answered; silent: dua; 2 articles",
        "confirm by analis: cocok (holds)",
        "imbauan 1",
    ):
        assert part in shown.stdout, part


def test_why_of_something_unlisted_says_where_to_look(url: str) -> None:
    """No entry, a wrong theme, a region that there are two of, and no stroke."""
    missing = run(url, "why", "64.08/logistik")
    assert missing.exit_code == 1
    assert "is not on the watchlist of 2024-11-21; `pilkada watchlist` shows what is" in missing.stderr
    for wrong, part in (
        ("64.08/keamana", "did you mean keamanan"),
        ("Bima/keamanan", "52.06 Kabupaten Bima, 52.72 Kota Bima"),
        ("keamanan", '"64.08/keamanan"'),
    ):
        refused = run(url, "why", wrong)
        assert refused.exit_code == 2
        assert part in " ".join(refused.stderr.split()), wrong


def test_decisions_are_rows_of_their_own(url: str) -> None:
    """Each is kept, in order, with who said it and why on one line."""
    assert run(url, "decide", "kutim/keamanan", "dismiss", "--why", "salah\nkutip", "--by", "Analis A").exit_code == 0
    muted = run(url, "decide", "64.08/keamanan", "mute", "--until", "2099-01-31", "--why", "sudah", "--by", "B")
    assert muted.exit_code == 0
    with closing(Archive(url)) as archive:
        first, second, third = archive.decisions()
    assert first == LATER
    assert (second.entry, second.action, second.by, second.why) == (
        "64.08/keamanan",
        "dismiss",
        "Analis A",
        "salah kutip",
    )
    assert (third.action, str(third.until)) == ("mute", "2099-01-31")
    assert "mute until 2099-01-31 by B: sudah" in run(url, "why", "64.08/keamanan").stdout


@pytest.mark.parametrize(
    "args",
    [
        ["64.08/keamanan", "mute", "--why", "x"],
        ["64.08/keamanan", "confirm", "--why", "x", "--until", "2099-01-31"],
        ["64.08/keamanan", "confirm"],
        ["64.08/keamanan", "confirm", "--why", " "],
        ["64.08/keamanan", "delete", "--why", "x"],
        ["64.08/apa-saja", "note", "--why", "x"],
        ["64.08/keamanan", "mute", "--why", "x", "--until", "2020-01-31"],
    ],
)
def test_decisions_that_say_nothing_are_refused(url: str, args: list[str]) -> None:
    """Exit 2, and nothing is stored."""
    assert run(url, "decide", *args, "--by", "B").exit_code == 2
    with closing(Archive(url)) as archive:
        assert archive.decisions() == [LATER]


def test_a_decision_on_what_is_not_listed_is_kept_and_said(url: str) -> None:
    """It may be listed tomorrow."""
    noted = run(url, "decide", "64.08/logistik", "note", "--why", "x", "--by", "B")
    assert noted.exit_code == 0
    assert "is not on the watchlist of 2024-11-21" in noted.stderr


def test_corrections_name_fields_of_the_story(url: str) -> None:
    """Names of regions become codes; an article's id stands for its story; an entry is withdrawn."""
    corrected = run(
        url, "correct", "bentrokdua", "--why", "salah", "--by", "B", "--modality", "dugaan", "--severity", "0",
        "--region", "Kota Bima,64.08", "--theme", "logistik,keamanan", "--outcome", "none",
    )  # fmt: skip
    assert corrected.exit_code == 0
    assert run(url, "correct", "kutim/keamanan", "--withdraw", "--why", "salah", "--by", "B").exit_code == 0
    with closing(Archive(url)) as archive:
        first, second = archive.corrections()
    assert (first.line, first.action, first.why, first.by) == ("bentrok", "correct", "salah", "B")
    assert first.changes == {
        "modality": "dugaan",
        "severity": "0",
        "regions": "52.72,64.08",
        "themes": "logistik,keamanan",
        "outcome": "",
    }
    assert (second.line, second.action, second.changes) == ("64.08/keamanan", "withdraw", {})


@pytest.mark.parametrize(
    ("args", "code", "part"),
    [
        (["tiada", "--withdraw"], 1, "`pilkada watchlist` shows the ids"),
        (["64.08/logistik", "--withdraw"], 1, "`pilkada watchlist` shows the ids"),
        (["64.08/logistk", "--withdraw"], 1, "did you mean logistik"),
        (["64.08/keamanan", "--severity", "1"], 2, "only be withdrawn"),
        (["bentrok"], 2, "say either"),
        (["bentrok", "--withdraw", "--severity", "1"], 2, "say either"),
        (["bentrok", "--severity", "5"], 2, "severity"),
        (["bentrok", "--modality", "gosip"], 2, "modality"),
        (["bentrok", "--theme", "logistk"], 2, "did you mean logistik"),
        (["bentrok", "--region", "Bima"], 2, "52.06 Kabupaten Bima"),
        (["bentrok", "--region", ","], 2, "--region"),
    ],
)
def test_corrections_that_cannot_hold_are_refused(url: str, args: list[str], code: int, part: str) -> None:
    """Lines that were not published, values that no story can have; nothing is stored."""
    refused = run(url, "correct", *args, "--why", "x", "--by", "B")
    assert refused.exit_code == code
    assert part in " ".join(refused.stderr.split())
    with closing(Archive(url)) as archive:
        assert archive.corrections() == []
