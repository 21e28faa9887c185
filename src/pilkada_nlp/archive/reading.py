"""What was fetched and what was set aside: pages, reasons, and what is known of sources."""

import hashlib
import zlib
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

import pilkada_nlp.archive.tables as t
from pilkada_nlp.archive.database import Database, upsert
from pilkada_nlp.article import PASSING, Article, Page, Rejection, Robots, SourceRecord, article_id

_BATCH: Final = 200  # rows held in memory while a stage walks through its work


class Reading(Database):
    """The part of the archive that fetching and extraction use."""

    def known(self) -> Container[str]:
        """Return the ids of all addresses that need not be fetched again: read, or set aside for good.

        Each is looked up when it is asked for, so that a large archive costs nothing. What was too old is not among
        them, because that depends on how far back one asks.
        """
        return _Known(self)

    def add_pages(self, pages: Sequence[Page]) -> None:
        """Store all pages of one article at once; they wait for extraction."""
        key = article_id(pages[0].requested_url)
        with self._guarded() as connection:
            for page in pages:
                row = {name: getattr(page, name) for name in Page.__struct_fields__ if name not in ("body",)}
                upsert(connection, t.pages, {"id": key, "body": zlib.compress(page.body), "extracted": False, **row})
            connection.execute(sa.delete(t.rejections).where(t.rejections.c.id == key))

    def add_rejection(self, rejection: Rejection, day: date) -> None:
        """Record why an address was set aside in the run for `day`; the newest reason counts.

        Only that something is too old is said once, however often it is announced again.
        """
        row = _rejection_row(rejection, day)
        with self._guarded() as connection:
            if rejection.reason == "too_old":
                connection.execute(insert(t.rejections).values(row).on_conflict_do_nothing())
            else:
                upsert(connection, t.rejections, row)

    def unextracted(self) -> Iterator[list[tuple[Page, ...]]]:
        """Yield, in batches, the pages of each article that extraction has not seen."""
        while True:
            with self._guarded() as connection:
                waiting = (
                    sa.select(t.pages.c.id)
                    .where(t.pages.c.part == 1, t.pages.c.extracted.is_(False))
                    .order_by(t.pages.c.id)
                    .limit(_BATCH)
                )
                keys = connection.scalars(waiting).all()
                rows = connection.execute(
                    sa.select(t.pages).where(t.pages.c.id.in_(keys)).order_by(t.pages.c.id, t.pages.c.part)
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
                if not _added(connection, result):
                    twin = Rejection(
                        url=page.requested_url,
                        outlet=page.outlet,
                        stage="extract",
                        reason="duplicate",
                        detail=f"its canonical link is that of article {result.id}",
                        at=page.fetched_at,
                    )
                    upsert(connection, t.rejections, _rejection_row(twin, day))
            else:
                upsert(connection, t.rejections, _rejection_row(result, day))
            connection.execute(sa.update(t.pages).where(t.pages.c.id == key).values(extracted=True))

    def add_articles(self, articles: Iterable[Article]) -> int:
        """Store articles that come from elsewhere than a fetched page, and return how many are new.

        One whose id is there already stays as it is. They wait for tagging, as `daily.bring_up_to_date` does it.
        """
        with self._guarded() as connection:
            return sum(_added(connection, article) for article in articles)

    def rejections(self, day: date) -> list[Rejection]:
        """Return what the runs for `day` set aside, in order of address."""
        with self._guarded() as connection:
            query = sa.select(t.rejections).where(t.rejections.c.day == day).order_by(t.rejections.c.url)
            rows = connection.execute(query).mappings().all()
        return [Rejection(**{name: row[name] for name in Rejection.__struct_fields__}) for row in rows]

    def source_records(self) -> list[SourceRecord]:
        """Return what is known of each source that was ever asked, by outlet, type and address."""
        with self._guarded() as connection:
            query = sa.select(t.sources.c.data).order_by(t.sources.c.outlet, t.sources.c.type, t.sources.c.address)
            return [msgspec.json.decode(data, type=SourceRecord) for data in connection.scalars(query)]

    def add_source_record(self, record: SourceRecord) -> None:
        """Store what is known of a source in place of what was known before."""
        row = {name: getattr(record, name) for name in ("outlet", "type", "address", "outcome", "due_at")}
        with self._guarded() as connection:
            upsert(connection, t.sources, {**row, "data": msgspec.json.encode(record)})
            if record.outcome != "failed":  # what was said of its address at an earlier failure is over
                over = t.rejections.c.url == record.address, t.rejections.c.reason.in_(PASSING)
                connection.execute(sa.delete(t.rejections).where(*over))

    def finished_parts(self, period: str) -> dict[str, set[str]]:
        """Return outlet -> parts of a past period (named as in `add_finished_part`) that were gone through."""
        found: dict[str, set[str]] = {}
        with self._guarded() as connection:
            for row in connection.execute(sa.select(t.parts).where(t.parts.c.period == period)):
                found.setdefault(row.outlet, set()).add(row.part)
        return found

    def add_finished_part(self, period: str, outlet: str, part: str) -> None:
        """Record that a part of a past period was gone through."""
        with self._guarded() as connection:
            row = {"period": period, "outlet": outlet, "part": part}
            connection.execute(insert(t.parts).values(row).on_conflict_do_nothing())

    def robots(self) -> list[Robots]:
        """Return the rules of robots.txt as they were last read."""
        with self._guarded() as connection:
            return [msgspec.json.decode(data, type=Robots) for data in connection.scalars(sa.select(t.robots.c.data))]

    def add_robots(self, rules: Iterable[Robots]) -> None:
        """Store rules of robots.txt in place of older ones of the same origin."""
        with self._guarded() as connection:
            for rule in rules:
                row = {"origin": rule.origin, "until": rule.until, "data": msgspec.json.encode(rule)}
                upsert(connection, t.robots, row)

    def outlet_days(self, first: date, last: date) -> dict[str, dict[date, int]]:
        """Return outlet -> day -> number of its articles, for the days from `first` to `last` that have any.

        Pages that nothing has extracted yet count by the time (UTC) that announced them, else by that of fetching.
        """
        extracted = (
            sa.select(t.articles.c.outlet, t.articles.c.day, sa.func.count())
            .where(t.articles.c.day.between(first, last))
            .group_by(t.articles.c.outlet, t.articles.c.day)
        )
        waiting = sa.select(t.pages.c.outlet, t.pages.c.announced_at, t.pages.c.fetched_at).where(
            t.pages.c.part == 1, t.pages.c.extracted.is_(False)
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
            query = sa.select(t.pages).where(t.pages.c.outlet == outlet, t.pages.c.part == 1)
            query = query.order_by(t.pages.c.fetched_at.desc(), t.pages.c.id).limit(most)
            return [_page(row) for row in connection.execute(query)]


class _Known:
    """The ids of addresses that need no fetching, as something to ask `in` of."""

    def __init__(self, archive: Reading) -> None:
        self._archive = archive
        # Asked for every link there is: making the question takes longer than answering it.
        key: sa.BindParameter[str] = sa.bindparam("key")
        page = sa.exists().where(t.pages.c.id == key, t.pages.c.part == 1)
        passing = sorted(PASSING | {"too_old"})
        final = sa.exists().where(t.rejections.c.id == key, t.rejections.c.reason.not_in(passing))
        self._question = sa.select(page | final)

    def __contains__(self, key: object) -> bool:
        with self._archive._guarded() as connection:
            return bool(connection.scalar(self._question, {"key": key}))


def _added(connection: sa.Connection, article: Article) -> bool:
    """Store an article unless one of its id is there; return whether it was new."""
    row = {name: getattr(article, name) for name in ("id", "url", "outlet", "day", "title", "fetched_at")}
    write = insert(t.articles).values(data=msgspec.json.encode(article), **row)
    return bool(connection.execute(write.on_conflict_do_nothing()).rowcount)


def _rejection_row(rejection: Rejection, day: date) -> dict[str, Any]:
    try:
        key = article_id(rejection.url)
    except ValueError:
        key = hashlib.sha256(rejection.url.encode("utf-8", "replace")).hexdigest()[:16]
    return {"id": key, "day": day, **msgspec.structs.asdict(rejection)}


def _page(row: Any) -> Page:
    fields = {name: getattr(row, name) for name in Page.__struct_fields__ if name != "body"}
    return Page(body=zlib.decompress(row.body), **fields)
