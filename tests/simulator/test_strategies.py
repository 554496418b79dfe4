"""The lockers under test: what each does to a file, and what the simulator finds out about it in a real run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import pytest

from simulator.strategies import NAMES, Strategy, has_deadline, is_blind, load
from tests.lockedfile.needs import posix
from tests.simulator.strategy_children import hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

ROOT = Path(__file__).parents[2]

# Short, but nobody gets through without a lock: all begin at once, and each edit takes as long as the pause after it.
LOAD = ("--workers", "4", "--edits", "12", "--hold-ms", "1", "--think-ms", "1")

IN_PYTHON = [
    pytest.param(name, marks=posix) if name in {"rename", "lockf"} else name
    for name in NAMES
    if not is_blind(load(name))
]
SOUND = [
    *("portalocker", "filelock", "filelock-inplace", "lockedfile,portalocker"),
    pytest.param("lockf", marks=posix),
]
WRONG = ["none", *(pytest.param(name, marks=posix) for name in ("rename", "lockedfile,rename", "lockedfile,lockf"))]
PATIENT = [name for name in NAMES if not is_blind(load(name)) and has_deadline(load(name))]


def simulate(*arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """The exit code of a run, and what it gave as JSON."""
    run = subprocess.run(
        [sys.executable, "-m", "simulator", "--quiet", "--json", "-", *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    return run.returncode, json.loads(run.stdout) if run.stdout else {"said": run.stderr}


def opened(name: str, path: Path, timeout_s: float | None = None) -> Strategy:
    """The strategy of that name, ready to edit the file."""
    strategy = load(name)
    if not is_blind(strategy) and has_deadline(strategy):
        strategy.timeout_s = timeout_s  # type: ignore[attr-defined]  # has_deadline says that it is there
    strategy.open(str(path))
    return strategy


def replaced(new: bytes, _old: bytes) -> bytes:
    """An edit: whatever was there, `new`."""
    return new


def noted(calls_ns: list[int], old: bytes) -> bytes:
    """An edit that changes nothing, and notes when it was called."""
    calls_ns.append(perf_counter_ns())
    return old


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to edit."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module example.com/m\n")
    return path


@pytest.mark.parametrize("name", SOUND)
def test_sound_locker_is_valid(name: str) -> None:
    """Editors with a reader among them: all edits are on the chain, no reading is torn, no two had the lock at once."""
    code, told = simulate(*LOAD, "--readers", "1", "--strategy", name)
    assert (code, told.get("failures")) == (0, []), told
    assert told["verdict"]["evidence"]["committed"] == 48
    assert told["verdict"]["evidence"]["reads"] > 0


@pytest.mark.parametrize("name", WRONG)
def test_wrong_locker_is_invalid(name: str) -> None:
    """The same load finds it out, so the sound ones can fail."""
    code, told = simulate(*LOAD, "--strategy", name)
    assert (code, told["verdict"]["result"]) == (1, "INVALID")
    assert "one wiped out the other" in told["verdict"]["reason"]


@pytest.mark.parametrize("name", IN_PYTHON)
def test_edit_replaces_the_whole_content(name: str, path: Path) -> None:
    """By more, and by less; and whoever reads then reads that."""
    strategy = opened(name, path)
    for new in (b"module example.com/longer\n\ngo 1.25\n", b"short\n", b""):
        strategy.edit(partial(replaced, new))
        assert (path.read_bytes(), strategy.read()) == (new, new)
    strategy.close()


@pytest.mark.parametrize("name", IN_PYTHON)
def test_edit_that_raises_leaves_the_content_and_no_lock(name: str, path: Path) -> None:
    """What the transform raises is raised, and the next edit goes through."""
    strategy, before = opened(name, path), path.read_bytes()
    with pytest.raises(ZeroDivisionError):
        strategy.edit(lambda _: b"%d" % (1 // 0))
    assert path.read_bytes() == before
    strategy.edit(lambda old: old + b"\n")
    assert path.read_bytes() == before + b"\n"


@pytest.mark.parametrize("name", [name for name in IN_PYTHON if name != "none"])
def test_edit_tells_when_it_had_the_lock(name: str, path: Path) -> None:
    """Within the call, and around the transform."""
    strategy, calls_ns = opened(name, path), list[int]()
    begun_ns = perf_counter_ns()
    held = strategy.edit(partial(noted, calls_ns))
    ended_ns = perf_counter_ns()
    assert held is not None
    assert begun_ns <= held.locked_ns <= calls_ns[0] <= held.released_ns <= ended_ns


@pytest.mark.parametrize("name", PATIENT)
def test_deadline_of_an_edit_is_a_timeout(name: str, path: Path, spawn: Spawn) -> None:
    """Who gives up has not even read; when the other is done it goes through."""
    with spawn(hold, name, path, site=True) as other:
        other.expect("holding")
        calls_ns: list[int] = []
        with pytest.raises(TimeoutError):
            opened(name, path, timeout_s=0.01).edit(partial(noted, calls_ns))
        assert calls_ns == []
        other.tell()
        other.expect("released")
        other.end()
    opened(name, path, timeout_s=30).edit(lambda old: old + b"mine\n")
    assert path.read_bytes() == b"module example.com/m\nheld\nmine\n"


@pytest.mark.parametrize("name", ["portalocker", "filelock-inplace"])
def test_reader_waits_where_the_file_is_written_in_place(name: str, path: Path, spawn: Spawn) -> None:
    """With a deadline it gives up, and then reads the new content."""
    with spawn(hold, name, path, site=True) as other:
        other.expect("holding")
        with pytest.raises(TimeoutError):
            opened(name, path, timeout_s=0.01).read()
        other.tell()
        other.expect("released")
        other.end()
    assert opened(name, path, timeout_s=30).read().endswith(b"held\n")


@posix
def test_reader_need_not_wait_where_a_new_file_takes_the_place_of_the_old(path: Path, spawn: Spawn) -> None:
    """It reads the old one."""
    with spawn(hold, "filelock", path, site=True) as other:
        other.expect("holding")
        assert opened("filelock", path, timeout_s=0.01).read() == b"module example.com/m\n"
        other.tell()
        other.expect("released")
        other.end()


def test_what_the_system_refuses_a_peer_is_an_oserror(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for everybody else, so that the run can say why it cannot be."""
    import portalocker

    def refuse(*_: object) -> None:
        raise portalocker.LockException("no locks available")

    monkeypatch.setattr("portalocker.portalocker.lock", refuse)
    with pytest.raises(OSError, match="no locks available"):
        opened("portalocker", path).read()


@pytest.mark.parametrize(
    ("name", "library"), [("portalocker", "portalocker"), ("filelock", "filelock"), ("filelock-inplace", "filelock")]
)
def test_peer_that_is_not_installed_says_how_to_get_it(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its strategy can be looked at all the same."""
    assert load(name).probe() is None
    monkeypatch.setitem(sys.modules, library, None)
    assert load(name).probe() == f"{library} is not installed; pip install {library}"


def test_peer_that_is_broken_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Installed, but what it needs is not."""
    (tmp_path / "portalocker.py").write_text("import no_such_thing\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "portalocker", raising=False)
    assert load("portalocker").probe() == (
        "portalocker cannot be imported: No module named 'no_such_thing'; pip install portalocker"
    )


def test_run_without_the_peer_is_exit_code_3(tmp_path: Path) -> None:
    """Said before anything is started, in one line."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['portalocker'] = None\n")
    code, told = simulate("--strategy", "portalocker", PYTHONPATH=str(tmp_path))
    assert code == 3
    assert told["said"] == (
        "simulator: strategy portalocker cannot run here: portalocker is not installed; pip install portalocker\n"
    )


@pytest.mark.parametrize(("name", "call"), [("rename", "flock(2)"), ("lockf", "fcntl(2)")])
def test_system_call_that_is_not_there_is_named(name: str, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where Python has no fcntl."""
    monkeypatch.setattr("simulator.strategies._needs.find_spec", lambda _: None)
    assert load(name).probe() == f"it needs {call}, and Python has fcntl on POSIX only; use another strategy"


def test_peers_are_imported_only_when_they_run() -> None:
    """The names alone cost nothing."""
    program = "import sys, simulator.strategies as s; [s.load(n) for n in s.NAMES]; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"portalocker", "filelock"} & set(done.stdout.split())


def test_names_are_those_of_the_strategies() -> None:
    """Each is told as it is asked for."""
    assert [load(name).name for name in NAMES] == list(NAMES)
