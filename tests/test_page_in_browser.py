"""The page in a real browser: it fits a phone and a desk, in light and dark, and anybody can read it."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pilkada_nlp.article.findings import Watchlist
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.summary import render
from tests.conftest import article_of
from tests.sample_summaries import empty_summary, full_summary, large_summary

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# No sandbox, because root has none; nothing that would ask for hosts outside.
ARGUMENTS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync""".split()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="NO BROWSER: the page was not looked at; install Debian's chromium (apt-get install chromium)",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, the one of the system."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of a full page in both languages, an empty and a large one."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {
        "full": render(full_summary())["html"],
        "english": render(full_summary(), "en")["html"],
        "empty": render(empty_summary())["html"],
        "large": render(large_summary())["html"],
        "bad": "<html><title>x</title><p style='color:#999;background:#aaa'>abu-abu</p><img src='x'></html>",
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in texts}


def violations(page: Page) -> list[Any]:
    """Return what axe finds against the rules of WCAG 2.1 A and AA."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        *itertools.product(("full", "english", "empty"), (360, 390, 1280), ("light", "dark")),
        ("large", 360, "light"),  # once on a phone and once at a desk, which is slow enough
        ("large", 1280, "dark"),
    ],
)
def test_the_page_fits_and_is_accessible(
    browser: Browser, pages: dict[str, str], name: str, width: int, scheme: Any
) -> None:
    """Nothing hangs out at the side, folded parts open or not; every rule of WCAG A and AA holds."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(pages[name])
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    page.close()


def test_what_is_wrong_is_found(browser: Browser, pages: dict[str, str]) -> None:
    """The check sees a page without a language, with pale letters and a picture without words."""
    page = browser.new_page()
    page.goto(pages["bad"])
    assert {rule for rule, _ in violations(page)} >= {"color-contrast", "html-has-lang", "image-alt"}
    page.close()


def test_the_page_asks_for_nothing_and_prints(browser: Browser, pages: dict[str, str]) -> None:
    """Opening the page loads one file; on paper it is dark on white whatever the screen was."""
    page = browser.new_page(color_scheme="dark")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages["full"])
    assert asked == [pages["full"]]
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert violations(page) == []
    page.close()


NOTEBOOKS = {
    "a plain page": "",
    "JupyterLab, dark": ":root { --jp-content-font-color1: rgba(255, 255, 255, 0.87); --jp-layout-color0: #111; }",
    "VS Code, dark": ":root { --vscode-editor-foreground: #cccccc; --vscode-editor-background: #1f1f1f; }",
    "VS Code, light": ":root { --vscode-editor-foreground: #3b3b3b; --vscode-editor-background: #ffffff; }",
}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cards_can_be_read_in_every_notebook(
    browser: Browser, tmp_path: Path, tagger: Tagger, notebook: str, scheme: Any
) -> None:
    """Whatever the colours of the notebook and of the system, letters stand out and nothing is wider than a column."""
    summary = full_summary()
    article = article_of("Massa melempari kantor KPU Kabupaten Paser pada Pilkada.", "Pleno ricuh di Paser")
    watchlist = Watchlist(day=summary.day, entries=summary.watchlist)
    values = (article, *tagger.tag([article]), summary.incidents[0], summary.watchlist[0], watchlist, summary)
    body = "".join(value._repr_html_() for value in values)
    style = f"<style>{NOTEBOOKS[notebook]}</style>"
    path = tmp_path / "cards.html"
    path.write_text(
        f'<!doctype html><html lang="id"><title>x</title>{style}<main>{body}</main></html>', encoding="utf-8"
    )
    page = browser.new_page(viewport={"width": 700, "height": 900}, color_scheme=scheme)
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert violations(page) == []
    page.close()


def test_a_code_leads_to_its_line(browser: Browser, pages: dict[str, str]) -> None:
    """Following the code of an entry or a story scrolls to it."""
    page = browser.new_page(viewport={"width": 390, "height": 700})
    page.goto(pages["full"])
    code = page.locator("#headlines .id").first
    code.click()
    assert (
        page.locator(":target").inner_text()
        == "Rapat pleno rekapitulasi dihentikan setelah ricuh di depan gudang logistik"
    )
    assert page.evaluate("scrollY") > 700
    page.goto(pages["full"] + "#64.08/keamanan")
    assert "Kutai Timur" in page.locator(":target").inner_text()
    page.close()
