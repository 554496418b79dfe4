"""The journal: made before a byte changes, as small as the change, for the same eyes as the file, gone afterwards."""

from __future__ import annotations

import errno
import os
import pickle
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lockedfile
from lockedfile import Edit, JournalError, LockedFileError, _writeback
from lockedfile._oslock import pwrite
from tests.lockedfile import children, crashes, faults, locks, needs, weakened
from tests.lockedfile.changes import PAGE, changes
from tests.lockedfile.contents import brief
from tests.lockedfile.protocols import JOURNAL, beside, edit_as_go, edit_durably, journal_of
from tests.lockedfile.threads import run_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]

# Windows has no call that syncs a directory.
SYNC_DIRECTORY = [] if sys.platform == "win32" else ["sync directory"]

SIX_PAGES = bytes(range(256)) * 96
MARK_BYTES = 64
WROTE = re.compile(r'pwrite64\((\d+), ".*"(?:\.\.\.)?, (\d+), (\d+)\) += \d+')


def with_two_changes(content: bytes) -> bytes:
    """Changed in 3 bytes of page 1 and in 2 of page 4."""
    return content[:5000] + b"abc" + content[5003:17000] + b"de" + content[17002:]


SIX = len(SIX_PAGES)
MARK, TAIL = (f"mark {SIX}", f"mark {SIX + 8000}"), f"write {SIX}"
CALLS = {
    "equal": (SIX_PAGES, []),
    "same size": (with_two_changes(SIX_PAGES), [MARK[0], "write 5000", "write 17000", f"cut {SIX}"]),
    "growing": (
        with_two_changes(SIX_PAGES) + b"tail" * 2000,
        [MARK[1], TAIL, "write 5000", "write 17000", f"cut {SIX + 8000}"],
    ),
    "shrinking": (with_two_changes(SIX_PAGES)[:20000], [MARK[0], "write 5000", "write 17000", "cut 20000"]),
    "appended": (SIX_PAGES + b"tail" * 2000, [MARK[1], TAIL, f"cut {SIX + 8000}"]),
    "cut": (SIX_PAGES[:-1], [MARK[0], f"cut {SIX - 1}"]),
    "emptied": (b"", [MARK[0], "cut 0"]),
}


def steps(calls: list[str], path: Path) -> list[str]:
    """The calls of an edit that change or sync something, in the project's words."""
    names: dict[str, str] = {}
    found = []
    for line in calls:
        call = line.partition("(")[0]
        if call == "openat":
            target = re.findall(r'"(.*?)"', line)[0]
            names[line.rpartition("= ")[2]] = {
                str(path): "file",
                str(journal_of(path)): "journal",
                str(path.parent): "directory",
            }[target]
            if "O_EXCL" in line:
                found.append("make journal")
        elif call in ("fsync", "fdatasync"):
            found.append(f"sync {names[re.findall(r'[0-9]+', line)[0]]}")
        elif wrote := WROTE.fullmatch(line):
            fd, size, offset = wrote.groups()
            kind = "mark" if int(size) == MARK_BYTES else "write"
            found.append(f"{kind} {offset}" if names[fd] == "file" else "write journal")
        elif call == "ftruncate":
            found.append(f"cut {re.findall(r', ([0-9]+)', line)[0]}")
        elif call == "unlink":
            found.append("drop journal")
    return found


@needs.faults
@pytest.mark.parametrize("change", CALLS)
def test_journal_comes_first_the_mark_second_the_cut_last(spawn: Spawn, tmp_path: Path, change: str) -> None:
    """As strace sees it; an equal content makes no journal."""
    new, expected = CALLS[change]
    path = tmp_path / "go.sum"
    outcome = faults.attempt(spawn, path, SIX_PAGES, new)
    wanted = ["make journal", "write journal", *expected, "drop journal"] if expected else []
    assert steps(outcome.calls, path) == wanted
    assert (brief(outcome.content), outcome.told["error"], outcome.beside) == (brief(new), None, [])


def synced(expected: list[str]) -> list[str]:
    """The steps of a durable edit: each is on the disk before the next kind of step begins."""
    laid = ["make journal", "write journal", "sync journal", *SYNC_DIRECTORY]
    mark, *writes, cut = expected
    return [*laid, mark, "sync file", *writes, "sync file", cut, "sync file", "drop journal"]


@needs.faults
@pytest.mark.parametrize("change", [change for change in CALLS if change != "equal"])
def test_durable_edit_syncs_each_step_before_the_next(spawn: Spawn, tmp_path: Path, change: str) -> None:
    """Journal and directory, mark, contents, cut."""
    new, expected = CALLS[change]
    path = tmp_path / "go.sum"
    outcome = faults.attempt(spawn, path, SIX_PAGES, new, editor=edit_durably)
    assert steps(outcome.calls, path) == synced(expected)
    assert (brief(outcome.content), outcome.told["error"], outcome.beside) == (brief(new), None, [])


@needs.faults
def test_durable_edit_that_changes_nothing_syncs(spawn: Spawn, tmp_path: Path) -> None:
    """The content may be there by an edit that was not durable."""
    path = tmp_path / "go.sum"
    outcome = faults.attempt(spawn, path, SIX_PAGES, SIX_PAGES, editor=edit_durably)
    assert steps(outcome.calls, path) == ["sync file", *SYNC_DIRECTORY]


@needs.faults
def test_edit_that_marks_late_would_show(spawn: Spawn, tmp_path: Path) -> None:
    """The check of the order can fail."""
    path = tmp_path / "go.sum"
    new, expected = CALLS["growing"]
    outcome = faults.attempt(spawn, path, SIX_PAGES, new, editor=weakened.edit_marking_last)
    assert [step for step in steps(outcome.calls, path) if "journal" not in step] != expected


def test_durable_without_a_journal_is_a_value_error(tmp_path: Path) -> None:
    """Before anything is opened."""
    for call in (
        lambda: Edit(tmp_path / "go.mod", lambda old: old, durable=True, crash_safe=False),
        lambda: lockedfile.write(tmp_path / "go.mod", b"", durable=True, crash_safe=False),
    ):
        with pytest.raises(ValueError, match="crash_safe"):
            call()
    assert os.listdir(tmp_path) == []


@needs.faults
@pytest.mark.parametrize("when", [f"{sync}{on}" for sync in range(1, 4 + len(SYNC_DIRECTORY)) for on in ("", "+")])
def test_failing_fsync_says_that_the_outcome_is_unknown(spawn: Spawn, tmp_path: Path, when: str) -> None:
    """Of the file; of the journal and its directory, that none can be had. It is whole all the same."""
    path = tmp_path / "go.sum"
    new = CALLS["growing"][0]
    outcome = faults.attempt(spawn, path, SIX_PAGES, new, f"inject=fsync:error=EIO:when={when}", editor=edit_durably)
    assert (outcome.told["errno"], outcome.told["filename"]) == (errno.EIO, str(path))
    assert (outcome.lock, outcome.told["leaked"]) == ("free", 0)
    of_file = int(when[0]) > len(["sync journal", *SYNC_DIRECTORY])
    assert ("outcome is unknown" in outcome.told["text"]) == of_file
    assert outcome.told["error"] == ("OSError" if of_file else "JournalError")
    assert outcome.beside == ([path.name + JOURNAL] if of_file else [])
    content = lockedfile.read(path)
    assert brief(content) in (brief(SIX_PAGES), brief(new))
    assert content == SIX_PAGES or int(when[0]) > len(["sync journal", *SYNC_DIRECTORY, "sync mark"])
    assert (brief(path.read_bytes()), beside(path)) == (brief(content), [])


@needs.faults
@pytest.mark.parametrize("when", ["1", "1+"])
def test_failing_fdatasync_says_that_the_outcome_is_unknown(spawn: Spawn, tmp_path: Path, when: str) -> None:
    """That of the new content; what is put back is the old one, and the journal stays until it is known."""
    path = tmp_path / "go.sum"
    new = CALLS["growing"][0]
    fault = f"inject=fdatasync:error=EIO:when={when}"
    outcome = faults.attempt(spawn, path, SIX_PAGES, new, fault, editor=edit_durably)
    assert (outcome.told["errno"], outcome.told["filename"]) == (errno.EIO, str(path))
    assert "outcome is unknown" in outcome.told["text"]
    assert (outcome.lock, outcome.told["leaked"], outcome.beside) == ("free", 0, [path.name + JOURNAL])
    assert brief(lockedfile.read(path)) == brief(SIX_PAGES)
    assert (brief(path.read_bytes()), beside(path)) == (brief(SIX_PAGES), [])


@needs.faults
@pytest.mark.parametrize("when", range(1, 2 + len(SYNC_DIRECTORY)))
def test_failing_sync_of_what_was_not_changed_is_raised(spawn: Spawn, tmp_path: Path, when: int) -> None:
    """It is not known to be on the disk."""
    path = tmp_path / "go.sum"
    fault = f"inject=fsync:error=EIO:when={when}"
    outcome = faults.attempt(spawn, path, SIX_PAGES, SIX_PAGES, fault, editor=edit_durably)
    assert (outcome.told["errno"], outcome.told["filename"]) == (errno.EIO, str(path))
    assert (brief(outcome.content), outcome.lock, outcome.told["leaked"]) == (brief(SIX_PAGES), "free", 0)


@needs.faults
@pytest.mark.parametrize(
    ("change", "most_bytes"),
    [
        (lambda content: content + b"example.com/new v0.0.1 h1:abcdef=\n", 1000),
        (lambda content: content[:500_000] + b"X" + content[500_001:], 2000),
        (lambda content: content[:-100], 1000),
        (lambda _: b"", 1000),
    ],
    ids=["a line more", "a byte", "shorter", "emptied"],
)
def test_journal_is_as_small_as_the_change(
    spawn: Spawn, tmp_path: Path, change: weakened.Transform, most_bytes: int
) -> None:
    """That of a file of a megabyte, caught by a kill."""
    path, old = tmp_path / "go.sum", b"example.com/m v0.0.1 h1:0123456789abcdefghi=\n" * 24000
    crashes.kill(spawn, path, old, change(old), "ftruncate")
    assert len(old) > 1_000_000
    assert 0 < journal_of(path).stat().st_size < most_bytes
    assert brief(lockedfile.read(path)) == brief(old)


@needs.faults
def test_laid_out_crash_is_like_a_real_one(spawn: Spawn, tmp_path: Path) -> None:
    """But for the number: what tests lay out to recover from is what a kill leaves."""
    path = tmp_path / "go.sum"
    for new in (CALLS["growing"][0], CALLS["shrinking"][0]):
        crashes.kill(spawn, path, SIX_PAGES, new, "pwrite64", 4 + (len(new) > SIX))
        real = path.read_bytes(), journal_of(path).stat()
        flight = crashes.leave(path, SIX_PAGES, new)
        assert brief(flight.torn[:-MARK_BYTES]) == brief(real[0][:-MARK_BYTES])
        assert (len(flight.packed), flight.journal.stat().st_mode) == (real[1].st_size, real[1].st_mode)


@given(changes(), st.integers(0, 8), st.integers(1, 2 * PAGE))
def test_failing_write_leaves_the_old_content(
    scratch: Path, change: tuple[bytes, bytes], fatal: int, most: int
) -> None:
    """Whichever write fails, that of the journal too, short ones before it; nothing is left beside the file."""
    old, new = change
    calls = 0

    def failing(fd: int, data: bytes, offset: int) -> int:
        nonlocal calls
        calls += 1
        if calls == fatal + 1:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        return pwrite(fd, data[:most], offset)

    scratch.write_bytes(old)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_writeback, "pwrite", failing)
        try:
            Edit(scratch, lambda _: new)
        except OSError as error:
            assert error.errno == errno.EDQUOT  # noqa: PT017 - an error is one of two good ends
            assert brief(scratch.read_bytes()) == brief(old)
        else:
            assert calls <= fatal
            assert brief(scratch.read_bytes()) == brief(new)
    assert beside(scratch) == []


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path for a file of many examples."""
    return tmp_path_factory.mktemp("journal") / "scratch"


@pytest.mark.parametrize("editor", [Edit, edit_durably, edit_as_go])
def test_nothing_is_left_beside_the_file(tmp_path: Path, editor: Editor) -> None:
    """Of any edit, one that raises among them; and its name is no temporary one's."""
    path = tmp_path / "go.mod"
    for new in (b"module m\n", b"", b"module longer\n" * 1000, b"module n\n"):
        editor(str(path), lambda _, new=new: new)  # type: ignore[misc]  # a default
        assert (path.read_bytes(), os.listdir(tmp_path)) == (new, ["go.mod"])
    with pytest.raises(ZeroDivisionError):
        editor(str(path), lambda _: b"x" * (1 // 0))
    assert os.listdir(tmp_path) == ["go.mod"]


def test_write_has_the_promises_of_an_edit(tmp_path: Path) -> None:
    """Default, durable, and without a journal."""
    path = tmp_path / "go.mod"
    lockedfile.write(path, b"first")
    lockedfile.write(path, b"second", durable=True)
    lockedfile.write(path, b"third", crash_safe=False)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"third", ["go.mod"])
    crashes.leave(path, b"old", b"new")
    lockedfile.write(path, b"fourth")
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"fourth", ["go.mod"])


def check_moving_writes_nothing(path: Path, editor: Editor, move: Callable[[], object]) -> None:
    """An edit of the file at `path`, by its name alone, in whose transform it moves, is an error and writes nothing."""
    path.write_bytes(b"old")
    ghost = path.with_name("ghost")
    os.link(path, ghost)

    def transform(old: bytes) -> bytes:
        move()
        return old + b"edited"

    before = children.open_descriptors()
    with pytest.raises(JournalError) as caught:
        editor("go.mod", transform)
    assert (caught.value.errno, caught.value.filename) == (errno.ESTALE, "go.mod")
    assert children.open_descriptors() == before
    files = [file for file in ghost.parent.rglob("*") if file.is_file()]
    assert {file.read_bytes() for file in files} <= {b"old", b"another"}
    assert [file for file in files if JOURNAL in file.name] == []
    assert locks.state(ghost) == "free"


@pytest.mark.parametrize("how", ["change directory", "there is another there"])
@pytest.mark.parametrize("editor", [Edit, edit_durably])
def test_transform_that_changes_directory_writes_nothing(
    tmp_path: Path, editor: Editor, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relative path is that of another file then, or of none."""
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    if how == "there is another there":
        (other / "go.mod").write_bytes(b"another")
    check_moving_writes_nothing(tmp_path / "go.mod", editor, lambda: os.chdir(other))


@needs.more_than_windows("Windows renames and removes no open file")
@pytest.mark.parametrize("how", ["unlink", "rename over", "rename"])
@pytest.mark.parametrize("editor", [Edit, edit_durably])
def test_transform_that_moves_the_path_writes_nothing(
    tmp_path: Path, editor: Editor, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To write to the file that is no longer there would lose the edit, and its journal would be another's."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "go.mod"

    def move() -> None:
        if how == "unlink":
            path.unlink()
        elif how == "rename":
            path.rename(tmp_path / "renamed")
        else:
            (tmp_path / "fresh").write_bytes(b"another")
            (tmp_path / "fresh").replace(path)

    check_moving_writes_nothing(path, editor, move)


# Windows says that such a name is not there, or is no name; and takes a long path only if it begins so.
TOO_LONG = {errno.ENAMETOOLONG} if sys.platform != "win32" else {errno.ENOENT, errno.EINVAL}
LONG = "" if sys.platform != "win32" else "\\\\?\\"


def test_name_too_long_for_a_journal_is_an_error_that_says_so(tmp_path: Path) -> None:
    """The file is edited without one if asked to, and read as always."""
    path = Path(f"{LONG}{tmp_path}") / ("n" * 240)
    path.write_bytes(b"old ")  # ends as what is in flight does, so it is looked for twice
    with pytest.raises(JournalError, match="crash_safe=False") as caught:
        Edit(path, lambda old: old + b"new")
    assert caught.value.errno in TOO_LONG
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old "
    Edit(path, lambda old: old + b"new", crash_safe=False)
    assert lockedfile.read(path) == b"old new"
    assert os.listdir(tmp_path) == [path.name]


JOURNAL_ERROR = JournalError(errno.EACCES, "Permission denied: no journal can be kept in /m", "/m/go.mod")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_journal_error_is_ours_and_the_systems_and_travels(protocol: int) -> None:
    """With its facts as attributes."""
    assert isinstance(JOURNAL_ERROR, LockedFileError)
    assert isinstance(JOURNAL_ERROR, OSError)
    assert not isinstance(JOURNAL_ERROR, PermissionError)
    twin = pickle.loads(pickle.dumps(JOURNAL_ERROR, protocol))
    assert (type(twin), str(twin)) == (JournalError, str(JOURNAL_ERROR))
    assert (twin.errno, twin.strerror, twin.filename) == (
        JOURNAL_ERROR.errno,
        JOURNAL_ERROR.strerror,
        JOURNAL_ERROR.filename,
    )


def test_threads_share_no_journal(tmp_path: Path) -> None:
    """Edits of two files and of one go on at once, and lose nothing."""
    paths = [tmp_path / "a", tmp_path / "b"]

    def count(path: Path) -> Callable[[], None]:
        def run() -> None:
            for _ in range(40):
                Edit(path, children.increment)

        return run

    for path in paths:
        path.write_bytes(b"0\n")
    run_all(*[count(path) for path in paths for _ in range(3)])
    assert [path.read_bytes() for path in paths] == [b"120\n", b"120\n"]
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
