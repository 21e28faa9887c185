"""From stories and entries of the watchlist to alerts: one event for one channel, and each only once."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from pilkada_nlp.alerts.messages import Message
from pilkada_nlp.alerts.rules import SERIOUS, Cause, alert_days, causes, earlier
from pilkada_nlp.article.findings import Alert, Story, WatchlistEntry
from pilkada_nlp.config import AlertSettings
from pilkada_nlp.elections import Calendar
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.watchlist import Watch, fired, load_watches


def own_watches(settings: AlertSettings) -> tuple[Watch, ...]:
    """Return the watches of the configuration's `watches_file`.

    ConfigError when the file is wrong or a watch tells a channel that the configuration does not have.
    """
    if settings.watches_file is None:
        return ()
    path = Path(settings.watches_file).expanduser()
    watches = load_watches(path)
    for watch in watches:
        if unknown := sorted(set(watch.notify) - set(settings.channels)):
            known = ", ".join(settings.channels) or "none"
            raise ConfigError(
                f"{path}: watch {watch.name}: notify: no channel {unknown[0]} in [alerts.channels] (there: {known})",
                path,
            )
    return watches


def raise_alerts(
    stories: Iterable[Story],
    entries: Iterable[WatchlistEntry],
    *,
    watches: Sequence[Watch],
    calendar: Calendar,
    settings: AlertSettings,
    now: datetime,
    day: date,
) -> list[Alert]:
    """Return the alerts that stories and entries of the watchlist call for on `day`, urgent ones first.

    All that is known must be given, not only what is new: an alert has the same id each time, so the archive tells
    which are new, and a follow-up is compared with the earlier stories of its case. Only stories of the last two days
    count, and entries with a story of these days. Rules tell all channels, watches those that they name.

    A story is one event however it grows; that its severity rises to 4 is another. A follow-up is one only when it has
    a reason that its case did not have. Nothing is raised where an analyst muted all entries that a story belongs to,
    but for what is serious.
    """
    known = {story.id: story for story in stories}
    listed = tuple(entries)
    muted = {entry.id for entry in listed if entry.decision and entry.decision.action == "mute"}
    recent = {
        story.id: story
        for story in known.values()
        # A day more ahead: the day of a story is that of its own zone, and Papua is two hours before Jakarta.
        if day - timedelta(days=alert_days() - 1) <= story.day <= day + timedelta(days=1)
    }
    message = Message(settings.lang)
    found: dict[str, Alert] = {}

    def add(event: str, channels: Iterable[str], rule: str, text: tuple[str, str], urgent: bool) -> None:
        for channel in channels:
            key = hashlib.sha256(f"{event}\n{channel}".encode()).hexdigest()[:16]
            if key not in found:
                found[key] = Alert(
                    id=key,
                    event=event,
                    channel=channel,
                    reason=rule,
                    title=text[0],
                    text=text[1],
                    created_at=now,
                    urgent=urgent,
                )

    for story in recent.values():
        if not _is_muted(story, muted) and (cause := next(_new_causes(story, known, calendar), None)):
            text = message.of_story(story, cause)
            add(_event(story), settings.channels, cause.rule, text, story.severity >= SERIOUS)
    for watch in watches:
        for hit in fired(watch, recent.values(), listed):
            if isinstance(hit, Story):
                if not _is_muted(hit, muted) and not _has_fired(watch, hit, known):
                    text = message.of_story(hit, Cause(watch.name))
                    add(_event(hit), watch.notify, watch.name, text, hit.severity >= SERIOUS)
            elif (reason := next((r for r in hit.reasons if r.story in recent and r.weight > 0), None)) is not None:
                event = f"{hit.id}/{watch.name}/{reason.story}"
                add(event, watch.notify, watch.name, message.of_entry(hit, reason, watch.name), urgent=False)
    return sorted(found.values(), key=lambda alert: (not alert.urgent, alert.event, alert.channel))


def _event(story: Story) -> str:
    """Return what identifies an event: the story, and once more when it has become serious."""
    return f"{story.id}/{SERIOUS}" if story.severity >= SERIOUS else story.id


def _is_muted(story: Story, muted: set[str]) -> bool:
    """Return whether an analyst muted every entry that a story belongs to; what is serious is heard all the same."""
    entries = {f"{place.code}/{theme}" for place in story.regions for theme, _ in story.themes}
    return story.severity < SERIOUS and bool(entries) and entries <= muted


def _new_causes(story: Story, known: dict[str, Story], calendar: Calendar) -> Iterator[Cause]:
    """Yield the causes of a story that no earlier story of its case had.

    What happened and what was ruled on it are two: a killing does not silence a disqualification.
    """
    before = {(old.modality, cause.rule) for old in earlier(story, known) for cause in causes(old, calendar)}
    return (cause for cause in causes(story, calendar) if (story.modality, cause.rule) not in before)


def _has_fired(watch: Watch, story: Story, known: dict[str, Story]) -> bool:
    return any(
        old.modality == story.modality for old in fired(watch, earlier(story, known), ()) if isinstance(old, Story)
    )
