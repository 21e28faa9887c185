"""Labelled texts: reading them, and checking that a corpus keeps the rules it was made by."""

import gzip
import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from pilkada_nlp.article import MODALITIES, Election, ModalityValue, Outcome, SourceKindValue
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.errors import InputError
from pilkada_nlp.regions import region

GUIDELINE: Final = "2026-11"
"""Version of the annotation guideline that the corpora follow, and labels that are given with this package."""

Split = Literal["train", "dev", "test"]
CaseStage = Literal[
    "dugaan",
    "laporan",
    "registrasi",
    "klarifikasi",
    "kajian",
    "rekomendasi",
    "penyidikan",
    "tuntutan",
    "putusan",
    "banding",
    "eksekusi",
    "dihentikan",
]
Relation = Literal["asal", "salinan", "suntingan", "tulis_ulang", "lanjutan", "lain"]

_MOST_SEVERE: Final[Mapping[ModalityValue, int]] = {
    "kejadian": 4,
    "dugaan": 3,
    "putusan": 4,
    "potensi": 1,
    "imbauan": 0,
    "fakta_proses": 0,
    "cek_fakta": 1,
}
_MOST_MAIN_THEMES: Final = 3
_LENGTHS: Final[Mapping[str, tuple[int, int]]] = {"berita": (110, 450), "ringkas": (35, 100)}  # words
_SIMILAR: Final = 0.10  # Jaccard similarity of 3-word shingles from which two texts look like one template
_RUN: Final = 8  # words in a row that no text may share with a source
_CONTENT_WORDS: Final = 4  # of a run; less is a formula of law or office
_BOILERPLATE: Final = 3  # texts of the measuring data; what stands in more of them belongs to nobody
_WORD = re.compile(r"[^\W_]+")


class Labels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Labels of an article by the annotation guideline; `regions` are codes, `sev` is 0 to 4."""

    rel: bool
    election: Election | None = None
    election_id: str | None = None
    pokok: tuple[str, ...] = ()
    sebutan: tuple[str, ...] = ()
    subtags: tuple[str, ...] = ()
    mod: ModalityValue | None = None
    mod_secondary: ModalityValue | None = None
    regions: tuple[str, ...] = ()
    kind: SourceKindValue = "media"
    sev: int = 0
    event_date: date | None = None
    is_aggregate: bool = False
    case_stage: CaseStage | None = None
    outcome: Outcome | None = None


class LabelledArticle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of `berita/*.jsonl` or `ringkas/*.jsonl`, or an article that an analyst has labelled.

    Articles with the same `event` never stand in different splits; without one an article is its own event.
    """

    id: str
    title: str
    text: str
    date: date
    labels: Labels
    event: str = ""
    split: Split = "train"
    outlet_style: str = ""
    source_note: str = ""


class PostLabels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Labels of a post; `conf` is how sure the reader was, 1 to 3."""

    rel: bool
    election: Election | None
    pokok: tuple[str, ...]
    sebutan: tuple[str, ...]
    mod: ModalityValue | None
    regions: tuple[str, ...]
    kind: SourceKindValue
    sev: int
    post_kind: Literal["klaim_saksi", "opini", "dukungan", "berita_dibagikan", "resmi", "jualan_spam"]
    conf: Literal[1, 2, 3]


class LabelledPost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of `media_sosial/*.jsonl`."""

    id: str
    platform: Literal["x", "youtube", "instagram", "telegram"]
    text: str
    date: date
    labels: PostLabels
    split: Split


class LabelledSentence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of `kalimat/*.jsonl`: what this single sentence states."""

    id: str
    text: str
    mod: ModalityValue
    negation: bool
    hedge: bool
    background: bool
    split: Split


class FamilyMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of `salinan/*.jsonl`: a telling of an event.

    `copy` and `event` name its gold clusters: texts of one wording, and texts on one event. A follow-up has an event
    of its own and `follows` the earlier one.
    """

    id: str
    family: str
    relation: Relation
    copy: str
    event: str
    follows: str | None
    title: str
    text: str
    date: date
    outlet: str
    regions: tuple[str, ...]
    themes: tuple[str, ...]
    mod: ModalityValue
    source_note: str


Line = LabelledArticle | LabelledPost | LabelledSentence | FamilyMember
_FOLDERS: Final[Mapping[str, type[Line]]] = {
    "berita": LabelledArticle,
    "ringkas": LabelledArticle,
    "media_sosial": LabelledPost,
    "kalimat": LabelledSentence,
    "salinan": FamilyMember,
}


def read_corpus(paths: Iterable[Path]) -> list[LabelledArticle]:
    """Return the articles of all corpus files (JSONL), in order; folders stand for the *.jsonl files in them.

    Raises InputError naming the file and line that cannot be read.
    """
    return [row for path in paths for row in _read(path, LabelledArticle)]


def read_sentences(paths: Iterable[Path]) -> list[LabelledSentence]:
    """Return the sentences of all files (JSONL) or folders, in order; raises InputError as `read_corpus` does."""
    return [row for path in paths for row in _read(path, LabelledSentence)]


def _read(path: Path, kind: type[Any]) -> Iterator[Any]:
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise InputError("no *.jsonl file in this folder; give one such as corpora/berita", str(path))
    for file in files:
        try:
            # Not `splitlines`, which also splits at separators that a JSON string may hold.
            lines = file.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"cannot be read ({error}); check its name, permissions and that it is UTF-8", str(file)
            ) from error
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield msgspec.json.decode(line, type=kind, strict=False)
            except msgspec.MsgspecError as error:
                raise InputError(str(error), str(file), number) from error


class Problem(NamedTuple):
    """A rule that a text or the whole corpus breaks: `where` is a file or an id."""

    where: str
    rule: str
    detail: str


class Count(NamedTuple):
    """A row of the balance table: how many there are and the least there should be."""

    name: str
    found: float
    least: float


class CorpusReport(NamedTuple):
    """What a check found; the corpus passes when there are no problems."""

    counts: list[Count]
    problems: list[Problem]


def check_corpora(folder: Path, measure: Path | None = None) -> CorpusReport:
    """Check schema, guideline rules, splits, similarity and balance of the corpora in `folder`.

    With `measure`, the folder of the measuring data, no text may share a run of eight words with it. The least counts
    stand in `balance.toml` beside the corpora. Raises InputError when that table or a folder is missing.
    """
    problems: list[Problem] = []
    rows: dict[str, list[Any]] = {}
    for name, kind in _FOLDERS.items():
        if not (folder / name).is_dir():
            raise InputError(f"there is no {name}/ in it; give the folder of all corpora", str(folder))
        rows[name] = []
        for file in sorted((folder / name).glob("*.jsonl")):
            try:
                rows[name].extend(_read(file, kind))
            except InputError as error:
                problems.append(Problem(f"{name}/{file.name}", "schema", str(error)))
    articles: list[LabelledArticle] = rows["berita"]
    for name, lines in rows.items():
        problems += _identity_problems(name, lines)
    for name, length in _LENGTHS.items():
        for article in rows[name]:
            problems += [Problem(article.id, rule, detail) for rule, detail in _article_problems(article, *length)]
    for article in articles:
        if not (article.source_note and article.outlet_style and article.event):
            problems.append(Problem(article.id, "provenance", "source_note, outlet_style or event is empty"))
    for post in rows["media_sosial"]:
        problems += [Problem(post.id, rule, detail) for rule, detail in label_problems(post.labels)]
    problems += _split_problems(articles)
    problems += _family_problems(rows["salinan"])
    # Copies are alike on purpose; only the first telling of each wording is compared.
    firsts = [member for member in rows["salinan"] if member.id == member.copy or member.relation == "asal"]
    for group in (articles, rows["ringkas"], rows["media_sosial"], firsts):
        problems += _similarity_problems(group)
    if measure:
        problems += _overlap_problems([line for lines in rows.values() for line in lines], measure)
    counts = _balance(folder, rows)
    problems += [
        Problem("balance", count.name, f"{count.found:g}, at least {count.least:g}")
        for count in counts
        if count.found < count.least
    ]
    return CorpusReport(counts, problems)


def _identity_problems(name: str, lines: Sequence[Any]) -> list[Problem]:
    seen = Counter(line.id for line in lines)
    return [Problem(f"{name}/{key}", "id", f"stands {count} times") for key, count in seen.items() if count > 1]


def label_problems(labels: Labels | PostLabels) -> Iterator[tuple[str, str]]:
    """Yield the guideline's rules that labels of an article or a post break, each with what is wrong."""
    themes = {theme.id for theme in load_taxonomy().themes}
    named = (*labels.pokok, *labels.sebutan)
    if unknown := set(named) - themes:
        yield "theme", f"unknown: {', '.join(sorted(unknown))}"
    if len(set(named)) < len(named):
        yield "theme", "stands twice"
    if len(labels.pokok) > _MOST_MAIN_THEMES:
        yield "theme", f"{len(labels.pokok)} are pokok, at most {_MOST_MAIN_THEMES}"
    for code in labels.regions:
        try:
            region(code)
        except KeyError:
            yield "region", f"unknown code {code}"
    if not labels.rel and (named or labels.mod or labels.election or labels.sev):
        yield "relevance", "not related, yet it has a theme, modality, election or severity"
    if labels.rel and (labels.mod is None or labels.election is None):
        yield "relevance", "related, yet modality or election is missing"
    if labels.mod and not 0 <= labels.sev <= _MOST_SEVERE[labels.mod]:
        yield "severity", f"{labels.sev} for {labels.mod}, at most {_MOST_SEVERE[labels.mod]}"
    if "politik_uang" in labels.pokok and labels.pokok == ("politik_uang",) and labels.mod == "kejadian":
        yield "modality", "vote buying is no kejadian before a ruling"


def _article_problems(article: LabelledArticle, least: int, most: int) -> Iterator[tuple[str, str]]:
    labels = article.labels
    yield from label_problems(labels)
    words = len(article.text.split())
    if not least <= words <= most:
        yield "length", f"{words} words, {least} to {most}"
    if labels.outcome == "tidak_terbukti" and labels.sev > 1:
        yield "severity", f"{labels.sev} for a case that ended tidak_terbukti, at most 1"
    if labels.outcome and labels.mod != "putusan" and labels.mod_secondary != "putusan":
        yield "outcome", f"{labels.outcome} without a putusan"
    if labels.mod and labels.mod == labels.mod_secondary:
        yield "modality", "secondary is the primary one"
    if labels.kind == "opini" and labels.mod in ("kejadian", "dugaan", "putusan"):
        yield "modality", f"an opinion is potensi at most, not {labels.mod}"


def _split_problems(articles: Sequence[LabelledArticle]) -> list[Problem]:
    splits: defaultdict[str, set[str]] = defaultdict(set)
    for article in articles:
        splits[article.event].add(article.split)
    return [
        Problem(event, "split", f"one event in {', '.join(sorted(found))}")
        for event, found in splits.items()
        if len(found) > 1
    ]


def _family_problems(members: Sequence[FamilyMember]) -> list[Problem]:
    families: defaultdict[str, list[FamilyMember]] = defaultdict(list)
    for member in members:
        families[member.family].append(member)
    problems = []
    for family, group in families.items():
        first = [member for member in group if member.relation == "asal"]
        if len(first) != 1 or not 2 <= len(group) <= 6:
            problems.append(Problem(family, "family", f"{len(first)} asal among {len(group)} tellings"))
            continue
        copies = {member.copy for member in group if member.relation in ("asal", "salinan")}
        events = {
            member.event for member in group if member.relation in ("asal", "salinan", "suntingan", "tulis_ulang")
        }
        others = {member.event for member in group if member.relation in ("lanjutan", "lain")}
        if len(copies) != 1 or len(events) != 1 or events & others:
            problems.append(Problem(family, "family", "its clusters do not follow from the relations"))
    return problems


def _shingles(line: Any) -> set[tuple[str, ...]]:
    words = _WORD.findall(f"{getattr(line, 'title', '')} {line.text}".lower())
    return set(zip(words, words[1:], words[2:], strict=False))


def _similarity_problems(lines: Sequence[Any]) -> list[Problem]:
    """Return pairs of texts that look like one template, found over shared shingles."""
    prints = [_shingles(line) for line in lines]
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    problems = []
    for at, shingles in enumerate(prints):
        shared = Counter(other for shingle in shingles for other in holders[shingle])
        for other, count in shared.items():
            similarity = count / (len(shingles) + len(prints[other]) - count)
            if similarity > _SIMILAR:
                problems.append(Problem(lines[at].id, "similarity", f"is like {lines[other].id} by {similarity:.2f}"))
        for shingle in shingles:
            holders[shingle].append(at)
    return problems


def _overlap_problems(lines: Sequence[Any], measure: Path) -> list[Problem]:
    """Return runs of eight words that a text shares with one or two texts of the measuring data."""
    own: dict[int, str] = {}
    for line in lines:
        for key, _ in _runs(f"{getattr(line, 'title', '')}\n{line.text}"):
            own.setdefault(key, line.id)
    sources: defaultdict[int, set[str]] = defaultdict(set)
    wording: dict[int, str] = {}
    for name, text in _measuring_texts(measure):
        for key, words in _runs(text):
            if key not in own:
                continue
            content = {word for word in words if not word.isdigit()} - _FORMULA
            if len(content) >= _CONTENT_WORDS:
                sources[key].add(name)
                wording[key] = " ".join(words)
    return [
        Problem(own[key], "verbatim", f"shares “{wording[key]}” with {min(names)}")
        for key, names in sources.items()
        if len(names) < _BOILERPLATE
    ]


_FORMULA = frozenset(
    """januari februari maret april mei juni juli agustus september oktober november desember senin selasa rabu kamis
    jumat sabtu minggu undang nomor tahun tentang pasal ayat huruf peraturan pemerintah pemilihan umum kepala daerah
    gubernur bupati wali kota wakil kabupaten provinsi komisi badan pengawas republik indonesia aparatur sipil negara
    dan atau atas di dari yang perubahan kedua ketiga menjadi pengganti pasangan calon urut pilkada pemilu serentak kpu
    bawaslu ri""".split()
)


def _runs(text: str) -> Iterator[tuple[int, list[str]]]:
    words = _WORD.findall(text.lower())
    for at in range(len(words) - _RUN + 1):
        run = words[at : at + _RUN]
        yield hash(tuple(run)), run


def _measuring_texts(measure: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((measure / "data").glob("*.jsonl*")):
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                yield f"{path.name}:{number}", f"{row.get('title') or ''}\n{row['text']}"
    for path in sorted((measure / "data" / "seeds").glob("*.txt")):
        yield path.name, path.read_text(encoding="utf-8", errors="replace")


def _balance(folder: Path, rows: Mapping[str, Sequence[Any]]) -> list[Count]:
    """Return the balance table: each count that `balance.toml` names, with its least value."""
    try:
        least = tomllib.loads((folder / "balance.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot be read ({error}); mend it", str(folder / "balance.toml")) from error
    articles: Sequence[LabelledArticle] = rows["berita"]
    labels = [article.labels for article in articles]
    themes = Counter(theme for label in labels for theme in label.pokok)
    modalities = Counter(label.mod for label in labels)
    kinds = Counter(label.kind for label in labels)
    crossed = Counter((theme, label.mod) for label in labels for theme in label.pokok)
    codes = {code for label in labels for code in label.regions}
    sizes = {
        "berita": len(articles),
        "berita_unrelated": sum(not label.rel for label in labels),
        "berita_long_share": sum(len(article.text.split()) > 300 for article in articles) / max(len(articles), 1),
        "provinces": len({code.split(".")[0] for code in codes}),
        "regencies_and_cities": sum("." in code for code in codes),
        "families": len({member.family for member in rows["salinan"]}),
        "posts": len(rows["media_sosial"]),
        "sentences": len(rows["kalimat"]),
        "ringkas": len(rows["ringkas"]),
    }
    counts = [Count(name, sizes[name], value) for name, value in least["sizes"].items()]
    counts += [Count(f"pokok {name}", themes[name], value) for name, value in least["themes"].items()]
    counts += [Count(f"mod {name}", modalities[name], value) for name, value in least["modalities"].items()]
    counts += [Count(f"kind {name}", kinds[name], value) for name, value in least["kinds"].items()]
    counts += [
        Count(f"{theme} x {modality}", crossed[theme, modality], least["crossed"]["least"])
        for theme, sensible in least["crossed"]["modalities"].items()
        for modality in MODALITIES
        if modality in sensible
    ]
    return counts
