"""What to label next: what the model doubts, one article of a story, all different, always the same choice."""

import random
from pathlib import Path

import msgspec

from pilkada_nlp.article import Relevance, Tagging
from pilkada_nlp.classifiers import Tagger, load_tagger
from pilkada_nlp.classifiers.champion import shipped_model
from pilkada_nlp.corpora import read_corpus
from pilkada_nlp.evaluation import article_of
from pilkada_nlp.labelling import Labelling
from pilkada_nlp.labelling.taggings import Tagged
from pilkada_nlp.training.choosing import choose

CORPUS = Path(__file__).parents[1] / "corpora" / "berita"


def candidates(tagger: Tagger, count: int = 120) -> list[Tagged]:
    """Return articles of the test split with the model's tags, each in a story of its own."""
    rows = [row for row in read_corpus([CORPUS]) if row.split == "test"][:count]
    articles = [article_of(Labelling(article=row)) for row in rows]
    return [
        Tagged(article, tagging, article.id) for article, tagging in zip(articles, tagger.tag(articles), strict=True)
    ]


def surely_unrelated(tagging: Tagging) -> Tagging:
    """Return a tagging that leaves no doubt: the article is about no election."""
    return msgspec.structs.replace(
        tagging,
        relevant=Relevance(value=False, score=0.0),
        theme_scores=dict.fromkeys(tagging.theme_scores, 0.0),
        themes=(),
        modality=None,
        review=(),
    )


def test_doubt_comes_first() -> None:
    """Of thirty sure articles and ten doubtful ones the doubtful are asked for, with the reason."""
    tagger = load_tagger(shipped_model())
    given = candidates(tagger)
    sure = [one._replace(tagging=surely_unrelated(one.tagging)) for one in given[:30]]
    doubtful = [one for one in given[30:] if one.tagging.review][:10]
    chosen = choose([*sure, *doubtful], tagger, 10)
    # Groups are made of the fifty most useful, so a sure one may stand for a group of its own: most are doubtful.
    found = [choice for choice in chosen if choice.article.id in {one.article.id for one in doubtful}]
    assert chosen[0] in found
    assert all("review" in choice.reasons for choice in found)
    assert all(choice.reasons == ("diverse",) for choice in chosen if choice not in found)


def test_one_article_of_a_story() -> None:
    """Copies of one story are not asked for twice, however doubtful they are."""
    tagger = load_tagger(shipped_model())
    given = [one._replace(story=f"s{number % 7}") for number, one in enumerate(candidates(tagger, 40))]
    chosen = choose(given, tagger, 20)
    of_story = {one.article.id: one.story for one in given}
    assert len(chosen) == len({of_story[choice.article.id] for choice in chosen}) == 7


def test_copies_without_a_common_story_share_a_group() -> None:
    """Ten copies of the most doubtful article do not fill a choice of ten."""
    tagger = load_tagger(shipped_model())
    given = candidates(tagger)
    first = choose(given, tagger, 1)[0]
    copies = [
        Tagged(msgspec.structs.replace(first.article, id=f"copy{number}"), first.tagging, f"copy{number}")
        for number in range(10)
    ]
    chosen = choose([*given, *copies], tagger, 10)
    assert sum(choice.article.id.startswith("copy") for choice in chosen) <= 2
    assert len(chosen) == 10


def test_the_choice_does_not_depend_on_the_order() -> None:
    """Shuffled candidates and the same seed give the same articles in the same order, most useful first."""
    tagger = load_tagger(shipped_model())
    given = candidates(tagger)
    shuffled = random.Random(1).sample(given, len(given))
    assert choose(given, tagger, 12, seed=4) == choose(shuffled, tagger, 12, seed=4)
    assert choose([], tagger, 5) == []
    assert choose(given, tagger, 0) == []
    assert len(choose(given[:3], tagger, 5)) == 3
