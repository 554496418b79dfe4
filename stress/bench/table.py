"""The table that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .claims import Claim
    from .environment import Environment
    from .outcome import Outcome

__all__ = ["render", "render_environment"]

_HEAD = ("what", "ours", "theirs", "", "ratio", "target", "met")
_TO_THE_RIGHT = {1, 2, 4}

_LONG_NS = 10_000_000  # from here on in milliseconds
_SMALL = 0.095  # a ratio below shows more digits


def render(outcomes: Sequence[Outcome]) -> str:
    """A line for each outcome, below a head."""
    rows = [_HEAD, *map(_row, outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{_line(row, widths)}\n" for row in rows)


def render_environment(environment: Environment) -> str:
    """One line."""
    return (
        f"{environment.python}, {environment.kernel}, {environment.file_system}, {environment.cpus} cpus, "
        f"Go {environment.go}\n"
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if number in _TO_THE_RIGHT else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _row(outcome: Outcome) -> tuple[str, ...]:
    claim = outcome.claim
    return (
        claim.what,
        _quantity(outcome.ours, claim.unit),
        _quantity(outcome.theirs, claim.unit),
        claim.versus,
        _compared(outcome),
        _target(claim),
        {None: "", True: "yes", False: "NO"}[outcome.met],
    )


def _quantity(value: float, unit: str) -> str:
    if unit == "ns":
        return f"{value / 1e6:.1f} ms" if value >= _LONG_NS else f"{value / 1e3:.1f} us"
    if unit == "share":
        return f"{value:.2f}"
    return f"{value:.0f} edits/s" if unit == "edits_per_s" else f"{value:.1f} {unit}"


def _compared(outcome: Outcome) -> str:
    """The quotient or the difference; nothing where ours stands for itself."""
    claim = outcome.claim
    if claim.by_itself:
        return ""
    if claim.by_difference:
        return f"{outcome.compared:+.1f} {claim.unit}"
    return f"{outcome.compared:.{2 if outcome.compared >= _SMALL else 4}f}"


def _target(claim: Claim) -> str:
    if claim.limit is None:
        return ""
    sign = ">=" if claim.at_least else "<="
    unit = f" {claim.unit}" if (claim.by_difference or claim.by_itself) and claim.unit != "share" else ""
    return f"{'ours ' if claim.by_itself else ''}{sign} {claim.limit:.3g}{unit}"
