"""The go command knows no journal: what it writes after a kill is newer, and wins."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from tests.lockedfile import crashes, needs
from tests.lockedfile.contents import brief
from tests.lockedfile.protocols import beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.go_command import Go
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

GO_MOD = b"module example.com/m\n\ngo 1.21\n\nrequire (\n" + b"".join(
    b"\texample.com/m%03d v0.0.1\n" % number for number in range(400)
)
OLD = GO_MOD + b")\n"
NEW = GO_MOD.replace(b"m005 v0.0.1", b"m005 v0.0.2") + b"\texample.com/more v0.0.1\n" * 9 + b")\n"

CHANGES = {"growing": (OLD, NEW), "shrinking": (NEW, OLD)}
if sys.platform == "win32":  # where a process is dear
    del CHANGES["shrinking"]


@needs.faults
@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_what_go_writes_after_a_kill_is_newer(spawn: Spawn, go: Go, tmp_path: Path, old: bytes, new: bytes) -> None:
    """At whichever call an edit was killed: what go leaves is what is read then, and nothing lies beside it."""
    path = tmp_path / "go.mod"
    edited = 0
    for call, when in crashes.kill_at_each_call(spawn, path, old, new):
        code, output = go.run("mod", "edit", "-module=example.com/newer", path)
        by_go = path.read_bytes()
        if code == 0:
            edited += 1
            assert by_go.startswith(b"module example.com/newer\n"), (call, when)
            assert brief(lockedfile.read(path)) == brief(by_go), (call, when)
        else:  # a file in flight may be none that go can read; it has not touched it
            assert "go.mod" in output
            assert brief(lockedfile.read(path)) == brief(old), (call, when)
        assert beside(path) == []
    assert edited > 5
