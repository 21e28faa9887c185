"""The summary of a day: gathered as one value, rendered for people, chats and programs, written in one piece."""

from pilkada_nlp.summary.building import build_summary
from pilkada_nlp.summary.corrections import apply_corrections, lines
from pilkada_nlp.summary.digest import digest
from pilkada_nlp.summary.feed import feed
from pilkada_nlp.summary.phrases import coverage, long_date
from pilkada_nlp.summary.rendering import json_schema, render
from pilkada_nlp.summary.writing import write_summary

__all__ = [
    "apply_corrections",
    "build_summary",
    "coverage",
    "digest",
    "feed",
    "json_schema",
    "lines",
    "long_date",
    "render",
    "write_summary",
]
