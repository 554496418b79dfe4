"""A run that was kept, shown again: each moment of it as its records tell, and what the command line makes of that."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from simulator.checker import Flaw, Result
from simulator.config import Config
from simulator.history import History, Operation, Outcome
from simulator.lanes import Doing
from simulator.live import Player
from simulator.live.keys import named
from simulator.playback import Playback
from tests.simulator.histories import content, edit, read, run_of, valid_histories

ROOT = Path(__file__).parents[2]
SIMULATOR = [sys.executable, "-m", "simulator"]


def config(workers: int, readers: int = 0) -> Config:
    """A run of so many."""
    return Config(workers, readers, 5.0, None, "0", "exp:1", None, "lockedfile", 1)


def doing(playback: Playback, at_ns: int) -> list[Doing]:
    """What each worker was at."""
    return [lane.doing for lane in playback.at(at_ns)[0].lanes]


def test_each_moment_is_as_the_records_tell() -> None:
    """Thinking, waiting, holding, writing; a reader reads."""
    slow = edit(0, content(0), content(1), 100)._replace(
        locked_ns=120, writing_ns=140, released_ns=150, returned_ns=160
    )
    playback = Playback(run_of(read(1, content(0), 102), slow), config(1, 1))
    states = [doing(playback, at_ns) for at_ns in (99, 100, 119, 120, 140, 150, 200)]
    assert [worker for worker, _ in states] == [
        Doing.THINKING, Doing.WAITING, Doing.WAITING, Doing.HOLDING, Doing.WRITING, Doing.THINKING, Doing.THINKING,
    ]  # fmt: skip
    assert [doing(playback, at_ns)[1] for at_ns in (101, 102, 105, 106)] == [
        Doing.THINKING, Doing.READING, Doing.READING, Doing.THINKING,
    ]  # fmt: skip


def test_killed_worker_holds_the_lock_until_another_has_it() -> None:
    """Nobody knows when it was killed; that is the last moment at which it can have been."""
    killed = edit(0, content(0), content(1), 100, Outcome.INFO)
    other = edit(1, content(0), content(2), 110)
    again = edit(0, content(2), content(3), 130)
    playback = Playback(run_of(killed, other, again), config(2))
    states = [doing(playback, at_ns)[0] for at_ns in (100, 101, 110, 111, 129, 130, 134)]
    assert states == [
        Doing.WAITING, Doing.HOLDING, Doing.HOLDING, Doing.KILLED, Doing.KILLED, Doing.WAITING, Doing.THINKING,
    ]  # fmt: skip


def test_going_back_is_as_if_one_had_never_been_further() -> None:
    """Counts, quantiles and the verdict are of what was until then."""
    edits = [edit(n % 2, content(n), content(n + 1), 100 * n + 1) for n in range(20)]
    playback = Playback(run_of(*edits), config(2))
    first = playback.at(1000)
    assert playback.at(playback.end_ns)[1].so_far.edits == 20
    assert playback.at(1000) == first
    assert first[0].edits == first[1].so_far.edits == 10


@settings(max_examples=40)
@given(valid_histories())
def test_verdict_so_far_never_blames_a_lock_that_works(history: History) -> None:
    """At no moment of it: whatever is killed, fails, or waits."""
    playback = Playback(history, config(4))
    times = sorted({at for op in history.operations for at in (op.invoked_ns, op.locked_ns, op.returned_ns) if at})
    for at_ns in times:
        assert playback.at(at_ns)[1].so_far.flaw is None, at_ns
    assert playback.at(playback.end_ns)[1].so_far.flaw is None


def test_verdict_so_far_turns_when_the_flaw_is_there() -> None:
    """Not before."""
    lost: list[Operation] = [
        edit(0, content(0), content(1), 100),
        edit(1, content(1), content(2), 200),
        edit(0, content(1), content(3), 300),
    ]
    playback = Playback(run_of(*lost), config(2))
    assert playback.at(303)[1].so_far.result is Result.VALID
    assert playback.at(304)[1].so_far.flaw is Flaw.LOST


def test_keys_move_the_moment() -> None:
    """Pause, jump, step, speed, quit; never out of the run."""
    player = Player(1.0, 9.0, 0.5)
    player.pass_time(2.0)
    assert player.at_s == 2.0
    player.press("right")
    assert player.at_s == 3.0
    player.press(" ")
    player.pass_time(100.0)
    assert player.at_s == 3.0
    player.press("left")
    assert player.at_s == pytest.approx(2.95)
    player.press(" ")
    player.press("+")
    assert player.speed == 1.0
    for _ in range(9):
        player.press("left")
    assert (player.at_s, player.over) == (1.0, False)
    for key in ("x", "-", "-", "right", "q"):
        player.press(key)
    assert (player.speed, player.at_s, player.over) == (0.25, 1.5, True)


def test_keys_of_a_terminal_have_names() -> None:
    """Arrows come as several bytes, in one of two ways."""
    assert named(b" \x1b[D\x1bOC+q") == [" ", "left", "right", "+", "q"]
    assert named(b"\x1b") == []


def replay(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with pipes for its output."""
    return subprocess.run(
        [*SIMULATOR, "replay", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run of three seconds, with a reader, and what was told of it."""
    directory = tmp_path_factory.mktemp("run") / "kept"
    run = subprocess.run(
        [*SIMULATOR, "--workers", "2", "--readers", "1", "--edits", "60", "--hold-ms", "5", "--dir", str(directory)],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    return directory, run.stdout


def test_saved_run_is_told_again_as_it_was(kept: tuple[Path, str]) -> None:
    """In lines, up to all edits, without a pause; then the same report."""
    directory, told = kept
    again = replay(directory, "--speed", "0.2")
    assert again.returncode == 0, again.stderr
    assert again.stdout == told
    lines = again.stderr.splitlines()
    assert len(lines) > 3
    assert all(line.startswith("replay") for line in lines)
    assert "      120 edits" in lines[-1]
    assert "so far VALID: 120 edits judged" in lines[-1]


def test_run_that_was_changed_has_no_verdict(kept: tuple[Path, str], tmp_path: Path) -> None:
    """It is shown, and what was changed is said, as `check` does."""
    changed = tmp_path / "kept"
    shutil.copytree(kept[0], changed)
    with (changed / "go.mod").open("ab") as file:
        file.write(b"\n")
    shown = replay(changed, "--speed", "10")
    assert shown.returncode == 1, shown.stderr
    assert shown.stdout.startswith(
        "UNKNOWN: the saved run was changed; what is there would be INVALID\n  go.mod has grown "
    )


def test_part_of_a_run_is_shown(kept: tuple[Path, str]) -> None:
    """From one second to another; the report is of the whole."""
    again = replay(kept[0], "--from", "0.1", "--to", "0.2", "--speed", "0.02")
    assert [line.split()[1] for line in again.stderr.splitlines()] == [
        "0.100", "0.120", "0.140", "0.160", "0.180", "0.200",
    ]  # fmt: skip
    assert again.stdout == kept[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: DIR"),
        (["nowhere"], "cannot read the run in nowhere: there is no such directory"),
        (["lockedfile"], "cannot read the run in lockedfile: it has no run.json; a run is kept with --dir"),
        (["README.md"], "cannot read the run in README.md: it is not a directory"),
        (["x", "--speed", "0"], "0 is not more than 0"),
        (["x", "--from", "2", "--to", "1"], "1 is not after --from 2"),
        (["x", "--sped", "2"], "did you mean --speed?"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(arguments: list[str], said: str) -> None:
    """On stderr, with exit code 2."""
    run = replay(*arguments)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1), run.stderr
    assert said in run.stderr
