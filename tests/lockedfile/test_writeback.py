"""Writing back in place: growth first, only what changed, shrink last; and a full disk keeps the old content."""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockedfile import _writeback
from lockedfile._oslock import OPEN_FLAGS, pwrite
from lockedfile._writeback import changed_spans, replace
from tests.lockedfile import children, faults, needs, weakened
from tests.lockedfile.changes import PAGE, changes
from tests.lockedfile.contents import brief
from tests.lockedfile.processes import name
from tests.lockedfile.protocols import edit_as_go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]
    Spans = Callable[[bytes, bytes], list[tuple[int, int]]]


def check_spans(spans: Spans, old: bytes, new: bytes) -> None:
    """All that differs is in a span; spans are in order and apart, and past a page begin and end with a difference."""
    shared = min(len(old), len(new))
    found = spans(old, new)
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))
    patched = bytearray(old[:shared])
    for start, end in found:
        patched[start:end] = new[start:end]
        if shared > PAGE:
            assert old[start] != new[start]
            assert old[end - 1] != new[end - 1]
    assert brief(patched) == brief(new[:shared])
    assert all(0 <= edge <= shared for edge in edges)
    assert found == [] or old[:shared] != new[:shared]


@given(changes())
def test_spans_are_where_the_bytes_differ(change: tuple[bytes, bytes]) -> None:
    """For any two contents."""
    check_spans(changed_spans, *change)


@pytest.mark.parametrize("spans", [weakened.spans_of_whole_pages, weakened.spans_short_of_the_end])
def test_wrong_spans_would_show(spans: Spans) -> None:
    """The check can fail: of spans that are not narrow, or miss the end."""
    with pytest.raises(AssertionError):
        check_spans(spans, bytes(3 * PAGE), bytes(2 * PAGE + 7) + b"x" * (PAGE - 8) + b"y")


@pytest.mark.parametrize(
    ("new", "spans"),
    [
        (bytes(3 * PAGE), []),
        (bytes(9 * PAGE), []),
        (bytes(PAGE), []),
        (b"x" + bytes(3 * PAGE - 1), [(0, 1)]),
        (bytes(3 * PAGE - 1) + b"x", [(3 * PAGE - 1, 3 * PAGE)]),
        (bytes(5000) + b"x" + bytes(3 * PAGE - 5001), [(5000, 5001)]),
        (b"x" + bytes(2 * PAGE) + b"x" + bytes(PAGE - 2), [(0, 1), (2 * PAGE + 1, 2 * PAGE + 2)]),
        (bytes(PAGE - 1) + b"xy" + bytes(2 * PAGE - 1), [(PAGE - 1, PAGE + 1)]),
    ],
)
def test_spans_are_narrow(new: bytes, spans: list[tuple[int, int]]) -> None:
    """From the first differing byte to the last, of three pages of zeros and these."""
    assert changed_spans(bytes(3 * PAGE), new) == spans


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path for files of many examples."""
    return tmp_path_factory.mktemp("writeback") / "scratch"


@contextmanager
def opened(path: Path, content: bytes) -> Iterator[int]:
    """A descriptor of a file with `content`, opened as the library does it."""
    path.write_bytes(content)
    fd = os.open(path, os.O_RDWR | OPEN_FLAGS)
    try:
        yield fd
    finally:
        os.close(fd)


@given(changes())
def test_replace_makes_the_new_content(scratch: Path, change: tuple[bytes, bytes]) -> None:
    """For any two contents, in a real file."""
    old, new = change
    with opened(scratch, old) as fd:
        replace(fd, old, new, str(scratch))
    assert brief(scratch.read_bytes()) == brief(new)


@given(changes(), st.integers(1, PAGE + 1))
def test_short_writes_are_completed(scratch: Path, change: tuple[bytes, bytes], most: int) -> None:
    """Where the system takes no more than so many bytes of any write."""
    old, new = change
    with opened(scratch, old) as fd, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_writeback, "pwrite", lambda fd, data, offset: pwrite(fd, data[:most], offset))
        replace(fd, old, new, str(scratch))
    assert brief(scratch.read_bytes()) == brief(new)


class RefusedError(Exception):
    """What the n-th write raises."""


@given(changes(), st.integers(0, 6), st.integers(1, 2 * PAGE))
def test_failing_write_leaves_the_old_content(
    scratch: Path, change: tuple[bytes, bytes], fatal: int, most: int
) -> None:
    """Whichever write fails, short ones before it included; if none does, the new content is there."""
    old, new = change
    calls = 0

    def failing(fd: int, data: bytes, offset: int) -> int:
        nonlocal calls
        calls += 1
        if calls == fatal + 1:
            raise RefusedError
        return pwrite(fd, data[:most], offset)

    with opened(scratch, old) as fd, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_writeback, "pwrite", failing)
        try:
            replace(fd, old, new, str(scratch))
        except RefusedError:
            assert brief(scratch.read_bytes()) == brief(old)
        else:
            assert calls <= fatal
            assert brief(scratch.read_bytes()) == brief(new)


def test_write_that_takes_nothing_is_a_full_disk(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an endless loop; the error names the file, and its notes say what could not be put back."""
    monkeypatch.setattr(_writeback, "pwrite", lambda *_: 0)
    with opened(scratch, b"old") as fd, pytest.raises(OSError, match=r".") as caught:
        replace(fd, b"old", b"newer", str(scratch))
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(scratch))


WROTE = re.compile(r'pwrite64\(\d+, ".*"(?:\.\.\.)?, (\d+), (\d+)\) += (\d+)')
CUT = re.compile(r"ftruncate\(\d+, (\d+)\) += 0")


def changing_calls(outcome: faults.Outcome) -> list[tuple[str, int, int]]:
    """The calls that changed the file: `("write", offset, count)` and `("cut", size, 0)`."""
    found = []
    for call in outcome.calls:
        if wrote := WROTE.match(call):
            assert wrote[1] == wrote[3]
            found.append(("write", int(wrote[2]), int(wrote[1])))
        elif cut := CUT.match(call):
            found.append(("cut", int(cut[1]), 0))
        else:
            assert call.partition("(")[0] in (
                "openat",
                "newfstatat",
                "fstat",
                "fcntl",
                "flock",
                "read",
                "close",
                "access",
            )
    return found


SIX_PAGES = bytes(range(256)) * 96


def with_two_changes(content: bytes) -> bytes:
    """Changed in 3 bytes of page 1 and in 2 of page 4."""
    return content[:5000] + b"abc" + content[5003:17000] + b"de" + content[17002:]


@needs.faults
@pytest.mark.parametrize(
    ("new", "calls"),
    [
        (SIX_PAGES, []),
        (with_two_changes(SIX_PAGES), [("write", 5000, 3), ("write", 17000, 2)]),
        (
            with_two_changes(SIX_PAGES) + b"tail" * 2000,
            [("write", len(SIX_PAGES), 8000), ("write", 5000, 3), ("write", 17000, 2)],
        ),
        (with_two_changes(SIX_PAGES)[:20000], [("write", 5000, 3), ("write", 17000, 2), ("cut", 20000, 0)]),
        (SIX_PAGES + b"x", [("write", len(SIX_PAGES), 1)]),
        (SIX_PAGES[:-1], [("cut", len(SIX_PAGES) - 1, 0)]),
        (b"", [("cut", 0, 0)]),
    ],
    ids=["equal", "same size", "growing", "shrinking", "appended", "cut", "emptied"],
)
def test_grows_first_writes_what_changed_and_shrinks_last(
    spawn: Spawn, tmp_path: Path, new: bytes, calls: list[tuple[str, int, int]]
) -> None:
    """As strace sees it; and no other call changes the file."""
    outcome = faults.attempt(spawn, tmp_path / "go.sum", SIX_PAGES, new, editor=edit_as_go)
    assert changing_calls(outcome) == calls
    assert (brief(outcome.content), outcome.told["error"]) == (brief(new), None)


@needs.faults
def test_rewriting_all_would_show(spawn: Spawn, tmp_path: Path) -> None:
    """The check can fail: of an edit that overwrites before it grows."""
    new = SIX_PAGES + b"x"
    outcome = faults.attempt(spawn, tmp_path / "go.sum", SIX_PAGES, new, editor=weakened.edit_rewriting_all)
    assert changing_calls(outcome)[0] == ("write", 0, len(SIX_PAGES))


GO_SUM = b"".join(
    b"example.com/m%05d v0.0.1 h1:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG=\n" % i for i in range(14000)
)
LINE = b"example.com/new v0.0.1 h1:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG=\n"


def bytes_written(spawn: Spawn, path: Path, new: bytes, editor: Editor = edit_as_go) -> int:
    """How many bytes a child writes to change GO_SUM at `path` to `new`: as the kernel counts, where it does."""
    if sys.platform != "linux":
        outcome = faults.attempt(spawn, path, GO_SUM, new, editor=editor)
        assert brief(outcome.content) == brief(new)
        return sum(count for call, _, count in changing_calls(outcome) if call == "write")
    path.write_bytes(GO_SUM)
    source = path.with_name("source")
    source.write_bytes(new)
    child = spawn(children.written, name(editor), path, source)
    written = int(child.hear())
    child.end()
    assert brief(path.read_bytes()) == brief(new)
    return written


@pytest.mark.parametrize(
    ("new", "written"),
    [
        (GO_SUM, 0),
        (GO_SUM + LINE, len(LINE)),
        (GO_SUM.replace(b"m07000 v0.0.1", b"m07000 v0.0.2"), 1),
        (GO_SUM[:-100], 0),
    ],
    ids=["equal", "one line more", "one digit", "shorter"],
)
def test_large_file_is_not_rewritten(spawn: Spawn, tmp_path: Path, new: bytes, written: int) -> None:
    """Of a go.sum of 1 MB only what changed is written."""
    assert len(GO_SUM) > 1_000_000
    assert bytes_written(spawn, tmp_path / "go.sum", new) == written


def test_rewriting_a_large_file_would_show(spawn: Spawn, tmp_path: Path) -> None:
    """The check can fail: of an edit that rewrites all."""
    assert bytes_written(spawn, tmp_path / "go.sum", GO_SUM + LINE, weakened.edit_rewriting_all) > len(GO_SUM)
