"""The user's configuration: whom outlets can write to, which are read, where results go, and who is alerted."""

import os
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from pilkada_nlp.article import ZONES, Outlet
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.scrapers import load_outlets
from pilkada_nlp.wording import Language

_CONTACT: Final = re.compile(r"\w@\w|https?://\w")
_CHANNEL_NAME: Final = re.compile(r"[\w-]{1,40}")
_HOURS: Final = re.compile(r"(\d\d?)[.:](\d\d) ?[-–] ?(\d\d?)[.:](\d\d)(?: (WIB|WITA|WIT))?")
_ADDRESS: Final = re.compile(r"\S*://\S*")  # what may hold a password or a token


class Address:
    """Where messages of a channel go; it holds secrets and never shows itself, `reveal` gives it to who delivers.

    Made from an apprise URL, or from "env:NAME" or "file:/path" when the URL is kept in the environment or in a file.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Address(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def is_plausible(self) -> bool:
        """Return whether this can be an address at all."""
        return bool(re.match(r"env:\w+$|file:.|\w+://.", self._text))

    def reveal(self) -> str:
        """Return the apprise URL; ConfigError when the place that it is kept in is missing or empty."""
        kind, _, place = self._text.partition(":")
        if kind == "env":
            url, where = os.environ.get(place, ""), f"the environment variable {place}"
        elif kind == "file":
            where = f"the file {place}"
            try:
                url = Path(place).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is no text"
                raise ConfigError(
                    f"{where} that holds its address cannot be read ({reason}); correct [alerts.channels]"
                ) from None
        else:
            return self._text
        if not url.strip():
            raise ConfigError(f"{where} that holds its address is missing or empty; put the apprise URL there")
        return url.strip()


class _Hours(NamedTuple):
    first: time
    last: time
    zone: tzinfo


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[alerts]` of the configuration.

    `channels` are names and where each sends to. In `quiet_hours` ("22.00-05.30", in WIB unless WITA or WIT follows)
    only urgent alerts go out. `per_hour` is the most that one channel gets in any 60 minutes. `lang` is the language of
    the messages, `watches_file` the table of the user's own watches.
    """

    channels: dict[str, Address] = {}  # msgspec gives each struct an empty dict of its own
    quiet_hours: str = ""
    per_hour: Annotated[int, msgspec.Meta(ge=1)] = 20
    lang: Language = "id"
    watches_file: str | None = None

    def __post_init__(self) -> None:
        for number, (name, address) in enumerate(self.channels.items(), 1):
            # A name that is none may be an address in the wrong place, so it is not repeated.
            if not _CHANNEL_NAME.fullmatch(name):
                raise ValueError(f"alerts.channels: name {number} has other signs than letters, digits, - and _")
            if not address.is_plausible():
                raise ValueError(f'alerts.channels.{name}: must be an apprise URL, "env:NAME" or "file:/path"')
        self._hours()

    def _hours(self) -> _Hours | None:
        if not self.quiet_hours:
            return None
        found = _HOURS.fullmatch(self.quiet_hours)
        try:
            if found is None:
                raise ValueError
            hour, minute, last_hour, last_minute = (int(part) for part in found.groups()[:4])
            zone = next(zone for name, zone in ZONES.values() if name == (found[5] or "WIB"))
            first, last = time(hour, minute), time(last_hour, last_minute)
        except ValueError:
            raise ValueError('alerts.quiet_hours: must be two times such as "22.00-05.30 WITA"') from None
        if first == last:
            raise ValueError("alerts.quiet_hours: begin and end are the same; write two times, or take the line out")
        return _Hours(first, last, zone)

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end that `now` lies in (UTC), None outside them."""
        hours = self._hours()
        if hours is None:
            return None
        local = now.astimezone(hours.zone)
        last = datetime.combine(local.date(), hours.last, hours.zone)
        if hours.first < hours.last:
            quiet = hours.first <= local.time() < hours.last
        else:
            quiet = local.time() >= hours.first or local.time() < hours.last
            last += timedelta(days=local.time() >= hours.first)
        return last.astimezone(UTC) if quiet else None


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file `config.toml`.

    `contact` (an e-mail or web address) goes into the User-Agent, and stands on the summary for those whom it wrongs.
    `outlets_file` is a table of own outlets that are added to the shipped ones or override them. `outlets` are ids of
    either; empty means all. `out` is the folder of the summaries. `calendar_file` describes elections of one's own, in
    the form of the shipped `data/calendar.toml`. `alerts` says who is told at once of what cannot wait. Files are
    looked for beside the configuration.
    """

    contact: str
    out: str
    outlets: tuple[str, ...] = ()
    outlets_file: str | None = None
    calendar_file: str | None = None
    alerts: AlertSettings = AlertSettings()


def is_contact(text: str) -> bool:
    """Return whether a text can be an e-mail or a web address that people answer at."""
    return bool(_CONTACT.search(text))


def default_config() -> Path:
    """Return where the configuration lies unless told otherwise (`$XDG_CONFIG_HOME/pilkada/config.toml`)."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "pilkada" / "config.toml"


def load_config(path: Path | None = None) -> Config:
    """Return the configuration; ConfigError in one sentence when there is none or it is wrong."""
    path = path or default_config()
    try:
        config = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Config, dec_hook=_address)
    except FileNotFoundError as error:
        raise ConfigError(f"There is no configuration at {path}; write one with `pilkada init`.", path) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        # The complaint may repeat what stands there, which may be the address of a channel: hence `from None` too.
        problem = _ADDRESS.sub("…", str(error))
        raise ConfigError(
            f"{path}: cannot be read as a configuration ({problem}); mend it or run `pilkada init`.", path
        ) from None
    if not is_contact(config.contact):
        raise ConfigError(
            f"{path}: contact is {config.contact!r}; write an e-mail or web address, outlets must be able to reach you",
            path,
        )
    # Cron starts a command anywhere, so a file that is named beside the configuration is looked for there.
    return msgspec.structs.replace(
        config,
        outlets_file=_beside(path, config.outlets_file),
        calendar_file=_beside(path, config.calendar_file),
        alerts=msgspec.structs.replace(config.alerts, watches_file=_beside(path, config.alerts.watches_file)),
    )


def _beside(path: Path, name: str | None) -> str | None:
    return None if name is None else str(path.parent / Path(name).expanduser())


def _address(_kind: type, value: Any) -> Address:
    """Read the address of a channel from its TOML value; what is no text makes an address that is refused by name."""
    return Address(value if isinstance(value, str) else "")


def chosen_outlets(
    config: Config, path: Path | None = None, own: Path | None = None, only: Sequence[str] = ()
) -> list[Outlet]:
    """Return the outlets that a configuration names, or `only` those; ConfigError for an id that no table has.

    `own` is a table of outlets in place of the `outlets_file` of the configuration.
    """
    table = _table(config, own)
    if unknown := sorted(set(only) - set(table)):
        raise ConfigError(f"unknown outlets: {', '.join(unknown)}; `pilkada outlets list` shows all")
    if unknown := sorted(set(config.outlets) - set(table)):
        raise ConfigError(
            f"{path or default_config()}: unknown outlets: {', '.join(unknown)}; `pilkada outlets list` shows all", path
        )
    return [table[name] for name in only or config.outlets or table]


def known_outlets(path: Path | None = None, own: Path | None = None) -> dict[str, Outlet]:
    """Return id -> outlet of the shipped table and of `own`, by default the `outlets_file` of the configuration.

    No configuration has to be there, but ConfigError tells when the one at `path` is missing or one is wrong.
    """
    if own is None and (path or default_config().exists()):
        return _table(load_config(path))
    return load_outlets(own)


def _table(config: Config, own: Path | None = None) -> dict[str, Outlet]:
    if own is None and config.outlets_file:
        own = Path(config.outlets_file).expanduser()
    return load_outlets(own)


def write_config(path: Path, contact: str, out: str, outlets: Sequence[str]) -> None:
    """Write a configuration file; ConfigError when it cannot be written."""

    def quoted(text: str) -> str:
        return msgspec.json.encode(text).decode()  # a JSON string is a TOML basic string

    names = "".join(f"  {quoted(name)},\n" for name in outlets)
    text = f"""# Written by `pilkada init`.

# Goes into the User-Agent, so that an outlet can ask you to stop.
contact = {quoted(contact)}

# Where `pilkada daily` writes the summaries.
out = {quoted(out)}

# Which outlets are read, by id; an empty list means all that are known.
outlets = [
{names}]

# A table of your own outlets, in the form of the shipped one; they are added to it or override it.
# outlets_file = "outlets.toml"

# Elections of your own with their stages and dates, in the form of the shipped calendar.
# calendar_file = "calendar.toml"

# Who is told at once of deaths, attacks on organisers and the like; `pilkada alerts test` tries it. An address is a URL
# of apprise, or better the name of an environment variable or a file that holds it, so that no password stands here.
# [alerts]
# quiet_hours = "22.00-05.30"  # in WIB unless WITA or WIT follows; urgent alerts go out all the same
# per_hour = 20                # the most that one channel gets in an hour
# lang = "id"
# watches_file = "watches.toml"
# [alerts.channels]
# redaksi = "env:PILKADA_TELEGRAM"
# surel = "file:/etc/pilkada/surel"
"""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); check the folder, or name another file with --config", path
        ) from error
