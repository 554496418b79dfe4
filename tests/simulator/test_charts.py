"""Charts and their axes: places of values, names of ticks, and what a curve and a mean over slices are."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.report.html.axis import linear, logarithmic, percentiles
from simulator.report.html.chart import Column, Series, column_chart, line_chart
from simulator.report.html.overview import waiting
from simulator.report.html.waits import curve
from simulator.stats import quantiles

VALUES = st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=20)


@given(VALUES)
def test_axes_hold_all_values_in_order(values: list[float]) -> None:
    """From 0 to 1, and a larger value is never before a smaller one; so are ticks."""
    for axis in (linear("n", values), logarithmic("n", values), logarithmic("n", values, at=sorted(values))):
        assert axis.low <= min(values) * (1 + 1e-9)
        assert max(values) <= axis.high * (1 + 1e-9)
        places = [axis.share(value) for value in sorted(values)]
        assert places == sorted(places)
        assert all(0 <= place <= 1 for place in places)
        assert 1 <= len(axis.ticks) <= 24
        assert all(axis.low <= tick.value <= axis.high * (1 + 1e-9) for tick in axis.ticks)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([], ["0", "1"]),
        ([0.0], ["0", "1"]),
        ([7.0], ["0", "2", "4", "6", "8"]),
        ([1000.0], ["0", "500", "1,000"]),
        ([0.3], ["0", "0.1", "0.2", "0.3"]),
    ],
)
def test_linear_ticks_are_round(values: list[float], told: list[str]) -> None:
    """And few."""
    assert [tick.text for tick in linear("n", values).ticks] == told


def test_logarithmic_ticks_are_powers_of_ten() -> None:
    """Steps between them where there are few; the given values where they are given."""
    assert [tick.text for tick in logarithmic("n", [3, 4000]).ticks] == ["10", "100", "1,000"]
    assert [tick.text for tick in logarithmic("n", [3, 40]).ticks] == ["2", "5", "10", "20", "50"]
    assert [tick.text for tick in logarithmic("n", [3], at=[1, 2, 4]).ticks] == ["1", "2", "4"]


def test_percentiles_are_as_far_from_each_other() -> None:
    """In HdrHistogram's manner, as far as there are values for them."""
    axis = percentiles(10_000)
    assert [tick.text for tick in axis.ticks] == ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"]
    assert [round(axis.share(tick.value), 6) for tick in axis.ticks] == [0, 0.25, 0.5, 0.75, 1]


@given(st.lists(st.integers(0, 10**12), max_size=300))
def test_curve_is_that_of_the_quantiles(durations: list[int]) -> None:
    """It rises, ends at the longest, and at 90 % and 99 % it is what the table says."""
    points = curve(durations)
    assert points == sorted(points)
    if durations:
        table = quantiles(durations)
        assert points[-1] == (len(durations), max(durations))
        for rarity, value in points[:-1]:
            if rarity in {10.0, 100.0}:
                assert value == {10.0: table.p90, 100.0: table.p99}[rarity]


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda pair: (min(pair), max(pair))), max_size=12)
)
def test_mean_of_those_waiting_is_that_of_looking_at_each_moment(spans: list[tuple[int, int]]) -> None:
    """Looked at once a nanosecond, with a slice of ten."""
    looked = [sum(begin <= time < end for begin, end in spans) for time in range(100)]
    means = [sum(looked[at : at + 10]) / 10 for at in range(0, 100, 10)]
    assert waiting(spans, 0, 10.0, 10) == pytest.approx(means)


def test_lines_are_told_apart_without_colour() -> None:
    """The dashes and marks of neighbours differ, and a colour that comes again has others."""
    xs = [1, 2, 4]
    series = [Series(f"locker {number}", [(x, number + 1) for x in xs]) for number in range(10)]
    told = line_chart("Rate", series, logarithmic("workers", xs, at=xs), linear("edits/s", [10.0]))
    looks = list(dict.fromkeys(re.findall(r'class="line (c\d d\d)"', told)))
    assert len(looks) == 10
    assert all(a[-1] != b[-1] for a, b in pairwise(looks))
    assert re.findall(r"</svg>(locker \d)</li>", told) == [one.name for one in series]


def test_line_goes_through_its_points() -> None:
    """In a picture of a thousand units each way, the origin below."""
    told = line_chart("t", [Series("s", [(0, 0), (5, 10), (10, 5)])], linear("x", [10]), linear("y", [10]))
    assert 'd="M0.0 1000.0L500.0 0.0L1000.0 500.0"' in told
    assert "<title>s: x 5, y 10</title>" in told


def test_column_is_as_high_as_its_value() -> None:
    """One that is not zero is seen, however low."""
    columns = [
        Column("a", 50, "fifty"),
        Column("b", 100, "hundred"),
        Column("c", 0.001, "some"),
        Column("d", 0, "none"),
    ]
    told = column_chart("t", columns, (), linear("y", [100]), x_label="x")
    assert re.findall(r'height="([\d.]+)" class="bar"', told) == ["500", "1000", "4", "0"]
    assert "<title>b: hundred</title>" in told
