"""After a kill at any point the next user, whoever it is, finds the old content or the new one, and nothing beside."""

from __future__ import annotations

import itertools
import json
import random
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit
from tests.lockedfile import children, crashes, faults, interrupted, locks, needs, weakened
from tests.lockedfile.contents import brief
from tests.lockedfile.crashes import USERS
from tests.lockedfile.processes import LIMIT_S, go_together, name
from tests.lockedfile.protocols import JOURNAL, beside, edit_as_go, edit_durably
from tests.lockedfile.threads import run_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]

KILLS = 30 if sys.platform != "win32" else 10  # where a process is dear
RECOVERERS = 8

OLD = bytes(range(256)) * 80
CHANGES = {
    "growing": (OLD, b"A" + OLD[1:9000] + b"B" + OLD[9001:] + b"tail" * 3000),
    "shrinking": (OLD, b"A" + OLD[1:9000] + b"B" + OLD[9001:12000]),
    "small": (b"module m\n", b"module n\n"),
    "from nothing": (b"", b"module m\n"),
    "to nothing": (b"module m\n", b""),
}


# What is killed at each call: a sample on Windows, where a process is dear.
KILLED = list(CHANGES) if sys.platform != "win32" else ["growing", "shrinking"]
DURABLY = ["growing", "shrinking"] if sys.platform != "win32" else ["growing"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file will be."""
    return tmp_path / "go.sum"


def check_next_user(use: Callable[[Path], bytes], path: Path, old: bytes, new: bytes) -> None:
    """Who comes to the killed edit finds a whole content, leaves the same, and nothing beside it."""
    content = use(path)
    assert brief(content) in (brief(old), brief(new))
    assert brief(path.read_bytes()) == brief(content)
    assert locks.state(path) == "free"
    assert brief(lockedfile.read(path)) == brief(content)
    assert beside(path) == []


def check_killed_at_each_call(spawn: Spawn, path: Path, change: str, editor: Editor) -> None:
    """Whatever call the edit is killed at, each next user finds it whole."""
    for call, when in crashes.kill_at_each_call(spawn, path, *CHANGES[change], editor):
        for user, use in USERS.items():
            copy = crashes.copied(path, path.with_name(f"{call} {when} {user}".replace(" ", "-")))
            check_next_user(use, copy, *CHANGES[change])


@needs.faults
@pytest.mark.parametrize(
    ("change", "editor"),
    [*((change, Edit) for change in KILLED), *((change, edit_durably) for change in DURABLY)],
)
def test_edit_killed_at_any_call_is_whole_to_the_next_user(
    spawn: Spawn, path: Path, change: str, editor: Editor
) -> None:
    """Old or new, for who reads, edits, opens, or takes a mutex next."""
    check_killed_at_each_call(spawn, path, change, editor)


@needs.faults
@pytest.mark.parametrize("editor", [edit_as_go, weakened.edit_marking_last, weakened.edit_laying_late])
def test_edit_torn_by_a_kill_would_show(spawn: Spawn, path: Path, editor: Editor) -> None:
    """The check can fail: of Go's own protocol, and of marks and journals that come too late."""
    with pytest.raises(AssertionError, match=r"go\.sum|SHA"):
        check_killed_at_each_call(spawn, path, "growing", editor)


@needs.faults
@pytest.mark.parametrize("change", ["growing", "to nothing"] if sys.platform != "win32" else ["growing"])
def test_recovered_says_if_an_edit_was_undone(spawn: Spawn, path: Path, change: str) -> None:
    """True where the file was in flight, and only there."""
    old, new = CHANGES[change]
    seen = set()
    for _ in crashes.kill_at_each_call(spawn, path, old, new):
        in_flight = path.read_bytes() not in (old, new)
        seen.add(in_flight)
        edited = Edit(path, lambda content: content)
        assert (edited.recovered, edited.changed) == (in_flight, False)
        assert Edit(path, lambda content: content + b"more").recovered is False
    assert seen == {True, False}


def answering(answer: bytes, seen: list[bytes]) -> weakened.Transform:
    """A transform that notes what it gets."""

    def transform(old: bytes) -> bytes:
        seen.append(old)
        return answer

    return transform


@pytest.mark.parametrize("change", CHANGES)
def test_edit_of_a_file_in_flight_is_one_of_the_old_content(path: Path, change: str) -> None:
    """What the transform gets is whole, and its answer is what the file holds then."""
    old, new = CHANGES[change]
    for answer in (b"", old + b"more", new, b"another"):
        crashes.leave(path, old, new)
        seen: list[bytes] = []
        edited = Edit(path, answering(answer, seen))
        assert seen == [old]
        assert (brief(path.read_bytes()), beside(path)) == (brief(answer), [])
        assert (edited.recovered, edited.changed) == (True, answer != old)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("editor", [edit_as_go, edit_durably])
def test_every_protocol_recovers(path: Path, change: str, editor: Editor) -> None:
    """An edit without a journal of its own undoes one that had one, and so does a durable one."""
    flight = crashes.leave(path, *CHANGES[change])
    editor(str(path), lambda content: content + b"more")
    assert (brief(path.read_bytes()), beside(path)) == (brief(flight.old + b"more"), [])


def test_transform_that_raises_leaves_what_was_recovered(path: Path) -> None:
    """The old content, and no journal."""
    crashes.leave(path, *CHANGES["growing"])
    with pytest.raises(ZeroDivisionError):
        Edit(path, lambda _: b"x" * (1 // 0))
    assert (brief(path.read_bytes()), beside(path)) == (brief(OLD), [])


@pytest.mark.parametrize("mode", ["wb", "w+b"])
def test_opening_to_write_anew_recovers_nothing(path: Path, mode: str) -> None:
    """The file is empty then, and the journal gone."""
    crashes.leave(path, *CHANGES["growing"])
    with lockedfile.open(path, mode) as file:
        assert (path.stat().st_size, beside(path)) == (0, [])
        file.write(b"anew")
    assert lockedfile.read(path) == b"anew"


@pytest.mark.parametrize("mode", ["ab", "a+b"])
def test_opening_to_append_recovers_first(path: Path, mode: str) -> None:
    """What is appended comes after the old content."""
    crashes.leave(path, *CHANGES["shrinking"])
    with lockedfile.open(path, mode) as file:
        file.write(b"more")
    assert (brief(path.read_bytes()), beside(path)) == (brief(OLD + b"more"), [])


def test_opened_file_is_at_its_beginning(path: Path) -> None:
    """To recover is to read; who opens does not notice."""
    for mode, position in (("rb", 0), ("r+b", 0)):
        crashes.leave(path, *CHANGES["growing"])
        with lockedfile.open(path, mode) as file:
            assert file.tell() == position
            assert brief(file.read()) == brief(OLD)


def test_x_of_a_file_in_flight_is_refused(path: Path) -> None:
    """It is there, whatever it holds."""
    flight = crashes.leave(path, *CHANGES["small"])
    with pytest.raises(FileExistsError):
        lockedfile.open(path, "xb")
    assert (path.read_bytes(), flight.journal.read_bytes()) == (flight.torn, flight.packed)


@needs.faults
@pytest.mark.parametrize(("what", "change"), [("read", "growing"), ("open r+b", "shrinking")])
def test_recovery_killed_at_any_call_is_recovered_again(spawn: Spawn, path: Path, what: str, change: str) -> None:
    """By whomever it is made."""
    old, new = CHANGES[change]
    crashes.leave(path, old, new, durable=change == "shrinking")
    trace = faults.Trace(path.with_name("trace"), path)
    ask(spawn(children.do, what, path, prefix=trace.command))
    for call, when in crashes.points(trace.lines()):
        crashes.leave(path, old, new, durable=change == "shrinking")
        crashes.kill_in(spawn, path, call, when, children.do, what, path)
        check_next_user(lockedfile.read, path, old, old)


def test_many_who_come_at_once_recover_once(spawn: Spawn, tmp_path: Path) -> None:
    """Processes that read together after a kill see the same."""
    paths = [tmp_path / str(number) / "go.sum" for number in range(12)]
    for path in paths:
        path.parent.mkdir()
        crashes.leave(path, *CHANGES["growing"])
    (tmp_path / "source").write_bytes(OLD)
    readers = [spawn(children.read_all, tmp_path / "source", *paths) for _ in range(RECOVERERS)]
    go_together(readers)
    assert [(brief(path.read_bytes()), beside(path)) for path in paths] == [(brief(OLD), [])] * len(paths)


def test_threads_recover_as_processes_do(path: Path) -> None:
    """Some read, some edit; no edit is lost, and none is of what was torn."""
    crashes.leave(path, b"0\n", b"1234567\n")
    seen: list[bytes] = []

    def look() -> None:
        seen.extend(lockedfile.read(path) for _ in range(20))

    def count() -> None:
        for _ in range(20):
            Edit(path, children.increment)

    run_all(*[look] * 4, *[count] * 4)
    assert (path.read_bytes(), beside(path)) == (b"80\n", [])
    assert {int(content) for content in seen} <= set(range(81))


def test_random_kills_tear_nothing(spawn: Spawn, path: Path) -> None:
    """Kills at random moments of edits that grow and shrink by pages."""
    contents = path.with_name("contents")
    cycle = [f"{letter}{'=' * middle}{letter}{'-' * tail}" for letter, middle, tail in [
        ("a", 9000, 100), ("b", 9000, 200000), ("c", 9000, 20000), ("d", 7000, 3), ("e", 30000, 9000), ("f", 30000, 0),
    ]]  # fmt: skip
    contents.write_text(json.dumps(cycle))
    path.write_text(cycle[0])
    delay, seed = threading.Event(), random.randrange(1 << 32)
    chance = random.Random(seed)
    for round_ in range(KILLS):
        with_child = spawn(interrupted.storm, name(Edit), path, contents)
        with_child.expect("ready")
        delay.wait(chance.expovariate(1000))
        with_child.process.kill()
        with_child.process.wait(LIMIT_S)
        content = lockedfile.read(path)
        assert content.decode() in cycle, f"{brief(content)}; round {round_}, seed {seed}"
        assert beside(path) == []


def ask(child: Child) -> dict[str, object]:
    """What it says as JSON; it ends then."""
    told: dict[str, object] = json.loads(child.hear())
    child.end()
    return told


def check_found(path: Path, by: str | bytes) -> None:
    """Who comes to the file at `path` by that path finds the journal that lies beside it, to read and to edit."""
    crashes.leave(path, *CHANGES["growing"])
    assert brief(lockedfile.read(by)) == brief(OLD)
    assert (brief(path.read_bytes()), beside(path)) == (brief(OLD), ["elsewhere"])
    crashes.leave(path, *CHANGES["growing"])
    assert Edit(by, lambda content: content + b"more").recovered
    assert (brief(path.read_bytes()), beside(path)) == (brief(OLD + b"more"), ["elsewhere"])


@pytest.fixture
def elsewhere(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another directory, which is the current one."""
    elsewhere = path.with_name("elsewhere")
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return elsewhere


@needs.symlinks
@pytest.mark.parametrize("kind", ["symlink", "chain of symlinks", "symlink to the directory"])
def test_journal_is_found_by_every_link_to_the_file(path: Path, elsewhere: Path, kind: str) -> None:
    """It lies beside the file itself, not beside a link to it."""
    (elsewhere / "link").symlink_to(path)
    (elsewhere / "chain").symlink_to("link")
    (elsewhere / "directory").symlink_to(path.parent)
    by = {"symlink": str(elsewhere / "link"), "chain of symlinks": "chain"}
    check_found(path, by.get(kind, "directory/go.sum"))


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("kind", ["relative", "bytes"])
def test_journal_is_found_by_every_path_of_the_file(path: Path, kind: str) -> None:
    """However the path is told."""
    check_found(path, "../go.sum" if kind == "relative" else bytes(path))


@needs.faults
@pytest.mark.parametrize("number", ["EIO", "ENOMEM", "EACCES"])
def test_look_for_the_journal_that_fails_hides_nothing(spawn: Spawn, path: Path, number: str) -> None:
    """Where the file is in flight it is looked for again."""
    flight = crashes.leave(path, *CHANGES["growing"])
    trace = faults.Trace(path.with_name("trace"), path, f"inject=access:error={number}:when=1")
    child = spawn(children.do, "read", path, prefix=trace.command)
    assert ask(child)["content"] == brief(flight.old)
    assert trace.injected() == 1


@needs.faults
@pytest.mark.parametrize("call", ["pwrite64", "ftruncate", "openat", "read", "newfstatat"])
def test_recovery_that_fails_leaves_it_to_the_next(spawn: Spawn, path: Path, call: str) -> None:
    """An edit that cannot undo raises, names the file or its journal, and does not call the transform."""
    for when in range(1, 9):
        flight = crashes.leave(path, *CHANGES["shrinking"])
        fault = f"inject={call}:error=EIO:when={when}"
        trace = faults.Trace(path.with_name("trace"), path, fault, injected_only=True)
        told = ask(spawn(children.do, name(Edit), path, prefix=trace.command))
        if not trace.injected() or told["error"] is None:
            break
        assert (told["errno"], told["content"]) == (5, None), trace.lines()
        assert told["filename"] in (str(path), str(flight.journal))
        check_next_user(lockedfile.read, path, flight.old, flight.old)
    assert when > 1


@needs.faults
@pytest.mark.parametrize("when", ["1", "1+"])
def test_journal_that_cannot_be_removed_is_no_harm(spawn: Spawn, path: Path, when: str) -> None:
    """The content is what counts; the next edit lays its own over it, or says that it cannot."""
    flight = crashes.leave(path, *CHANGES["growing"])
    trace = faults.Trace(path.with_name("trace"), path, f"inject=unlink:error=EIO:when={when}")
    told = ask(spawn(children.do, "read", path, prefix=trace.command))
    assert (told["error"], told["content"]) == (None, brief(flight.old))
    assert beside(path) == [path.name + JOURNAL]
    assert not Edit(path, lambda content: content + b"more").recovered
    assert (brief(path.read_bytes()), beside(path)) == (brief(flight.old + b"more"), [])


@needs.faults
@pytest.mark.parametrize("what", ["read", name(Edit)])
def test_whole_file_costs_one_look_for_a_journal(spawn: Spawn, path: Path, what: str) -> None:
    """A read or an edit that finds no journal pays one call for looking."""
    path.write_bytes(b"module m\n")
    trace = faults.Trace(path.with_name("trace"), path)
    assert ask(spawn(children.do, what, path, prefix=trace.command))["content"] == brief(b"module m\n")
    until_laid = itertools.takewhile(lambda line: "O_EXCL" not in line, trace.lines())
    assert len([line for line in until_laid if JOURNAL in line]) == 1
