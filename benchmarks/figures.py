"""A measured figure and how it is printed."""

from typing import NamedTuple


class Figure(NamedTuple):
    """A measured figure: `mark` is what it must reach, None where nothing is promised."""

    name: str
    value: float
    unit: str
    mark: float | None = None
    more_is_better: bool = False

    def line(self) -> str:
        """Return the figure as a row of a Markdown table."""
        mark = ""
        if self.mark is not None:
            met = self.value >= self.mark if self.more_is_better else self.value <= self.mark
            mark = f"{'≥' if self.more_is_better else '≤'} {self.mark:g} {'met' if met else 'NOT MET'}"
        return f"| {self.name} | {self.value:.3g} {self.unit} | {mark} |"
