"""Kinds of file systems, each mounted in a private place and taken away again in all cases."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GUESTS", "LOCAL", "NFS", "Kind", "MountError", "cannot_mount", "mounted"]

_LIMIT_S = 60.0  # for a command that hangs
_IMAGE_BYTES = 400 << 20  # of which next to nothing is written; xfs takes no less than 300 MB


class MountError(Exception):
    """A file system could not be made, mounted or taken away."""


class Kind(NamedTuple):
    """A kind of file system."""

    name: str
    type: str  # as the kernel calls it
    make: tuple[str, ...] = ()  # makes it on an image, whose name comes last
    without: frozenset[str] = frozenset()  # the checks that fail there, as the documents say
    source: str = ""  # on the network
    options: tuple[str, ...] = ()


LOCAL = (
    Kind("ext4", "ext4", ("mkfs.ext4", "-q")),
    Kind("xfs", "xfs", ("mkfs.xfs", "-q")),
    Kind("btrfs", "btrfs", ("mkfs.btrfs", "-q")),
    Kind("tmpfs", "tmpfs"),
    Kind("overlayfs", "overlay"),
)

NFS = Kind(
    "nfs4",
    "nfs4",
    without=frozenset({"line"}),  # the two kinds of locks, which the line is made of, are one kind at the server
    source="127.0.0.1:/",
    options=("-i", "-o", "vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1"),  # as mount.nfs would fill them in
)

SMB = Kind(
    "smb",
    "cifs",
    without=frozenset({"line", "replaced"}),  # as with NFS; and no server of SMB renames over a file that is open
    source="//127.0.0.1/share",
    options=("-i", "-o", r"ip=127.0.0.1,unc=\\127.0.0.1\share,sec=none,vers=2.1"),
)

# Those that the guest has, and most machines have not.
GUESTS = (Kind("vfat", "vfat", ("mkfs.vfat",)), NFS, SMB)


def cannot_mount(kind: Kind) -> str | None:
    """Why not here; None if it can."""
    if sys.platform != "linux":
        return "needs Linux"
    if kind.make and not shutil.which(kind.make[0]):
        return f"needs {kind.make[0]}"
    known = Path("/proc/filesystems").read_text(encoding="ascii").split()
    return None if kind.type in known else f"this kernel has no {kind.type}"


@contextmanager
def mounted(kind: Kind, place: Path) -> Iterator[Path]:
    """A directory on a fresh file system of this kind, below `place`, which is an empty directory."""
    if kind.type == "overlay":
        with _mounted(place, "layers", "-t", "tmpfs", "tmpfs") as layers:
            for name in ("lower", "upper", "work"):
                (layers / name).mkdir()
            options = f"lowerdir={layers / 'lower'},upperdir={layers / 'upper'},workdir={layers / 'work'}"
            with _mounted(place, "disk", "-t", "overlay", "-o", options, "overlay") as disk:
                yield disk
    elif kind.make:
        image = place / "image"
        with image.open("wb") as file:
            file.truncate(_IMAGE_BYTES)
        _run(*kind.make, str(image))
        with _mounted(place, "disk", "-t", kind.type, "-o", "loop", str(image)) as disk:
            yield disk
    else:
        with _mounted(place, "disk", "-t", kind.type, *kind.options, kind.source or kind.type) as disk:
            yield disk


@contextmanager
def _mounted(place: Path, name: str, *words: str) -> Iterator[Path]:
    directory = place / name
    directory.mkdir()
    try:
        _run("mount", *words, str(directory))
        yield directory
    finally:
        # Also where a Ctrl-C came into the mount, so that nobody knows whether it is there.
        while os.path.ismount(directory):
            try:
                _run("umount", str(directory))
            except MountError:  # somebody is in it still; it goes when they have
                _run("umount", "-l", str(directory))


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MountError(f"{' '.join(command)}: {error}") from error
    if done.returncode:
        raise MountError(f"{' '.join(command)}: {done.stderr.strip()}")
