"""Compares extraction with four other extractors, in one run on the same pages, and prints two tables.

Own pages come from `tests/pages`; real ones from the folder that `PILKADA_MEASURE` names. The others are in the
dependency group `bench`. Words are compared as bags, page by page; CPU time is that of this process, the least of three
rounds.
"""

import importlib
import json
import os
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pilkada_nlp.article import Article, Outlet, Page
from pilkada_nlp.extraction import extract, parse_date
from pilkada_nlp.scrapers import load_outlets

PAGES = Path(__file__).parents[1] / "tests" / "pages"
NOW = datetime(2024, 11, 21, 15, 30, tzinfo=UTC)
ROUNDS = 3
_WORD = re.compile(r"\w+")
_SIGNS = re.compile(
    r"(?i)\b(?:baca|simak|lihat)\s+juga\s*:|advertisement|scroll to (?:continue|resume)|\[gambas|google news"
    r"|whatsapp channel|dapatkan (?:update|berita)|\bcopyright\b|halaman selanjutnya|berita terkait|share this"
)
_CLOSING_CODE = re.compile(r"[(\[][a-z]{2,5}/[a-z]{2,5}[)\]]")


class Case(NamedTuple):
    """A page with what is known of it: None where the gold does not say; `refused` for pages that are no article."""

    name: str
    page: Page
    outlet: Outlet | None
    refused: bool
    text: str
    title: str | None
    published_at: datetime | None


class Output(NamedTuple):
    """What an extractor makes of a page, None for a page that it refuses; the time as it says it, with its zone."""

    text: str
    title: str
    published_at: datetime | None


Extractor = Callable[[Case], Output | None]


def ours(case: Case) -> Output | None:
    """Extract with this package."""
    result = extract(case.page, case.outlet)
    if not isinstance(result, Article):
        return None
    return Output(result.text, result.title, result.published_at)


def trafilatura_with(fast: bool) -> Extractor:
    """Return trafilatura, fast or standard, with its metadata."""
    trafilatura: Any = importlib.import_module("trafilatura")

    def run(case: Case) -> Output | None:
        found = trafilatura.bare_extraction(
            case.page.body.decode("utf-8", "replace"),
            url=case.page.url,
            fast=fast,
            with_metadata=True,
            include_comments=False,
        )
        return found and Output(found.text or "", found.title or "", _time(found.date))

    return run


def newspaper(case: Case) -> Output | None:
    """Extract with newspaper4k."""
    module: Any = importlib.import_module("newspaper")
    article = module.Article(case.page.url, language="id", fetch_images=False)
    article.download(input_html=case.page.body.decode("utf-8", "replace"))
    article.parse()
    return Output(article.text, article.title, _time(str(article.publish_date or "")))


def readability(case: Case) -> Output | None:
    """Extract with readability-lxml."""
    from lxml import html

    module: Any = importlib.import_module("readability")
    document = module.Document(case.page.body)
    return Output(html.fromstring(document.summary()).text_content(), document.short_title(), None)


def resiliparse(case: Case) -> Output | None:
    """Extract with resiliparse's plain text, main content only."""
    plain: Any = importlib.import_module("resiliparse.extract.html2text")
    tree: Any = importlib.import_module("resiliparse.parse.html")
    document = tree.HTMLTree.parse(case.page.body.decode("utf-8", "replace"))
    return Output(plain.extract_plain_text(document, main_content=True), document.title or "", None)


def _time(text: str | None) -> datetime | None:
    shown = parse_date(text or "", None)
    return shown.at if shown else None


def own_cases() -> Iterator[Case]:
    """Yield the pages of the tests; a split article counts with its first page only where all of it stands there."""
    outlets = load_outlets()
    for path in sorted(PAGES.glob("*/*.json")):
        row = json.loads(path.read_text(encoding="utf-8"))
        if row.get("parts") or row.get("content_type"):
            continue
        page = _page(path.with_suffix(".html").read_bytes(), row["url"], path.parent.name)
        gold = row.get("article", {})
        published = gold.get("published_at")
        visible = published and "announced_at" not in row
        yield Case(
            f"{path.parent.name}/{path.stem}",
            page,
            outlets.get(path.parent.name),
            "refused" in row,
            "\n".join(gold.get("paragraphs", ())),
            gold.get("title"),
            datetime.fromisoformat(published).astimezone(UTC) if visible else None,
        )


def real_cases(folder: Path) -> Iterator[Case]:
    """Yield the real pages with gold; listings, and texts in English, are pages to refuse."""
    outlets = load_outlets()
    for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "feed" or (row["kind"] == "article" and not row.get("gold_text")):
            continue
        published = datetime.fromisoformat(row["gold_date"]) if row.get("gold_date") else None
        fetched = published + timedelta(hours=12) if published else NOW
        url = row.get("url") or "https://contoh.id/berita/satu"
        page = _page((folder / row["file"]).read_bytes(), url, row["outlet"], fetched)
        # One article is in English, and two pages are photo galleries whose text is nothing but captions.
        refused = row["kind"] == "listing" or bool(re.search(r"//en\.|/readfoto/|//photo\.", url))
        text = "" if refused else row["gold_text"]
        # All of these sites are in Jakarta; outlets of the table that they belong to have selectors besides.
        outlet = outlets.get(row["outlet"]) or Outlet(id=row["outlet"], name="", home=url)
        yield Case(row["file"], page, outlet, refused, text, row.get("gold_title"), published)


def _has_selectors(case: Case) -> bool:
    return bool(case.outlet and case.outlet.selectors)


def _without_selectors(case: Case) -> Case:
    return case._replace(outlet=msgspec.structs.replace(case.outlet, selectors=()) if case.outlet else None)


def _page(body: bytes, url: str, outlet: str, fetched: datetime = NOW) -> Page:
    return Page(
        requested_url=url, url=url, outlet=outlet, fetched_at=fetched, status=200, content_type="text/html", body=body
    )


def f1(found: str, gold: str) -> float:
    """Return the F1 of two texts as bags of words."""
    mine, theirs = Counter(_WORD.findall(found.lower())), Counter(_WORD.findall(gold.lower()))
    common = sum((mine & theirs).values())
    return 2 * common / ((sum(mine.values()) + sum(theirs.values())) or 1)


def leaks(found: str, case: Case) -> bool:
    """Say whether boilerplate, or the headline of another article, reached the text."""
    if any(sign.search(found) and not sign.search(case.text) for sign in (_SIGNS, _CLOSING_CODE)):
        return True
    lines = set(map(_squeezed, re.findall(r"(?is)<a\b[^>]*>(.*?)</a>", case.page.body.decode("utf-8", "replace"))))
    seen, gold = _squeezed(found), _squeezed(case.text)
    return any(len(line.split()) >= 4 and line in seen and line not in gold for line in lines)


def _squeezed(text: str) -> str:
    return " ".join(_WORD.findall(re.sub(r"<[^>]+>", " ", text).lower()))


class Score(NamedTuple):
    """What one extractor made of a set of pages; shares in percent."""

    f1: float
    leaking: float
    titles: float
    minutes: float
    wrongly_kept: int
    refused: int
    per_second: float


def score(extractor: Extractor, cases: Sequence[Case]) -> Score:
    """Run an extractor over all pages."""
    seconds = []
    outputs: list[Output | None] = []
    for _ in range(ROUNDS):
        before = time.process_time()
        outputs = [_tried(extractor, case) for case in cases]
        seconds.append(time.process_time() - before)
    pairs = [(case, output) for case, output in zip(cases, outputs, strict=True) if not case.refused]
    timed = [(case, output) for case, output in pairs if case.published_at]
    titled = [(case, output) for case, output in pairs if case.title]
    return Score(
        sum(f1(output.text if output else "", case.text) for case, output in pairs) / len(pairs),
        100 * sum(leaks(output.text, case) for case, output in pairs if output) / len(pairs),
        100
        * sum(bool(output) and output.title == case.title for case, output in titled if output)
        / max(1, len(titled)),
        100 * sum(_same_minute(output, case) for case, output in timed) / max(1, len(timed)),
        sum(
            1
            for case, output in zip(cases, outputs, strict=True)
            if case.refused and output and len(output.text) >= 200
        ),
        sum(1 for _, output in pairs if output is None),
        len(cases) / min(seconds),
    )


def _tried(extractor: Extractor, case: Case) -> Output | None:
    try:
        return extractor(case)
    except Exception as error:
        print(f"{case.name}: {type(error).__name__}: {error}"[:160], file=sys.stderr)
        return None


def _same_minute(output: Output | None, case: Case) -> bool:
    found, gold = output.published_at if output else None, case.published_at
    if found is None or gold is None:
        return False
    return found.replace(second=0, microsecond=0) == gold.replace(second=0, microsecond=0)


def extractors() -> dict[str, Extractor]:
    """Return this package and its peers by name."""
    return {
        "this package": ours,
        "trafilatura, standard": trafilatura_with(fast=False),
        "trafilatura, fast": trafilatura_with(fast=True),
        "newspaper4k": newspaper,
        "readability-lxml": readability,
        "resiliparse": resiliparse,
    }


def show(name: str, cases: Sequence[Case]) -> None:
    """Print the table of one set of pages."""
    articles = sum(not case.refused for case in cases)
    print(f"\n{name}: {articles} articles, {len(cases) - articles} pages to refuse\n")
    measures = (
        "body F1 | pages that leak, % | title exact, % | minute and zone, % | no article, kept | article, refused"
    )
    print(f"| extractor | {measures} | pages per CPU-second |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for label, extractor in extractors().items():
        result = score(extractor, cases)
        cells = (f"{result.f1:.3f}", *(f"{value:.0f}" for value in result[1:]))
        print(f"| {label} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print a table for the own pages and one for the real ones, and speed with and without selectors."""
    warnings.simplefilter("ignore")
    own = list(own_cases())
    show("Own pages", own)
    folder = os.environ.get("PILKADA_MEASURE")
    if not folder:
        print("\nPILKADA_MEASURE is not set: nothing was measured on real pages.")
        return
    real = list(real_cases(Path(folder) / "data" / "pages"))
    show("Real pages", real)
    articles = [case for case in real if not case.refused]
    show("Real pages, articles whose outlet has selectors", [case for case in articles if _has_selectors(case)])
    show("Real pages, without any selectors", [_without_selectors(case) for case in articles])


if __name__ == "__main__":
    main()
