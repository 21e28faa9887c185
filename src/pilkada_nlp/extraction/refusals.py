"""Pages that are no article: walls, checks, lists, galleries, errors, other languages. Each with the sign that told."""

import functools
import re
from typing import Final
from urllib.parse import urlsplit

from pilkada_nlp.extraction.body import SHORTEST, is_link_list
from pilkada_nlp.extraction.document import Document, Refusal, flat, text_of
from pilkada_nlp.extraction.language import foreign_language, spun_phrases
from pilkada_nlp.wording import table

_LISTING_PATH = re.compile(
    r"(?i)^/?$|/(?:indeks?|index|tags?|topik|topic|category|kategori|search|cari|arsip|kanal)(?:/|$|\.)|/page/\d+/?$"
)
_LISTING_HOST = re.compile(r"(?i)^(?:indeks?|search|cari)\.")
_STUB: Final = 900  # characters; walls and errors show less text than that
_GALLERY: Final = 1200  # characters of captions
_CONSENT_KINDS: Final = 3  # different signs of a consent wall
_CONSENT_SHARE: Final = 0.02  # of the words
_TEASERS: Final = 3


def listing(document: Document, rule: str) -> Refusal | None:
    """Say whether a page lists articles; `rule` is how a body was found on it, if at all."""
    parts = urlsplit(document.url)
    if _LISTING_PATH.search(urlsplit(document.address).path) or _LISTING_HOST.match(parts.netloc):
        return Refusal("listing_page", "its address is that of an index")
    kind = document.meta.get("og:type", "").lower()
    if kind == "article" or document.structured or rule.startswith("selector"):
        return None
    teasers = sum(
        1 for box in document.root.iter("article") if box.find(".//h2") is not None or box.find(".//h3") is not None
    )
    if teasers > _TEASERS and not rule.startswith("usual place"):
        return Refusal("listing_page", f"{teasers} teasers")
    if not rule.startswith("usual place") and is_link_list(document):
        return Refusal("listing_page", "the page lists articles and is none itself")
    return None


def no_article(document: Document, title: str, text: str, found_by: str) -> Refusal | None:
    """Say why the text of a page is no article, None when it is one."""
    return (
        _robots(document, title, text)
        or _gone(document, title, text)
        or listing(document, found_by)
        or _consent(document, title, text)
        or _paywall(document, text)
        or _gallery(document, title, text)
        or _too_short(text)
        or _other_text(text)
    )


def _robots(document: Document, title: str, text: str) -> Refusal | None:
    if len(text) >= _STUB:
        return None
    if match := _pattern("bot_title").search(f"{title} | {document.title}"):
        return Refusal("bot_challenge", f"“{match.group()}”")
    if len(text) < SHORTEST * 2 and (match := _pattern("bot_markup").search(document.source.decode("latin-1"))):
        return Refusal("bot_challenge", f"the page carries {match.group()}")
    return None


def _gone(document: Document, title: str, text: str) -> Refusal | None:
    if len(text) >= _STUB:
        return None
    pattern = _pattern("gone")
    heading = f"{title} | {document.title}"
    if match := pattern.search(heading):
        # A headline may say "tidak ditemukan" too; it then has a body of its own.
        strong = re.search(r"(?i)404|halaman|laman|page", match.group())
        if strong or len(text) < SHORTEST:
            return Refusal("soft_404", f"“{match.group()}”")
    if match := re.search(
        r"(?i)(?:halaman|laman|artikel|berita)\s+yang\s+(?:anda|kamu)\b.{0,40}tidak\b", text[: SHORTEST * 2]
    ):
        return Refusal("soft_404", f"“{match.group()}”")
    return None


def _consent(document: Document, title: str, text: str) -> Refusal | None:
    seen = f"{title}\n{text}" if len(text) >= SHORTEST else f"{title}\n{_all_text(document)}"
    words = len(seen.split())
    kinds = {name for name in _names("consent") if re.search(rf"(?i)\b(?:{name})\b", seen)}
    if len(kinds) < _CONSENT_KINDS or words > _STUB // 2:
        return None
    hits = len(_pattern("consent").findall(seen))
    if hits / max(words, 1) <= _CONSENT_SHARE:
        return None
    return Refusal("consent_wall", "the page asks for consent or a subscription instead of showing the article")


def _paywall(document: Document, text: str) -> Refusal | None:
    if len(text) >= _STUB:
        return None
    if match := _pattern("paywall").search(_all_text(document)):
        return Refusal("paywall", f"“{match.group()[:80]}”")
    free = document.structured.get("isAccessibleForFree")
    if free is False or (isinstance(free, str) and text_of(free).lower() == "false"):
        return Refusal("paywall", f"its metadata say that it is not free, and {len(text)} characters are shown")
    return None


def _gallery(document: Document, title: str, text: str) -> Refusal | None:
    """Refuse a page that says it shows photos or a video, and has captions at most."""
    told = (
        _pattern("gallery_title").search(title)
        or _pattern("gallery_path").search(document.url)
        or document.meta.get("og:type", "").lower().startswith("video")
    )
    if told and max(map(len, text.split("\n\n"))) < SHORTEST and len(text) < _GALLERY:
        return Refusal("gallery", f"photos or video with {len(text)} characters of captions")
    return None


def _too_short(text: str) -> Refusal | None:
    return Refusal("too_short", f"{len(text)} characters of body") if len(text) < SHORTEST else None


def _other_text(text: str) -> Refusal | None:
    if language := foreign_language(text):
        return Refusal("not_indonesian", {"ms": "Malay", "jv": "Javanese", "en": "English"}[language])
    if phrases := spun_phrases(text):
        return Refusal("spun_text", ", ".join(f"“{phrase}”" for phrase in phrases))
    return None


def _all_text(document: Document) -> str:
    body = document.root.find("body")
    return flat(body)[: 20 * _STUB] if body is not None else ""


@functools.cache
def _names(name: str) -> tuple[str, ...]:
    return tuple(table("extraction.toml")["refusals"][name])


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    bounded = rf"\b(?:{'|'.join(_names(name))})\b" if name == "consent" else "|".join(_names(name))
    return re.compile(bounded, re.IGNORECASE)
