"""Quantiles of durations while they still come, in the manner of HdrHistogram: small, and wrong by 1.6 % at most.

A duration is counted in a bucket of its leading bits: 32 buckets for each power of two, and one for each nanosecond
below 64. A quantile is told as the middle of its bucket, which is off by half a bucket at most, 1/64 of the value. The
largest duration is kept as it is.
"""

from __future__ import annotations

from collections import Counter

from .stats import Quantiles

__all__ = ["Histogram"]

_BITS = 5  # buckets for each power of two: so many bits' worth


class Histogram:
    """Durations in nanoseconds, counted."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._number = self._max = 0

    def add(self, duration_ns: int) -> None:
        """Take one in; a clock that went back counts as no time at all."""
        if duration_ns > self._max:
            self._max = duration_ns
        elif duration_ns < 0:
            duration_ns = 0
        shift = duration_ns.bit_length() - _BITS - 1
        self._counts[(shift << _BITS) + (duration_ns >> shift) if shift > 0 else duration_ns] += 1
        self._number += 1

    def quantiles(self) -> Quantiles:
        """By nearest rank, as `stats.quantiles` has them, of what came until now."""
        ranks = [-(-per_mille * self._number // 1000) for per_mille in (500, 900, 990, 999)]
        found: list[int] = []
        passed = 0
        for bucket in sorted(self._counts):
            passed += self._counts[bucket]
            while len(found) < len(ranks) and passed >= ranks[len(found)]:
                found.append(min(_middle(bucket), self._max))
        p50, p90, p99, p999 = found or (0, 0, 0, 0)
        return Quantiles(self._number, p50, p90, p99, p999, self._max)


def _middle(bucket: int) -> int:
    shift = (bucket >> _BITS) - 1
    if shift <= 0:
        return bucket
    least = (bucket - (shift << _BITS)) << shift
    return least + (1 << shift) // 2
