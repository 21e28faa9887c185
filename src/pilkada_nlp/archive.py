"""The archive: everything read, set aside, judged and published, in one SQL database.

Each stage of the daily job is a query for what it has not done yet, and writes in one transaction per step. So a run
that was killed is completed by the next, and a second run finds nothing to do.
"""

import contextlib
import fcntl
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from pilkada_nlp.article import (
    PASSING,
    Article,
    Page,
    Rejection,
    Robots,
    SourceRecord,
    Tagging,
    article_id,
)
from pilkada_nlp.article.findings import DailySummary, SourceState, Story, WatchlistEntry
from pilkada_nlp.errors import ArchiveError

SCHEMA_VERSION: Final = 2
"""Raised with every change of a table; an archive of another version is refused, never guessed at."""

_BATCH: Final = 200  # rows held in memory while a stage walks through its work


class _Utc(sa.types.TypeDecorator[datetime]):
    """An aware time, stored as ISO 8601 text in UTC, so that text order is time order in every database."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if value else None


_tables = sa.MetaData()
_meta = sa.Table(
    "meta", _tables, sa.Column("key", sa.String(40), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)
_runs = sa.Table(
    "runs",
    _tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("started_at", _Utc, nullable=False),
    sa.Column("finished_at", _Utc),
    sa.Column("sources", sa.LargeBinary),
)
_pages = sa.Table(
    "pages",
    _tables,
    # The id that the requested address has as an article: what is fetched once is not fetched again.
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("requested_url", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("outlet", sa.String(80), nullable=False, index=True),
    sa.Column("fetched_at", _Utc, nullable=False),
    sa.Column("announced_at", _Utc),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("extracted", sa.Boolean, nullable=False),
)
_articles = sa.Table(
    "articles",
    _tables,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("outlet", sa.String(80), nullable=False),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_rejections = sa.Table(
    "rejections",
    _tables,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("outlet", sa.String(80), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", _Utc, nullable=False),
    # The day whose run set it aside, for the count in that day's summary.
    sa.Column("day", sa.Date, nullable=False, index=True),
)
_tags = sa.Table(
    "tags",
    _tables,
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("model", sa.String(80), primary_key=True),
    sa.Column("related", sa.Boolean, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_stories = sa.Table(
    "stories",
    _tables,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_members = sa.Table(
    "story_members",
    _tables,
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("story", sa.ForeignKey("stories.id", ondelete="CASCADE"), nullable=False, index=True),
)
_entries = sa.Table(
    "entries",
    _tables,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("region", sa.String(8), primary_key=True),
    sa.Column("theme", sa.String(40), primary_key=True),
    sa.Column("level", sa.String(10), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_summaries = sa.Table(
    "summaries",
    _tables,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)


_sources = sa.Table(
    "sources",
    _tables,
    sa.Column("outlet", sa.String(80), primary_key=True),
    sa.Column("type", sa.String(10), primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("due_at", _Utc),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_parts = sa.Table(
    "backfill_parts",
    _tables,
    # Which parts of a past period were gone through, so that an interrupted backfill goes on where it was.
    sa.Column("period", sa.String(80), primary_key=True),
    sa.Column("outlet", sa.String(80), primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
)
_robots = sa.Table(
    "robots",
    _tables,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("until", _Utc, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)


def default_archive() -> str:
    """Return the address of the archive in the user's data folder (`$XDG_DATA_HOME/pilkada/archive.db`)."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return f"sqlite:///{Path(home) / 'pilkada' / 'archive.db'}"


class Archive:
    """An archive at a database address such as "sqlite:////path/archive.db"; made when it is not there yet.

    Every method raises ArchiveError when the database cannot be read or written.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = url or default_archive()
        try:
            address = sa.engine.make_url(self.url)
        except sa.exc.ArgumentError as error:
            raise ArchiveError("this is no database address; write sqlite:////folder/archive.db", self.url) from error
        if address.get_backend_name() != "sqlite":
            raise ArchiveError("only SQLite is supported so far; write sqlite:////folder/archive.db", self.url)
        if not address.database or address.database == ":memory:":
            raise ArchiveError("an archive needs a file; write sqlite:////folder/archive.db", self.url)
        self.path = Path(address.database)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"the folder cannot be made ({error.strerror})", self.url) from error
        self._engine = sa.create_engine(address, connect_args={"timeout": 30})
        sa.event.listen(self._engine, "connect", _prepare)
        with self._guarded() as connection:
            _tables.create_all(connection)
            connection.execute(
                insert(_meta).values(key="schema_version", value=str(SCHEMA_VERSION)).on_conflict_do_nothing()
            )
            version = connection.scalar(sa.select(_meta.c.value).where(_meta.c.key == "schema_version"))
        if version != str(SCHEMA_VERSION):
            raise ArchiveError(
                f"it has schema {version}, this version reads {SCHEMA_VERSION}; use --archive for a new one", self.url
            )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs from working on the archive; the system lets go of the lock even when a process is killed.

        Raises ArchiveError when another run holds it.
        """
        path = self.path.with_name(self.path.name + ".lock")
        try:
            lock = path.open("w")
        except OSError as error:
            raise ArchiveError(f"its lock {path} cannot be opened ({error.strerror})", self.url) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ArchiveError("another run is working on it; wait until it is done", self.url) from error
            yield

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[sa.Connection]:
        """Give a connection in one transaction, and turn the database's complaints into sentences."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise ArchiveError(_advice(str(error.orig)), self.url) from error

    # Runs

    def start_run(self, day: date, at: datetime) -> int:
        """Record that a run for `day` begins, and return its number."""
        with self._guarded() as connection:
            result = connection.execute(insert(_runs).values(day=day, started_at=at).returning(_runs.c.id))
            return int(result.scalar_one())

    def finish_run(self, run: int, at: datetime, sources: Sequence[SourceState], summary: DailySummary) -> None:
        """Record the end of a run and the summary of its day."""
        with self._guarded() as connection:
            connection.execute(
                sa.update(_runs)
                .where(_runs.c.id == run)
                .values(finished_at=at, sources=msgspec.json.encode(list(sources)))
            )
            _upsert(connection, _summaries, {"day": summary.day, "data": msgspec.json.encode(summary)})

    # Pages and what was set aside

    def known(self) -> frozenset[str]:
        """Return the ids of all addresses that need not be fetched again: read, or set aside for good.

        What was too old is not among them, because that depends on how far back one asks.
        """
        passing = PASSING | {"too_old"}
        with self._guarded() as connection:
            pages = connection.scalars(sa.select(_pages.c.id).where(_pages.c.part == 1)).all()
            final = connection.scalars(sa.select(_rejections.c.id).where(_rejections.c.reason.not_in(passing))).all()
        return frozenset(pages) | frozenset(final)

    def add_pages(self, pages: Sequence[Page]) -> None:
        """Store all pages of one article at once; they wait for extraction."""
        key = article_id(pages[0].requested_url)
        with self._guarded() as connection:
            for page in pages:
                row = {name: getattr(page, name) for name in Page.__struct_fields__ if name not in ("body",)}
                _upsert(connection, _pages, {"id": key, "body": zlib.compress(page.body), "extracted": False, **row})
            connection.execute(sa.delete(_rejections).where(_rejections.c.id == key))

    def add_rejection(self, rejection: Rejection, day: date) -> None:
        """Record why an address was set aside in the run for `day`; the newest reason counts.

        Only that something is too old is said once, however often it is announced again.
        """
        row = _rejection_row(rejection, day)
        with self._guarded() as connection:
            if rejection.reason == "too_old":
                connection.execute(insert(_rejections).values(row).on_conflict_do_nothing())
            else:
                _upsert(connection, _rejections, row)

    def unextracted(self) -> Iterator[list[tuple[Page, ...]]]:
        """Yield, in batches, the pages of each article that extraction has not seen."""
        while True:
            with self._guarded() as connection:
                waiting = (
                    sa.select(_pages.c.id)
                    .where(_pages.c.part == 1, _pages.c.extracted.is_(False))
                    .order_by(_pages.c.id)
                    .limit(_BATCH)
                )
                keys = connection.scalars(waiting).all()
                rows = connection.execute(
                    sa.select(_pages).where(_pages.c.id.in_(keys)).order_by(_pages.c.id, _pages.c.part)
                ).all()
            if not keys:
                return
            yield [tuple(_page(row) for row in rows if row.id == key) for key in keys]

    def add_extracted(self, page: Page, result: Article | Rejection, day: date) -> None:
        """Store what extraction made of a page in the run for `day`, and that it has seen it."""
        key = article_id(page.requested_url)
        with self._guarded() as connection:
            if isinstance(result, Article):
                # Two addresses may turn out to be one article by its canonical link: the first one read stays.
                values = {
                    "id": result.id,
                    "url": result.url,
                    "outlet": result.outlet,
                    "day": result.day,
                    "title": result.title,
                    "data": msgspec.json.encode(result),
                }
                added = connection.execute(insert(_articles).values(values).on_conflict_do_nothing())
                if not added.rowcount:
                    twin = Rejection(
                        url=page.requested_url,
                        outlet=page.outlet,
                        stage="extract",
                        reason="duplicate",
                        detail=f"its canonical link is that of article {result.id}",
                        at=page.fetched_at,
                    )
                    _upsert(connection, _rejections, _rejection_row(twin, day))
            else:
                _upsert(connection, _rejections, _rejection_row(result, day))
            connection.execute(sa.update(_pages).where(_pages.c.id == key).values(extracted=True))

    def rejections(self, day: date) -> list[Rejection]:
        """Return what the runs for `day` set aside, in order of address."""
        with self._guarded() as connection:
            query = sa.select(_rejections).where(_rejections.c.day == day).order_by(_rejections.c.url)
            rows = connection.execute(query).mappings().all()
        return [Rejection(**{name: row[name] for name in Rejection.__struct_fields__}) for row in rows]

    # Sources

    def source_records(self) -> list[SourceRecord]:
        """Return what is known of each source that was ever asked, by outlet, type and address."""
        with self._guarded() as connection:
            query = sa.select(_sources.c.data).order_by(_sources.c.outlet, _sources.c.type, _sources.c.address)
            return [msgspec.json.decode(data, type=SourceRecord) for data in connection.scalars(query)]

    def add_source_record(self, record: SourceRecord) -> None:
        """Store what is known of a source in place of what was known before."""
        row = {name: getattr(record, name) for name in ("outlet", "type", "address", "outcome", "due_at")}
        with self._guarded() as connection:
            _upsert(connection, _sources, {**row, "data": msgspec.json.encode(record)})
            if record.outcome != "failed":  # what was said of its address at an earlier failure is over
                connection.execute(
                    sa.delete(_rejections).where(_rejections.c.url == record.address, _rejections.c.reason.in_(PASSING))
                )

    def finished_parts(self, period: str) -> dict[str, set[str]]:
        """Return outlet -> parts of a past period (named as in `add_finished_part`) that were gone through."""
        found: dict[str, set[str]] = {}
        with self._guarded() as connection:
            for row in connection.execute(sa.select(_parts).where(_parts.c.period == period)):
                found.setdefault(row.outlet, set()).add(row.part)
        return found

    def add_finished_part(self, period: str, outlet: str, part: str) -> None:
        """Record that a part of a past period was gone through."""
        with self._guarded() as connection:
            row = {"period": period, "outlet": outlet, "part": part}
            connection.execute(insert(_parts).values(row).on_conflict_do_nothing())

    def robots(self) -> list[Robots]:
        """Return the rules of robots.txt as they were last read."""
        with self._guarded() as connection:
            return [msgspec.json.decode(data, type=Robots) for data in connection.scalars(sa.select(_robots.c.data))]

    def add_robots(self, rules: Iterable[Robots]) -> None:
        """Store rules of robots.txt in place of older ones of the same origin."""
        with self._guarded() as connection:
            for rule in rules:
                row = {"origin": rule.origin, "until": rule.until, "data": msgspec.json.encode(rule)}
                _upsert(connection, _robots, row)

    def outlet_days(self, first: date, last: date) -> dict[str, dict[date, int]]:
        """Return outlet -> day -> number of its articles, for the days from `first` to `last` that have any.

        Pages that nothing has extracted yet count by the time (UTC) that announced them, else by that of fetching.
        """
        extracted = (
            sa.select(_articles.c.outlet, _articles.c.day, sa.func.count())
            .where(_articles.c.day.between(first, last))
            .group_by(_articles.c.outlet, _articles.c.day)
        )
        waiting = sa.select(_pages.c.outlet, _pages.c.announced_at, _pages.c.fetched_at).where(
            _pages.c.part == 1, _pages.c.extracted.is_(False)
        )
        found: dict[str, dict[date, int]] = {}
        with self._guarded() as connection:
            for outlet, day, count in connection.execute(extracted):
                found.setdefault(outlet, {})[day] = count
            for outlet, announced, fetched in connection.execute(waiting):
                day = (announced or fetched).date()
                if first <= day <= last:
                    days = found.setdefault(outlet, {})
                    days[day] = days.get(day, 0) + 1
        return found

    def latest_pages(self, outlet: str, most: int) -> list[Page]:
        """Return the first pages of the articles of an outlet that were fetched last, newest first."""
        with self._guarded() as connection:
            query = sa.select(_pages).where(_pages.c.outlet == outlet, _pages.c.part == 1)
            query = query.order_by(_pages.c.fetched_at.desc(), _pages.c.id).limit(most)
            return [_page(row) for row in connection.execute(query)]

    # Articles and tags

    def articles(self, first: date, last: date) -> list[Article]:
        """Return the articles whose day lies from `first` to `last`, in order of id."""
        with self._guarded() as connection:
            query = sa.select(_articles.c.data).where(_articles.c.day.between(first, last)).order_by(_articles.c.id)
            return [msgspec.json.decode(data, type=Article) for data in connection.scalars(query)]

    def untagged(self, model: str) -> Iterator[list[Article]]:
        """Yield, in batches, the articles that `model` has not tagged."""
        tagged = sa.select(_tags.c.article).where(_tags.c.model == model)
        query = sa.select(_articles.c.data).where(_articles.c.id.not_in(tagged)).order_by(_articles.c.id).limit(_BATCH)
        while True:
            with self._guarded() as connection:
                batch = [msgspec.json.decode(data, type=Article) for data in connection.scalars(query)]
            if not batch:
                return
            yield batch

    def add_taggings(self, taggings: Sequence[Tagging]) -> None:
        """Store taggings beside those of other models."""
        with self._guarded() as connection:
            for tagging in taggings:
                _upsert(
                    connection,
                    _tags,
                    {
                        "article": tagging.id,
                        "model": tagging.model,
                        "related": tagging.relevant.value,
                        "data": msgspec.json.encode(tagging),
                    },
                )

    def taggings(self, first: date, last: date, model: str) -> dict[str, Tagging]:
        """Return article id -> tagging by `model` for the articles of these days."""
        with self._guarded() as connection:
            query = (
                sa.select(_tags.c.data)
                .join(_articles, _articles.c.id == _tags.c.article)
                .where(_articles.c.day.between(first, last), _tags.c.model == model)
            )
            taggings = [msgspec.json.decode(data, type=Tagging) for data in connection.scalars(query)]
        return {tagging.id: tagging for tagging in taggings}

    # Stories and the watchlist

    def replace_stories(self, first: date, last: date, stories: Sequence[Story]) -> None:
        """Put `stories` in place of all stories of these days."""
        with self._guarded() as connection:
            connection.execute(sa.delete(_stories).where(_stories.c.day.between(first, last)))
            for story in stories:
                _upsert(connection, _stories, {"id": story.id, "day": story.day, "data": msgspec.json.encode(story)})
                for member in story.members:
                    _upsert(connection, _members, {"article": member.article, "story": story.id})

    def settled(self, first: date) -> frozenset[str]:
        """Return the ids of articles that belong to a story begun before `first`."""
        with self._guarded() as connection:
            query = sa.select(_members.c.article).join(_stories, _stories.c.id == _members.c.story)
            return frozenset(connection.scalars(query.where(_stories.c.day < first)))

    def stories(self, first: date, last: date) -> list[Story]:
        """Return the stories that began from `first` to `last`, by day and id."""
        with self._guarded() as connection:
            query = sa.select(_stories.c.data).where(_stories.c.day.between(first, last))
            query = query.order_by(_stories.c.day, _stories.c.id)
            return [msgspec.json.decode(data, type=Story) for data in connection.scalars(query)]

    def replace_entries(self, day: date, entries: Sequence[WatchlistEntry]) -> None:
        """Put `entries` in place of the watchlist of `day`."""
        with self._guarded() as connection:
            connection.execute(sa.delete(_entries).where(_entries.c.day == day))
            for entry in entries:
                row = {name: getattr(entry, name) for name in ("day", "region", "theme", "level", "score")}
                connection.execute(insert(_entries).values(data=msgspec.json.encode(entry), **row))

    def entries(self, day: date) -> list[WatchlistEntry]:
        """Return the watchlist of `day`, highest score first."""
        with self._guarded() as connection:
            query = sa.select(_entries.c.data).where(_entries.c.day == day)
            query = query.order_by(_entries.c.score.desc(), _entries.c.region, _entries.c.theme)
            return [msgspec.json.decode(data, type=WatchlistEntry) for data in connection.scalars(query)]

    def summary(self, day: date) -> DailySummary | None:
        """Return the summary last made for `day`, None when there was none."""
        with self._guarded() as connection:
            data = connection.scalar(sa.select(_summaries.c.data).where(_summaries.c.day == day))
        return msgspec.json.decode(data, type=DailySummary) if data else None


def _prepare(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _upsert(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in keys}
    connection.execute(insert(table).values(row).on_conflict_do_update(index_elements=keys, set_=rest))


def _rejection_row(rejection: Rejection, day: date) -> dict[str, Any]:
    try:
        key = article_id(rejection.url)
    except ValueError:
        key = hashlib.sha256(rejection.url.encode("utf-8", "replace")).hexdigest()[:16]
    return {"id": key, "day": day, **msgspec.structs.asdict(rejection)}


def _page(row: Any) -> Page:
    fields = {name: getattr(row, name) for name in Page.__struct_fields__ if name != "body"}
    return Page(body=zlib.decompress(row.body), **fields)


def _advice(complaint: str) -> str:
    """Return what a person can do about a complaint of SQLite."""
    advice = {
        "unable to open": "it cannot be opened; check that the folder exists and that you may write there",
        "readonly": "it is read-only; check the permissions of the file and its folder, or name another with --archive",
        "disk is full": "the disk is full; free some space and run again, nothing is lost",
        "not a database": "the file is no SQLite database; move it away, or name another with --archive",
        "malformed": "the file is damaged; restore a copy, or move it away and run again to begin anew",
        "disk I/O": "the disk reports an error; check it and run again",
        "locked": "another program holds it; wait until it is done and run again",
    }
    return next((text for sign, text in advice.items() if sign in complaint), complaint)
