"""What was made of the articles: taggings, what each tells, and the stories that they add up to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

import pilkada_nlp.archive.tables as t
from pilkada_nlp.archive.database import ASKED, upsert
from pilkada_nlp.archive.labels import Labels
from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Story
from pilkada_nlp.article.rows import TAGS, Row, article_row
from pilkada_nlp.labelling import labelled
from pilkada_nlp.stories import Telling

_BATCH: Final = 200  # rows held in memory while a stage walks through its work


class Judged(NamedTuple):
    """What the tagger made of one article: `day` is that of the place it is about, `telling` None when unrelated."""

    tagging: Tagging
    day: date
    telling: Telling | None


class Retold(NamedTuple):
    """What two models say of one article, None where one of them never read it."""

    before: Tagging | None
    now: Tagging | None


class Told(NamedTuple):
    """What is compared to make stories: the tellings, and the stories (article -> story) that they stood in so far."""

    tellings: list[Telling]
    known: dict[str, str]


class Judgements(Labels):
    """The part of the archive that tagging and the joining of stories use."""

    def articles(self, first: date, last: date) -> list[Article]:
        """Return the articles whose day lies from `first` to `last`, in order of id.

        Once an article is tagged, its day is that of the place it is about; `Article.day` stays that of its outlet.
        """
        with self._guarded() as connection:
            query = sa.select(t.articles.c.data).where(t.articles.c.day.between(first, last)).order_by(t.articles.c.id)
            return [msgspec.json.decode(data, type=Article) for data in connection.scalars(query)]

    def article(self, key: str) -> Article | None:
        """Return the article with this id, None when there is none."""
        with self._guarded() as connection:
            data = connection.scalar(sa.select(t.articles.c.data).where(t.articles.c.id == key))
            return msgspec.json.decode(data, type=Article) if data else None

    def untagged(self, model: str, first: date, last: date) -> Iterator[list[Article]]:
        """Yield, in batches, the articles that no model has tagged, and those of these days that `model` has not."""
        waiting = sa.select(t.articles.c.data).where(t.articles.c.tagged_by.is_(None))
        older = sa.select(t.articles.c.data).where(
            t.articles.c.day.between(first, last), t.articles.c.tagged_by.is_not(None), t.articles.c.tagged_by != model
        )
        for query in (waiting, older):
            while True:
                with self._guarded() as connection:
                    rows = connection.scalars(query.order_by(t.articles.c.id).limit(_BATCH))
                    batch = [msgspec.json.decode(data, type=Article) for data in rows]
                if not batch:
                    break
                yield batch

    def relabelled(self) -> Iterator[list[tuple[Article, Tagging]]]:
        """Yield, in batches, the tagged articles with a label that is not applied yet, and what the model says."""
        unapplied = sa.select(t.labels.c.article).where(t.labels.c.applied_at.is_(None))
        query = (
            sa.select(t.articles.c.data, t.tags.c.data.label("tagging"))
            .join(t.tags, (t.tags.c.article == t.articles.c.id) & (t.tags.c.model == t.articles.c.tagged_by))
            .where(t.articles.c.id.in_(unapplied))
            .order_by(t.articles.c.id)
            .limit(_BATCH)
        )
        while True:
            with self._guarded() as connection:
                batch = [
                    (msgspec.json.decode(row.data, type=Article), msgspec.json.decode(row.tagging, type=Tagging))
                    for row in connection.execute(query)
                ]
            if not batch:
                break
            yield batch

    def add_judged(self, judged: Sequence[Judged]) -> None:
        """Store taggings beside those of other models, and what the articles tell in place of what was there."""
        with self._guarded() as connection:
            for tagging, day, telling in judged:
                row = {
                    "article": tagging.id,
                    "model": tagging.model,
                    "related": tagging.relevant.value,
                    "data": msgspec.json.encode(tagging),
                }
                # A new row each time, so that the newest of an article is by the model that spoke last (see `retold`).
                connection.execute(insert(t.tags).prefix_with("OR REPLACE").values(row))
                mark = sa.update(t.articles).where(t.articles.c.id == tagging.id)
                connection.execute(mark.values(day=day, tagged_by=tagging.model))
                if telling is not None:
                    content = {"day": day, "joined": False, "data": msgspec.msgpack.encode(telling)}
                    upsert(connection, t.tellings, {"article": tagging.id, **content})
                else:
                    self._take_out(connection, tagging.id)

    @staticmethod
    def _take_out(connection: sa.Connection, article: str) -> None:
        """Forget what an article told, and have the story that it stood in made anew of the others."""
        connection.execute(sa.delete(t.tellings).where(t.tellings.c.article == article))
        story = connection.scalar(sa.select(t.members.c.story).where(t.members.c.article == article))
        if story is None:
            return
        connection.execute(sa.delete(t.members).where(t.members.c.article == article))
        others = sa.select(t.members.c.article).where(t.members.c.story == story)
        if connection.scalar(others.limit(1)) is None:
            connection.execute(sa.delete(t.stories).where(t.stories.c.id == story))
        connection.execute(sa.update(t.tellings).where(t.tellings.c.article.in_(others)).values(joined=False))

    def taggings(self, first: date, last: date, model: str | None = None) -> dict[str, Tagging]:
        """Return article id -> what holds for the articles of these days: taggings by `model`, labels laid over.

        By default each is by the model that tagged the article last.
        """
        with self._guarded() as connection:
            query = (
                sa.select(t.tags.c.data)
                .join(t.articles, t.articles.c.id == t.tags.c.article)
                .where(t.articles.c.day.between(first, last), t.tags.c.model == (model or t.articles.c.tagged_by))
            )
            found = [msgspec.json.decode(data, type=Tagging) for data in connection.scalars(query)]
            of_days = (
                sa.select(t.labels.c.article)
                .join(t.articles, t.articles.c.id == t.labels.c.article)
                .where(t.articles.c.day.between(first, last))
            )
            keys = set(connection.scalars(of_days))
        labels = self.newest_labels(keys)
        taggings = {tagging.id: tagging for tagging in found}
        return taggings | {
            key: labelled(taggings[key], label.labelling) for key, label in labels.items() if key in taggings
        }

    def sample(self, first: date, last: date, model: str, most: int) -> list[str]:
        """Return the ids of the articles of these days that `model` tagged last; of more than `most` every n-th.

        They are in order of outlet, so that a sample has each of them by its share.
        """
        with self._guarded() as connection:
            query = sa.select(t.articles.c.id).where(
                t.articles.c.day.between(first, last), t.articles.c.tagged_by == model
            )
            keys = connection.scalars(query.order_by(t.articles.c.outlet, t.articles.c.id)).all()
        return list(keys[:: -(-len(keys) // most) or 1])

    def articles_called(self, keys: Sequence[str]) -> list[Article]:
        """Return the articles with these ids, in order of id; what is not there is left out."""
        found: list[Article] = []
        with self._guarded() as connection:
            for at in range(0, len(keys), ASKED):
                asked = sa.select(t.articles.c.data).where(t.articles.c.id.in_(keys[at : at + ASKED]))
                found += [msgspec.json.decode(data, type=Article) for data in connection.scalars(asked)]
        return sorted(found, key=lambda article: article.id)

    def days_to_tag(self, model: str, first: date, last: date) -> dict[date, int]:
        """Return day -> number of its articles that `model` has not tagged last, from `first` to `last`, in order."""
        with self._guarded() as connection:
            query = (
                sa.select(t.articles.c.day, sa.func.count())
                .where(t.articles.c.day.between(first, last), t.articles.c.tagged_by.is_distinct_from(model))
                .group_by(t.articles.c.day)
                .order_by(t.articles.c.day)
            )
            return dict(connection.execute(query).all())

    def articles_by_day(self, first: date) -> dict[date, int]:
        """Return day -> number of its articles, from `first` on, in order; days without any are left out."""
        with self._guarded() as connection:
            query = sa.select(t.articles.c.day, sa.func.count()).where(t.articles.c.day >= first)
            return dict(connection.execute(query.group_by(t.articles.c.day).order_by(t.articles.c.day)).all())

    def retold(self, articles: Collection[str], model: str) -> dict[str, Retold]:
        """Return article id -> what another model said of it last and what `model` says, if both did, or one.

        Labels are laid over both: a person's word does not change with the model.
        """
        asked = sorted(articles)
        before: dict[str, Tagging] = {}
        now: dict[str, Tagging] = {}
        with self._guarded() as connection:
            for at in range(0, len(asked), ASKED):
                query = sa.select(t.tags.c.data).where(t.tags.c.article.in_(asked[at : at + ASKED]))
                for data in connection.scalars(query.order_by(sa.literal_column("tags.rowid"))):
                    tagging = msgspec.json.decode(data, type=Tagging)
                    (now if tagging.model == model else before)[tagging.id] = tagging
        for key, label in self.newest_labels(before.keys() | now.keys()).items():
            for said in (before, now):
                if key in said:
                    said[key] = labelled(said[key], label.labelling)
        return {key: Retold(before.get(key), now.get(key)) for key in asked if key in before or key in now}

    def rows(self, first: date, last: date) -> list[Row]:
        """Return the articles of these days with their tags, as rows of a data frame (`pandas.DataFrame(rows)`).

        A row holds what identifies the article and what `Tagging.row` has; the tags of one that waits for a model are
        missing. Its text is `article(id).text`.
        """
        taggings = self.taggings(first, last)
        found = ((article, taggings.get(article.id)) for article in self.articles(first, last))
        return [
            article_row(article) | (tagging.row() if tagging else dict.fromkeys(TAGS)) for article, tagging in found
        ]

    # Stories

    def unjoined_days(self) -> list[date]:
        """Return the days of articles that are in no story yet, or told something else before, in order."""
        with self._guarded() as connection:
            query = sa.select(t.tellings.c.day).where(t.tellings.c.joined.is_(False)).distinct()
            return sorted(connection.scalars(query))

    def told(self, first: date, last: date) -> Told:
        """Return what the articles of these days tell, with all other members of the stories that they stand in."""
        with self._guarded() as connection:
            of_days = sa.select(t.tellings.c.article).where(t.tellings.c.day.between(first, last))
            stories = sa.select(t.members.c.story).where(t.members.c.article.in_(of_days))
            standing = sa.select(t.members.c.article, t.members.c.story).where(t.members.c.story.in_(stories))
            known = dict(connection.execute(standing).all())
            decoder = msgspec.msgpack.Decoder(Telling)
            near = sa.select(t.tellings.c.article, t.tellings.c.data).where(t.tellings.c.day.between(first, last))
            found = {key: decoder.decode(data) for key, data in connection.execute(near)}
            further = [key for key in known if key not in found]
            for at in range(0, len(further), ASKED):
                asked = t.tellings.c.article.in_(further[at : at + ASKED])
                rows = connection.execute(sa.select(t.tellings.c.article, t.tellings.c.data).where(asked))
                found.update((key, decoder.decode(data)) for key, data in rows)
        return Told([found[key] for key in sorted(found)], known)

    def replace_stories(self, told: Told, stories: Sequence[Story], first: date, last: date) -> None:
        """Put `stories` in place of those that `told` stood in, and note that the articles of these days are joined.

        A story that followed one from before the days of `told` goes on doing so: the two were not compared now.
        """
        before = sorted(set(told.known.values()))
        compared = {*before, *(story.id for story in stories)}
        with self._guarded() as connection:
            held = self._data(connection, before)
            kept = (_still_following(story, held.get(story.id), compared) for story in stories)
            encoded = {story.id: (story, msgspec.json.encode(story)) for story in kept}
            for key in held:
                if key not in encoded:
                    connection.execute(sa.delete(t.stories).where(t.stories.c.id == key))
            changed = {key: pair for key, pair in encoded.items() if held.get(key) != pair[1]}
            for key in changed:
                connection.execute(sa.delete(t.members).where(t.members.c.story == key))
            for key, (story, data) in changed.items():
                upsert(connection, t.stories, {"id": key, "day": story.day, "data": data})
                rows = [{"article": member.article, "story": key} for member in story.members]
                write = insert(t.members)
                connection.execute(
                    write.on_conflict_do_update(index_elements=["article"], set_={"story": write.excluded.story}), rows
                )
            joined = sa.update(t.tellings).where(t.tellings.c.day.between(first, last), t.tellings.c.joined.is_(False))
            connection.execute(joined.values(joined=True))

    def stories(self, first: date, last: date) -> list[Story]:
        """Return the stories that began from `first` to `last`, by day and id."""
        with self._guarded() as connection:
            query = sa.select(t.stories.c.data).where(t.stories.c.day.between(first, last))
            query = query.order_by(t.stories.c.day, t.stories.c.id)
            return [msgspec.json.decode(data, type=Story) for data in connection.scalars(query)]

    def story(self, key: str) -> Story | None:
        """Return the story with this id, or the one that an article with this id stands in; None when there is none."""
        with self._guarded() as connection:
            owner = connection.scalar(sa.select(t.members.c.story).where(t.members.c.article == key))
            data = connection.scalar(sa.select(t.stories.c.data).where(t.stories.c.id.in_([key, owner])))
            return msgspec.json.decode(data, type=Story) if data else None

    @staticmethod
    def _data(connection: sa.Connection, keys: Sequence[str]) -> Mapping[str, bytes]:
        held: dict[str, bytes] = {}
        for at in range(0, len(keys), ASKED):
            asked = t.stories.c.id.in_(keys[at : at + ASKED])
            rows = connection.execute(sa.select(t.stories.c.id, t.stories.c.data).where(asked))
            held.update((key, data) for key, data in rows)
        return held


def _still_following(story: Story, held: bytes | None, compared: Collection[str]) -> Story:
    """Return a story as one that follows what its stored form does, if that was not among the stories compared."""
    if story.follows is None and held is not None:
        followed = msgspec.json.decode(held, type=Story).follows
        if followed is not None and followed not in compared:
            return msgspec.structs.replace(story, follows=followed)
    return story
