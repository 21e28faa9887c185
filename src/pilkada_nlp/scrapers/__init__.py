"""From declared outlets to fetched pages; the only code that talks to the network.

`load_outlets` reads the table, `crawl` goes through it with a `Fetcher`, `find_sources` looks for those of a site.
"""

from pilkada_nlp.scrapers.crawl import PagesFetched, PartFinished, SourceAsked, SourceLeft, Task, crawl
from pilkada_nlp.scrapers.fetcher import Fetcher
from pilkada_nlp.scrapers.finding import Trial, find_sources, try_sources
from pilkada_nlp.scrapers.outlets import load_outlets, outlet_of, outlet_toml
from pilkada_nlp.scrapers.sources import Period

__all__ = [
    "Fetcher",
    "PagesFetched",
    "PartFinished",
    "Period",
    "SourceAsked",
    "SourceLeft",
    "Task",
    "Trial",
    "crawl",
    "find_sources",
    "load_outlets",
    "outlet_of",
    "outlet_toml",
    "try_sources",
]
