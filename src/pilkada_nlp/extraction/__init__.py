"""From a fetched page to a clean article, or to the reason why there is none. Pure: bytes in, values out.

`document` makes a bounded tree of a page, `metadata` reads what it says about its article, `body` finds the text,
`boilerplate` takes out of its lines what outlets put there, `refusals` tell the pages that are no article, `joining`
says which further pages one has. `workers` do all this in processes that can be killed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pilkada_nlp.article import ZONES, Article, Outlet, Page, Rejection, article_id
from pilkada_nlp.extraction.body import Body, find_body, selectors_on
from pilkada_nlp.extraction.boilerplate import Cleaned, Removal, clean_lines, dateline, unique
from pilkada_nlp.extraction.dates import is_date_line, parse_date
from pilkada_nlp.extraction.document import Refusal, parse
from pilkada_nlp.extraction.joining import linked_pages, whole_address
from pilkada_nlp.extraction.metadata import address_mark, find_people, find_section, find_tags, find_times, find_title
from pilkada_nlp.extraction.refusals import no_article

__all__ = ["Extraction", "Removal", "as_dict", "explain", "extract", "further_pages", "parse_date"]


class Extraction(NamedTuple):
    """What became of a page and why: the rule that gave each field, and what was taken out of the body."""

    result: Article | Rejection
    rules: dict[str, str]
    removed: list[Removal]


def extract(page: Page, outlet: Outlet | None = None, continuation: Sequence[Page] = ()) -> Article | Rejection:
    """Return the article on a page, or why there is none.

    `continuation` are the further pages of a split article, in order. Without an outlet nothing is assumed about
    selectors or time zone. An article's time is taken from the page, else from the feed that announced it; a time
    more than a day after fetching or before 1998 is not believed. TypeError for what is no page, such as HTML alone.
    """
    return explain(page, outlet, continuation).result


def further_pages(page: Page, outlet: Outlet | None = None) -> list[str]:
    """Return the addresses of the other pages of a split article, in order; [] when there are none."""
    document = parse(page)
    return [] if isinstance(document, Refusal) else linked_pages(document, outlet)


def explain(page: Page, outlet: Outlet | None = None, continuation: Sequence[Page] = ()) -> Extraction:
    """Return what `extract` returns, with the rule behind each field and what was removed by which rule."""
    if not isinstance(page, Page):
        raise TypeError(
            f"a Page is needed, not {type(page).__name__}; make one with pilkada_nlp.inputs.page_of_html(content, url)"
        )
    document = parse(page)
    if isinstance(document, Refusal):
        return Extraction(_rejection(page, document), {}, [])
    day = page.fetched_at.date()
    rules = selectors_on(outlet, day)
    title = find_title(document, rules)
    body = find_body(document, outlet, day)
    cleaned = _cleaned(body, title.value)
    removed = [*body.removed, *cleaned.removed]
    lines, closing = _joined(cleaned, title.value, outlet, continuation, removed)
    text = "\n\n".join(lines)
    found = {"title": title.rule, "text": body.rule}
    if refusal := no_article(document, title.value, text, body.rule):
        return Extraction(_rejection(page, refusal), found, removed)
    times = find_times(document, page, outlet, rules)
    authors, editors, by = find_people(document, rules)
    zone = ZONES[outlet.timezone if outlet else "Asia/Jakarta"][1]
    shown = times.published
    url = document.address
    article = Article(
        id=article_id(url),
        url=url,
        outlet=page.outlet,
        title=title.value,
        text=text,
        day=shown.on if shown else page.fetched_at.astimezone(zone).date(),
        fetched_at=page.fetched_at,
        published_at=shown.at if shown else None,
        published_on=shown.on if shown else None,
        authors=tuple(authors or unique(closing.authors)),
        section=find_section(document),
        complete=len(continuation) >= len(linked_pages(document, outlet)),
        updated_at=times.updated_at,
        editors=tuple(unique([*closing.editors, *editors])),
        tags=find_tags(document),
        dateline=dateline(lines[0], body.lead),
        marks=tuple(unique([*closing.marks, *address_mark(url)])),
        source_line=closing.source_line,
    )
    found |= {"published_at": times.rule, "authors": by if authors else "closing lines"}
    return Extraction(article, found, removed)


def as_dict(result: Article | Rejection) -> dict[str, object]:
    """Return an article as plain data for JSON, times in ISO 8601; a refusal as `refused` and `detail`."""
    if isinstance(result, Rejection):
        return {"url": result.url, "refused": result.reason, "detail": result.detail}
    return {
        "url": result.url,
        "title": result.title,
        "body": result.text,
        "paragraphs": list(result.paragraphs),
        "published_at": result.published_at and result.published_at.isoformat(),
        "published_on": result.published_on and result.published_on.isoformat(),
        "updated_at": result.updated_at and result.updated_at.isoformat(),
        "authors": list(result.authors),
        "editors": list(result.editors),
        "section": result.section,
        "tags": list(result.tags),
        "dateline": result.dateline,
        "marks": list(result.marks),
        "source_line": result.source_line,
        "outlet": result.outlet,
        "complete": result.complete,
    }


def _rejection(page: Page, refusal: Refusal) -> Rejection:
    return Rejection(
        url=page.requested_url,
        outlet=page.outlet,
        stage="extract",
        reason=refusal.reason,
        detail=refusal.detail,
        at=page.fetched_at,
    )


def _cleaned(body: Body, title: str) -> Cleaned:
    """Return the lines of a body without boilerplate and without headline and date above it."""
    cleaned = clean_lines(body.lines)
    while cleaned.lines and (cleaned.lines[0] == title or is_date_line(cleaned.lines[0])):
        cleaned.removed.append(Removal(cleaned.lines.pop(0), "headline or date above the text"))
    return cleaned


def _joined(
    first: Cleaned, title: str, outlet: Outlet | None, continuation: Sequence[Page], removed: list[Removal]
) -> tuple[list[str], Cleaned]:
    """Return the lines of all pages, none of an earlier page again, and the closing facts of the last page."""
    lines, closing = list(first.lines), first
    for part in continuation:
        document = parse(part)
        if isinstance(document, Refusal):
            continue
        body = find_body(document, outlet, part.fetched_at.date())
        closing = _cleaned(body, title)
        removed.extend((*body.removed, *closing.removed))
        if whole_address(part.url) and sum(map(len, closing.lines)) >= sum(map(len, lines)):
            lines = list(closing.lines)
        else:
            seen = frozenset(lines)
            lines += [line for line in closing.lines if line not in seen]
    return lines, closing
