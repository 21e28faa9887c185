"""What analysts decided, and what of it holds on a day.

A confirmation, a dismissal and a mute replace one another: the newest holds. A note changes nothing and is shown where
none of the others holds. A dismissal takes the stories that were there out of the score for good, unless a later
confirmation takes it back; what was published after it counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from pilkada_nlp.article import ZONES
from pilkada_nlp.article.findings import Decision, DecisionAction, Story

_RANK: Final[dict[DecisionAction, int]] = {"note": 0, "dismiss": 1, "mute": 2, "confirm": 3}
_WIB: Final = ZONES["Asia/Jakarta"][1]


def by_entry(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Return the decisions on each entry, oldest first; of two at the same time the one that hides less comes last."""
    grouped: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in sorted(decisions, key=lambda one: (one.at, _RANK[one.action], one.by, one.why)):
        grouped[decision.entry].append(decision)
    return dict(grouped)


def standing(decisions: Sequence[Decision], day: date, window_days: int) -> Decision | None:
    """Return the decision on one entry that holds on `day`, None when none does.

    A mute holds to the end of its day. The others speak of the stories that were there, which leave the window after
    `window_days`. A decision also holds on earlier days: those are made anew because of it.
    """
    holding = [decision for decision in decisions if _holds(decision, day, window_days)]
    acting = [decision for decision in holding if decision.action != "note"]
    return next(reversed(acting or holding), None)


def _holds(decision: Decision, day: date, window_days: int) -> bool:
    return day <= (decision.until or day_of(decision.at) + timedelta(days=window_days - 1))


def dismissed_at(decisions: Sequence[Decision]) -> datetime | None:
    """Return the time of the newest dismissal of one entry that no later confirmation took back."""
    for decision in reversed(decisions):
        if decision.action == "confirm":
            return None
        if decision.action == "dismiss":
            return decision.at
    return None


def was_there(story: Story, at: datetime) -> bool:
    """Return whether a story was published by then; one without a time counts from the start of its day."""
    return story.published_at <= at if story.published_at else story.day <= day_of(at)


def day_of(at: datetime) -> date:
    """Return the day of a decision in the zone of the capital, as analysts count it."""
    return at.astimezone(_WIB).date()
