"""Lines to people and bytes to standard output, straight to the descriptors: nothing is left to be flushed at exit."""

from __future__ import annotations

import os
import sys

from ._text import safe

__all__ = ["OutputError", "have_standard_descriptors", "put", "put_bytes", "say"]

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class OutputError(Exception):
    """Standard output cannot be written to; the `OSError` is its cause."""


def have_standard_descriptors() -> None:
    """Let no file that we open become standard input or output, which a caller may have closed (`>&-`).

    What is put in their place fails as a closed one does, and no child inherits it.
    """
    for fd in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(fd)
        except OSError:
            got = os.open(os.devnull, os.O_WRONLY if fd == _STDIN else os.O_RDONLY)
            if got != fd:  # a system that does not give the lowest number
                os.close(got)


def say(line: str) -> None:
    """One line on standard error, in one piece, whether anybody can read it or not."""
    data = f"{safe(line)}\n".encode(_encoding(sys.stderr), "backslashreplace")
    try:  # noqa: SIM105 - contextlib is not needed else
        os.write(_STDERR, data)
    except OSError:
        pass


def put(text: str) -> None:
    """Text to standard output."""
    put_bytes(text.encode(_encoding(sys.stdout), "backslashreplace"))


def put_bytes(data: bytes) -> None:
    """Bytes to standard output, all of them; `BrokenPipeError` if nobody reads it, `OutputError` if it fails."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(_STDOUT, rest) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {error.strerror}") from error


def _encoding(stream: object) -> str:
    return getattr(stream, "encoding", None) or "utf-8"
