"""An article cut up for the models: its sentences with their terms and phrases, and what is measured over them."""

import functools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pilkada_nlp.article import Article
from pilkada_nlp.classifiers.cues import cue_words
from pilkada_nlp.classifiers.phrases import Hit, PhraseMatcher
from pilkada_nlp.classifiers.taxonomy import Taxonomy
from pilkada_nlp.preprocessing import Span, Word, read, terms

LEAD_SENTENCES = 3
_USUAL_SENTENCES = 12  # body counts are put in proportion to this, so that long articles do not count as richer
_SHORTEST = 6
_ELECTION_SCALE = 1.0  # what a measured feature weighs beside the words; chosen by cross-validation, models/README.md
_PHRASE_SCALE = 0.05
_PEG_SCALE = 0.1


class Sentence(NamedTuple):
    """A sentence of title or text: where it stands, its words, its terms for the models, and the phrases in it."""

    span: Span
    in_title: bool
    in_lead: bool
    words: Sequence[Word]
    terms: Sequence[str]
    hits: Sequence[Hit]


class Document(NamedTuple):
    """An article cut up once: its sentences, and the counts and measured features that the models read."""

    sentences: list[Sentence]
    counts: dict[str, float]

    def phrases(self) -> dict[str, dict[int, int]]:
        """Return theme -> numbers of the sentences that have a phrase of it -> weight of the surest one."""
        found: dict[str, dict[int, int]] = {}
        for number, sentence in enumerate(self.sentences):
            for hit in sentence.hits:
                if hit.label.startswith("p:"):
                    weights = found.setdefault(hit.label[2:], {})
                    weights[number] = max(hit.weight, weights.get(number, 0))
        return found


class DocumentReader:
    """Cuts up articles with the phrases of one taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._matcher = PhraseMatcher(
            {f"p:{theme}": phrases for theme, phrases in taxonomy.phrases().items() if phrases} | _cue_tables()
        )

    def read(self, article: Article) -> Document:
        """Return the sentences and counts of an article.

        Words, pairs and stems count as "term", those of the title twice; in title and lead also as "l:term", in the
        title as "t:term". "d:…" are measured features: words of elections, phrases of themes, cues of the news peg.
        """
        sentences = []
        for number, (span, words, in_title) in enumerate(_spans(article)):
            in_lead = in_title or number <= LEAD_SENTENCES
            hits = self._matcher.find([word.form for word in words])
            sentences.append(Sentence(span, in_title, in_lead, words, terms(words), hits))
        return Document(sentences, _counts(sentences))


def counts_alone(sentence: Sentence) -> dict[str, float]:
    """Return the counts that a sentence has as the only one of a text."""
    return _counts([sentence._replace(in_title=False, in_lead=True)])


def _counts(sentences: Iterable[Sentence]) -> dict[str, float]:
    measured = _Measures()
    whole: Counter[str] = Counter()
    lead: Counter[str] = Counter()
    title: Counter[str] = Counter()
    for sentence in sentences:
        measured.add(sentence)
        whole.update(sentence.terms)
        if sentence.in_lead:
            lead.update(sentence.terms)
        if sentence.in_title:
            whole.update(sentence.terms)
            title.update(sentence.terms)
    counts: dict[str, float] = dict(whole)
    counts.update((f"l:{term}", count) for term, count in lead.items())
    counts.update((f"t:{term}", count) for term, count in title.items())
    counts.update(measured.features())
    return counts


def _spans(article: Article) -> Iterator[tuple[Span, Sequence[Word], bool]]:
    if article.title:
        words = [word for sentence in read(article.title) for word in sentence.words]
        yield Span(0, len(article.title), article.title), words, True
    for sentence in read(article.text):
        yield sentence.span, sentence.words, False


@functools.cache
def _cue_tables() -> dict[str, list[tuple[str, int]]]:
    tables = {f"m:{value}": [(text, 1) for text in texts] for value, texts in cue_words("news_peg").items()}
    return tables | {f"e:{name}": [(text, 1) for text in texts] for name, texts in cue_words("election_words").items()}


class _Measures:
    """Counts of phrases by zone, made into features when all sentences are seen."""

    def __init__(self) -> None:
        self._zones: Counter[str] = Counter()
        self._kinds: set[str] = set()
        self._words = 0
        self._sentences = 0

    def add(self, sentence: Sentence) -> None:
        words, in_title, in_lead = sentence.words, sentence.in_title, sentence.in_lead
        self._words += len(words)
        self._sentences += 1
        best: dict[str, int] = {}
        for label, weight, text, at in sentence.hits:
            if label.startswith("p:"):
                best[label] = max(weight, best.get(label, 0))
                continue
            if label.startswith("e:"):
                self._kinds.add(text)
            elif words[at].denied or words[at].hedged:
                label = f"{label}~"
            self._count(label, 1, in_title, in_lead)
        for label, weight in best.items():
            self._count(label, weight, in_title, in_lead)

    def _count(self, label: str, weight: int, in_title: bool, in_lead: bool) -> None:
        self._zones[f"{label}:t" if in_title else f"{label}:l" if in_lead else f"{label}:b"] += weight

    def features(self) -> dict[str, float]:
        """Return the measured features, those of zero left out."""
        zones = self._zones
        strong = sum(zones[f"e:strong:{zone}"] for zone in "tlb")
        values = {
            "e:count": math.log1p(strong),
            "e:density": min(3.0, 100 * strong / max(30, self._words)),
            "e:kinds": math.log1p(len(self._kinds)),
            "e:title": float(zones["e:strong:t"] > 0),
            "e:lead": math.log1p(zones["e:strong:t"] + zones["e:strong:l"]),
            "e:none": float(strong == 0),
            "e:once": float(strong <= 1),
            "e:elsewhere": math.log1p(sum(zones[f"e:elsewhere:{zone}"] for zone in "tlb")),
            "e:elsewhere_title": float(zones["e:elsewhere:t"] > 0),
        }
        values = {name: _ELECTION_SCALE * value for name, value in values.items()}
        share = _USUAL_SENTENCES / max(_SHORTEST, self._sentences)
        for name, count in zones.items():
            value = min(4, count) if name.endswith(":t") else count * (share if name.endswith(":b") else 1)
            if not name.startswith("e:"):
                values[name] = (_PHRASE_SCALE if name.startswith("p:") else _PEG_SCALE) * math.log1p(value)
        return {f"d:{name}": value for name, value in values.items() if value}
