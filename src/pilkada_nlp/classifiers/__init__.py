"""What an article says is at risk, where, what kind of statement it is, and on which sentences that rests."""

from pilkada_nlp.classifiers.tagger import Tagger, load_tagger

__all__ = ["Tagger", "load_tagger"]
