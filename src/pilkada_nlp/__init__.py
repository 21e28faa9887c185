"""Monitor Indonesian news for risks around regional elections (Pilkada).

An article's journey, each stage with the call that starts it:

    pn.tag("Massa merusak kantor KPU …")          what is at risk, where, what kind of statement, and on which sentences
    pn.tag(frame, text="isi", title="judul")      the same for a data frame, an Arrow table, a list or a stream
    pn.read_articles("folder")                    articles of files: JSON lines, HTML, text
    pn.extract(page)                              the article on a fetched page, or why there is none
    pn.sentences, pn.tokens, pn.stem, pn.normalize, pn.find_regions      the steps of reading, on a text or a column
    pn.load_tagger(folder)                        another model than the one in service
    pn.run_daily(day, outlets, archive, …)        the whole day: fetch, tag, join stories, weigh, alert, summarise
    pn.Archive("sqlite:////path/archive.db")      what was read and judged: `.rows`, `.stories`, `.summary`
    archive.watchlist()                           a `pn.Watchlist`: which regions and themes stand out, why, with plots

Results draw themselves in notebooks. The names load what they need on first use, so importing the package is cheap.
"""

from typing import TYPE_CHECKING

from pilkada_nlp._version import __version__

__all__ = [
    "Archive",
    "Article",
    "Tagger",
    "Watchlist",
    "__version__",
    "extract",
    "find_regions",
    "load_tagger",
    "normalize",
    "read_articles",
    "run_daily",
    "sentences",
    "stem",
    "tag",
    "tokens",
]

if TYPE_CHECKING:
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.article import Article
    from pilkada_nlp.article.findings import Watchlist
    from pilkada_nlp.classifiers import Tagger, load_tagger
    from pilkada_nlp.daily import run_daily
    from pilkada_nlp.extraction import extract
    from pilkada_nlp.inputs import read_articles
    from pilkada_nlp.preprocessing import normalize, sentences, stem, tokens
    from pilkada_nlp.regions import find_regions
    from pilkada_nlp.tagging import tag
else:  # hidden from type checkers, for which every name would be there, as Any
    _HOMES = {
        "Archive": "archive",
        "Article": "article",
        "Tagger": "classifiers",
        "Watchlist": "article.findings",
        "extract": "extraction",
        "find_regions": "regions",
        "load_tagger": "classifiers",
        "normalize": "preprocessing",
        "read_articles": "inputs",
        "run_daily": "daily",
        "sentences": "preprocessing",
        "stem": "preprocessing",
        "tag": "tagging",
        "tokens": "preprocessing",
    }

    def __getattr__(name: str) -> object:
        """Load a public name from its module on first use."""
        if name not in _HOMES:
            raise AttributeError(f"module 'pilkada_nlp' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"pilkada_nlp.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
