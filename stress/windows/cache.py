"""Where what was downloaded and built is kept.

A part is named by what it is made of, and is there as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .telling import step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["VARIABLE", "Cache", "directory_for", "key"]

VARIABLE = "LOCKEDFILE_WINDOWS_CACHE"

# Begins the name of a part that is being made, by the process whose number comes next.
_MAKING = ".making-"


def directory_for(environment: Mapping[str, str]) -> Path:
    """Where the environment says that the cache is, or else where caches are."""
    named = environment.get(VARIABLE)
    if named:
        return Path(named).absolute()
    caches = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME") or "/tmp") / ".cache")
    return Path(caches).absolute() / "lockedfile" / "windows"


def key(*ingredients: str | bytes) -> str:
    """A short name of them all, in this order."""
    digest = hashlib.sha256()
    for ingredient in ingredients:
        data = ingredient.encode() if isinstance(ingredient, str) else ingredient
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:12]


class Cache:
    """The parts in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._forget_interrupted()

    def part(self, name: str, what: str, make: Callable[[Path], None]) -> Path:
        """The part of this name; where there is none, `make` fills a directory that then becomes it.

        Two processes may make the same: who comes second keeps what is there.
        """
        path = self.directory / name
        if path.is_dir():
            return path
        aside = self.directory / f"{_MAKING}{os.getpid()}-{name}"
        try:
            aside.mkdir()
            with step(what):
                make(aside)
            try:
                aside.rename(path)
            except OSError:
                if not path.is_dir():
                    raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return path

    def _forget_interrupted(self) -> None:
        """Take away what a process left that was killed while it made a part."""
        for aside in self.directory.glob(f"{_MAKING}*"):
            maker = aside.name.removeprefix(_MAKING).partition("-")[0]
            if not Path("/proc", maker).exists():
                shutil.rmtree(aside, ignore_errors=True)
