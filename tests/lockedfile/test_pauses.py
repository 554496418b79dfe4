"""The pauses between tries: short ones first, for two seconds at most, and never past the time that there is."""

from __future__ import annotations

from _thread import get_ident

import pytest

from lockedfile import _pauses
from lockedfile._held import Errand, errands


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause was; time passes in them only."""
    seconds: list[float] = []
    monkeypatch.setattr(_pauses, "perf_counter_ns", lambda: 7 + round(sum(seconds) * 1e9))
    monkeypatch.setattr(_pauses, "sleep", seconds.append)
    return seconds


@pytest.mark.parametrize(
    ("most_s", "in_all"), [(0, 0.0), (0.0005, 0.0005), (0.25, 0.25), (2, 2.0), (9, 2.0), (1e300, 2.0), (None, 2.0)]
)
def test_pauses_end_with_the_time_and_after_two_seconds(
    slept: list[float], most_s: float | None, in_all: float
) -> None:
    """Each at most twice as long as the last, and a tenth of a second."""
    assert all(_pauses.pauses(most_s))
    assert sum(slept) == pytest.approx(in_all, abs=1e-6)
    assert slept == [] or (slept[0] <= 0.001 and max(slept) <= 0.1 and len(slept) < 40)


def test_nobody_pauses_for_one_who_was_cancelled(slept: list[float]) -> None:
    """A task of asyncio that is not there any more."""
    errands[get_ident()] = errand = Errand(object())
    try:
        left = _pauses.pauses(None)
        assert next(left)
        errand.cancelled = True
        assert next(left, None) is None
    finally:
        errands.pop(get_ident())
    assert len(slept) == 1
