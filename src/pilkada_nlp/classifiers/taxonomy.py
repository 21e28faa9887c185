"""The table of themes: ids, names, definitions, borders, law, and the phrases that hint at them."""

import functools
import tomllib
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

from pilkada_nlp.errors import InputError
from pilkada_nlp.wording import Language


class Phrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lower-case words, "*" standing for any ending of a word; `weight` 3 nearly always its theme, 1 only a hint."""

    text: str
    weight: Literal[1, 2, 3]


class Theme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A risk theme: what it is, what looks like it but is another (`borders`), and the norms that its texts quote."""

    id: str
    name: dict[str, str]
    group: Literal["core", "stage", "extension"]
    definition: str
    borders: tuple[str, ...] = ()
    law: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()


class Taxonomy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All themes, in the order in which they are shown."""

    version: str
    themes: tuple[Theme, ...]

    def names(self, language: Language) -> dict[str, str]:
        """Return theme id -> name in this language."""
        return {theme.id: theme.name[language] for theme in self.themes}

    def phrases(self) -> dict[str, list[tuple[str, int]]]:
        """Return theme id -> its phrases with their weights."""
        return {theme.id: [(phrase.text, phrase.weight) for phrase in theme.phrases] for theme in self.themes}


@functools.cache
def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Return the shipped taxonomy (`data/taxonomy.toml`), or the one in the file `path`.

    Raises InputError when the file cannot be read or is no taxonomy.
    """
    try:
        return msgspec.convert(tomllib.loads(taxonomy_text(path)), Taxonomy)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"is not a taxonomy ({error}); mend it, or leave --taxonomy out", str(path)) from error


def taxonomy_text(path: Path | None = None) -> str:
    """Return the text of the shipped taxonomy, or of the file `path`; InputError when it cannot be read."""
    try:
        source = path or resources.files("pilkada_nlp").joinpath("data", "taxonomy.toml")
        return source.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check its name and permissions", str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"is no UTF-8 text ({error.reason}); save it as UTF-8", str(path)) from error
