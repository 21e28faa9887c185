"""Judgements by rule from the cue table `data/cues.toml`: election type, source kind, outcome, severity, simulation."""

import functools
import re
import tomllib
from importlib import resources
from urllib.parse import urlsplit

from pilkada_nlp.article import Article, Election, ModalityValue, Outcome, SourceKind, SourceKindValue

_TAIL = 400  # characters at the end of a text in which a closing mark may stand before the byline
_SIMULATION_WORDS = 80  # words of the text in which a rehearsal makes itself known
_LEAD_WORDS = 60
_DENIED_WITHIN = 3  # words before a word of harm in which a denial of it stands

Patterns = dict[str, re.Pattern[str]]


_WORD_TABLES = frozenset({"news_peg", "election_words"})  # phrases that are matched on words, not as expressions


@functools.cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("pilkada_nlp").joinpath("data", "cues.toml").read_text(encoding="utf-8"))


def cue_words(name: str) -> dict[str, list[str]]:
    """Return one of the tables of phrases that are matched on words: "news_peg" or "election_words"."""
    return _table()[name]


@functools.cache
def _cues() -> dict[str, Patterns]:
    """Return the patterns by group and name: those of marks for texts as written, all others for lower case."""
    table = {group: entries for group, entries in _table().items() if group not in _WORD_TABLES}
    return {
        group: {
            # Lower case once is quicker than a search that ignores case, and there are dozens of searches.
            name: re.compile("|".join(cues), re.IGNORECASE)
            if group == "source_kind"
            else re.compile(r"\b(?:" + "|".join(cues) + r")(?!\w)")
            for name, cues in entries.items()
        }
        for group, entries in table.items()
    }


def _first_words(text: str, count: int) -> str:
    return " ".join(text.split(maxsplit=count)[:count])


def names_election(article: Article) -> bool:
    """Say whether the text has any word of elections at all."""
    pattern = _cues()["relevance"]["words"]
    return bool(pattern.search(article.title.lower()) or pattern.search(article.text.lower()))


def election_type(article: Article) -> Election:
    """Return which election a related article is about, by the words for each; a tie goes to the regional one."""
    text = f"{article.title} {article.title} {article.text}".lower()
    counts = {name: len(pattern.findall(text)) for name, pattern in _cues()["election"].items()}
    if counts["pilkada"] or counts["pemilu"]:
        return "pilkada" if counts["pilkada"] >= counts["pemilu"] else "pemilu"
    # With no word for either it is taken for what this monitor is about, rather than dropped from the watchlist.
    return "pemilu" if counts["loosely_pemilu"] and not counts["loosely_pilkada"] else "pilkada"


def marked_kind(article: Article) -> SourceKind | None:
    """Return who speaks through the text, by the marks of paid texts and releases; None when there is no mark."""
    patterns = _cues()["source_kind"]
    # Extraction takes closing marks out of the text and keeps them beside it.
    tail = "\n".join((article.text[-_TAIL:], *article.marks))
    head = f"{article.title} | {article.section or ''}"
    path = urlsplit(article.url).path if article.url else ""
    if match := re.search(r"(?i)/(adv|advertorial|pariwara|infotorial)(?:/|-|$)|-adv-", path):
        return SourceKind(value="adv", score=1.0, mark=match.group())
    kinds: tuple[SourceKindValue, ...] = (
        "adv",
        "rilis_penyelenggara",
        "rilis_aparat",
        "rilis_pemda",
        "partai",
        "cek_fakta",
        "opini",
    )
    for kind in kinds:
        match = patterns[kind].search(head) or (kind != "cek_fakta" and patterns[kind].search(tail)) or None
        if match:
            return SourceKind(value=kind, score=1.0, mark=match.group().strip())
    return None


def is_simulation(article: Article) -> bool:
    """Say whether title or opening announce a rehearsal, so that no riot in the text has taken place."""
    pattern = _cues()["modality"]["simulation"]
    return bool(pattern.search(f"{article.title} | {_first_words(article.text, _SIMULATION_WORDS)}".lower()))


def is_absence(article: Article) -> bool:
    """Say whether the title says that nothing has been found or reported so far."""
    return bool(_cues()["modality"]["absence"].search(article.title.lower()))


def is_debunk(article: Article) -> bool:
    """Say whether the title announces a fact-check."""
    return bool(_cues()["modality"]["debunk"].search(article.title.lower()))


def outcome(article: Article) -> Outcome | None:
    """Return how a decided case ended, from title and lead; None when it is not said there."""
    opening = f"{article.title}. {_first_words(article.text, _LEAD_WORDS)}".lower()
    if _cues()["outcome"]["tidak_terbukti"].search(opening):
        return "tidak_terbukti"
    return "terbukti" if _cues()["outcome"]["terbukti"].search(opening) else None


def severity(article: Article, modality: ModalityValue, ending: Outcome | None) -> int:
    """Return 0 to 4: 0 appeals and routine, 1 potential, 2 allegation, 3 confirmed or disruptive, 4 deaths or arson."""
    cues = _cues()["severity"]
    if modality in ("imbauan", "fakta_proses"):
        return 0
    if modality in ("potensi", "cek_fakta") or ending == "tidak_terbukti":
        return 1
    text = f"{article.title}. {article.text}".lower()
    if modality == "dugaan":
        return 3 if cues["dugaan_3"].search(text) else 2
    if modality == "putusan":
        return 4 if _happened(cues["putusan_4"], text) else 3
    text = cues["harmless_fire"].sub(" ", text)
    burnt = _happened(cues["fire"], text) and not cues["destroyed"].search(_first_words(text, _LEAD_WORDS))
    if burnt or _happened(cues["kejadian_4"], text):
        return 4
    return 3 if cues["kejadian_3"].search(text) else 2


def _happened(words: re.Pattern[str], text: str) -> bool:
    """Return whether one of the words stands in the text without a word close before it that denies or undoes it."""
    undone = _cues()["severity"]["undone"]
    before = (text[: found.start()].rsplit(maxsplit=_DENIED_WITHIN)[-_DENIED_WITHIN:] for found in words.finditer(text))
    return any(not undone.search(" ".join(last)) for last in before)
