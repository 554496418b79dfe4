"""The edit that a worker makes, and the files it can be made in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.workload import WorkloadError, module_file, prepared, raiser

if TYPE_CHECKING:
    from pathlib import Path

    from tests.go_command import Go

BASES = {
    "go.mod": b"module example.org/m\n\ngo 1.25\n",
    "go.work": b"go 1.25\n\nuse ./a\n",
    "go.sum": b"golang.org/x/mod v0.30.0/go.mod h1:lAsf5O2EvJeSFMiBxXDki7sCgAxEUcZHXoXMKT4GJKc=\n",
    "empty.sum": b"",
    "unended.mod": b"module example.org/m\n\ngo 1.25",
}


@given(st.integers(1, 200), st.integers(0, 2**32))
def test_every_worker_has_a_line_that_it_raises(workers: int, seed: int) -> None:
    """Each worker finds its own line in the file that is made, and changes only the number in it."""
    content = module_file(workers, seed)
    for worker in (0, workers - 1):
        once, version = raiser(worker)(content)
        assert version == 1
        line = b"example.com/worker%02d v0.0." % worker
        assert once == content.replace(line + b"0\n", line + b"1\n")
        assert once != content


@pytest.mark.parametrize("name", BASES)
def test_kinds_of_module_files_can_be_edited(name: str) -> None:
    """A go.mod, a go.work and a go.sum each get lines of their own form, after what they had."""
    content = prepared(BASES[name], name, 3)
    assert content.startswith(BASES[name])
    for number in range(1, 12):
        content, version = raiser(2)(content)
        assert version == number
    assert b"example.com/worker02 v0.0.11" in content
    assert b"example.com/worker01 v0.0.0" in content


@pytest.mark.parametrize("name", ["go.mod", "go.work", "go.sum"])
def test_shifting_edit_moves_all_that_stands_behind_it(tmp_path: Path, go: Go, name: str) -> None:
    """Every edit changes the length, and go reads every content; the workers' lines come first."""
    content = prepared(BASES[name], name, 2, shifting=True)
    assert content.endswith(BASES[name])
    for number in range(1, 12):
        before = content
        content, version = raiser(1, shifting=True)(content)
        assert (version, len(content) == len(before)) == (number, False)
        assert content.endswith(BASES[name])
        if name != "go.sum" and number < 3:
            (tmp_path / name).write_bytes(content)
            code, output = go.run("mod" if name == "go.mod" else "work", "edit", "-json", tmp_path / name)
            assert code == 0, output
    assert b"example.com/worker01 v0.0.11-rc.1" in content
    assert b"example.com/worker00 v0.0.0" in content


def test_file_for_shifting_edits_is_long() -> None:
    """So long that the system does not write it in one go."""
    assert len(module_file(2, 0, shifting=True)) > 64 * 1024


def test_same_seed_makes_the_same_file() -> None:
    """A run can be repeated."""
    assert module_file(8, 5) == module_file(8, 5)
    assert module_file(8, 5) != module_file(8, 6)


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"hello\n", "notes.txt", "no module line"),
        (b"", "go.mod", "no module line"),
        (b"module m\n\xff\xfe", "go.mod", "UTF-8"),
        (b"module m\n\nrequire example.com/worker00 v0.0.0\n", "go.mod", "already"),
    ],
)
def test_other_files_are_refused(content: bytes, name: str, why: str) -> None:
    """What cannot be edited is said before the run."""
    with pytest.raises(WorkloadError, match=why):
        prepared(content, name, 3)


def test_line_that_is_gone_is_an_error() -> None:
    """An edit of a content without the worker's line raises, and says how much it saw."""
    with pytest.raises(WorkloadError, match="worker04 is not in the 9 bytes"):
        raiser(4)(b"module m\n")


def test_workers_with_long_numbers_do_not_meet() -> None:
    """Worker 1 does not raise the line of worker 10 or 100."""
    content = module_file(101, 0)
    raised, _ = raiser(10)(content)
    assert raised == content.replace(b"worker10 v0.0.0", b"worker10 v0.0.1")
    raised, _ = raiser(100)(content)
    assert raised == content.replace(b"worker100 v0.0.0", b"worker100 v0.0.1")
