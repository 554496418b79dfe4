"""Child processes that use one file again and again, or stand in line for it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import lockedfile
from tests.lockedfile.children import hear, load, say

if sys.platform == "win32":
    raise ImportError("POSIX only")

import fcntl


def use_often(opener: str, mode: str, hold_ms: str, think_ms: str, path: str, log: str) -> None:
    """Have the lock and do without it, in turn, for ever, for random times that are so long on average.

    Each line of `log` then says when it was asked for, and when it was had, by `time.perf_counter_ns`.
    """
    chance = random.Random()
    taking = load(opener)
    with open(log, "ab", buffering=0) as notes:
        say("ready")
        hear()
        while True:
            asked_ns = time.perf_counter_ns()
            with taking(path, mode):
                notes.write(b"%d %d\n" % (asked_ns, time.perf_counter_ns()))
                time.sleep(chance.uniform(0.5, 1.5) * float(hold_ms) / 1000)
            time.sleep(chance.uniform(0.5, 1.5) * float(think_ms) / 1000)


def stand_in_line(opener: str, mode: str, path: str) -> None:
    """Take the lock once told, say so, and give it back when told again."""
    taking = load(opener)
    say("ready")
    hear()
    with taking(path, mode):
        say("had")
        hear()


def stand_in_line_on(file_system: str, mode: str, path: str) -> None:
    """The same by `lockedfile.open`, where the system says that the file is on such a file system."""
    from lockedfile._oslock import _mounts

    mount = _mounts.mount

    def told(fd: int) -> tuple[str, str] | None:
        found = mount(fd)
        return found and (found[0], file_system)

    _mounts.mount = told
    stand_in_line("lockedfile:open", mode, path)


def use_raw(kind: str, path: str) -> None:
    """For each line heard that is a kind of flock(2), say if it can be had now; give it back at once."""
    fd = os.open(path, os.O_RDWR)
    say("ready")
    while line := hear():
        try:
            fcntl.flock(fd, getattr(fcntl, line) | (fcntl.LOCK_NB if kind == "at once" else 0))
        except BlockingIOError:
            say("taken")
        else:
            say("had")
            fcntl.flock(fd, fcntl.LOCK_UN)


def hold_by_lockf(path: str) -> None:
    """Hold the whole file by fcntl(2)'s other lock until told, as neither we nor the go command do."""
    with open(path, "r+b", buffering=0) as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        say("locked")
        hear()


def read_in_a_child(path: str) -> None:
    """Read the file in a process of our own, with a shared lock held; say what it read."""
    with lockedfile.open(path, "rb"):
        say("held")
        hear()
        program = "import sys, lockedfile; lockedfile.read(sys.argv[1])"
        say(subprocess.run([sys.executable, "-S", "-c", program, path], check=False).returncode)


def hold_and_ask_raw(first: str, second: str) -> None:
    """Hold `first` by flock(2), and once told wait for `second`; say when it is had."""
    fds = [os.open(path, os.O_RDWR) for path in (first, second)]
    fcntl.flock(fds[0], fcntl.LOCK_EX)
    say("ready")
    hear()
    fcntl.flock(fds[1], fcntl.LOCK_EX)
    say("had")
