"""What must not pass from an article into a page, a table or a chat: controls, false links, formulas, markup."""

import operator
import re
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

T = TypeVar("T")

# Line breaks of all kinds become spaces; other controls, marks that turn the direction of text, invisible tags and
# what XML forbids vanish.
_BREAK: Final = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|#~@&]|:(?=//)|^[-+=]|^\d+(?=[.)])|(?<=www)\.)")
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def clean(value: T) -> T:
    """Return `value`, a string or anything built of structs, tuples and dicts, with all its strings safe to show.

    What is safe already is not copied: a large summary would take as much memory again.
    """
    if isinstance(value, str):
        if value.isascii() and value.isprintable():
            return value
        return _HIDDEN.sub("", _BREAK.sub(" ", value))  # type: ignore[return-value]
    if isinstance(value, msgspec.Struct):
        fields = [(name, getattr(value, name)) for name in value.__struct_fields__]
        changed = {name: safe for name, field in fields if (safe := clean(field)) is not field}
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, tuple):
        cleaned = tuple(map(clean, value))
        return value if all(map(operator.is_, cleaned, value)) else cleaned  # type: ignore[return-value]
    if isinstance(value, dict):
        safe_dict = {clean(key): clean(inner) for key, inner in value.items()}
        return value if safe_dict == value else safe_dict  # type: ignore[return-value]
    return value


def is_web_address(url: str) -> bool:
    """Whether `url` may become a link: http or https, with a host, and without a name that pretends to be one."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def markdown(text: object) -> str:
    """Return `text` in one line of Markdown that shows it as it is: no markup, no list, no mention, no bare link."""
    return _MARKDOWN.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}" if found[1][0].isdigit() else f"\\{found[1]}",
                         " ".join(str(text).split()))  # fmt: skip


def markdown_url(url: str) -> str:
    """Return an address that can stand between "<" and ">"."""
    return quote(url, safe=":/?&=%#+,;@~.-_[]")


def cell(value: object) -> str:
    """Return `value` for a cell of CSV; what a spreadsheet would calculate gets an apostrophe in front."""
    if value is None:
        return ""
    text = str(value)
    is_formula = isinstance(value, str) and text.lstrip().startswith(_FORMULA)
    return f"'{text}" if is_formula else text
