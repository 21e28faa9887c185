"""The log on stderr: lines for people or JSON, never a secret, never a line that a text has forged."""

import io
import json
import logging
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pilkada_nlp.cli import main
from pilkada_nlp.cli.logs import log_json_option, logs_json, start_logging, stop_logging
from pilkada_nlp.cli.printing import complain, progress_bar
from pilkada_nlp.errors import ArchiveError

LOG = logging.getLogger("pilkada_nlp.uji")


def said(action: Callable[[], object], *, as_json: bool = True, run: str | None = None) -> str:
    """Return what stands on stderr after `action` while the package logs there."""
    with redirect_stderr(io.StringIO()) as stderr:
        start_logging(as_json, run)
        try:
            action()
        finally:
            stop_logging()
    return stderr.getvalue()


def lines(text: str) -> list[dict[str, Any]]:
    """Return the objects of JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_json_line_has_time_level_event_run_and_facts() -> None:
    """Facts keep their types; the time is in UTC; the run is the one given, else one of its own for all lines."""

    def action() -> None:
        facts = {"outlet": "antara", "articles": 3, "took": 1.5, "day": date(2024, 11, 21), "codes": ("64", "64.02")}
        LOG.info("outlet %s", "read", extra=facts)
        LOG.warning("slow")
        LOG.debug("of no interest")

    first, second = lines(said(action, run="2024-11-21/1"))
    assert datetime.fromisoformat(first.pop("at")).tzinfo == UTC
    assert first == {
        "outlet": "antara",
        "articles": 3,
        "took": 1.5,
        "day": "2024-11-21",
        "codes": ["64", "64.02"],
        "level": "info",
        "event": "outlet read",
        "run": "2024-11-21/1",
    }
    assert (second["level"], second["event"]) == ("warning", "slow")
    runs = {line["run"] for line in lines(said(action))}
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-{os.getpid()}", runs.pop())
    assert not runs


def test_a_line_for_people_reads_like_one() -> None:
    """Local time, the level where it is worth a word, the facts in brackets."""

    def action() -> None:
        LOG.info("summary written")
        LOG.warning("outlet not read", extra={"outlet": "antara", "reason": "deadline"})

    first, second = said(action, as_json=False).splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d summary written", first)
    assert second.endswith(" warning: outlet not read (outlet antara, reason deadline)")


def test_an_error_comes_with_its_trace() -> None:
    """In JSON as two fields of the one line; for people below the line."""

    def action() -> None:
        try:
            raise ValueError("https://ana:rahasia@contoh.id")
        except ValueError:
            LOG.exception("outlet failed")

    (line,) = lines(said(action))
    assert line["error"] == "ValueError: https://***@contoh.id"
    assert "in action" in line["trace"]
    text = said(action, as_json=False)
    assert "error: outlet failed\nTraceback" in text
    assert "rahasia" not in text + str(line)


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("https://ana:RAHASIA@contoh.id/f?page=2", "https://***@contoh.id/f?page=2"),
        ("https://contoh.id/f?token=RAHASIA&page=2", "https://contoh.id/f?token=***&page=2"),
        ("https://contoh.id/f?page=2&access_token=RAHASIA#a", "https://contoh.id/f?page=2&access_token=***#a"),
        ("https://contoh.id/f?api_key=RAHASIA", "https://contoh.id/f?api_key=***"),
        ("https://contoh.id/f?keyword=pilkada", "https://contoh.id/f?keyword=pilkada"),
        ("sent to tgram://123:RAHASIA/456", "sent to tgram://***"),
        ("mailtos://ana:RAHASIA@contoh.id?to=b failed", "mailtos://*** failed"),
        ("https://api.telegram.org/bot123:RAHASIA/send", "https://api.telegram.org/bot***/send"),
        ("https://hooks.slack.com/services/T0/B0/RAHASIA", "https://hooks.slack.com/services/***"),
        ("https://discord.com/api/webhooks/1/RAHASIA", "https://discord.com/api/webhooks/***"),
        ("Authorization: Bearer RAHASIA.RAHASIA", "Authorization: Bearer ***"),
        ("sqlite:////home/ana/archive.db", "sqlite:////home/ana/archive.db"),
    ],
)
def test_secrets_stay_out(secret: str, shown: str) -> None:
    """In messages, arguments and facts, however deep; an address without any stays readable."""

    def action() -> None:
        LOG.info(secret)
        LOG.info("%s", secret)
        LOG.info("a", extra={"seen": secret, "more": [{"deep": secret}]})

    plain, argument, facts = lines(said(action))
    assert plain["event"] == argument["event"] == facts["seen"] == facts["more"][0]["deep"] == shown
    assert "RAHASIA" not in said(action, as_json=False)


def test_facts_with_the_name_of_a_secret_are_hidden() -> None:
    """Whatever they hold; a count of tokens is none."""
    facts = {"password": 1, "bot_token": ["a"], "inner": {"Authorization": "b", "tokens": 5}}
    (line,) = lines(said(lambda: LOG.info("a", extra=facts)))
    assert (line["password"], line["bot_token"]) == ("***", "***")
    assert line["inner"] == {"Authorization": "***", "tokens": 5}


@given(st.text(), st.text())
def test_no_text_begins_a_line_of_its_own(event: str, fact: str) -> None:
    """Line ends, control signs and broken Unicode: one record is one line, and JSON gives the text back."""

    def action() -> None:
        LOG.info("%s", event, extra={"judul": fact, "angka": float("nan"), "jalur": Path("/a\udcff")})

    (line,) = said(action).splitlines()
    values = json.loads(line)
    assert values["angka"] is None
    assert values["jalur"] == "/a\\udcff"
    if event.isascii() and "://" not in event:
        assert values["event"] == event
    plain = said(action, as_json=False)
    assert plain.count("\n") == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", plain)


def test_complaints_are_lines_of_the_log_too() -> None:
    """A program that reads JSON lines finds nothing else on stderr; people find what they always did."""
    (line,) = lines(said(lambda: complain("archive locked")))
    assert (line["level"], line["event"]) == ("error", "archive locked")
    assert said(lambda: complain("archive locked"), as_json=False) == "pilkada: archive locked\n"


def test_logging_ends_with_the_command() -> None:
    """Errors that end the command are still in the log; the next command in the process starts afresh."""

    @click.command()
    @log_json_option
    def work(log_json: bool) -> None:
        start_logging(log_json)
        LOG.info("began")
        start_logging(log_json)
        raise ArchiveError("is locked", "sqlite:///a.db")

    result = CliRunner().invoke(type(main)("uji", commands=[work]), ["work", "--log-json"])
    assert result.exit_code == 1
    assert [line["event"] for line in lines(result.stderr)] == ["began", "archive sqlite:///a.db: is locked"]
    assert not logs_json()
    assert not logging.getLogger("pilkada_nlp").handlers
    assert CliRunner().invoke(main, ["tag", "/tidak/ada"]).stderr.startswith("pilkada: ")


PROGRAM = """
import logging, sys
from pilkada_nlp.cli.logs import start_logging
from pilkada_nlp.cli.printing import progress_bar
start_logging(sys.argv[1] == "json", "r")
with progress_bar() as tell:
    tell("fetch", 1, 2)
    logging.getLogger("pilkada_nlp.uji").info("halfway")
    tell("fetch", 2, 2)
"""


@pytest.mark.parametrize("form", ["json", "plain"])
def test_bars_are_for_terminals_that_take_no_json(form: str) -> None:
    """On a terminal a line stands above the bar; with JSON lines there is no bar; without a terminal neither."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = [sys.executable, "-c", PROGRAM, form]
    with subprocess.Popen(command, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux says that the other side has closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0
    text = shown.decode()
    if form == "json":
        assert [line["event"] for line in lines(text)] == ["halfway"]
    else:
        assert "fetch" in text
        assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d halfway\r\n", text)
    piped = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert len(piped.splitlines()) == 1
    assert "halfway" in piped


def test_progress_is_reported_to_nobody_without_a_terminal() -> None:
    """The function is there all the same."""
    with redirect_stderr(io.StringIO()) as stderr, progress_bar() as tell:
        tell("fetch", 1, 2)
    assert stderr.getvalue() == ""
