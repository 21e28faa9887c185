"""The README is true: its blocks run, its commands, links and figures exist, and both languages say the same."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import click
import pytest

from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.cli import main
from pilkada_nlp.corpora import read_corpus
from pilkada_nlp.training import train_version
from pilkada_nlp.versions import Gates, Versions
from tests.test_docs import Shell, blocks, pattern, squeezed

ROOT = Path(__file__).parents[1]
ENGLISH, INDONESIAN = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.id.md"))
BOTH = pytest.mark.parametrize("readme", [ENGLISH, INDONESIAN], ids=["english", "indonesian"])

# What runs instead of a line of the README, and why; every other line runs as it is printed.
INSTEAD = {
    "make demo\n": "pilkada demo --out demo-output\n",  # without the set-up from the network
    "make test\n": "",  # which would run this test
    ". .venv/bin/activate\n": "",  # the clone of the test has none; the shell finds the command already
}
_EVERY = 20  # one in so many articles of the corpora is learned from, so that training takes seconds


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell in something like a fresh clone, with fewer texts to learn from."""
    clone = tmp_path / "clone"
    for path in [path for name in ("berita", "ringkas", "kalimat") for path in (ROOT / "corpora" / name).iterdir()]:
        few = clone / "corpora" / path.parent.name / path.name
        few.parent.mkdir(parents=True, exist_ok=True)
        few.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[::_EVERY]), encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / ".local" / "share"))
    shell = Shell(tmp_path)
    shell.run(f"cd {clone}")
    yield shell
    shell.close()


def serve_a_model_of_few_texts(home: Path) -> None:
    """Put a model of the fewer texts in service, since none of them can pass the gates against the shipped one."""
    corpora = home / "clone" / "corpora"
    versions = Versions(home / ".local" / "share" / "pilkada" / "models")
    name = train_version(versions, read_corpus([corpora / "berita", corpora / "ringkas"]), []).manifest.name
    versions.promote(name, gates=Gates(sure=0.8, seed=0, tolerance={}, labels={}))


def test_the_blocks_run(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, in one shell; a `text` block is what the block before it prints."""
    printed = ""
    replaced = set()
    for block in blocks("../README.md"):
        text = block.text
        for line in INSTEAD:
            if line in text:
                replaced.add(line)
                text = text.replace(line, INSTEAD[line])
        if "pilkada train" in text:
            serve_a_model_of_few_texts(shell.home)
        if block.language == "text":
            assert re.fullmatch(pattern(text), squeezed(printed)), f"line {block.line}: printed\n{printed}"
        elif block.language == "python":
            monkeypatch.chdir(shell.folder())
            with redirect_stdout(StringIO()) as output:
                exec(compile(text, f"README.md, line {block.line}", "exec"), {})  # noqa: S102  # the README says it runs
            printed = output.getvalue()
        else:
            assert block.language == "sh"
            printed = shell.run(text)
    assert replaced == set(INSTEAD)
    assert list((shell.home / "pantau" / "ringkasan").glob("*.html"))
    versions = [json.loads(line) for line in shell.run("pilkada models --format jsonl").splitlines()]
    assert [(version["own"], version["serves"]) for version in versions] == [(0, ""), (0, "yes"), (1, "")]


def test_the_demonstration_is_what_make_runs() -> None:
    """The line that the test runs instead of `make demo` is the recipe's."""
    ask = ["make", "--no-print-directory", "--dry-run", "demo"]
    recipe = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert recipe.splitlines()[-1] == ".venv/bin/" + INSTEAD["make demo\n"].strip()


@BOTH
def test_every_command_exists(readme: str) -> None:
    """What stands as `pilkada …` in the prose names verbs that there are."""
    named = re.findall(r"`pilkada ([a-z]+)(?: ([a-z]+))?[^`]*`", readme)
    assert len(named) >= 5
    for verb, second in named:
        command = main.commands[verb]
        if isinstance(command, click.Group) and second:
            assert second in command.commands


@BOTH
def test_every_make_target_exists(readme: str) -> None:
    """Each target that is named stands in the Makefile."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for pair in re.findall(r"`make ([\w-]+)`|^make ([\w-]+)$", readme, re.MULTILINE) for name in pair}
    assert {"demo", "test", "bench", "screenshot"} <= named - {""} <= targets


def links(readme: str) -> list[str]:
    """Return where links and pictures lead, in order."""
    return re.findall(r"\]\(([^)]+)\)", readme)


@BOTH
def test_the_links_lead_somewhere(readme: str) -> None:
    """Every link is to a file that is there, and to a heading that it has."""
    assert len(links(readme)) > 20
    for link in links(readme):
        name, _, anchor = link.partition("#")
        path = ROOT / name
        assert path.is_file(), link
        assert not anchor or anchor in sections(path.read_text(encoding="utf-8")), link


def sections(markdown: str) -> dict[str, str]:
    """Return anchor -> text of each section."""
    parts = re.split(r"^#+ (.+)$", markdown, flags=re.MULTILINE)[1:]
    anchors = [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in parts[::2]]
    return dict(zip(anchors, parts[1::2], strict=True))


def tables(readme: str) -> list[list[list[str]]]:
    """Return the cells of each table, without its heading."""
    found = re.findall(r"^\|[^\n]*\n\|[-:| ]+\n((?:\|.*\n)+)", readme, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()] for table in found]


def numbers(cells: list[str]) -> list[str]:
    """Return the numbers in some cells."""
    return re.findall(r"\d[\d.,]*\d|\d", " ".join(cells))


def test_the_figures_are_those_that_were_measured() -> None:
    """Each number of the table stands in the section of benchmarks/README.md that its row leads to."""
    measured = sections((ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8"))
    _, figures = tables(ENGLISH)
    assert len(figures) > 10
    for what, value, mark, source in figures:
        (link,) = links(source)
        there = numbers([measured[link.partition("#")[2]]])
        assert set(numbers([value, mark])) <= set(there), what


def test_what_the_package_has_is_counted() -> None:
    """The number of outlets and of themes is that of the tables."""
    outlets = tomllib.loads((ROOT / "src/pilkada_nlp/data/outlets.toml").read_text(encoding="utf-8"))["outlets"]
    features, _ = tables(ENGLISH)
    assert numbers([features[0][1]]) == [str(len(outlets))]
    assert len(load_taxonomy().themes) == 14
    assert any(row[1] == "fourteen" for row in features)


def test_both_languages_say_the_same() -> None:
    """The same headings, blocks, links and pictures in the same order, and the same numbers in the tables."""
    levels = [re.findall(r"^#+(?= )", readme, re.MULTILINE) for readme in (ENGLISH, INDONESIAN)]
    assert levels[0] == levels[1]
    assert blocks_of("../README.md") == blocks_of("../README.id.md")
    assert links(ENGLISH)[0] == "README.id.md"
    assert links(INDONESIAN)[0] == "README.md"
    assert links(ENGLISH)[1:] == links(INDONESIAN)[1:]
    assert re.findall(r"`[^`\n]+`", ENGLISH.split("##")[-1]) == re.findall(r"`[^`\n]+`", INDONESIAN.split("##")[-1])
    swap = str.maketrans(".,", ",.")  # Indonesians write 0,995 and 5.000
    for english, indonesian in zip(tables(ENGLISH), tables(INDONESIAN), strict=True):
        for row, other in zip(english, indonesian, strict=True):
            assert len(row) == len(other)
            assert numbers(row[:3]) == [number.translate(swap) for number in numbers(other[:3])], row[0]
            assert [cell == "—" for cell in row] == [cell == "—" for cell in other]


def blocks_of(page: str) -> list[tuple[str, str]]:
    """Return language and text of the blocks of a page."""
    return [(block.language, block.text) for block in blocks(page)]
