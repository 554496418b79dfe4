"""Who holds a lock and who waits for it: real processes, each by its number; and what is promised everywhere."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile._holders import Holder, _none, held_by, holders, told
from tests.lockedfile import children

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


def test_nobody_holds_a_file_that_nobody_has_open(path: Path) -> None:
    """Whatever the kind of path is."""
    assert holders(path) == holders(str(path)) == holders(os.fsencode(path)) == []


def test_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    """On every system."""
    missing = str(tmp_path / "missing")
    for function in (holders, _none.holders):
        with pytest.raises(FileNotFoundError) as caught:
            function(missing)
        assert caught.value.filename == missing


def test_a_system_that_tells_nothing_has_an_empty_list(path: Path) -> None:
    """Even of a lock that is held."""
    with lockedfile.open(path, "r+b") as file:
        assert _none.holders(str(path)) == []
        assert _none.held_by(file.fileno(), str(path)) == []
        assert _none.identity(file.fileno()) is None
        assert _none.locks() == []


def test_a_lock_that_is_taken_has_a_holder(path: Path) -> None:
    """An unknown one, if nobody shows: here nobody does, as it is not."""
    with path.open("rb") as file:
        assert held_by(file.fileno(), str(path)) == (Holder(None, "unknown", "unknown", False, None),)


def test_fifo_and_directory_do_not_hang(tmp_path: Path) -> None:
    """They are not opened for reading; nobody holds them."""
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "fifo")
        assert holders(tmp_path / "fifo") == []
    assert holders(tmp_path) == []


def test_holder_is_immutable_pickles_and_names_its_fields() -> None:
    """A tuple, as errors carry it between processes."""
    holder = Holder(4121, "go mod tidy", "exclusive", False, 12.5)
    assert (holder.pid, holder.command, holder.mode, holder.waiting, holder.since) == holder
    assert holder == (4121, "go mod tidy", "exclusive", False, 12.5)
    for copy in (pickle.loads(pickle.dumps(holder, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)):
        assert (type(copy), copy) == (Holder, holder)
    with pytest.raises(AttributeError):
        setattr(holder, "pid", 1)  # noqa: B010 - a checker of types would refuse it
    expected = "Holder(pid=4121, command='go mod tidy', mode='exclusive', waiting=False, since=12.5)"
    assert repr(holder) == expected


def held(pid: int | None, command: str = "unknown", mode: str = "exclusive") -> Holder:
    """One who holds."""
    return Holder(pid, command, mode, False, None)


@pytest.mark.parametrize(
    ("some", "sentence"),
    [
        ([held(4121, "go mod tidy")], "pid 4121 (go mod tidy)"),
        ([held(4121)], "pid 4121"),
        ([held(1, "a"), held(2, "b")], "pid 1 (a) and pid 2 (b)"),
        ([held(n, "a") for n in range(1, 6)], "pid 1 (a), pid 2 (a) and 3 more"),
        ([held(1, "a"), held(2, "b"), held(1, "a")], "pid 1 (a) and pid 2 (b)"),
        ([], "an unknown process"),
        ([held(None)], "an unknown process"),
        ([held(None, mode="unknown")], "an unknown process"),
        ([held(None), held(None)], "unknown processes"),
        ([held(1, "a"), held(None)], "pid 1 (a) and 1 more"),
        ([held(1, "/usr/local/go/bin/go mod tidy")], "pid 1 (go mod tidy)"),
        ([held(1, "[kworker/0:1]")], "pid 1 ([kworker/0:1])"),
        ([held(1, "'/opt/my app/run' x")], "pid 1 ('/opt/my app/run' x)"),
        ([held(1, r"C:\Program Files\Go\bin\go.exe", "unknown")], "perhaps pid 1 (go.exe), which has it open"),
        ([Holder(1, "a", "unknown", True, None)], "pid 1 (a)"),
        ([held(n, "a", "unknown") for n in (1, 2)], "perhaps one of pid 1 (a) and pid 2 (a), as they have it open"),
        ([held(1, "x" * 60)], f"pid 1 ({'x' * 60})"),
        ([held(1, "x" * 61)], f"pid 1 ({'x' * 59}…)"),
    ],
)
def test_told_is_part_of_a_sentence(some: list[Holder], sentence: str) -> None:
    """Short, and no more certain than they are."""
    assert told(some) == sentence


def test_nothing_of_it_is_imported_before_it_is_asked() -> None:
    """An edit that does not wait does not pay for it."""
    program = (
        "import sys, lockedfile; print(*(name for name in sys.modules if name.startswith('lockedfile._holders.')))"
    )
    command = [sys.executable, "-S", "-c", program]
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(lockedfile.__file__))}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stdout.split() == []


def test_open_descriptors_stay_as_they_are(path: Path) -> None:
    """Also after an error."""
    before = children.open_descriptors()
    for file in (path, path.parent):
        holders(file)
    with pytest.raises(FileNotFoundError):
        holders(path.with_name("missing"))
    assert children.open_descriptors() == before
