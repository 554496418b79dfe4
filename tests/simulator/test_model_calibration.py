"""Parameters from runs, and predictions beside them: read off histories that are made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulator.history import NOTHING, History, Kind, Operation, Outcome
from simulator.model.calibration import LookCost, Sample, parameters_from, runs
from simulator.model.prediction import Comparison, Figures, error, range_of

if TYPE_CHECKING:
    from simulator.config import Config

LOOK = LookCost(1e-5, 1e-6, 1e-8)


def sample(config: Config, *, hold_us: int, size_bytes: int = 500, cpu_s: float = 0.1) -> Sample:
    """A run of 20 edits of each worker: open 10 µs, hold, close 5 µs, then 2 ms until the next; nobody waits."""
    operations = []
    for worker in range(config.size):
        for sequence in range(20):
            invoked = 1 + (sequence * config.size + worker) * 2_000_000
            locked, released = invoked + 10_000, invoked + 10_000 + hold_us * 1000
            kind = Kind.EDIT if worker < config.workers else Kind.READ
            operations.append(
                Operation(
                    worker, sequence, kind, Outcome.OK, invoked, locked, released, released + 5_000, NOTHING, NOTHING,
                    size_bytes, sequence,
                )
            )  # fmt: skip
    return Sample(config, History(NOTHING, NOTHING, operations), cpu_s)


def samples(*, four_us: int = 60, sixteen_us: int = 60, long_us: int = 60) -> list[Sample]:
    """All runs of a calibration, with that long a hold in some of them, and 60 µs in the others."""
    holds_us = (60, 60, four_us, sixteen_us, long_us, 60)
    sizes = (500, 500, 500, 500, 300_500, 500)
    return [
        sample(config, hold_us=hold_us, size_bytes=size)
        for config, hold_us, size in zip(runs(1, "long"), holds_us, sizes, strict=True)
    ]


def test_times_of_one_worker_are_read_off() -> None:
    """Open, hold and close are those of the one who is alone."""
    found = parameters_from(samples(), LOOK)
    assert (found.open_s, found.hold_s, found.close_s) == pytest.approx((10e-6, 60e-6, 5e-6))
    assert found.doubling == 0


def test_colder_caches_are_seen() -> None:
    """75 µs alone, 90 among four, 105 among sixteen: a tenth more each time that there are twice as many."""
    assert parameters_from(samples(four_us=75, sixteen_us=90), LOOK).doubling == pytest.approx(0.1, abs=0.01)


def test_a_byte_costs_what_a_long_file_adds() -> None:
    """300,000 bytes more, 300 µs more: a nanosecond each."""
    assert parameters_from(samples(long_us=360), LOOK).per_byte_s == pytest.approx(1e-9)


def test_calibration_has_other_loads_than_the_validation() -> None:
    """What is compared with was not fitted to."""
    assert {config.workers for config in runs(1, "long")}.isdisjoint({8, 32, 128})


def test_error_is_a_share_of_what_was_measured() -> None:
    """Too high is positive; where nothing was measured it is endless."""
    assert error(120, 100) == pytest.approx(0.2)
    assert error(1, 0) == float("inf")


def figures(edits_per_s: float) -> Figures:
    """Those of a run that made so many edits."""
    return Figures(edits_per_s, 0.1, 0.2, 0.3, 0.4, 1.0)


def test_range_is_as_wide_as_the_model_was_wrong() -> None:
    """It promised twice what was measured: half of the prediction is possible, and a tenth more in any case."""
    found = range_of([100.0, 120.0], [Comparison(8, 0.0, figures(50), figures(100))], "edits_per_s")
    assert found == pytest.approx((50, 132))
