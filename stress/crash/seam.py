"""The seam between the library and the system: its calls are noted, one of them fails, or one is its last.

What the library calls of `os` and `fcntl`, and on Windows of the system's own libraries, is wrapped, wherever one of
its modules has it by a name. So every call that it makes can be met, on any system, and the n-th is the n-th again.

A process can be killed `in_effect`: from that call on none is made any more, each raises `Gone` whatever the library
does on its way out, and at its end what it has open is closed, as the system does it for a process that is gone. What
then lies on the disk is what a kill leaves, as only calls change what is there. Thousands are killed so while a few
processes start; that it comes to the same, those show that are killed in earnest.
"""

from __future__ import annotations

import errno
import gc
import os
import sys

from stress.crash.fault import AFTER, CUT, KILLS, MANY, Fault

TYPE_CHECKING = False  # as in `child`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

__all__ = ["Gone", "Play", "Seam"]

_OF_OS = (
    *("open", "close", "read", "write", "pwrite", "lseek", "ftruncate", "fsync", "fdatasync", "fstat", "stat", "lstat"),
    *("access", "unlink", "rename", "replace", "chmod", "fchmod", "fchown", "getxattr", "setxattr"),
)
_OF_FCNTL = ("flock", "fcntl")
# Of Windows' own those that have to do with files; not those that free memory or ask for names.
_OF_WINDOWS = ("CreateFileW", "ReOpenFile", "CloseHandle", "FlushFileBuffers", "LockFileEx", "UnlockFileEx")
_GIVES_HANDLE = ("CreateFileW", "ReOpenFile")
_NO_HANDLE = (1 << 64) - 1  # INVALID_HANDLE_VALUE as ctypes gives it
_GIVES_DESCRIPTOR = "open_osfhandle"  # of a handle
_ONLY_NOTED = (_GIVES_DESCRIPTOR, "CloseHandle")  # nothing else comes of them; the second is made now and then only
_THEIRS = ("os", "msvcrt")
_OURS = ("lockedfile", "stress.crash.variants")  # in whose modules they are looked for
_SIGKILL = 9  # Windows does not know the name, and gives a process that is killed by it this exit code
_WINDOWS_ERRORS = {"EIO": 1117, "ENOSPC": 112}  # ERROR_IO_DEVICE, ERROR_DISK_FULL


class Gone(BaseException):
    """The process that makes this call is as good as killed."""


class Play:
    """What one who calls the library meets, and what came of it."""

    def __init__(self, fault: Fault | None, *, in_effect: bool) -> None:
        self.calls: list[tuple[str, str, bool]] = []  # name, path, and was the fault put in?
        self.gone = False
        self.result: Any = None
        self.error: Exception | None = None
        self.put_in: int | None = None  # the number of the error that was
        self._fault = fault
        self._in_effect = in_effect
        self._counts: dict[str, int] = {}
        self._open: dict[int, str] = {}  # paths by descriptor
        self._handles: dict[int, str] = {}  # and by handles that have no descriptor yet

    def call(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Let the call be made, or not."""
        if self.gone:
            raise Gone
        if name in _ONLY_NOTED:
            return self._made(name, call, arguments, options)
        met = self._meets(name)
        self.calls.append((name, self._path(arguments), met is not None))
        if met is None:
            return self._made(name, call, arguments, options)
        if met not in KILLS:
            return self._failed(met, name, call, arguments)
        if met == CUT:
            call(arguments[0], arguments[1][: len(arguments[1]) // 2], *arguments[2:], **options)
        elif met == AFTER:
            self._made(name, call, arguments, options)
        self._die()
        raise AssertionError("it lives")

    def _meets(self, name: str) -> str | None:
        at = self._counts[name] = self._counts.get(name, 0) + 1
        fault = self._fault
        if fault is None or name != fault.name or at < fault.at:
            return None
        last = fault.at + MANY - 1 if fault.lasting and fault.what == "EINTR" else at if fault.lasting else fault.at
        return fault.what if at <= last else None

    def _path(self, arguments: tuple[Any, ...]) -> str:
        first = arguments[0] if arguments else None
        if isinstance(first, int):
            return self._open.get(first) or self._handles.get(first, "")
        return os.fsdecode(first) if isinstance(first, str | bytes | os.PathLike) else ""

    def _made(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        result = call(*arguments, **options)
        if name == "open":
            self._open[result] = os.fsdecode(arguments[0])
        elif name in _GIVES_HANDLE and result != _NO_HANDLE:
            self._handles[result] = self._path(arguments)
        elif name == _GIVES_DESCRIPTOR:
            self._open[result] = self._handles.pop(arguments[0], "")
        elif name == "close":
            self._open.pop(arguments[0], None)
        elif name == "CloseHandle":
            self._handles.pop(arguments[0], None)
        return result

    def _failed(self, what: str, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> int:
        if name == "access":  # whose every failure is a no
            return False
        if name == "close":  # which closes whatever it says (close(2))
            self._made(name, call, arguments, {})
        if sys.platform == "win32" and _is_windows_own(call):
            import ctypes

            number = _WINDOWS_ERRORS[what]
            self.put_in = ctypes.WinError(number).errno
            ctypes.set_last_error(number)
            return _NO_HANDLE if name in _GIVES_HANDLE else 0
        self.put_in = getattr(errno, what)
        raise OSError(self.put_in, os.strerror(self.put_in), *_named(arguments))

    def _die(self) -> None:
        if not self._in_effect:
            os.kill(os.getpid(), _SIGKILL)  # on Windows TerminateProcess
        self.gone = True
        raise Gone

    def close(self) -> None:
        """What it left open is closed, as it is gone."""
        gc.collect()  # those that close by themselves first
        for fd in self._open:
            try:
                os.close(fd)
            except OSError:
                continue
        self._open = {}
        if sys.platform == "win32":
            import _winapi

            for handle in self._handles:
                _winapi.CloseHandle(handle)


class Seam:
    """Where calls pass through; made once in a process, when all modules of the library are imported."""

    def __init__(self) -> None:
        self._play: Play | None = None
        _import_all()
        wrapped = {id(call): self._wrapped(name, call) for name, call in _calls()}
        for module in _modules():
            for name, value in vars(module).copy().items():
                if id(value) in wrapped:
                    setattr(module, name, wrapped[id(value)])
        gc.freeze()  # what is there now is not looked through for each that is gone

    def play(self, action: Callable[[], Any], fault: Fault | None = None, *, in_effect: bool = True) -> Play:
        """Do it, and see what comes of it."""
        from lockedfile import _held

        play = self._play = Play(fault, in_effect=in_effect)
        try:
            play.result = action()
        except Exception as error:  # noqa: BLE001 - it is what came of it
            play.error = None if play.gone else error.with_traceback(None)
        except Gone:
            pass
        finally:
            self._play = None
        _held.held.clear()  # of one who is gone, or whose call to close failed
        play.close()
        return play

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            if self._play is None:
                return call(*arguments, **options)
            return self._play.call(name, call, arguments, options)

        return wrapper


def _calls() -> Iterator[tuple[str, Any]]:
    """What is wrapped: the name of each, and the call."""
    for name in _OF_OS:
        if hasattr(os, name):
            yield name, getattr(os, name)
    if sys.platform == "win32":
        import msvcrt

        yield _GIVES_DESCRIPTOR, msvcrt.open_osfhandle
        for module in _modules():
            for value in vars(module).values():
                if _is_windows_own(value) and value.__name__ in _OF_WINDOWS:
                    yield value.__name__, value
    else:
        import fcntl

        for name in _OF_FCNTL:
            yield name, getattr(fcntl, name)


def _import_all() -> None:
    """Those too that the library imports when it first needs them."""
    if sys.platform == "win32":
        import lockedfile._oslock._windows_access
        import lockedfile._oslock._windows_refusals  # noqa: F401 - that it is imported is all


def _modules() -> list[ModuleType]:
    """Whose names are looked through."""
    return [module for name, module in sys.modules.items() if name in _THEIRS or name.startswith(_OURS)]


def _is_windows_own(value: object) -> bool:
    """Is it a function of a library of Windows?"""
    return sys.platform == "win32" and type(value).__name__ == "_FuncPtr"


def _named(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The system's errors name the path that they were given."""
    return arguments[:1] if arguments and not isinstance(arguments[0], int) else ()
