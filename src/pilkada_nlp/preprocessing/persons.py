"""Private persons by their initials: whose names a summary may print, and whose it must not.

The rule: who holds or seeks a public office, or speaks for one, keeps the name of the source: candidates, officials,
members of election bodies, officers, lawyers, scholars. A village head or civil servant holds a public office also when
accused, so there too the form of the source stays. Everybody else whom the text introduces as a person (by age,
"warga", "korban", "saksi", "tersangka", "bernama" …) stands by initials, in every later mention as well: victims,
suspects, and helpers at a polling station too. Children do so even where the text calls them by an office.
Initials of the source stay. Somebody whom the text names without saying who he is keeps the name.

There is no model behind this: the words stand in `data/persons.toml`.
"""

import csv
import functools
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

from pilkada_nlp.preprocessing.reading import shared_stemmer
from pilkada_nlp.preprocessing.splitter import sentences
from pilkada_nlp.preprocessing.tables import read_table, roots
from pilkada_nlp.wording import table

_Role = Literal["public", "named", "other", "someone", "minors", "ad_hoc", "no_role"]
_Kind = Literal["public", "private", "minor"]

_OF_AGE: Final = 18  # years
_LONGEST_ROLE: Final = 4  # words
_LONGEST_NAME: Final = 6  # words
_LONGEST_RUN: Final = 10  # words with capitals: a name, or the place or body of an office and a name
_REACH: Final = 14  # words between an office and the name of who holds it
_PRIVATE_REACH: Final = 7  # the same for other roles
_SHORTEST_PART: Final = 3  # letters of a name's word that is masked where it stands alone
_HEADLINE: Final = 0.7  # share of words with a capital from which capitals tell nothing
_TOKEN: Final = re.compile(
    r"(?P<age>\(\s?(?P<a>[1-9]\d?)(?:\s?(?:tahun|thn|th))?\s?\)|, (?P<b>\d{1,2}) (?:tahun|thn|th)\b|"
    r" (?:berusia|berumur) (?P<c>\d{1,2}) tahun\b)"
    r"|(?P<word>\ba\.n\b|(?:[A-Z]\.)+(?:[A-Z]\b)?|[^\W\d_]+(?:['’-][^\W\d_]+)*)"
    r"|(?P<number>\d(?:[\d.,/:-]*\d)?)"
    r"|(?P<mark>[^\w\s]|_)"
)
_ACRONYM: Final = re.compile(r"[A-Z]{3,}")
_INITIALS: Final = re.compile(r"(?:[A-Z]\.?){1,4}")
_PAIR: Final = re.compile(r"[A-Z][a-z]{2,}-[A-Z][a-z]*")  # candidates go in pairs: "Fulan Polan-Fulanah Polan"
_WORD: Final = re.compile(r"[^\W\d_]+")
_VERB: Final = re.compile(r"(?:me|di|ber|ter)[a-z]{4,}")
_LISTS: Final = frozenset({",", "dan", "serta", "&", "/", "-", "–"})


class _Words(NamedTuple):
    roles: Mapping[str, _Role]
    introduces: frozenset[str]
    stands_for: frozenset[str]
    one_of_them: frozenset[str]
    said: frozenset[str]
    ends: frozenset[str]
    no_verbs: frozenset[str]
    places: frozenset[str]
    no_names: frozenset[str]
    regions: frozenset[str]
    joins: frozenset[str]
    honorifics: frozenset[str]
    given: frozenset[str]
    figures: tuple[frozenset[str], ...]
    beginnings: frozenset[str]  # first words of roles and phrases; most words are none of them
    titles: frozenset[str]  # a full stop behind these ends nothing: "Hj.", "Kompol."


class _Token(NamedTuple):
    kind: str  # "age", "word", "number" or "mark"
    text: str
    years: int = -1

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def capital(self) -> bool:
        return self.kind == "word" and self.text[0].isupper()


class _Person(NamedTuple):
    """Somebody whom a text introduces: the words of the name as written, for the public also those of the office."""

    words: tuple[str, ...]
    kind: _Kind


@functools.cache
def _words() -> _Words:
    persons = table("persons.toml")
    speakers = table("entities.toml")["speakers"]

    def of(name: str) -> frozenset[str]:
        text = str(persons[name])
        return frozenset(part.strip() for part in (text.split("|") if "|" in text else text.split()))

    names = {
        name.lower()
        for row in csv.DictReader(read_table("regions.csv").splitlines())
        for name in (row["short_name"], row["capital"], *row["aliases"].split("|"))
    }
    roles: dict[str, _Role] = {role: kind for kind in get_args(_Role) for role in of(kind)}
    honorifics = of("honorifics")
    return _Words(
        roles=roles,
        introduces=of("introduces"),
        stands_for=of("stands_for"),
        one_of_them=of("one_of_them"),
        said=of("said"),
        ends=of("ends"),
        no_verbs=of("no_verbs"),
        places=of("places"),
        no_names=of("no_names") | frozenset(speakers["not_names"].split()),
        regions=frozenset(names),
        joins=of("joins"),
        honorifics=honorifics,
        given=of("given"),
        figures=tuple(frozenset(name.lower().split()) for name in of("figures")),
        beginnings=frozenset(
            phrase.split()[0] for phrase in (*roles, *of("introduces"), *of("stands_for"), *of("one_of_them"))
        ),
        titles=frozenset(map(str.lower, honorifics)) | roles.keys(),
    )


def mask_private(text: str, context: str = "") -> str:
    """Return `text` with the names of private persons and children as initials: "FP (45), warga setempat".

    `context` is the whole article (title and text) that says who they are; `text` itself counts too. Calling it again
    changes nothing.
    """
    pattern = _private(context if text in context else f"{context}\n{text}")
    if pattern is None:
        return text
    words = _words()

    def initials(match: re.Match[str]) -> str:
        name = match.group()
        parts = name.replace(".", ". ").split()
        if len(parts) == 1:
            before = text[: match.start()].split()[-1:]
            behind = text[match.end() :].lstrip(" ")[:1]
            spare = before and (before[0].lower() in words.places - {"di", "ke", "dari", "asal"})
            if spare or (behind == "." and len(name) == 1):
                return name
        return "".join(part[0].upper() for part in parts if part not in words.honorifics | words.joins)

    return pattern.sub(initials, text)


@functools.lru_cache(maxsize=256)  # the sentences of one article are asked for one after another
def _private(context: str) -> re.Pattern[str] | None:
    """Return what matches the names of the private persons of a text, None where there are none.

    Parts of a name match too where they can mean nobody else: no official, no place, no word of the text.
    """
    found = [person for sentence in sentences(context) for person in _introduced(sentence.text)]
    public = [frozenset(map(str.lower, person.words)) for person in found if person.kind == "public"]
    public += _words().figures
    names = {
        person.words
        for person in found
        if person.kind == "minor"
        or (person.kind == "private" and not any(known >= {*map(str.lower, person.words)} for known in public))
    }
    if not names:
        return None
    told = {part for name in names for part in name if _tells(part)}
    told -= {part for part in told if any(part.lower() in known for known in public)}
    told -= {word.capitalize() for word in _WORD.findall(context) if word.islower()}
    forms = {piece for name in names for piece in _pieces(name) if piece == name or told.intersection(piece)}
    forms |= {tuple(map(str.upper, form)) for form in forms}
    longest_first = sorted(forms, key=lambda form: (-len(" ".join(form)), form))
    return re.compile(
        r"(?<!\w)(?:" + "|".join(r"\s+".join(map(re.escape, form)) for form in longest_first) + r")(?!\w)"
    )


def _pieces(name: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield a name and the runs of its words by which it may be taken up again."""
    for start in range(len(name)):
        for end in range(start + 1, len(name) + 1):
            yield tuple(name[start:end])


def _tells(part: str) -> bool:
    """Say whether a word of a private name may mean that person where it stands alone."""
    words, lower = _words(), part.lower()
    return (
        len(part) >= _SHORTEST_PART
        and not _INITIALS.fullmatch(part)
        and lower not in words.joins
        and lower not in words.regions
        and part not in words.honorifics
    )


def _introduced(sentence: str) -> Iterator[_Person]:
    """Yield the persons whom a sentence introduces."""
    tokens = [_Token(str(match.lastgroup), match.group(), _years(match)) for match in _TOKEN.finditer(sentence)]
    return _Reader(tokens).read()


def _is_told(name: Sequence[str]) -> bool:
    """Say whether a word of `name` is none of the dictionary: "Pelaku Usaha Mikro" names nobody."""
    words = [word.lower() for word in name]
    stems = shared_stemmer().stem_words(words)
    given, known = _words().given, roots()
    return any(word in given or not {word, stem} & known for word, stem in zip(words, stems, strict=True))


def _years(match: re.Match[str]) -> int:
    years = match["a"] or match["b"] or match["c"]
    return int(years) if years else -1


class _Reader:
    """Reads a sentence word by word and remembers the role under which a name may come.

    `role` governs what follows, `ready` says that a name may come next, `taken` that one came already, `apart` that a
    comma or "dan" stands behind the role, `gap` counts what lies between, `placed` says that a place was among it.
    """

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self.tokens, self.words = tokens, _words()
        letters = [token for token in tokens if token.kind == "word" and len(token.text) > 3]
        stops = bool(tokens) and tokens[-1].text in '."”'
        self.headline = (
            not stops and len(letters) > 3 and sum(token.capital for token in letters) >= _HEADLINE * len(letters)
        )
        self._forget()

    def read(self) -> Iterator[_Person]:
        """Yield the persons in order."""
        at = 0
        while at < len(self.tokens):
            role, width = self._role(at)
            if bracket := self._bracket(at):
                at = bracket
            elif role:
                self._meet(role)
                at += width
            elif (width := self._phrase(at, self.words.introduces)) and self.role:
                self.ready = self.introduced = True
                at += width
            elif (end := self._run_end(at)) > at:
                person = self._judge(at, end)
                if person:
                    yield person
                at = end
            else:
                self._pass(at)
                at += 1

    def _bracket(self, at: int) -> int:
        """Return where a short remark in brackets that begins at a token ends, 0 where none begins."""
        if self.tokens[at].text != "(":
            return 0
        ends = range(at + 1, min(at + _LONGEST_RUN, len(self.tokens)))
        return next((end + 1 for end in ends if self.tokens[end].text == ")"), 0)

    def _role(self, at: int) -> tuple[_Role | None, int]:
        """Return the role that begins at a token, the longest of several, and its number of tokens."""
        width = self._phrase(at, self.words.roles)
        if width:
            return self.words.roles[" ".join(token.lower for token in self.tokens[at : at + width])], width
        own = self.tokens[at].lower.removesuffix("nya") if at < len(self.tokens) else ""  # "pelapornya"
        return (self.words.roles[own], 1) if own in self.words.roles else (None, 0)

    def _phrase(self, at: int, phrases: Container[str]) -> int:
        """Return the number of tokens of the longest of `phrases` that begins at a token, 0 for none.

        Their first words are among `beginnings`.
        """
        if at < len(self.tokens) and self.tokens[at].lower not in self.words.beginnings:
            return 0
        for width in range(min(_LONGEST_ROLE, len(self.tokens) - at), 0, -1):
            part = self.tokens[at : at + width]
            if all(token.kind == "word" for token in part) and " ".join(token.lower for token in part) in phrases:
                return width
        return 0

    def _forget(self) -> None:
        self.role: _Role | None = None
        self.ready = self.introduced = self.taken = self.apart = self.placed = False
        self.gap = 0

    def _meet(self, role: _Role) -> None:
        """Let a role govern what follows, or leave it to the one before: "kuasa hukum pelapor"."""
        before = self.role if not self.apart and (not self.taken or self.role == "public") else None
        if before == "public" and role not in {"public", "ad_hoc"}:
            return
        self._forget()
        if role != "no_role":
            self.role = "minors" if before == "minors" and role != "public" else role
            self.ready = role in {"public", "named"}

    def _run_end(self, at: int) -> int:
        """Return where the run of capitals that begins at a token ends; a role behind it ends it."""
        end = at
        while end < min(len(self.tokens), at + _LONGEST_RUN) and self._goes_on(at, end):
            end += 1
        return end

    def _goes_on(self, at: int, end: int) -> bool:
        """Say whether the token at `end` belongs to the run that begins at `at`."""
        token = self.tokens[end]
        if end == at:
            return token.capital
        if token.text == ".":
            return self.tokens[end - 1].text in self.words.honorifics
        if token.lower in self.words.joins:
            return self._capital(end + 1)
        return token.capital and self._role(end)[0] is None

    def _capital(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at].capital

    def _judge(self, at: int, end: int) -> _Person | None:
        """Return who is named between two tokens, if the words around say what he is."""
        run = tuple(token.text for token in self.tokens[at:end] if token.kind == "word")
        years = self.tokens[end].years if end < len(self.tokens) else -1
        behind = self._behind(at, end + (years >= 0))
        name = self._name(run, opens=at == 0, aged=years >= 0)
        child = bool(name) and 0 <= years < _OF_AGE
        if self.role == "public" or behind == "public" or self._pairs(run, end):
            self.role, self.taken = "public", True
            self.gap += 1
            return _Person(name if child else run, "minor" if child else "public")
        shown = years >= 0 or (self.ready and self.introduced)
        if name and not self._of_a_place(at) and (shown or (_is_told(name) and (behind or self._expected(name, end)))):
            self.taken, self.ready = True, False
            return _Person(name, "minor" if child or "minors" in {self.role, behind} else "private")
        if self.apart and not self.taken:
            self._forget()
        elif self.role:
            self.gap, self.placed, self.ready = self.gap + 1, True, False
        return None

    def _pairs(self, run: Sequence[str], end: int) -> bool:
        """Say whether names joined by a dash stand here, as those of two candidates do."""
        dash = end < len(self.tokens) and self.tokens[end].text in "–—" and self._capital(end + 1)
        return bool(run) and (any(map(_PAIR.fullmatch, run)) or (dash and self.role is not None))

    def _expected(self, name: Sequence[str], end: int) -> bool:
        """Say whether the role before brings a name here."""
        if not self.ready or self.headline:
            return False
        # "warga Kedawung, Grati": behind a place and a comma may come another place.
        place = self.placed and (len(name) == 1 or end == len(self.tokens) or self.tokens[end].text == ".")
        return not place and self.role != "someone"

    def _of_a_place(self, at: int) -> bool:
        before = self.tokens[at - 1].lower if at else ""
        return before in self.words.places and not (before == "dari" and self.role)

    def _name(self, run: Sequence[str], *, opens: bool, aged: bool) -> tuple[str, ...]:
        """Return the words of a private name, () for a place, a body, or what are initials already.

        A word of the dictionary that `opens` the sentence, or an acronym before the name, is no part of it.
        """
        words = list(run)
        if (
            len(words) > 1
            and ((opens and not _is_told(words[:1])) or _ACRONYM.fullmatch(words[0]))
            and not self.headline
        ):
            words.pop(0)
        while words and (words[0] in self.words.honorifics or words[0].endswith("nya")):
            words.pop(0)
        if (
            " ".join(words).lower() in self.words.regions
            or all(_INITIALS.fullmatch(word) for word in words)
            or any(word in self.words.no_names or word.lower() in self.words.places for word in words)
            or (len(words) == 2 and _INITIALS.fullmatch(words[1]))  # "Mbah KR"
            or (
                not aged
                and not self.headline
                and any(word.isupper() and len(word) > 1 for word in words if word[-1] != ".")
            )
        ):
            return ()
        return tuple(words[:_LONGEST_NAME])

    def _behind(self, at: int, end: int) -> _Role | None:
        """Return the role that stands behind a name: ", warga setempat", "selaku pelapor"."""
        comma = end < len(self.tokens) and self.tokens[end].text == ","
        end += comma
        phrase = self._phrase(end, self.words.stands_for)
        marker = self._phrase(end + phrase, self.words.one_of_them)
        role, width = self._role(end + phrase + marker)
        if not (comma or phrase) or self.headline or role == "no_role":
            return None
        end += phrase + marker + width
        if self._role(end)[0] == "ad_hoc":
            role = "ad_hoc"  # "anggota KPPS"
        if self._phrase(end, self.words.introduces):
            return None  # "…, pelapor berinisial AR" is somebody else
        before = self.tokens[at - 1] if at else None
        begins = before is None or before.kind == "mark" or before.lower in self.words.said or self._verb(before)
        if role in {"public", "ad_hoc"} or (begins and (marker or role != "someone")):
            return role
        return None

    def _verb(self, token: _Token) -> bool:
        return bool(_VERB.fullmatch(token.lower)) and token.lower not in self.words.no_verbs

    def _pass(self, at: int) -> None:
        """Go over a token that is neither role nor name."""
        token = self.tokens[at]
        if self.role is None or token.kind == "age":
            return
        if token.text == "." and at and self.tokens[at - 1].lower in self.words.titles:
            return
        if token.lower in _LISTS:
            self.ready = token.text == "," or self.taken
            self.apart = True
        elif (self.taken and self.role != "public") or (token.kind == "mark" and token.text not in "():."):
            self._forget()
        elif token.kind == "number" and self.role == "ad_hoc":
            self.ready = True  # "Ketua KPPS 05 Fulan"
        elif token.kind == "word":
            self.gap, self.ready = self.gap + 1, False
            reach = _REACH if self.role == "public" else _PRIVATE_REACH
            if self._verb(token) or token.lower in self.words.ends or self.gap > reach or self._left(token):
                self._forget()

    def _left(self, token: _Token) -> bool:
        """Say whether a small word behind the comma shows that no name comes: "warga Samboja, antara lain di"."""
        return self.apart and self.role != "public" and token.lower not in self.words.one_of_them
