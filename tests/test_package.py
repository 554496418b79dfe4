"""The packages as such: their public names, what importing them costs, and that imports point down only."""

from __future__ import annotations

import ast
import sys
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import pytest

import lockedfile
from tests.imports import imported_with, inevitable

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(lockedfile.__file__).parents[1]


class Package(NamedTuple):
    """Where a package is, and what its modules may import."""

    directory: Path
    # From the lowest up. A module, or a subpackage as a whole, may import from its own package only what is lower.
    layers: tuple[tuple[str, ...], ...]
    # What it may import besides itself and the standard library: for all its modules, or, by "module: name", for one.
    others: frozenset[str] = frozenset()
    # Which modules may ask on which system they run.
    platform: frozenset[str] = frozenset()


PACKAGES = {
    "lockedfile": Package(
        ROOT / "lockedfile",
        layers=(
            ("_oslock",),
            ("_held", "_holders"),
            ("_errors", "_pauses", "_waiting"),
            ("_circle", "_stand_in"),
            ("_request",),
            ("_vigil",),
            ("_wait",),
            ("_writeback", "_file"),
            ("_record",),
            ("_journal",),
            ("_recovery",),
            ("_locked_file",),
            ("_mutex", "_edit"),
            ("__init__",),
            ("_cli", "aio"),
            ("__main__",),
        ),
        others=frozenset({"_typeshed"}),  # for types only: there is no such module
        platform=frozenset({"_oslock", "_holders"}),
    ),
    "simulator": Package(
        ROOT / "simulator",
        layers=(
            ("__init__", "config", "distribution", "gate", "history", "lanes", "near", "row", "workload"),
            ("contents", "lines", "recorder", "strategies", "verdict"),
            ("checker", "cycle", "expectation", "own_lines", "saved", "search", "stats"),
            ("blind", "histogram", "model", "seal", "sofar"),
            ("follow",),
            ("playback",),
            ("report",),
            ("editor", "output", "thresholds"),
            ("job", "signals", "worker"),
            ("disk", "launch"),
            ("process",),
            ("faults",),
            ("crew",),
            ("live", "run"),
            ("arguments", "demo"),
            ("commands",),
            ("cli",),
            ("__main__",),
        ),
        others=frozenset(
            {
                *("strategies: lockedfile", "strategies: portalocker", "strategies: filelock"),  # lockers under test
                *("demo: lockedfile", "live: rich", "model: lockedfile", "model: simpy"),
            }
        ),
        # Of demo and live it is the keys.
        platform=frozenset({"demo", "disk", "gate", "job", "launch", "live", "process", "strategies"}),
    ),
}


class Import(NamedTuple):
    """One name that a statement imports: from `module`, which may be in a package, the name `name`."""

    line: int
    module: str
    name: str


def imports_of(tree: ast.AST, module: str, is_package: bool) -> Iterator[Import]:
    """What the source of `module` imports, with absolute names; in functions and for types only, too."""
    here = module.split(".")[: None if is_package else -1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from (Import(node.lineno, source, alias.name) for alias in node.names)


def asks_for_platform(node: ast.AST) -> bool:
    """Is it `sys.platform`, `os.name`, `platform.system`, or an import of one of these names?"""
    asked = {"sys.platform", "os.name", "platform.system"}
    if isinstance(node, ast.ImportFrom):
        return any(f"{node.module}.{alias.name}" in asked for alias in node.names)
    return isinstance(node, ast.Attribute) and ast.unparse(node) in asked


def violations(name: str, package: Package) -> list[str]:
    """What in the sources of a package is against its entry in the table."""
    level = {part: height for height, layer in enumerate(package.layers) for part in layer}
    found: list[str] = []
    for path in sorted(package.directory.rglob("*.py")):
        inside = path.relative_to(package.directory).with_suffix("").parts
        part, is_package = inside[0], inside[-1] == "__init__"
        module = ".".join([name, *(inside[:-1] if is_package else inside)])
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if part not in level:
            found.append(f"{module}: in no layer")
            continue
        for line, source, imported in imports_of(tree, module, is_package):
            top, _, rest = source.partition(".")
            if top != name:
                if not {top, f"{part}: {top}"} & (sys.stdlib_module_names | package.others):
                    found.append(f"{module}:{line}: imports {source}, which is not in the standard library")
                continue
            target = rest.partition(".")[0] or (imported if imported in level else "__init__")
            if target != part and level.get(target, len(level)) >= level[part]:
                found.append(f"{module}:{line}: imports {target}, which is not lower")
        if part not in package.platform:
            found += [
                f"{module}:{node.lineno}: asks which system it is on"
                for node in ast.walk(tree)
                if asks_for_platform(node) and isinstance(node, ast.expr | ast.stmt)
            ]
    return found


@pytest.mark.parametrize("name", PACKAGES)
def test_imports_point_down_only(name: str) -> None:
    """The layers of docs/design.md; no other package than those allowed; one place that asks for the system."""
    assert violations(name, PACKAGES[name]) == []


@pytest.mark.parametrize("name", PACKAGES)
def test_table_has_no_module_that_is_not_there(name: str) -> None:
    """So that it says what is."""
    package = PACKAGES[name]
    parts = {
        path.stem for path in package.directory.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert parts == {part for layer in package.layers for part in layer}


SAMPLE = {
    "_low.py": "from . import _high\n",  # up
    "_same.py": "import os\nfrom .sub._deep import x\n",  # sideways
    "sub/__init__.py": "from ._deep import x\nfrom .._low import y\n",  # right
    "sub/_deep.py": "def late():\n    from sample._high import z\n",  # up, late, by absolute name
    "_high.py": "import numpy.linalg\nimport rich\nfrom sys import platform\n",  # foreign; the system
    "_root.py": "import sys\nimport sample\nif sys.platform == 'win32': pass\n",  # up to the package; the system
    "_typed.py": "if TYPE_CHECKING:\n    from ._high import Type\n",  # up, for types only
    "_stray.py": "",
}


def test_violations_would_show(tmp_path: Path) -> None:
    """The check can fail: of a package with each kind of them."""
    for file, source in SAMPLE.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(source)
    layers = (("_low",), ("_same", "sub", "_root", "_typed"), ("_high",), ("__init__",))
    assert violations("sample", Package(tmp_path, layers, frozenset({"_high: rich"}))) == [
        "sample._high:1: imports numpy.linalg, which is not in the standard library",
        "sample._high:3: asks which system it is on",
        "sample._low:1: imports _high, which is not lower",
        "sample._root:2: imports __init__, which is not lower",
        "sample._root:3: asks which system it is on",
        "sample._same:2: imports sub, which is not lower",
        "sample._stray: in no layer",
        "sample._typed:2: imports _high, which is not lower",
        "sample.sub._deep:2: imports _high, which is not lower",
    ]


def test_all_is_sorted_and_is_what_is_public() -> None:
    """Neither a name more nor one less, modules apart, which are there once somebody has imported them."""
    public = [
        name
        for name, value in vars(lockedfile).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    ]
    assert lockedfile.__all__ == sorted(public)


def test_public_names_are_documented() -> None:
    """Each has a docstring, as the package has."""
    documented = [lockedfile, *(getattr(lockedfile, name) for name in lockedfile.__all__)]
    assert all((thing.__doc__ or "").strip() for thing in documented)


def test_import_of_lockedfile_is_light() -> None:
    """The standard library only, and of that nothing that an edit does not need."""
    modules = imported_with("lockedfile")
    foreign = {module for module in modules if module.partition(".")[0] not in {*sys.stdlib_module_names, "lockedfile"}}
    assert foreign == set()
    heavy = {"typing", "dataclasses", "threading", "subprocess", "asyncio", "logging", "inspect", "re", "collections"}
    heavy |= {"ctypes", "lockedfile.aio", "lockedfile._cli", "lockedfile._wait"}
    assert modules & (heavy - inevitable()) == set()


def test_heavy_import_would_show() -> None:
    """The check can fail: of a module that imports `typing`."""
    assert "typing" in imported_with("selectors, typing")


def test_type_marker_ships() -> None:
    """`py.typed` is in the package."""
    assert resources.files("lockedfile").joinpath("py.typed").is_file()
