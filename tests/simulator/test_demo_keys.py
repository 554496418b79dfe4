"""The demo on a terminal, where keys are pressed; whatever ends it, the terminal is as before."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from tests.lockedfile.processes import until

if sys.platform == "win32":
    pytest.skip("there are no terminals of this kind", allow_module_level=True)

from tests.lockedfile.terminal import CTRL_C
from tests.simulator.demo_terminal import LEAVE_SCREEN, LEFT, NEXT, Screen, demo, dumb_demo


def is_gone(pid: int) -> bool:
    """Is there no such process any more?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_each_press_lets_one_step_happen() -> None:
    """Nothing happens before; a look back shows what was, and quitting leaves nobody."""
    with Screen(main=demo) as screen:
        screen.until_drawn(0)
        for number in range(1, 8):
            screen.step(number)
        assert "flock(3, LOCK_EX) ... waits" in screen.shown()
        seen = len(screen.shown())
        screen.press(LEFT)
        until(lambda: "step 2 of 7, try the lock" in screen.shown()[seen:], "a look back")
        assert not any(is_gone(pid) for pid in screen.pids())
        screen.press("q")
        assert screen.end() == 0
        assert screen.is_as_before()
        assert screen.pids()
        assert all(is_gone(pid) for pid in screen.pids())


def test_it_goes_to_the_end_and_the_verdict_stays() -> None:
    """Fast fingers lose no key; after the end the verdict is on the screen of the shell."""
    with Screen("--without-lock", "--workers", "2", main=demo) as screen:
        screen.until_drawn(0)
        screen.press(NEXT * 14)
        screen.until_shown("the end   b: back")
        screen.press("q")
        assert screen.end() == 0
        assert screen.is_as_before()
        assert "LOST UPDATE: 2 edits returned" in screen.shown().rpartition(LEAVE_SCREEN)[2]


def test_it_can_go_on_by_itself() -> None:
    """At `a` no key is needed any more, and the space bar stops it."""
    with Screen("--workers", "2", "--slow", "0.01", main=demo) as screen:
        screen.until_shown("NOTHING LOST")
        screen.press("q")
        assert screen.end() == 0
    with Screen("--workers", "2", main=demo) as screen:
        screen.press("a")
        screen.until_drawn(1)
        screen.press(NEXT)
        screen.until_shown("space: next step")
        screen.press("q")
        assert screen.end() == 0


@pytest.mark.parametrize("mode", ["--workers=3", "--kill", "--without-lock"])
def test_ctrl_c_leaves_no_process_and_the_terminal_as_it_was(mode: str) -> None:
    """In the middle of it, while some sleep in the kernel."""
    with Screen(mode, main=demo) as screen:
        screen.resize(120, 40)
        screen.until_drawn(0)
        for number in range(1, 10):
            screen.step(number)
        assert not any(is_gone(pid) for pid in screen.pids())
        screen.press(CTRL_C)
        assert screen.end() == 130
        assert screen.is_as_before()
        assert len(screen.pids()) == 3
        assert all(is_gone(pid) for pid in screen.pids())
        assert "Traceback" not in screen.shown()


def test_sigterm_does_what_ctrl_c_does() -> None:
    """The terminal is given back."""
    with Screen(main=demo) as screen:
        screen.until_drawn(0)
        screen.step(1)
        screen.process.send_signal(signal.SIGTERM)
        assert screen.end() == 130
        assert screen.is_as_before()
        assert all(is_gone(pid) for pid in screen.pids())


def test_window_that_becomes_larger_is_filled() -> None:
    """It is drawn anew without a key."""
    with Screen(main=demo) as screen:
        screen.resize(80, 24)
        screen.until_drawn(0)
        assert "pid" not in screen.shown()
        screen.resize(120, 40)
        screen.until_shown("pid ")
        screen.press("q")
        assert screen.end() == 0


def test_terminal_that_only_prints_gets_a_transcript_at_each_key() -> None:
    """No control codes, and a key for each step."""
    with Screen("--workers", "2", main=dumb_demo) as screen:
        screen.until_shown("One go.mod, 2 processes")
        assert "1. A (pid" not in screen.shown()
        screen.press(NEXT)
        screen.until_shown("1. A (pid")
        screen.press("q")
        assert screen.end() == 0
        assert "\x1b" not in screen.shown()
        assert screen.is_as_before()
