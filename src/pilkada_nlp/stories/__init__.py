"""Copies of one text joined into one story, so that a release printed ten times counts once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Story, StoryMember
from pilkada_nlp.preprocessing import read
from pilkada_nlp.stories.sentences import shown_sentences

_SHINGLE: Final = 3  # words; with longer ones an edited copy falls apart
_SAME: Final = 0.5  # Jaccard similarity of shingles; real press pairs that are no copies have a median of 0.016
_COMMON: Final = 50  # articles that share a shingle; commoner ones are formulas and find no copies
_DAYS: Final = 3  # copies appear within days; the same words a month later are another event


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What one article tells, as it is compared with others."""

    article: Article
    tagging: Tagging


def telling(article: Article, tagging: Tagging) -> Telling:
    """Return what a related article tells."""
    return Telling(article=article, tagging=tagging)


def join(tellings: Iterable[Telling], known: Mapping[str, str], independence: Mapping[str, float]) -> list[Story]:
    """Return the stories that the articles add up to; `known` is article id -> id of the story that it stood in."""
    told = list(tellings)
    return build_stories([t.article for t in told], {t.article.id: t.tagging for t in told}, independence)


def shingles(article: Article) -> frozenset[int]:
    """Return the hashes of all runs of three words in title and text."""
    words = [word.form for text in (article.title, article.text) for sentence in read(text) for word in sentence.words]
    return frozenset(hash(tuple(words[at : at + _SHINGLE])) for at in range(max(len(words) - _SHINGLE + 1, 1)))


def build_stories(
    articles: Sequence[Article], taggings: Mapping[str, Tagging], independence: Mapping[str, float]
) -> list[Story]:
    """Return the stories of related articles, by day and id; the order of `articles` does not matter.

    `taggings` is by article id; articles without one, or not about an election, belong to no story. `independence`
    gives the weight of each source kind.
    """
    related = sorted(
        (article for article in articles if article.id in taggings and taggings[article.id].relevant.value),
        key=_order,
    )
    prints = {article.id: shingles(article) for article in related}
    groups = _groups(related, prints)
    stories = [_story(group, taggings, prints, independence) for group in groups]
    return sorted(stories, key=lambda story: (story.day, story.id))


def _order(article: Article) -> tuple[datetime, str]:
    return (article.published_at or article.fetched_at, article.id)


def _groups(articles: Sequence[Article], prints: Mapping[str, frozenset[int]]) -> list[list[Article]]:
    """Return the articles grouped by copies, each group and the groups in order of publication."""
    parent = list(range(len(articles)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    holders: defaultdict[int, list[int]] = defaultdict(list)
    for at, article in enumerate(articles):
        shared: Counter[int] = Counter()
        for shingle in prints[article.id]:
            if len(holders[shingle]) < _COMMON:
                shared.update(holders[shingle])
                holders[shingle].append(at)
        for other, count in shared.items():
            # The share of common shingles bounds the similarity from above only when none was skipped: be generous.
            if count * 4 >= min(len(prints[article.id]), len(prints[articles[other].id])) and _same(
                article, articles[other], prints
            ):
                parent[root(at)] = root(other)
    groups: defaultdict[int, list[Article]] = defaultdict(list)
    for at, article in enumerate(articles):
        groups[root(at)].append(article)
    return sorted(groups.values(), key=lambda group: _order(group[0]))


def _same(one: Article, other: Article, prints: Mapping[str, frozenset[int]]) -> bool:
    return abs((one.day - other.day).days) <= _DAYS and similarity(prints[one.id], prints[other.id]) >= _SAME


def similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the Jaccard similarity of two sets of shingles."""
    return len(one & other) / len(one | other) if one or other else 1.0


def _story(
    group: Sequence[Article],
    taggings: Mapping[str, Tagging],
    prints: Mapping[str, frozenset[int]],
    independence: Mapping[str, float],
) -> Story:
    first = group[0]
    # The most independent member speaks for the story, the earliest of equals.
    lead = max(group, key=lambda article: independence[taggings[article.id].source_kind.value])
    tagging = taggings[lead.id]
    if tagging.modality is None:
        raise ValueError(f"article {lead.id} is tagged as related but has no modality")
    return Story(
        id=first.id,
        day=first.day,
        published_at=first.published_at,
        lead=lead.id,
        title=lead.title,
        election=tagging.relevant.election,
        regions=tagging.places(),
        themes=tuple((theme.theme, theme.strength) for theme in tagging.themes),
        modality=tagging.modality.value,
        outcome=tagging.outcome,
        severity=tagging.severity,
        independence=independence[tagging.source_kind.value],
        members=tuple(
            StoryMember(
                article=article.id,
                outlet=article.outlet,
                url=article.url,
                source_kind=taggings[article.id].source_kind.value,
                similarity=round(similarity(prints[first.id], prints[article.id]), 3),
            )
            for article in group
        ),
        sentences=shown_sentences(lead, tagging),
        case_stage=tagging.case_stage,
        is_aggregate=bool(tagging.is_aggregate),
        review=tagging.review,
    )
