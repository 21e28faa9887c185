"""The documentation is true: its blocks run, what the code says stands in it, nothing comes from the network."""

import functools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click
import pytest
from bs4 import BeautifulSoup
from docs.generate import DOCS, PARTS, renewed, verbs
from playwright.sync_api import sync_playwright

from pilkada_nlp.demo import serve_site
from tests.test_page_in_browser import ARGUMENTS, CHROMIUM, violations

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
FENCE = re.compile(
    r"^<!-- prepare: [^\n]+\n(?P<hidden>.*?)^-->$|"
    r"^(?:<!-- not run: (?P<skipped>.+?) -->\n)?"
    r'```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.DOTALL | re.MULTILINE,
)

# Every block that is printed but not run, and why; few, because nobody notices when one of them is wrong.
NOT_RUN = [
    ("how-to/label.md", "trains for a minute or two"),
    ("how-to/other-election.md", "needs the clone, and trains for a minute or two"),
    ("how-to/schedule.md", "changes the crontab"),
    ("how-to/schedule.md", "needs systemd"),
    ("tutorial.md", "installs from the network"),
]


class Block(NamedTuple):
    """A fenced block of a page; `title` is the file that the reader writes it to, `skipped` why it is not run.

    `<!-- prepare: WHAT` hides lines of shell that stand for what a person does elsewhere.
    """

    line: int
    language: str
    title: str | None
    text: str
    skipped: str | None


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [
        Block(
            text.count("\n", 0, found.start()) + 1,
            "sh" if found["hidden"] else found["language"],
            found["title"],
            found["hidden"] or found["text"],
            found["skipped"],
        )
        for found in FENCE.finditer(text)
    ]


class Shell:
    """A bash that stays open over the blocks of a page, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PILKADA_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "-e"],
            cwd=home,
            env={**environment, "HOME": str(home), "PATH": path, "COLUMNS": "120", "TZ": "Asia/Jakarta"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, script: str) -> str:
        """Run lines as if typed, and return what they print; a line that fails fails the test."""
        for name, text in (("script", script), ("out", ""), ("err", "")):
            (self.home / f".{name}").write_text(text, encoding="utf-8")
        self._say("source ~/.script > ~/.out 2> ~/.err < /dev/null; echo done")
        assert self._bash.stdout is not None
        answer = self._bash.stdout.readline()
        printed = (self.home / ".out").read_text(encoding="utf-8")
        assert answer == "done\n", f"{script}\n{printed}\n{(self.home / '.err').read_text(encoding='utf-8')}"
        return printed

    def folder(self) -> Path:
        """Return where the shell is."""
        return Path(self.run("pwd").strip())

    def _say(self, line: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{line}\n")
        self._bash.stdin.flush()

    def close(self) -> None:
        """End the shell and what it started."""
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.communicate()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder, which is not its home, since readers may work anywhere."""
    shell = Shell(tmp_path)
    shell.run("mkdir kerja && cd kerja")
    yield shell
    shell.close()


@pytest.fixture(scope="module")
def local() -> Iterator[dict[str, str]]:
    """What stands for addresses that a reader has and we do not: the site of an outlet, and a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serve_site() as outlets:
        yield {
            "outlets add https://contoh.id": f"outlets add --allow-private {outlets[1].home}",
            'home = "https://contoh.id"': f'home = "{outlets[1].home}"\npace = 0.0\nallow_private = true',
            '"https://contoh.id/sitemap.xml"': f'"{outlets[1].home}/sitemap.xml"',
            "--url https://contoh.id": f"--url {outlets[1].home}",
            "8808": str(port),
        }


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.language in ("sh", "python") for block in blocks(page))]
)
def test_the_blocks_of_a_page_run(
    page: str, shell: Shell, local: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order, in one folder; blocks with a title are files, and a `text` block is what the one before prints."""
    monkeypatch.setenv("HOME", str(shell.home))
    monkeypatch.delenv("XDG_DATA_HOME")
    names: dict[str, object] = {"__name__": page}
    printed: str | None = None
    for block in blocks(page):
        text = block.text
        for public, here in local.items():
            text = text.replace(public, here)
        if block.language == "text" and printed is not None:
            assert re.fullmatch(pattern(text), squeezed(printed)), f"{page}, line {block.line}: printed\n{printed}"
        printed = None
        if block.skipped:
            continue
        if block.title:
            path = shell.folder() / Path(block.title.replace("~", str(shell.home)))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif block.language == "sh":
            printed = shell.run(text)
        elif block.language == "python":
            monkeypatch.chdir(shell.folder())
            with redirect_stdout(StringIO()) as output:
                exec(compile(text, f"{page}, line {block.line}", "exec"), names)  # noqa: S102  # the page says it runs
            printed = output.getvalue()


def squeezed(text: str) -> str:
    """Return text with one space for many, and without empty lines."""
    return "".join(f"{' '.join(line.split())}\n" for line in text.splitlines() if line.strip())


def pattern(text: str) -> str:
    """Return the pattern of an output as printed in a page: "…" is any words, on a line of its own any lines."""
    lines = squeezed(text).splitlines()
    return "".join("(?:.*\n)*" if line == "…" else f"{re.escape(line).replace('…', '.*')}\n" for line in lines)


def test_what_is_not_run_is_known() -> None:
    """Blocks that need what a test has not are listed above with their reason."""
    assert [(page, block.skipped) for page in PAGES for block in blocks(page) if block.skipped] == NOT_RUN
    marks = [mark for page in PAGES for mark in re.findall(r"^<!-- not run:", (DOCS / page).read_text("utf-8"), re.M)]
    assert len(marks) == len(NOT_RUN), "a mark stands before no block"


@pytest.mark.parametrize("part", PARTS)
def test_what_follows_from_the_code_is_up_to_date(part: str) -> None:
    """Commands, themes, schemas and imports stand in the pages as the code has them now."""
    page, text = renewed(part)
    assert page.read_text(encoding="utf-8") == text, "run `make docs-reference`"


def test_help_is_the_same_in_a_terminal() -> None:
    """What the reference shows is what a terminal of 80 columns does."""
    run = subprocess.run(
        [sys.executable, "-m", "pilkada_nlp", "labels", "convert", "--help"],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    # The program's name is that of the module here, and of another length, so its line is left out.
    printed = run.stdout.partition("\n")[2].strip()
    assert printed in (DOCS / "reference" / "command.md").read_text(encoding="utf-8")


def test_every_table_is_described() -> None:
    """The page of tables names each file of the package's data."""
    page = (DOCS / "reference" / "tables.md").read_text(encoding="utf-8")
    names = [path.name for path in (ROOT / "src" / "pilkada_nlp" / "data").iterdir() if path.is_file()]
    assert len(names) > 20
    assert not [name for name in names if f"`{name}`" not in page]


def test_every_verb_has_an_example() -> None:
    """Help ends with a line to copy; a group's verbs have theirs."""
    shown = {" ".join(words): command.help for words, command in verbs() if not isinstance(command, click.Group)}
    assert len(shown) > 25
    for name, text in shown.items():
        example = (text or "").partition("Example: ")[2]
        assert " ".join(name.split()[:2]) in example, name


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built as `make docs` does."""
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)]
    run = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return out


def test_nothing_is_loaded_from_the_network(built: Path) -> None:
    """Scripts, styles, fonts and pictures of the built pages all lie beside them."""
    pages = list(built.rglob("*.html"))
    assert len(pages) >= len(PAGES)
    for page in pages:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "lxml")
        loaded = [tag["src"] for tag in soup.select("[src]")]
        loaded += [tag["href"] for tag in soup.select("link[href]:not([rel=canonical])")]
        loaded += [address for tag in soup.select("style") for address in addresses_in(tag.text)]
        assert loaded
        assert not [address for address in loaded if urlsplit(str(address)).netloc], page
    for style in built.rglob("*.css"):
        found = addresses_in(style.read_text(encoding="utf-8"))
        assert not [address for address in found if urlsplit(address).netloc], style


def addresses_in(css: str) -> list[str]:
    """Return what a style sheet loads; pictures that it holds itself are left out."""
    found = re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", css)
    return [address for address in found if not address.startswith("data:")]


@pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the pages were not opened; install Debian's chromium")
def test_a_browser_asks_nobody_else_and_anybody_can_read(built: Path) -> None:
    """Requests, of a search too, go to where the pages are served; axe finds nothing against WCAG 2.1 A and AA."""
    handler = functools.partial(_Quiet, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}"
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        asked: list[str] = []
        complaints: list[str] = []
        bad: list[object] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for name in ("index", "tutorial", "reference/modules", "explanation/architecture"):
            page.goto(f"{home}/{name}.html", wait_until="networkidle")
            if name != "reference/modules":  # long, and axe takes its time
                bad += violations(page)
        page.keyboard.press("/")
        page.keyboard.type("petahana")
        page.wait_for_selector(".md-search-result__link")
        browser.close()
        server.shutdown()
    assert len(asked) > 10
    assert not [address for address in asked if not address.startswith((home, "data:", "blob:"))]
    assert not complaints
    assert not bad


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Keep quiet."""
