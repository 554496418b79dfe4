"""What one edit does: worker 7 raises `example.com/worker07 v0.0.N` to N+1, in a realistic module file.

Versions only rise, so no content of a run that loses nothing ever comes back: a digest names a point in its history.

A kill tears such an edit only in theory: the few bytes that change are one write within one page, and the kernel ends
that before it ends the process. Where workers are to be killed, edits are therefore *shifting* ones, as most edits of
real module files are: every other version is a pre-release, v0.0.7-rc.1, so that each edit changes the length of its
line, and all that stands behind moves. The lines of the workers then stand first, in a file that is long.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KINDS", "MODULES", "WorkloadError", "kind", "module_file", "prepared", "raiser", "version_of"]

KINDS = ("go.mod", "go.work", "go.sum")

MODULES = b"example.com/worker"
"""How the names of the workers' modules begin; a number follows."""

_SUM = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # of nothing, in the form of go.sum

_OTHERS = (
    "github.com/google/uuid", "github.com/spf13/cobra", "github.com/stretchr/testify", "go.uber.org/zap",
    "golang.org/x/crypto", "golang.org/x/mod", "golang.org/x/net", "golang.org/x/sync", "golang.org/x/sys",
    "golang.org/x/text", "google.golang.org/grpc", "google.golang.org/protobuf", "gopkg.in/yaml.v3",
)  # fmt: skip


_SHIFTED_LINES = 8_000  # 400 KB: the system takes a while to write that, and a while is what a kill can hit

_WORDS = (
    "async",
    "cache",
    "codec",
    "config",
    "graph",
    "index",
    "metrics",
    "queue",
    "retry",
    "schema",
    "store",
    "trace",
)


class WorkloadError(Exception):
    """The content, or the file given as a base, is not one that the edits can be made in."""


def _module(worker: int) -> str:
    return f"{MODULES.decode()}{worker:02d}"


def version_of(number: int, *, shifting: bool = False) -> bytes:
    """What stands behind the v0.0. of a version: each other one of shifting edits is a pre-release."""
    return b"%d-rc.1" % number if shifting and number % 2 else b"%d" % number


def module_file(workers: int, seed: int, *, shifting: bool = False) -> bytes:
    """Make a go.mod that requires a module for each worker, among others: many of them for shifting edits."""
    chance = random.Random(seed)
    others = []
    for path in _OTHERS:
        major = 3 if path.endswith(".v3") else chance.randint(0, 1)
        indirect = " // indirect" if chance.random() < 0.4 else ""
        others.append(f"\t{path} v{major}.{chance.randint(0, 40)}.{chance.randint(0, 9)}{indirect}\n")
    if shifting:
        others += [
            f"\texample.org/{chance.choice(_WORDS)}/{chance.choice(_WORDS)}{number} "
            f"v{chance.randint(0, 1)}.{chance.randint(0, 40)}.{chance.randint(0, 9)} // indirect\n"
            for number in range(_SHIFTED_LINES)
        ]
    head = "module example.com/shared\n\ngo 1.25\n\nrequire (\n" + "".join(others) + ")\n"
    return prepared(head.encode(), "go.mod", workers, shifting=shifting)


def kind(name: str) -> str:
    """Tell by how `name` ends what Go would call the file: go.mod, go.work or go.sum."""
    return next((known for known in KINDS if name.endswith(known.removeprefix("go"))), KINDS[0])


def prepared(content: bytes, name: str, workers: int, *, shifting: bool = False) -> bytes:
    """A module file with a line added for each worker: as its `name` ends, a go.work, a go.sum, or else a go.mod.

    The lines come after all others; for shifting edits before them.

    Raises `WorkloadError` if it is not such a file, or has such lines already.
    """
    if MODULES in content:
        raise WorkloadError(f"it has lines of {MODULES.decode()} already; use a file without them")
    try:
        content.decode()
    except UnicodeDecodeError:
        raise WorkloadError("it is not UTF-8 text; use a go.mod, go.work or go.sum") from None
    modules = [_module(worker) for worker in range(workers)]
    if kind(name) == "go.sum":
        lines = [f"{module} v0.0.0 {_SUM}\n" for module in modules]
    elif kind(name) == "go.work":
        lines = ["replace (\n", *(f"\t{module} => {module} v0.0.0\n" for module in modules), ")\n"]
    elif re.search(rb"^module\s", content, re.MULTILINE):
        lines = ["require (\n", *(f"\t{module} v0.0.0\n" for module in modules), ")\n"]
    else:
        raise WorkloadError("it has no module line; use a go.mod, or a file whose name ends in .work or .sum")
    block = "".join(lines).encode()
    gap = b"" if kind(name) == "go.sum" else b"\n"
    if shifting:
        return block + gap + content
    end = b"" if not content or content.endswith(b"\n") else b"\n"
    return content + end + gap + block


def raiser(worker: int, *, shifting: bool = False) -> Callable[[bytes], tuple[bytes, int]]:
    """Give the edit of one worker: from a content the next one, and the N of its version.

    The edit raises `WorkloadError` if the worker's line is not there.
    """
    search = re.compile(rb"%b v0\.0\.(\d+)(?:-rc\.1)?" % re.escape(_module(worker).encode())).search

    def raised(content: bytes) -> tuple[bytes, int]:
        found = search(content)
        if found is None:
            raise WorkloadError(f"the line of {_module(worker)} is not in the {len(content)} bytes that were read")
        version = int(found[1]) + 1
        told = version_of(version, shifting=shifting)
        return b"%b%b%b" % (content[: found.start(1)], told, content[found.end() :]), version

    return raised
