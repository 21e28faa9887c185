"""Copies become one story, whatever their order; different texts stay apart."""

import random
from datetime import date, datetime, timedelta

import pytest

from pilkada_nlp.article import Article, Evidence, Modality, RegionTag, Relevance, SourceKind, Tagging, ThemeTag
from pilkada_nlp.stories import build_stories
from pilkada_nlp.watchlist import load_weights
from tests.conftest import NOW, article_of

INDEPENDENCE = load_weights().independence
WORDS = [f"kata{number}" for number in range(400)]


def tagging_of(article: Article, **fields: object) -> Tagging:
    """Return a tagging as the tagger might make it."""
    standard: dict[str, object] = {
        "id": article.id,
        "relevant": Relevance(value=True, score=0.9, election="pilkada"),
        "themes": (ThemeTag(theme="keamanan", strength="pokok", score=0.9, threshold=0.5),),
        "theme_scores": {},
        "modality": Modality(value="kejadian", score=0.9, evidence=(Evidence(start=0, end=3, text=article.text[:3]),)),
        "regions": (RegionTag(code="64.08", name="Kabupaten Kutai Timur", role="peristiwa", score=1.0),),
        "source_kind": SourceKind(value="media", score=0.7),
        "severity": 3,
        "review": (),
        "outcome": None,
        "model": "uji",
        "taxonomy": "1",
        "version": "0",
    }
    return Tagging(**{**standard, **fields})  # type: ignore[arg-type]


def text(seed: int, changed: float = 0.0) -> str:
    """Return 150 random words; with another seed all differ, `changed` replaces that share of them."""
    words = random.Random(seed).choices(WORDS, k=150)
    chance = random.Random(99)
    return " ".join(chance.choice(WORDS) if chance.random() < changed else word for word in words)


def make(key: str, body: str, hours: float = 0, outlet: str = "a") -> Article:
    """Return an article published `hours` after the standard time."""
    at: datetime = NOW + timedelta(hours=hours)
    return article_of(body, id=key, outlet=outlet, published_at=at, day=at.date())


def test_copies_and_edited_copies_are_one_story() -> None:
    """A verbatim copy and one with a word in twenty changed join the original; other texts do not."""
    articles = [make("a", text(1)), make("b", text(1), 1), make("c", text(1, 0.05), 2), make("d", text(2), 3)]
    stories = build_stories(articles, {a.id: tagging_of(a) for a in articles}, INDEPENDENCE)
    assert [[member.article for member in story.members] for story in stories] == [["a", "b", "c"], ["d"]]
    similarities = [member.similarity for member in stories[0].members]
    assert similarities[:2] == [1.0, 1.0]
    assert 0.5 <= similarities[2] < 1


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_articles_does_not_matter(seed: int) -> None:
    """Shuffled articles give the same stories with the same ids."""
    articles = [make(f"{n}{c}", text(n, 0.02 * c), n + c) for n in range(8) for c in range(3)]
    taggings = {a.id: tagging_of(a) for a in articles}
    shuffled = articles[:]
    random.Random(seed).shuffle(shuffled)
    assert build_stories(shuffled, taggings, INDEPENDENCE) == build_stories(articles, taggings, INDEPENDENCE)


def test_the_same_words_a_month_later_are_another_story() -> None:
    """Copies appear within days; a formula that returns is a new event."""
    articles = [make("a", text(1)), make("b", text(1), 24 * 30)]
    assert len(build_stories(articles, {a.id: tagging_of(a) for a in articles}, INDEPENDENCE)) == 2


def test_the_most_independent_member_speaks() -> None:
    """When a newsroom prints a release, the story rests on the newsroom, and keeps the release's id and time."""
    release, report = make("rilis", text(1)), make("berita", text(1), 5)
    taggings = {
        "rilis": tagging_of(release, source_kind=SourceKind(value="rilis_pemda", score=1.0)),
        "berita": tagging_of(report),
    }
    (story,) = build_stories([release, report], taggings, INDEPENDENCE)
    assert (story.id, story.lead, story.independence) == ("rilis", "berita", 1.0)
    assert story.published_at == NOW


def test_what_is_not_about_an_election_is_no_story() -> None:
    """Unrelated and untagged articles are left out."""
    other = make("lain", text(3))
    unrelated = tagging_of(other, relevant=Relevance(value=False, score=0.1), modality=None, themes=())
    assert build_stories([other, make("tanpa", text(4))], {"lain": unrelated}, INDEPENDENCE) == []
    assert build_stories([], {}, INDEPENDENCE) == []


def test_empty_texts_do_no_harm() -> None:
    """Articles without words have a day and stand alone or together, without a crash."""
    articles = [make("a", ""), make("b", "satu dua")]
    stories = build_stories(articles, {a.id: tagging_of(a) for a in articles}, INDEPENDENCE)
    assert {story.day for story in stories} == {date(2024, 11, 21)}
