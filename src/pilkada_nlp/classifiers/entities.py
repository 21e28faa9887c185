"""Who and what an article names: bodies, speakers, figures and laws, each with offsets into its text.

The facts of its event (`facts`) can be had from here too.

All words stand in `data/entities.toml`. Any text is taken; the time grows with its length only.
"""

import functools

from pilkada_nlp.article import Article, Entities
from pilkada_nlp.classifiers.citations import figure_words, find_figures, find_laws, law_words
from pilkada_nlp.classifiers.entity_words import Read, Spans, forms
from pilkada_nlp.classifiers.facts import case_stage, event_date, is_aggregate, subtags
from pilkada_nlp.classifiers.institutions import find_mentions, institutions
from pilkada_nlp.classifiers.speaker_words import speaker_words
from pilkada_nlp.classifiers.speakers import find_speakers
from pilkada_nlp.preprocessing import read

__all__ = ["case_stage", "event_date", "find_entities", "is_aggregate", "subtags"]


@functools.cache
def _watched() -> frozenset[str]:
    return figure_words() | law_words() | speaker_words()


def find_entities(article: Article) -> Entities:
    """Return what the text of `article` names; offsets count its characters."""
    text = article.text
    hits = _watched().intersection
    sentences = [Read(sentence, hits(found)) for sentence, found in zip(read(text), forms(text), strict=True)]
    laws = find_laws(text, sentences)
    cited = Spans((law.start, law.end) for law in laws)
    mentions = [mention for mention in find_mentions(text) if mention.start not in cited]
    speakers = find_speakers(text, sentences, mentions)
    labels = {speaker.start: speaker.name or speaker.office for speaker in speakers}
    return Entities(
        institutions=institutions(mentions),
        speakers=tuple(speakers),
        figures=tuple(find_figures(text, sentences, labels, cited)),
        laws=tuple(laws),
    )
