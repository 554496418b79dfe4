"""Windows: long paths, names that are not what they look like, devices, and drives and servers that are not there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, JournalError, _journal
from lockedfile._oslock import located
from tests.lockedfile import crashes
from tests.lockedfile.protocols import beside, journal_of

assert sys.platform == "win32"  # others do not collect this file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD, NEW = b"module m\r\n" * 900, b"module n\r\n" * 800
MOST = 259


@pytest.fixture
def in_tmp_path(tmp_path: Path) -> Iterator[Path]:
    """It, as the current directory."""
    before = os.getcwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def deep(directory: Path, length: int) -> str:
    """The path of a file, of so many characters, in a directory that is made for it."""
    rest = length - len(f"{directory}\\") - len("\\go.mod")
    parts = ["d" * 50] * ((rest - 1) // 51)
    parts.append("e" * (rest - 51 * len(parts)))
    path = "\\".join([str(directory), *(part for part in parts if part), "go.mod"])
    os.makedirs(f"\\\\?\\{os.path.dirname(path)}")
    return path


def use(path: str | bytes) -> None:
    """Everything that there is to do to a file that does not exist yet."""
    lockedfile.write(path, OLD)
    assert lockedfile.read(path) == OLD
    seen: list[bytes] = []

    def transform(old: bytes) -> bytes:
        seen.append(old)
        return NEW

    assert Edit(path, transform).changed
    assert (seen, lockedfile.read(path)) == ([OLD], NEW)
    with lockedfile.open(path, "r+b") as file:
        assert (file.name, file.read()) == (path, NEW)
    with lockedfile.Mutex(path), pytest.raises(lockedfile.WouldDeadlock) as caught:
        Edit(path, transform)
    assert caught.value.path == path
    assert lockedfile.holders(path) == []


@pytest.mark.parametrize("length", [240, 241, 259, 260, 300, 900])
def test_path_of_any_length_can_be_used(tmp_path: Path, length: int) -> None:
    """As text, as bytes, with slashes, in the form for long ones; nothing is left beside the file."""
    path = deep(tmp_path, length)
    assert len(path) == length
    for given in (path, os.fsencode(path), path.replace("\\", "/"), f"\\\\?\\{path}"):
        use(given)
        assert os.listdir(f"\\\\?\\{os.path.dirname(path)}") == ["go.mod"]
        os.unlink(f"\\\\?\\{path}")


def test_system_is_asked_for_long_paths_only_in_the_form_that_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wine takes others too, so it is looked at what it gets; the journal's path is long before the file's is."""
    asked: list[str] = []
    for name in ("access", "lstat", "unlink", "create", "os_stat"):
        function = getattr(_journal, name)

        def noting(path: str, *args: object, function: object = function) -> object:
            asked.append(path)
            return function(path, *args)  # type: ignore[operator]  # it is one

        monkeypatch.setattr(_journal, name, noting)
    path = deep(tmp_path, MOST - 5)
    use(path)
    assert any(place.endswith("-journal") for place in asked)
    assert [place for place in asked if len(place) > MOST and not place.startswith("\\\\?\\")] == []


def test_relative_path_in_a_deep_directory_can_be_used(in_tmp_path: Path) -> None:
    """It is as long as it is in full."""
    path = deep(in_tmp_path, 300)
    use(os.path.relpath(path))
    assert os.listdir(f"\\\\?\\{os.path.dirname(path)}") == ["go.mod"]


def test_errors_name_the_path_that_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the form for long ones."""
    path = deep(tmp_path, 300)
    for call in (lockedfile.read, lambda path: lockedfile.open(path, "rb"), lockedfile.holders):
        with pytest.raises(FileNotFoundError) as caught:
            call(path)
        assert (caught.value.filename, "?" in str(caught.value)) == (path, False)
    lockedfile.write(path, OLD)

    def refuse(place: str, _flags: int, _access: object) -> int:
        raise OSError(0, "Access denied", place, 5)

    monkeypatch.setattr(_journal, "create", refuse)
    with pytest.raises(JournalError) as refused:
        Edit(path, lambda _: NEW, timeout=0)
    assert (refused.value.filename, "?" in str(refused.value)) == (path, False)


def test_journal_of_a_deep_file_is_found(tmp_path: Path) -> None:
    """By whoever comes next, however he writes its path."""
    path = deep(tmp_path, MOST - 5)
    short = tmp_path / "go.mod"
    crashes.leave(short, OLD, NEW)
    os.rename(short, f"\\\\?\\{path}")
    os.rename(journal_of(short), f"\\\\?\\{path}.lockedfile-journal")
    assert lockedfile.read(path.replace("\\", "/")) == OLD
    assert os.listdir(f"\\\\?\\{os.path.dirname(path)}") == ["go.mod"]


SAME = ["go.mod.", "go.mod ", "go.mod. .", "GO.MOD", "./go.mod", "x/../go.mod", ".\\go.mod"]


@pytest.mark.parametrize("name", SAME)
def test_file_by_another_spelling_has_the_same_journal(in_tmp_path: Path, name: str) -> None:
    """Dots and blanks at the end do not count, nor does case; or whoever comes by the plain name would read a mix."""
    path = in_tmp_path / "go.mod"
    crashes.leave(path, OLD, NEW)
    assert lockedfile.read(name) == OLD
    assert (path.read_bytes(), beside(path)) == (OLD, [])
    Edit(name, lambda _: NEW)
    assert (path.read_bytes(), beside(path)) == (NEW, [])


def test_journal_of_an_edit_by_another_spelling_lies_beside_the_file(
    in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the name of the file, which the next one looks for."""
    path = in_tmp_path / "go.mod"
    path.write_bytes(OLD)
    seen: list[list[str]] = []
    cut = os.ftruncate

    def ftruncate(fd: int, size: int) -> None:
        seen.append(beside(path))
        cut(fd, size)

    monkeypatch.setattr(_journal, "ftruncate", ftruncate)
    Edit("go.mod.", lambda _: NEW)
    Edit("go.mod ", lambda _: OLD)
    assert seen == [[journal_of(path).name]] * 2


def test_path_of_the_current_directory_of_a_drive_can_be_used(in_tmp_path: Path) -> None:
    """`C:go.mod` is not `C:\\go.mod`."""
    drive = os.path.splitdrive(in_tmp_path)[0]
    use(f"{drive}go.mod")
    assert os.listdir(in_tmp_path) == ["go.mod"]


@pytest.mark.parametrize("name", ["go.mod/", "go.mod\\", "missing/", ".\\missing\\"])
def test_path_of_a_directory_does_not_name_a_file(in_tmp_path: Path, name: str) -> None:
    """As on other systems; nothing is made by the name before the separator, nor changed."""
    (in_tmp_path / "go.mod").write_bytes(OLD)
    for call in (lockedfile.read, lambda path: Edit(path, lambda _: NEW), lambda path: lockedfile.open(path, "wb")):
        with pytest.raises(OSError, match=r".") as caught:
            call(name)
        assert caught.value.filename == name
    assert os.listdir(in_tmp_path) == ["go.mod"]
    assert (in_tmp_path / "go.mod").read_bytes() == OLD


@pytest.mark.parametrize("name", ["go.mod:x", "go.mod::$DATA", "missing:x"])
def test_stream_is_refused_and_nothing_is_made(in_tmp_path: Path, name: str) -> None:
    """Beside it no journal can lie."""
    (in_tmp_path / "go.mod").write_bytes(OLD)
    for call in (lockedfile.read, lambda path: Edit(path, lambda _: NEW), lambda path: lockedfile.open(path, "wb")):
        with pytest.raises(OSError, match="name the file itself") as caught:
            call(name)
        assert caught.value.filename == name
    assert os.listdir(in_tmp_path) == ["go.mod"]
    assert (in_tmp_path / "go.mod").read_bytes() == OLD


DEVICES = ["NUL", "nul", "CON", "CONIN$", "CONOUT$", "PRN", "AUX", "COM1", "LPT1", "aux.txt", "NUL.mod", "\\\\.\\NUL"]


@pytest.mark.parametrize("name", DEVICES)
def test_device_is_an_error_that_names_it(in_tmp_path: Path, name: str) -> None:
    """At once, whatever is behind it here; nothing is made in its stead."""
    for call in (lambda path: Edit(path, lambda _: NEW), lockedfile.read, lambda path: lockedfile.open(path, "wb")):
        with pytest.raises(OSError, match=r"regular file|[Nn]o such file|cannot find|Invalid|incorrect") as caught:
            call(name)
        assert caught.value.filename == name
    assert os.listdir(in_tmp_path) == []


@pytest.mark.parametrize(
    "path",
    [
        *("\\\\localhost\\share\\go.mod", "//server/share/go.mod", "\\\\?\\UNC\\server\\share\\go.mod"),
        *("Q:\\go.mod", "Q:go.mod", "\\\\?\\Q:\\go.mod", "missing\\go.mod"),
    ],
)
def test_place_that_is_not_there_is_an_error_that_names_it(in_tmp_path: Path, path: str) -> None:
    """As it was given."""
    for given in (path, os.fsencode(path)):
        with pytest.raises(OSError, match=r".") as caught:
            Edit(given, lambda _: NEW)
        assert caught.value.filename == given
    assert os.listdir(in_tmp_path) == []


@pytest.mark.parametrize("name", ["go?.mod", "go*.mod", "a<b", "a|b", "a\nb", ""])
def test_name_that_can_be_none_is_an_error_that_names_it(in_tmp_path: Path, name: str) -> None:
    """And is not taken for another."""
    with pytest.raises(OSError, match=r".") as caught:
        Edit(name, lambda _: NEW)
    assert caught.value.filename == name
    assert os.listdir(in_tmp_path) == []


def test_name_too_long_for_a_journal_can_be_had_without_one(in_tmp_path: Path) -> None:
    """With one it is an error that says so; nothing is lost."""
    name = "n" * 245
    Edit(name, lambda _: OLD, crash_safe=False)
    assert lockedfile.read(name) == OLD
    with lockedfile.open(name, "r+b") as file:
        file.write(b"x   ")
    content = lockedfile.read(name)
    with pytest.raises(JournalError, match="crash_safe=False") as caught:
        Edit(name, lambda _: NEW, timeout=0)
    assert (caught.value.filename, lockedfile.read(name)) == (name, content)
    assert os.listdir(in_tmp_path) == [name]


def test_short_name_of_a_file_is_not_what_its_journal_is_named_after(
    in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But the long one; where the system makes no short names, it is said for it."""
    from lockedfile._oslock import _windows_paths

    long = str(in_tmp_path / "go.long.mod")
    monkeypatch.setattr(_windows_paths, "realpath", lambda path: long if path.endswith("GOLONG~1.MOD") else path)
    assert located("GOLONG~1.MOD") == long
    assert located("back~up") == "back~up"
