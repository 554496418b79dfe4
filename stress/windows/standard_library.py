"""The standard library of the Windows Python: that of this one, as it is and compiled in a zip.

Python looks into the zip first, as in the embeddable package for Windows. To open a file is dear under Wine, and most
tests start processes: of these it saves a fifth of the time.
"""

from __future__ import annotations

import marshal
import re
import shutil
import sysconfig
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

__all__ = ["add_library", "brought_up", "compiled"]

# What lies beside the standard library on Linux and is no part of it, or what no test needs.
_LINUX = ("__pycache__", "_sysconfigdata*", "config-3*", "dist-packages", "lib-dynload", "site-packages")
_NOT_NEEDED = ("sitecustomize.py", "EXTERNALLY-MANAGED", "ensurepip", "idlelib", "lib2to3", "test", "turtledemo")

# Since 3.11.8 the interpreter calls it of the class; a library that is older has it as a method by mistake.
_METADATA = Path("importlib", "metadata", "__init__.py")
_METHOD = re.compile(r"(?<!@classmethod\n)^    def invalidate_caches\(cls\)", re.MULTILINE)

# Flags and source hash of PEP 552: by hash, and not to be checked.
_UNCHECKED = b"\x01\0\0\0" + bytes(8)


def add_library(home: Path) -> None:
    """Put it into a Python's directory."""
    library = home / "Lib"
    ignored = shutil.ignore_patterns(*_LINUX, *_NOT_NEEDED)
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=ignored, ignore_dangling_symlinks=True)
    metadata = library / _METADATA
    metadata.write_text(brought_up(metadata.read_text(encoding="utf-8")), encoding="utf-8")
    with zipfile.ZipFile(home / "python311.zip", "w") as archive:
        for source in sorted(library.rglob("*.py")):
            name = source.relative_to(library)
            archive.writestr(str(name.with_suffix(".pyc")), compiled(source.read_bytes(), str(name).replace("/", "\\")))


def brought_up(metadata: str) -> str:
    """The source of `importlib.metadata` as 3.11.9 needs it."""
    return _METHOD.sub("    @classmethod\n    def invalidate_caches(cls)", metadata)


def compiled(source: bytes, name: str) -> bytes:
    """The content of a .pyc; tracebacks have the name of the file from it, and not its lines."""
    return MAGIC_NUMBER + _UNCHECKED + marshal.dumps(compile(source, name, "exec", dont_inherit=True))
