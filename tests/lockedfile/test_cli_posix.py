"""The command line where there are users: what is not permitted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs users, and to become one of them", allow_module_level=True)

from tests.lockedfile import needs, program, unprivileged

if TYPE_CHECKING:
    from pathlib import Path

SUBCOMMANDS = ["edit", "run", "read", "holders"]


@needs.root
@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_file_of_another_is_one_line(public_path: Path, subcommand: str) -> None:
    """No permission."""
    public_path.write_bytes(b"secret")
    public_path.chmod(0o600)
    words = ["cat"] if subcommand in ("edit", "run") else []
    ended = program.run(subcommand, public_path, *words, main=unprivileged.nobody)
    if subcommand == "holders":  # who holds it is no secret
        assert ended.code == 0
        return
    advice = "check its permissions, and those of its directory, with ls -l"
    assert ended.err == f"lockedfile: {subcommand} {public_path}: Permission denied; {advice}\n"
    assert ended.out == b""


@needs.root
def test_journal_that_cannot_be_made_says_what_to_do(public_path: Path) -> None:
    """In a directory that is read-only; and that helps."""
    public_path.write_bytes(b"old")
    public_path.chmod(0o666)
    ended = program.run("edit", public_path, "--", "tr", "a-z", "A-Z", main=unprivileged.nobody)
    assert ended.code == 125
    assert ended.err.startswith(f"lockedfile: edit {public_path}: Permission denied: no journal can be kept in ")
    assert ended.err.endswith("; with --no-journal an edit needs none\n")
    assert public_path.read_bytes() == b"old"
    words = ["edit", "--no-journal", public_path, "--", "tr", "a-z", "A-Z"]
    assert program.run(*words, main=unprivileged.nobody) == (0, b"", "")
    assert public_path.read_bytes() == b"OLD"
