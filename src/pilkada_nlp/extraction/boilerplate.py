"""What outlets put into and around a text, told from the text line by line. Pure strings in, values out.

A line is what a reader sees as one block. Links in it stand between LINK and UNLINK, so that a headline that follows
"Baca juga:" can be told from the sentence that goes on behind it.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pilkada_nlp.wording import table

LINK: Final = "\ue000"
UNLINK: Final = "\ue001"

_READ: Final = (
    r"(?:baca|simak|lihat|tonton|cek)\s*(?:juga|pula|selengkapnya|artikel)"
    r"|(?:artikel|berita)\s+terkait|baca(?=\s*[:：])"
)
_LINKED: Final = rf"{LINK}[^{UNLINK}]*{UNLINK}"
# A label with its linked headlines, anywhere in a line; the label itself may be part of the link.
_READ_LINKED = re.compile(
    rf"(?i)[(\[]?\s*(?:(?:{_READ})\s*[:：]?\s*(?:{_LINKED}[\s,;|]*)+|{LINK}\W{{0,4}}(?:{_READ})\b[^{UNLINK}]*{UNLINK})[)\]]?\.?"
)
# The same in plain text, glued to the sentence before it. Its headline ends with the line.
_READ_GLUED = re.compile(
    r"(?i)(?<=[.!?\"”)\w])\s*(?-i:Baca|BACA|Simak|SIMAK|Lihat|LIHAT|Tonton)\s*(?:juga|pula)\s*[:：]\s*[^:]{3,200}$"
)
_READ_LABEL = re.compile(rf"(?i)\W*(?:{_READ}|pilihan\s+editor|jangan\s+lewatkan)\W*[:：]?\W*")
_ONLY_LINKS = re.compile(rf"\W{{0,4}}?(?:{_LINKED}[\s,;|.·•-]*)+")
_INLINE = re.compile(
    r"(?i)\[\s*gambas\s*:[^\]]*\]|\bADVERTISEMENT\b|\bSCROLL TO (?:CONTINUE|RESUME)(?: WITH)?(?: CONTENT)?\b"
)
_MARKERS = str.maketrans("", "", LINK + UNLINK)

_END = re.compile(r"(?P<before>^|[.!?…:\"”’')\]]\s*)(?P<tail>[(\[]\s*[^()\[\]]{1,50}\s*[)\]])\s*$")
_BARE_CODE = re.compile(r"(?<=[.!?\"”])\s*(?P<code>[a-z]{2,6}/[a-z]{2,6})$")
_CODE = re.compile(r"(?:[A-Za-z]{1,12}(?:[/-][A-Za-z0-9.]{1,12}){1,3}|[a-z]{2,5}|[A-Z]{2,3}|[A-Z]-\d{1,2})")
_SIGNATURE = re.compile(r"(?:TIM|Tim|[A-Z]{4,}(?: [A-Z]{2,}){1,2})")
_CLOSING_LINKS: Final = 2  # lines that are nothing but links; a single one may be the address of a document
_CLOSING_LINES: Final = 8  # lines at the end of a text among which marks, codes and bylines stand


class Removal(NamedTuple):
    """A piece of text that is not part of the article, and the rule that says so."""

    text: str
    rule: str


class Cleaned(NamedTuple):
    """What is left of the lines, what was taken out, and what the closing lines said."""

    lines: list[str]
    removed: list[Removal]
    authors: list[str]
    editors: list[str]
    marks: list[str]
    source_line: str | None


def clean_lines(lines: Sequence[str]) -> Cleaned:
    """Take boilerplate out of the lines of a body, and the facts of the closing lines into fields."""
    result = Cleaned([], [], [], [], [], None)
    in_list = False  # behind a "Baca juga:" that has its headlines on lines of their own
    for line in _without_closing_links(lines, result.removed):
        if _READ_LABEL.fullmatch(line.translate(_MARKERS)):
            in_list = True
            result.removed.append(Removal(plain(line), "read also"))
            continue
        if in_list and _ONLY_LINKS.fullmatch(line):
            result.removed.append(Removal(plain(line), "headline below “read also”"))
            continue
        in_list = False
        if kept := _kept(line, result.removed):
            result.lines.append(kept)
    return _closing(result)


def _without_closing_links(lines: Sequence[str], removed: list[Removal]) -> Sequence[str]:
    """Return the lines without a list of headlines at their end that nothing announces."""
    end = len(lines)
    while end and _ONLY_LINKS.fullmatch(lines[end - 1]):
        end -= 1
    if len(lines) - end < _CLOSING_LINKS:
        return lines
    removed.extend(Removal(plain(line), "list of links below the text") for line in lines[end:])
    return lines[:end]


def plain(line: str) -> str:
    """Return a line without the signs around links, its white space made single."""
    return " ".join(line.translate(_MARKERS).split())


def _kept(line: str, removed: list[Removal]) -> str:
    """Return what of a line belongs to the article."""

    def take(match: re.Match[str], rule: str) -> str:
        removed.append(Removal(plain(match.group()), rule))
        return " "

    if LINK in line:
        line = _READ_LINKED.sub(lambda match: take(match, "“read also” with its headline"), line)
    if "[" in line or "AD" in line or "SCROLL" in line:
        line = _INLINE.sub(lambda match: take(match, "embedded media or advertisement"), line)
    text = plain(line)
    if not any(map(str.isalnum, text)) and text not in ("(*)", "(**)", "(***)"):
        return ""
    if rule := line_rule(text):
        removed.append(Removal(text, rule))
        return ""
    return _READ_GLUED.sub(lambda match: take(match, "“read also” glued to a sentence"), text).strip()


def line_rule(text: str) -> str | None:
    """Return the name of the rule by which a whole line is boilerplate, None for a line of the article."""
    if len(text) > 400:
        return None
    return next((name for name, pattern in _line_rules() if pattern.fullmatch(text)), None)


@functools.cache
def _line_rules() -> list[tuple[str, re.Pattern[str]]]:
    return [(row["name"], re.compile(row["pattern"], re.IGNORECASE)) for row in table("extraction.toml")["line"]]


def _closing(found: Cleaned) -> Cleaned:
    """Read the last lines from the end: marks, codes, bylines and the source; stop at the first ordinary line."""
    lines, removed = found.lines, found.removed
    source_line: str | None = None
    for _ in range(_CLOSING_LINES):
        if not lines:
            break
        line = lines[-1]
        if names := byline(line):
            found.authors.extend(names[0])
            found.editors.extend(names[1])
            rule = "byline"
        elif source_line is None and _source_patterns()[0].fullmatch(line):
            source_line = line
            rule = "source line"
        elif _SIGNATURE.fullmatch(line):
            found.authors.append(line)
            rule = "signature"
        else:
            if _strip_end(found):
                continue
            break
        removed.append(Removal(line, rule))
        lines.pop()
    _opening(found)
    if source_line is None:
        matches = (_source_patterns()[1].search(line) for line in lines)
        source_line = next((" ".join(match.group().split()) for match in matches if match), None)
    return found._replace(source_line=source_line)


def _strip_end(found: Cleaned) -> bool:
    """Take a mark or an editor's code off the end of the last line; say whether there was one."""
    line = found.lines[-1]
    match = _END.search(line)
    if match:
        inner = match["tail"].strip("()[] \t")
        if _mark_pattern().match(inner):
            found.marks.insert(0, match["tail"])
        elif _CODE.fullmatch(inner):
            found.editors.insert(0, inner)
        else:
            return False
        start = match.start("tail")
    else:
        match = _BARE_CODE.search(line)
        if not match:
            return False
        found.editors.insert(0, match["code"])
        start = match.start()
    found.removed.append(Removal(line[start:].strip(), "closing mark or code"))
    rest = line[:start].rstrip()
    if rest:
        found.lines[-1] = rest
    else:
        found.lines.pop()
    return True


def _opening(found: Cleaned) -> None:
    """Take a byline off the first lines."""
    for _ in range(2):
        names = byline(found.lines[0]) if found.lines else None
        if names:
            found.authors.extend(names[0])
            found.editors.extend(names[1])
            found.removed.append(Removal(found.lines.pop(0), "byline"))


@functools.cache
def _mark_pattern() -> re.Pattern[str]:
    words = "|".join(table("extraction.toml")["marks"]["words"])
    return re.compile(rf"(?:[\w ]{{1,20}}/)?(?:{words})(?![A-Za-z])", re.IGNORECASE)


@functools.cache
def _source_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    sources = table("extraction.toml")["sources"]
    return re.compile(sources["line"], re.IGNORECASE), re.compile(sources["phrase"], re.IGNORECASE)


@functools.cache
def _byline_patterns() -> tuple[re.Pattern[str], frozenset[str]]:
    labels = table("extraction.toml")["bylines"]
    names = "|".join(sorted((*labels["authors"], *labels["editors"]), key=len, reverse=True))
    return re.compile(rf"(?:^|[|/·•,;]|\s)\s*({names})\s*[:：]\s*", re.IGNORECASE), frozenset(labels["editors"])


_REPORT = re.compile(r"(?i)laporan\s+(?:wartawan|reporter|jurnalis|kontributor)\b[^,:]{0,60}[,:]\s*(.{2,60})")
_OLEH = re.compile(r"(?:Oleh|OLEH)\s+((?:[A-Z][\w.'-]*\s*){1,5})")


def byline(text: str) -> tuple[list[str], list[str]] | None:
    """Return the authors and editors that a byline names ("Penulis: A | Editor: B"), None for another line."""
    text = plain(text)
    if len(text) > 160:
        return None
    if match := _REPORT.fullmatch(text):
        return [match[1].strip()], []
    if match := _OLEH.fullmatch(text):
        return [match[1].strip()], []
    pattern, editing = _byline_patterns()
    labels = list(pattern.finditer(text))
    if not labels or text[: labels[0].start()].strip():
        return None
    authors: list[str] = []
    editors: list[str] = []
    for label, following in zip(labels, [*labels[1:], None], strict=True):
        value = text[label.end() : following.start() if following else len(text)]
        if len(value) > 80:
            return None
        names = unique(name.strip(" -–|,;/·•") for name in re.split(r"\s*(?:,|;| dan | & )\s*", value))
        (editors if label[1].lower() in editing else authors).extend(names)
    return authors, editors


def unique(names: Iterable[str]) -> list[str]:
    """Return the names that are not empty, each once, in order."""
    return list(dict.fromkeys(name for name in names if name))


_HOST: Final = r"[\w-]+\.(?:com|id|co|co\.id|asia|net|org|news|info)"
_TOWN: Final = r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,3}"
_CAPITALS: Final = r"[A-Z][A-Z.'’-]+(?: [A-Z][A-Z.'’-]+){0,3}"
_DATELINES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<town>{_TOWN})(?:, {_TOWN})?\s*\((?:ANTARA|Antara|(?i:{_HOST}))[^)]*\)\s*[-–—]",
        rf"(?P<town>{_TOWN}),\s*(?:(?i:{_HOST})|CNN Indonesia|CNBC Indonesia|VIVA|tvOne|[A-Z]{{3,8}})\s*[-–—:]",
        rf"(?i:{_HOST})\s*[,:-]\s*(?P<town>{_CAPITALS}|{_TOWN})\s*(?:[-–—:]|\.\s)",
        rf"(?P<town>{_CAPITALS})\.[A-Z]+\.[A-Z]+\s*[-–—]",
        rf"[A-Z]{{3,8}},\s*(?P<town>{_TOWN})\s*:",
        rf"(?P<town>{_CAPITALS})\s*[-–—]\s*",
        r"(?P<town>[A-Z][a-z]+(?: [A-Z][a-z]+){0,2})\s+(?:[-–—]|--)\s+(?=[A-Z“\"])",
    )
)
_BOLD_DATELINE = re.compile(rf"(?i:{_HOST})\s*,\s*(?P<town>{_TOWN})\W*")
_NO_TOWN = re.compile(rf"(?i){_HOST}$")


def dateline(first_line: str, lead: str = "") -> str | None:
    """Return the town that the first line of a text begins with, as written; `lead` is its opening in bold type."""
    if match := _BOLD_DATELINE.fullmatch(lead):
        return match["town"]
    for pattern in _DATELINES:
        match = pattern.match(first_line)
        if match and not _NO_TOWN.search(match["town"]):
            return match["town"]
    return None
