"""What the archive says about the health of the sources: who is silent, who fails, whose pages look different now."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import ZONES, Outlet, Page, SourceRecord
from pilkada_nlp.watchlist import load_weights, volume

_FAILURES: Final = 3  # in a row, from which on a person should look
_UNASKED: Final = timedelta(days=2)  # after which it seems that nothing is run any more
_PAGES: Final = 10  # newest pages of an outlet that its selectors are tried on
_ENOUGH_PAGES: Final = 5
_FOUND: Final = 0.5  # of the pages: a selector that finds less often is out of date


class Health(NamedTuple):
    """The state of one source and of its outlet.

    `yesterday` is the number of the outlet's articles on the last whole day in its zone, `usual` its median over the
    four weeks before. `found` gives, for each field with a selector (title, body, date), on which share of the newest
    pages it finds something; fields without pages to try are left out. `needs` are sentences on what a person should
    look at; none means that all is well.
    """

    outlet: str
    type: str
    address: str
    succeeded_at: datetime | None
    failures: int
    yesterday: int
    usual: float
    found: dict[str, float]
    needs: tuple[str, ...]


def examine(outlets: Sequence[Outlet], archive: Archive, now: datetime) -> list[Health]:
    """Return the health of every source of `outlets` as of `now` (aware)."""
    records = {(record.outlet, record.type, record.address): record for record in archive.source_records()}
    # Three days more, because yesterday is another day in each zone.
    days = archive.outlet_days((now - timedelta(days=load_weights().silence.days + 3)).date(), now.date())
    healths = []
    for outlet in outlets:
        yesterday = _yesterday(outlet, now)
        seen = volume(days.get(outlet.id, {}), yesterday)
        found, stale = _selectors_tried(outlet, archive.latest_pages(outlet.id, _PAGES))
        for kind, address in outlet.sources():
            record = records.get((outlet.id, kind, address)) or SourceRecord(
                outlet=outlet.id, type=kind, address=address
            )
            needs = [*_trouble(record, now), *stale]
            if not records:  # one that was never asked is new, but an archive in which nothing was asked is a wrong one
                needs.append("nothing was ever asked in this archive; is it the right one?")
            if seen.silent and record.asked_at:
                when = "yesterday" if seen.days == 1 else f"in {seen.days} days"
                needs.append(f"silent: {seen.articles} articles {when}, usually {seen.usual:g} a day")
            healths.append(
                Health(
                    outlet.id,
                    kind,
                    address,
                    record.succeeded_at,
                    record.failures,
                    days.get(outlet.id, {}).get(yesterday, 0),
                    seen.usual,
                    found,
                    tuple(needs),
                )
            )
    return healths


def _yesterday(outlet: Outlet, now: datetime) -> date:
    return now.astimezone(ZONES[outlet.timezone][1]).date() - timedelta(days=1)


def _trouble(record: SourceRecord, now: datetime) -> list[str]:
    if record.failures >= _FAILURES:
        return [f"failed {record.failures} times in a row: {record.reason} ({record.detail})"]
    if record.asked_at and now - record.asked_at > _UNASKED:
        return [f"not asked since {record.asked_at:%Y-%m-%d}; is `pilkada fetch` or `daily` still run?"]
    return []


def _selectors_tried(outlet: Outlet, pages: Sequence[Page]) -> tuple[dict[str, float], list[str]]:
    """Return field -> share of pages on which a selector finds text, and sentences on those that rarely do."""
    from lxml import etree, html

    trees = []
    for page in pages:
        if "html" in page.content_type:
            try:
                trees.append(html.fromstring(page.body))
            except (etree.LxmlError, ValueError):
                continue  # extraction has recorded that it is unreadable
    found: dict[str, float] = {}
    stale = []
    for field, selector in _selectors(outlet).items():
        if trees:
            hits = sum(any(node.text_content().strip() for node in tree.cssselect(selector)) for tree in trees)
            found[field] = hits / len(trees)
            if len(trees) >= _ENOUGH_PAGES and found[field] < _FOUND:
                stale.append(f"selector of {field} ({selector}) finds something on {hits} of {len(trees)} pages")
    return found, stale


def _selectors(outlet: Outlet) -> dict[str, str]:
    """Return field -> CSS of everything that an outlet's pages may have there today."""
    current = [group for group in outlet.selectors if group.valid_until is None]
    fields = {
        "title": [group.title for group in current],
        "body": [group.body for group in current],
        "date": [group.date for group in current],
    }
    return {field: ", ".join(filter(None, found)) for field, found in fields.items() if any(found)}
