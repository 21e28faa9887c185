"""What is shown to people: the tables of words in `data/`, read once, and the environment of the templates."""

import functools
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import jinja2

Language = Literal["id", "en"]


@functools.cache
def table(name: str) -> dict[str, Any]:
    """Return a TOML table of `data/`, such as "texts.toml"; do not change it, it is shared."""
    return tomllib.loads(resources.files("pilkada_nlp").joinpath("data", name).read_text(encoding="utf-8"))


def texts(language: Language) -> dict[str, Any]:
    """Return all words in a language (`data/texts.toml`); ValueError for one that has none."""
    words = table("texts.toml")
    if language not in words:
        raise ValueError(f"no words in {language!r}; there are {', '.join(words)}")
    return dict(words[language])


def template_environment() -> "jinja2.Environment":
    """Return an environment for the package's templates; what goes into an "….html.j2" is escaped."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("pilkada_nlp"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",)),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
