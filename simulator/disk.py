"""A small disk of its own for a run, that can be full for a moment: a `tmpfs`, mounted in the directory of the run.

Linux has such disks, and only root may mount one, so `reason` says where it cannot be. Nothing of it is left behind by
a run that ends, however it does; one that is ended by SIGKILL leaves it mounted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from . import saved
from .signals import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DiskError", "fill", "free", "mounted", "reason"]

_SPARE_BYTES = 1 << 20  # beside three times the file: for journals, and lock files, and what a locker writes anew
_FILLER = "filler"
_TIMEOUT_S = 30.0


class DiskError(Exception):
    """The disk could not be mounted or unmounted; the message says why, in one line."""


def reason() -> str | None:
    """Why this system has no such disk for us; `None` if it has."""
    if sys.platform != "linux":
        return "only Linux has a disk for the purpose (tmpfs)"
    if os.geteuid() != 0:
        return "to mount a small disk one has to be root"
    return None if shutil.which("mount") else "there is no mount command"


@contextmanager
def mounted(directory: Path) -> Iterator[None]:
    """Have the file that all edit on a small disk, for as long as the block lasts. Raises `DiskError`."""
    file, place = saved.shared(directory), saved.disk(directory)
    size_bytes = 3 * file.stat().st_size + _SPARE_BYTES
    place.mkdir()
    there = False
    try:
        with uninterrupted():
            _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=700", "tmpfs", str(place))
            there = True
        shutil.copy(file, place / file.name)
        yield
    finally:
        with uninterrupted():
            if there:
                free(place)
                shutil.copytree(place, directory, dirs_exist_ok=True)
                _run("umount", str(place))
            with suppress(OSError):
                place.rmdir()


def _run(*words: str) -> None:
    # In a session of its own: Ctrl-C at the terminal is not for it.
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, start_new_session=True
    )
    if done.returncode:
        raise DiskError(f"{words[0]} of {words[-1]} failed: {done.stderr.strip()}")


def fill(place: Path) -> None:
    """Leave no space, until `free`."""
    filler = os.open(place / _FILLER, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while os.write(filler, bytes(size)):
                    pass
    finally:
        os.close(filler)


def free(place: Path) -> None:
    """Let there be space again."""
    (place / _FILLER).unlink(missing_ok=True)
