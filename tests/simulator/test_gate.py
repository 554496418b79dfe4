"""The gate lets so many through, over all processes, and nobody keeps a place by dying."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from simulator.gate import Gate

ROOT = Path(__file__).parents[2]

INSIDE = """
import os, sys
from simulator.gate import Gate
gate = Gate(sys.argv[1], int(sys.argv[2]))
os.write(1, b"in\\n" if gate.enter() else b"no\\n")
os.read(0, 1)
gate.leave()
os.write(1, b"out\\n")
os.read(0, 1)
"""


class Visitor:
    """A process that has come to a gate."""

    def __init__(self, stack: ExitStack, path: Path, places: int) -> None:
        self.process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", INSIDE, str(path), str(places)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        stack.callback(self.process.kill)
        assert self.process.stdout
        self.answer = self.process.stdout.readline()

    def leave(self) -> None:
        """Have it leave, and stay alive."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(b".")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == b"out\n"


def test_so_many_go_through_and_the_next_is_turned_away(tmp_path: Path) -> None:
    """Two of three; when one leaves, or is killed, there is a place again."""
    path = tmp_path / "gate"
    with ExitStack() as stack:
        first, second, third = (Visitor(stack, path, 2) for _ in range(3))
        assert [first.answer, second.answer, third.answer] == [b"in\n", b"in\n", b"no\n"]
        first.leave()
        assert Visitor(stack, path, 2).answer == b"in\n"
        second.process.kill()
        second.process.wait()
        assert Visitor(stack, path, 2).answer == b"in\n"
        assert Visitor(stack, path, 2).answer == b"no\n"


def test_gate_without_places_is_open(tmp_path: Path) -> None:
    """And makes no file."""
    gate = Gate(str(tmp_path / "gate"), 0)
    assert all(gate.enter() for _ in range(10))
    gate.leave()
    gate.close()
    assert not (tmp_path / "gate").exists()


def test_leaving_twice_does_no_harm(tmp_path: Path) -> None:
    """An edit leaves when it has the lock, and again when it is over."""
    gate = Gate(str(tmp_path / "gate"), 1)
    assert gate.enter()
    gate.leave()
    gate.leave()
    assert gate.enter()
    gate.close()
