"""When the command runs by itself: lines for cron and units for systemd, ready to install.

Poll: every quarter of an hour, because busy feeds roll over within hours. Daily: at 06.15 WIB, so that the day before
is closed and its summary there at seven. Runs that meet are the command's own affair: it locks its archive.
"""

import re
import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from pilkada_nlp.article import ZONES

_DAILY_HOUR, _DAILY_MINUTE = 6, 15  # WIB
_POLL_MINUTES: Final = 5  # past each quarter: ten minutes before the daily run begins, so that it finds no lock
_NICE: Final = 10
_PLAIN: Final = re.compile(r"[\w@/.:=+-]+", re.ASCII)  # what a word needs no quotation marks for


class Schedule(NamedTuple):
    """What is run: the words that start `pilkada`, the first an absolute path, and absolute paths of its files.

    `archive` is the archive's address. Everything is spelt out because neither cron nor systemd has the variables of
    the user's shell. `log` takes what the command says on stderr, as JSON lines.
    """

    command: tuple[str, ...]
    config: Path
    archive: str
    log: Path

    def _words(self, *verb: str) -> list[str]:
        return [*self.command, *verb, "--config", str(self.config), "--archive", self.archive, "--log-json"]

    @property
    def poll(self) -> list[str]:
        """The command that reads the sources that are due."""
        return self._words("poll")

    @property
    def daily(self) -> list[str]:
        """The command that closes the day before."""
        return self._words("daily", "--date", "yesterday")


def machine_zone(localtime: Path = Path("/etc/localtime")) -> tzinfo:
    """Return the zone that cron runs by: that of this machine, not that of a user's shell; UTC when none is set."""
    try:
        with localtime.open("rb") as file:
            return ZoneInfo.from_file(file, key=str(localtime.resolve()).rpartition("zoneinfo/")[2])
    except (OSError, ValueError):
        return ZoneInfo("UTC")


def cron_lines(schedule: Schedule, zone: tzinfo, now: datetime) -> str:
    """Return lines for `crontab -e` of a machine in `zone`, with how to install them in comments.

    In a zone with summer time the daily run is at 06.15 WIB in winter and an hour earlier in summer; `now` (aware) says
    of which year.
    """
    offsets = [now.replace(month=month, day=1).astimezone(zone).utcoffset() or timedelta() for month in (1, 7)]
    wib = ZONES["Asia/Jakarta"][1].utcoffset(None)
    local = timedelta(hours=_DAILY_HOUR, minutes=_DAILY_MINUTE) - wib + min(offsets)
    hour, minute = divmod(int(local.total_seconds()) // 60 % (24 * 60), 60)
    change = "" if offsets[0] == offsets[1] else ", an hour earlier while summer time lasts here"
    daily = _cron_command(schedule.daily, schedule.log)
    return f"""\
# Install: mkdir -p {_commented(schedule.log.parent)}
# then `crontab -e` and add these lines. `crontab -l` shows them.
# This machine's zone is {zone}: {hour:02}.{minute:02} here is 06.15 WIB{change}.
{_POLL_MINUTES}-59/15 * * * * {_cron_command(schedule.poll, schedule.log)}
{minute} {hour} * * * {daily}
# A cron that knows CRON_TZ (cronie; Debian's does not) can do without the sum. Instead of the last line:
# CRON_TZ=Asia/Jakarta
# {_DAILY_MINUTE} {_DAILY_HOUR} * * * {daily}
"""


def _cron_command(words: Sequence[str], log: Path) -> str:
    # Standard output is the table for people; with nothing left to say, cron sends no mail.
    text = f"nice -n {_NICE} {shlex.join(words)} >/dev/null 2>>{shlex.quote(str(log))}"
    return text.replace("%", r"\%")  # else cron ends the line there


def systemd_units(schedule: Schedule) -> dict[str, str]:
    """Return file name -> text of two services and their timers, for a user's own systemd."""
    poll = _service("Pilkada: read the sources that are due", schedule.poll, schedule.log)
    daily = _service("Pilkada: close the day before and write its summary", schedule.daily, schedule.log)
    return {
        "pilkada-poll.service": poll,
        "pilkada-poll.timer": _timer("Pilkada: every quarter of an hour", f"*:{_POLL_MINUTES:02}/15"),
        "pilkada-daily.service": daily,
        "pilkada-daily.timer": _timer(
            "Pilkada: every morning", f"*-*-* {_DAILY_HOUR:02}:{_DAILY_MINUTE:02}:00 Asia/Jakarta"
        ),
    }


def systemd_listing(schedule: Schedule) -> str:
    """Return all units one after another, each under a line with its name, with how to install them in comments."""
    units = "\n".join(f"### {name}\n{text}" for name, text in systemd_units(schedule).items())
    return f"""\
# Install, in a shell:
#   mkdir -p ~/.config/systemd/user {_commented(schedule.log.parent)}
#   cd ~/.config/systemd/user
#   awk '/^### /{{file = $2}} file {{print > file}}' THIS_TEXT    # or this command itself, and: | awk '…'
#   systemctl --user daemon-reload
#   systemctl --user enable --now pilkada-poll.timer pilkada-daily.timer
#   loginctl enable-linger    # so that they run while you are not logged in
# `systemctl --user list-timers` shows when they run next.

{units}"""


def _service(description: str, words: Sequence[str], log: Path) -> str:
    # systemd starts no program with a quotation mark or a backslash in its path, and knows no variables there.
    start = words if _PLAIN.fullmatch(words[0]) else ["/usr/bin/env", *words]
    return f"""\
[Unit]
Description={description}

[Service]
Type=oneshot
ExecStart={" ".join(map(_systemd_word, start))}
StandardOutput=null
StandardError=append:{str(log).replace("%", "%%")}
Nice={_NICE}
IOSchedulingClass=idle
"""


def _timer(description: str, when: str) -> str:
    return f"""\
[Unit]
Description={description}

[Timer]
OnCalendar={when}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _systemd_word(word: str) -> str:
    """Return a word as systemd reads it: quoted where it has to be, its signs without their special meaning."""
    if _PLAIN.fullmatch(word):
        return word
    for sign, plain in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(sign, plain)
    return f'"{word}"'


def _commented(path: Path) -> str:
    """Return a path as a word for the shell that cannot end a comment."""
    return shlex.quote(str(path)).replace("\n", " ")
