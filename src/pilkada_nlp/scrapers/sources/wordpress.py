"""The REST interface of WordPress, which gives text, date and author of posts without their pages."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from pilkada_nlp.article import WORDPRESS_POST, Link, Outlet, Page
from pilkada_nlp.scrapers.sources.desk import Desk, NotASourceError

_PER_PAGE: Final = 50
_MOST_PAGES: Final = 200
_WINDOW: Final = timedelta(days=7)  # a past period is gone through, and can be taken up again, in weeks


class WordPress:
    """A collection of posts, such as https://a.id/wp-json/wp/v2/posts."""

    def __init__(self, address: str, desk: Desk) -> None:
        self._address = address
        self._desk = desk

    def discover(self, outlet: Outlet, since: datetime) -> Iterator[Link]:
        """Yield the posts from `since` on, newest first, in a backfill week by week; their pages come with them."""
        until = self._desk.period.until
        if until is None:
            yield from self._posts(outlet, since, None)
            return
        begin = since
        while begin < until:
            end = min(begin + _WINDOW, until)
            part = f"{self._address} {begin:%Y-%m-%dT%H:%M}/{end:%Y-%m-%dT%H:%M}"
            if not self._desk.is_finished(part):
                failed = len(self._desk.failures)
                yield from self._posts(outlet, begin, end)
                if len(self._desk.failures) == failed:
                    self._desk.finish(part)
            begin = end

    def _posts(self, outlet: Outlet, since: datetime, until: datetime | None) -> Iterator[Link]:
        # The interface takes times without a zone as the site's own; with a zone it converts them.
        query = {"per_page": _PER_PAGE, "after": _iso(since), "_embed": "author,wp:term"}
        if until is not None:
            query["before"] = _iso(until)
        for number in range(1, _MOST_PAGES + 1):
            separator = "&" if "?" in self._address else "?"
            page = self._desk.ask(f"{self._address}{separator}{urlencode({**query, 'page': number})}")
            posts = self._desk.read(page, read_posts) if page else None
            if page is None or not posts:
                return
            yield from (_link(post, page) for post in posts)
            if len(posts) < _PER_PAGE:
                return


def read_posts(body: bytes, base: str) -> list[dict[str, Any]]:
    """Return the posts of an answer that have an address; NotASourceError when the answer is no list of posts."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotASourceError(f"the answer is not the JSON of WordPress ({error})"[:200]) from error
    if not isinstance(data, list) or not all(isinstance(post, dict) for post in data):
        raise NotASourceError("the answer is not a list of posts")
    posts = [post for post in data if isinstance(post.get("link"), str)]
    if data and not posts:
        raise NotASourceError("the answer is a list, but not of posts")
    return posts


def _link(post: dict[str, Any], answer: Page) -> Link:
    url = post["link"]
    published = _utc(post.get("date_gmt"))
    title = post.get("title")
    rendered = title.get("rendered") if isinstance(title, dict) else None
    page = Page(
        requested_url=url,
        url=url,
        outlet=answer.outlet,
        fetched_at=answer.fetched_at,
        status=answer.status,
        content_type=WORDPRESS_POST,
        body=json.dumps(post, ensure_ascii=True).encode(),  # ASCII, because posts may hold lone surrogates
        announced_at=published,
    )
    return Link(url=url, published_at=published, title=rendered if isinstance(rendered, str) else None, page=page)


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _utc(text: object) -> datetime | None:
    """Return a time of a field that ends in `_gmt`."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None
