"""The sentences of an article that may stand for it in a summary: its own words, with who says them."""

from typing import Final

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Sentence

_MOST: Final = 6


def shown_sentences(article: Article, tagging: Tagging) -> tuple[Sentence, ...]:
    """Return the sentences of the text that best show what the article reports, best first."""
    judged = [
        *(tagging.modality.evidence if tagging.modality else ()),
        *(evidence for theme in tagging.themes for evidence in theme.evidence),
    ]
    spans = {(evidence.start, evidence.end): evidence for evidence in judged if evidence.field == "text"}
    return tuple(
        Sentence(
            article=article.id,
            outlet=article.outlet,
            url=article.url,
            start=evidence.start,
            end=evidence.end,
            text=evidence.text,
            modality=evidence.modality,
        )
        for evidence in list(spans.values())[:_MOST]
    )
