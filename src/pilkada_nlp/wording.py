"""The tables in `data/` that hold words shown to people, read once."""

import functools
import tomllib
from importlib import resources
from typing import Any, Literal

Language = Literal["id", "en"]


@functools.cache
def table(name: str) -> dict[str, Any]:
    """Return a TOML table of `data/`, such as "texts.toml"; do not change it, it is shared."""
    return tomllib.loads(resources.files("pilkada_nlp").joinpath("data", name).read_text(encoding="utf-8"))


def texts(language: Language) -> dict[str, Any]:
    """Return the words of summary and explanation in a language (`data/texts.toml`)."""
    return dict(table("texts.toml")[language])
