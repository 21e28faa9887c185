"""What taggings of new articles are held against, to see whether the news has moved away from what was learned."""

from collections.abc import Sequence

import numpy as np

from pilkada_nlp.classifiers.model import Reference, shares_by_score
from pilkada_nlp.corpora import LabelledArticle
from pilkada_nlp.training.fitting import Held, even_weights, usual_weights


def reference_of(
    rows: Sequence[LabelledArticle], held: Held, themes: Sequence[str], unknown: Sequence[float]
) -> Reference:
    """Return the statistics of the training texts, weighed as calibration does: as they would stand in the press.

    `unknown` is each text's share of unknown words.
    """
    even, usual = even_weights(rows), usual_weights(rows)
    related = usual * np.array([bool(row.labels.rel) for row in rows])
    return Reference(
        unknown=round(float(np.average(unknown, weights=even)), 4),
        relevance=shares_by_score(held.relevance.tolist(), even.tolist()),
        strongest=shares_by_score(held.themes.max(axis=1).tolist(), related.tolist()),
        themes={
            theme: round(float(np.average([theme in row.labels.pokok for row in rows], weights=related)), 4)
            for theme in themes
        },
    )
