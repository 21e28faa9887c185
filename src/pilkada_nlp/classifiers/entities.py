"""Who and what an article names: bodies, speakers, figures and laws, each with offsets into its text.

All words stand in `data/entities.toml`. Any text is taken; the time grows with its length only.
"""

from pilkada_nlp.article import Article, Entities
from pilkada_nlp.classifiers.citations import find_figures, find_laws
from pilkada_nlp.classifiers.institutions import find_mentions, institutions
from pilkada_nlp.classifiers.speakers import find_speakers
from pilkada_nlp.preprocessing import read

__all__ = ["find_entities"]


def find_entities(article: Article) -> Entities:
    """Return what the text of `article` names; offsets count its characters."""
    text = article.text
    sentences = [(sentence, [word.form for word in sentence.words]) for sentence in read(text)]
    laws = [find_laws(sentence, text, forms) for sentence, forms in sentences]
    cited = [(law.start, law.end) for found in laws for law in found]
    mentions = [m for m in find_mentions(text) if not any(start <= m.start < end for start, end in cited)]
    speakers = find_speakers(text, sentences, mentions)
    labels = {speaker.start: speaker.name or speaker.office for speaker in speakers}
    return Entities(
        institutions=institutions(mentions),
        speakers=tuple(speakers),
        figures=tuple(
            figure
            for (sentence, forms), found in zip(sentences, laws, strict=True)
            for figure in find_figures(sentence, text, forms, labels.get(sentence.span.start), found)
        ),
        laws=tuple(law for found in laws for law in found),
    )
