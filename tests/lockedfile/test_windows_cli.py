"""Windows: what the command line says went wrong names nothing that is not there."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import pytest

from lockedfile import _pauses
from lockedfile._cli import main
from lockedfile._cli._failure import failed
from tests.lockedfile import windows

assert sys.platform == "win32"  # others do not collect this file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


def test_file_that_another_has_is_one_line_that_says_so(
    spawn: Spawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Cause and next step, once."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    monkeypatch.setattr(_pauses, "sleep", lambda _seconds: pytest.fail("paused"))
    child = spawn(windows.have_unshared, path)
    child.expect("ready")
    assert main(["read", "--timeout", "0", str(path)]) == 1
    said = capfd.readouterr().err
    assert said == (
        f"lockedfile: read {path}: another program has it open, and shares it with nobody; "
        "close it there, or try again\n"
    )
    child.tell()
    child.expect("done")


@pytest.mark.parametrize("number", [*errno.errorcode, 4000])
def test_no_advice_names_a_program_that_is_not_there(number: int, capfd: pytest.CaptureFixture[str]) -> None:
    """No ls, no ulimit, no manual."""
    for error in (OSError(number, "It failed", "go.mod"), OSError(0, "It failed", "go.mod", number)):
        failed("edit", "go.mod", error, code=1, conflict_code=1)
        said = capfd.readouterr().err
        assert said.startswith("lockedfile: edit go.mod: It failed; ")
        assert not any(name in said for name in ("ls -l", "lsattr", "ulimit", "(3)")) or number == errno.ELOOP, said


def test_nobody_known_does_not_mean_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Though the current drive has a /proc/locks, as under Wine."""
    (tmp_path / "go.mod").write_bytes(b"")
    monkeypatch.setattr(os.path, "exists", lambda _path: True)
    assert main(["holders", str(tmp_path / "go.mod")]) == 0
    assert capfd.readouterr().out.startswith("nobody is known to hold or wait for ")


@pytest.mark.parametrize("subcommand", ["run", "edit"])
def test_command_that_is_no_program_is_one_line_that_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], subcommand: str
) -> None:
    """No shell is asked to run it, as there is none."""
    path, script = tmp_path / "go.mod", tmp_path / "script.py"
    path.touch()
    script.write_text("print('runs')")
    assert main([subcommand, str(path), "--", str(script)]) == 126
    out, said = capfd.readouterr()
    assert out == ""
    assert "/bin/sh" not in said
    assert said.endswith(
        "; it is no program of this system; name the one that is to run it before it, such as python\n"
    )
