"""Edit, read, write: what they promise to one caller on one file."""

from __future__ import annotations

import array
import contextlib
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import lockedfile
from lockedfile import Edit, Edited, edit, read, write
from tests.lockedfile import children, locks, needs, weakened
from tests.lockedfile.processes import name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lockedfile.weakened import Editor

LONG_AGO_NS = 1_000_000_000_123_456_700  # a multiple of what NTFS counts in


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small file, of the mtime LONG_AGO_NS."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return path


def untouched(path: Path) -> bool:
    """Is it as the fixture made it?"""
    return path.read_bytes() == b"module m\n" and path.stat().st_mtime_ns == LONG_AGO_NS


def test_transform_gets_the_content_and_its_answer_is_written(path: Path) -> None:
    """Bytes in, bytes out."""
    seen: list[bytes] = []

    def transform(old: bytes) -> bytes:
        seen.append(old)
        return old + b"go 1.26\n"

    Edit(path, transform)
    assert seen == [b"module m\n"]
    assert path.read_bytes() == b"module m\ngo 1.26\n"


@pytest.mark.parametrize("new", [b"", b"m", b"module n\n", b"module m\n" * 3000, bytes(range(256)) * 64])
def test_any_content_can_follow_any(path: Path, new: bytes) -> None:
    """Shorter, longer, empty, binary; and back."""
    old = path.read_bytes()
    Edit(path, lambda _: new)
    assert path.read_bytes() == new
    Edit(path, lambda _: old)
    assert path.read_bytes() == old


def test_edit_is_edit() -> None:
    """Two spellings of one function."""
    assert edit is Edit


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "utf-8-sig"])
def test_with_an_encoding_text_comes_and_goes(path: Path, encoding: str) -> None:
    """Text in, text out, line ends as they are."""
    path.write_bytes("ä\r\nb\n".encode(encoding))
    seen: list[str] = []

    def transform(old: str) -> str:
        seen.append(old)
        return old + "ö\r\n"

    Edit(path, transform, encoding=encoding)
    assert seen == ["ä\r\nb\n"]
    assert path.read_bytes() == "ä\r\nb\nö\r\n".encode(encoding)


def test_equal_answer_writes_nothing(path: Path) -> None:
    """The mtime stays, and `changed` says so."""
    assert Edit(path, lambda old: bytes(bytearray(old))).changed is False
    assert Edit(path, lambda old: old, encoding="ascii").changed is False
    assert untouched(path)


def test_unequal_answer_says_changed(path: Path) -> None:
    """`changed` is true, and the mtime a new one."""
    assert Edit(path, lambda _: b"module n\n").changed is True
    assert path.stat().st_mtime_ns != LONG_AGO_NS


def test_rewriting_an_equal_content_would_show(path: Path) -> None:
    """The check of the mtime can fail: of an edit that always writes."""
    weakened.edit_rewriting_all(str(path), lambda old: old)
    assert not untouched(path)


def test_missing_file_is_made_from_empty_content(tmp_path: Path) -> None:
    """The transform of a missing file gets nothing, and its answer makes the file."""
    assert Edit(tmp_path / "go.mod", lambda old: old + b"module m\n").changed is True
    assert (tmp_path / "go.mod").read_bytes() == b"module m\n"


@needs.more_than_windows("needs permissions that have more than one bit")
@pytest.mark.parametrize(("mode", "umask"), [(0o666, 0o022), (0o666, 0o077), (0o600, 0o022), (0o777, 0o027)])
def test_missing_file_is_made_with_mode_less_umask(tmp_path: Path, mode: int, umask: int) -> None:
    """Whichever function makes it."""
    before = os.umask(umask)
    try:
        Edit(tmp_path / "edited", lambda old: old, mode=mode)
        write(tmp_path / "written", b"", mode=mode)
        lockedfile.open(tmp_path / "opened", "wb", perm=mode).close()
    finally:
        os.umask(before)
    modes = {file.name: file.stat().st_mode & 0o7777 for file in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("edited", "written", "opened"), mode & ~umask)


@pytest.mark.parametrize("kind", [ValueError, OSError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_exception_of_the_transform_arrives_unchanged(path: Path, kind: type[BaseException]) -> None:
    """The same object, without cause, context, notes or file name of ours, and the file untouched and free."""
    raised = kind("mine")

    def transform(_: bytes) -> bytes:
        raise raised

    with pytest.raises(kind) as caught:
        Edit(path, transform)
    assert caught.value is raised
    assert (raised.__cause__, raised.__context__, getattr(raised, "__notes__", [])) == (None, None, [])
    assert getattr(raised, "filename", None) is None
    assert untouched(path)
    assert locks.state(path) == "free"


def test_exception_of_the_transform_leaves_a_missing_file_empty(tmp_path: Path) -> None:
    """To lock a file it must be made; nothing is written to it."""
    with pytest.raises(ZeroDivisionError):
        Edit(tmp_path / "go.mod", lambda _: b"x" * (1 // 0))
    assert (tmp_path / "go.mod").read_bytes() == b""


@pytest.mark.parametrize("answer", [None, "text", 7, True, 1.5, ["a"], object()])
def test_answer_that_is_not_bytes_is_a_type_error(path: Path, answer: Any) -> None:
    """Before a byte is written; an int does not become so many zeros."""
    with pytest.raises(TypeError, match=type(answer).__name__) as caught:
        Edit(path, lambda _: answer)
    assert str(path) in str(caught.value)
    assert untouched(path)


@pytest.mark.parametrize("answer", [None, b"bytes", bytearray(b"bytes"), 7])
def test_answer_that_is_not_text_is_a_type_error_with_an_encoding(path: Path, answer: Any) -> None:
    """Before a byte is written."""
    with pytest.raises(TypeError, match=type(answer).__name__):
        Edit(path, lambda _: answer, encoding="utf-8")
    assert untouched(path)


def test_undecodable_content_is_an_error_that_names_the_file(path: Path) -> None:
    """The transform is not called."""
    path.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(UnicodeDecodeError) as caught:
        Edit(path, lambda _: pytest.fail("called"), encoding="utf-8")
    assert "go.mod" in caught.value.__notes__[0]
    assert path.read_bytes() == b"\xff\xfe\xfd"


def test_unencodable_answer_is_an_error(path: Path) -> None:
    """Before a byte is written."""
    with pytest.raises(UnicodeEncodeError):
        Edit(path, lambda _: "ä", encoding="ascii")
    assert untouched(path)


def test_unknown_encoding_makes_no_file(tmp_path: Path) -> None:
    """It is known to be wrong before anything is opened."""
    with pytest.raises(LookupError, match="utf-7000"):
        Edit(tmp_path / "go.mod", lambda old: old, encoding="utf-7000")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (bytearray(b"abc"), b"abc"),
        (memoryview(b"abc"), b"abc"),
        (memoryview(b"abcdef")[::2], b"ace"),
        (array.array("B", b"abc"), b"abc"),
        (memoryview(bytes(6)).cast("B", (2, 3)), bytes(6)),
        (type("Bytes", (bytes,), {})(b"abc"), b"abc"),
    ],
    ids=["bytearray", "memoryview", "strided", "array", "two dimensions", "subclass"],
)
def test_answer_may_be_anything_bytes_like(path: Path, answer: Any, content: bytes) -> None:
    """Whatever has a buffer is written as its bytes."""
    Edit(path, lambda _: answer)
    assert path.read_bytes() == content
    write(path, answer)
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", [str, os.fsencode, Path], ids=["str", "bytes", "Path"])
def test_path_may_be_any_kind_of_path(path: Path, kind: Callable[[Path], Any]) -> None:
    """Text, bytes, or path-like, for every function."""
    Edit(kind(path), lambda old: old + b"1")
    write(kind(path), read(kind(path)) + b"2")
    with lockedfile.open(kind(path), "ab") as file:
        file.write(b"3")
    with lockedfile.Mutex(kind(path)):
        assert locks.state(path) == "exclusive"
    assert path.read_bytes() == b"module m\n123"


@pytest.mark.parametrize("wrong", [3, None, object()])
def test_path_of_another_type_is_a_type_error(wrong: Any) -> None:
    """A descriptor is not a path either."""
    for call in (lambda: Edit(wrong, bytes), lambda: read(wrong), lambda: lockedfile.open(wrong)):
        with pytest.raises(TypeError):
            call()


def test_edited_tells_when(path: Path) -> None:
    """Asked, locked, released, in this order; the times waited and held are their differences."""
    edited = Edit(path, lambda old: old + b"x")
    assert edited.asked_ns <= edited.locked_ns <= edited.released_ns
    assert edited.waited_ns == edited.locked_ns - edited.asked_ns >= 0
    assert edited.held_ns == edited.released_ns - edited.locked_ns >= 0
    assert edited == (True, edited.asked_ns, edited.locked_ns, edited.released_ns, False)


def test_edited_cannot_be_changed() -> None:
    """No field can be set, none added."""
    edited: Any = Edited((True, 1, 3, 7, True))
    for field in ("changed", "asked_ns", "locked_ns", "released_ns", "recovered", "waited_ns", "held_ns", "new"):
        with pytest.raises(AttributeError):
            setattr(edited, field, 0)
    assert edited == (True, 1, 3, 7, True)


def test_edited_pickles_and_shows_itself() -> None:
    """The copy has the same type and facts."""
    edited = Edited((True, 1, 3, 7, False))
    copy = pickle.loads(pickle.dumps(edited))
    assert (type(copy), copy, copy.held_ns, copy.recovered) == (Edited, edited, 4, False)
    assert repr(edited) == "Edited(changed=True, waited_ns=2, held_ns=4, recovered=False)"


def test_read_gives_the_content_and_changes_nothing(path: Path) -> None:
    """Not even the mtime."""
    assert read(path) == b"module m\n"
    assert untouched(path)


def test_read_makes_no_file(tmp_path: Path) -> None:
    """A missing file is an error that names it."""
    with pytest.raises(FileNotFoundError) as caught:
        read(tmp_path / "go.mod")
    assert caught.value.filename == str(tmp_path / "go.mod")
    assert list(tmp_path.iterdir()) == []


def test_write_replaces_the_content(path: Path) -> None:
    """A longer content by a shorter one too; an equal one is not written."""
    write(path, b"module m\n")
    assert untouched(path)
    write(path, b"m")
    assert path.read_bytes() == b"m"


@pytest.mark.parametrize("content", ["text", 7, None])
def test_write_of_what_is_not_bytes_makes_no_file(tmp_path: Path, content: Any) -> None:
    """It is a type error before anything is opened."""
    with pytest.raises(TypeError, match=type(content).__name__):
        write(tmp_path / "go.mod", content)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda path: Edit(path, lambda old: old),
        lambda path: write(path, b""),
        read,
        lockedfile.open,
        lambda path: lockedfile.open(path, "xb"),
        lambda path: lockedfile.Mutex(path).acquire(),
    ],
    ids=["Edit", "write", "read", "open rb", "open xb", "Mutex"],
)
def test_missing_directory_is_an_error_that_names_the_path(tmp_path: Path, call: Callable[[Path], object]) -> None:
    """The system's own error, with `filename` as it was given."""
    with pytest.raises(FileNotFoundError) as caught:
        call(tmp_path / "gone" / "go.mod")
    assert caught.value.filename == str(tmp_path / "gone" / "go.mod")


def test_directory_is_refused(tmp_path: Path) -> None:
    """By an error that names it; of the other kinds of what is no file, see `test_file.py`."""
    for call in (lambda: Edit(tmp_path, lambda old: old), lambda: read(tmp_path), lambda: write(tmp_path, b"")):
        with pytest.raises(IsADirectoryError, match="directory") as caught:
            call()
        assert caught.value.filename == str(tmp_path)


def lowest_free_descriptor() -> int:
    """What the next open gets."""
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


def leaks(editor: Editor, path: Path) -> bool:
    """Do 1000 edits, every second one failing, leave a descriptor open?"""
    before = lowest_free_descriptor()
    for divisor in [0, 1] * 500:
        with contextlib.suppress(ZeroDivisionError):
            editor(str(path), lambda old, divisor=divisor: old + b"x" * (1 // divisor))  # type: ignore[misc]  # a default
    return lowest_free_descriptor() != before


def test_a_thousand_edits_leak_no_descriptor(path: Path) -> None:
    """Failing ones included."""
    assert not leaks(Edit, path)
    assert path.read_bytes() == b"module m\n" + b"x" * 500


def test_a_leak_would_show(path: Path) -> None:
    """The check can fail: of an edit that does not close when the transform raises."""
    try:
        assert leaks(weakened.edit_leaking, path)
    finally:
        while weakened.LEAKED:
            os.close(weakened.LEAKED.pop())


@needs.linux  # for its /proc
def test_content_longer_than_its_size_said_is_read_whole() -> None:
    """A file of which the system says that it holds nothing is read to its end."""
    assert read("/proc/self/status").startswith(b"Name:")


def test_names_of_weakened_editors_are_found() -> None:
    """What a child is told to use is what it loads."""
    assert children.load(name(weakened.edit_by_rename)) is weakened.edit_by_rename
    assert children.load(name(Edit)) is Edit
