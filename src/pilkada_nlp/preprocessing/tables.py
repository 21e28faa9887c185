"""The tables behind preprocessing, read on first use and without the costly imports of a general file layer."""

import functools
import os
from collections.abc import Set

_DATA = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data")


def read_table(name: str) -> str:
    """Return the text of a file in `data/`."""
    with open(os.path.join(_DATA, name), encoding="utf-8") as file:
        return file.read()


def rows(name: str) -> list[list[str]]:
    """Return the rows of a tab-separated file in `data/` below its header."""
    return [line.split("\t") for line in read_table(name).splitlines()[1:]]


def pairs(name: str) -> list[tuple[str, str]]:
    """Return the rows of a tab-separated file of two columns in `data/` below its header."""
    return [(first, second) for first, second in rows(name)]


@functools.cache
def roots() -> Set[str]:
    """Return PySastrawi's roots (`kata-dasar.txt` of the installed package)."""
    import Sastrawi.Stemmer

    with open(os.path.join(Sastrawi.Stemmer.__path__[0], "data", "kata-dasar.txt"), encoding="utf-8") as file:
        found = set(file.read().split("\n"))
    found.discard("")
    return found
