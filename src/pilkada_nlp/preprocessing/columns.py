"""One function over a string or over a column of a data frame."""

from collections.abc import Callable
from typing import Any


def apply(function: Callable[[str], Any], text: Any, name: str) -> Any:
    """Return `function(text)`, or for a Series or array of pandas, polars or pyarrow the same kind with each result.

    Missing values stay missing. Raises TypeError for anything else; `name` is the function's name for that message.
    """
    if isinstance(text, str):
        return function(text)
    library = type(text).__module__.partition(".")[0]
    if library == "pandas" and hasattr(text, "map"):
        return text.map(function, na_action="ignore")
    if library == "polars" and hasattr(text, "to_list"):
        import polars

        return polars.Series(text.name, [_plain(function, item) for item in text.to_list()])
    if library == "pyarrow" and hasattr(text, "to_pylist"):
        import pyarrow

        results = pyarrow.array([_plain(function, item) for item in text.to_pylist()])
        return pyarrow.chunked_array([results]) if isinstance(text, pyarrow.ChunkedArray) else results
    kind = type(text).__name__
    raise TypeError(f"{name}() takes a string or a Series of strings (pandas, polars, pyarrow), not {kind}")


def _plain(function: Callable[[str], Any], item: str | None) -> Any:
    """Return a result that typed columns can hold: tokens and sentences become dictionaries of their fields."""
    if item is None:
        return None
    result = function(item)
    return [part._asdict() for part in result] if isinstance(result, list) else result
