"""The command line with one promise broken at a time: what the tests must be able to catch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lockedfile import _cli
from lockedfile._cli import _command, _edit, _failure, _kin, _notice, _run, _signals, _streams, entry
from lockedfile._cli._watch import Change, Watched
from lockedfile._edit import change as _change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lockedfile import Edited, Holder


def _weakened(place: object, name: str, value: object) -> int:
    """The command line, with another `name` in its module or class `place`; it must have had one."""
    assert hasattr(place, name)
    setattr(place, name, value)
    return entry()


def edit_whatever_the_code() -> int:
    """Takes what a COMMAND has written that failed."""
    return _weakened(_command, "_check", lambda *_: None)


def edit_making_files() -> int:
    """Makes what does not exist."""

    def making(*arguments: Any) -> Edited:
        return _change(*(*arguments[:-1], 0o666))

    return _weakened(_edit, "change", making)


def run_without_lock() -> int:
    """Runs COMMAND as if it held the lock."""
    return _weakened(_run, "open_locked", lambda path, *_, **__: open(path, "ab"))


def run_keeping_the_descriptor() -> int:
    """Does not let COMMAND inherit the lock."""
    return _weakened(_run, "_INHERITS", False)


def run_deaf() -> int:
    """Does not handle signals: they end us, and COMMAND goes on alone."""
    return _weakened(_signals.Signals, "begin", lambda *_: None)


def wait_in_silence() -> int:
    """Never says whom it waits for."""
    return _weakened(_notice.Notice, "__call__", lambda *_: None)


def run_looking_soon() -> int:
    """Breaks none: it looks sooner whether COMMAND waits for us, and a test need not wait for it so long."""
    return _weakened(_kin, "_FIRST_S", 0.1)


def run_without_a_look_at_kin() -> int:
    """Does not notice that COMMAND waits for us."""
    return _weakened(_kin.Watch, "begin", lambda *_: None)


def start_with_what_is_open() -> int:
    """Lets a file become standard output, where that is closed."""
    return _weakened(_cli, "have_standard_descriptors", lambda: None)


def say_all() -> int:
    """Sends the terminal what names hold."""
    for module in (_failure, _edit):
        setattr(module, "shown", os.fsdecode)  # noqa: B010 - mypy knows that it is not theirs
    return _weakened(_streams, "safe", str)


class WatchedOnlyComing(Watched):
    """Does not notice who goes."""

    def changed(self, found: Sequence[Holder], now_s: float) -> Iterator[Change]:
        """What has come."""
        return (change for change in super().changed(found, now_s) if change.event not in ("released", "left"))
