"""A thread that waits in the place of another: what it brings back is the lock, and it goes home."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs the turnstile, which is Linux'", allow_module_level=True)

import fcntl

from lockedfile import _held, _oslock
from lockedfile._stand_in import StandIn
from tests.lockedfile import footprints
from tests.lockedfile.processes import until

if TYPE_CHECKING:
    from pathlib import Path


class WakesAnyway(StandIn):
    """Weakened: who gets through the turnstile too late comes back all the same."""

    def _gets_through(self, fd: int) -> bool:
        is_through = super()._gets_through(fd)
        if not is_through:
            self._come_back()
        return is_through


def comes_back_too_early(path: Path, kind: type[StandIn]) -> bool:
    """Does one come back before the lock is free, who was passed by at the turnstile, and gets through it later?"""
    holder, ahead, ours = (os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(3))
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        _oslock.stand(ahead, _oslock.EXCLUSIVE)
        status, threads = os.fstat(ours), footprints.threads(os.getpid())
        wanted = status.st_dev, status.st_ino, _oslock.EXCLUSIVE
        stand_in = kind(wanted, _held.this_process, at_turnstile=True, only_there=False)
        stand_in.send(ours)
        footprints.until_in_line(path)
        stand_in.pass_by(ours)
        footprints.until_in_line(path, 2)
        _oslock.leave(ahead)
        until(lambda: footprints.threads(os.getpid()) == threads + 1, "the end of the one at the turnstile")
        too_early = stand_in.is_back
        fcntl.flock(holder, fcntl.LOCK_UN)
        until(lambda: footprints.threads(os.getpid()) == threads, "the end of the one in the queue")
        assert stand_in.is_back
        return too_early
    finally:
        for fd in (holder, ahead, ours):
            os.close(fd)


def test_one_that_was_passed_by_does_not_bring_the_lock(tmp_path: Path) -> None:
    """It gets through the turnstile in the end, and goes home; the lock is still another's."""
    assert not comes_back_too_early(tmp_path / "go.mod", StandIn)


def test_one_that_comes_back_without_the_lock_would_show(tmp_path: Path) -> None:
    """The check can fail."""
    assert comes_back_too_early(tmp_path / "go.mod", WakesAnyway)
