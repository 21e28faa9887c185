"""From declared outlets to fetched pages; the only code that talks to the network."""

from pilkada_nlp.scrapers.crawl import PagesFetched, SourceListed, crawl
from pilkada_nlp.scrapers.fetcher import Fetcher
from pilkada_nlp.scrapers.outlets import load_outlets, outlet_of

__all__ = ["Fetcher", "PagesFetched", "SourceListed", "crawl", "load_outlets", "outlet_of"]
