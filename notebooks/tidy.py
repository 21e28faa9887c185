"""Takes out of executed notebooks what another run would give otherwise: times, and the version of Python."""

import sys
from pathlib import Path

import nbformat


def tidy(path: Path) -> None:
    """Write the notebook at `path` anew with its sources and outputs, and of its metadata only the kernel's name."""
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    book.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in book.cells:
        cell.metadata = {}
    nbformat.write(book, path)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        tidy(Path(name))
