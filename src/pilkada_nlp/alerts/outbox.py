"""Sending what waits in the archive's outbox: in order, at a bearable rate, until it has arrived.

An alert is marked as sent after it has arrived. A process that is killed in between sends it once more the next time:
at least once, never lost. Between the two lies nothing but one write to the archive.
"""

import contextlib
import fcntl
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pilkada_nlp.alerts.courier import Receipt, deliver
from pilkada_nlp.alerts.messages import Message
from pilkada_nlp.archive import Archive
from pilkada_nlp.article.findings import Alert
from pilkada_nlp.config import AlertSettings
from pilkada_nlp.errors import ArchiveError, ConfigError

Courier = Callable[[str, str, str], Receipt]
"""What takes an address, a title and a text and tries to deliver them."""

_BACKOFF: Final = (1, 2, 5, 15, 60)  # minutes before the next attempt; the last one again and again
_OVERDUE: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
_log: Final = logging.getLogger("pilkada_nlp.alerts")


class Delivery(NamedTuple):
    """An attempt to reach a channel; `error` is "" when the message arrived, and never holds an address."""

    channel: str
    title: str
    error: str


class SendReport(NamedTuple):
    """What a round of sending did.

    `attempts` are the deliveries tried, in order. Of what was due, `quiet` alerts wait for the end of the quiet hours,
    `limited` for the next hour, and `held` because their channel could not be reached at all in this round. `overdue`
    are those that wait for more than a day. `busy` says that another process was sending, so this one did not.
    """

    attempts: tuple[Delivery, ...] = ()
    quiet: int = 0
    limited: int = 0
    held: int = 0
    overdue: tuple[Alert, ...] = ()
    busy: bool = False


def send(archive: Archive, settings: AlertSettings, now: datetime, *, courier: Courier = deliver) -> SendReport:
    """Send the alerts that are due, the urgent ones first, then in the order in which they were raised.

    What cannot be delivered is tried again after 1, 2, 5, 15 and then every 60 minutes, for as long as it takes; what
    waits for more than a day is complained of in the log each time. In a round a channel that nobody answers on is
    given up after the first attempt. Two processes never send at once. Raises ArchiveError; a channel that fails, or
    that the configuration has no more, is no error but stands in the report.
    """
    with _alone(archive) as alone:
        if not alone:
            _log.info("another process is sending alerts, so this one does not")
            return SendReport(busy=True)
        report = _round(archive, settings, now, courier)
    if report.quiet or report.limited or report.held:
        counts = {"until_quiet_hours_end": report.quiet, "for_the_hourly_limit": report.limited, "held": report.held}
        _log.info("alerts wait", extra=counts)
    for alert in report.overdue:
        facts = {"alert": alert.id, "channel": alert.channel, "raised": alert.created_at, "title": alert.title}
        _log.error("alert waits for more than a day; `pilkada alerts list` says why", extra=facts)
    return report


def _round(archive: Archive, settings: AlertSettings, now: datetime, courier: Courier) -> SendReport:
    log = archive.alert_log(now - _HOUR)
    tried = {state.alert.id: state.attempts for state in log}
    sent = Counter(state.alert.channel for state in log if state.sent_at and now - _HOUR < state.sent_at <= now)
    quiet_hours = settings.quiet_until(now) is not None
    silent: set[str] = set()
    waiting: Counter[str] = Counter()
    attempts: list[Delivery] = []
    for alert in sorted(archive.due_alerts(now), key=lambda alert: not alert.urgent):
        if quiet_hours and not alert.urgent:
            waiting["quiet"] += 1
        elif alert.channel in silent:
            waiting["held"] += 1
        elif sent[alert.channel] >= settings.per_hour:
            waiting["limited"] += 1
        else:
            receipt = _deliver(settings, alert.channel, alert.title, alert.text, courier)
            if receipt.error:
                wait = _BACKOFF[min(tried.get(alert.id, 0), len(_BACKOFF) - 1)]
                archive.alert_failed(alert.id, receipt.error, now + timedelta(minutes=wait))
                facts = {
                    "alert": alert.id,
                    "channel": alert.channel,
                    "problem": receipt.error,
                    "again_in_minutes": wait,
                }
                _log.warning("alert not delivered", extra=facts)
                if not receipt.answered:
                    silent.add(alert.channel)
            else:
                archive.alert_sent(alert.id, now)
                sent[alert.channel] += 1
                _log.info("alert sent", extra={"alert": alert.id, "channel": alert.channel})
            attempts.append(Delivery(alert.channel, alert.title, receipt.error))
    overdue = [s.alert for s in archive.alert_log(now) if s.sent_at is None and now - s.alert.created_at > _OVERDUE]
    return SendReport(tuple(attempts), waiting["quiet"], waiting["limited"], waiting["held"], tuple(overdue))


def try_channels(
    settings: AlertSettings, channels: Sequence[str] = (), *, courier: Courier = deliver
) -> list[Delivery]:
    """Send a test message at once to each of `channels`, by default to all, and return what became of it.

    ConfigError for a channel that the configuration does not have, or when it has none at all.
    """
    if not settings.channels:
        raise ConfigError(
            'the configuration has no [alerts.channels]; name one, such as redaksi = "env:PILKADA_TELEGRAM"'
        )
    if unknown := sorted(set(channels) - set(settings.channels)):
        raise ConfigError(f"no channel {unknown[0]} in [alerts.channels] (there: {', '.join(settings.channels)})")
    message = Message(settings.lang)
    tested = []
    for channel in channels or settings.channels:
        title, text = message.of_test(channel)
        tested.append(Delivery(channel, title, _deliver(settings, channel, title, text, courier).error))
    return tested


def _deliver(settings: AlertSettings, channel: str, title: str, text: str, courier: Courier) -> Receipt:
    address = settings.channels.get(channel)
    if address is None:
        return Receipt("the configuration has no such channel any more", answered=False)
    try:
        return courier(address.reveal(), title, text)
    except ConfigError as error:
        return Receipt(str(error), answered=False)


@contextlib.contextmanager
def _alone(archive: Archive) -> Iterator[bool]:
    """Say whether nobody else is sending; the system lets go of the lock even when a process is killed.

    A lock of its own, because the daily job holds that of the archive while it sends.
    """
    path = archive.path.with_name(archive.path.name + ".outbox.lock")
    try:
        lock = path.open("w")
    except OSError as error:
        raise ArchiveError(
            f"the lock of its outbox {path} cannot be opened ({error.strerror}); check the permissions", archive.url
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
