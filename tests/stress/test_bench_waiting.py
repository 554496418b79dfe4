"""The processes that the benchmark measures waiting with: they do as they say, and notice a lock that is none."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stress.bench.child import ChildError, module, run
from stress.bench.lockers import locker
from stress.bench.peers import PEERS
from stress.bench.together import together
from tests.lockedfile.needs import linux, posix
from tests.lockedfile.processes import LIMIT_S, until

pytestmark = posix

ROOT = Path(__file__).parents[2]
LOCKERS = ("lockedfile", "flock", *PEERS)

PHASES = {
    "handing": "from stress.bench.waits import handoff_rounds; next(handoff_rounds(here, 10**6, 10**6))",
    "waiter": "from stress.bench.waits import wait_rounds; next(wait_rounds(here, 600))",
    "taker": "from stress.bench.turns import writer_rounds; next(writer_rounds(here, 600_000))",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that can be locked."""
    path = tmp_path / "file"
    path.touch()
    return path


@pytest.mark.parametrize(("name", "timeout_s"), [*((name, "60") for name in LOCKERS), ("lockedfile", "inf")])
def test_handoff_is_timed_as_often_as_asked(path: Path, name: str, timeout_s: str) -> None:
    """Each takes some time."""
    took_ns = run(module("stress.bench.handing", name, timeout_s, str(path), "2", "1")).split()
    assert len(took_ns) == 2
    assert all(int(one) > 0 for one in took_ns)


@pytest.mark.parametrize("name", LOCKERS)
def test_wait_in_vain_has_a_cost(path: Path, name: str) -> None:
    """The deadline ends it."""
    assert float(run(module("stress.bench.waiter", name, "0.05", str(path)))) > 0


def test_handoff_of_a_lock_that_does_not_exclude_is_noticed(path: Path) -> None:
    """A shared lock would be handed over before it is released."""
    with pytest.raises(ChildError, match="was locked by two at a time"):
        run(module("stress.bench.handing", "flock-shared", "60", str(path), "1", "1"))


def test_wait_for_a_lock_that_is_free_is_noticed(path: Path) -> None:
    """What does not wait costs little."""
    with pytest.raises(ChildError, match="was not locked"):
        run(module("stress.bench.waiter", "flock-shared", "60", str(path)))


@pytest.mark.parametrize("name", ["lockedfile", "flock"])
def test_readers_overlap_and_writers_do_not(path: Path, name: str) -> None:
    """What the writers' phase is about."""
    first, second = (locker(f"{name}-shared", str(path), 60) for _ in range(2))
    first.acquire()
    second.acquire()
    second.release()
    first.release()


@pytest.mark.parametrize("name", LOCKERS)
def test_takers_count_their_turns_and_their_longest_wait(path: Path, name: str) -> None:
    """Somebody has had a turn, and somebody waited while the other one held."""
    hold_ms, think_ms, duration_ms = 2, 0, 500
    command = module("stress.bench.taker", name, "60", str(path), str(hold_ms), str(think_ms), str(duration_ms))
    told = [tuple(map(int, line.split())) for line in together([command] * 2, duration_ms)]
    assert max(turns for turns, _ in told) > 0
    assert all(0 < longest_ns <= duration_ms * 1_000_000 for _, longest_ns in told)


@linux
@pytest.mark.parametrize("child", PHASES)
def test_ctrl_c_leaves_no_process_that_waits(tmp_path: Path, child: str) -> None:
    """Neither those that the phase started, nor those that were forked beside them."""
    program = f"import pathlib, sys; here = pathlib.Path(sys.argv[1]); {PHASES[child]}"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as phase:
        try:
            until(lambda: len(processes(child, tmp_path)) >= 2, f"two processes of stress.bench.{child}")
            phase.send_signal(signal.SIGINT)
            _, errors = phase.communicate(timeout=LIMIT_S)
        finally:
            phase.kill()
    assert errors.rstrip().endswith("KeyboardInterrupt")
    until(lambda: not processes(child, tmp_path), f"the end of every stress.bench.{child}")


def processes(child: str, directory: Path) -> list[str]:
    """The ids of the processes of that module of the benchmark, at work in `directory`."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_text(errors="replace").split("\0")
        except OSError:  # it has ended
            continue
        if f"stress.bench.{child}" in words and any(word.startswith(str(directory)) for word in words):
            found.append(process.parent.name)
    return found
