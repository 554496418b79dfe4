"""`open` and the `LockedFile` that it gives: modes, locks, and a file that other code can use as any."""

from __future__ import annotations

import array
import errno
import gc
import io
import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lockedfile
from lockedfile import LockedFile
from tests.lockedfile import children, faults, locks, needs, weakened
from tests.lockedfile.processes import name, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two lines."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"one\ntwo\n")
    return path


@pytest.mark.parametrize(
    ("mode", "lock", "reads", "writes", "content", "position"),
    [
        ("rb", "shared", True, False, b"one\ntwo\n", 0),
        ("r+b", "exclusive", True, True, b"one\ntwo\n", 0),
        ("wb", "exclusive", False, True, b"", 0),
        ("w+b", "exclusive", True, True, b"", 0),
        ("ab", "exclusive", False, True, b"one\ntwo\n", 8),
        ("a+b", "exclusive", True, True, b"one\ntwo\n", 8),
        ("br", "shared", True, False, b"one\ntwo\n", 0),
        ("+br", "exclusive", True, True, b"one\ntwo\n", 0),
        ("b+w", "exclusive", True, True, b"", 0),
    ],
)
def test_mode_says_lock_access_and_start(
    path: Path, mode: str, lock: str, reads: bool, writes: bool, content: bytes, position: int
) -> None:
    """As the builtin `open` does, and the lock with it."""
    with lockedfile.open(path, mode) as file:
        assert locks.state(path) == lock
        assert (file.readable(), file.writable(), file.tell()) == (reads, writes, position)
        assert os.stat(path).st_size == len(content)
        if reads:
            file.seek(0)
            assert file.read() == content
    assert locks.state(path) == "free"


@pytest.mark.parametrize("mode", ["xb", "x+b", "wb", "w+b", "ab", "a+b"])
def test_missing_file_is_made(tmp_path: Path, mode: str) -> None:
    """By all modes that write, but `r+b`; and locked exclusively."""
    with lockedfile.open(tmp_path / "new", mode) as file:
        assert locks.state(tmp_path / "new") == "exclusive"
        assert file.write(b"written") == 7
    assert (tmp_path / "new").read_bytes() == b"written"


@pytest.mark.parametrize("mode", ["rb", "r+b"])
def test_missing_file_is_not_made_to_be_read(tmp_path: Path, mode: str) -> None:
    """The error names it."""
    with pytest.raises(FileNotFoundError) as caught:
        lockedfile.open(tmp_path / "new", mode)
    assert caught.value.filename == str(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["xb", "x+b"])
def test_x_fails_on_an_existing_file(path: Path, mode: str) -> None:
    """And leaves it alone."""
    with pytest.raises(FileExistsError) as caught:
        lockedfile.open(path, mode)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"one\ntwo\n"


# fmt: off
REJECTED = [
    "", " rb", "r", "w", "x", "a", "b", "+", "r+", "w+", "a+", "rt", "wt", "rwb", "rab", "xwb", "rbb", "r++b", "rb+b+",
    "U", "rU", "rbU", "R", "RB", "?",
]
# fmt: on


@pytest.mark.parametrize("mode", REJECTED)
def test_other_modes_are_rejected(tmp_path: Path, mode: str) -> None:
    """Text and nonsense are a `ValueError` that names the path and the modes there are; no file is made."""
    with pytest.raises(ValueError, match=r"use rb, wb, xb or ab") as caught:
        lockedfile.open(tmp_path / "new", mode)
    assert str(tmp_path / "new") in str(caught.value)
    assert repr(mode) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def content_while_w_waits(spawn: Spawn, path: Path, file: type[LockedFile]) -> bytes:
    """What the holder of the lock still reads while another opens the file with `w`."""
    with lockedfile.open(path, "rb") as held:
        child = spawn(children.truncate, name(file), path)
        child.expect("asking")
        locks.until_waiting(path)
        if file is not LockedFile:  # where the system does not tell who waits
            until(lambda: path.stat().st_size == 0, "the file is cut")
        content = held.read()
        assert not child.has_spoken()
    child.expect("locked")
    child.end()
    assert path.read_bytes() == b""
    return content


def test_w_truncates_only_with_the_lock_held(spawn: Spawn, path: Path) -> None:
    """Until then whoever holds it has the content."""
    assert content_while_w_waits(spawn, path, LockedFile) == b"one\ntwo\n"


def test_truncating_at_open_loses_content(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an open with O_TRUNC."""
    assert content_while_w_waits(spawn, path, weakened.FileTruncatingAtOpen) == b""


def test_a_appends_wherever_it_stands(path: Path) -> None:
    """As the system's O_APPEND does."""
    with lockedfile.open(path, "a+b") as file:
        file.seek(0)
        file.write(b"three\n")
        file.seek(0)
        assert file.readlines() == [b"one\n", b"two\n", b"three\n"]


def test_with_block_closes_and_may_find_it_closed(path: Path) -> None:
    """An explicit close within the block is fine."""
    with lockedfile.open(path) as file:
        file.close()
        assert locks.state(path) == "free"
    assert file.closed
    with lockedfile.open(path) as file:
        pass
    assert file.closed


def test_second_close_is_an_error_that_names_the_path(path: Path) -> None:
    """Since somebody else may hold the lock by then."""
    file = lockedfile.open(path)
    file.close()
    with pytest.raises(ValueError, match="closed already") as caught:
        file.close()
    assert str(path) in str(caught.value)


def test_exception_in_the_block_arrives_and_the_lock_is_released(path: Path) -> None:
    """The same object."""
    raised = ZeroDivisionError()

    def fail() -> None:
        with lockedfile.open(path, "r+b"):
            raise raised

    with pytest.raises(ZeroDivisionError) as caught:
        fail()
    assert caught.value is raised
    assert locks.state(path) == "free"


def test_dropped_file_warns_and_releases(path: Path) -> None:
    """As any file does in Python, and the warning names it."""
    files = [lockedfile.open(path, "r+b")]
    assert locks.state(path) == "exclusive"
    with pytest.warns(ResourceWarning, match=r"go\.mod"):
        files.clear()
    assert locks.state(path) == "free"


def test_closed_file_does_not_warn(path: Path) -> None:
    """Warnings are errors here."""
    file = lockedfile.open(path)
    file.close()
    del file
    gc.collect()


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"", b""),
        (b"abc", b"abc"),
        (bytearray(b"abc"), b"abc"),
        (memoryview(b"abc"), b"abc"),
        (array.array("I", [1, 2]), array.array("I", [1, 2]).tobytes()),
        (memoryview(bytes(range(6))).cast("B", (2, 3)), bytes(range(6))),
        (b"x" * 3_000_000, b"x" * 3_000_000),
    ],
    ids=["nothing", "bytes", "bytearray", "memoryview", "array", "two dimensions", "3 MB"],
)
def test_write_takes_anything_bytes_like(path: Path, data: Any, written: bytes) -> None:
    """All of it is in the file when `write` returns, and the length is in bytes."""
    with lockedfile.open(path, "wb") as file:
        assert file.write(data) == len(written)
        assert os.stat(path).st_size == len(written)
    assert path.read_bytes() == written


def test_write_of_text_is_a_type_error(path: Path) -> None:
    """And nothing is written."""
    with lockedfile.open(path, "r+b") as file:
        wrong: Any = "text"
        with pytest.raises(TypeError):
            file.write(wrong)
    assert path.read_bytes() == b"one\ntwo\n"


@needs.faults
@pytest.mark.parametrize("taken", [1, 5])
def test_short_write_is_gone_on_with(spawn: Spawn, tmp_path: Path, path: Path, taken: int) -> None:
    """Strace makes the first write claim that it took so many bytes, and take none: the rest comes by the next."""
    path.write_bytes(b"")
    trace = faults.Trace(tmp_path / "trace", path, f"inject=write:retval={taken}:when=1")
    child = spawn(children.write_and_say, path, "abcdefgh", prefix=trace.command)
    child.expect("8")
    child.end()
    assert path.read_bytes() == b"abcdefgh"[taken:]


@needs.faults
def test_write_that_takes_nothing_is_an_error(spawn: Spawn, tmp_path: Path, path: Path) -> None:
    """Not an endless loop: strace makes a thousand writes take nothing."""
    trace = faults.Trace(tmp_path / "trace", path, "inject=write:retval=0:when=1..1000")
    child = spawn(children.write_and_say, path, "abcdefgh", prefix=trace.command)
    child.expect("OSError")
    child.end()


@needs.faults
def test_truncation_that_fails_at_open_leaves_nothing_locked(spawn: Spawn, tmp_path: Path, path: Path) -> None:
    """The error names the file, the content is still there, the descriptor closed."""
    trace = faults.Trace(tmp_path / "trace", path, "inject=ftruncate:error=EIO")
    child = spawn(children.open_failing, path, "wb", prefix=trace.command)
    told = json.loads(child.hear())
    assert locks.state(path) == "free"
    child.tell()
    child.end()
    assert (told["errno"], told["filename"], told["leaked"]) == (errno.EIO, str(path), 0)
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path for files of many examples."""
    return tmp_path_factory.mktemp("locked_file") / "scratch"


# Ends of lines are frequent, and some lines are longer than what is read at once.
PARTS = st.sampled_from([b"\n", b"a\n", b"b", b"x" * 4095, b"y" * 4096 + b"\n", b"z" * 9000]) | st.binary(max_size=9)
SIZES = st.none() | st.integers(-2, 9) | st.sampled_from([4095, 4096, 4097, 9000])
CALLS = st.one_of(
    st.tuples(st.sampled_from(["readline", "read"]), SIZES),
    st.tuples(st.just("readlines"), st.none()),
    st.tuples(st.just("seek"), st.integers(0, 20000)),
)


@given(parts=st.lists(PARTS), calls=st.lists(CALLS, max_size=20))
def test_reading_is_as_of_bytes_io(scratch: Path, parts: list[bytes], calls: list[tuple[str, int | None]]) -> None:
    """Any mixture of calls on any data gives what `io.BytesIO` gives."""
    data = b"".join(parts)
    scratch.write_bytes(data)
    model = io.BytesIO(data)
    with lockedfile.open(scratch) as file:
        for method, argument in calls:
            assert getattr(file, method)(argument) == getattr(model, method)(argument), method
            assert file.tell() == model.tell()
        assert list(file) == list(model)


@given(data=st.binary(max_size=30000), start=st.integers(0, 9000))
def test_readinto_and_readall_are_as_of_bytes_io(scratch: Path, data: bytes, start: int) -> None:
    """The other ways to read."""
    scratch.write_bytes(data)
    model = io.BytesIO(data)
    with lockedfile.open(scratch) as file:
        into, expected = bytearray(start), bytearray(start)
        assert file.readinto(into) == model.readinto(expected)
        assert into == expected
        assert file.readall() == model.read()


def test_text_wrapper_reads_writes_and_releases(path: Path) -> None:
    """`io.TextIOWrapper` over it, as over any binary file."""
    with io.TextIOWrapper(lockedfile.open(path, "r+b"), encoding="utf-8", newline="") as text:
        assert text.read() == "one\ntwo\n"
        text.write("drei ± tschüß\n")
        text.flush()
        assert locks.state(path) == "exclusive"
    assert locks.state(path) == "free"
    assert path.read_text(encoding="utf-8") == "one\ntwo\ndrei ± tschüß\n"


def test_buffered_random_reads_writes_and_releases(path: Path) -> None:
    """`io.BufferedRandom` over it, as over any raw file."""
    with io.BufferedRandom(lockedfile.open(path, "r+b")) as file:
        assert file.readline() == b"one\n"
        file.write(b"TWO\n")
        file.seek(0)
        assert list(file) == [b"one\n", b"TWO\n"]
        assert locks.state(path) == "exclusive"
    assert locks.state(path) == "free"


MISUSES: dict[str, tuple[str, Callable[[LockedFile], object]]] = {
    "write": ("rb", lambda file: file.write(b"x")),
    "writelines": ("rb", lambda file: file.writelines([b"x"])),
    "truncate": ("rb", lambda file: file.truncate(0)),
    "truncate to less than nothing": ("r+b", lambda file: file.truncate(-1)),
    "read": ("wb", lambda file: file.read()),
    "read one": ("wb", lambda file: file.read(1)),
    "readall": ("wb", lambda file: file.readall()),
    "readinto": ("wb", lambda file: file.readinto(bytearray(1))),
    "readline": ("wb", lambda file: file.readline()),
    "readlines": ("wb", lambda file: file.readlines()),
    "iteration": ("wb", list),
    "seek": ("rb", lambda file: file.seek(-1)),
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_errors_name_file_and_cause(path: Path, misuse: str) -> None:
    """Whatever method they come from."""
    mode, call = MISUSES[misuse]
    with lockedfile.open(path, mode) as file, pytest.raises(OSError, match=r".") as caught:
        call(file)
    assert caught.value.filename == str(path)
    assert re.search("not open for|Invalid argument|Bad file descriptor", str(caught.value))


def test_use_after_close_is_a_value_error(path: Path) -> None:
    """As of any file."""
    file = lockedfile.open(path, "r+b")
    file.close()
    for call in (file.read, file.readline, file.tell, lambda: file.write(b"x"), file.truncate):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_shows_path_mode_and_state(path: Path) -> None:
    """In its `repr`; `name` and `fileno` are as of any file."""
    with lockedfile.open(path, "r+b") as file:
        assert repr(file).startswith("<open LockedFile ")
        assert "go.mod" in repr(file)
        assert file.name == str(path)
        assert os.fstat(file.fileno()).st_ino == path.stat().st_ino
    assert repr(file).startswith("<closed LockedFile ")


def test_descriptor_is_not_inheritable(path: Path) -> None:
    """No child gets it by chance."""
    with lockedfile.open(path) as file:
        assert not os.get_inheritable(file.fileno())
