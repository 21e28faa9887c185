"""The daily job and the polling between: read the outlets, extract, tag, join stories, weigh, alert, summarise.

Every step asks the archive what is left to do, so a run that was killed is completed by the next one, and a second run
over the same news changes nothing. `run_poll` goes as far as the alerts; `run_daily` closes days and works alone too.
`bring_up_to_date` does the steps between for days of an archive that was filled by hand, `retag` for days of the past
with another model, and says what that changed.
"""

from pilkada_nlp.daily.days import close_day
from pilkada_nlp.daily.labels import EntryChange, LabelsTaken, Standing, take_labels
from pilkada_nlp.daily.retagging import RetaggedEntry, RetagReport, bring_up_to_date, retag
from pilkada_nlp.daily.runs import DailyResult, PollResult, Work, run_daily, run_poll
from pilkada_nlp.daily.steps import join_stories, tag_articles

__all__ = [
    "DailyResult",
    "EntryChange",
    "LabelsTaken",
    "PollResult",
    "RetagReport",
    "RetaggedEntry",
    "Standing",
    "Work",
    "bring_up_to_date",
    "close_day",
    "join_stories",
    "retag",
    "run_daily",
    "run_poll",
    "tag_articles",
    "take_labels",
]
