"""The steps from pages to stories: extract, tag and join whatever waits for it in the archive."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from pilkada_nlp.archive import Archive, Judged, Label
from pilkada_nlp.article import Article, ModalityValue, Outlet, Tagging
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.classifiers.entities import find_entities
from pilkada_nlp.extraction.workers import Job, Workers
from pilkada_nlp.fetching import Progress, silent
from pilkada_nlp.labelling import labelled
from pilkada_nlp.stories import join, local_day, telling
from pilkada_nlp.watchlist import load_weights

_JOINED: Final = 14  # days in which articles are compared with one another
_LATE_COPIES: Final = 3  # days after an article in which others of its story still appear


def extract_pages(day: date, outlets: Sequence[Outlet], archive: Archive, progress: Progress = silent) -> None:
    """Make articles of the fetched pages that wait for it; `day` is the one that rejections are counted on."""
    known = {outlet.id: outlet for outlet in outlets}
    done = 0
    with Workers() as workers:
        for batch in archive.unextracted():
            jobs = [Job(page, known.get(page.outlet), rest) for page, *rest in batch]
            for job, result in zip(jobs, workers.extract(jobs), strict=True):
                archive.add_extracted(job.page, result, day)
                done += 1
                progress("extract", done, done)


def tag_articles(
    archive: Archive, tagger: Tagger, day: date, progress: Progress = silent
) -> Counter[ModalityValue | None]:
    """Tag what no model has tagged, and what this one has not of the days that the watchlist of `day` looks at.

    Returns the number of articles by modality, None for those about no election.
    """
    done: Counter[ModalityValue | None] = Counter()
    first = day - timedelta(days=load_weights().window_days - 1)
    for taggings in _tagged(archive, tagger, first, day + timedelta(days=_LATE_COPIES)):
        done.update(tagging.modality.value if tagging.modality else None for tagging in taggings)
        progress("tag", done.total(), done.total())
    return done


def tag_days(archive: Archive, tagger: Tagger, first: date, last: date, progress: Progress = silent) -> None:
    """Tag what no model has tagged, and all that this one has not of the days from `first` to `last`."""
    waiting = archive.days_to_tag(tagger.name, first, last)
    total, done = sum(waiting.values()), 0
    # Day by day, because each batch is looked for among all articles of the days asked for.
    for day in [*waiting, last]:
        for taggings in _tagged(archive, tagger, day, day):
            done += len(taggings)
            progress("tag", done, max(done, total))


def _tagged(archive: Archive, tagger: Tagger, first: date, last: date) -> Iterator[list[Tagging]]:
    for batch in archive.untagged(tagger.name, first, last):
        taggings = tagger.tag(batch)
        keep_judged(archive, list(zip(batch, taggings, strict=True)))
        yield taggings


def apply_labels(archive: Archive, now: datetime) -> None:
    """Have what tagged articles tell follow the labels that people gave since it was last told."""
    for batch in archive.relabelled():
        labels = keep_judged(archive, batch)
        # A label that came in between is in no row that was looked at, and waits for the next time.
        archive.labels_applied({article: label.row for article, label in labels.items()}, now)


def keep_judged(archive: Archive, tagged: Sequence[tuple[Article, Tagging]]) -> dict[str, Label]:
    """Store what a model says of articles, and what they tell by it or, where a person labelled them, by the label.

    Returns article -> the label that was laid over.
    """
    labels = archive.newest_labels([article.id for article, _ in tagged])
    archive.add_judged([_judged(article, tagging, labels.get(article.id)) for article, tagging in tagged])
    return labels


def _judged(article: Article, tagging: Tagging, label: Label | None) -> Judged:
    """Return what the archive keeps of an article and its tagging: the day of its place, and what it tells."""
    held = labelled(tagging, label.labelling) if label else tagging
    if held.relevant.value and held.entities is None:
        held = msgspec.structs.replace(held, entities=find_entities(article))
    told = telling(article, held) if held.relevant.value else None
    return Judged(tagging, local_day(article.published_at, held.places(), article.day), told)


def join_stories(archive: Archive, progress: Progress = silent) -> None:
    """Join the articles that are in no story yet with those of the days around them."""
    independence = load_weights().independence
    days = archive.unjoined_days()
    total = len(days)
    while days:
        # Days close to each other are joined at once; after a backfill there may be months of them.
        first = days[0]
        last = max(day for day in days if day < first + timedelta(days=_JOINED))
        told = archive.told(first - timedelta(days=_JOINED), last + timedelta(days=_JOINED))
        archive.replace_stories(told, join(told.tellings, told.known, independence), first, last)
        days = [day for day in days if day > last]
        progress("stories", total - len(days), total)
