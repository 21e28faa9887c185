"""What cron and systemd are given: the right times, and commands that survive their rules of quoting."""

import json
import os
import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pilkada_nlp.cli import main
from pilkada_nlp.scheduling import Schedule, cron_lines, machine_zone, systemd_listing, systemd_units

NOW = datetime(2024, 11, 21, 15, 30, tzinfo=UTC)
PLAIN = Schedule(("/usr/bin/pilkada",), Path("/etc/pilkada.toml"), "sqlite:////var/arsip.db", Path("/var/log/p.log"))

# A folder that breaks every careless quotation.
ODD = "map 100% \"a\" $HOME 'b' \\n é;#"


def jobs(text: str) -> list[tuple[str, str]]:
    """Return the lines of a crontab as (the five fields of time, the command as cron hands it to the shell)."""
    found = []
    for line in text.splitlines():
        if not line.startswith("#"):
            *fields, command = line.split(" ", 5)
            assert not re.search(r"(?<!\\)%", command)  # cron would end the line there
            found.append((" ".join(fields), command.replace(r"\%", "%")))
    return found


def sections(unit: str) -> dict[str, dict[str, str]]:
    """Return a unit as section -> key -> value; no key may stand twice."""
    parser = RawConfigParser(strict=True, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string(unit)
    return {name: dict(parser[name]) for name in parser.sections()}


def unquoted(line: str) -> list[str]:
    """Return the words of a command as systemd takes them apart (systemd.service, "Command lines")."""
    words = []
    for quoted, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
        word = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
        words.append(word.replace("$$", "$").replace("%%", "%"))
    return words


@pytest.mark.parametrize(
    ("zone", "daily"),
    [
        ("Asia/Jakarta", "15 6 * * *"),
        ("Asia/Jayapura", "15 8 * * *"),
        ("UTC", "15 23 * * *"),
        ("Asia/Kathmandu", "0 5 * * *"),
        ("America/New_York", "15 18 * * *"),
        ("Europe/Amsterdam", "15 0 * * *"),
    ],
)
def test_cron_runs_by_the_zone_of_the_machine(zone: str, daily: str) -> None:
    """06.15 WIB in local time, where summer time may make it an hour earlier but never later."""
    lines = jobs(cron_lines(PLAIN, ZoneInfo(zone), NOW))
    assert [time for time, _ in lines] == ["5-59/15 * * * *", daily]
    minute, hour = map(int, daily.split()[:2])
    for month in (1, 7):
        local = datetime(2024, month, 5, hour, minute, tzinfo=ZoneInfo(zone))
        wib = local.astimezone(ZoneInfo("Asia/Jakarta"))
        assert (wib.hour, wib.minute) in {(6, 15), (5, 15)}
        assert month == 7 or wib.hour == 6
    summer = zone in ("America/New_York", "Europe/Amsterdam")
    assert ("summer time" in cron_lines(PLAIN, ZoneInfo(zone), NOW)) == summer


def test_cron_without_the_sum_is_offered_in_a_comment() -> None:
    """With CRON_TZ the line has the time of Jakarta and is otherwise the same."""
    text = cron_lines(PLAIN, ZoneInfo("UTC"), NOW)
    head, alternative = text.splitlines()[-2:]
    assert head == "# CRON_TZ=Asia/Jakarta"
    assert jobs(alternative.removeprefix("# ")) == [("15 6 * * *", jobs(text)[1][1])]


def test_the_shell_gets_the_commands_that_were_meant(tmp_path: Path) -> None:
    """Run by a real shell from folders with odd names, the command has its words, its log and a lower priority."""
    folder = tmp_path / ODD
    folder.mkdir()
    command = folder / "pilkada"
    command.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "print('a table for people')\nprint(json.dumps([os.nice(0), *sys.argv[1:]]), file=sys.stderr)\n"
    )
    command.chmod(0o755)
    schedule = Schedule((str(command),), folder / "c.toml", f"sqlite:///{folder}/a.db", folder / "pilkada.log")
    before = os.nice(0)
    for _, line in jobs(cron_lines(schedule, ZoneInfo("UTC"), NOW)):
        run = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
        assert run.stdout == run.stderr == ""
    said = [json.loads(line) for line in schedule.log.read_text(encoding="utf-8").splitlines()]
    assert said == [[min(before + 10, 19), *schedule.poll[1:]], [min(before + 10, 19), *schedule.daily[1:]]]
    assert schedule.daily[1:4] == ["daily", "--date", "yesterday"]
    assert schedule.poll[1] == "poll"


def test_the_units_say_what_systemd_needs() -> None:
    """Timers with a zone of their own, made up for after a night without power; services of low priority."""
    units = {name: sections(text) for name, text in systemd_units(PLAIN).items()}
    assert list(units) == ["pilkada-poll.service", "pilkada-poll.timer", "pilkada-daily.service", "pilkada-daily.timer"]
    assert units["pilkada-poll.timer"]["Timer"] == {"OnCalendar": "*:05/15", "Persistent": "true"}
    assert units["pilkada-daily.timer"]["Timer"]["OnCalendar"] == "*-*-* 06:15:00 Asia/Jakarta"
    for name, words in (("poll", PLAIN.poll), ("daily", PLAIN.daily)):
        service = units[f"pilkada-{name}.service"]["Service"]
        assert service["ExecStart"].split() == words
        assert (service["Type"], service["Nice"]) == ("oneshot", "10")
        assert service["StandardError"] == "append:/var/log/p.log"
        assert units[f"pilkada-{name}.timer"]["Install"] == {"WantedBy": "timers.target"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1))
def test_any_path_survives_a_unit(name: str) -> None:
    """Quotation marks, backslashes, specifiers and variables reach the command as they are."""
    path = Path("/") / name.replace("/", "_")
    schedule = PLAIN._replace(command=(str(path),), config=path)
    service = sections(systemd_units(schedule)["pilkada-poll.service"])["Service"]
    words = unquoted(service["ExecStart"])
    assert words[words[0] == "/usr/bin/env" :] == schedule.poll


def test_the_listing_is_cut_into_the_files_as_it_says(tmp_path: Path) -> None:
    """The awk line of the comments writes the four units, and systemd itself finds nothing wrong with them."""
    folder = tmp_path / ODD
    folder.mkdir()
    shutil.copy("/bin/true", folder / "pilkada")
    schedule = Schedule((str(folder / "pilkada"),), folder / "c.toml", f"sqlite:///{folder}/a.db", folder / "p.log")
    listing = systemd_listing(schedule)
    (tmp_path / "semua").write_text(listing, encoding="utf-8")
    program = re.search(r"^#   awk ('.*?') ", listing, re.MULTILINE)
    assert program
    units = tmp_path / "units"
    units.mkdir()
    subprocess.run(["sh", "-c", f"awk {program[1]} ../semua"], cwd=units, check=True)
    written = {path.name: path.read_text(encoding="utf-8") for path in units.iterdir()}
    assert {name: sections(text) for name, text in written.items()} == {
        name: sections(text) for name, text in systemd_units(schedule).items()
    }
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd's own check needs systemd-analyze (Debian: apt-get install systemd)")
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, units.iterdir()))], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "pilkada" not in run.stderr
    times = [sections(text)["Timer"]["OnCalendar"] for name, text in written.items() if name.endswith("timer")]
    subprocess.run(["systemd-analyze", "calendar", *times], capture_output=True, check=True)


def test_the_zone_of_the_machine_is_read_from_its_file(tmp_path: Path) -> None:
    """By name where the file is a link into the table of zones, by what it says where it is none, else UTC."""
    table = tmp_path / "zoneinfo" / "Asia"
    table.mkdir(parents=True)
    data = resources.files("tzdata").joinpath("zoneinfo", "Asia", "Makassar").read_bytes()
    (table / "Makassar").write_bytes(data)
    (tmp_path / "link").symlink_to(table / "Makassar")
    (tmp_path / "copy").write_bytes(data)
    (tmp_path / "broken").write_bytes(b"no zone")
    assert str(machine_zone(tmp_path / "link")) == "Asia/Makassar"
    for name, hours in (("link", 8), ("copy", 8), ("broken", 0), ("missing", 0)):
        offset = NOW.astimezone(machine_zone(tmp_path / name)).utcoffset()
        assert offset is not None
        assert offset.total_seconds() == hours * 3600


@pytest.mark.parametrize("system", ["cron", "systemd"])
def test_the_command_prints_a_schedule_for_a_configuration(tmp_path: Path, system: str) -> None:
    """All paths are absolute; a configuration that is missing or wrong is said at once, exit 2."""
    config = tmp_path / "config.toml"
    args = ["schedule", "--print", system, "--config", str(config), "--log", str(tmp_path / "log")]
    missing = CliRunner().invoke(main, args)
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "pilkada init" in missing.stderr
    config.write_text('contact = "a@contoh.id"\nout = "ringkasan"\n')
    result = CliRunner().invoke(main, [*args, "--archive", "sqlite:////a.db"])
    assert result.exit_code == 0
    assert f"--config {config} --archive sqlite:////a.db --log-json" in result.stdout
    words = re.findall(r"\S+/pilkada(?= poll| daily)|\S+python\S* -m pilkada_nlp", result.stdout)
    assert words
    assert all(word.removeprefix("ExecStart=").startswith("/") for word in words)
    assert CliRunner().invoke(main, ["schedule"]).exit_code == 2
