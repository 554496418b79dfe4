"""`lockedfile read`: the content, under the shared lock."""

from __future__ import annotations

from .. import read
from ._arguments import Parser
from ._failure import failed
from ._notice import Notice
from ._streams import put_bytes

__all__ = ["main"]

_FAILURE, _USAGE = 1, 2

_TEXT = """\
Write the content of FILE to standard output, read under its shared lock: never
half of an edit.
"""

_EPILOG = """\
examples:
  lockedfile read go.mod
  lockedfile read --timeout 2 go.sum | sha256sum

exit status:
  0    done
  1    failed, or the lock was not had in time; -E changes the latter
  2    used in a wrong way
  130  Ctrl-C
"""


def main(arguments: list[str]) -> int:
    """Run `lockedfile read` with these arguments; the exit code."""
    options, words = _parser().words(arguments, command=False)
    if len(words) != 1:
        _parser().error("give one FILE; such as lockedfile read go.mod")
    path = words[0]
    notice = Notice(path, quiet=options.quiet)
    try:
        content = read(path, timeout=options.timeout, on_wait=notice)
    except Exception as error:  # noqa: BLE001 - the user of a command gets a line, not a traceback
        return failed("read", path, error, code=_FAILURE, conflict_code=options.conflict_exit_code)
    finally:
        notice.over()
    put_bytes(content)
    return 0


def _parser() -> Parser:
    parser = Parser("read", "[options] FILE", _TEXT, _EPILOG, _USAGE)
    parser.add_waiting()
    return parser
