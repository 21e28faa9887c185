"""Takes the picture of the README: the summary of the demonstration, its beginning and its watchlist side by side.

`make screenshot` needs Debian's chromium (apt-get install chromium) and nothing from the network.
"""

import shutil
import sys
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from pilkada_nlp.demo import run_demo

PICTURE: Final = Path(__file__).parent / "images" / "ringkasan.png"
# No sandbox, because root has none; nothing that would ask for hosts outside.
_ARGUMENTS: Final = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync""".split()
_COLUMN: Final = 592  # pixels; two of them and the line between are the picture
_HEIGHT: Final = 1180
_PARTS: Final = (
    "body",
    "#watchlist figure >> nth=1",
)  # where each column begins on the page: the second is below the map
_SHEET: Final = """<style>body {{ margin: 0; display: flex; gap: 16px; background: #dcd8cf }}</style>
<img src="data:image/png;base64,{}"><img src="data:image/png;base64,{}">"""


def main() -> None:
    """Run the demonstration and write its picture."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("No browser was found; install Debian's chromium (apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        run_demo(Path(folder))
        (page,) = Path(folder).glob("*.html")
        browser = driver.chromium.launch(executable_path=program, args=_ARGUMENTS)
        parts = [b64encode(_part(browser, page, part)).decode() for part in _PARTS]
        sheet = browser.new_page(viewport={"width": 2 * _COLUMN + 16, "height": _HEIGHT})
        sheet.set_content(_SHEET.format(*parts))
        PICTURE.parent.mkdir(exist_ok=True)
        sheet.screenshot(path=PICTURE)
        browser.close()
    print(f"Wrote {PICTURE}: {PICTURE.stat().st_size // 1024} kB")


def _part(browser: Browser, page: Path, selector: str) -> bytes:
    """Return a column of the page as PNG, from where an element begins."""
    tab = browser.new_page(viewport={"width": _COLUMN, "height": _HEIGHT}, color_scheme="light", locale="id")
    tab.goto(page.as_uri())
    top = tab.locator(selector).first.evaluate("part => part.getBoundingClientRect().top + window.scrollY")
    return tab.screenshot(full_page=True, clip={"x": 0, "y": top, "width": _COLUMN, "height": _HEIGHT})


if __name__ == "__main__":
    main()
