"""The standard library of the Windows Python: that of this one, but for two lines, as it is and compiled in a zip.

Python looks into the zip first, as in the embeddable package for Windows. To open a file is dear under Wine, and most
tests start processes: of these it saves a fifth of the time.
"""

from __future__ import annotations

import marshal
import re
import shutil
import sys
import sysconfig
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

__all__ = ["NAME", "add_library", "changed", "compiled"]

NAME = f"python{sys.version_info.major}{sys.version_info.minor}"
"""What the DLL and the zip are called."""

# What lies beside the standard library on Linux and is no part of it, or what no test needs.
_LINUX = ("__pycache__", "_sysconfigdata*", "config-3*", "dist-packages", "lib-dynload", "site-packages")
_NOT_NEEDED = ("sitecustomize.py", "EXTERNALLY-MANAGED", "ensurepip", "idlelib", "lib2to3", "test", "turtledemo")

# What is not as it is there: what is replaced, and by what.
_CHANGES = {
    # Since 3.11.8 the interpreter calls it of the class; a library that is older has it as a method by mistake.
    Path("importlib", "metadata", "__init__.py"): (
        re.compile(r"(?<!@classmethod\n)^    def invalidate_caches\(cls\)", re.MULTILINE),
        "    @classmethod\n    def invalidate_caches(cls)",
    ),
    # Since 3.12; Wine 8 has no CopyFile2, and without it Python copies as it does elsewhere.
    Path("shutil.py"): (re.compile(r'hasattr\(_winapi, "CopyFile2"\)'), "False"),
}

# Flags and source hash of PEP 552: by hash, and not to be checked.
_UNCHECKED = b"\x01\0\0\0" + bytes(8)


def add_library(home: Path) -> None:
    """Put it into a Python's directory."""
    library = home / "Lib"
    ignored = shutil.ignore_patterns(*_LINUX, *_NOT_NEEDED)
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=ignored, ignore_dangling_symlinks=True)
    for name in _CHANGES:
        path = library / name
        path.write_text(changed(name, path.read_text(encoding="utf-8")), encoding="utf-8")
    with zipfile.ZipFile(home / f"{NAME}.zip", "w") as archive:
        for source in sorted(library.rglob("*.py")):
            name = source.relative_to(library)
            archive.writestr(str(name.with_suffix(".pyc")), compiled(source.read_bytes(), str(name).replace("/", "\\")))


def changed(name: Path, source: str) -> str:
    """The source of a module of the library, as it is needed there."""
    wrong, right = _CHANGES[name]
    return wrong.sub(right, source)


def compiled(source: bytes, name: str) -> bytes:
    """The content of a .pyc; tracebacks have the name of the file from it, and not its lines."""
    return MAGIC_NUMBER + _UNCHECKED + marshal.dumps(compile(source, name, "exec", dont_inherit=True))
