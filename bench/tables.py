"""Markdown tables of measured values."""

from collections.abc import Iterable, Sequence


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A titled table; floats are shown with three significant digits or none after the point above 100."""
    lines = [f"## {title}", "", _line(head), _line(["---"] * len(head)), *(_line(map(_show, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _show(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
