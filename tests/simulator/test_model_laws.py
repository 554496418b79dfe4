"""The laws of closed systems, against cases that can be done by hand."""

from __future__ import annotations

from math import inf

import pytest

from simulator.model.laws import bounds, response_time_s, throughput_per_s


def test_response_time_is_what_thinking_leaves() -> None:
    """Ten workers, two edits a second, one second of thinking: each is back every five, and four of them it waits."""
    assert response_time_s(10, 2.0, 1.0) == 4.0


def test_throughput_is_the_same_law() -> None:
    """Read the other way it gives back what was put in."""
    assert throughput_per_s(10, response_time_s(10, 2.0, 1.0), 1.0) == pytest.approx(2.0)


def test_nothing_done_takes_for_ever() -> None:
    """No division by nothing."""
    assert response_time_s(10, 0.0, 1.0) == inf


def test_few_workers_are_bound_by_themselves() -> None:
    """Two workers of 1 s thinking and 0.1 s at the lock cannot do more than 2/1.1."""
    assert bounds(2, 1.0, (0.1,)).most_per_s == pytest.approx(2 / 1.1)


def test_many_workers_are_bound_by_the_longest_demand() -> None:
    """A lock that is held for 0.1 s is had ten times a second, and a hundred workers wait for the rest of the time."""
    many = bounds(100, 1.0, (0.1, 0.05))
    assert many.most_per_s == pytest.approx(10)
    assert many.least_response_s == pytest.approx(9)


def test_knee_is_where_the_two_bounds_meet() -> None:
    """At the knee both say the same."""
    knee = bounds(1, 1.0, (0.1, 0.05)).knee
    assert knee / (0.15 + 1.0) == pytest.approx(1 / 0.1)
