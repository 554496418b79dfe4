"""`timeout` and `on_wait`, wherever they are taken: what is asked, when it ends, and what is told."""

from __future__ import annotations

import errno
import math
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, LockedFileError, LockTimeout, _oslock
from tests.lockedfile import crashes, locks, needs, waiting
from tests.lockedfile.processes import LIMIT_S, until
from tests.lockedfile.threads import run_all
from tests.lockedfile.ways import ASKING, HOLDING, SHARED, have, kind, operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

WEAKENED = "tests.lockedfile.weakened_waits:"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


def asking(spawn: Spawn, what: str, path: Path, timeout: float | str | None = None, *where: str) -> Child:
    """A child that asks for the lock, now."""
    child = spawn(waiting.ask, what, path, timeout, *where)
    child.expect("ready")
    child.tell()
    return child


def outcome(child: Child) -> waiting.Outcome:
    """How it went; the child has ended then."""
    heard = waiting.heard(child)
    child.tell()
    child.end()
    return heard


def expired(spawn: Spawn, what: str, path: Path, timeout: float, *where: str) -> waiting.Outcome:
    """How a wait went that was in vain."""
    with lockedfile.open(path, "r+b"):
        return outcome(asking(spawn, what, path, timeout, *where))


@pytest.mark.parametrize("what", ASKING)
def test_wait_that_is_not_over_gets_the_lock(spawn: Spawn, path: Path, what: str) -> None:
    """As soon as it is released; and what it waits for it was told once, before it blocked."""
    with lockedfile.open(path, "r+b") as file:
        child = asking(spawn, what, path, LIMIT_S)
        locks.until_waiting(path)
        assert not child.has_spoken()
        file.close()
        heard = outcome(child)
    assert heard.error is None
    assert [told[:4] for told in heard.told] == [(operation(what), str(path), kind(what), LIMIT_S)]
    assert heard.told[0].in_line == 0


@pytest.mark.parametrize("what", ASKING)
def test_wait_ends_at_its_deadline(spawn: Spawn, path: Path, what: str) -> None:
    """Not before; and the error has all facts, in its message too."""
    heard = expired(spawn, what, path, 0.05)
    error = heard.error
    assert isinstance(error, LockTimeout)
    assert isinstance(error, LockedFileError)
    assert isinstance(error, TimeoutError)
    assert (error.operation, error.path, error.timeout) == (operation(what), str(path), 0.05)
    assert (error.errno, error.filename) == (errno.ETIMEDOUT, str(path))
    assert 0.05 <= error.waited <= heard.took_s
    text = rf"{operation(what)} {re.escape(str(path))}: no lock after \d+\.\d+ s; held by .+"
    assert re.fullmatch(text, str(error)), str(error)
    assert len(heard.told) == 1


@needs.linux
def test_timeout_and_on_wait_name_the_holder(spawn: Spawn, path: Path) -> None:
    """By process and command."""
    heard = expired(spawn, "Edit", path, 0.05)
    assert isinstance(heard.error, LockTimeout)
    assert [holder.pid for holder in heard.error.holders] == [os.getpid()]
    assert f"; held by pid {os.getpid()} (" in str(heard.error)
    assert heard.told[0].pids == [os.getpid()]


def test_wait_that_ends_early_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a wait that ends long before its deadline."""
    heard = expired(spawn, f"{WEAKENED}open_impatient", path, LIMIT_S)
    assert isinstance(heard.error, TimeoutError)
    assert heard.took_s < LIMIT_S


@pytest.mark.parametrize("what", ASKING)
def test_timeout_of_zero_tries_once(path: Path, what: str) -> None:
    """It gets what is free, and waits for nothing."""
    have(what, str(path), timeout=0)
    with lockedfile.open(path, "r+b"):

        def ask() -> None:
            with pytest.raises(LockTimeout) as caught:
                have(what, str(path), timeout=0)
            assert caught.value.timeout == 0

        run_all(ask)
    have(what, str(path), timeout=0)


@pytest.mark.parametrize("what", ASKING)
def test_readers_time_out_for_writers_only(path: Path, what: str) -> None:
    """Beside a shared lock a shared one is free; so it is when asked only whether it is."""
    with lockedfile.open(path, "rb"):

        def ask() -> None:
            if what in SHARED:
                have(what, str(path), timeout=0)
            else:
                with pytest.raises(LockTimeout):
                    have(what, str(path), timeout=0)

        run_all(ask)


@needs.more_than_windows("needs rights as POSIX has them, and to be another user")
@pytest.mark.parametrize("what", SHARED)
def test_deadline_holds_where_we_may_only_read(spawn: Spawn, public_path: Path, what: str) -> None:
    """A reader needs no right to write, to wait or to stop waiting."""
    public_path.write_bytes(b"")
    public_path.chmod(0o444)
    with lockedfile.open(public_path, "r+b") as file:
        first, second = (spawn(waiting.ask_unprivileged, what, public_path, timeout) for timeout in (0.05, LIMIT_S))
        for child in (first, second):
            child.expect("ready")
            child.tell()
        assert isinstance(outcome(first).error, LockTimeout)
        locks.until_waiting(public_path)
        file.close()
        assert outcome(second).error is None


@pytest.mark.parametrize("where", ["another thread", "asyncio"])
@pytest.mark.parametrize("timeout", [0.05, LIMIT_S])
def test_deadline_holds_on_any_thread(spawn: Spawn, path: Path, where: str, timeout: float) -> None:
    """One that expires, and one that does not."""
    with lockedfile.open(path, "r+b") as file:
        child = asking(spawn, "Edit", path, timeout, where)
        if timeout == LIMIT_S:
            locks.until_waiting(path)
            file.close()
        heard = outcome(child)
    assert isinstance(heard.error, LockTimeout if timeout < LIMIT_S else type(None))


@needs.more_than_windows("needs SIGALRM")
def test_deadline_that_needs_the_main_thread_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a deadline that is kept by a signal."""
    assert isinstance(expired(spawn, f"{WEAKENED}open_by_alarm", path, 0.05).error, TimeoutError)
    for where in ("another thread", "asyncio"):
        assert isinstance(expired(spawn, f"{WEAKENED}open_by_alarm", path, 0.05, where).error, ValueError)


@pytest.mark.parametrize(
    ("timeout", "error"),
    [(-1, ValueError), (-0.001, ValueError), (-math.inf, ValueError), (math.nan, ValueError), ("1", TypeError)],
)
def test_timeout_that_is_none_is_refused(path: Path, timeout: float, error: type[Exception]) -> None:
    """Before anything is opened, made, or locked; the message names the file."""
    path.unlink()
    for what in ASKING:
        with pytest.raises(error, match=r"go\.mod"):
            have(what, str(path), timeout=timeout)
        assert not path.exists()


@pytest.mark.parametrize("timeout", ["None", "inf", "1e300", "1e10"])
def test_timeout_may_be_past_any_clock(spawn: Spawn, path: Path, timeout: str) -> None:
    """Then the wait is as long as it takes."""
    with lockedfile.open(path, "r+b") as file:
        child = asking(spawn, "Edit", path, timeout)
        locks.until_waiting(path)
        file.close()
        assert outcome(child).error is None


@pytest.mark.parametrize("form", [os.fsencode, Path])
def test_error_names_the_path_as_it_was_given(path: Path, form: Callable[[str], bytes | Path]) -> None:
    """Bytes stay bytes, and what stands for a path is asked for it."""
    with lockedfile.open(path, "r+b"):

        def ask() -> None:
            with pytest.raises(LockTimeout, match=r"go\.mod: no lock") as caught:
                lockedfile.read(form(str(path)), timeout=0)
            assert caught.value.path == caught.value.filename == os.fspath(form(str(path)))

        run_all(ask)


def test_waits_end_in_the_order_of_their_deadlines(spawn: Spawn, path: Path) -> None:
    """The later asked for ends first, if its deadline is the sooner; and the one without has not ended yet."""
    for_ever, late, early = (spawn(waiting.ask, "Edit", path, timeout) for timeout in (None, 1.5, 0.05))
    for child in (for_ever, late, early):
        child.expect("ready")
    with lockedfile.open(path, "r+b"):
        for child in (for_ever, late, early):
            child.tell()
        ended = [outcome(early), outcome(late)]
        assert not for_ever.has_spoken()
    assert [type(end.error) for end in ended] == [LockTimeout, LockTimeout]
    assert ended[0].over_s < ended[1].over_s
    assert outcome(for_ever).error is None


def test_on_wait_is_not_called_for_a_free_lock(path: Path) -> None:
    """Of any kind, with a deadline or without."""
    for what in ASKING:
        for timeout in (None, 0, LIMIT_S):
            have(what, str(path), timeout=timeout, on_wait=lambda waiting: pytest.fail(str(waiting)))


def test_on_wait_that_comes_late_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of one that is called after the wait, and without one."""
    assert len(outcome(asking(spawn, f"{WEAKENED}open_telling_late", path)).told) == 1
    assert expired(spawn, f"{WEAKENED}open_telling_late", path, 0.05).told == []


@pytest.mark.parametrize("what", HOLDING)
def test_on_wait_may_end_the_wait_itself(path: Path, what: str) -> None:
    """It is called with nothing locked, and before the wait: when it returns, the lock may be free."""
    file = lockedfile.open(path, "r+b")
    calls: list[str] = []

    def release(told: lockedfile.Waiting) -> None:
        calls.append(told.mode)
        file.close()
        Edit(path, lambda old: old, timeout=0)

    run_all(lambda: have(what, str(path), timeout=LIMIT_S, on_wait=release))
    assert calls == [kind(what)]


def test_time_in_on_wait_counts(path: Path) -> None:
    """A deadline that has passed when it returns has passed."""
    with lockedfile.open(path, "r+b"):

        def ask() -> None:
            slow = time.monotonic() + 0.05
            with pytest.raises(LockTimeout) as caught:
                Edit(path, lambda old: old, timeout=0.01, on_wait=lambda _: until(lambda: time.monotonic() > slow, ""))
            assert caught.value.waited >= 0.04

        run_all(ask)


@pytest.mark.parametrize("what", ["Edit", "read", "open rb", "open r+b", "open ab", "Mutex"])
@pytest.mark.parametrize("holder", ["shared", "exclusive"])
def test_deadline_holds_for_the_repair_of_an_interrupted_edit(spawn: Spawn, path: Path, what: str, holder: str) -> None:
    """Whoever has to wait to undo it waits no longer than to the deadline, and is told once; `read` need not wait."""
    path.unlink()
    crashes.leave(path, b"module m\n", b"module n\n")
    with path.open("r+b") as file:
        hold(file.fileno(), holder)
        heard = outcome(asking(spawn, what, path, 0.1))
    if (what, holder) == ("read", "shared"):
        assert heard.error is None
    else:
        assert isinstance(heard.error, LockTimeout)
        assert (heard.error.operation, heard.error.timeout) == (operation(what), 0.1)
        assert heard.error.waited >= 0.1
        assert len(heard.told) == 1
    assert lockedfile.read(path) == b"module m\n"


def hold(fd: int, how: str) -> None:
    """Lock what is open as `fd`, past the library, which would repair it."""
    _oslock.lock(fd, {"shared": _oslock.SHARED, "exclusive": _oslock.EXCLUSIVE}[how])


def test_process_that_is_killed_as_it_waits_is_in_nobodys_way(spawn: Spawn, path: Path) -> None:
    """Neither at the head of the line nor behind it; who was behind gets the lock."""
    with lockedfile.open(path, "r+b"):
        waiters = [asking(spawn, "open r+b", path, timeout) for timeout in (None, LIMIT_S, LIMIT_S)]
        locks.until_waiting(path)
        for killed in waiters[:2]:
            killed.process.kill()
            killed.process.wait(LIMIT_S)
    assert outcome(waiters[2]).error is None
    assert locks.state(path) == "free"
