"""What every test has: children that end, Hypothesis without a stopwatch, and no skips where CI is set."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from stress.gopeer import GoPeerError, installed_go
from tests.go_command import Go
from tests.lockedfile.processes import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

settings.register_profile("suite", deadline=None, database=None)  # no test asserts a time
settings.load_profile("suite")

# What the background of a shell has, which ignores Ctrl-C and Ctrl-\\, and what nohup has, children shall not inherit.
_HANDLERS = (("SIGINT", signal.default_int_handler), ("SIGQUIT", signal.SIG_DFL), ("SIGHUP", signal.SIG_DFL))
for _name, _handler in _HANDLERS:
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: most tests wait, most of the time, for other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip or an expected failure is a failure in CI: what cannot run there must be said aloud."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        reason = getattr(report, "wasxfail", None) or _reason(report)
        vars(report).pop("wasxfail", None)
        report.outcome, report.longrepr = "failed", f"nothing is skipped in CI: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome, report.longrepr = "failed", f"nothing is skipped in CI: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return reason.removeprefix("Skipped: ")


@pytest.fixture
def go(tmp_path: Path) -> Go:
    """The go command of this environment, or else of the PATH."""
    try:
        command = installed_go()
    except GoPeerError as error:
        pytest.skip(str(error))
    (tmp_path / "go").mkdir()
    return Go(command, tmp_path / "go")


@pytest.fixture
def spawn() -> Iterator[Callable[..., Child]]:
    """Starts a `Child`, as its constructor does; none outlives the test."""
    with ExitStack() as children:
        yield lambda *args, **options: children.enter_context(Child(*args, **options))
