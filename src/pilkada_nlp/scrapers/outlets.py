"""Outlets as data: the shipped table and files of the same form."""

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cssselect
import msgspec

from pilkada_nlp.article import ZONES, Outlet
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.regions import region
from pilkada_nlp.scrapers.sources.listing import check_template

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


def load_outlets(own: Path | None = None) -> dict[str, Outlet]:
    """Return id -> outlet of the shipped table (`data/outlets.toml`); those of the file `own` are added or override.

    Paths under `files` are relative to the folder of their table. Raises ConfigError naming the file, the outlet and
    the field.
    """
    shipped = resources.files("pilkada_nlp").joinpath("data", "outlets.toml")
    outlets = _parsed(shipped.read_text(encoding="utf-8"), Path("data/outlets.toml"))
    if own is not None:
        try:
            text = own.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{own}: cannot be read as an outlets file ({error})", own) from error
        outlets |= _parsed(text, own)
    return outlets


def _parsed(text: str, path: Path) -> dict[str, Outlet]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: cannot be read as an outlets file ({error})", path) from error
    if unknown := sorted(set(table) - {"outlets"}):
        raise ConfigError(f"{path}: {', '.join(unknown)}: only [[outlets]] belong in it", path)
    rows = table.get("outlets")
    if not isinstance(rows, list) or not rows:
        raise ConfigError(f"{path}: no [[outlets]] in it; `pilkada outlets add` prints one", path)
    outlets: dict[str, Outlet] = {}
    for number, row in enumerate(rows, 1):
        name = row.get("id", f"number {number}") if isinstance(row, dict) else f"number {number}"
        try:
            outlet = msgspec.convert(row, Outlet)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{path}: outlet {name}: {error}", path) from error
        if problem := "id: stands twice" if outlet.id in outlets else _problem(outlet):
            raise ConfigError(f"{path}: outlet {name}: {problem}", path)
        files = tuple(str(path.parent / Path(name).expanduser()) for name in outlet.files)
        outlets[outlet.id] = msgspec.structs.replace(outlet, files=files)
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


def _problem(outlet: Outlet) -> str:
    """Return the field that is wrong and why, "" when none is."""
    if not _ID.fullmatch(outlet.id):
        return f"id: {outlet.id!r} is not made of small letters, digits and hyphens"
    if not outlet.name.strip():
        return "name: is empty"
    for code in outlet.regions:
        try:
            region(code)
        except KeyError:
            return f"regions: {code!r} is no code of a province, regency or city"
    if outlet.timezone not in ZONES:
        return f"timezone: {outlet.timezone!r} is none of {', '.join(ZONES)}"
    if not 0 <= outlet.pace <= 3600:
        return f"pace: {outlet.pace} is not between 0 and 3600 seconds"
    for field, addresses in _addresses(outlet).items():
        for address in addresses:
            if not re.match(r"https?://[^/\s]+", address):
                return f"{field}: {address!r} is no http or https address"
            if len(addresses) != len(set(addresses)):
                return f"{field}: {address!r} stands twice"
    for address in outlet.listings:
        if problem := check_template(address):
            return f"listings: {problem}"
    for field, selector in _css(outlet).items():
        try:
            cssselect.parse(selector)
        except cssselect.SelectorError as error:
            return f"{field}: the selector {selector!r} cannot be read ({error})"
    return ""


def _addresses(outlet: Outlet) -> dict[str, tuple[str, ...]]:
    return {
        "home": (outlet.home,),
        "apis": outlet.apis,
        "feeds": outlet.feeds,
        "sitemaps": outlet.sitemaps,
        "listings": outlet.listings,
    }


def _css(outlet: Outlet) -> dict[str, str]:
    """Return field -> CSS selector of all selectors that are set."""
    fields = {"listing_links": outlet.listing_links, "listing_next": outlet.listing_next}
    for number, group in enumerate(outlet.selectors, 1):
        for name in ("title", "body", "date", "author", "remove"):
            fields[f"selectors[{number}].{name}"] = getattr(group, name)
    return {name: value for name, value in fields.items() if value}


def outlet_toml(outlet: Outlet) -> str:
    """Return an outlet as the TOML of an outlets file, without the fields that have their usual value."""
    lines = ["[[outlets]]"]
    for name in ("id", "name", "home", "kind", "regions", "timezone", "apis", "feeds", "sitemaps", "listings"):
        value: Any = getattr(outlet, name)
        if value:
            # Strings and lists of strings are written alike in JSON and TOML.
            lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
    if outlet.allow_private:
        lines.append(f"pace = {outlet.pace}\nallow_private = true")
    if outlet.evidence:
        lines.append(f"evidence = {msgspec.json.encode(outlet.evidence).decode()}")
    if outlet.verified:
        lines.append(f"verified = {outlet.verified}")
    return "\n".join(lines) + "\n"
