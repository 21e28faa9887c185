"""Monitor Indonesian news for risks around regional elections (Pilkada).

An article's journey: `scrapers` fetch pages, `extraction` makes clean articles of them, `preprocessing` cuts text into
sentences, tokens and stems, `regions` and `classifiers` say what is at risk, where, and what kind of statement it is;
`stories` joins copies, `watchlist` weighs region x theme, `summary` renders the day. `run_daily` does it all.

The names below load what they need on first use, so importing this package is cheap.
"""

from typing import TYPE_CHECKING, Any

from pilkada_nlp._version import __version__

if TYPE_CHECKING:
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article import Article, Tagging
    from pilkada_nlp.article.findings import DailySummary
    from pilkada_nlp.classifiers import Tagger, load_tagger
    from pilkada_nlp.daily import run_daily
    from pilkada_nlp.extraction import extract
    from pilkada_nlp.preprocessing import normalize, sentences, stem, tokens
    from pilkada_nlp.regions import find_regions

_HOMES = {
    "Archive": "archive",
    "Article": "article",
    "DailySummary": "article.findings",
    "Tagger": "classifiers",
    "Tagging": "article",
    "extract": "extraction",
    "find_regions": "regions",
    "load_tagger": "classifiers",
    "normalize": "preprocessing",
    "run_daily": "daily",
    "sentences": "preprocessing",
    "stem": "preprocessing",
    "tokens": "preprocessing",
}

__all__ = [
    "Archive",
    "Article",
    "DailySummary",
    "Tagger",
    "Tagging",
    "__version__",
    "extract",
    "find_regions",
    "load_tagger",
    "normalize",
    "run_daily",
    "sentences",
    "stem",
    "tokens",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pilkada_nlp' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"pilkada_nlp.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
