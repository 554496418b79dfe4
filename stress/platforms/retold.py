"""A copy of the project in which whoever asks for the system hears of another one.

What cannot be had so is a kernel of that system: it shows which modules, which tests and which skips it would come to.
"""

from __future__ import annotations

import ast
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["copied", "retold"]

PARTS = ("lockedfile", "simulator", "stress", "tests")
FILES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")

# Only who would say linux: tests that give the library the name of a third system still do.
_ASKED = '(sys.platform if sys.platform != "linux" else "{system}")'

_FULL_SYNC = "from fcntl import F_FULLFSYNC, fcntl"
# What is there of macOS stays; on Linux the number means nothing to the kernel, so fsync stands for it.
_FULL_SYNC_HERE = (
    "import fcntl as _real; F_FULLFSYNC = getattr(_real, 'F_FULLFSYNC', 51); "
    "fcntl = _real.fcntl if hasattr(_real, 'F_FULLFSYNC') else (lambda fd, _command: os.fsync(fd))"
)
_PROC, _NO_PROC = '"/proc/', '"/there-is-no-proc/'


def retold(source: str, system: str) -> str:
    """A module whose every question for `sys.platform` is answered with `system` on Linux."""
    lines = source.encode().splitlines(keepends=True)  # columns count bytes
    for node in reversed([node for node in ast.walk(ast.parse(source)) if _asks(node)]):
        assert isinstance(node, ast.Attribute)
        assert node.lineno == node.end_lineno
        line = lines[node.lineno - 1]
        answer = _ASKED.format(system=system).encode()
        lines[node.lineno - 1] = line[: node.col_offset] + answer + line[node.end_col_offset :]
    return b"".join(lines).decode()


def _asks(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and ast.unparse(node) == "sys.platform"


def copied(root: Path, to: Path, system: str) -> None:
    """All that tests need, from `root` to the directory `to`; the library there has no /proc."""
    for part in PARTS:
        shutil.copytree(root / part, to / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(root / name, to / name)
    for part in ("docs", ".ci", ".github"):
        shutil.copytree(root / part, to / part)
    for path in sorted(to.rglob("*.py")):
        text = retold(path.read_text(encoding="utf-8"), system)
        if path.is_relative_to(to / "lockedfile"):
            text = text.replace(_FULL_SYNC, _FULL_SYNC_HERE).replace(_PROC, _NO_PROC)
        path.write_text(text, encoding="utf-8")
