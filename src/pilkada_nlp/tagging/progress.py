"""A bar over many texts, where somebody can see it: on a terminal or in a notebook, never in a pipe."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Literal, TypeVar

_Item = TypeVar("_Item")
_Show = Callable[[int], None]

_FROM: Final = 100  # texts that pass before there is a bar: fewer are done before it could be read
_STEP: Final = 25  # texts between two pictures in a notebook, each of which is a message to the browser


def counted(items: Iterable[_Item], total: int | None) -> Iterator[_Item]:
    """Yield the items, and show how many there were and of how many, where `total` is known."""
    source = iter(items)
    for number, item in enumerate(source, 1):
        yield item
        if number == _FROM:
            break
    else:
        return
    with _bar(total) as show:
        for number, item in enumerate(source, _FROM + 1):
            show(number)
            yield item


def _bar(total: int | None) -> AbstractContextManager[_Show]:
    # Where IPython runs in a kernel, its output goes to a notebook.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if hasattr(shell, "kernel"):
        return _notebook_bar(total)
    if sys.stderr is not None and sys.stderr.isatty():
        return _terminal_bar(total)
    return nullcontext(_nothing)


def _nothing(number: int) -> None:
    """Show nothing."""


@contextmanager
def _terminal_bar(total: int | None) -> Iterator[_Show]:
    from rich.console import Console
    from rich.errors import LiveError
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    columns = (TextColumn("tag"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Progress(*columns, console=Console(stderr=True, color_system=colours), transient=True)
    try:
        bars.start()
    except LiveError:  # another bar is on the screen already
        yield _nothing
        return
    task = bars.add_task("tag", total=total)
    try:
        yield lambda number: bars.update(task, completed=number)
    finally:
        bars.stop()


@contextmanager
def _notebook_bar(total: int | None) -> Iterator[_Show]:
    # Drawn here, because the bar of rich needs ipywidgets in a notebook, and the page needs neither.
    from IPython.display import HTML, display

    def drawn(number: int) -> object:
        length = "" if total is None else f' value="{number}" max="{total}"'
        of = "" if total is None else f" / {total}"
        return HTML(f'<progress{length} aria-label="tag"></progress> {number}{of}')  # type: ignore[no-untyped-call]  # IPython has no types here

    def show(number: int) -> None:
        if number % _STEP == 0:
            handle.update(drawn(number))

    handle = display(drawn(_FROM), display_id=True)  # type: ignore[no-untyped-call]
    try:
        yield show
    finally:
        handle.update(HTML(""))  # type: ignore[no-untyped-call]
