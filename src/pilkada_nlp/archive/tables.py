"""The tables of the archive. Whole values are kept as JSON in `data`; columns beside it are what is asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

SCHEMA_VERSION: Final = 4
"""Raised with every change of a table; an archive of a version that cannot be upgraded is refused, never guessed at."""

ONLY_ADDED: Final[Mapping[str, tuple[str, ...]]] = {"3": ("labels", "former_entries")}
"""Older version -> the tables that it lacks: all that came since, so that adding them makes it a current one."""


class Utc(sa.types.TypeDecorator[datetime]):
    """An aware time, stored as ISO 8601 text in UTC, so that text order is time order in every database."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """Return the text that is stored."""
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        """Return the time that a stored text means."""
        return datetime.fromisoformat(value) if value else None


def _waiting(name: str, column: "sa.Column[Any]", condition: "sa.ColumnElement[bool]") -> sa.Index:
    """Return an index of the few rows that still wait for a stage, so that finding them never walks the archive."""
    return sa.Index(name, column, sqlite_where=condition, postgresql_where=condition)


tables = sa.MetaData()

meta = sa.Table(
    "meta", tables, sa.Column("key", sa.String(40), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)
runs = sa.Table(
    "runs",
    tables,
    # "daily 2024-11-21" or "poll 2024-11-21T14:15Z": one for each slot, however often it is begun.
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("started_at", Utc, nullable=False),
    sa.Column("finished_at", Utc),
    sa.Column("sources", sa.LargeBinary),
)
pages = sa.Table(
    "pages",
    tables,
    # The id that the requested address has as an article: what is fetched once is not fetched again.
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("requested_url", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("outlet", sa.String(80), nullable=False),
    sa.Column("fetched_at", Utc, nullable=False),
    sa.Column("announced_at", Utc),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("extracted", sa.Boolean, nullable=False),
)
sa.Index("pages_newest", pages.c.outlet, pages.c.fetched_at)
_waiting("pages_unextracted", pages.c.id, pages.c.extracted.is_(False))
articles = sa.Table(
    "articles",
    tables,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("outlet", sa.String(80), nullable=False),
    # The day in the outlet's zone, and from tagging on in the zone of the place that the article is about.
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("fetched_at", Utc, nullable=False),
    sa.Column("tagged_by", sa.String(80)),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_waiting("articles_untagged", articles.c.id, articles.c.tagged_by.is_(None))
rejections = sa.Table(
    "rejections",
    tables,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False, index=True),
    sa.Column("outlet", sa.String(80), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    # The day whose run set it aside, for the count in that day's summary.
    sa.Column("day", sa.Date, nullable=False, index=True),
)
tags = sa.Table(
    "tags",
    tables,
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("model", sa.String(80), primary_key=True),
    sa.Column("related", sa.Boolean, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
labels = sa.Table(
    "labels",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    # When the person said it; of several labels of an article the newest holds.
    sa.Column("at", Utc, nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    # When it became part of what the article tells; a summary that was made before is corrected.
    sa.Column("applied_at", Utc, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_waiting("labels_unapplied", labels.c.article, labels.c.applied_at.is_(None))
tellings = sa.Table(
    "tellings",
    tables,
    # What each related article tells, ready to be compared, because making it costs more than comparing it.
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("joined", sa.Boolean, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_waiting("tellings_unjoined", tellings.c.day, tellings.c.joined.is_(False))
stories = sa.Table(
    "stories",
    tables,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
members = sa.Table(
    "story_members",
    tables,
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("story", sa.ForeignKey("stories.id", ondelete="CASCADE"), nullable=False, index=True),
)
entries = sa.Table(
    "entries",
    tables,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("region", sa.String(8), primary_key=True),
    sa.Column("theme", sa.String(40), primary_key=True),
    sa.Column("level", sa.String(10), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
former_entries = sa.Table(
    "former_entries",
    tables,
    # The watchlist that a day had before the last retagging, whose name stands in `meta`, to say what that changed.
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
editions = sa.Table(
    "editions",
    tables,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
decisions = sa.Table(
    "decisions",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.String(60), nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
corrections = sa.Table(
    "corrections",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("line", sa.String(60), nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
outbox = sa.Table(
    "outbox",
    tables,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("channel", sa.String(80), nullable=False),
    sa.Column("due_at", Utc, nullable=False, index=True),
    sa.Column("sent_at", Utc),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
sources = sa.Table(
    "sources",
    tables,
    sa.Column("outlet", sa.String(80), primary_key=True),
    sa.Column("type", sa.String(10), primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("due_at", Utc),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
parts = sa.Table(
    "backfill_parts",
    tables,
    # Which parts of a past period were gone through, so that an interrupted backfill goes on where it was.
    sa.Column("period", sa.String(80), primary_key=True),
    sa.Column("outlet", sa.String(80), primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
)
robots = sa.Table(
    "robots",
    tables,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("until", Utc, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
