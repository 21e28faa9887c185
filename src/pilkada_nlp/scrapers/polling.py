"""When a source is asked next: often while it brings news, seldom while it is silent or fails, and never not at all."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from pilkada_nlp.article import SourceRecord

_BUSY: Final = 5  # new articles in one answer, from which on a source is asked more often
_SHORTEST: Final = 600.0  # seconds between two askings
_LONGEST: Final = 43_200.0  # seconds, for a source that is silent
_AFTER_FAILURE: Final = 900.0  # seconds after the first failure, doubled by each further one …
_AFTER_FAILURES: Final = 86_400.0  # … up to a day


def is_due(record: SourceRecord, now: datetime) -> bool:
    """Say whether a source should be asked: its time has come, or the clock was set back since it was asked."""
    return record.due_at is None or record.due_at <= now or _set_back(record, now)


def is_held(record: SourceRecord, now: datetime) -> bool:
    """Say whether a server wants to be left in peace, as far as the clock can be believed."""
    return record.held_until is not None and record.held_until > now and not _set_back(record, now)


def _set_back(record: SourceRecord, now: datetime) -> bool:
    return record.asked_at is not None and record.asked_at > now


def answered(
    record: SourceRecord, now: datetime, held_until: datetime | None, new: int, least_interval: float
) -> SourceRecord:
    """Return a record with the next asking set after an answer with so many `new` articles.

    `held_until` is what the server asked for, perhaps while articles were fetched. `least_interval` is the time in
    seconds for which the source itself says that nothing will change.
    """
    factor = 0.5 if new >= _BUSY else 1.5 if new == 0 else 1.0
    interval = max(_SHORTEST, least_interval, min(record.interval * factor, _LONGEST))
    due = _not_before(held_until, now + timedelta(seconds=interval))
    return msgspec.structs.replace(
        record, interval=interval, due_at=due, failures=0, held_until=held_until, succeeded_at=now
    )


def failed(record: SourceRecord, now: datetime, held_until: datetime | None) -> SourceRecord:
    """Return a record with the next asking set after a failure; `held_until` is what the server asked for."""
    failures = record.failures + 1
    pause = timedelta(seconds=min(_AFTER_FAILURE * 2.0 ** min(failures - 1, 10), _AFTER_FAILURES))
    due = _not_before(held_until, now + pause)
    return msgspec.structs.replace(record, failures=failures, due_at=due, held_until=held_until)


def _not_before(held_until: datetime | None, due: datetime) -> datetime:
    return max(due, held_until) if held_until else due
