"""What the system has to have: Wine, and a compiler for Windows."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from .commands import run
from .failure import CannotRunError
from .telling import step

__all__ = ["COMPILER", "DLLTOOL", "Wine", "require"]

COMPILER = "x86_64-w64-mingw32-gcc"
DLLTOOL = "x86_64-w64-mingw32-dlltool"

_PACKAGES = {"wine": "wine64", COMPILER: "gcc-mingw-w64-x86-64"}


class Wine(NamedTuple):
    """Wine, as it is installed."""

    loader: Path
    server: Path
    version: str


def require() -> Wine:
    """Wine, installed if need be, as is the compiler. Raises `CannotRunError`."""
    missing = [_PACKAGES["wine"]] if _loader() is None else []
    missing += [_PACKAGES[COMPILER]] if shutil.which(COMPILER) is None else []
    if missing:
        _install(missing)
    loader = _loader()
    if loader is None or shutil.which(COMPILER) is None:
        raise CannotRunError(
            "look for Wine and the compiler", "they are not there", f"install {' '.join(_PACKAGES.values())}"
        )
    version = run("ask Wine for its version", [loader, "--version"], remedy="install wine64 anew")
    return Wine(loader, _server(loader), version.strip())


def _install(packages: list[str]) -> None:
    names = " ".join(packages)
    what, remedy = f"install {names}", f"apt-get install {names}"
    if sys.platform == "win32" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CannotRunError(what, "this takes root, on Debian or its kin", f"as root: {remedy}")
    with step(what):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(what, ["apt-get", "update", "-qq"], remedy=remedy, environment=environment)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        run(what, install, remedy=remedy, environment=environment)


def _loader() -> Path | None:
    """The 64-bit loader; Debian's package of it puts none on PATH."""
    places = [shutil.which("wine64"), "/usr/lib/wine/wine64"]
    return next((Path(place) for place in places if place and os.access(place, os.X_OK)), None)


def _server(loader: Path) -> Path:
    for place in (loader.with_name("wineserver64"), loader.with_name("wineserver")):
        if os.access(place, os.X_OK):
            return place
    raise CannotRunError("look for Wine's server", f"it is not beside {loader}", "install wine64 anew")
