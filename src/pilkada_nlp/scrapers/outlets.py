"""Outlets as data: the shipped table and files of the same form."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import cssselect
import msgspec

from pilkada_nlp.article import ZONES, Outlet
from pilkada_nlp.errors import ConfigError


def load_outlets(path: Path | None = None) -> dict[str, Outlet]:
    """Return id -> outlet of the shipped table (`data/outlets.toml`), or of the file at `path`.

    Raises ConfigError naming the file, the outlet and the field.
    """
    shown = path or Path("data/outlets.toml")
    try:
        if path is None:
            text = resources.files("pilkada_nlp").joinpath("data", "outlets.toml").read_text(encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{shown}: cannot be read as an outlets file ({error})", path) from error
    outlets: dict[str, Outlet] = {}
    for number, row in enumerate(table.get("outlets", []), 1):
        name = row.get("id", f"number {number}") if isinstance(row, dict) else f"number {number}"
        try:
            outlet = msgspec.convert(row, Outlet)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{shown}: outlet {name}: {error}", path) from error
        if problem := _problem(outlet, outlets):
            raise ConfigError(f"{shown}: outlet {name}: {problem}", path)
        outlets[outlet.id] = outlet
    if not outlets:
        raise ConfigError(f"{shown}: no [[outlets]] in it", path)
    return outlets


def outlet_of(url: str, outlets: Mapping[str, Outlet]) -> Outlet | None:
    """Return the outlet on whose site an address lies, the one with the longest host name; None for another site."""
    host = _site(url)
    fitting = [outlet for outlet in outlets.values() if f".{host}".endswith(f".{_site(outlet.home)}")]
    return max(fitting, key=lambda outlet: len(_site(outlet.home)), default=None) if host else None


def _site(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _problem(outlet: Outlet, known: dict[str, Outlet]) -> str:
    if outlet.id in known:
        return "id stands twice"
    if outlet.timezone not in ZONES:
        return f"timezone {outlet.timezone!r} is none of {', '.join(ZONES)}"
    addresses = (*outlet.feeds, *outlet.sitemaps, *outlet.listings)
    if not addresses:
        return "feeds, sitemaps or listings: at least one address is needed"
    rules = [
        rule for group in outlet.selectors for rule in (group.title, group.body, group.date, group.author, group.remove)
    ]
    for selector in filter(None, (*rules, outlet.listing_links)):
        try:
            cssselect.parse(selector)
        except cssselect.SelectorError as error:
            return f"selector {selector!r} cannot be read ({error})"
    for address in (outlet.home, *addresses):
        if not address.startswith(("http://", "https://")):
            return f"{address!r} is no http or https address"
    return ""
