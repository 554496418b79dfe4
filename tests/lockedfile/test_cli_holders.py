"""`lockedfile holders`: what is shown of one moment, and what changes."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from lockedfile import Holder
from lockedfile._cli import entry
from lockedfile._cli._table import table
from lockedfile._cli._watch import Change, Watched, as_json, as_line
from tests.lockedfile import locks, needs, program, weakened_cli
from tests.lockedfile.children import hold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

TIDY = Holder(4121, "go mod tidy", "exclusive", False, 1000.0)
WORK = Holder(99, "lockedfile edit go.mod -- sort", "exclusive", True, None)
NOBODY_KNOWN = Holder(None, "unknown", "unknown", False, None)
READERS = [Holder(pid, "reader", "shared", False, None) for pid in (7, 7, 8)]


def having(holder: Holder) -> Holder:
    """The same process, once it has the lock."""
    return Holder(holder.pid, holder.command, holder.mode, False, holder.since)


def test_table_is_aligned() -> None:
    """Numbers to the right, all else to the left."""
    assert table({"go.mod": [TIDY, WORK], "a/go.sum": [NOBODY_KNOWN, READERS[0]]}) == (
        "FILE          PID  MODE       STATE  COMMAND\n"
        "go.mod       4121  exclusive  holds  go mod tidy\n"
        "go.mod         99  exclusive  waits  lockedfile edit go.mod -- sort\n"
        "a/go.sum  unknown  unknown    holds  unknown\n"
        "a/go.sum        7  shared     holds  reader\n"
    )


def test_table_of_nobody_is_empty() -> None:
    """Not even a head."""
    assert table({"go.mod": [], "go.sum": []}) == ""


def test_table_fits_the_terminal() -> None:
    """A long command is cut."""
    assert table({"go.mod": [TIDY, WORK]}, 49).splitlines()[1:] == [
        "go.mod  4121  exclusive  holds  go mod tidy",
        "go.mod    99  exclusive  waits  lockedfile edi...",
    ]


def test_table_says_what_is_not_sure() -> None:
    """Where the system tells only who has the file open."""
    assert "  may hold  " in table({"go.mod": [Holder(5, "C:\\go.exe", "unknown", False, None)]})


def test_table_is_safe_for_a_terminal() -> None:
    """A file name may hold anything."""
    assert "\x1b" not in table({"\x1b[2J": [TIDY]})


def events(path: str, *looks: list[Holder], kind: type[Watched] = Watched) -> list[str]:
    """What is told of looks, a second apart."""
    watched = kind(path)
    changes = [change for now_s, found in enumerate(looks) for change in watched.changed(found, now_s)]
    return [as_line(change).partition(f"  {path}  ")[2].rstrip("\n") for change in changes]


def test_watch_tells_who_comes_and_goes() -> None:
    """How long it held, only if we saw it being taken."""
    assert events("f", [TIDY], [TIDY], [], [TIDY], [TIDY], []) == [
        "pid 4121 (go mod tidy) holds (exclusive)",
        "pid 4121 (go mod tidy) released",
        "pid 4121 (go mod tidy) holds (exclusive)",
        "pid 4121 (go mod tidy) released after 2.0 s",
    ]


def test_watch_tells_how_a_wait_ends() -> None:
    """With the lock, whose former holder goes first; or without it."""
    work = f"pid 99 ({WORK.command})"
    assert events("f", [TIDY], [TIDY, WORK], [TIDY, WORK], [having(WORK)], [TIDY, WORK], [TIDY]) == [
        "pid 4121 (go mod tidy) holds (exclusive)",
        f"{work} waits (exclusive)",
        "pid 4121 (go mod tidy) released",
        f"{work} holds (exclusive) after 2.0 s of waiting",
        f"{work} released after 1.0 s",
        "pid 4121 (go mod tidy) holds (exclusive)",
        f"{work} waits (exclusive)",
        f"{work} no longer waits after 1.0 s",
    ]


def test_watch_counts_the_locks_of_one_process() -> None:
    """Each thread may have one; and several processes may be unknown."""
    one, _, other = READERS
    assert events("f", [], [one], READERS, [one, other], [NOBODY_KNOWN] * 2, [NOBODY_KNOWN]) == [
        "pid 7 (reader) holds (shared)",
        "pid 7 (reader) holds (shared)",
        "pid 8 (reader) holds (shared)",
        "pid 7 (reader) released after 1.0 s",
        "pid 7 (reader) released after 3.0 s",
        "pid 8 (reader) released after 2.0 s",
        "an unknown process holds (unknown)",
        "an unknown process holds (unknown)",
        "an unknown process released after 1.0 s",
    ]


def test_watch_that_misses_who_goes_would_show() -> None:
    """The check can fail."""
    assert events("f", [TIDY], [], kind=weakened_cli.WatchedOnlyComing) == ["pid 4121 (go mod tidy) holds (exclusive)"]


def test_watch_tells_that_a_file_is_gone() -> None:
    """Once, and that it is back."""
    watched = Watched("f")
    error = FileNotFoundError(2, "No such file or directory")
    changes = [
        *watched.changed([TIDY], 0),
        *watched.lost(error, 1),
        *watched.lost(error, 2),
        *watched.changed([TIDY], 3),
    ]
    assert [change.event for change in changes] == ["holds", "released", "gone", "back", "holds"]
    assert as_line(changes[2]).endswith("  f  cannot be looked at: No such file or directory\n")
    assert as_line(changes[3]).endswith("  f  is there again\n")


def test_line_of_a_change_begins_with_the_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a tenth of a second, cut, so that no line is of the future."""
    if hasattr(os, "fork"):  # where the zone can be set
        import time

        monkeypatch.setenv("TZ", "UTC-1")
        time.tzset()  # type: ignore[attr-defined, unused-ignore]  # not on Windows
    line = as_line(Change(39601.29, "go.mod", "holds", TIDY))
    assert line.endswith(":00:01.2  go.mod  pid 4121 (go mod tidy) holds (exclusive)\n")


def test_change_as_json_is_one_line() -> None:
    """With all that the list has."""
    line = as_json(Change(1000.12345, "go.mod", "released", TIDY, 3.25))
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "at": 1000.123,
        "file": "go.mod",
        "event": "released",
        "after_s": 3.25,
        "pid": 4121,
        "command": "go mod tidy",
        "mode": "exclusive",
        "waiting": False,
        "since": 1000.0,
    }
    assert json.loads(as_json(Change(0, "f", "gone", reason="no"))) == {
        "at": 0,
        "file": "f",
        "event": "gone",
        "reason": "no",
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to lock."""
    path = tmp_path / "go.mod"
    path.touch()
    return path


def holding(spawn: Spawn, path: Path) -> Child:
    """A child that holds the lock."""
    child = spawn(hold, path)
    child.expect("asking")
    child.expect("locked")
    return child


def cause() -> str:
    """What the system says of a file that is not there."""
    with pytest.raises(FileNotFoundError) as caught:
        os.stat("missing")
    return str(caught.value.strerror)


def test_nobody_is_said_so(path: Path) -> None:
    """And is no failure; where the system tells little, it is said to be no more than that."""
    said = "nobody holds or waits for go.mod" if locks.TELLS else "nobody is known to hold or wait for go.mod"
    assert program.run("holders", "go.mod", cwd=path.parent) == (0, f"{said}\n".encode(), "")


@needs.linux  # which tells who waits
def test_who_holds_and_who_waits_is_shown(spawn: Spawn, path: Path) -> None:
    """For each FILE; those that nobody has are said at the end."""
    (path.parent / "go.sum").touch()
    holder = holding(spawn, path)
    with program.Program("read", "-q", path) as waiting:
        locks.until_waiting(path)
        code, out, err = program.run("holders", "go.mod", "go.sum", "go.mod", cwd=path.parent)
    head, first, second, last = out.decode().splitlines()
    assert (code, err) == (0, "")
    assert head.split() == ["FILE", "PID", "MODE", "STATE", "COMMAND"]
    assert first.split()[:4] == ["go.mod", str(holder.process.pid), "exclusive", "holds"]
    assert second.split()[:4] == ["go.mod", str(waiting.process.pid), "shared", "waits"]
    assert second.rstrip().endswith(f"read -q {path}")
    assert last == "nobody holds or waits for go.sum"


def test_missing_file_does_not_hide_the_others(spawn: Spawn, path: Path) -> None:
    """It is said, and the exit code says so too."""
    holder = holding(spawn, path)
    code, out, err = program.run("holders", "missing", "go.mod", cwd=path.parent)
    assert (code, err) == (1, f"lockedfile: holders missing: {cause()}; check the name\n")
    assert f" {holder.process.pid} " in out.decode() or (out and not locks.TELLS)


def test_json_is_a_list_of_files(spawn: Spawn, path: Path) -> None:
    """In the order in which they were named."""
    holder = holding(spawn, path)
    code, out, _ = program.run("holders", "--json", "missing", "go.mod", cwd=path.parent)
    missing, found = json.loads(out)
    assert code == 1
    assert missing == {"file": "missing", "error": cause(), "holders": []}
    assert (found["file"], found["error"]) == ("go.mod", None)
    if not locks.TELLS:
        return
    (entry,) = found["holders"]
    assert (entry["pid"], entry["mode"], entry["waiting"]) == (holder.process.pid, "exclusive", False)
    assert isinstance(entry["since"], float)


@needs.linux  # which tells who waits
@pytest.mark.parametrize("options", [["--watch"], ["--json", "--watch"]])
def test_watch_follows_a_lock(spawn: Spawn, path: Path, options: list[str]) -> None:
    """Line by line as it happens, until Ctrl-C, which ends it in silence."""
    holder = holding(spawn, path)
    with program.Program("holders", *options, path) as watch:
        line = watch.out.hear()
        assert str(holder.process.pid) in line
        with program.Program("run", "-q", path, "--", *program.python("input()")) as other:
            assert "waits" in watch.out.hear()
            holder.tell()
            holder.expect("released")
            assert "released" in watch.out.hear()
            line = watch.out.hear()
            assert str(other.process.pid) in line
            assert "after" in line
            other.tell()
            assert other.end() == 0
        line = watch.out.hear()
        assert "released" in line
        if "--json" in options:
            assert json.loads(line)["pid"] == other.process.pid
        watch.process.send_signal(signal.SIGINT)
        assert watch.end() == -signal.SIGINT
        assert (watch.out.rest(), watch.err.rest()) == ([], [])
    holder.end()


def test_watch_of_nothing_ends(path: Path) -> None:
    """If no FILE is there, there is nothing to wait for."""
    ended = program.run("holders", "--watch", "missing", cwd=path.parent)
    assert ended == (1, b"", f"lockedfile: holders missing: {cause()}; check the name\n")


@needs.linux  # which tells who holds
def test_watch_sees_a_file_go_and_come_back(path: Path) -> None:
    """It is watched by its name."""
    with program.Program("holders", "--watch", path) as watch, program.Program("run", path, "cat") as running:
        assert "holds" in watch.out.hear()
        path.unlink()
        assert "released" in watch.out.hear()
        assert watch.out.hear().endswith("cannot be looked at: No such file or directory")
        path.touch()
        assert watch.out.hear().endswith("is there again")
        assert running.process.poll() is None


if sys.platform != "win32":
    from tests.lockedfile.terminal import Terminal

    @needs.linux
    def test_table_on_a_terminal_has_its_width(spawn: Spawn, path: Path) -> None:
        """A long command does not wrap."""
        holding(spawn, path)
        words = ["sh", "-c", 'stty cols 60; exec "$@"', "sh", *program.command(entry, "holders", "go.mod")]
        with Terminal("run", "other.lock", "--", *words, cwd=path.parent) as terminal:
            assert terminal.end() == 0
            assert [len(line) for line in terminal.shown().splitlines()][1:] == [60]
