"""Where a process of the demo is stopped: in front of the system calls of the real `Edit`.

`lockedfile` runs as it is. Only the names by which its modules call the system lead, in this process, to functions that
tell what is about to be called, wait for the word to go on, call it, and tell what came of it. The lines of code that
are told with a call are those that the interpreter is at.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lockedfile
from lockedfile import _edit, _oslock, _writeback

from .moment import LEFT_OUT, Step
from .syscalls import failed, fcntl_text, flags_text, lock_text, quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    Tell = Callable[[dict[str, object]], None]

__all__ = ["Seam"]

_PACKAGE = str(Path(lockedfile.__file__).parent) + os.sep
_LATE = ("_wait", "_recovery", "_mounts")  # modules that are imported only when they are needed
_EXCLUSIVE_NOW = _oslock.EXCLUSIVE | _oslock.AT_ONCE


class Seam:
    """Stands between lockedfile and the system, for the file `target`, with its journal.

    `tell` takes a message; `wait` returns when the process may go on. Without `locking` no lock is asked for.
    """

    def __init__(self, target: str, tell: Tell, wait: Callable[[], None], *, locking: bool) -> None:
        self._target, self._tell, self._wait, self._locking = target, tell, wait, locking
        self._files: dict[int, str] = {}
        self._old_bytes = 0
        self._transformed = False
        self._is_blocked = False

    def put_in(self) -> None:
        """Lead all calls of lockedfile through here."""
        for name in _LATE:
            if (Path(_PACKAGE) / f"{name}.py").exists() or name == "_recovery":
                importlib.import_module(f"lockedfile.{name}")
        # By what they are, not by name: modules of lockedfile call them what they like.
        through: dict[int, Callable[..., Any]] = {
            id(os.open): self._open,
            id(os.read): self._read,
            id(os.close): self._close,
            id(os.access): self._access,
            id(os.ftruncate): self._ftruncate,
            id(os.unlink): self._unlink,
            id(_oslock.lock): self._lock,
            id(_oslock.pwrite): self._pwrite,
        }
        through.setdefault(id(_oslock.create), self._create)  # where that is not os.open
        self._system_lock, self._system_pwrite = _oslock.lock, _oslock.pwrite
        self._system_create: Callable[..., Any] = _oslock.create
        if not self._locking:
            through[id(_oslock.has_turnstile)] = lambda *_: False
        try:
            self._system_fcntl = importlib.import_module("fcntl").fcntl
            through[id(self._system_fcntl)] = self._fcntl
        except ImportError:
            pass  # there are no such calls here
        modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "lockedfile"]
        for module in modules:
            for name, value in list(vars(module).items()):
                if id(value) in through:
                    setattr(module, name, through[id(value)])

    def transform(self, function: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        """`function`, in front of which there is a stop too."""

        def transformed(old: bytes) -> bytes:
            self._stop(Step.TRANSFORM)
            new = function(old)
            self._transformed, self._old_bytes = True, len(old)
            self._call(f"transform(content of {len(old)} bytes)", f"{len(new)} bytes", at_work=True)
            return new

        return transformed

    def _stop(self, step: Step, part: str = "") -> None:
        self._tell({"is": "stop", "step": int(step), "part": part})
        self._wait()

    def _call(self, text: str, result: str, *, at_work: bool) -> None:
        """Tell of a call; one without a result has not returned yet, and may not for long."""
        edit_line, file, line = _where()
        self._tell(
            {"is": "call" if result else "wait",
             "call": {"text": text, "result": result, "edit_line": edit_line, "file": file, "line": line,
                      "at_work": at_work}}
        )  # fmt: skip

    def _made(self, text: str, call: Callable[..., Any], *args: object, at_work: bool = True, shown: str = "") -> Any:
        """Make the call, and tell what it gave."""
        try:
            result = call(*args)
        except OSError as error:
            self._call(text, failed(error), at_work=at_work)
            raise
        told = shown or (str(len(result)) if isinstance(result, bytes) else str(result or 0))
        self._call(text, told, at_work=at_work)
        return result

    def _is_journal(self, path: object) -> bool:
        return isinstance(path, str) and path.startswith(self._target) and path != self._target

    def _open(self, path: str, flags: int, mode: int = 0o777) -> int:
        if path != self._target and not self._is_journal(path):
            return os.open(path, flags, mode)
        if path == self._target:
            self._stop(Step.OPEN)
        elif flags & os.O_CREAT:
            self._stop(Step.WRITE, "journal")
        else:
            self._stop(Step.READ, "found")
        last = f", 0{mode:o}" if flags & os.O_CREAT else ""
        fd: int = self._made(f'openat(AT_FDCWD, "{path}", {flags_text(flags)}{last})', os.open, path, flags, mode)
        self._files[fd] = path
        return fd

    def _create(self, path: str, flags: int, access: object) -> int:
        self._stop(Step.WRITE, "journal")
        fd: int = self._made(f'CreateFile("{path}", CREATE_NEW)', self._system_create, path, flags, access)
        self._files[fd] = path
        return fd

    def _lock(self, fd: int, kind: int) -> None:
        text = lock_text(fd, kind, flock=hasattr(self, "_system_fcntl"))
        if kind == _oslock.UNLOCKED:
            self._stop(Step.RELEASE)
        elif kind == _EXCLUSIVE_NOW:
            self._stop(Step.TRY)
        else:
            self._block()
        if not self._locking:
            self._call(text, LEFT_OUT, at_work=True)
            return
        if kind == _oslock.EXCLUSIVE:
            self._call(text, "", at_work=True)
        self._made(text, self._system_lock, fd, kind)

    def _block(self) -> None:
        if not self._is_blocked:
            self._is_blocked = True
            self._stop(Step.BLOCKED)

    def _fcntl(self, fd: int, command: int, argument: object = 0) -> Any:
        text = fcntl_text(fd, command, argument)
        waits = "SETLKW" in text
        if "SETLK" in text and threading.current_thread() is threading.main_thread():
            self._block()  # they begin with a mark that says who it is that waits
        if waits:
            self._call(text, "", at_work=True)
        return self._made(text, self._system_fcntl, fd, command, argument, at_work=waits, shown="0")

    def _read(self, fd: int, most: int) -> bytes:
        if self._files.get(fd) == self._target:
            self._stop(Step.READ)
        content = os.read(fd, most)
        if fd in self._files:
            self._call(f"read({fd}, {quoted(content)}, {most})", str(len(content)), at_work=True)
        return content

    def _access(self, path: str, mode: int) -> bool:
        there = os.access(path, mode)
        if self._is_journal(path):
            self._call(f'access("{path}", F_OK)', "0" if there else "-1 ENOENT", at_work=there)
        return there

    def _pwrite(self, fd: int, data: bytes, offset: int) -> int:
        if self._files.get(fd) == self._target:
            if not self._transformed:
                self._stop(Step.READ, "put back")
            elif not data.strip(b" \t"):
                self._stop(Step.WRITE, "mark")
            else:
                self._stop(Step.WRITE, "grow" if offset >= self._old_bytes else "overwrite")
        text = f"pwrite64({fd}, {quoted(data)}, {len(data)}, {offset})"
        taken: int = self._made(text, self._system_pwrite, fd, data, offset)
        return taken

    def _ftruncate(self, fd: int, size: int) -> None:
        if self._transformed:
            self._stop(Step.WRITE, "cut")
        else:
            self._stop(Step.READ, "cut back")
        self._made(f"ftruncate({fd}, {size})", os.ftruncate, fd, size)

    def _unlink(self, path: str) -> None:
        if self._transformed:
            self._stop(Step.WRITE, "drop")
        else:
            self._stop(Step.READ, "clear")
        self._made(f'unlink("{path}")', os.unlink, path)

    def _close(self, fd: int) -> None:
        path = self._files.pop(fd, None)
        if path is None:
            os.close(fd)
        else:
            self._made(f"close({fd})", os.close, fd, at_work=path == self._target)


def _where() -> tuple[int, str, int]:
    """The line of `Edit` that is being run, and the line of lockedfile that makes the call: its file, its number."""
    edit_line, place = _lines(sys._getframe())
    if not edit_line:  # a thread of lockedfile's own, which waits for the one that edits
        edit_line, elsewhere = _lines(sys._current_frames().get(threading.main_thread().ident or 0))
        place = place or elsewhere
    return edit_line, *(place or ("", 0))


def _lines(frame: FrameType | None) -> tuple[int, tuple[str, int] | None]:
    place = None
    while frame is not None:
        code = frame.f_code
        # Not the loop around pwrite: what is written, and why, stands where that is called.
        if place is None and code.co_filename.startswith(_PACKAGE) and code is not _writeback.write_all.__code__:
            place = code.co_filename.removeprefix(_PACKAGE).replace(os.sep, "/"), frame.f_lineno
        if code is _edit.change.__code__:
            return frame.f_lineno, place
        frame = frame.f_back
    return 0, place
