"""Own pages in the shapes of many outlets: each comes back exactly as its JSON says, written before the code."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pilkada_nlp.article import Article, Outlet, Page, Rejection, Selectors
from pilkada_nlp.extraction import extract, further_pages
from pilkada_nlp.scrapers import load_outlets
from tests.conftest import page_of

FOLDER = Path(__file__).parent / "pages"
PAGES = sorted(FOLDER.glob("*/*.json"))
OUTLETS = load_outlets()
TIMES = ("published_at", "updated_at")
SILENT: dict[str, Any] = {
    "published_at": None,
    "published_on": None,
    "updated_at": None,
    "authors": [],
    "editors": [],
    "section": None,
    "tags": [],
    "dateline": None,
    "marks": [],
    "source_line": None,
    "complete": True,
}


def read_page(path: Path) -> tuple[Page, Outlet | None, list[Page], dict[str, Any]]:
    """Return a page, its outlet, its further pages, and what is expected of them."""
    expected = json.loads(path.read_text(encoding="utf-8"))
    known = OUTLETS.get(path.parent.name)
    if known is None and {"timezone", "selectors"} & set(expected):  # a site that is not in the table
        known = Outlet(
            id=path.parent.name,
            name="",
            home="https://contoh.id",
            timezone=expected.get("timezone", "Asia/Jakarta"),
            selectors=tuple(Selectors(**rule) for rule in expected.get("selectors", ())),
        )
    fields = {name: expected[name] for name in ("content_type",) if name in expected}
    times = {
        name: datetime.fromisoformat(expected[name]) for name in ("fetched_at", "announced_at") if name in expected
    }
    page = page_of(path.with_suffix(".html").read_bytes(), expected["url"], **fields, **times)
    addresses = expected.get("further_pages", [])
    rest = [
        page_of((path.parent / name).read_bytes(), address, part=number)
        for number, (name, address) in enumerate(zip(expected.get("parts", []), addresses, strict=False), 2)
    ]
    return page, known, rest, expected


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_page_comes_back_as_its_gold_says(path: Path) -> None:
    """Title, paragraphs, times to the minute, and every fact beside the text; or the right refusal."""
    page, outlet, rest, expected = read_page(path)
    result = extract(page, outlet, rest)
    if "refused" in expected:
        assert isinstance(result, Rejection), result
        assert (result.stage, result.reason) == ("extract", expected["refused"])
        return
    assert isinstance(result, Article), result
    assert found(result) == wanted(expected["article"], result)
    assert further_pages(page, outlet) == expected.get("further_pages", [])


def found(article: Article) -> dict[str, Any]:
    """Return the fields of an article in the form of the gold."""
    shown: dict[str, Any] = {name: getattr(article, name) for name in ("title", *SILENT, "paragraphs", "url")}
    for name, value in shown.items():
        if isinstance(value, tuple):
            shown[name] = list(value)
        elif isinstance(value, datetime):
            shown[name] = value.replace(second=0)
    if article.published_at:
        shown["published_on"] = None
    return shown


def wanted(gold: dict[str, Any], article: Article) -> dict[str, Any]:
    """Return the gold with what it leaves unsaid, times in UTC; the address only where it differs from the page's."""
    full = {"url": article.url, **SILENT, **gold}
    for name in TIMES:
        if full[name]:
            full[name] = datetime.fromisoformat(full[name]).astimezone(UTC).replace(second=0)
    if full["published_on"]:
        full["published_on"] = date.fromisoformat(full["published_on"])
    return full


def test_there_are_pages_enough() -> None:
    """At least sixty pages in the shapes of twenty-five outlets, and each outlet that says it is tested has one."""
    assert len(PAGES) >= 60
    folders = {path.parent.name for path in PAGES}
    assert len(folders) >= 25
    tested = {outlet.id for outlet in OUTLETS.values() if outlet.selectors_tested}
    assert tested
    assert tested <= folders
