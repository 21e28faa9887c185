"""The worst errors of a model: wrong answers that it was surest of, with what led it astray."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.evaluation.report import Mistake
from pilkada_nlp.labelling import Labelling

_SHOWN: Final = 30


def worst(
    tagger: Tagger, articles: Sequence[Article], labelled: Sequence[Labelling], taggings: Sequence[Tagging]
) -> tuple[Mistake, ...]:
    """Return the thirty wrong answers with the greatest confidence, the surest first."""
    found = [
        (mistake, head, article)
        for article, labelling, tagging in zip(articles, labelled, taggings, strict=True)
        for mistake, head in _of(article, labelling, tagging)
    ]
    found.sort(key=lambda item: (-item[0].probability, item[0].article, item[0].field))
    return tuple(
        msgspec.structs.replace(mistake, evidence=tuple(one.text for one in tagger.evidence(article, head)))
        if head
        else mistake
        for mistake, head, article in found[:_SHOWN]
    )


def _of(article: Article, labelling: Labelling, tagging: Tagging) -> Iterator[tuple[Mistake, str]]:
    """Yield the mistakes on one article, each with the head whose sentences explain it, "" where nothing was seen."""
    labels = labelling.article.labels

    def mistake(field: str, given: str, found: str, probability: float) -> Mistake:
        return Mistake(article.id, article.title, article.outlet, field, given, found, round(probability, 4), ())

    score = tagging.relevant.score
    if bool(labels.rel) != tagging.relevant.value:
        yield (
            (mistake("relevant", "no", "yes", score), "relevant")
            if tagging.relevant.value
            else (mistake("relevant", "yes", "no", 1 - score), "")
        )
        return  # the other errors on it follow from this one
    main = {theme.theme for theme in tagging.themes if theme.strength == "pokok"}
    for theme, score in tagging.theme_scores.items():
        if theme in main and theme not in labels.pokok:
            yield mistake(f"themes.{theme}", "-", "pokok", score), theme
        elif theme in labels.pokok and theme not in main:
            yield mistake(f"themes.{theme}", "pokok", "-", 1 - score), ""
    if labels.mod and tagging.modality and tagging.modality.value != labels.mod:
        value = tagging.modality.value
        yield mistake("modality", labels.mod, value, tagging.modality.score), f"mod:{value}"
