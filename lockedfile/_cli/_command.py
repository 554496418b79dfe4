"""A COMMAND: started, fed, waited for, and how it ended."""

from __future__ import annotations

import errno
import os
from subprocess import PIPE, Popen

from ._signals import INTERRUPTED
from ._text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._kin import Watch
    from ._signals import Signals

__all__ = ["CommandError", "StartError", "filtered", "ran"]

_CANNOT_RUN, _NOT_FOUND = 126, 127
_BY_SIGNAL = 128
_HAS_SHELL = hasattr(os, "fork")


class CommandError(Exception):
    """COMMAND ended with `code`, or was ended."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class StartError(CommandError):
    """COMMAND could not be started; `reason` says why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code)
        self.reason = reason


def filtered(command: Sequence[str], content: bytes, signals: Signals, watch: Watch) -> bytes:
    """What COMMAND makes of `content`. If it fails, `CommandError`; also if we were asked to end."""
    with _Running(command, signals, watch, stdin=PIPE, stdout=PIPE) as process:
        new, _ = process.communicate(content)
    _check(process.returncode, signals)
    return new


def ran(command: Sequence[str], signals: Signals, watch: Watch, *, descriptors: Sequence[int]) -> None:
    """Run COMMAND, which inherits `descriptors`, to its end; if that is not a good one, `CommandError`."""
    with _Running(command, signals, watch, pass_fds=descriptors) as process:
        process.wait()
    _check(process.returncode, signals)


def _check(code: int, signals: Signals) -> None:
    if signals.interrupted and code in INTERRUPTED:
        raise KeyboardInterrupt
    if signals.asked is not None:
        raise CommandError(_BY_SIGNAL + signals.asked)
    if code:
        raise CommandError(code if code > 0 else _BY_SIGNAL - code)


class _Running:
    """COMMAND within a `with` block; whatever happens there, it does not outlive it."""

    def __init__(self, command: Sequence[str], signals: Signals, watch: Watch, **options: Any) -> None:
        self._process = _started(command, options)
        self._watch = watch
        watch.begin(self._process.pid)
        signals.started(self._process)

    def __enter__(self) -> Popen[bytes]:
        return self._process

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            try:  # noqa: SIM105 - contextlib is not needed else
                self._process.kill()
            except PermissionError:  # it has become another user, as sudo does
                pass
            self._process.wait()
        self._watch.end()


def _started(command: Sequence[str], options: dict[str, Any]) -> Popen[bytes]:
    try:
        if not command[0]:  # which would be the directories of PATH
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        try:
            return Popen(command, **options)
        except OSError as error:
            if error.errno != errno.ENOEXEC or not _HAS_SHELL:
                raise
            return Popen(["/bin/sh", _found(command[0]), *command[1:]], **options)  # execvp(3) does so
    except FileNotFoundError as error:
        raise StartError(_NOT_FOUND, _reason(command[0], error)) from error
    except (OSError, ValueError) as error:
        raise StartError(_CANNOT_RUN, _reason(command[0], error)) from error


def _found(name: str) -> str:
    """The file that a COMMAND of this name is."""
    if os.path.dirname(name):
        return name
    places = (os.path.join(directory, name) for directory in os.get_exec_path())
    return next((place for place in places if os.access(place, os.X_OK)), name)


def _reason(name: str, error: OSError | ValueError) -> str:
    cause = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    if isinstance(error, FileNotFoundError):
        advice = "its interpreter is missing, see its first line" if os.path.exists(name) else "check the name and PATH"
    elif isinstance(error, PermissionError):
        executable = "make it executable with chmod +x" if _HAS_SHELL else "check who may run it"
        advice = "name a program" if os.path.isdir(name) else executable
    elif isinstance(error, OSError) and error.errno == errno.ENOEXEC:
        advice = "it is no program of this system; name the one that is to run it before it, such as python"
    else:
        advice = "try it without lockedfile"
    return f"cannot run {safe(name) or repr('')}: {cause}; {advice}"
