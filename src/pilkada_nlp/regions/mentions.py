"""Mentions of regions in a text: which names stand where, and what the words around each say of it."""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pilkada_nlp.regions.gazetteer import WORD, Cue, Gazetteer

_LONGEST_CHAIN = 9  # words: "calon wakil wali kota dan wakil bupati Kabupaten X"
_LONGEST_ADDRESS = 10  # words: "Dusun X, Desa Y, Kecamatan Z, Kabupaten"
_WINDOW = (25, 12)  # words before and behind a mention that are read for what happens there, within its sentence
_LONGEST_GAP = 32  # characters between two names of one list: " dengan 43, disusul "
_SENTENCE_END = re.compile(r"[.!?][\"”’)]*\s+(?=[A-Z\"“‘(0-9])|\n+")
_ABBREVIATIONS = frozenset({"kab", "prov", "kep", "kec", "kel", "jl", "jln"})
# What stands between two names of a list, with a figure or an abbreviation in brackets behind the first.
_LIST_GAP = re.compile(
    r"\)?(?:(?: [a-z-]+){0,3} \(?[\d.,]+\)?(?: \w{1,8})?| \([A-Z]\w+(?: \w+)?\))?"
    r"(?:, (?:dan (?:di )?|serta |hingga |juga |disusul |lalu |maupun |di )?| dan (?:di )?| serta (?:di )?"
    r"|/| maupun | atau | hingga |-)"
)
_DATED = re.compile(r"[^.\n]{0,45}?(?:\b(?:Senin|Selasa|Rabu|Kamis|Jum'?at|Sabtu|Minggu|Ahad)\b|\(\d{1,2}/\d)")
_WEEKDAYS = frozenset({"senin", "selasa", "rabu", "kamis", "jumat", "jum'at", "sabtu", "minggu", "ahad"})


@dataclass(slots=True)
class Mention:
    """A name at characters `start` to `end`; several `codes` are readings that stay open.

    `chain` is where the words of its cue begin, `level` what they say of the region's level. `scene`: something happens
    there; `venue`: something was said there on a day; `hosts`: its election body held the meeting where that was.
    `sure`: it needs no support from elsewhere in the text. `listed` counts the regions of the list that it stands in,
    which begins at character `list_start`.
    """

    codes: tuple[str, ...]
    start: int
    end: int
    chain: int
    cue: Cue
    level: str | None
    in_title: bool
    compared: bool
    scene: bool
    venue: bool
    hosts: bool
    sure: bool
    listed: int = 1
    list_start: int = -1


class _Chain(NamedTuple):
    cues: list[Cue]
    level: str | None
    start: int
    attached: bool
    behind_comma: bool


class _Reader:
    """Reads one text; every step looks at a bounded number of words, so the whole grows with the length."""

    def __init__(self, text: str, title_end: int, tables: Gazetteer) -> None:
        self.text, self.title_end, self.tables = text, title_end, tables
        spans = [match.span() for match in WORD.finditer(text)]
        self.starts, self.ends = [start for start, _ in spans], [end for _, end in spans]
        self.words = [text[start:end] for start, end in spans]
        self.lower = [word.lower() for word in self.words]
        self.localities: set[str] = set()  # names that the text gives to a village or sub-district
        self.sentence_starts = [match.end() for match in _SENTENCE_END.finditer(text)]

    def read(self) -> Iterator[tuple[str, Mention]]:
        """Yield the key and the mention of every name; those that are not `sure` need support elsewhere."""
        at = 0
        while at < len(self.words):
            found = self._longest(at)
            if found is None:
                at += 1
                continue
            length, name = found
            mention = self._mention(at, at + length, name)
            if mention is not None:
                yield name, mention
            at += length

    def _longest(self, at: int) -> tuple[int, str] | None:
        if not self.words[at][0].isupper():
            return None
        for length, name in self.tables.starts.get(self.lower[at], ()):
            if length == 1:
                return length, name
            if " ".join(self.lower[at : at + length]) == name and all(
                word[0].isupper() or word == "dan" for word in self.words[at : at + length]
            ):
                return length, name
        return None

    def _mention(self, at: int, end: int, name: str) -> Mention | None:
        tables, traps = self.tables, self.tables.traps
        codes = tables.names[name]
        chain = self._chain(at, codes)
        kinds = {cue.name for cue in chain.cues}
        placed = not kinds.isdisjoint(tables.ends)
        anchored = not kinds.isdisjoint(tables.anchors)
        in_title = self.starts[at] < self.title_end
        after_preposition = bool(chain.cues) and chain.cues[0].name in tables.ends and not in_title
        if self._trapped(at, end, name, checks_behind=after_preposition):
            return None
        first, last = self._sentence(at)
        cue = self._cue(at, first, chain, kinds)
        sure = True
        if name in traps["anchored_only"]:
            sure = anchored
        elif name in traps["national_seat"]:
            sure = anchored or placed or in_title or cue.name in ("enclosing", "address")
        elif name in traps["ordinary_words"]:
            sure = anchored or placed or cue.name in ("seat", "enclosing", "address", "former")
        near = set(self.lower[max(first, at - _WINDOW[0]) : min(last, end + _WINDOW[1])])
        dated = _DATED.match(self.text, self.ends[end - 1], self.ends[end - 1] + 60) is not None
        return Mention(
            codes=codes,
            start=self.starts[at],
            end=self.ends[end - 1],
            chain=chain.start,
            cue=cue,
            level=chain.level,
            in_title=in_title,
            compared=self._is_compared(at, first),
            # What happens to an election body is a ruling on its members, wherever it is pronounced.
            scene=not near.isdisjoint(tables.context["sanction" if cue.name == "body" else "scene"]),
            venue=dated and not near.isdisjoint(tables.context["says"]),
            hosts=cue.name == "body" and not tables.context["meeting"].isdisjoint(self.lower[max(0, at - 8) : at]),
            sure=sure,
        )

    def _cue(self, at: int, first: int, chain: _Chain, kinds: set[str]) -> Cue:
        """Return the cue that decides for the name at word `at` of the sentence that begins at word `first`."""
        cues = self.tables.cues
        if chain.behind_comma and kinds <= {"level"}:
            behind = self.lower[max(first, at - _LONGEST_ADDRESS) : at]
            return cues["enclosing" if self.tables.traps["localities"].isdisjoint(behind) else "address"]
        if chain.cues:
            return next(cue for name, cue in cues.items() if name in kinds)
        if self.tables.chain.get(self.lower[at]) in (cues["police"], cues["police_provincial"]):
            return cues["police"]  # a name of its own, such as "Polda Metro Jaya"
        return cues["attached" if chain.attached else "bare"]

    def _chain(self, at: int, codes: Sequence[str]) -> _Chain:
        """Walk back over the unbroken chain of cue words before the name at word `at`."""
        tables = self.tables
        cues: list[Cue] = []
        level, start, attached, comma, seat = None, self.starts[at], False, False, False
        for before in range(at - 1, max(-1, at - 1 - _LONGEST_CHAIN), -1):
            gap, word = self.text[self.ends[before] : start], self.lower[before]
            if gap not in (" ", "-", ") ", " (") and not (gap in (". ", ".") and word in _ABBREVIATIONS):
                comma = gap == ", " and self.words[before][0].isupper()
                break
            joins = word in ("dan", "serta") and cues and cues[-1].name in tables.joined
            if word not in tables.chain and not joins:
                attached = not cues and gap == " " and start == self.starts[at] and self.words[before][0].isupper()
                break
            cue = tables.chain.get(word)
            start = self.starts[before]
            seat = seat or word in tables.seat_of
            if level is None and tables.levels.get(word) in {tables.regions[code].level for code in codes}:
                level = tables.levels[word]
            if cue is not None:
                cues.append(cue)
                if cue.name in tables.ends:
                    cues.extend(self._behind_preposition(before))
                    break
        return _Chain(cues, None if seat else level, start, attached, comma)

    def _behind_preposition(self, at: int) -> list[Cue]:
        """Return the cues that the words before the preposition at word `at` give: "TPS di X", "dosen di X"."""
        tables, before = self.tables, self.lower[max(0, at - 6) : at]
        if not tables.context["affiliation"].isdisjoint(before):
            return [tables.cues["affiliation"]]
        if not before or self.text[self.ends[at - 1] : self.starts[at]] != " ":
            return []
        if before[-1] in tables.context["unnamed_part"] and not {"sebuah", "satu"}.isdisjoint(before[-3:]):
            return [tables.cues["unnamed_part"]]
        behind = tables.chain.get(before[-1])
        return [behind] if behind and behind.name in ("race", "body") else []

    def _trapped(self, at: int, end: int, name: str, *, checks_behind: bool) -> bool:
        """Say whether the words around make the name something else than a region."""
        traps, text, start = self.tables.traps, self.text, self.starts[at]
        if name in traps["acronyms"] and not self.words[at].isupper():
            return True
        if at and text[self.ends[at - 1] : start].strip() in ("", "-", "."):
            if self.lower[at - 1] in traps["localities"]:
                self.localities.add(name)
                return True
            if self.lower[at - 1] in traps["not_after"] and self.words[at - 1][0].isupper():
                return True
        if end < len(self.words) and text[self.ends[end - 1] : self.starts[end]] == " ":
            behind = self.words[end]
            if behind[0].isupper():
                if behind.lower() in traps["not_before"] or (name == "metro" and behind.lower() in self.tables.starts):
                    return True
                if self._lies_in(name, end):
                    self.localities.add(name)
                    return True
                # "di Padang Jaya": a longer name that no table knows. "di Padang Kamis" is none.
                known = behind.lower() in self.tables.starts or behind.lower() in _WEEKDAYS
                if checks_behind and not known and len(behind) > 2 and not behind.isupper():
                    return True
        low, high = max(0, start - 30), self.ends[end - 1] + 30
        if any(a <= start < b for a, b in (m.span() for m in self.tables.phrases.finditer(text, low, high))):
            return True
        linked = text.rfind("aca juga", max(0, start - 150), start)  # "Baca juga: …" to the end of its line
        return linked >= 0 and "\n" not in text[linked:start]

    def _lies_in(self, name: str, end: int) -> bool:
        """Say whether another region's name follows at word `end`: "Depok Sleman" is the Depok that lies in Sleman."""
        found = self._longest(end)
        if found is None or "." not in self.tables.names[name][0]:
            return False
        codes, around = self.tables.names[name], self.tables.names[found[1]]
        provinces = {code[:2] for code in codes}
        return all("." in code for code in around) and provinces.isdisjoint(around) and set(codes).isdisjoint(around)

    def _sentence(self, at: int) -> tuple[int, int]:
        """Return the first word of the sentence of word `at`, and the first word behind it."""
        nth = bisect.bisect_right(self.sentence_starts, self.starts[at])
        first = bisect.bisect_left(self.starts, self.sentence_starts[nth - 1] if nth else 0)
        behind = nth < len(self.sentence_starts)
        return first, bisect.bisect_left(self.starts, self.sentence_starts[nth]) if behind else len(self.starts)

    def _is_compared(self, at: int, first: int) -> bool:
        """Say whether the name at word `at` is a comparison, or its sentence, from word `first` on, an example."""
        context = self.tables.context
        before = self.lower[max(0, at - 4) : at]
        return self.lower[first] in context["example"] or not context["comparison"].isdisjoint(before)


def find_mentions(text: str, title_end: int, tables: Gazetteer) -> tuple[list[Mention], list[str]]:
    """Return the mentions in `text`, whose title ends at `title_end`, in order, and all its words in lower case."""
    reader = _Reader(text, title_end, tables)
    found = list(reader.read())
    # "Kecamatan Ketapang" makes every "Ketapang" the sub-district, unless the text knows a regency of that name too.
    meant = {name for name, mention in found if mention.level or mention.cue.name in tables.traps["regional"]}
    found = [(name, mention) for name, mention in found if name in meant or name not in reader.localities]
    sure = {name for name, mention in found if mention.sure} - tables.traps["national_seat"]
    kept = []
    for nth, (name, mention) in enumerate(found):
        before, behind = found[max(0, nth - 1) : nth], found[nth + 1 : nth + 2]
        listed = any(other.sure and _listed_with(text, other, mention) for _, other in before) or any(
            other.sure and _listed_with(text, mention, other) for _, other in behind
        )
        initials = name in tables.traps["acronyms"]  # people are named so in lists too
        if mention.sure or name in sure or (listed and not initials):
            kept.append(mention)
    _join_lists(kept, text, tables)
    return kept, reader.lower


def _listed_with(text: str, first: Mention, second: Mention) -> bool:
    gap = text[first.end : second.chain] if second.chain - first.end < _LONGEST_GAP else ""
    return _LIST_GAP.fullmatch(gap) is not None


def _join_lists(mentions: Sequence[Mention], text: str, tables: Gazetteer) -> None:
    """Give the members of a list one cue, and mark the province behind its own regency as enclosing."""
    weak = {"bare", "attached", "enclosing", "address", "level", "place", "toward"}
    last: Mention | None = None
    end = 0
    lists: list[list[Mention]] = []
    for mention in mentions:
        gap = text[end : mention.chain] if 0 <= mention.chain - end < _LONGEST_GAP else None
        if last is not None and gap is not None:
            encloses = any(tables.regions[code].province in mention.codes for code in last.codes if "." in code)
            same = not set(mention.codes).isdisjoint(last.codes)  # "Labuhanbatu Utara (Labura)"
            if (encloses or same) and (gap in (" (", "), ") or _LIST_GAP.fullmatch(gap)):
                if not encloses:
                    mention.cue = last.cue
                elif mention.cue.name in weak:
                    mention.cue = tables.cues["enclosing"]
                mention.compared |= last.compared
                end = mention.end
                continue
            if _LIST_GAP.fullmatch(gap):
                if lists and lists[-1][-1] is last:
                    lists[-1].append(mention)
                else:
                    lists.append([last, mention])
                if last.cue.name == "origin":  # "terdiri dari X, Y dan Z": what there is, not where it came from
                    last.cue = tables.cues["bare"]
                if mention.cue.name in weak and last.cue.name != "enclosing":
                    mention.cue = last.cue
                mention.compared |= last.compared
        last, end = mention, mention.end
    for members in lists:
        different = len({member.codes for member in members})
        for member in members:
            member.listed, member.list_start = different, members[0].start
