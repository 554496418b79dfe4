"""Thresholds: what is understood, what is refused before a run, and what breaks."""

from __future__ import annotations

import pytest

from simulator.checker import check
from simulator.config import Config
from simulator.history import Faults, History
from simulator.report import Account, document
from simulator.stats import measure
from simulator.thresholds import judge, listing, parse

from .histories import content, edit, run_of

CONFIG = Config(
    workers=2, readers=0, duration_s=5.0, edits=None, hold_ms="0", think_ms="1", file=None, strategy="none", seed=7
)


def account(history: History) -> Account:
    """Give an account of a history."""
    return Account(
        CONFIG, history, check(history), measure(history, 2), 0.5,
        interrupted=False, lost=("worker 1 was killed",), failures=(), faults=Faults(kills=3), litter=(), kept_in=None,
    )  # fmt: skip


# Waits of 1 ns and of 2.5 ms.
RUN = document(
    account(
        run_of(
            edit(0, content(0), content(1), at=0),
            edit(1, content(1), content(2), at=10)._replace(
                locked_ns=2_500_010, released_ns=2_500_020, returned_ns=2_500_030
            ),
        )
    )
)
EMPTY = document(account(History(content(0), content(0), [])))


@pytest.mark.parametrize(
    ("text", "broken", "told"),
    [
        ("wait.max > 2ms", True, "2.50 ms"),
        ("wait.max > 2.5 ms", False, "2.50 ms"),
        ("wait.max >= 2,500us", True, "2.50 ms"),
        ("wait.max>=2_500µs", True, "2.50 ms"),
        ("wait.max == 2500000ns", True, "2.50 ms"),
        ("wait.max != 0.0025s", False, "2.50 ms"),
        ("numbers.wait.max_ns > 3ms", False, "2.50 ms"),
        ("wait.p99.9 > 3ms", False, "2.50 ms"),
        ("wait.p50 < 1.1ns", True, "1 ns"),
        ("wait.count <= 2", True, "2"),
        ("fairness.jain < 95%", False, "100.0%"),
        ("fairness.jain <= 1", True, "1"),
        ("edits_per_s > 1e3", False, "800"),
        ("evidence.failed > 0", False, "0"),
        ("verdict.evidence.committed < 1,000", True, "2"),
        ("faults.kills > 2", True, "3"),
        ("startup > 0.4 s", True, "500 ms"),
        ("lost_workers > 0", True, "1"),
        ("interrupted == 1", False, "0"),
    ],
)
def test_figure_is_found_and_compared(text: str, broken: bool, told: str) -> None:
    """Each figure by any of its names, in any unit that fits; the line says what was found."""
    outcome = judge(parse(text), RUN)
    assert outcome.broken is broken
    assert outcome.line.startswith("✗ fail if " if broken else "✓ fail if ")
    assert outcome.line.endswith(f": it is {told}")


@pytest.mark.parametrize("text", ["wait.p99 > 1s", "wait.p99 < 1s", "fairness.longest_wait_worker == 1"])
def test_figure_that_was_not_measured_counts_as_broken(text: str) -> None:
    """The waits of a run without an edit are neither long nor short."""
    outcome = judge(parse(text), EMPTY)
    assert outcome == (True, f"✗ fail if {text}: it was not measured, which counts as broken")


def test_count_of_nothing_is_measured() -> None:
    """That there were none is a figure like any other."""
    assert judge(parse("wait.count == 0"), EMPTY).line == "✗ fail if wait.count == 0: it is 0"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("wait.p99", "'wait.p99' is not NAME OP VALUE, such as 'wait.p99 > 50ms', with quotes for the shell"),
        ("wait.p99 >", "'wait.p99 >' is not NAME OP VALUE, such as 'wait.p99 > 50ms', with quotes for the shell"),
        ("wait.p98 > 1ms", "there is no figure wait.p98; did you mean wait.p99? --fail-if list shows all names"),
        ("zebra > 1", "there is no figure zebra; --fail-if list shows all names"),
        ("wait.p99 = 1ms", "'wait.p99 = 1ms': = is not an operator; there are > >= < <= == !="),
        ("wait.p99 > 50", "'wait.p99 > 50': wait.p99 is a time and needs a unit; there are ns us ms s, as in 50ms"),
        ("wait.p99 > 50%", "'wait.p99 > 50%': % is no unit of time; there are ns us ms s, as in 50ms"),
        ("wait.p99 > fast", "'wait.p99 > fast': fast is not a number, or not one with a unit"),
        ("wait.p99 > 1,00ms", "'wait.p99 > 1,00ms': 1,00ms is not a number, or not one with a unit"),
        ("edits_per_s < 5%", "'edits_per_s < 5%': edits_per_s is no time and no share, and takes no %"),
        ("fairness.jain < 5ms", "'fairness.jain < 5ms': fairness.jain is a share, and takes no ms"),
        ("verdict.result == 1", "there is no figure verdict.result; did you mean "),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_line(text: str, why: str) -> None:
    """Before any run: what is wrong, and what would be right."""
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        parse(text)
    assert str(caught.value).startswith(why)


def test_every_listed_name_is_understood() -> None:
    """And there is no figure of a run, lists of what was found apart, that the list has not."""
    lines = [line.split(maxsplit=1) for line in listing().splitlines()]
    paths = {parse(f"{name} > 1{'ms' if 'time' in takes else ''}").path for name, takes in lines}
    assert len(paths) == len(lines)
    assert {"numbers.wait.p99_ns", "verdict.evidence.failed", "faults.kills", "numbers.edits_per_s"} <= paths
