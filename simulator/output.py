"""Where the commands put what they have to say: reports to stdout, notes to stderr, figures to files."""

from __future__ import annotations

import json
import locale
import os
import re
import sys
from contextlib import suppress
from errno import EINVAL
from pathlib import Path
from typing import TYPE_CHECKING

from .checker import Result
from .report import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

__all__ = [
    "OutputError",
    "can_show",
    "check_outputs",
    "check_writable",
    "hand_out",
    "has_gone",
    "note",
    "tell",
    "tell_beside",
]

_COLOURS = {Result.VALID.value: 32, Result.INVALID.value: 31, Result.UNKNOWN.value: 33}
_RESULT = re.compile(rf"\b({'|'.join(_COLOURS)}):")


class OutputError(Exception):
    """A file that is to be written cannot be; the message says which and why, in one line."""


def note(line: str) -> None:
    """A line beside the report, whether anybody can read it or not.

    Straight to the descriptor, as a signal handler may need to say something while a line is being written.
    """
    with suppress(OSError):
        os.write(sys.stderr.fileno(), line.encode(errors="backslashreplace"))


def tell(told: str, *, stream: TextIO | None = None) -> None:
    """A report, in colour where that is seen, and in ASCII where the stream takes no more."""
    stream = stream or sys.stdout
    if not can_show(told, stream):
        told = plain(told).encode(stream.encoding, "replace").decode(stream.encoding)
    if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        told = _RESULT.sub(lambda found: f"\x1b[1;{_COLOURS[found[1]]}m{found[1]}\x1b[0m:", told)
    stream.write(told)
    stream.flush()


def tell_beside(told: str, figures: Mapping[str, object], path: str | None) -> None:
    """A report, and its figures as JSON at `path`; if that is -, they are on stdout, and the report makes room."""
    written = json.dumps(figures, indent=2) + "\n"
    if path and path != "-":
        Path(path).write_text(written, encoding="utf-8", newline="\n")
    if told:
        tell(told, stream=sys.stderr if path == "-" else sys.stdout)
    if path == "-":
        hand_out([written])


def hand_out(parts: Iterable[str]) -> None:
    """Write to stdout what is for programs: the bytes that a file would get, whatever a system makes of text there."""
    sys.stdout.flush()
    for part in parts:
        sys.stdout.buffer.write(part.encode())
    sys.stdout.buffer.flush()


def has_gone(error: OSError) -> bool:
    """Does it say that nobody reads any more what we write, as `| head` does? Windows says so by EINVAL."""
    return isinstance(error, BrokenPipeError) or (error.errno == EINVAL and error.filename is None)


def can_show(told: str, stream: TextIO) -> bool:
    """Does the stream take these characters, and the terminal have them, as far as its user has said?"""
    said = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "")
    if said in {"C", "POSIX"} and stream.isatty():  # Python writes UTF-8 all the same
        return told.isascii()
    try:
        told.encode(stream.encoding or locale.getpreferredencoding(False))
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def check_outputs(outputs: Mapping[str, str | None]) -> None:
    """Say before the work that a path, by option, cannot be written, or is there twice. Raises `OutputError`."""
    seen: dict[str, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if (other := seen.setdefault(os.path.realpath(path) if path != "-" else path, option)) != option:
            where = "stdout" if path == "-" else path
            raise OutputError(f"cannot write both {other} and {option} to {where}")
        check_writable(option, path)


def check_writable(option: str, path: str | None) -> None:
    """Say before the work, not after it, that its result could not be written to the `path` that `option` names."""
    if path is None or path == "-":
        return
    file = Path(path)
    if file.is_dir():
        why = "it is a directory"
    elif not file.parent.is_dir():
        why = f"there is no directory {os.path.dirname(path)}"  # as it was written, not as the system writes it
    elif not os.access(file if file.exists() else file.parent, os.W_OK):
        why = "no permission"
    else:
        return
    raise OutputError(f"cannot write {option} {path}: {why}")
