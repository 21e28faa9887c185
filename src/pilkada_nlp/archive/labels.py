"""What people said about articles: rows of their own, which no model and no run ever overwrites."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

import pilkada_nlp.archive.tables as t
from pilkada_nlp.archive.database import ASKED, Database
from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.errors import InputError
from pilkada_nlp.labelling import Labelling
from pilkada_nlp.labelling.record import in_utc
from pilkada_nlp.labelling.taggings import Tagged
from pilkada_nlp.labelling.vocabulary import Vocabulary

_NAMED: Final = 5  # ids that a refusal lists
_AHEAD: Final = timedelta(days=1)  # that the clock of who labelled may be ahead of ours
_TAGGED: Final = (
    sa.select(t.articles.c.data, t.tags.c.data.label("tagging"), t.members.c.story)
    .join(t.tags, (t.tags.c.article == t.articles.c.id) & (t.tags.c.model == t.articles.c.tagged_by))
    .outerjoin(t.members, t.members.c.article == t.articles.c.id)
)


class Label(NamedTuple):
    """The newest labelling of an article; `row` is the last row that was looked at to find it."""

    labelling: Labelling
    row: int


class Labels(Database):
    """The part of the archive that people's labels go into, and are laid over taggings from."""

    def add_labels(self, labellings: Sequence[Labelling], now: datetime) -> int:
        """Store labels beside earlier ones, all or none, and return how many are new; the same one twice is one row.

        A labelling without a time counts as said `now`. What the articles tell follows with the next run, or with
        `daily.take_labels`. Raises InputError, naming the articles, for what is not in the archive, has evidence in
        another text than the archive's, or is about an election but says not what kind of statement it makes; and for
        values that no label has (`pilkada labels check`), or a time to come, which no later label could outdo.
        """
        vocabulary = Vocabulary()
        given = [_valid(labelling, vocabulary, now) for labelling in labellings]
        with self._guarded() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # two who store the same label see each other's row
            _check(connection, given)
            added = 0
            for labelling in given:
                of_article = sa.select(t.labels.c.data).where(t.labels.c.article == labelling.article.id)
                before = [_decoded(data) for data in connection.scalars(of_article)]
                if any(_same(labelling, other) for other in before):
                    continue
                said = msgspec.structs.replace(labelling, at=labelling.at or now)
                row = {"article": said.article.id, "at": said.at, "by": said.by, "data": _encoded(said)}
                connection.execute(insert(t.labels).values(row))
                added += 1
        return added

    def labels(self, since: datetime | None = None) -> list[Labelling]:
        """Return all labels, or those that were given from `since` on, in order of time."""
        query = sa.select(t.labels.c.data).order_by(t.labels.c.at, t.labels.c.id)
        if since is not None:
            query = query.where(t.labels.c.at >= since)
        with self._guarded() as connection:
            return [_decoded(data) for data in connection.scalars(query)]

    def newest_labels(self, articles: Collection[str]) -> dict[str, Label]:
        """Return article -> its newest label, for those of the articles that have any."""
        found: dict[str, Label] = {}
        asked = list(articles)
        columns = sa.select(t.labels.c.id, t.labels.c.article, t.labels.c.data).order_by(t.labels.c.at, t.labels.c.id)
        with self._guarded() as connection:
            for at in range(0, len(asked), ASKED):
                for row in connection.execute(columns.where(t.labels.c.article.in_(asked[at : at + ASKED]))):
                    seen = found[row.article].row if row.article in found else 0
                    found[row.article] = Label(_decoded(row.data), max(row.id, seen))
        return found

    def labels_applied(self, rows: Mapping[str, int], now: datetime) -> None:
        """Record that what the articles tell follows their labels up to these rows; later ones still wait."""
        with self._guarded() as connection:
            for article, row in rows.items():
                waiting = t.labels.c.article == article, t.labels.c.id <= row, t.labels.c.applied_at.is_(None)
                connection.execute(sa.update(t.labels).where(*waiting).values(applied_at=now))

    def newest_applied(self, first: date, last: date) -> dict[date, datetime]:
        """Return when a label of an article of each day from `first` to `last` was last applied."""
        query = (
            sa.select(t.articles.c.day, sa.func.max(t.labels.c.applied_at))
            .join(t.labels, t.labels.c.article == t.articles.c.id)
            .where(t.articles.c.day.between(first, last), t.labels.c.applied_at.is_not(None))
            .group_by(t.articles.c.day)
        )
        with self._guarded() as connection:
            return dict(connection.execute(query).all())

    def unlabelled(self, first: date, last: date) -> list[Tagged]:
        """Return the articles of these days that nobody has labelled and that are about an election, or nearly so.

        Nearly is what the tagger itself sends to review for that.
        """
        query = _TAGGED.where(
            t.articles.c.day.between(first, last), ~sa.exists().where(t.labels.c.article == t.articles.c.id)
        )
        taggings = msgspec.json.Decoder(Tagging)
        found = []
        with self._guarded() as connection:
            for row in connection.execute(query):
                tagging = taggings.decode(row.tagging)
                if tagging.relevant.value or "relevant" in tagging.review:
                    article = msgspec.json.decode(row.data, type=Article)
                    found.append(Tagged(article, tagging, row.story or article.id))
        return found

    def tagged(self, key: str) -> Tagged | None:
        """Return the article with this id as the model that tagged it last left it; None when there is none."""
        with self._guarded() as connection:
            row = connection.execute(_TAGGED.where(t.articles.c.id == key)).first()
            if row is None:
                return None
            tagging = msgspec.json.decode(row.tagging, type=Tagging)
            return Tagged(msgspec.json.decode(row.data, type=Article), tagging, row.story or key)


def _valid(labelling: Labelling, vocabulary: Vocabulary, now: datetime) -> Labelling:
    """Return a labelling with its time in UTC; InputError for one that no run could lay over its article."""
    try:
        vocabulary.check(labelling)
        said = in_utc(labelling)
        if said.at is not None and said.at > now + _AHEAD:
            raise ValueError(f"at: {said.at:%Y-%m-%d %H:%M} UTC is still to come")
    except ValueError as error:
        raise InputError(f"no label was stored: {error}", f"article {labelling.article.id}") from error
    return said


def _check(connection: sa.Connection, labellings: Sequence[Labelling]) -> None:
    """Raise InputError for labellings that could not be laid over an article of the archive."""
    unknown, elsewhere, unsaid = [], [], []
    for labelling in labellings:
        article = labelling.article
        data = connection.scalar(sa.select(t.articles.c.data).where(t.articles.c.id == article.id))
        if data is None:
            unknown.append(article.id)
            continue
        held = msgspec.json.decode(data, type=Article)
        if labelling.evidence and (held.title, held.text) != (article.title, article.text):
            elsewhere.append(article.id)
        if article.labels.rel and article.labels.mod is None:
            unsaid.append(article.id)
    _refuse(unknown, "is not in the archive; no label was stored")
    _refuse(
        elsewhere,
        "has evidence that marks another text than the archive's; leave it out or label anew; none was stored",
    )
    _refuse(unsaid, 'is labelled as about an election without a modality ("mod"); no label was stored')


def _refuse(articles: Sequence[str], problem: str) -> None:
    if articles:
        more = f" (and {len(articles) - _NAMED} more)" if len(articles) > _NAMED else ""
        raise InputError(problem, f"article {', '.join(articles[:_NAMED])}{more}")


def _same(given: Labelling, held: Labelling) -> bool:
    """Say whether a labelling is one that is held already; one without a time is, whenever it was said."""
    at = held.at if given.at is None else given.at
    return msgspec.structs.replace(given, at=at) == held


def _encoded(labelling: Labelling) -> bytes:
    # The standard encoder, because `meta` may hold whole numbers of any size.
    return json.dumps(msgspec.to_builtins(labelling), ensure_ascii=False).encode()


def _decoded(data: bytes) -> Labelling:
    return msgspec.convert(json.loads(data), Labelling)
