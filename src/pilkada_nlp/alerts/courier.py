"""Delivery of one message through apprise, in a process of its own with a limit of time and memory.

The process keeps two promises that a library call cannot: it ends when its time is up, even where a server answers a
byte a second, and what apprise and its HTTP library print or log, with addresses in it, stays in there. So a delivery
is this module run as a program: the message comes in on standard input (never as an argument, which others could read),
and out goes whether it arrived, or why not in words that stand here.

Addresses are the user's own: a webhook on a private address is used because he wrote it down, no page that was read can
bring one in. Nothing is loaded from elsewhere: no plugins, no remote configuration, no attachments. A redirect is a
failure, because following one would drop the message and could carry it elsewhere.
"""

import logging
import os
import re
import resource
import signal
import subprocess
import sys
from typing import Final

import msgspec

SECONDS: Final = 40.0
_MEGABYTES: Final = 450

# What apprise logs -> what is said of it; the first that is found counts. Only digits are taken over from a log.
_CAUSES: Final = (
    (re.compile(r"error=(\d{3})\b"), "the server answered {}", True),
    (re.compile(r"\((\d{3}), b['\"]"), "the mail server answered {}", True),
    (re.compile(r"(?i)timed? ?out"), "no answer in time", False),
    (re.compile(r"(?i)refused"), "connection refused", False),
    (re.compile(r"(?i)NameResolution|getaddrinfo|name or service"), "the host is not known", False),
    (re.compile(r"(?i)certificate|SSLError"), "no safe connection: the certificate does not fit", False),
    (re.compile(r"(?i)connection"), "connection failed", False),
)


class Receipt(msgspec.Struct, frozen=True):
    """What became of a delivery: `error` is "" when the message arrived; `answered` says that somebody was reached."""

    error: str = ""
    answered: bool = True


class _Order(msgspec.Struct, frozen=True):
    address: str
    title: str
    text: str


def deliver(address: str, title: str, text: str, *, seconds: float = SECONDS) -> Receipt:
    """Send a message to an apprise URL and return what became of it; never raises, and never repeats the URL."""
    # -P: a module in the working directory must not stand in for a library. By its path, because the package around it
    # would bring a database and more into a process that needs none.
    command = [sys.executable, "-P", __file__, str(seconds)]
    order = msgspec.json.encode(_Order(address, title, text))
    try:
        run = subprocess.run(  # noqa: S603  # it starts itself
            command, input=order, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds, check=False
        )
        return msgspec.json.decode(run.stdout, type=Receipt)
    except subprocess.TimeoutExpired:
        return Receipt(f"stopped after {seconds:g} seconds without an end", answered=False)
    except OSError as error:
        return Receipt(f"no process could be started ({error.strerror})", answered=False)
    except msgspec.DecodeError:
        return Receipt("the process that delivers broke off", answered=False)


def _send(order: _Order) -> Receipt:
    import apprise

    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.addHandler(Lines())
    asset = apprise.AppriseAsset(
        app_id="pilkada-nlp",
        plugin_paths=[],
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        http_redirects=False,
        allow_templates=False,
        pgp_autogen=False,
        pem_autogen=False,
    )
    channel = apprise.Apprise.instantiate(order.address, asset=asset)
    if channel is None:
        return Receipt("apprise does not understand the address", answered=False)
    sender = apprise.Apprise(asset=asset)
    sender.add(channel)
    if sender.notify(title=order.title, body=order.text, body_format=apprise.NotifyFormat.TEXT):
        return Receipt()
    log_text = "\n".join(lines)
    for pattern, said, answered in _CAUSES:
        if found := pattern.search(log_text):
            return Receipt(said.format(*found.groups()), answered)
    return Receipt("apprise could not deliver it", answered=False)


def _main(seconds: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to act on
    # The parent stops a slow delivery; this is for a parent that has been killed.
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEGABYTES << 20, _MEGABYTES << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=_Order)
    try:
        receipt = _send(order)
    except Exception as error:  # whatever a service does to a library, its kind is said and the message kept
        receipt = Receipt(f"the delivery broke off ({type(error).__name__})", answered=False)
    answer.write(msgspec.json.encode(receipt))
    answer.flush()


if __name__ == "__main__":
    _main(float(sys.argv[1]))
