"""The library as it would be on macOS, in a child process: what differs there is put in its place before the import.

That is the name of the system, its `fcntl`, which has F_FULLFSYNC, and what is missing: /proc and fdatasync(2).
"""

from __future__ import annotations

import builtins
import errno
import importlib
import json
import os
import sys

if sys.platform == "win32":
    raise ImportError("needs fcntl")

import fcntl
from types import ModuleType, SimpleNamespace

from tests.lockedfile.children import say

TYPE_CHECKING = False  # typing costs more to import than a lot of this takes
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

F_FULLFSYNC = 51  # sys/fcntl.h of macOS
SYNCS = "full sync"


class Kernel:
    """Does what it is asked for, says so in `calls`, and fails some of the full syncs."""

    def __init__(self, path: str, failing: str, error: str) -> None:
        self.calls: list[str] = []
        self._names = {path: "file", f"{path}.lockedfile-journal": "journal", os.path.dirname(path): "directory"}
        self._open: dict[int, str] = {}
        self._failing = failing  # the numbers of those that fail, or "all"
        self._error = error
        self._synced = 0

    def fcntl(self, fd: int, command: int) -> int:
        """As macOS has it: what the disk keeps of its own is written too."""
        if command != F_FULLFSYNC:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._synced += 1
        self.calls.append(f"{SYNCS} {self._open[fd]}")
        if self._failing == "all" or str(self._synced) in self._failing.split(","):
            number: int = getattr(errno, self._error)
            raise OSError(number, os.strerror(number))
        return 0

    def watch(self) -> None:
        """From now on."""
        for call, name in (("fsync", "fsync"), ("pwrite", "write"), ("ftruncate", "cut")):
            vars(os)[call] = self._told(name, getattr(os, call))
        vars(os).update(open=self._opening(os.open), unlink=self._dropping(os.unlink))
        vars(builtins).update(open=_without_proc(open))

    def _opening(self, real: Callable[..., int]) -> Callable[..., int]:
        def call(path: str, flags: int, mode: int = 0o777) -> int:
            fd = real(path, flags, mode)
            self._open[fd] = self._names.get(path, path)
            return fd

        return call

    def _told(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(fd: int, *arguments: Any) -> Any:
            self.calls.append(f"{name} {self._open[fd]}")
            return real(fd, *arguments)

        return call

    def _dropping(self, real: Callable[[str], None]) -> Callable[[str], None]:
        def call(path: str) -> None:
            real(path)
            self.calls.append(f"drop {self._names[path]}")

        return call


def _without_proc(real: Callable[..., Any]) -> Callable[..., Any]:
    def call(path: Any, *arguments: Any, **options: Any) -> Any:
        if str(path).startswith("/proc"):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return real(path, *arguments, **options)

    return call


def library(kernel: Kernel) -> ModuleType:
    """The library, imported anew on a system that calls itself darwin."""
    for module in [module for module in sys.modules if module.startswith("lockedfile")]:
        del sys.modules[module]
    sys.modules["fcntl"] = _as_fcntl(kernel)
    sys.platform = "darwin"
    kernel.watch()
    vars(os).pop("fdatasync", None)
    return importlib.import_module("lockedfile")


def _as_fcntl(kernel: Kernel) -> ModuleType:
    stand_in = ModuleType("fcntl")
    names = {name: value for name, value in vars(fcntl).items() if "OFD" not in name}
    vars(stand_in).update(names, F_FULLFSYNC=F_FULLFSYNC, fcntl=kernel.fcntl)
    return stand_in


def _put_everywhere(sync: Callable[[int], None]) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("lockedfile") and hasattr(module, "sync"):
            vars(module).update(sync=sync, sync_data=sync)


def _weaken(how: str, kernel: Kernel) -> None:
    """Take out a step: `fsync only`, or what it is to be careful about: `any error`, `swallowed`."""

    def swallowing(fd: int) -> None:
        try:
            kernel.fcntl(fd, F_FULLFSYNC)
        except OSError:
            if how == "any error":
                os.fsync(fd)

    if how:
        _put_everywhere(os.fsync if how == "fsync only" else swallowing)


def edit(path: str, new: str, failing: str = "", error: str = "", weakness: str = "", durable: str = "durable") -> None:
    """Edit, where the full syncs of the numbers `failing` fail with `error`; say the calls and what was raised."""
    kernel = Kernel(path, failing, error)
    package = library(kernel)
    package.Edit(path, lambda old: old)  # imports all that it needs
    _weaken(weakness, kernel)
    kernel.calls.clear()
    raised: Any = SimpleNamespace(errno=None, filename=None)
    try:
        package.Edit(path, lambda _: new.encode(), durable=bool(durable))
    except OSError as caught:
        raised = caught
    say(json.dumps({"calls": kernel.calls, "errno": raised.errno, "filename": raised.filename}))


def wait(path: str) -> None:
    """Wait in vain for a lock that somebody has; say what that tells, and what `holders` does."""
    package = library(Kernel(path, "", ""))
    waiting: list[Any] = []
    try:
        package.read(path, timeout=0.01, on_wait=waiting.append)
    except package.LockTimeout as late:
        told = [[holder.pid for holder in found] for found in (late.holders, package.holders(path))]
        say(json.dumps({"holders": told, "waits": len(waiting), "text": str(late)}))


def threads_of_one_process(path: str) -> None:
    """Say how reading a file ends for who edits it."""
    package = library(Kernel(path, "", ""))
    with package.open(path, "r+b"):
        try:
            package.read(path)
        except package.WouldDeadlock as error:
            say(type(error).__name__)


def attributes() -> None:
    """Say which modules the platform chose, and what it has to say of descriptors."""
    package = library(Kernel("", "", ""))
    oslock = importlib.import_module("lockedfile._oslock")
    system = importlib.import_module("lockedfile._holders._system")
    chosen = [getattr(oslock, name).__module__ for name in ("sync", "enter", "is_locked")]
    chosen += [system.holders.__module__, oslock.has_turnstile(0, 0), oslock.is_locked(0)]
    say(json.dumps([package.__name__, *chosen]))
