"""A command line as people read it: as a shell would take it, and safe to print on a terminal. Pure."""

from __future__ import annotations

__all__ = ["joined", "program", "safe", "shortened"]

_PLAIN = set("_@%+=:,./-")  # besides letters and digits, what means nothing to a shell
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_MOST = 60  # characters of one command in a message


def joined(raw: bytes) -> str:
    """The command line of a process, from its arguments, each ended by a zero (proc_pid_cmdline(5)).

    A process may have written a title of its own there, which has no zeros inside; that is taken as it is.
    """
    if b"\0" not in (title := raw.rstrip(b"\0")):
        return safe(title.decode("utf-8", "surrogateescape"))
    words = raw.removesuffix(b"\0").decode("utf-8", "surrogateescape").split("\0")
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if not word.isprintable():
        return "$'" + safe(word.replace("\\", "\\\\").replace("'", "\\'")) + "'"
    if word and all(character.isalnum() or character in _PLAIN for character in word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def safe(text: str) -> str:
    """It without characters that a terminal obeys or does not show; they are spelt out."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    if code < 0x80:
        return _ESCAPES.get(character) or f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shortened(command: str, most: int = _MOST) -> str:
    """It with room in a message: the program without its directory, and an ellipsis where there is more.

    The program is the script, where a Python runs one by its path.
    """
    short = program(command)
    return short if len(short) <= most else short[: most - 1] + "…"


def program(command: str) -> str:
    """It without the directory of the program, and without the Python that runs a script by its path."""
    if command[1:3] == ":\\":
        return command.rpartition("\\")[2]  # Windows: the path of the program, and no more
    first, space, rest = command.partition(" ")
    if not first.startswith("/"):
        return command
    first = first.rpartition("/")[2]
    if first.startswith("python") and rest.startswith("/"):
        return program(rest)
    return first + space + rest
