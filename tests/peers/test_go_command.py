"""The real go command beside ours: it waits for our lock, sees our edits, and neither loses the other's."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

import lockedfile
from tests.lockedfile import locks
from tests.lockedfile.processes import LIMIT_S, until
from tests.lockedfile.threads import run_all
from tests.peers import lockers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.go_command import Go
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OURS = ["example.com/ours0", "example.com/ours1", "example.com/ours2"]
THEIRS = ["example.com/theirs0", "example.com/theirs1", "example.com/theirs2"]
GO_MOD = "module example.com/m\n\ngo 1.21\n\nrequire (\n" + "".join(f"\t{m} v0.0.0\n" for m in OURS + THEIRS) + ")\n"
GO_EDITS = 4 if sys.platform != "win32" else 2  # under Wine each takes a second


@pytest.fixture
def go_mod(tmp_path: Path) -> Path:
    """A go.mod."""
    path = tmp_path / "go.mod"
    path.write_bytes(GO_MOD.encode())
    return path


def test_go_waits_for_our_lock_and_sees_our_edit(go: Go, go_mod: Path) -> None:
    """What it then writes has its change and ours."""
    with lockedfile.open(go_mod, "r+b") as file, go.start("mod", "edit", "-go=1.22", go_mod) as process:
        locks.until_waiting(go_mod, unless=lambda: process.poll() is not None)
        assert process.poll() is None
        content = file.read().replace(b"ours0 v0.0.0", b"ours0 v0.0.7")
        file.seek(0)
        file.write(content)
        file.close()
        output, _ = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, output) == (0, "")
    expected = GO_MOD.replace("ours0 v0.0.0", "ours0 v0.0.7").replace("go 1.21", "go 1.22")
    assert go_mod.read_text() == expected


def test_our_shared_lock_lets_go_read_and_not_write(go: Go, go_mod: Path) -> None:
    """`go mod edit -json` only reads; a change waits for our reader."""
    with lockedfile.open(go_mod, "rb") as file:
        assert go.requirements(go_mod)["example.com/ours0"] == "v0.0.0"
        with go.start("mod", "edit", "-go=1.22", go_mod) as process:
            locks.until_waiting(go_mod, unless=lambda: process.poll() is not None)
            assert process.poll() is None
            assert file.read() == GO_MOD.encode()
            file.close()
            output, _ = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, output) == (0, "")
    assert "go 1.22" in go_mod.read_text()


def require(go: Go, path: Path, module: str, version: int) -> None:
    """Let go set the version of a requirement, however often it finds that somebody else was quicker."""
    end = time.monotonic() + LIMIT_S
    while True:
        code, output = go.run("mod", "edit", f"-require={module}@v0.0.{version}", path)
        if code == 0:
            return
        assert "changed during editing" in output, output
        assert time.monotonic() < end, f"no luck in {LIMIT_S} s: {output}"


def test_go_and_ours_lose_nothing_of_each_other(spawn: Spawn, go: Go, go_mod: Path) -> None:
    """Our processes and theirs edit one go.mod together; each finds its lines as it left them."""
    ours = [spawn(lockers.raise_requirement, go_mod, module) for module in OURS]
    for child in ours:
        child.expect("ready")

    def theirs(module: str) -> None:
        for version in range(1, GO_EDITS + 1):
            require(go, go_mod, module, version)
            assert re.search(rf"(?m)^\t{module} v0\.0\.{version}$", lockedfile.read(go_mod).decode())

    run_all(*[lambda module=module: theirs(module) for module in THEIRS])
    for child in ours:
        child.tell()
    until(lambda: all(child.has_spoken() for child in ours), "the end of our processes")
    versions = {module: f"v0.0.{child.hear()}" for module, child in zip(OURS, ours, strict=True)}
    for child in ours:
        child.end()
    assert go.requirements(go_mod) == versions | dict.fromkeys(THEIRS, f"v0.0.{GO_EDITS}")
