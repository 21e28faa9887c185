"""What an article may say for itself in a summary: its own sentences, with who says them, and figures of harm."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from pilkada_nlp.article import Article, Evidence, Figure, ModalityValue, Speaker, Strength, Tagging, findings
from pilkada_nlp.preprocessing import Sentence, read
from pilkada_nlp.preprocessing.persons import mask_private

_MOST: Final = 6
_LONGEST: Final = 500  # characters of a quotation over several sentences; a longer one is left out
_SPREAD: Final = 2  # sentences before or behind that may complete a quotation
_VARIETY: Final = 0.4  # how much likeness to what is shown already counts against a sentence
_AGREES: Final = 0.5  # added to a sentence that makes the same kind of statement as the article
_SPAN: Final = 0.15  # how fast the weight of a sentence falls with its position
_MODALITY: Final = 1.0
_THEME: Final[Mapping[Strength, float]] = {"pokok": 0.8, "sebutan": 0.4}
_OPENING: Final = 0.5
_SHORTEST_NAME: Final = 3  # letters; shorter words of a name are initials and stand in other words
_SHORTEST_STEM: Final = 4  # letters; shorter words make no two sentences alike
_PLACE: Final = r"[(\[]?(?:[A-Z][\w.'’/)\]-]*|[a-z]\w*\.(?:com|co|id|net|tv)|\d{1,2}/\d{1,2}(?:/\d{2,4})?)[)\]]?"
_DATELINE: Final = re.compile(
    rf"(?:{_PLACE}(?:,? {_PLACE}){{0,7}}(?: ?(?:--?|–|—),?[^\S\n]+|[,.]- ?)){{1,2}}(?=[\"“A-Z\d])"
    r"|[A-Z]\w+\.(?:com|co|id|net|tv), [A-Z][a-z]+ (?=[A-Z])"  # no dash: "Outlet.com, Jakarta Ketua KPU …"
)
# An allegation without one of these would read like a fact.
_HEDGES: Final = frozenset(
    """diduga dugaan terduga menduga disinyalir ditengarai terindikasi indikasi disebut-sebut dituding menuding tudingan
    dilaporkan melaporkan laporan mengaku diklaim mengklaim klaim menurut dinilai tersangka terdakwa didakwa dakwaan
    terlapor pelapor teradu pengadu pemohon disangka gugatan permohonan aduan diadukan ditelusuri menelusuri penelusuran
    beredar viral dipersoalkan mempersoalkan dipertanyakan diperiksa pemeriksaan diklarifikasi klarifikasi dipanggil
    kajian dikaji penyelidikan diselidiki konon""".split()
)
# A sentence with one of these denies what somebody is accused of.
_DENIES: Final = re.compile(
    r"(?i)\b(?:(?:mem|di)?bantah(?:nya|an|annya)?|menyangkal(?:nya)?|disangkal|sangkalan(?:nya)?|menepis(?:nya)?|ditepis"
    r"|menampik(?:nya)?|ditampik|menyanggah(?:nya)?|disanggah|sanggahan(?:nya)?"
    r"|(?:tidak(?:lah)?|tak|bukan) (?:benar|betul))\b(?!-)"
)
# A sentence that begins like this leans on the one before.
_LEANING: Final = frozenset(
    """ia dia mereka keduanya ketiganya keempatnya beliau menurutnya padahal namun tetapi sebaliknya akibatnya karenanya
    rekamannya ketuanya sisanya selebihnya""".split()
)
_LEANS: Final = 0.6  # what such a sentence still weighs
_HARMED: Final = re.compile(
    r"(?i)\b(?:korban|tewas|meninggal|wafat|gugur|luka\w*|terluka|cedera|dirawat|pingsan|dianiaya|dikeroyok|dibacok"
    r"|dipukul\w*|tertembak|terpanah|mengungsi|hanyut|tenggelam|rusak|dirusak|hancur|hangus|terbakar|dibakar|jadi abu"
    r"|terendam|roboh|ambruk|sobek|robek|tertukar|kerugian|merugi)\b"
)
_LOST: Final = re.compile(r"(?i)\b(?:kerugian|merugi)\b")
_SPARED: Final = re.compile(
    r"(?i)\b(?:santunan|diganti|pengganti|jika|bila|kalau|apabila|berpeluang|berpotensi|rawan|daftar|terdaftar|data|DPT)\b"
)
_HAPPENED: Final = frozenset({"kejadian", "dugaan", "putusan"})
_MEASURABLE: Final = frozenset(
    """orang korban jiwa warga anggota petugas polisi prajurit personel saksi pendukung pengawas penyelenggara rumah
    kantor gedung bangunan TPS kotak bilik lembar mobil motor kendaraan kios perahu desa kelurahan kampung rupiah pria
    perempuan wanita remaja siswa anak aparat relawan wartawan jurnalis keluarga KK""".split()
)
_REACH: Final = 120  # characters around a figure that may belong to its clause
_NEAR: Final = 1  # words between a figure and what became of them, as in "tujuh orang (mengalami) luka"
_CLAUSE: Final = re.compile(r"[.,;:!?]\s|\n")


class _Candidate(NamedTuple):
    """A stretch of whole sentences: `weight` is how well it stands for the article, `stems` what it is about."""

    start: int
    end: int
    weight: float
    modality: ModalityValue | None
    stems: frozenset[str]
    hedged: bool
    denies: bool


def shown_sentences(article: Article, tagging: Tagging) -> tuple[findings.Sentence, ...]:
    """Return at most six sentences of the text that best show what the article reports, best first.

    They are the sentences that carry its modality and themes, else its first ones, as they stand in the text: without
    the dateline in front, never half a quotation, private persons by initials. Of an allegation one that says so comes
    first and a denial second; where none says so there are none, because alone they would read like facts.
    """
    candidates = _candidates(article, tagging)
    is_allegation = tagging.modality is not None and tagging.modality.value == "dugaan"
    chosen = _alleged(article, tagging, candidates) if is_allegation else _varied(candidates)
    context = f"{article.title}\n{article.text}"
    return tuple(_shown(article, tagging, candidate, context) for candidate in chosen[:_MOST])


def harm(article: Article, tagging: Tagging) -> tuple[Figure, ...]:
    """Return the figures of the article that count victims or damage, in the order of the text, each once.

    Only of what happened, is alleged or was decided: what could be harmed, and what is paid for it, counts nothing.
    Where the article has no noun for what is counted, `counts` is what became of them ("luka").
    """
    found: dict[tuple[float, str | None], Figure] = {}
    if tagging.entities is None or tagging.modality is None or tagging.modality.value not in _HAPPENED:
        return ()
    for figure in tagging.entities.figures:
        clause = _clause(article.text, figure)
        words = _LOST if figure.unit == "rupiah" else _HARMED
        if {figure.unit, figure.counts} & _MEASURABLE and words.search(clause) and not _SPARED.search(clause):
            found.setdefault((figure.value, figure.unit), _counting(figure, article.text, clause))
    return tuple(found.values())


def _counting(figure: Figure, text: str, clause: str) -> Figure:
    """Return a figure that counts nothing but its unit with what became of them: "tujuh orang" counts "luka"."""
    if figure.counts not in (None, figure.unit):
        return figure
    behind = clause[clause.find(text[figure.start : figure.end]) + figure.end - figure.start :]
    became = _HARMED.search(behind)
    near = became and len(behind[: became.start()].split()) <= _NEAR
    return msgspec.structs.replace(figure, counts=became.group().lower()) if became and near else figure


def _alleged(article: Article, tagging: Tagging, candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return an accusation that says it is one, a denial, then the others; the two are looked for in all of the text.

    Without any accusation a hedged denial leads, and what carries the allegation stands behind it.
    """
    sentences = read(article.text)
    pool = list(candidates)
    if not any(_accuses(one) for one in pool):
        hedged = [nth for nth, part in enumerate(sentences) if any(word.form in _HEDGES for word in part.words)]
        pool = _with_first(article, tagging, hedged, _accuses, pool)
    if not any(one.denies for one in pool):
        spans = [(nth, part.span) for nth, part in enumerate(sentences)]
        denying = [nth for nth, span in spans if _DENIES.search(article.text, span.start, span.end)]
        pool = _with_first(article, tagging, denying, lambda one: one.denies, pool)
    accusations = _varied([one for one in pool if _accuses(one)])
    denials = _varied([one for one in pool if one.denies])
    rest = _varied([one for one in pool if not one.hedged and not one.denies])
    chosen = [*accusations[:1], *denials[:1], *accusations[1:], *rest, *denials[1:]]
    return chosen if chosen and chosen[0].hedged else []


def _with_first(
    article: Article,
    tagging: Tagging,
    among: Sequence[int],
    is_wanted: Callable[[_Candidate], bool],
    pool: Sequence[_Candidate],
) -> list[_Candidate]:
    """Return the pool with the first wanted stretch around the sentences `among` that takes no hedge or denial out."""
    for nth in among:
        for found in _stretches(article, tagging, [(nth, _OPENING, None)]):
            apart = [one for one in pool if one.end <= found.start or found.end <= one.start]
            if is_wanted(found) and all(one in apart for one in pool if one.hedged or one.denies):
                return [found, *apart]
    return list(pool)


def _accuses(candidate: _Candidate) -> bool:
    return candidate.hedged and not candidate.denies


def _clause(text: str, figure: Figure) -> str:
    first = max(figure.start - _REACH, 0)
    starts = [match.end() for match in _CLAUSE.finditer(text, first, figure.start)]
    end = _CLAUSE.search(text, figure.end, figure.end + _REACH)
    return text[starts[-1] if starts else first : end.start() if end else figure.end + _REACH]


def _candidates(article: Article, tagging: Tagging) -> list[_Candidate]:
    """Return the sentences that carry a judgement, else the first ones."""
    judged = [(evidence, _MODALITY) for evidence in (tagging.modality.evidence if tagging.modality else ())]
    judged += [(evidence, _THEME[theme.strength]) for theme in tagging.themes for evidence in theme.evidence]
    spans = [sentence.span for sentence in read(article.text)]
    weights: dict[int, tuple[float, Evidence]] = {}
    for evidence, weight in judged:
        nth = next((n for n, span in enumerate(spans) if span.start <= evidence.start < span.end), None)
        if evidence.field == "text" and nth is not None and weight > weights.get(nth, (0.0, evidence))[0]:
            weights[nth] = weight, evidence
    chosen = [(nth, weight, evidence.modality) for nth, (weight, evidence) in weights.items()]
    found = _stretches(article, tagging, chosen)
    return found or _stretches(article, tagging, [(nth, _OPENING, None) for nth in range(min(_MOST, len(spans)))])


def _stretches(
    article: Article, tagging: Tagging, chosen: Sequence[tuple[int, float, ModalityValue | None]]
) -> list[_Candidate]:
    """Return the chosen sentences (number, weight, kind of statement) with whole quotations, each stretch once."""
    sentences = read(article.text)
    dateline = _DATELINE.match(article.text)
    begins = dateline.end() if dateline else 0
    peg = tagging.modality.value if tagging.modality else None
    found: dict[tuple[int, int], _Candidate] = {}
    for nth, weight, modality in sorted(chosen, key=lambda choice: (-choice[1], choice[0])):
        whole = _whole(article.text, sentences, nth)
        if whole is None:
            continue
        part = sentences[whole[0] : whole[1]]
        start, end = max(part[0].span.start, begins), part[-1].span.end
        if start >= end or any(known_start < end and start < known_end for known_start, known_end in found):
            continue
        words = [word for sentence in part for word in sentence.words]
        found[start, end] = _Candidate(
            start,
            end,
            (weight / (1 + _SPAN * nth) + _AGREES * (modality is not None and modality == peg))
            * (_LEANS if words and words[0].form in _LEANING else 1.0),
            modality,
            frozenset(word.stem for word in words if len(word.stem) >= _SHORTEST_STEM),
            modality == "dugaan" or any(word.form in _HEDGES for word in words),
            bool(_DENIES.search(article.text, start, end)),
        )
    return list(found.values())


def _whole(text: str, sentences: Sequence[Sentence], nth: int) -> tuple[int, int] | None:
    """Return the shortest run of sentences around one (first, behind the last) that halves no quotation."""
    runs = [
        (first, last + 1)
        for first in range(max(nth - _SPREAD, 0), nth + 1)
        for last in range(nth, min(nth + _SPREAD + 1, len(sentences)))
    ]
    for first, behind in sorted(runs, key=lambda run: (run[1] - run[0], -run[0])):
        part = text[sentences[first].span.start : sentences[behind - 1].span.end]
        if len(part) <= _LONGEST and "\n" not in part and _balanced(part):
            return first, behind
    return None


def _balanced(part: str) -> bool:
    depth = 0
    for character in part:
        depth += (character == "“") - (character == "”")
        if depth < 0:
            return False
    return depth == 0 and part.count('"') % 2 == 0


def _varied(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return candidates by weight, those that repeat what stands before them later (maximal marginal relevance)."""
    left = sorted(candidates, key=lambda candidate: candidate.start)
    chosen: list[_Candidate] = []
    while left:
        best = max(
            left, key=lambda one: one.weight - _VARIETY * max((_alike(one, other) for other in chosen), default=0)
        )
        chosen.append(best)
        left.remove(best)
    return chosen


def _alike(one: _Candidate, other: _Candidate) -> float:
    shared = one.stems & other.stems
    return len(shared) / len(one.stems | other.stems) if shared else 0.0


def _shown(article: Article, tagging: Tagging, candidate: _Candidate, context: str) -> findings.Sentence:
    written = article.text[candidate.start : candidate.end]
    speakers = tagging.entities.speakers if tagging.entities else ()
    said_by = next((one for one in speakers if one.start < candidate.end and candidate.start < one.end), None)
    return findings.Sentence(
        article=article.id,
        outlet=article.outlet,
        url=article.url,
        start=candidate.start,
        end=candidate.end,
        text=mask_private(written, context),
        modality=candidate.modality,
        speaker=_label(said_by, written, context) if said_by else None,
    )


def _label(speaker: Speaker, written: str, context: str) -> str | None:
    """Return who speaks, None where the sentence says so itself; private persons by what they are, else by initials."""
    name, office = speaker.name, speaker.office
    parts = [part for part in name.split() if len(part) >= _SHORTEST_NAME] if name else []
    if any(part in written for part in parts) or (office and office.lower() in written.lower()):
        return None
    masked = mask_private(name, context) if name else None
    if masked is None or masked != name:
        return office or masked
    return f"{office} {name}" if office else name
