"""What every test has: children that end, Hypothesis without a stopwatch, and no skips where CI is set."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from stress.gopeer import GoPeerError, installed_go
from tests.go_command import Go
from tests.left_out import CiRule
from tests.lockedfile.processes import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# No test asserts a time. Under Wine, examples that use files take ten times as long; there are fewer of all, then.
settings.register_profile("suite", deadline=None, database=None, max_examples=25 if sys.platform == "win32" else 100)
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


def pytest_configure(config: pytest.Config) -> None:
    """Where CI is set, what cannot run must be said aloud."""
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(CiRule())


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
