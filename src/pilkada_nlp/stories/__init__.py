"""Articles on one event joined into one story, so that a release printed ten times, or told anew, counts once."""

from collections.abc import Mapping, Sequence

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Story
from pilkada_nlp.stories.joining import join
from pilkada_nlp.stories.telling import Telling, telling

__all__ = ["Telling", "build_stories", "join", "telling"]


def build_stories(
    articles: Sequence[Article],
    taggings: Mapping[str, Tagging],
    independence: Mapping[str, float],
    known: Mapping[str, str] | None = None,
) -> list[Story]:
    """Return the stories of related articles, by day and id; the order of `articles` does not matter.

    `taggings` is by article id; articles without one, or not about an election, belong to no story. `independence`
    gives the weight of each source kind; `known` is article id -> id of the story in which it was published.
    """
    related = [article for article in articles if article.id in taggings and taggings[article.id].relevant.value]
    return join([telling(article, taggings[article.id]) for article in related], known or {}, independence)
