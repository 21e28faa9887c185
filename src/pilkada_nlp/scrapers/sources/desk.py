"""What a source may do while it looks for links: ask for addresses, say what failed, and skip what is finished."""

from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeVar

from pilkada_nlp.article import Outlet, Page, Reason, Rejection, SourceRecord, article_id
from pilkada_nlp.scrapers.fetcher import SOURCE_LIMIT, Fetcher, Validators

Read = TypeVar("Read")

HTML_LIMIT: Final = 3_000_000  # bytes of a page that is searched for links; its tree takes 80 times the memory
_OVERLAP: Final = timedelta(days=1)  # asked about again, because articles are announced late and back-dated
_REMEMBERED: Final = 50  # addresses of one source whose validators are kept


class NotASourceError(ValueError):
    """The bytes are no feed, sitemap, listing or collection at all, which is not the same as an empty one."""


class Period(NamedTuple):
    """The time of publication that is asked about, in UTC.

    With `until` it is a past period to be gone through whole, however many pages that takes (a backfill), and what was
    finished before an interruption is not asked for again. Without, a source is asked what is new.
    """

    since: datetime
    until: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Say whether a time lies in the period."""
        return self.since <= moment and (self.until is None or moment < self.until)


class Desk:
    """One asking of one source; afterwards it knows what came of it.

    `known` are ids of articles that need not be fetched, `finished` names of the parts of the period that an earlier
    run went through.
    """

    def __init__(
        self,
        outlet: Outlet,
        record: SourceRecord,
        period: Period,
        fetcher: Fetcher,
        known: Container[str],
        finished: Container[str] = (),
    ) -> None:
        self.outlet = outlet
        self.record = record
        self.period = period
        self.fetcher = fetcher
        self.answers = 0
        self.unmodified = 0
        self.failures: list[Rejection] = []
        self._newly_finished: list[str] = []
        self.validators: dict[str, tuple[str | None, str | None]] = {}
        self.least_interval = 0.0  # seconds for which the source says that nothing will change
        self._known = known
        self._finished = finished
        # What was settled for a shorter past says nothing about a longer one.
        self._settled = bool(
            not self.backfill and record.settled_since is not None and period.since >= record.settled_since
        )

    @property
    def backfill(self) -> bool:
        """Whether a past period is to be gone through whole."""
        return self.period.until is not None

    def since(self) -> datetime:
        """Return from when on the source need be asked: the period's begin, or shortly before it was last settled."""
        if self._settled and self.record.settled_at is not None:
            return max(self.period.since, self.record.settled_at - _OVERLAP)
        return self.period.since

    def ask(self, address: str, limit: int = SOURCE_LIMIT) -> Page | None:
        """Return what is at an address, of at most `limit` bytes; None when unchanged, or failed, which is noted."""
        seen = Validators(*self.record.validators.get(address, ())) if self._settled else None
        answer = self.fetcher.ask(address, self.outlet, seen, limit=limit)
        if isinstance(answer, Rejection):
            self.failures.append(answer)
            return None
        self.answers += 1
        if answer.validators != Validators() and len(self.validators) < _REMEMBERED:
            self.validators[address] = (answer.validators.etag, answer.validators.modified)
        if answer.page is None:
            self.unmodified += 1
        return answer.page

    def read(self, page: Page, reader: Callable[[bytes, str], Read]) -> Read | None:
        """Return what `reader` makes of a page's bytes and address; None when they are no source, which is noted."""
        try:
            return reader(page.body, page.url)
        except NotASourceError as error:
            self.fail(page.requested_url, "not_a_source", str(error))
        except Exception as error:
            # Whatever bytes do to a parser, they must not stop the other sources, today and every day after.
            self.fail(page.requested_url, "unreadable", f"{type(error).__name__}: {error}"[:200])
        return None

    def fail(self, url: str, reason: Reason, detail: str) -> None:
        """Note that something that was announced, or should announce, cannot be used."""
        self.validators.pop(url, None)
        if reason in ("not_a_source", "unreadable"):
            self.answers = max(0, self.answers - 1)
        self.failures.append(
            Rejection(
                url=url, outlet=self.outlet.id, stage="discover", reason=reason, detail=detail, at=self.fetcher.clock()
            )
        )

    def always_ask(self, address: str) -> None:
        """Forget the version of an address that says nothing about whether what it points to has changed."""
        self.validators.pop(address, None)

    def knows(self, url: str) -> bool:
        """Say whether an article is known already."""
        try:
            return article_id(url) in self._known
        except ValueError:
            return False

    def is_finished(self, part: str) -> bool:
        """Say whether an interrupted run over the same period got through a part of it."""
        return self.backfill and part in self._finished

    def finish(self, part: str) -> None:
        """Note that a part of the period is done with. A source is only resumed after its links were dealt with."""
        if self.backfill:
            self._newly_finished.append(part)

    def take_finished(self) -> list[str]:
        """Return the parts that were finished since this was last called."""
        parts, self._newly_finished = self._newly_finished, []
        return parts


def moment_of(text: str) -> datetime | None:
    """Return an ISO 8601 time in UTC; None without an hour and a zone, because neither is invented."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
