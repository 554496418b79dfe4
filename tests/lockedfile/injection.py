"""Faults and kills where there is no strace: the calls of the library are wrapped in its own process, as it starts.

Put before the command of a Python program, as strace is: `python injection.py LOG NOTED EXPRESSIONS PATHS python ...`.
It understands what the tests ask of strace, and notes calls as that does. It sees what is called from Python only; a
fault comes, and a kill hits, in the place of the call.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys

TYPE_CHECKING = False  # typing costs more to import than a lot of this takes
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Call: TypeAlias = Callable[..., Any]

# What strace calls them, by the name of the function.
_OF_OS = {
    "open": "openat",
    "close": "close",
    "read": "read",
    "ftruncate": "ftruncate",
    "unlink": "unlink",
    "access": "access",
    "fstat": "newfstatat",
    "lstat": "newfstatat",
    "stat": "newfstatat",
}
_OF_LIBRARY = {"pwrite": "pwrite64", "lock": "flock", "sync": "fsync", "sync_data": "fdatasync"}
if sys.platform == "win32":
    _OF_LIBRARY["create"] = "openat"  # elsewhere it is os.open itself

_EXPRESSION = re.compile(r"inject=(\w+):(error|signal|retval)=(\w+)(?::when=(\d+)(\+|\.\.\d+)?)?")

# As they are, whatever becomes of the names in `os`.
_open, _close, _write, _kill = os.open, os.close, os.write, os.kill


class Fault:
    """What is to happen at which of the calls of one name."""

    def __init__(self, expression: str) -> None:
        found = _EXPRESSION.fullmatch(expression)
        assert found, f"not understood: {expression}"
        self.call, self.kind, self.value, first, last = found.groups()
        self.first = int(first or 1)
        self.last = float("inf") if not first or last == "+" else int(last[2:]) if last else self.first
        self.seen = 0

    def is_due(self, call: str) -> bool:
        """Is it to happen now, at one more call of this name?"""
        self.seen += call == self.call
        return call == self.call and self.first <= self.seen <= self.last

    def happen(self, target: object) -> int:
        """Raise the error, or give what the call is to return; a kill does not come back."""
        if self.kind == "signal":
            assert self.value == "KILL", f"not understood: {self.value}"
            _kill(os.getpid(), 9)  # on Windows TerminateProcess, which ends the caller before it returns
        if self.kind == "error":
            if self.call == "access":
                return 0  # which is how Python tells any failure of it
            number = getattr(errno, self.value)
            raise OSError(number, os.strerror(number), *([] if isinstance(target, int) else [target]))
        return int(self.value)


class Injector:
    """Notes the calls on some files, and lets those fail that are to fail."""

    def aim(self, log: str, noted: str, expressions: str, paths: str) -> None:
        """Note into `log`, and from now on."""
        self._log = _open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._noted = noted.split(",") if noted else None
        self._faults = [Fault(expression) for expression in expressions.split()]
        self._paths = {_normal(path) for path in paths.split(os.pathsep)}
        self._fds: set[int] = set()

    def rest(self) -> None:
        """Note nothing any more, and let nothing fail."""
        self._paths, self._fds = set(), set()
        _close(self._log)

    def install(self) -> None:
        """Wrap what is called from now on, before and in the library."""
        for name, call in _OF_OS.items():
            setattr(os, name, self._wrapped(getattr(os, name), call))
        injector = self

        class NotedFileIO(io.FileIO):
            def write(self, data: Any) -> Any:
                return injector._made("write", super().write, (data,), self.fileno())

        io.FileIO = NotedFileIO  # type: ignore[misc]  # so that the library's files are made of it
        from lockedfile import _oslock

        for name, call in _OF_LIBRARY.items():
            function = getattr(_oslock, name)
            wrapped = self._wrapped(function, call)
            for module in [module for key, module in sys.modules.items() if key.startswith("lockedfile")]:
                if vars(module).get(name) is function:
                    setattr(module, name, wrapped)

    def _wrapped(self, function: Call, name: str) -> Call:
        def call(*args: Any, **options: Any) -> Any:
            if not options and args and self._is_traced(args[0]):
                return self._made(name, function, args, args[0])
            result = function(*args, **options)
            if name == "openat":
                self._fds.discard(result)  # which was of another file before
            return result

        return call

    def _is_traced(self, target: object) -> bool:
        if isinstance(target, int):
            return target in self._fds
        return isinstance(target, str | bytes | os.PathLike) and _normal(target) in self._paths

    def _made(self, name: str, function: Call, args: Sequence[Any], target: object) -> Any:
        if target not in self._fds and isinstance(target, int):
            return function(*args)
        said = f"{name}({', '.join(_shown(name, args))})"
        fault = next((fault for fault in self._faults if fault.is_due(name)), None)
        injected = " (INJECTED)" if fault else ""
        if fault and fault.kind == "signal":
            self._note(name, f"{said} = ?\n+++ killed by SIG{fault.value} +++")
        try:
            result = fault.happen(target) if fault else function(*args)
        except OSError as error:
            self._note(name, f"{said} = -1 {errno.errorcode.get(error.errno or 0)} ({error.strerror}){injected}")
            raise
        if name == "openat":
            self._fds.add(result)
        elif name == "close":
            self._fds.discard(args[0])
        self._note(name, f"{said} = {_result(result)}{injected}")
        return result

    def _note(self, name: str, lines: str) -> None:
        if self._noted is None or name in self._noted:
            _write(self._log, "".join(f"{os.getpid()} {line}\n" for line in lines.split("\n")).encode())


def _normal(path: str | bytes | os.PathLike[Any]) -> str:
    return os.path.normcase(os.path.abspath(os.fsdecode(path)))


def _shown(name: str, args: Sequence[Any]) -> list[str]:
    """Arguments as strace shows them, but for what nobody asks for."""
    if name == "openat":
        return [
            "AT_FDCWD",
            f'"{os.fsdecode(args[0])}"',
            _flags(args[1]),
            *(oct(mode) for mode in args[2:] if isinstance(mode, int)),
        ]
    if name == "pwrite64":
        return [str(args[0]), '"..."...', str(len(args[1])), str(args[2])]
    if name == "write":
        return ['"..."...', str(len(args[0]))]
    return [f'"{os.fsdecode(part)}"' if not isinstance(part, int) else str(part) for part in args]


def _flags(flags: int) -> str:
    kinds = [name for name in ("O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND") if flags & getattr(os, name)]
    access = {os.O_RDONLY: "O_RDONLY", os.O_WRONLY: "O_WRONLY", os.O_RDWR: "O_RDWR"}[flags & (os.O_WRONLY | os.O_RDWR)]
    return "|".join([access, *kinds])


def _result(result: object) -> str:
    """What the call returned, or 0 for what C returns through a pointer."""
    return str(len(result) if isinstance(result, bytes) else int(result) if isinstance(result, int) else 0)


def attempts() -> None:
    """Attempt edits, one after the other, as told in JSON: how to aim, and the arguments of `children.attempt`."""
    injector = Injector()
    injector.install()
    from tests.lockedfile.children import attempt, hear

    while order := hear():
        aim, args = json.loads(order)
        injector.aim(*aim)
        attempt(*args)
        injector.rest()


def run(log: str, noted: str, expressions: str, paths: str, *command: str) -> None:
    """Run the Python program of `command`, which comes after its `-c`, in this process."""
    if "-S" not in command[: command.index("-c")]:
        import site

        site.main()
    program, *args = command[command.index("-c") + 1 :]
    sys.argv = ["-c", *args]
    injector = Injector()
    injector.aim(log, noted, expressions, paths)
    injector.install()
    exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    run(*sys.argv[1:])
