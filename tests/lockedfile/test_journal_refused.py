"""Where no journal can be made, an edit that wants one is an error that says so, and one that wants none is made."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs directories that take no file, and to be another user", allow_module_level=True)

from lockedfile import Edit, JournalError
from tests.lockedfile import needs, posix
from tests.lockedfile.processes import name
from tests.lockedfile.protocols import edit_as_go, edit_durably

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


def test_directory_that_takes_no_journal_is_an_error_that_names_it(spawn: Spawn, public_path: Path) -> None:
    """And says what to do; nothing has changed. Without a journal the edit is made."""
    public_path.write_bytes(b"old\n")
    public_path.chmod(0o666)
    public_path.parent.chmod(0o555)
    for editor, content in ((Edit, b"old\n"), (edit_durably, b"old\n"), (edit_as_go, b"old\ndone\n")):
        child = spawn(posix.do_unprivileged, name(editor), public_path)
        told = json.loads(child.hear())
        child.end()
        assert public_path.read_bytes() == content
        assert os.listdir(public_path.parent) == [public_path.name]
        if editor is edit_as_go:
            assert told["error"] is None
        else:
            assert (told["error"], told["errno"]) == ("JournalError", errno.EACCES)
            assert told["filename"] == str(public_path)
            assert f"{public_path.parent};" in told["text"]
            assert "crash_safe=False" in told["text"]


@needs.root
def test_file_on_a_file_system_that_is_read_only_takes_no_journal(tmp_path: Path) -> None:
    """A file that is mounted over one of it can be edited without."""
    disk, path, outside = tmp_path / "disk", tmp_path / "disk" / "go.mod", tmp_path / "outside"
    disk.mkdir()
    outside.write_bytes(b"old")
    mounts = [
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)],
        ["touch", str(path)],
        ["mount", "-o", "remount,ro", str(disk)],
        ["mount", "--bind", str(outside), str(path)],
    ]
    done = 0
    try:
        for command in mounts:
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                pytest.skip(f"needs to mount: {run.stderr.strip()}")
            done += 1
        with pytest.raises(JournalError, match=re.escape(str(disk))) as caught:
            Edit(path, lambda old: old + b"new")
        assert (caught.value.errno, caught.value.filename) == (errno.EROFS, str(path))
        assert outside.read_bytes() == b"old"
        Edit(path, lambda old: old + b"new", crash_safe=False)
        assert outside.read_bytes() == b"oldnew"
    finally:
        for mounted in [str(path)] * (done > 3) + [str(disk)] * (done > 0):
            subprocess.run(["umount", mounted], check=True)
