"""The file systems that power cuts are tried on: how each is made, as small as it may be, with its ordinary options."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FILE_SYSTEMS", "FileSystem", "make"]


class FileSystem(NamedTuple):
    """One of them."""

    name: str
    size_mib: int
    command: tuple[str, ...]  # with a place for the UUID, without the image
    package: str  # Debian's

    @property
    def program(self) -> str:
        """What makes it."""
        return self.command[0]

    def version(self) -> str:
        """Of the program that makes it."""
        done = subprocess.run([self.program, "-V"], capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).strip().splitlines()[0]


FILE_SYSTEMS = {
    system.name: system
    for system in (
        # Initialised at once: a kernel thread that does it later would write between the edits.
        FileSystem("ext4", 32, ("mkfs.ext4", "-q", "-F", "-b4096", "-Elazy_itable_init=0", "-U{}"), "e2fsprogs"),
        FileSystem("xfs", 304, ("mkfs.xfs", "-q", "-f", "-muuid={}"), "xfsprogs"),
        FileSystem("btrfs", 112, ("mkfs.btrfs", "-q", "-f", "-U{}"), "btrfs-progs"),
    )
}


def make(system: FileSystem, image: Path) -> None:
    """A new, empty file system in a new file at `image`, with a UUID that no other has: the kernel tells them by it."""
    program = shutil.which(system.program) or system.program
    with image.open("wb") as file:
        file.truncate(system.size_mib << 20)
    arguments = [argument.format(uuid4()) for argument in system.command[1:]]
    subprocess.run([program, *arguments, str(image)], capture_output=True, check=True)
