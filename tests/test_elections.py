"""The calendar: what a day lies in, what comes next, when a region votes, and files that describe other elections."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilkada_nlp.elections import Calendar, load_calendar
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.regions import region
from pilkada_nlp.regions.gazetteer import gazetteer

VOTING_DAY = date(2024, 11, 27)

PILKADES = """\
[[elections]]
id = "pilkades"
names = { id = "Pilkades Paser", en = "Village elections in Paser" }
regions = ["64.01"]

[[elections.milestones]]
key = "kampanye"
names = { id = "Kampanye", en = "Campaign" }
first = 2026-03-01
last = 2026-03-03
source = "Perbup 1"

[[elections.milestones]]
key = "pemungutan"
names = { id = "Pemungutan", en = "Voting" }
first = 2026-03-08
source = "Perbup 1"
"""


def keys(calendar: Calendar, day: date, code: str | None = None) -> list[tuple[str, str]]:
    """Return election and key of the milestones of a day."""
    return [(found.election, found.key) for found in calendar.on(day, code)]


def test_the_shipped_calendar_is_sound() -> None:
    """Every milestone has both names, a source, regions that exist, and an election that has names; all in order."""
    calendar = load_calendar()
    assert list(calendar.elections) == ["pilkada2024", "psu2025", "ulang2025"]
    assert list(calendar.milestones) == sorted(calendar.milestones, key=lambda found: found.first)
    for found in calendar.milestones:
        assert found.names.keys() == calendar.elections[found.election].keys() == {"id", "en"}
        assert found.source
        assert found.first <= found.last
        assert all(region(code) for code in found.regions)
    assert load_calendar() is calendar


def test_the_days_of_pilkada_2024() -> None:
    """The stages follow one another up to the vote; on the day itself counting begins."""
    calendar = load_calendar()
    assert keys(calendar, date(2024, 8, 25)) == [
        ("pilkada2024", "pemantau"),
        ("pilkada2024", "badan_adhoc"),
        ("pilkada2024", "daftar_pemilih"),
        ("pilkada2024", "pengumuman_pendaftaran"),
    ]
    assert keys(calendar, date(2024, 11, 23)) == [("pilkada2024", "kampanye")]
    assert keys(calendar, date(2024, 11, 24), "64.02") == [("pilkada2024", "masa_tenang")]
    assert keys(calendar, VOTING_DAY, "35") == [("pilkada2024", "pemungutan"), ("pilkada2024", "rekapitulasi")]
    assert keys(calendar, date(2024, 12, 17)) == []


def test_every_region_that_voted_has_the_day_of_the_vote() -> None:
    """All 552 regions have the national day; only those that voted again have a second one."""
    calendar = load_calendar()
    again = {code: days[1:] for code in gazetteer().regions if len(days := calendar.voting_days(code)) > 1}
    assert all(calendar.voting_days(code)[0] == VOTING_DAY for code in gazetteer().regions)
    assert {code for code in again if code.startswith("91")} == {
        code for code, found in gazetteer().regions.items() if found.province == "91" or code == "91"
    }
    outside_papua = {code: days for code, days in again.items() if not code.startswith("91")}
    assert len(outside_papua) == 23 + 2
    assert again["64.02"] == (date(2025, 4, 19),)
    assert again["62.05"] == (date(2025, 3, 22), date(2025, 8, 6))
    assert again["91.71"] == (date(2025, 8, 6),)
    assert again["19.71"] == (date(2025, 8, 27),)
    assert "64" not in again


def test_near_a_vote_is_three_days_before_to_two_after() -> None:
    """A re-vote concerns its own region only; a province's concerns its regencies too."""
    calendar = load_calendar()
    near = [number for number in range(-9, 10) if calendar.near_voting(VOTING_DAY + timedelta(days=number), "64.02")]
    assert near == [-3, -2, -1, 0, 1, 2]
    assert calendar.near_voting(date(2025, 4, 16), "64.02")
    assert not calendar.near_voting(date(2025, 4, 16), "64.01")
    assert not calendar.near_voting(date(2025, 4, 16), "64")
    assert calendar.near_voting(date(2025, 8, 8), "91.03")
    assert not calendar.near_voting(date(2025, 8, 9), "91.03")


def test_what_comes_next_begins_on_one_day() -> None:
    """All that begins on the next date, of the whole country or of a region; nothing after the last."""
    calendar = load_calendar()
    after = calendar.after(date(2024, 11, 24))
    assert [found.key for found in after] == ["pemungutan", "rekapitulasi"]
    assert [found.election for found in calendar.after(date(2025, 3, 1))] == ["psu2025"]
    assert [found.first for found in calendar.after(date(2025, 3, 1), "19.01")] == [date(2025, 6, 26)]
    assert calendar.after(date(2025, 3, 1), "64.01") == ()
    assert calendar.after(date(2030, 1, 1)) == ()


@given(st.dates(date(2023, 6, 1), date(2026, 1, 1)), st.integers(0, 400))
def test_ahead_agrees_with_after(day: date, days: int) -> None:
    """What lies ahead begins after the day and within the days, and begins with what is next if that is near enough."""
    calendar = load_calendar()
    ahead = calendar.ahead(day, days)
    assert all(0 < (found.first - day).days <= days for found in ahead)
    after = calendar.after(day)
    assert ahead[: len(after)] == (after if after and (after[0].first - day).days <= days else ())
    assert set(map(id, ahead)).isdisjoint(map(id, calendar.on(day)))


def test_a_file_of_ones_own_adds_or_replaces(tmp_path: Path) -> None:
    """Its elections join the shipped ones, with the regions of the election where a milestone names none."""
    path = tmp_path / "kalender.toml"
    path.write_text(PILKADES, encoding="utf-8")
    calendar = load_calendar(path)
    assert list(calendar.elections) == ["pilkada2024", "psu2025", "ulang2025", "pilkades"]
    assert calendar.voting_days("64.01") == (VOTING_DAY, date(2026, 3, 8))
    assert calendar.voting_days("64.02")[-1] == date(2025, 4, 19)
    assert keys(calendar, date(2026, 3, 2)) == [("pilkades", "kampanye")]
    path.write_text(PILKADES.replace('"pilkades"', '"psu2025"'), encoding="utf-8")
    replaced = load_calendar(path)
    assert replaced.voting_days("64.02") == (VOTING_DAY,)
    assert replaced.elections["psu2025"]["en"] == "Village elections in Paser"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("first = 2026-03-01", "first = 2026-03-09", "line 10: .* milestone 1: last: 2026-03-03 is before"),
        ("first = 2026-03-01", 'first = "1 Maret"', "line 9: election pilkades, milestone 1: first: Expected `date`"),
        ("first = 2026-03-01", "first = 2026-03-01T07:00:00", "line 9: .* milestone 1: first: Expected"),
        ('"64.01"', '"64.99"', "line 4: election pilkades: regions: '64.99' is no code of a province"),
        ('source = "Perbup 1"', 'source = " "', "line 11: election pilkades, milestone 1: source: is empty"),
        ('source = "Perbup 1"\n\n', "\n", "line 6: election pilkades, milestone 1: .*missing required field `source`"),
        ("last = ", "lats = ", "line 10: election pilkades, milestone 1: lats: .*unknown field `lats`"),
        (', en = "Voting"', "", "line 15: election pilkades, milestone 2: names: has to hold a name in Indonesian"),
        ('"pemungutan"', '"Hari H"', "line 14: election pilkades, milestone 2: key: 'Hari H' is not made of"),
        ('"pilkades"', '"pil kades"', "line 2: election pil kades: id: 'pil kades' is not made of small letters"),
        ("id = \"pilkades\"\n", "", "line 1: election number 1: .*missing required field `id`"),
        ('["64.01"]', '["64.01", "64.01"]', "line 4: election pilkades: regions: a code stands twice"),
        ("first = 2026-03-08", "first = 2026-03-0", "cannot be read as a calendar .*line 16"),
        ("[[elections]]\n", "[elections]\n", "cannot be read as a calendar|no .*elections"),
    ],
)  # fmt: skip
def test_a_wrong_file_says_where(tmp_path: Path, old: str, new: str, said: str) -> None:
    """The error names the file, the line, the election, the milestone and the field."""
    path = tmp_path / "kalender.toml"
    path.write_text(PILKADES.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as caught:
        load_calendar(path)
    assert str(caught.value).startswith(str(path))
    assert caught.value.path == path
    assert "\n" not in str(caught.value)


def test_one_stage_twice_at_a_time_is_an_error(tmp_path: Path) -> None:
    """Of the same key, dates overlap in no region; the same election stands once."""
    path = tmp_path / "kalender.toml"
    path.write_text(PILKADES.replace('"pemungutan"', '"kampanye"').replace("03-08", "03-03"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 16: .*first: kampanye overlaps .* 2026-03-01 to 2026-03-03 \(64.01\)"):
        load_calendar(path)
    path.write_text(PILKADES * 2, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 19: election pilkades: id: 'pilkades' stands twice"):
        load_calendar(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read as a calendar"),
        (b"\xff\xfe", "cannot be read as a calendar"),
        (b"", r"no \[\[elections\]\]"),
        (b"pemilu = 1", r"pemilu: only \[\[elections\]\] belong in it"),
        (b"elections = [1]", r"no \[\[elections\]\]"),
        (b'elections = [{ id = "a", names = { id = "A", en = "A" } }]', "election a: milestones: there are none"),
        (
            b'[[elections]]\nid = "a"\nnames = { id = "A", en = "A" }\nmilestones = [1]',
            "milestone 1: Expected `object`",
        ),
    ],
)
def test_what_is_no_calendar_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A missing file, odd bytes, another table, tables written in line."""
    path = tmp_path / "kalender.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        load_calendar(path)
