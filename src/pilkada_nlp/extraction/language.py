"""Whether a text is Indonesian, and whether a machine replaced its words by synonyms."""

import functools
import re
from typing import Any, Final

from pilkada_nlp.wording import table

_LANGUAGES: Final = ("id", "ms", "jv", "en")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MOST_WORDS: Final = 600
_CLEAR: Final = 0.10  # share of Indonesian function words from which on a text is Indonesian at sight
_FOREIGN: Final = 0.04  # share of another language's function words that calls that into question
_MALAY_WORDS: Final = 3  # different words of Malaysian spelling
_SPUN_PHRASES: Final = 3


def foreign_language(text: str) -> str | None:
    """Return "ms", "jv" or "en" for a text in Malay, Javanese or English, None for Indonesian or what is open."""
    words = [word.lower() for word in _WORD.findall(text)[:_MOST_WORDS]]
    if not words:
        return None
    sets = _words()
    shares = {name: sum(word in sets[name] for word in words) / len(words) for name in ("id", "en", "jv")}
    malay = set(words) & sets["ms"]
    indonesian = set(words) & sets["only_id"]
    if len(malay) >= _MALAY_WORDS and len(malay) > len(indonesian):
        return "ms"
    if shares["id"] >= _CLEAR and max(shares["en"], shares["jv"]) < max(_FOREIGN, shares["id"] / 2):
        return None
    guess = _guess(text)
    if guess == "ms":
        return "ms" if malay and not indonesian else None
    return None if guess == "id" or shares["id"] > shares.get(guess, 0.0) else guess


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in table("extraction.toml")["language"].items()}


def _guess(text: str) -> str:
    # Loaded only for texts that function words leave open: its model takes a moment.
    return str(_identifier().classify(text[:4000])[0])


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(_LANGUAGES))
    return identifier


def spun_phrases(text: str) -> list[str]:
    """Return the phrases that only a machine writes ("pemungutan bunyi"), when there are enough to tell."""
    found = sorted({match.group().lower() for match in _spun_pattern().finditer(text)})
    return found if len(found) >= _SPUN_PHRASES else []


@functools.cache
def _spun_pattern() -> re.Pattern[str]:
    phrases = [re.escape(phrase).replace(r"\ ", r"\s+") for phrase in table("extraction.toml")["spun"]["phrases"]]
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b", re.IGNORECASE)
