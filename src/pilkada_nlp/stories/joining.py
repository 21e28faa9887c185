"""Stories from tellings: copies are one text, texts on one event one story, and a case that goes on a chain of stories.

What comes out depends on the set of tellings alone, not on the order in which they arrived.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from pilkada_nlp.article import SourceKindValue
from pilkada_nlp.article.findings import Story, StoryMember
from pilkada_nlp.stories.copies import Copies, filled_in_anew, find_copies
from pilkada_nlp.stories.likeness import Likeness, Pair
from pilkada_nlp.stories.occasions import moved_on, stage
from pilkada_nlp.stories.telling import Telling, local_day

_ONE_EVENT: Final = 500  # thousandths of likelihood, in the mean over all pairs of texts of a story
_FOLLOWS: Final = 500
_SHARED: Final = 5  # words shown as reason
_NEWSROOMS: Final[frozenset[SourceKindValue]] = frozenset({"media", "cek_fakta"})
_ISSUED: Final[frozenset[SourceKindValue]] = frozenset(
    {"adv", "rilis_pemda", "rilis_penyelenggara", "rilis_aparat", "partai"}
)


def join(tellings: Iterable[Telling], known: Mapping[str, str], independence: Mapping[str, float]) -> list[Story]:
    """Return the stories that the tellings add up to, by day and id.

    `known` is article id -> id of the story in which it was published: a story keeps the id of its earliest known
    member. `independence` gives the weight of each source kind.
    """
    told = sorted(tellings, key=lambda telling: (telling.day, telling.at, telling.article))
    if not told:
        return []
    copies = find_copies(told)
    texts = sorted(set(copies.first))
    likeness = Likeness([told[at] for at in texts])
    pairs = [_numbered(pair, texts) for pair in likeness.events()]
    pairs = [pair for pair in pairs if not filled_in_anew(told[pair.earlier], told[pair.later])]
    story_of = _joined(texts, pairs, [(stage(telling), telling.day.toordinal()) for telling in told])
    follows = _followed((_numbered(pair, texts) for pair in likeness.follow_ups()), story_of)
    nearest = _nearest(pairs, story_of)
    stories: defaultdict[int, list[int]] = defaultdict(list)
    for at, text in enumerate(copies.first):
        stories[story_of[text]].append(at)
    names = _names({first: [told[at].article for at in members] for first, members in stories.items()}, known)
    built = []
    for first, members in stories.items():
        shown = [_member(at, told, copies, nearest, first) for at in members]
        followed = follows.get(first)
        name = names[first], None if followed is None else names[followed]
        built.append(_story(name, told, members, shown, copies, independence))
    return sorted(built, key=lambda story: (story.day, story.id))


def _numbered(pair: Pair, texts: Sequence[int]) -> Pair:
    """Return a pair of texts by their places among all tellings."""
    return pair._replace(earlier=texts[pair.earlier], later=texts[pair.later])


def _joined(texts: Sequence[int], pairs: Iterable[Pair], reached: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return for each text the first text of its story.

    The likeliest texts are joined first, and then as long as two stories are likely one in the mean over all pairs
    between them: one text that resembles two events does not make them one. Stories of which one is further in a case,
    by `reached`, the stages and days of their texts, stay apart.
    """
    links: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for pair in pairs:
        links[pair.earlier][pair.later] = links[pair.later][pair.earlier] = pair.likely
    members = {text: [text] for text in texts}
    stages = {text: {reached[text]} for text in texts}

    def mean(one: int, other: int) -> float:
        return links[one][other] / (len(members[one]) * len(members[other]))

    heap = [(-mean(one, other), one, other) for one in links for other in links[one] if one < other]
    heap = [entry for entry in heap if -entry[0] >= _ONE_EVENT]
    heapq.heapify(heap)
    while heap:
        likely, one, other = heapq.heappop(heap)
        if one not in members or other not in members or -likely != mean(one, other):
            continue  # one of them has been joined to another meanwhile
        if any(moved_on(a, b, day - there) for a, day in stages[one] for b, there in stages[other]):
            continue
        stages[one] |= stages.pop(other)
        members[one] += members.pop(other)
        del links[one][other]
        for third, value in links.pop(other).items():
            if third != one:
                del links[third][other]
                links[one][third] = links[third][one] = links[one].get(third, 0) + value
        for third in links[one]:
            if mean(one, third) >= _ONE_EVENT:
                heapq.heappush(heap, (-mean(one, third), min(one, third), max(one, third)))
    return {text: first for first, joined in members.items() for text in joined}


def _nearest(pairs: Iterable[Pair], story_of: Mapping[int, int]) -> dict[int, tuple[int, float]]:
    """Return for each text the text of its story that it resembles most, an earlier one if any, and how much."""
    best: dict[int, tuple[bool, int, int, float]] = {}
    for pair in pairs:
        if story_of[pair.earlier] == story_of[pair.later]:
            for one, other in ((pair.later, pair.earlier), (pair.earlier, pair.later)):
                found = (other < one, pair.likely, -other, pair.similarity)
                best[one] = max(best.get(one, found), found)
    return {one: (-other, similarity) for one, (_, _, other, similarity) in best.items()}


def _followed(pairs: Iterable[Pair], story_of: Mapping[int, int]) -> dict[int, int]:
    """Return for each story that carries on the case of an earlier one which that is."""
    best: dict[int, tuple[int, int]] = {}
    for pair in pairs:
        before, after = story_of[pair.earlier], story_of[pair.later]
        if before < after and pair.likely >= _FOLLOWS:
            best[after] = max(best.get(after, (0, 0)), (pair.likely, before))
    return {after: before for after, (_, before) in best.items()}


def _names(stories: Mapping[int, Sequence[str]], known: Mapping[str, str]) -> dict[int, str]:
    """Return the id of each story, given the ids of its articles.

    An id belongs to the story that holds the article of that id; when the article is no longer there, to the earliest
    story that is known by it.
    """
    holder = {article: first for first, articles in stories.items() for article in articles}
    names: dict[int, str] = {}
    for first, articles in sorted(stories.items()):
        wanted = [known[article] for article in articles if article in known]
        names[first] = next((name for name in wanted if holder.setdefault(name, first) == first), articles[0])
    return names


def _member(
    at: int, told: Sequence[Telling], copies: Copies, nearest: Mapping[int, tuple[int, float]], first: int
) -> StoryMember:
    """Return telling `at` as a member of the story that begins with telling `first`."""
    telling = told[at]
    member = StoryMember(
        article=telling.article,
        outlet=telling.outlet,
        url=telling.url,
        source_kind=telling.source_kind,
        similarity=1.0,
    )
    if at == first:
        return member
    copied = copies.first[at] != at
    to, similarity = (copies.nearest if copied else nearest)[at]
    shared = [] if copied else [word for word in telling.keys if word in told[to].keys]
    return msgspec.structs.replace(
        member,
        similarity=round(similarity, 3),
        reason="salinan" if copied else "peristiwa",
        joined_to=told[to].article,
        shared=tuple(shared[:_SHARED]),
    )


def _sources(members: Sequence[int], told: Sequence[Telling], copies: Copies) -> int:
    """Return how many newsrooms tell it in words of their own: none does who prints what others have issued."""
    texts: defaultdict[int, list[Telling]] = defaultdict(list)
    for at in members:
        texts[copies.first[at]].append(told[at])
    own = (
        [telling.outlet for telling in printed if telling.source_kind in _NEWSROOMS]
        for printed in texts.values()
        if not any(telling.source_kind in _ISSUED for telling in printed)
    )
    return len({outlets[0] for outlets in own if outlets})


def _story(
    name: tuple[str, str | None],
    told: Sequence[Telling],
    members: Sequence[int],
    shown: Sequence[StoryMember],
    copies: Copies,
    independence: Mapping[str, float],
) -> Story:
    """Return the story of `members`, which are in order; `name` is its id and that of the one it follows."""
    begun = told[members[0]]
    # The most independent member speaks for the story, of these the one whose judgement is surest, then the earliest.
    lead = max((told[at] for at in members), key=lambda one: (independence[one.source_kind], one.certainty))
    return Story(
        id=name[0],
        day=local_day(begun.published_at, lead.regions, begun.day),
        published_at=begun.published_at,
        lead=lead.article,
        title=lead.title,
        election=lead.election,
        regions=lead.regions,
        themes=lead.themes,
        modality=lead.modality,
        outcome=lead.outcome,
        severity=lead.severity,
        independence=independence[lead.source_kind],
        members=tuple(shown),
        sentences=lead.sentences,
        sources=_sources(members, told, copies),
        case_stage=lead.case_stage,
        follows=name[1],
        is_aggregate=lead.is_aggregate,
        figures=lead.figures,
        review=lead.review,
        certainty=lead.certainty,
        named=lead.named,
    )
