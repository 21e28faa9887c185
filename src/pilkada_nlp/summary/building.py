"""The summary of a day, gathered as one value from articles, taggings, stories and the watchlist."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from pilkada_nlp._version import __version__
from pilkada_nlp.article import Article, ModalityValue, Rejection, Tagging
from pilkada_nlp.article.findings import (
    AppealCount,
    DailySummary,
    SourceState,
    Story,
    WatchlistEntry,
)
from pilkada_nlp.classifiers.taxonomy import load_taxonomy

_NATIONAL: Final = ""
_INDEPENDENT_FROM: Final = 0.75  # below this a story rests on paid texts, releases or parties alone


def build_summary(
    day: date,
    *,
    sources: Sequence[SourceState],
    articles: Sequence[Article],
    taggings: Mapping[str, Tagging],
    stories: Sequence[Story],
    watchlist: Sequence[WatchlistEntry],
    set_aside: Sequence[Rejection],
    model: str,
    notice: str | None = None,
) -> DailySummary:
    """Return the summary of `day` from its articles, their taggings, and the stories and watchlist that stand on them.

    Stories count for the day when one of their articles does; those on national elections only are not listed.
    """
    todays = {article.id for article in articles}
    told = [story for story in stories if todays & {member.article for member in story.members}]
    told.sort(key=lambda story: (-story.severity, -story.independence, -len(story.members), story.id))
    regional = [story for story in told if story.election != "pemilu"]

    def of(modality: ModalityValue) -> tuple[Story, ...]:
        return tuple(story for story in regional if story.modality == modality)

    return DailySummary(
        day=day,
        edition=1,
        closed=True,
        changes=(),
        corrections=(),
        stage=(),
        next=(),
        headlines=(),
        unconfirmed=(),
        regions=(),
        muted=(),
        open_cases=(),
        ahead=(),
        sources=tuple(sources),
        articles=len(articles),
        related=sum(taggings[article.id].relevant.value for article in articles if article.id in taggings),
        review=sum(bool(taggings[article.id].review) for article in articles if article.id in taggings),
        stories=len(told),
        independent=sum(story.independence >= _INDEPENDENT_FROM for story in told),
        incidents=of("kejadian"),
        rulings=of("putusan"),
        allegations=of("dugaan"),
        potentials=of("potensi"),
        debunked=of("cek_fakta"),
        watchlist=tuple(watchlist),
        appeals=_appeals(of("imbauan")),
        set_aside=dict(sorted(Counter(rejection.reason for rejection in set_aside).items())),
        model=model,
        taxonomy=load_taxonomy().version,
        version=__version__,
        notice=notice,
    )


def _appeals(stories: Sequence[Story]) -> tuple[AppealCount, ...]:
    names: dict[str, str] = {}
    found: defaultdict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for place in story.regions:
            names[place.code] = place.name
            found[place.code].append(story)
        if not story.regions:
            names[_NATIONAL] = ""
            found[_NATIONAL].append(story)
    counts = [
        AppealCount(
            region=code,
            region_name=names[code],
            stories=len(group),
            not_independent=sum(story.independence < _INDEPENDENT_FROM for story in group),
        )
        for code, group in found.items()
    ]
    return tuple(sorted(counts, key=lambda count: (-count.stories, count.region)))
