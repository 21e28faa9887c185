"""When a source is due: busy ones often, silent and failing ones seldom, none never."""

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pilkada_nlp.article import SourceRecord
from pilkada_nlp.scrapers.polling import answered, failed, is_due, is_held
from tests.conftest import NOW

NEW = SourceRecord(outlet="uji", type="feed", address="https://a.id/feed")


def after(*new: int, ttl: float = 0.0) -> float:
    """Return the seconds to the next asking after answers with so many new articles."""
    record = NEW
    for count in new:
        record = answered(record, NOW, None, count, ttl)
    assert record.due_at is not None
    return (record.due_at - NOW).total_seconds()


def test_a_busy_feed_is_asked_often_and_a_silent_one_seldom() -> None:
    """From an hour down to ten minutes, up to twelve hours, and steady in between."""
    assert after(9) == 1800
    assert after(*[9] * 9) == 600
    assert after(*[0] * 20) == 43_200
    assert after(2, 3, 1) == 3600


def test_a_feed_that_says_how_long_it_stays_is_believed() -> None:
    """Its `ttl` is the least pause."""
    assert after(9, 9, 9, ttl=7200.0) == 7200


def test_a_wait_that_a_server_asked_for_comes_first() -> None:
    """Also when the source itself answered and the articles were refused."""
    held = NOW + timedelta(hours=9)
    record = answered(NEW, NOW, held, 9, 0.0)
    assert (record.due_at, record.held_until) == (held, held)


def test_a_source_that_was_never_asked_is_due() -> None:
    """And one whose time has come."""
    assert is_due(NEW, NOW)
    record = answered(NEW, NOW, None, 0, 0.0)
    assert not is_due(record, NOW)
    assert is_due(record, NOW + timedelta(seconds=5400))


@given(st.integers(1, 60), st.none() | st.integers(0, 86_400))
def test_no_source_is_given_up(failures: int, held: int | None) -> None:
    """However often it fails, it is tried again within a day, not before the server allows, and success forgets it."""
    record = NEW
    for _ in range(failures):
        record = failed(record, NOW, NOW + timedelta(seconds=held) if held is not None else None)
    assert record.failures == failures
    assert record.due_at is not None
    pause = (record.due_at - NOW).total_seconds()
    assert max(held or 0, 900) <= pause <= 86_400
    well = answered(record, NOW, None, 1, 0.0)
    assert (well.failures, well.held_until, well.due_at) == (0, None, NOW + timedelta(hours=1))


def test_a_clock_that_was_set_back_keeps_no_source_waiting() -> None:
    """What was asked in a future that has not come is due, and not held by what a server said then."""
    later = NOW + timedelta(days=400)
    record = msgspec.structs.replace(answered(NEW, later, later + timedelta(days=1), 0, 0.0), asked_at=later)
    assert is_due(record, NOW)
    assert not is_held(record, NOW)
    assert is_held(record, later)
    assert not is_due(record, later)
