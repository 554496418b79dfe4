"""Ctrl-C, and other signals, as a call waits for a lock: who raises ends the wait, who returns does not."""

from __future__ import annotations

import random
import sys
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux, which tells who waits", allow_module_level=True)

import signal

import lockedfile
from tests.lockedfile import faults, footprints, needs, wait_interrupted, waiting, weakened_waits
from tests.lockedfile.processes import LIMIT_S, Child, name, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Spawn = Callable[..., Child]

STORM_ROUNDS = 120


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Another one."""
    path = tmp_path / "go.sum"
    path.touch()
    return path


def end(child: Child) -> None:
    """Let a child that has said all end."""
    child.tell()
    child.end()


def heard_of_interrupted(child: Child, path: Path) -> waiting.Outcome:
    """How a wait went that is interrupted while the lock is held."""
    with lockedfile.open(path, "r+b"):
        child.tell()
        footprints.until_in_line(path)
        child.process.send_signal(signal.SIGINT)
        return waiting.heard(child)


def interrupted(child: Child, path: Path, before: footprints.Footprint) -> waiting.Outcome:
    """How a wait went that is interrupted; and nothing is left of it once the lock, which is held, is free."""
    heard = heard_of_interrupted(child, path)
    footprints.until_back(child.process.pid, path, before)
    end(child)
    return heard


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
@pytest.mark.parametrize("what", ["Edit", "read", "Mutex"])
def test_interrupt_ends_a_wait(spawn: Spawn, path: Path, what: str, timeout: float | None) -> None:
    """While the lock is still held, with a deadline and without."""
    child = spawn(waiting.ask, what, path, timeout)
    child.expect("ready")
    heard = interrupted(child, path, footprints.footprint(child.process.pid, path))
    assert isinstance(heard.error, KeyboardInterrupt)


@pytest.mark.parametrize("what", ["Edit", "read"])
def test_interrupt_that_ends_no_sleep_is_heard(spawn: Spawn, path: Path, what: str) -> None:
    """Such as one that came when the sleep was about to begin: it is not slept over until the deadline."""
    child = spawn(wait_interrupted.ask_while_another_thread_is_interrupted, what, path, 100 * LIMIT_S)
    child.expect("ready")
    heard = interrupted(child, path, footprints.footprint(child.process.pid, path))
    assert isinstance(heard.error, KeyboardInterrupt)


def test_interrupt_that_is_slept_over_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a wait that sleeps until its deadline."""
    child = spawn(
        wait_interrupted.ask_while_another_thread_is_interrupted, name(weakened_waits.open_keeping_late), path, 2
    )
    child.expect("ready")
    assert heard_of_interrupted(child, path).took_s >= 2
    end(child)


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
@pytest.mark.parametrize("what", ["Edit", "read", "Mutex"])
def test_interrupt_ends_a_wait_under_another_lock(
    spawn: Spawn, path: Path, second: Path, what: str, timeout: float | None
) -> None:
    """Both of them are free then."""
    child = spawn(wait_interrupted.ask_holding, second, what, path, timeout)
    child.expect("ready")
    before = footprints.footprint(child.process.pid, path)
    heard = interrupted(child, path, before._replace(descriptors=before.descriptors - 1))
    assert isinstance(heard.error, KeyboardInterrupt)
    assert footprints.locks_of(second) == []


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
def test_interrupt_ends_a_wait_in_line(spawn: Spawn, path: Path, timeout: float | None) -> None:
    """Of one who has others before him, and behind; these get the lock."""
    children = [spawn(waiting.ask, "Edit", path, timeout) for _ in range(3)]
    with lockedfile.open(path, "r+b"):
        for place, child in enumerate(children, 1):
            child.expect("ready")
            child.tell()
            footprints.until_in_line(path, place)
        children[1].process.send_signal(signal.SIGINT)
        assert isinstance(waiting.heard(children[1]).error, KeyboardInterrupt)
    assert [waiting.heard(children[place]).error for place in (0, 2)] == [None, None]
    for child in children:
        end(child)


def test_interrupt_that_is_not_heard_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a wait that hears it when it is over."""
    child = spawn(waiting.ask, name(weakened_waits.open_deaf), path, 0.5)
    child.expect("ready")
    assert heard_of_interrupted(child, path).took_s >= 0.5
    end(child)


def test_interrupt_is_the_main_threads(spawn: Spawn, path: Path) -> None:
    """A wait of another thread goes on."""
    child = spawn(wait_interrupted.ask_in_two_threads, "Edit", path)
    with lockedfile.open(path, "r+b"):
        child.expect("ready")
        footprints.until_in_line(path, 2)
        child.process.send_signal(signal.SIGINT)
        assert isinstance(waiting.heard(child).error, KeyboardInterrupt)
    assert waiting.heard(child).error is None
    end(child)


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
def test_handler_that_returns_does_not_end_a_wait(spawn: Spawn, path: Path, timeout: float | None) -> None:
    """It runs at once, and the wait goes on, to the lock."""
    child = spawn(wait_interrupted.ask_handling, "Edit", path, timeout)
    child.expect("ready")
    with lockedfile.open(path, "r+b"):
        child.tell()
        footprints.until_in_line(path)
        for _ in range(3):
            child.process.send_signal(signal.SIGUSR1)
            child.expect("handled")
    assert waiting.heard(child).error is None
    end(child)


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
def test_handler_that_raises_ends_a_wait(spawn: Spawn, path: Path, timeout: float | None) -> None:
    """By what it raises."""
    child = spawn(wait_interrupted.ask_handling, "Edit", path, timeout)
    child.expect("ready")
    before = footprints.footprint(child.process.pid, path)
    with lockedfile.open(path, "r+b"):
        child.tell()
        footprints.until_in_line(path)
        child.process.send_signal(signal.SIGUSR2)
        assert isinstance(waiting.heard(child).error, ZeroDivisionError)
    footprints.until_back(child.process.pid, path, before)
    end(child)


def signalled_until_it_ends(spawn: Spawn, path: Path, what: str, timeout: float, at_most_s: float) -> str:
    """The first thing that a wait says, but that it has handled a signal, and for so long there is always the next."""
    child = spawn(wait_interrupted.ask_handling, what, path, timeout)
    child.expect("ready")
    with lockedfile.open(path, "r+b"):
        child.tell()
        end_s = time.monotonic() + at_most_s
        said = "handled"
        while said == "handled" and time.monotonic() < end_s:
            child.process.send_signal(signal.SIGUSR1)
            said = child.hear()
        child.process.kill()
    return said


def test_handlers_do_not_put_off_the_deadline(spawn: Spawn, path: Path) -> None:
    """However often one runs, in time the wait is over."""
    assert signalled_until_it_ends(spawn, path, "Edit", 0.3, LIMIT_S) != "handled"


def test_deadline_that_is_put_off_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a deadline that begins anew with each signal."""
    opener = name(weakened_waits.open_with_a_deadline_a_signal)
    assert signalled_until_it_ends(spawn, path, opener, 0.3, 1) == "handled"


@pytest.mark.parametrize(("what", "held"), [("Edit", False), ("read", False), ("open r+b", True)])
def test_storm_of_interrupts_leaves_nothing(spawn: Spawn, path: Path, second: Path, what: str, held: bool) -> None:
    """SIGINT at random moments of waits that end, or time out, within milliseconds."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    flipper = spawn(wait_interrupted.flip, path)
    flipper.expect("ready")
    child = spawn(wait_interrupted.storm, what, path, second if held else "", seed)
    child.expect("ready")
    for round_ in range(STORM_ROUNDS):
        time.sleep(chance.expovariate(500))
        child.process.send_signal(signal.SIGINT)
        heard = child.hear()
        assert heard == "nothing left", f"{heard}; round {round_}, seed {seed}"
    child.process.kill()
    flipper.process.kill()


def injected(spawn: Spawn, path: Path, call: str, when: int, timeout: float | None) -> bool:
    """Was a signal sent as such a call was made for the so many-th time? Then nothing is left of the wait."""
    trace = faults.Trace(path.with_name("trace"), path, f"inject={call}:signal=INT:when={when}")
    with lockedfile.open(path, "r+b") as file:
        child = spawn(wait_interrupted.ask_injected, "Edit", path, timeout, prefix=trace.command)
        if timeout is None:
            until(lambda: child.has_spoken() or footprints.in_line(path), "a wait")
            file.close()
        assert child.hear() in ("KeyboardInterrupt", "LockTimeout", "NoneType")
    child.tell()
    child.expect("nothing left")
    child.end()
    until(lambda: not footprints.locks_of(path), f"no lock; {trace.lines()}")
    return bool(trace.injected())


@needs.strace
@pytest.mark.parametrize("timeout", [0.02, None])
@pytest.mark.parametrize("call", ["flock", "fcntl", "openat", "close"])
def test_interrupt_in_a_call_of_a_wait_leaves_nothing(
    spawn: Spawn, path: Path, call: str, timeout: float | None
) -> None:
    """Strace sends SIGINT as the first, the second, ... such call is made; the wait expires, or gets the lock."""
    for when in count(1):
        if not injected(spawn, path, call, when, timeout):
            break
