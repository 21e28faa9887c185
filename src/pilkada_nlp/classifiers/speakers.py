"""Who says what: the speaker of each quoted or reported sentence, with the office that the text gives."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pilkada_nlp.article import Speaker
from pilkada_nlp.classifiers.entity_words import Read
from pilkada_nlp.classifiers.institutions import Mention
from pilkada_nlp.classifiers.speaker_words import speaker_tables
from pilkada_nlp.preprocessing import Sentence
from pilkada_nlp.regions.gazetteer import gazetteer

_CLAUSES = 4  # clauses before a verb in which its subject may begin
_NEAR = 70  # characters before a verb in which an office or body may be its subject without opening the clause
_LONGEST_SUBJECT = 200  # characters from a subject's beginning to its verb
_QUOTES = re.compile(r'["“”]')
_OPENING = ('"', "“")
_INITIALS = re.compile(r"(?:[A-Z]{1,3}|(?:[A-Z]\.){1,4}[A-Z]?\.?)")
_CAPITALS = re.compile(r" ?((?:\d{1,4}/)?[A-Z][\w./'’-]*)")
_ROMAN = re.compile(r"[IVX]{1,4}")
_ACRONYM = re.compile(r"[A-Z]{3,}[A-Za-z]*|Indonesia")
_WORD_START = re.compile(r" (?=[A-Z])")
_CAPITAL = re.compile(r"[A-Z]")
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_CLAUSE = re.compile(r"(?:, | [–—-] |: )")
_UNKNOWN = re.compile(r" ((?:(?:seorang|salah seorang|salah satu|para|si|sang) )?[a-z]+(?: [a-z]+)?)")
_NAMED = re.compile(
    r",? berinisial ([A-Z][\w.]*)|, ((?:[A-Z][\w.'’-]*)(?: [A-Z][\w.'’-]*){0,4})(?=[,.;(\"”]| [a-z(]|$)"
)
# Behind these an office or a body is no subject.
_GOVERNING = frozenset(
    "di ke dari oleh kepada bagi dengan untuk pada dan terhadap bersama serta atau antara yang".split()
)
_PLAIN = frozenset({"kata", "ujar", "tutur", "ucap"})  # nobody takes these for nouns behind a comma
_PREPOSITIONS = frozenset(
    "di kepada saat usai pada ketika dalam dengan seusai melalui sambil lewat soal itu ini".split()
)


class Person(NamedTuple):
    """A speaker as first introduced; see `Speaker`."""

    name: str | None
    office: str | None

    @property
    def label(self) -> str | None:
        """The name, or what stands for it."""
        return self.name or self.office


class _Subject(NamedTuple):
    person: Person | None  # None: a pronoun
    end: int
    is_body: bool = False


def find_speakers(text: str, sentences: Sequence[Read], mentions: Sequence[Mention]) -> list[Speaker]:
    """Return the speakers of the quoted or reported `sentences` of `text`.

    `mentions` are the bodies named in the text; what is said by "dia" or "-nya" belongs to who spoke last.
    """
    return _Listener(text, mentions).listen(sentences)


class _Listener:
    """Follows one text from its first sentence to its last and remembers who has spoken."""

    def __init__(self, text: str, mentions: Sequence[Mention]) -> None:
        self.text, self.tables = text, speaker_tables()
        self.bodies: Mapping[int, Mention] = {mention.start: mention for mention in mentions}
        self.people: dict[str, Person] = {}
        self.last: Person | None = None
        self.open = False  # within quotation marks
        self.pending: list[Sentence] = []  # quoted, and not yet said by anybody
        self.found: list[Speaker] = []
        self.offices: dict[str, Person] = {}  # by their first word
        self.holders: dict[str, tuple[int, Person]] = {}  # of an office with a name: where first, and who
        self.introduced: dict[int, Person] = {}  # by where their office begins
        self.subjects: dict[int, _Subject] = {}  # by where they begin
        self.start = self.stop = 0  # where the sentence in hand begins and ends

    def listen(self, sentences: Sequence[Read]) -> list[Speaker]:
        """Return the speakers of all sentences."""
        self._remember([sentence.span.end for sentence, _ in sentences])
        end = 0
        for sentence, hits in sentences:
            span = sentence.span
            if (self.open or self.pending) and "\n" in self.text[end : span.start]:
                self._flush(self.last)
                self.open = False
            self.start, self.stop = span.start, span.end
            end = span.end
            was_open = self.open
            whole = (was_open or '"' in span.text or "“" in span.text) and self._follow_quotes(span.text)
            person = self._speaker(sentence, hits) if hits else None
            if person is not None:
                self._flush(person if was_open else self.last)
                self.last = person
                self._add(person, sentence)
            elif whole:
                if not was_open:
                    self._flush(self.last)
                self.pending.append(sentence)
            else:
                self._flush(self.last)
                self.last = self.introduced.get(span.start, self.last)
        self._flush(self.last)
        return self.found

    def _follow_quotes(self, said: str) -> bool:
        """Follow the quotation marks of a sentence; say whether all of it stands within them."""
        quoted = self.open or said.startswith(_OPENING)
        closed = -1
        for match in _QUOTES.finditer(said):
            self.open = match.group() == "“" or (match.group() == '"' and not self.open)
            if not self.open and closed < 0:
                closed = match.start()
        return quoted and (closed < 0 or closed >= len(said) - 2)

    def _add(self, person: Person, sentence: Sentence) -> None:
        self.found.append(
            Speaker(name=person.name, office=person.office, start=sentence.span.start, end=sentence.span.end)
        )

    def _flush(self, person: Person | None) -> None:
        if self.pending:
            if person is not None:
                for sentence in self.pending:
                    self._add(person, sentence)
            self.pending = []

    def _remember(self, ends: Sequence[int]) -> None:
        """Remember whom the text names with an office, so that "Hasyim menerangkan" is somebody."""
        done = nth = 0
        for match in self.tables.introduced.finditer(self.text):
            if match.start() < done:
                continue
            while nth < len(ends) and ends[nth] < match.start():
                nth += 1
            self.stop = ends[nth] if nth < len(ends) else len(self.text)
            subject = self._subject(match.start())
            if subject is not None:
                done = subject.end
                person = subject.person
                if person is not None and (person.name or " " in (person.office or "")):
                    person = self._known(person) if person.name else person
                    self.introduced[match.start()] = person
                    if person.name:
                        head = (person.office or "").lower().split(" ", 1)[0]
                        self.holders.setdefault(head, (match.start(), person))
        self.offices.clear()

    def _speaker(self, sentence: Sentence, hits: frozenset[str]) -> Person | None:
        tables, person = self.tables, None
        if not tables.said_words.isdisjoint(hits):
            person = self._said(sentence)
        if person is None and ("menurut" in hits or "menurutnya" in hits):
            person = self._according(sentence)
        if person is None and not tables.says.isdisjoint(hits):
            person = self._says(sentence, hits)
        if person is None and not _PLAIN.isdisjoint(hits):
            person = self._said(sentence, plain=True)
        return person

    def _said(self, sentence: Sentence, *, plain: bool = False) -> Person | None:
        """Return who speaks by a root behind the quotation: "…," ujar Bambang; …, lanjutnya.

        With `plain` also whom no table knows, without quotation marks: …, kata pendamping massa.
        """
        text, end = self.text, sentence.span.end
        for match in self.tables.said.finditer(text, sentence.span.start, end):
            quoted = match["quoted"] is not None
            at = match.end()
            if match["a_nya"] or match["b_nya"]:
                behind = text[at : at + 20].split(maxsplit=1)
                if self.last and (quoted or text[at : at + 1] in ",." or (behind and behind[0] in _PREPOSITIONS)):
                    return self.last
                continue
            subject = self._subject(at, after_verb=True)
            if subject is not None:
                return self._resolve(subject)
            if quoted or (plain and match["b"] in _PLAIN):
                unknown = _UNKNOWN.match(text, at, end)
                if unknown and unknown[1].split()[0] not in _PREPOSITIONS:
                    parts = unknown[1].split()
                    if parts[-1] in _PREPOSITIONS:
                        return Person(None, " ".join(parts[:-1]))
                    body = self.bodies.get(unknown.end() + 1)  # "seorang perwira Polres Lubuklinggau"
                    office, name = (
                        text[unknown.start(1) : body.end if body else unknown.end()],
                        self._behind(unknown.end()),
                    )
                    return self._known(Person(name, office)) if name else Person(None, office)
        return None

    def _according(self, sentence: Sentence) -> Person | None:
        """Return who speaks by "menurut"."""
        for match in self.tables.according.finditer(self.text, sentence.span.start, sentence.span.end):
            if match["nya"]:
                if self.last:
                    return self.last
                continue
            at = match.end()
            word = self.text[at + 1 : at + 30].split(maxsplit=1)
            if word and word[0] in self.tables.not_according:
                at += 1 + len(word[0])
                body = self.bodies.get(at + 1)
                if body is not None:
                    return Person(None, self.text[body.start : body.end])
                continue
            subject = self._subject(at, after_verb=True)
            if subject is not None:
                return self._resolve(subject)
        return None

    def _verbs(self, sentence: Sentence, hits: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Yield where the verbs among `hits` first stand in the sentence."""
        text, end = self.text, sentence.span.end
        for form in self.tables.says & hits:
            at = text.find(form, sentence.span.start, end)
            while at >= 0 and text[at + len(form) : at + len(form) + 1].isalpha():
                at = text.find(form, at + len(form), end)
            if at >= 0:
                yield at, form

    def _says(self, sentence: Sentence, hits: frozenset[str]) -> Person | None:
        """Return who speaks as the subject of a verb: "Ketua KPU mengatakan"."""
        text, start = self.text, sentence.span.start
        for at, form in sorted(self._verbs(sentence, hits)):
            starts = [start] if at - start < _LONGEST_SUBJECT else []
            starts += [match.end() for match in _CLAUSE.finditer(text, max(start, at - _LONGEST_SUBJECT), at)]
            for clause in (*starts[:1], *starts[1:][-_CLAUSES:], *self._before(start, at)):
                subject = self._subject(clause)
                if subject is None or subject.end >= at or not self.tables.between.fullmatch(text, subject.end, at):
                    continue
                if subject.is_body and form not in self.tables.body_says:
                    continue
                return self._resolve(subject)
            if _QUOTES.search(text, max(start, at - _LONGEST_SUBJECT), at):
                break  # what is quoted has verbs of its own
        return None

    def _before(self, start: int, at: int) -> Iterator[int]:
        """Yield where the last office or body before a verb at `at` begins: "Sehari sebelumnya KPU Papua menilai"."""
        for capital in reversed([*_CAPITAL.finditer(self.text, max(start, at - _NEAR), at)]):
            begin = capital.start()
            if begin in self.introduced or begin in self.bodies:
                word = self.text[max(start, begin - 20) : begin].split()[-1:]
                if not word or not (word[0] in _GOVERNING or word[0][0].isupper()):
                    yield begin
                if begin in self.introduced:
                    return

    def _resolve(self, subject: _Subject) -> Person | None:
        return self.last if subject.person is None else self._known(subject.person)

    def _known(self, person: Person) -> Person:
        """Return the person as introduced, or remember them."""
        if person.name is None:
            office = (person.office or "").lower()
            known = self.offices.get(office)
            holder = self.holders.get(office)
            if known is None and holder is not None and holder[0] < self.start:
                known = holder[1]
            if known is not None:
                return known  # "Kapolsek" after "Kapolsek Samboja"
            self.offices.setdefault(office.split(" ", 1)[0], person)
            return person
        parts = person.name.split()
        known = self.people.get(parts[-1]) or self.people.get(parts[0])
        if known is not None and known.name is not None and set(parts) <= set(known.name.split()):
            if known.office is None and person.office is not None:
                known = Person(known.name, person.office)
        else:
            known = person
        for part in known.name.split() if known.name else ():
            self.people[part] = known
        if known.office:
            self.offices[known.office.lower().split(" ", 1)[0]] = known
        return known

    def _subject(self, at: int, *, after_verb: bool = False) -> _Subject | None:
        """Read an office with a name, a name, a body or a pronoun that begins at `at`."""
        text, tables = self.text, self.tables
        if text[at : at + 1] == " ":
            at += 1
        first = _FIRST_WORD.match(text, at, self.stop)
        begins = first is not None and first.group().lower() in tables.starters
        if not begins and not text[at : at + 1].isupper():
            return None
        pronoun = tables.pronoun.match(text, at, self.stop) if begins else None
        if pronoun:
            return _Subject(None, pronoun.end())
        body = self.bodies.get(at)
        if body is not None:
            return _Subject(Person(None, text[body.start : body.end]), body.end, is_body=True)
        if begins:
            if at in self.subjects:
                return self.subjects[at]
            match = tables.office.match(text, at, self.stop)
            if match:
                self.subjects[at] = self._office(match)
                return self.subjects[at]
        run = self._capitals(at)
        name = self._name(run)
        if not name:
            return None
        written, end = text[run[0][0] : name], name
        parts = written.split()
        known = all(part in self.people for part in parts)
        is_acronym = len(parts) == 1 and len(written) > 2 and _ACRONYM.fullmatch(written)
        if not known and (is_acronym or parts[0] in tables.units):
            return _Subject(Person(None, written), end, is_body=True)  # "menurut MUI", "Bagian Umum mencatat"
        if not known and parts[-1].lower() in gazetteer().names and not after_verb:
            return None  # "Rombongan Maluku"
        if not known and not after_verb and " " not in written and not _INITIALS.fullmatch(written):
            return None  # any word may begin a sentence with a capital
        office = None
        if text[end : end + 2] == ", " and (match := tables.office.match(text, end + 2, self.stop)):
            behind = self._office(match)  # "Loury D, kuasa hukum pelapor, menerangkan"
            if behind.person is not None and behind.person.name is None:
                office, end = behind.person.office, behind.end
        return _Subject(Person(written.rstrip("."), office), end)

    def _capitals(self, at: int) -> list[tuple[int, int, str]]:
        """Return the words with capitals from `at` on: (start, end, word), ten at most."""
        found: list[tuple[int, int, str]] = []
        while len(found) < 10:
            match = _CAPITALS.match(self.text, at, self.stop)
            if match is None or (found and match.start() == match.start(1)):
                break
            at = match.end(1) - (match.end(1) == self.stop and match[1][-1] == ".")
            found.append((match.start(1), at, self.text[match.start(1) : at]))
            if at != match.end(1):
                break
        return found

    def _name(self, run: Sequence[tuple[int, int, str]]) -> int:
        """Return where the name that begins with the first word of `run` ends, 0 when no name does."""
        end = 0
        for start, stop, word in run[:5]:
            if word.rstrip(".") in self.tables.not_names or start in self.bodies:
                break
            end = stop
        return end

    def _office(self, office: re.Match[str]) -> _Subject:
        """Read what stands behind the first words of an office, up to the name and with it."""
        text, tables = self.text, self.tables
        start, end = office.span()
        for word in _WORD_START.finditer(text, start + 1, end):
            if word.end() in self.bodies:  # "Sekretaris Jenderal Partai Gelora"
                end = word.start()
                break
        run = self._capitals(end) if text[end : end + 1] == " " else []
        named = self._end_of_office(run, frozenset(office.group().lower().split()))
        while named < len(run) and run[named][2] in tables.units:
            behind = text[run[-1][1] : run[-1][1] + 1]
            named = len(run) if behind == "," else min(named + 2, len(run))
        if named:
            end = run[named - 1][1]
        if text[end : end + 2] == ", " and "ivisi " in text[start:end]:  # "Divisi Hukum, Data dan Informasi Bawaslu X"
            stop = text.find(",", end + 2, min(self.stop, end + _NEAR))
            body = next((self.bodies[at] for at in range(end + 2, stop) if at in self.bodies), None)
            if body is not None:
                end, run, named = body.end, [], 0
        written = text[start:end]
        rest = run[named:]
        while rest and rest[0][2].rstrip(".") in tables.ranks:
            rest = rest[1:]
        stop = self._name(rest)
        if text[start:end].lower() in tables.nameless:
            return _Subject(Person(None, text[start:end]), end)
        if stop:
            return _Subject(Person(text[rest[0][0] : stop].rstrip("."), written), stop)
        match = None if rest else _NAMED.match(text, end, self.stop)
        if match and (match[1] or self._is_name(match[2], match.start(2))):
            return _Subject(Person((match[1] or self._without_rank(match[2])).rstrip("."), written), match.end())
        return _Subject(Person(None, written), end)

    def _behind(self, end: int) -> str | None:
        """Return the name that stands behind a comma at `end`."""
        match = _NAMED.match(self.text, end, self.stop)
        return match[2].rstrip(".") if match and match[2] and self._is_name(match[2], match.start(2)) else None

    def _without_rank(self, name: str) -> str:
        parts = name.split()
        while len(parts) > 1 and parts[0].rstrip(".") in self.tables.ranks:
            parts = parts[1:]
        return " ".join(parts)

    def _is_name(self, written: str, at: int) -> bool:
        parts = written.split()
        return (
            at not in self.bodies
            and not any(part in self.tables.not_names for part in parts)
            and not self.tables.office.match(written)
            and written.lower() not in gazetteer().names
        )

    def _end_of_office(self, run: Sequence[tuple[int, int, str]], heads: frozenset[str]) -> int:
        """Return how many words of `run` belong to the office: up to the last body, or the first region, among them."""
        tables, places = self.tables, gazetteer()
        ends = [self.bodies[start].end for start, _, _ in run if start in self.bodies]
        of_body = sum(stop <= ends[-1] for _, stop, _ in run) if ends else 0
        of_a_place = not tables.of_a_place.isdisjoint(heads)
        lower = [word.lower() for _, _, word in run]
        for nth in range(of_body, min(len(lower), of_body + 6)):
            levelled = nth > 0 and lower[nth - 1] in tables.levels
            for length, key in places.starts.get(lower[nth], ()):
                if " ".join(lower[nth : nth + length]) == key and (
                    levelled or (not of_body and (length > 1 or of_a_place))
                ):
                    return nth + length
        if of_body:
            return of_body
        for nth, (_, _, word) in enumerate(run):
            if word in tables.ranks:
                return nth
        if tables.of_a_unit.isdisjoint(heads):
            return _leading_acronyms(run)
        names = 0
        for _, _, word in reversed(run):
            if not _INITIALS.fullmatch(word):
                break
            names += 1
        if names:
            return len(run) - names
        return len(run) if len(run) < 3 else len(run) - 2


def _leading_acronyms(run: Sequence[tuple[int, int, str]]) -> int:
    """Return how many words at the beginning of `run` are no names: "PSSI", the number of "Teradu I"."""
    for nth, (_, _, word) in enumerate(run):
        if not _ROMAN.fullmatch(word) and (not _ACRONYM.fullmatch(word) or (len(word) == 3 and len(run) == 1)):
            return nth
    return len(run)
