"""Dates as Indonesian pages show them. Nothing is invented: an hour or a zone that is not shown stays unknown."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, NamedTuple

from pilkada_nlp.article import ZONES

OLDEST: Final = date(1998, 1, 1)  # no Indonesian online outlet is older

_MONTHS: Final = {
    prefix: number
    for number, prefixes in enumerate(
        (
            "jan",
            "feb peb",
            "mar mrt",
            "apr",
            "mei may",
            "jun",
            "jul",
            "agu agt ags aug",
            "sep",
            "okt oct",
            "nov nop",
            "des dec",
        ),
        1,
    )
    for prefix in prefixes.split()
}
_ZONES_BY_NAME: Final = {**dict(ZONES.values()), "GMT": UTC, "UTC": UTC, "Z": UTC}
_CLOCK: Final = (
    r"(?:[\s,|/·•–-]*(?:pukul|pkl\.?|jam)?\s*(?P<hour>[01]?\d|2[0-3])[.:](?P<minute>[0-5]\d)(?:[.:]\d\d)?(?!\d)"
    r"\s*(?P<half>[AP]M\b)?\s*\(?(?P<zone>WIB|WITA|WIT|GMT|UTC|Z)?\b(?P<offset>\s*[+-]\d{1,2}(?::?00)?\b)?)?"
)
_FORMS: Final = (
    re.compile(
        r"(?<![\d/.-])(?P<day>\d{1,2})"
        r"(?:\s*[ .-]\s*(?P<name>[A-Za-z]{3,9})\.?\s*[ ,-]\s*|(?P<sep>[/.-])(?P<month>\d{1,2})(?P=sep))"
        r"(?P<year>\d{4}|(?<=[/.-])\d{2}(?![\d.:]))(?!\d)" + _CLOCK,
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!\d)(?P<year>\d{4})(?P<sep>[/.-])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)\s*T?" + _CLOCK,
        re.IGNORECASE,
    ),
    re.compile(r"\b(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2}),\s+(?P<year>\d{4})(?!\d)" + _CLOCK, re.IGNORECASE),
)
_AGO = re.compile(r"(?i)\b(?:(\d{1,2}|satu|se)\s*(detik|menit|jam|hari))\s+(?:yang\s+)?lalu\b")
_UNITS: Final = {
    "detik": timedelta(seconds=1),
    "menit": timedelta(minutes=1),
    "jam": timedelta(hours=1),
    "hari": timedelta(days=1),
}
_NOON: Final = 12
_DATE_LINE: Final = 60  # characters


class Shown(NamedTuple):
    """A time as shown: `at` in UTC, None where hour or zone are not known, and the date in the zone of the outlet."""

    at: datetime | None
    on: date


def parse_date(text: str, zone: timezone | None, now: datetime | None = None) -> Shown | None:
    """Return the time that a text shows: ISO 8601, day first in Indonesian, or "2 jam yang lalu" counted from `now`.

    `zone` holds for texts that name none. Without an hour, or without any zone, only the date is known. None when the
    text shows no date.
    """
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _indonesian(text, zone) or _ago(text, zone, now)
    if len(text) <= len("2024-11-21"):
        return Shown(None, moment.date())
    return _known(moment, zone)


def is_date_line(text: str) -> bool:
    """Say whether a line shows a date and nothing else, such as "Kamis, 21 Nov 2024 | 09:12 WIB"."""
    if len(text) > _DATE_LINE or parse_date(text, None) is None:
        return False
    rest = text
    for form in _FORMS:
        rest = form.sub(" ", rest)
    return (
        len(
            re.sub(
                r"[\W\d_]|\b(?:senin|selasa|rabu|kamis|jum['’]?at|sabtu|minggu|w(?:ib|ita|it))\b",
                "",
                rest,
                flags=re.IGNORECASE,
            )
        )
        == 0
    )


def believable(shown: Shown, now: datetime) -> bool:
    """Say whether a date can be that of a page read at `now`: not before 1998, not more than a day ahead."""
    latest = now + timedelta(days=1)
    return OLDEST <= shown.on <= latest.date() and (shown.at is None or shown.at <= latest)


def _known(moment: datetime, zone: timezone | None) -> Shown:
    if moment.tzinfo is None:
        if zone is None:
            return Shown(None, moment.date())
        moment = moment.replace(tzinfo=zone)
    try:
        return Shown(moment.astimezone(UTC), (moment.astimezone(zone) if zone else moment).date())
    except OverflowError:  # the first or last day that a calendar has
        return Shown(None, moment.date())


def _indonesian(text: str, zone: timezone | None) -> Shown | None:
    found = sorted((match for form in _FORMS for match in form.finditer(text)), key=lambda match: match.start())
    for match in found:
        parts = match.groupdict()
        month = _MONTHS.get(parts["name"].lower()[:3], 0) if parts.get("name") else int(parts.get("month") or 0)
        year = int(parts["year"])
        try:
            day = date(year + 2000 if year < 100 else year, month, int(parts["day"]))
        except ValueError:
            continue
        if parts["hour"] is None:
            return Shown(None, day)
        hour = int(parts["hour"])
        if parts["half"]:
            hour = hour % _NOON + (_NOON if parts["half"].upper() == "PM" else 0)
        named = _zone(parts["zone"], parts["offset"]) or zone
        return _known(datetime(day.year, day.month, day.day, hour, int(parts["minute"]), tzinfo=named), zone)
    return None


def _zone(name: str | None, offset: str | None) -> timezone | None:
    """Return the zone of "WITA", or of "GMT+7" and a plain "+0700"."""
    named = _ZONES_BY_NAME.get((name or "").upper())
    if offset and named in (None, UTC):
        hours = int(re.sub(r"\D", "", offset.split(":")[0])[:2]) * (-1 if "-" in offset else 1)
        return timezone(timedelta(hours=hours)) if -_NOON <= hours <= _NOON else None
    return named


def _ago(text: str, zone: timezone | None, now: datetime | None) -> Shown | None:
    match = _AGO.search(text)
    if not match or now is None:
        return None
    count, unit = match[1].lower(), match[2].lower()
    moment = now - (int(count) if count.isdecimal() else 1) * _UNITS[unit]
    day = moment.astimezone(zone or UTC).date()
    # "3 hari yang lalu" says nothing about the hour.
    return Shown(None, day) if unit == "hari" else Shown(moment.replace(second=0, microsecond=0), day)
