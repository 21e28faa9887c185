"""The table of themes: ids, names, and the phrases that hint at them."""

import functools
import re
from typing import Final, Literal

import msgspec

from pilkada_nlp.wording import Language, table


class Theme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A risk theme; a phrase is lower-case words, "*" standing for any ending of a word."""

    id: str
    name: dict[str, str]
    group: Literal["core", "stage", "extension"]
    definition: str
    phrases: tuple[str, ...]


class Taxonomy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All themes, in the order in which they are shown."""

    version: str
    themes: tuple[Theme, ...]

    def names(self, language: Language) -> dict[str, str]:
        """Return theme id -> name in this language."""
        return {theme.id: theme.name[language] for theme in self.themes}


@functools.cache
def load_taxonomy() -> Taxonomy:
    """Return the shipped taxonomy (`data/taxonomy.toml`)."""
    return msgspec.convert(table("taxonomy.toml"), Taxonomy)


class PhraseMatcher:
    """Finds which themes' phrases stand in a text; word order counts, punctuation and case do not."""

    _NOT_WORD: Final = re.compile(r"[^\w-]+")  # hyphens stay: they belong to words such as "cawe-cawe"

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._patterns = {
            theme.id: re.compile(
                r"\b(?:" + "|".join(re.escape(phrase).replace(r"\*", r"\w*") for phrase in theme.phrases) + r")\b"
            )
            for theme in taxonomy.themes
            if theme.phrases
        }

    def find(self, text: str) -> dict[str, list[str]]:
        """Return theme id -> the phrases found in `text`, themes without any left out."""
        plain = self._NOT_WORD.sub(" ", text.lower())
        return {theme: hits for theme, pattern in self._patterns.items() if (hits := pattern.findall(plain))}
