"""The layout holds: one-way imports, few public names, and a package that is cheap to import."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pilkada_nlp

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "pilkada_nlp"

# Modules of one rank do not import each other; a module imports from lower ranks only.
RANKS: list[set[str]] = [
    {"errors", "_version", "wording"},
    {"files"},
    {"article"},
    {"preprocessing"},
    {"regions"},
    {"scrapers", "extraction", "classifiers", "stories", "watchlist", "elections"},
    {"corpora"},
    {"inputs", "config", "labelling"},
    {"tagging"},
    {"evaluation"},
    {"versions", "drift"},
    {"training"},
    {"archive"},
    {"fetching", "doctor"},
    {"summary", "alerts", "scheduling", "metrics"},
    {"daily"},
    {"demo"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}


def modules() -> list[Path]:
    """Return all source files but the package's own face, which only points at the others."""
    return [path for path in sorted(SOURCE.rglob("*.py")) if path != SOURCE / "__init__.py"]


def stage(path: Path) -> str:
    """Return the stage that a file belongs to: the first name below the package."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_stages(path: Path) -> set[str]:
    """Return the stages of this package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("pilkada_nlp.")}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_one_way(path: Path) -> None:
    """A stage knows only what comes before it; stages side by side meet in the types and in `daily`."""
    own = stage(path)
    assert own in RANK, f"{own} has no place in the order of imports yet"
    wrong = {name for name in imported_stages(path) - {own} if RANK[name] >= RANK[own]}
    assert not wrong, f"{path.name} ({own}) imports {wrong}"


def test_training_is_never_imported_by_serving() -> None:
    """Only the command may reach for training, and training for its own parts."""
    users = {stage(path) for path in modules() if "training" in imported_stages(path)}
    assert users <= {"cli", "training"}


def test_the_public_names_are_few_and_there() -> None:
    """At most fourteen names, each of which loads, none of which is a module too."""
    names = [name for name in pilkada_nlp.__all__ if not name.startswith("_")]
    assert len(names) <= 14
    for name in names:
        assert getattr(pilkada_nlp, name).__doc__, name
        assert not (SOURCE / f"{name}.py").exists()
        assert not (SOURCE / name).is_dir()
    assert set(pilkada_nlp.__all__) <= set(dir(pilkada_nlp))
    with pytest.raises(AttributeError, match="tidak_ada"):
        pilkada_nlp.tidak_ada  # type: ignore[attr-defined]  # noqa: B018  # that it raises is the point


def test_importing_the_package_is_cheap() -> None:
    """A bare import loads no learning, database, HTTP or page code."""
    heavy = ("sklearn", "scipy", "numpy", "sqlalchemy", "requests", "lxml", "bs4", "trafilatura", "jinja2", "rich")
    code = f"import sys, pilkada_nlp; print([name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_help_of_the_command_is_cheap() -> None:
    """Asking for help loads no more than the command-line library."""
    code = (
        "import sys; from pilkada_nlp.cli import main; main(['--help'], standalone_mode=False);"
        "heavy = ('numpy', 'sqlalchemy', 'requests', 'rich', 'msgspec');"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.strip() == "[]"


def test_the_top_level_is_complete() -> None:
    """The folders that people look for are there, each with a word on what belongs there."""
    for name in ("models", "corpora", "notebooks", "tests"):
        assert (ROOT / name / "README.md").is_file(), name
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", ".ci/run"):
        assert (ROOT / name).is_file(), name
    assert (SOURCE / "py.typed").is_file()


def test_data_and_models_come_with_the_package() -> None:
    """The wheel holds the tables and the model (hatch's force-include), wherever the package is installed."""
    from pilkada_nlp.classifiers.champion import shipped_model

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"models": "pilkada_nlp/models"}
    assert (shipped_model() / "manifest.json").is_file()


def test_pins_have_hashes_and_no_addresses() -> None:
    """Every pinned requirement has a hash, and no file names where it was downloaded."""
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
        assert len(pins) > 20
        assert all(line.endswith("\\") for line in pins), path.name
        assert "://" not in text
