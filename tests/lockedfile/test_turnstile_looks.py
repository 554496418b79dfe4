"""Of all who stand in line for a file, one looks around for the others, as a look stops every lock of the system."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lockedfile import _vigil
from lockedfile._oslock import EXCLUSIVE, is_first_to_look, leave, mark
from lockedfile._request import Request
from tests.lockedfile.needs import linux

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from lockedfile._holders import Lock

_SECOND_NS = 1_000_000_000
_NOW_NS = 12_345 * _SECOND_NS


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor of its own for a file."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        yield fd
    finally:
        os.close(fd)


@linux
def test_one_look_is_enough_for_a_while(tmp_path: Path) -> None:
    """The second of two is not the first; a second later it is; and when the first has gone, at once."""
    with opened(tmp_path / "file") as one, opened(tmp_path / "file") as other:
        assert is_first_to_look(one, _NOW_NS)
        assert not is_first_to_look(other, _NOW_NS)
        assert not is_first_to_look(other, _NOW_NS + _SECOND_NS // 5)
        assert is_first_to_look(one, _NOW_NS + _SECOND_NS // 5)  # nobody else has looked
        assert is_first_to_look(other, _NOW_NS + _SECOND_NS)
        leave(other)
        leave(one)
        assert is_first_to_look(one, _NOW_NS + _SECOND_NS)


@linux
def test_looks_at_other_files_do_not_count(tmp_path: Path) -> None:
    """Nor does who waits without having looked."""
    with opened(tmp_path / "file") as one, opened(tmp_path / "other") as other, opened(tmp_path / "file") as waiter:
        mark(waiter, EXCLUSIVE)
        assert is_first_to_look(other, _NOW_NS)
        assert is_first_to_look(one, _NOW_NS)


@linux
def test_who_is_not_the_first_does_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once is the list of all locks read by one beside whom another has looked."""
    looks: list[int] = []

    def look() -> list[Lock]:
        looks.append(len(looks))
        return []

    monkeypatch.setattr(_vigil, "locks", look)
    with opened(tmp_path / "file") as one, opened(tmp_path / "file") as other:
        status = os.fstat(one)
        request = Request(bytes(tmp_path / "file"), "edit", None, None)
        vigil = _vigil.Vigil(one, (status.st_dev, status.st_ino, EXCLUSIVE), request, None)
        now_ns = time.monotonic_ns()
        assert is_first_to_look(other, now_ns)
        assert not vigil._is_long_enough(now_ns)
        assert looks == []
        leave(other)
        assert vigil._is_long_enough(now_ns)  # nobody is in the kernel's queue
        assert looks == [0]
