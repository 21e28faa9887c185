"""Where the body stands in a page, and its text line by line."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from lxml import etree

from pilkada_nlp.article import Outlet, Selectors
from pilkada_nlp.extraction.boilerplate import LINK, UNLINK, Removal
from pilkada_nlp.extraction.document import Document, flat
from pilkada_nlp.preprocessing import clean
from pilkada_nlp.wording import table

SHORTEST: Final = 200  # characters of body; shorter texts are excerpts, captions and empty tag pages
_BOX: Final = 600  # characters; an element with the class name of a box that holds more is no box
_MOST_PIECES: Final = 200  # elements that a selector picks
_FEW: Final = 8  # pieces of a line among which its opening in bold is looked for
_READ_BOX: Final = 500  # characters of a box that begins with "Baca juga"

_DROPPED_TAGS = frozenset(
    "script style noscript iframe form button nav aside figure figcaption header footer svg template select textarea "
    "amp-ad amp-embed amp-img ins object video audio picture input dialog".split()
)
_BLOCKS = frozenset(
    "p div section article li ul ol dl dt dd blockquote h1 h2 h3 h4 h5 h6 table tr td th tbody pre main center hr "
    "header address details summary".split()
)
_BOX_TAGS = frozenset("div table ul ol section p blockquote span".split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_READ_ALSO = re.compile(r"(?i)\W*(?:(?:baca|simak|lihat|tonton)\s*juga\b|(?:artikel|berita)\s+terkait\b|baca\s*:)")
_SENTENCE_END = re.compile(r"[.!?:;…\"”’)\]]\W*$")
_LINKED = re.compile(f"{LINK}[^{UNLINK}]*{UNLINK}")
_BROKEN = re.compile(f"[{LINK}{UNLINK}]")


class Body(NamedTuple):
    """The lines of a body with links marked, by which rule it was found, its opening in bold, boxes left out of it."""

    lines: list[str]
    rule: str
    lead: str
    removed: list[Removal]

    @property
    def size(self) -> int:
        """Characters of text."""
        return sum(map(len, self.lines))

    @property
    def prose(self) -> int:
        """Characters of text outside links."""
        return sum(len(_LINKED.sub("", line)) for line in self.lines)


def find_body(document: Document, outlet: Outlet | None, on: date) -> Body:
    """Return the body: by the outlet's selectors, by usual class names, by where the prose stands, by trafilatura.

    `on` is the day the page was fetched: selectors that were valid on it come first.
    """
    found = Body([], "nothing", "", [])
    for body in _attempts(document, outlet, on):
        if body.prose >= SHORTEST:
            return body
        found = max(found, body, key=lambda body: body.prose)
    return found


def selectors_on(outlet: Outlet | None, on: date) -> list[Selectors]:
    """Return an outlet's selectors, those valid on a day before those of older pages."""
    rules = outlet.selectors if outlet else ()
    return sorted(rules, key=lambda rule: rule.valid_until is not None and rule.valid_until < on)


def _attempts(document: Document, outlet: Outlet | None, on: date) -> Iterator[Body]:
    for rule in selectors_on(outlet, on):
        if rule.body and (nodes := document.select(rule.body)):
            yield _read(nodes, f"selector {rule.body}", _removed_by(document, rule))
    for name, nodes in _usual_places(document):
        yield _read(nodes, f"usual place {name}", frozenset())
    node = _densest(document)
    if node is not None:
        yield _read([node], "where the prose stands", frozenset())
    yield Body(_general(document), "trafilatura", "", [])


def _removed_by(document: Document, rule: Selectors) -> frozenset[Any]:
    return frozenset(document.select(rule.remove)) if rule.remove else frozenset()


def _usual_places(document: Document) -> list[tuple[str, list[Any]]]:
    """Return the elements that a usual class name, id or itemprop marks as the body, the most reliable first."""
    ranks = _place_ranks()
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for element in document.root.iter("div", "article", "section", "main", "span", "td"):
        if element.get("itemprop") == "articleBody":
            found["itemprop"].append(element)
        for name in (element.get("class") or "").split():
            if name in ranks:
                found[name].append(element)
        if (name := f"#{element.get('id')}") in ranks:
            found[name].append(element)
    order = sorted(found, key=lambda name: -1 if name == "itemprop" else ranks[name])
    return [(name, found[name]) for name in order]


@functools.cache
def _place_ranks() -> dict[str, int]:
    places = table("extraction.toml")["places"]
    names = [*places["classes"], *(f"#{name}" for name in places["ids"])]
    return {name: rank for rank, name in enumerate(names)}


def _densest(document: Document) -> Any | None:
    """Return the element that holds the most prose in paragraphs, or in lines between breaks, of its own."""
    weights: dict[Any, float] = defaultdict(float)
    for element in document.root.iter("p", "br"):
        parent = element.getparent()
        if parent is None:
            continue
        if element.tag == "br":
            weights[parent] += len((element.tail or "").strip())
            continue
        linked = sum(len(flat(anchor)) for anchor in element.iter("a"))
        prose = len(flat(element)) - 2 * linked
        if prose > 40:  # shorter ones are labels and captions
            weights[parent] += prose
            if (grandparent := parent.getparent()) is not None:
                weights[grandparent] += prose / 2
    if not weights:
        return None
    best = max(weights, key=lambda element: weights[element])
    return best if weights[best] >= SHORTEST else None


def _general(document: Document) -> list[str]:
    import trafilatura

    if len(document.source) < SHORTEST:
        return []
    # The tree was bounded before; trafilatura works on a copy of it.
    text = trafilatura.extract(
        document.root, fast=True, include_comments=False, include_tables=False, deduplicate=False
    )
    return [line for line in clean(text or "").split("\n") if line.strip()]


class _Line(NamedTuple):
    text: str
    after_break: bool  # begun by one <br>, not by a paragraph


def _read(nodes: Sequence[Any], rule: str, dropped: frozenset[Any]) -> Body:
    """Return the text of elements: of the largest, or of all when the body is given out in pieces side by side."""
    picked = frozenset(nodes)
    outer = [node for node in nodes if not any(above in picked for above in node.iterancestors())][:_MOST_PIECES]
    pieces = [_Reader(node, dropped) for node in outer]
    best = max(pieces, key=lambda piece: piece.size)
    chosen = pieces if len(pieces) > 1 and _are_parts(outer) else [best]
    lines = [line for piece in chosen for line in piece.lines]
    removed = [removal for piece in chosen for removal in piece.removed]
    return Body(lines, rule, chosen[0].lead, removed)


def _are_parts(nodes: Sequence[Any]) -> bool:
    """Say whether elements are parts of one body: children of one parent, and not teasers with a heading each."""
    parents = {node.getparent() for node in nodes}
    return len(parents) == 1 and not any(node.find(".//h2") is not None for node in nodes)


class _Reader:
    """Walks through an element with a stack of its own, because pages nest deeper than Python may recurse."""

    def __init__(self, node: Any, dropped: frozenset[Any]) -> None:
        self.node = node
        self.removed: list[Removal] = []
        self.lead = ""
        self._dropped = dropped
        self._limit = max(_BOX, len(flat(node)) // 2)
        self._found: list[_Line] = []
        self._line: list[str] = []
        self._breaks = 0
        self._walk()
        self.lines = _joined(self._found)
        self.size = sum(map(len, self.lines))

    def _walk(self) -> None:
        stack: list[tuple[Any, bool]] = [(self.node, False)]
        line = self._line
        while stack:
            element, done = stack.pop()
            tag = element.tag
            inner = element is not self.node
            if done:
                if tag in _BLOCKS:
                    self._flush()
                elif tag == "a":
                    line.append(UNLINK)
                if inner:
                    line.append(_unmarked(element.tail))
                continue
            if inner and (rule := self._box_rule(element)):
                if rule != "tag" and (text := flat(element)):
                    self.removed.append(Removal(text, rule))
                if tag in _BLOCKS:
                    self._flush()
                line.append(_unmarked(element.tail))
                continue
            if tag in _BLOCKS:
                self._flush()
            elif tag == "br":
                self._flush(broken=True)
            elif tag == "a":
                line.append(LINK)
            elif tag in ("b", "strong") and not self._found and not self.lead and self._at_start():
                self.lead = flat(element)
            line.append(_unmarked(element.text))
            stack.append((element, True))
            stack.extend((child, False) for child in reversed(element))
        self._flush()

    def _at_start(self) -> bool:
        """Say whether nothing stands before here on the line."""
        return len(self._line) <= _FEW and not "".join(self._line).strip(f" \n\t\r\xa0{LINK}")

    def _flush(self, broken: bool = False) -> None:
        text = " ".join("".join(self._line).split())
        self._line.clear()
        if text.translate(_NO_MARKERS):
            self._found.append(_Line(_balanced(clean(text)), self._breaks == 1))
            self._breaks = 0
        self._breaks = self._breaks + 1 if broken else 0

    def _box_rule(self, element: Any) -> str:
        """Return the rule by which an element inside the body is left out, "" for one that stays."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _DROPPED_TAGS:
            return "tag"
        if element in self._dropped:
            return "selector of the outlet"
        names = element.get("class")
        own = element.get("id")
        if (names or own) and _box_names().search(f"{names or ''} {own or ''}") and len(flat(element)) <= self._limit:
            return f"box {' '.join(filter(None, (names, own)))}"[:60]
        style = element.get("style")
        if style and _HIDDEN.search(style):
            return "hidden"
        if tag in _BOX_TAGS and element.find(".//a") is not None:
            first = element.text if element.text and element.text.strip() else None
            if first is not None and not _READ_ALSO.match(first):
                return ""
            text = flat(element)
            if len(text) <= _READ_BOX and _READ_ALSO.match(text) and _mostly_linked(element, text):
                return "box that begins with “read also”"
        return ""


def _mostly_linked(element: Any, text: str) -> bool:
    return sum(len(flat(anchor)) for anchor in element.iter("a")) * 2 >= len(text)


@functools.cache
def _box_names() -> re.Pattern[str]:
    names = "|".join(table("extraction.toml")["boxes"]["names"])
    return re.compile(rf"(?i)(?:^|[\s_-])(?:{names})(?:$|[\s_-])")


_NO_MARKERS = str.maketrans("", "", LINK + UNLINK)


def _unmarked(text: str | None) -> str:
    """Return text of the page, in which the signs that mark links may not stand."""
    if text and (LINK in text or UNLINK in text):
        return str(text).translate(_NO_MARKERS)
    return text or ""


def _balanced(text: str) -> str:
    """Return a line in which every sign of a link has its partner: a link may begin in one block and end in another."""
    if LINK not in text and UNLINK not in text:
        return text
    first, *rest = _BROKEN.split(text)
    found = [first]
    is_open = False
    for sign, piece in zip(_BROKEN.findall(text), rest, strict=True):
        if sign == LINK and not is_open:
            found.append(LINK)
            is_open = True
        elif sign == UNLINK:
            if not is_open:  # the link began in an earlier block: all of this line up to here is linked
                found.insert(0, LINK)
            found.append(UNLINK)
            is_open = False
        found.append(piece)
    return "".join(found) + (UNLINK if is_open else "")


def _joined(lines: Sequence[_Line]) -> list[str]:
    """Return the lines with those joined that one <br> cuts in the middle of a sentence."""
    found: list[str] = []
    for line in lines:
        if found and line.after_break and line.text[:1].islower() and not _SENTENCE_END.search(found[-1]):
            found[-1] = f"{found[-1]} {line.text}"
        else:
            found.append(line.text)
    return found


_LINK_TEXTS = etree.XPath("//body//a")


def is_link_list(document: Document) -> bool:
    """Say whether a page is mostly headlines that link elsewhere."""
    headlines = sum(len(text) for a in _LINK_TEXTS(document.root) if len((text := flat(a)).split()) >= 4)
    if headlines <= 250:
        return False
    prose = sum(
        len(text) for p in document.root.iter("p") if len((text := flat(p)).split()) >= 15 and p.find(".//a") is None
    )
    return headlines > 2 * prose
