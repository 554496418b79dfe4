"""The seal of a saved run: checksums of its files, by which `check` sees whether they are still what the run left.

The workers' records and the file that all edited are all that a verdict rests on. A bit that has changed in them since
might go unnoticed, or be taken for a fault of the locker. Beside the checksum of a whole file stand short ones of its
blocks, which tell where it was changed. It guards against accidents, not against who makes a new seal.
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zlib import crc32

from . import saved
from .workload import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["SealError", "broken", "sealed", "write"]

_SCHEMA = 1
_BLOCK_BYTES = 4096
_OWN = re.compile(rf"(disk/)?({'|'.join(map(re.escape, KINDS))}|initial|run\.json|gate|process\d+\.\w+)")


class SealError(Exception):
    """The seal is not one that can be read; the message says why, in one line."""


def write(directory: Path) -> None:
    """Seal the run in `directory` as it is now; what comes into the directory later is no part of it."""
    files = {name: _checksums(directory / name) for name in _files(directory)}
    sealed_as = {"schema": _SCHEMA, "block_bytes": _BLOCK_BYTES, "files": files}
    path = saved.seal(directory)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(sealed_as | {"sha256": _of(sealed_as)}, indent=1) + "\n", encoding="utf-8", newline="\n")
    os.replace(part, path)  # whole or not at all


def sealed(directory: Path) -> bool:
    """Has the run a seal? One whose starter was killed has none."""
    return saved.seal(directory).exists()


def broken(directory: Path) -> list[str]:
    """What has changed since the run was sealed, a line each; nothing, if all is as it was.

    Raises `OSError`, and `SealError` if the seal is that of another version.
    """
    files = _sealed(directory)
    if files is None:
        return [f"{saved.seal(directory).name} was changed after the run; it cannot be told what else was"]
    there = set(_files(directory))
    lines = [f"{name} is missing; it was there when the run ended" for name in files if name not in there]
    lines += [_changed(name, files[name], directory / name) for name in files if name in there]
    lines += [
        f"{name} is new; it was not there when the run ended" for name in sorted(there - set(files)) if _own(name)
    ]
    return [line for line in lines if line]


def _own(name: str) -> bool:
    """Is it named as a file of a run is? Others, such as notes that somebody has put there, do not matter."""
    return _OWN.fullmatch(name) is not None


def _files(directory: Path) -> Iterator[str]:
    """The names of the regular files, the seal itself apart."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink() and path != saved.seal(directory):
            yield path.relative_to(directory).as_posix()


def _sealed(directory: Path) -> dict[str, Any] | None:
    """What was sealed, by name; nothing if the seal was changed itself."""
    try:
        values = json.loads(saved.seal(directory).read_bytes())
        own = values.pop("sha256")
        files: dict[str, Any] = values["files"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if own != _of(values):
        return None
    if values["schema"] != _SCHEMA:
        raise SealError(f"its seal is of schema {values['schema']}, and this version knows {_SCHEMA}")
    return files


def _of(values: dict[str, Any]) -> str:
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _checksums(path: Path) -> dict[str, Any]:
    whole, size_bytes, blocks = sha256(), 0, []
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            whole.update(block)
            size_bytes += len(block)
            blocks.append(f"{crc32(block):08x}")
    return {"size_bytes": size_bytes, "sha256": whole.hexdigest(), "blocks": "".join(blocks)}


def _changed(name: str, was: dict[str, Any], path: Path) -> str:
    """A line that says what is different, and where; nothing if it is the same."""
    now = _checksums(path)
    if now == was:
        return ""
    if now["size_bytes"] < was["size_bytes"]:
        return f"{name} was cut after the run: {now['size_bytes']:,} bytes of {was['size_bytes']:,} are there"
    if now["size_bytes"] > was["size_bytes"]:
        return f"{name} has grown after the run: from {was['size_bytes']:,} bytes to {now['size_bytes']:,}"
    different = [
        at for at in range(0, len(was["blocks"]), 8) if now["blocks"][at : at + 8] != was["blocks"][at : at + 8]
    ]
    first = different[0] // 8 * _BLOCK_BYTES if different else 0
    last = min(first + _BLOCK_BYTES, was["size_bytes"]) - 1
    more = f" and {len(different) - 1:,} more places" if len(different) > 1 else ""
    return f"{name} was changed after the run, within bytes {first:,} to {last:,}{more}"
