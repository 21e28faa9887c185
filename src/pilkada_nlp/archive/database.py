"""The database behind the archive: where it lies, who may work on it, and what its complaints mean."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

import pilkada_nlp.archive.tables as t
from pilkada_nlp.errors import ArchiveBusyError, ArchiveError

ASKED: Final = 900
"""Keys in one question; SQLite before 3.32 takes no more than 999."""

_ASK_AGAIN: Final = 0.5  # seconds between two looks at a lock that another run holds


def default_archive() -> str:
    """Return the address of the archive in the user's data folder (`$XDG_DATA_HOME/pilkada/archive.db`)."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return f"sqlite:///{Path(home) / 'pilkada' / 'archive.db'}"


class Database:
    """A database at an address such as "sqlite:////path/archive.db".

    It is made when it is not there yet; with `create=False` that is an ArchiveError.
    """

    def __init__(self, url: str | None = None, *, create: bool = True) -> None:
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
        # SQLite leaves an empty file where it was stopped before the first table, which is no archive either.
        if not create and not (self.path.exists() and self.path.stat().st_size):
            raise ArchiveError("there is no archive here; `pilkada daily` makes one, --archive names another", self.url)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(
                f"its folder cannot be made ({error.strerror}); name another with --archive", self.url
            ) from error
        self._engine = sa.create_engine(address, connect_args={"timeout": 30})
        sa.event.listen(self._engine, "connect", _prepare)
        version = self._version() or self._made()
        if version in t.ONLY_ADDED:
            version = self._upgraded()
        if version != str(t.SCHEMA_VERSION):
            found = f"schema {version}" if version else "other tables"
            raise ArchiveError(
                f"it has {found}, this version reads schema {t.SCHEMA_VERSION}; use --archive for a new one", self.url
            )

    def _version(self) -> str | None:
        """Return the schema that is there, "" for tables of something else, None for an empty database."""
        with self._guarded() as connection:
            names = sa.inspect(connection).get_table_names()
            if "meta" not in names:
                return "" if names else None
            return str(connection.scalar(sa.select(t.meta.c.value).where(t.meta.c.key == "schema_version")))

    def _made(self) -> str:
        """Make the tables unless another process was faster; all of them or none."""
        with self._guarded() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver begins no transaction for CREATE by itself
            if not sa.inspect(connection).get_table_names():
                t.tables.create_all(connection)
                connection.execute(insert(t.meta).values(key="schema_version", value=str(t.SCHEMA_VERSION)))
        return self._version() or ""

    def _upgraded(self) -> str:
        """Add the tables that came since, unless another process was faster; all of them or none."""
        with self._guarded() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            row = t.meta.c.key == "schema_version"
            version = str(connection.scalar(sa.select(t.meta.c.value).where(row)))
            if version in t.ONLY_ADDED:
                t.tables.create_all(connection, [t.tables.tables[name] for name in t.ONLY_ADDED[version]])
                connection.execute(sa.update(t.meta).where(row).values(value=str(t.SCHEMA_VERSION)))
        return self._version() or ""

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def alone(self, patience: float = 0.0, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Keep other runs from working on the archive; the system lets go of the lock even when a process is killed.

        Waits up to `patience` seconds for another run, after calling `waiting` once; then ArchiveBusyError.
        """
        path = self.path.with_name(self.path.name + ".lock")
        try:
            lock = path.open("w")
        except OSError as error:
            raise ArchiveError(
                f"its lock {path} cannot be opened ({error.strerror}); check the permissions", self.url
            ) from error
        until = time.monotonic() + patience
        with lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= until:
                        busy = "another run is working on it; wait until it is done"
                        raise ArchiveBusyError(busy, self.url) from error
                    if waiting:
                        waiting()
                        waiting = None
                    time.sleep(_ASK_AGAIN)
            yield

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[sa.Connection]:
        """Give a connection in one transaction, and turn the database's complaints into sentences."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise ArchiveError(_advice(str(error.orig)), self.url) from error
        except msgspec.MsgspecError as error:
            raise ArchiveError(
                f"it holds a row that this version cannot read ({error}); restore a copy", self.url
            ) from error


def upsert(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Write a row in place of one with the same key."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in keys}
    connection.execute(insert(table).values(row).on_conflict_do_update(index_elements=keys, set_=rest))


def _prepare(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


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
