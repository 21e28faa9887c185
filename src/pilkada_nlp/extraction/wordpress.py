"""A WordPress post as its REST interface gives it, turned into a page like any other."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any


def page_of_post(body: bytes) -> bytes | None:
    """Return an HTML page (UTF-8) that says what the post says; None when the body is no such post."""
    try:
        post = json.loads(body)
        content, title, link = post["content"]["rendered"], post["title"]["rendered"], post["link"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in (content, title, link)):
        return None
    fields = [
        ("article:published_time", _utc(post.get("date_gmt"))),
        ("article:modified_time", _utc(post.get("modified_gmt"))),
        *(("author", name) for name in _names(post, "author")),
        *(("article:section", name) for name in _terms(post, "category")),
        ("keywords", ", ".join(_terms(post, "post_tag"))),
    ]
    head = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in fields if value)
    # The title comes with its entities written out, so it is markup already.
    return (
        f'<html><head><title>{title}</title>{head}<link rel="canonical" href="{escape(link)}"></head>'
        f'<body><h1>{title}</h1><div class="entry-content">{content}</div></body></html>'
    ).encode("utf-8", "replace")


def _utc(value: Any) -> str:
    return f"{value}+00:00" if isinstance(value, str) and value else ""


def _embedded(post: dict[str, Any], key: str) -> list[Any]:
    embedded = post.get("_embedded")
    found = embedded.get(key) if isinstance(embedded, dict) else None
    return found if isinstance(found, list) else []


def _names(post: dict[str, Any], key: str) -> Iterator[str]:
    for item in _embedded(post, key):
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            yield item["name"]


def _terms(post: dict[str, Any], taxonomy: str) -> list[str]:
    terms = [term for group in _embedded(post, "wp:term") if isinstance(group, list) for term in group]
    return [
        term["name"]
        for term in terms
        if isinstance(term, dict) and term.get("taxonomy") == taxonomy and isinstance(term.get("name"), str)
    ]
