"""A fetched page as a tree of bounded size, and the plain look-ups in it that the other steps share."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import etree, html
from lxml.cssselect import CSSSelector

from pilkada_nlp.article import WORDPRESS_POST, Page, Reason, canonical_url
from pilkada_nlp.extraction.wordpress import page_of_post
from pilkada_nlp.preprocessing import clean

NO_PAGE: Final = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"PK\x03\x04", b"\x1f\x8b")
"""What PDFs, pictures and archives begin with."""
_LARGEST: Final = 4 << 20  # bytes; news pages have less than one million
_LONGEST_TAG: Final = 8192  # bytes from one "<" to the next, from which on attributes are counted
_MOST_ATTRIBUTES: Final = 200
_TAG = re.compile(rb"""[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*+""")
_ATTRIBUTE = re.compile(rb"""[\s"'/][^\s"'/=<>]""")
# Opening and closing tags that a reader of the text can do without, for pages nested deeper than the parser goes.
_NESTING_TAG = re.compile(rb"(?i)</?(?!title\b|meta\b|link\b|script\b|style\b|h1\b)[a-z][^<>]*>")
_TOO_DEEP = "depth"

_META = etree.XPath("//meta[@content]")
_LD_SCRIPTS = etree.XPath("//script[@type='application/ld+json']")
_CANONICAL = etree.XPath("//link[@rel='canonical']/@href")


class Refusal(NamedTuple):
    """Why there is no article on a page, before it becomes a `Rejection` with address and time."""

    reason: Reason
    detail: str


class Document:
    """A parsed page: `root` is its tree, `meta` what its meta elements say, `structured` its JSON-LD article."""

    def __init__(self, root: Any, source: bytes, url: str) -> None:
        self.root = root
        self.source = source
        self.url = url

    @functools.cached_property
    def meta(self) -> dict[str, str]:
        """The first content for each `property`, `name` or `itemprop`, in lower case."""
        found: dict[str, str] = {}
        for element in _META(self.root):
            content = " ".join(clean(element.get("content")).split())
            for key in ("property", "name", "itemprop"):
                if content and (name := element.get(key)):
                    found.setdefault(name.lower(), content)
        return found

    @functools.cached_property
    def structured(self) -> dict[str, Any]:
        """The fields of the page's JSON-LD article, {} without one."""
        for script in _LD_SCRIPTS(self.root):
            try:
                data = json.loads(script.text or "", strict=False)
            except (ValueError, RecursionError):
                continue
            for node in _nodes(data):
                kinds = node.get("@type")
                if any(_is_article_type(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                    return node
        return {}

    @functools.cached_property
    def address(self) -> str:
        """The canonical link of the page when it stays on the page's own site, else the address that answered."""
        for link in _CANONICAL(self.root):
            try:
                address = urljoin(self.url, clean(link).strip())
                if urlsplit(canonical_url(address)).netloc == urlsplit(canonical_url(self.url)).netloc:
                    return address
            except ValueError:
                continue
        return self.url

    @functools.cached_property
    def title(self) -> str:
        """The content of the title element."""
        element = self.root.find(".//title")
        return flat(element) if element is not None else ""

    def select(self, css: str) -> list[Any]:
        """Return the elements that a CSS selector picks, in order."""
        return list(_selector(css)(self.root))


def parse(page: Page) -> Document | Refusal:
    """Return the tree of a page, or why it has none. Size, attributes a tag and nesting are bounded before parsing."""
    kind = page.content_type.split(";")[0].strip().lower()
    body = page.body
    if len(body) > _LARGEST:
        return Refusal("too_large", f"{len(body)} bytes; no news page is that long")
    if kind == WORDPRESS_POST:
        built = page_of_post(body)
        if built is None:
            return Refusal("unreadable", "the WordPress post is no JSON object with link, title and content")
        return _parsed(built, "utf-8", page.url)
    if kind and not any(word in kind for word in ("html", "xml", "text/plain")):
        return Refusal("wrong_type", f"{kind} is no web page")
    if body.startswith(NO_PAGE):
        return Refusal("wrong_type", "a PDF, picture or archive is no web page")
    return _parsed(_bounded(body.replace(b"\x00", b"")), _charset(page), page.url)


def _parsed(body: bytes, charset: str, url: str) -> Document | Refusal:
    try:
        root, complaints = _tree(body, charset)
        if any(_TOO_DEEP in entry.message for entry in complaints):
            root, _ = _tree(_NESTING_TAG.sub(b"<p>", body), charset)
    except (etree.LxmlError, ValueError) as error:
        return Refusal("unreadable", f"no HTML could be read ({error})")
    return Document(root, body, url)


def _tree(body: bytes, charset: str) -> tuple[Any, Any]:
    parser = html.HTMLParser(encoding=charset, huge_tree=False, remove_comments=True, remove_pis=True)
    return html.document_fromstring(body, parser=parser), parser.error_log


def _bounded(body: bytes) -> bytes:
    """Return the page without the attributes of tags that have hundreds: parsing takes the square of their number."""
    pieces = body.split(b"<")
    if max(map(len, pieces)) < _LONGEST_TAG:
        return body
    for number, piece in enumerate(pieces):
        if len(piece) >= _LONGEST_TAG:
            pieces[number] = _without_attributes(piece)
    return b"<".join(pieces)


def _without_attributes(piece: bytes) -> bytes:
    if piece[:1] in (b'"', b"'"):  # the rest of a tag whose attribute held a "<"
        return piece[:_LONGEST_TAG]
    match = _TAG.match(piece)
    if not match or sum(1 for _ in _ATTRIBUTE.finditer(match.group())) <= _MOST_ATTRIBUTES:
        return piece
    name = re.match(rb"[\w:-]+", piece)
    return (name.group() if name else b"p") + piece[match.end() :]


def _charset(page: Page) -> str:
    """Return the encoding that the page really has: a declared one only when its bytes agree with it."""
    declared = [
        match.group(1)
        for source in (page.content_type, page.body[:4096].decode("latin-1"))
        if (match := re.search(r"(?i)charset\s*=\s*[\"']?([\w-]+)", source))
    ]
    # What calls itself Latin-1 is read as its superset, as browsers do.
    names = [
        "windows-1252" if name.lower() in ("iso-8859-1", "latin1", "ascii", "us-ascii") else name for name in declared
    ]
    for name in ("utf-8", *names):
        try:
            page.body.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
        if name.lower().replace("-", "") not in ("utf16", "utf32") or len(page.body) > 1:
            return name
    return "utf-8" if "utf-8" in (name.lower() for name in declared) else "windows-1252"


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            for key in ("@graph", "mainEntity"):
                inner = item.get(key)
                yield from (node for node in (inner if isinstance(inner, list) else [inner]) if isinstance(node, dict))


def _is_article_type(kind: Any) -> bool:
    return isinstance(kind, str) and (kind.endswith(("Article", "BlogPosting", "Reportage")) or kind == "Report")


@functools.lru_cache(maxsize=1024)
def _selector(css: str) -> CSSSelector:
    return CSSSelector(css, translator="html")


def flat(element: Any) -> str:
    """Return all text of an element on one line."""
    return " ".join(clean("".join(element.itertext())).split())


def text_of(value: Any) -> str:
    """Return the text of a JSON-LD value: a string, the name of an object, or the first of a list."""
    for _ in range(4):  # lists of lists are nonsense, but must not run away
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = value.get("name")
    return " ".join(clean(value).split()) if isinstance(value, str) else ""
