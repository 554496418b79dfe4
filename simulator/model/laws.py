"""What holds of any closed system, whatever its queues are: N workers, each of whom thinks, edits, thinks, edits.

Sources: P. J. Denning, J. P. Buzen, The Operational Analysis of Queueing Network Models (1978); D. A. Menascé,
V. A. F. Almeida, L. W. Dowdy, Performance by Design (2004), chapter 3: operational analysis.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Bounds", "bounds", "response_time_s", "throughput_per_s"]


class Bounds(NamedTuple):
    """What no queue can do better than."""

    most_per_s: float  # throughput
    least_response_s: float
    knee: float  # how many workers it takes until somebody has to wait, at the latest


def response_time_s(workers: int, throughput_per_s: float, think_s: float) -> float:
    """How long an operation takes on average, waiting included: R = N/X - Z. Infinite if nothing is ever done."""
    return workers / throughput_per_s - think_s if throughput_per_s else float("inf")


def throughput_per_s(workers: int, response_s: float, think_s: float) -> float:
    """How many operations are done in a second: X = N/(R + Z), the same law, read the other way."""
    return workers / (response_s + think_s)


def bounds(workers: int, think_s: float, demands_s: tuple[float, ...]) -> Bounds:
    """The asymptotic bounds: X <= min(1/D_max, N/(D + Z)) and R >= max(D, N D_max - Z).

    A demand is the time that one operation needs one resource for: the lock, or the cores, divided by their number.
    The D of one who is alone is their sum, as nothing of one operation is done twice at a time.
    """
    longest, whole = max(demands_s), sum(demands_s)
    return Bounds(
        most_per_s=min(1 / longest, workers / (whole + think_s)),
        least_response_s=max(whole, workers * longest - think_s),
        knee=(whole + think_s) / longest,
    )
