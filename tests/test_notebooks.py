"""The notebooks: run beside the corpora alone, stored with what a run gives, Indonesian first, and defining nothing."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import pilkada_nlp

ROOT = Path(__file__).parents[1]
NAMES = ("01_mulai", "02_arsip", "03_watchlist", "04_latih_ulang")
MOST = 1_000_000  # bytes
# Other processors round the last digits of a training and of a score otherwise.
DECIMAL = re.compile(r"\d+[.,]\d+")
TOLERANCE = 0.05


def read(path: Path) -> Any:
    """Return a notebook as it is stored."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest) -> Path:
    """One notebook after the other."""
    return ROOT / "notebooks" / f"{request.param}.ipynb"


@pytest.fixture(scope="module")
def run_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the notebooks as nbmake executes them, beside the corpora alone."""
    place = tmp_path_factory.mktemp("checkout")
    (place / "corpora").symlink_to(ROOT / "corpora")
    folder = place / "notebooks"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.ipynb").write_bytes((ROOT / "notebooks" / f"{name}.ipynb").read_bytes())
    # The package that these tests test, which may lie in a relative PYTHONPATH.
    environment = os.environ | {"PYTHONPATH": str(Path(pilkada_nlp.__file__).parents[1])}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--nbmake",
        "--nbmake-timeout=900",
        "--overwrite",
    ]
    done = subprocess.run([*command, folder], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    return folder


def test_a_run_gives_the_outputs_that_are_stored(path: Path, run_again: Path) -> None:
    """A notebook says what the library says now; `make notebooks` stores it anew."""
    assert len(shown(path)) == len(shown(run_again / path.name))
    for stored, now in zip(shown(path), shown(run_again / path.name), strict=True):
        assert DECIMAL.sub("#", stored) == DECIMAL.sub("#", now), f"{path.name} is not up to date: make notebooks"
        assert numbers(now) == pytest.approx(numbers(stored), abs=TOLERANCE), f"{path.name}: make notebooks"


def shown(path: Path) -> list[str]:
    """Return every output of a notebook as text; of a picture only that it is there."""
    found = []
    for cell in read(path).cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            text = output.get("text") or data.get("text/html") or data["text/plain"]
            found.append(f"{' '.join(sorted(data))}\n{text}")
    return found


def numbers(text: str) -> list[float]:
    """Return the decimals in a text."""
    return [float(found.replace(",", ".")) for found in DECIMAL.findall(text)]


def test_a_notebook_begins_in_indonesian_and_has_an_english_summary(path: Path) -> None:
    """The first cell is a title, what one learns, and three lines of English."""
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    lines = first.source.splitlines()
    assert lines[0].startswith(f"# {int(path.name[:2])}. ")
    assert lines[2] == "**Yang Anda pelajari di sini**"
    assert sum(line.startswith("- ") for line in lines) >= 3
    english = [line for line in lines if line.startswith("> ")]
    assert english[0].startswith("> **In English.** ")
    assert len(english) == 3


def test_a_notebook_defines_nothing(path: Path) -> None:
    """What a notebook needs stands in the library, where it is tested."""
    for cell in read(path).cells:
        if cell.cell_type == "code":
            kinds = {type(node) for node in ast.walk(ast.parse(cell.source))}
            assert kinds.isdisjoint({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}), cell.source


def test_a_notebook_is_stored_whole_and_says_nothing_of_the_run(path: Path) -> None:
    """Cells are executed in order, with outputs but no errors, times, paths or scripts of other sites."""
    book = read(path)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "execute_result"}
    assert {output.name for output in outputs if output.output_type == "stream"} <= {"stdout"}
    assert any("text/html" in output.get("data", {}) for output in outputs)
    assert book.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert not any(cell.metadata for cell in book.cells)
    for text in shown(path):
        assert not re.search(r"<script|https?://|/(?:work|tmp|home|root|Users|var)/", text), text
    assert path.stat().st_size < MOST


@pytest.mark.parametrize("name", NAMES[1:])
def test_pictures_are_stored_beside_their_code(name: str) -> None:
    """Whoever opens a notebook without running it sees its pictures, without a network."""
    outputs = [
        output for cell in read(ROOT / "notebooks" / f"{name}.ipynb").cells for output in cell.get("outputs", ())
    ]
    assert any("image/png" in output.get("data", {}) for output in outputs)
