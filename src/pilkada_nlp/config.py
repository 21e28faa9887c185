"""The user's configuration: whom outlets can write to, which outlets are read, and where results go."""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pilkada_nlp.article import Outlet
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.scrapers import load_outlets


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file `config.toml`.

    `contact` (an e-mail or web address) goes into the User-Agent. `outlets_file` is a table of own outlets that are
    added to the shipped ones or override them. `outlets` are ids of either; empty means all. `out` is the folder of
    the summaries.
    """

    contact: str
    out: str
    outlets: tuple[str, ...] = ()
    outlets_file: str | None = None


def default_config() -> Path:
    """Return where the configuration lies unless told otherwise (`$XDG_CONFIG_HOME/pilkada/config.toml`)."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "pilkada" / "config.toml"


def load_config(path: Path | None = None) -> Config:
    """Return the configuration; ConfigError in one sentence when there is none or it is wrong."""
    path = path or default_config()
    try:
        config = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Config)
    except FileNotFoundError as error:
        raise ConfigError(f"There is no configuration at {path}; write one with `pilkada init`.", path) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(
            f"{path}: cannot be read as a configuration ({error}); mend it or run `pilkada init`.", path
        ) from error
    if not config.contact.strip():
        raise ConfigError(f"{path}: contact is empty; outlets must be able to reach you.", path)
    return config


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
        raise ConfigError(f"{path or default_config()}: unknown outlets: {', '.join(unknown)}", path)
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
"""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})", path) from error
