"""Every byte comes and goes as it is: line ends of all kinds, what once ended a text file, and zeros."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit
from tests.lockedfile import crashes
from tests.lockedfile.protocols import beside, edit_as_go, edit_durably

if TYPE_CHECKING:
    from tests.lockedfile.weakened import Editor

ROOT = Path(lockedfile.__file__).parents[1]

CONTENTS = {
    "lone line feeds": b"module m\n\ngo 1.27\n",
    "with carriage returns": b"module m\r\n\r\ngo 1.27\r\n",
    "a mix": b"a\nb\r\nc\rd\n\re\r\r\n",
    "what ends a text file": b"module m\n\x1ago 1.27\n\x1a",
    "zeros": b"\0a\0\0\r\n\0",
    "all there are": bytes(range(256)),
    "many pages": b"a\nb\r\nc\x1a\0" * 5000,
}


@pytest.fixture(params=CONTENTS)
def content(request: pytest.FixtureRequest) -> bytes:
    """Each of them."""
    return CONTENTS[request.param]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file will be."""
    return tmp_path / "go.mod"


@pytest.mark.parametrize("editor", [Edit, edit_durably, edit_as_go])
def test_edit_gets_and_puts_what_it_is_given(path: Path, content: bytes, editor: Editor) -> None:
    """With a journal and without; longer, shorter, and what differs in one byte."""
    path.write_bytes(content)
    for new in (content + b"\n", content[:-1] + b"\r", b"\n" + content, content[: len(content) // 2], content):
        seen: list[bytes] = []

        def transform(old: bytes, new: bytes = new, seen: list[bytes] = seen) -> bytes:
            seen.append(old)
            return new

        before = path.read_bytes()
        editor(str(path), transform)
        assert (seen, path.read_bytes(), beside(path)) == ([before], new, [])


def test_read_and_write_are_exact(path: Path, content: bytes) -> None:
    """Also of a file that was made by others."""
    lockedfile.write(path, content)
    assert (path.read_bytes(), lockedfile.read(path)) == (content, content)


@pytest.mark.parametrize("mode", ["wb", "w+b", "xb", "ab", "a+b"])
def test_open_writes_what_it_is_given(path: Path, content: bytes, mode: str) -> None:
    """And stands where it says."""
    with lockedfile.open(path, mode) as file:
        assert (file.write(content), file.tell()) == (len(content), len(content))
    assert path.read_bytes() == content


def test_open_reads_what_is_there(path: Path, content: bytes) -> None:
    """In one piece, in parts, and by lines, which end with a line feed only."""
    path.write_bytes(content)
    with lockedfile.open(path, "r+b") as file:
        assert file.read() == content
        file.seek(0)
        assert b"".join(iter(lambda: file.read(3), b"")) == content
        file.seek(0)
        lines = list(file)
        assert b"".join(lines) == content
        assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines[:-1])
        file.seek(1)
        file.write(b"\n")
        file.truncate(2)
    assert path.read_bytes() == content[:1] + b"\n"


def test_interrupted_edit_is_undone_to_the_byte(path: Path, content: bytes) -> None:
    """By its journal, which holds all kinds of bytes itself."""
    for new in (content * 2, content[::-1] + b"\r\n", b"\n"):
        crashes.leave(path, content, new)
        assert lockedfile.read(path) == content
        assert (path.read_bytes(), beside(path)) == (content, [])


def test_text_has_the_line_ends_of_the_file(path: Path) -> None:
    """With an encoding nothing else is done to it."""
    for encoding in ("utf-8", "utf-16-le", "latin-1"):
        text = "a\nb\r\nc\rd\x1a\0é\n"
        path.write_bytes(text.encode(encoding))
        seen: list[str] = []

        def transform(old: str, seen: list[str] = seen) -> str:
            seen.append(old)
            return old + "\r\n\n"

        Edit(path, transform, encoding=encoding)
        assert (seen, path.read_bytes()) == ([text], f"{text}\r\n\n".encode(encoding))


def run(*arguments: str) -> bytes:
    """What the command line writes to standard output."""
    command = [sys.executable, "-W", "error", "-m", "lockedfile", *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True, env=os.environ, cwd=ROOT
    )
    assert done.stderr == b""
    return done.stdout


def test_command_line_reads_and_edits_to_the_byte(path: Path, content: bytes) -> None:
    """What goes to a command, what comes from it, and what goes to standard output."""
    path.write_bytes(content)
    assert run("read", str(path)) == content
    program = (
        "import os, sys; old = sys.stdin.buffer.read(); new = b'\\r\\n\\n\\x1a\\0' + old\n"
        "while new: new = new[os.write(sys.stdout.buffer.fileno(), new):]"
    )
    binary = "import os, sys\nif os.name == 'nt': import msvcrt; msvcrt.setmode(1, os.O_BINARY)\n"
    run("edit", str(path), "--", sys.executable, "-c", binary + program)
    assert path.read_bytes() == b"\r\n\n\x1a\0" + content
