"""Wine's prefix, which is what a Windows has on its disk: one as it is installed, and one for each run.

To install it takes a quarter of a minute and 700 MB, nearly all of which is `C:\\windows`. A run has files and a
registry of its own, so that it finds nothing of another and may be ended with all that it started; only `C:\\windows`
is that of the installed one.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .commands import run
from .system import COMPILER
from .wine import check, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .system import Wine

__all__ = ["SOURCE", "install", "private"]

SOURCE = Path(__file__).with_name("bcryptprimitives.c")

_LONGEST_INSTALL_S = 300.0
_WINDOWS = Path("drive_c", "windows")


def install(wine: Wine, prefix: Path) -> None:
    """Make a prefix of the directory, with what Go misses there. Raises `CannotRunError`."""
    with session(wine, prefix) as windows:
        check(windows.run(["wineboot.exe", "--init"], limit_s=_LONGEST_INSTALL_S), "install Wine's prefix")
    library = prefix / _WINDOWS / "system32" / "bcryptprimitives.dll"
    command: list[str | Path] = [COMPILER, "-shared", "-O2", "-s", SOURCE, "-ladvapi32", "-o", library]
    run("build bcryptprimitives.dll", command, remedy="install gcc-mingw-w64-x86-64 anew")


@contextmanager
def private(installed: Path) -> Iterator[Path]:
    """A prefix for one run."""
    with tempfile.TemporaryDirectory(prefix="lockedfile-windows-", ignore_cleanup_errors=True) as directory:
        prefix = Path(directory) / "prefix"
        shutil.copytree(installed, prefix, symlinks=True, ignore=_windows_of(installed))
        (prefix / _WINDOWS).symlink_to(installed / _WINDOWS)
        yield prefix


def _windows_of(installed: Path) -> Callable[[str, list[str]], set[str]]:
    """Of a copy of it, `shutil.copytree` leaves `C:\\windows` out."""
    drive = str(installed / _WINDOWS.parent)
    return lambda directory, _names: {_WINDOWS.name} if directory == drive else set()
