"""Paths as Windows takes them: text only, on every system. What Windows itself makes of them: test_windows_paths."""

from __future__ import annotations

import errno

import pytest

from lockedfile._oslock._windows_paths import located, plain

LONG = "\\" + "d" * 120 + "\\" + "e" * 120
NAME = "\\go.mod"
ROOM = 259 - len(".lockedfile-journal") - len(f"C:{NAME}\\")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (f"C:{NAME}", f"C:{NAME}"),
        ("C:/x/go.mod", "C:/x/go.mod"),
        ("\\\\server\\share\\go.mod", "\\\\server\\share\\go.mod"),
        ("", ""),
        (f"C:{LONG}{NAME}", f"\\\\?\\C:{LONG}{NAME}"),
        (f"C:{LONG.replace(chr(92), '/')}/go.mod", f"\\\\?\\C:{LONG}{NAME}"),
        (f"C:\\x\\..{LONG}\\.{NAME}", f"\\\\?\\C:{LONG}{NAME}"),
        (f"\\\\server\\share{LONG}{NAME}", f"\\\\?\\UNC\\server\\share{LONG}{NAME}"),
        (f"\\\\?\\C:{LONG}{NAME}", f"\\\\?\\C:{LONG}{NAME}"),
        (f"\\\\?\\C:{NAME}", f"\\\\?\\C:{NAME}"),
        (f"\\\\.\\C:{LONG}{NAME}", f"\\\\?\\C:{LONG}{NAME}"),
        ("\\\\?\\UNC\\server\\share\\go.mod", "\\\\?\\UNC\\server\\share\\go.mod"),
    ],
)
def test_long_path_is_given_in_the_form_that_takes_it(path: str, where: str) -> None:
    """Others as they are; bytes as bytes. People see neither form but theirs."""
    assert located(path) == where
    assert located(path.encode()) == where.encode()
    assert "?" not in plain(where)
    if path == where:
        assert located(located(path)) == where


@pytest.mark.parametrize("letter", ["d", "\N{GRINNING FACE}"])
def test_path_is_long_as_soon_as_its_journal_is(letter: str) -> None:
    """A file that fits beside a journal that does not could not be edited. Counted as Windows does."""
    units = len(letter.encode("utf-16-le")) // 2
    fits = f"C:\\{letter * (ROOM // units)}{NAME}"
    assert located(fits) == fits
    assert located(fits.replace(letter, letter * 2, 1)) == f"\\\\?\\{fits.replace(letter, letter * 2, 1)}"


@pytest.mark.parametrize(
    "path", ["C:\\go.mod:x", "C:\\go.mod::$DATA", "\\\\?\\C:\\go.mod:x", "\\\\server\\share\\go.mod:x:$DATA"]
)
def test_stream_within_a_file_is_refused(path: str) -> None:
    """No journal could lie beside it; the error names the path, and says what to do."""
    for given in (path, path.encode()):
        with pytest.raises(OSError, match="name the file itself") as caught:
            located(given)
        assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, given)


@pytest.mark.parametrize("path", ["\\\\.\\COM1", "\\\\.\\pipe\\x", "//./NUL", "\\\\.\\C:"])
def test_device_is_refused_before_it_is_opened(path: str) -> None:
    """The error names it. A file may be named so too."""
    with pytest.raises(OSError, match="this is a device") as caught:
        located(path)
    assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, path)
    assert located("\\\\.\\C:\\go.mod") == "\\\\.\\C:\\go.mod"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"\\\\?\\C:{NAME}", f"C:{NAME}"),
        (f"\\\\?\\UNC\\server\\share{NAME}".encode(), f"\\\\server\\share{NAME}"),
        ("go.mod", "go.mod"),
    ],
)
def test_people_see_paths_as_they_write_them(path: str | bytes, shown: str) -> None:
    """Without what is for Windows only."""
    assert plain(path) == shown
