"""What the package logs, on stderr: lines for people, or JSON lines for a program that gathers them.

The package's modules log by Python's own `logging`, with facts as `extra`:
`logging.getLogger(__name__).info("outlet read", extra={"outlet": "antara", "pages": 3})`.
"""

import logging
import os
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import click

from pilkada_nlp.cli.messages import say

log_json_option = click.option("--log-json", is_flag=True, help="Log to stderr as JSON lines; shows no progress.")

_PACKAGE: Final = logging.getLogger("pilkada_nlp")
_HIDDEN: Final = "***"
_SECRET_NAME: Final = re.compile(r"(?i)passw|secret|token(?!s)|api_?key|authori[sz]ation|cookie|credential")
# What must not reach a log inside a text: (pattern, what stays of it).
_SECRETS: Final = (
    (re.compile(r"(?i)(\bhttps?://)[^/\s@\"']*@"), r"\1***@"),  # user and password
    (
        re.compile(r"(?i)([?&](?:\w+[_-])?(?:passw\w*|secret|token|(?:api_?)?key|auth|sig|signature)=)[^&\s\"'#]+"),
        r"\1***",
    ),
    (re.compile(r"(?i)(api\.telegram\.org/bot)[^/\s\"']+"), r"\1***"),
    (re.compile(r"(?i)(hooks\.slack\.com/\w+/|/api/webhooks/)[^\s\"']+"), r"\1***"),
    # Addresses of messengers ("tgram://…", "mailtos://…") are secrets as a whole.
    (re.compile(r"(?i)\b(?!https?:|sqlite[+:]|file:)([a-z][a-z0-9+.-]+://)[^\s\"']+"), r"\1***"),
    (re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]{8,}"), r"\1 ***"),
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def start_logging(json: bool, run: str | None = None) -> None:
    """Log what the package has to say on stderr, as JSON lines if `json`; called again, it starts anew.

    A JSON line has `at` (UTC), `level`, `event`, `run`, what the caller gave as `extra`, and `error` with `trace` after
    an exception; those names are taken. `run` is the id of this run, by default its time and process. Passwords, tokens
    and addresses of messengers are left out, and no text can begin a line of its own. A command's logging ends with it.
    """
    stop_logging()
    handler = _ToStderr(_JsonLines(run or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}") if json else _Lines())
    _PACKAGE.addHandler(handler)
    _PACKAGE.setLevel(logging.INFO)
    _PACKAGE.propagate = False
    if context := click.get_current_context(silent=True):
        context.find_root().call_on_close(stop_logging)


def stop_logging() -> None:
    """Log nothing any more; harmless when nothing was logged."""
    for handler in _own_handlers():
        _PACKAGE.removeHandler(handler)
    _PACKAGE.setLevel(logging.NOTSET)
    _PACKAGE.propagate = True


def logs_json() -> bool:
    """Return whether stderr takes JSON lines now, so that nothing else may be written there."""
    return any(isinstance(handler.formatter, _JsonLines) for handler in _own_handlers())


def _own_handlers() -> list["_ToStderr"]:
    return [handler for handler in _PACKAGE.handlers if isinstance(handler, _ToStderr)]


class _ToStderr(logging.Handler):
    """Writes to what stderr is at the time, so that lines appear above a progress bar that has taken its place."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            click.echo(self.format(record), err=True)
        except Exception:  # as every handler of `logging` does: a log that fails must not end the run
            self.handleError(record)


class _Lines(logging.Formatter):
    """In local time: `2024-11-22 06:15:02 warning: outlet not read (outlet antara, reason deadline)`."""

    def format(self, record: logging.LogRecord) -> str:
        facts = ", ".join(f"{name} {_shown(value)}" for name, value in _facts(record).items())
        level = "" if record.levelno <= logging.INFO else f"{say(record.levelname.lower())}: "
        at = f"{datetime.fromtimestamp(record.created):%Y-%m-%d %H:%M:%S}"
        line = f"{at} {level}{_one_line(_without_secrets(say(record.getMessage())))}{f' ({facts})' if facts else ''}"
        return "\n".join([line, *map(_one_line, _trace(record).splitlines())])


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        import msgspec

        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": _without_secrets(record.getMessage()),
            "run": self._run,
        }
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line |= {"error": _without_secrets(f"{type(error).__name__}: {error}"), "trace": _trace(record)}
        text = msgspec.json.encode(_facts(record) | line).decode()
        # Some readers take these for line ends, and terminals obey some; JSON has them in strings only.
        return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller gave as `extra`, without secrets."""
    facts = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return dict(_plain(facts))


def _plain(value: object) -> Any:
    """Return a value as JSON knows it, without secrets."""
    if isinstance(value, Mapping):
        return {
            _without_secrets(str(name)): _HIDDEN if _SECRET_NAME.search(str(name)) else _plain(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _without_secrets(value.isoformat() if isinstance(value, date) else str(value))


def _shown(value: object) -> str:
    return _one_line(", ".join(map(_shown, value)) if isinstance(value, list) else str(value))


def _trace(record: logging.LogRecord) -> str:
    return _without_secrets("".join(traceback.format_exception(*record.exc_info)).rstrip()) if record.exc_info else ""


def _without_secrets(text: str) -> str:
    """Return a text without what nobody may read in a log; what is no Unicode (of a file name) as its bytes."""
    for pattern, kept in _SECRETS:
        text = pattern.sub(kept, text)
    return text.encode("utf-8", "backslashreplace").decode()


def _one_line(text: str) -> str:
    """Return a text that a terminal shows as it is: without line ends and control signs."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
