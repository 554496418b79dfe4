"""The file that is harmed: it has an owner, a mode and an attribute that are not what a new file gets."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["JOURNAL", "NAME", "make", "watched"]

JOURNAL = ".lockedfile-journal"
"""What the name of its journal ends in."""

NAME = "go.mod"
_OWNER, _GROUP = 1201, 1202  # only root can give a file away
_MODE = 0o640
_ATTRIBUTE = "user.crash"


def make(directory: Path, content: bytes) -> Path:
    """A new one in `directory`, which is empty."""
    path = directory / NAME
    path.write_bytes(content)
    path.chmod(_MODE)
    if sys.platform == "linux":
        try:
            os.setxattr(path, _ATTRIBUTE, b"kept")
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:  # not every file system has them
                raise
        if os.geteuid() == 0:
            os.chown(path, _OWNER, _GROUP)
    return path


def watched(path: Path) -> tuple[Path, Path, Path]:
    """The files on which its edit makes calls: itself, its journal, and their directory."""
    return path, path.with_name(path.name + JOURNAL), path.parent
