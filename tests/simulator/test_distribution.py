"""Durations by chance are what they are called, and what is no distribution is told in one line."""

from __future__ import annotations

import re
from random import Random
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.distribution import parse

_DRAWS = 20_000


def drawn(text: str) -> list[float]:
    """Many milliseconds of one distribution, the same at each call."""
    distribution, chance = parse(text), Random(5)
    return [distribution.draw(chance) for _ in range(_DRAWS)]


def test_number_is_always_itself() -> None:
    """A plain number is no chance at all."""
    assert set(drawn("2.5")) == {2.5}


@pytest.mark.parametrize("text", ["exp:4", "uniform:2-6", "normal:4,0.5", "lognormal:4,0.3"])
def test_mean_is_what_it_says(text: str) -> None:
    """Of many draws, within a few hundredths; and they differ."""
    values = drawn(text)
    assert fmean(values) == pytest.approx(parse(text).mean_ms, rel=0.03)
    assert len(set(values)) > _DRAWS / 2


def test_first_number_of_a_lognormal_is_its_median() -> None:
    """As half of a skewed load is shorter than what people call usual."""
    assert median(drawn("lognormal:4,0.8")) == pytest.approx(4, rel=0.03)


def test_uniform_stays_between_its_ends() -> None:
    """And comes near to both."""
    values = drawn("uniform:2-6")
    assert 2 <= min(values) < 2.1
    assert 5.9 < max(values) <= 6


@pytest.mark.parametrize("text", ["0", "exp:0"])
def test_nothing_is_zero(text: str) -> None:
    """So that a run need not sleep at all."""
    assert parse(text).zero
    assert drawn(text)[0] == 0


@given(st.floats(0, 100), st.floats(0, 100))
def test_no_duration_is_negative(mean: float, deviation: float) -> None:
    """A wide normal one is cut off at 0."""
    distribution = parse(f"normal:{mean},{deviation}")
    assert all(distribution.draw(Random(seed)) >= 0 for seed in range(5))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("soon", "soon is not a duration in ms"),
        ("exp:soon", "exp:soon is not a duration in ms"),
        ("poisson:5", "poisson:5 is not a distribution that is known"),
        ("uniform:5", "uniform:5 has one number, and uniform needs two"),
        ("uniform:6-2", "the first number is larger than the second"),
        ("-3", "-3 is not 0 or more"),
        ("nan", "nan is not 0 or more"),
        ("exp:1e9", "1e9 is not 0 or more, up to 1,000,000"),
        ("lognormal:1,50", "the deviation of the logarithm, 5 at most"),
        ("", " is not a duration in ms"),
    ],
)
def test_what_means_nothing_is_one_line(text: str, expected: str) -> None:
    """It names what was asked for."""
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
