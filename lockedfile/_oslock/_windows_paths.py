r"""Paths as Windows takes them: of any length, and by the one name of a file that its journal is named after.

Most calls of Windows take 259 characters at most, unless a path begins with `\\?\`, and then they take it as it is: in
full, with no other separator, and with no dots in it that mean something. Dots and blanks at the end of a name are
not part of it, and a file with a long name has a short one too, `GOMODU~1.TXT`; who comes by one has to find the
journal of who came by another.

Source: "Naming Files, Paths, and Namespaces" in the documentation of Windows.
"""

from __future__ import annotations

from errno import EINVAL
from ntpath import abspath, basename, realpath, splitdrive
from os import fsdecode, fsencode

__all__ = ["located", "plain"]

_MOST_UNITS = 259 - len(".lockedfile-journal")  # what is beside the file has to fit, too
_EXTENDED, _EXTENDED_UNC = "\\\\?\\", "\\\\?\\UNC\\"
_DEVICE, _UNC = "\\\\.\\", "\\\\"

_DEVICE_ITSELF = "only a regular file can be locked, and this is a device"
_STREAM = "this names a stream of a file, beside which no journal can lie; name the file itself"


def located(path: str | bytes) -> str | bytes:
    """The file at `path`, by a path that the system takes; `path` itself, if it does as it is.

    Raises the `OSError` of a path that names a stream within a file, or a device: to open a port may do something.
    """
    name = fsdecode(path)
    if name.startswith(_EXTENDED):
        full = name
    elif not name:
        return path  # which would be the current directory
    else:
        full = _full(name)
    if full.startswith(_DEVICE) and full[5:7] != ":\\":  # it is not that of a file on a drive
        raise OSError(EINVAL, _DEVICE_ITSELF, path)
    if ":" in splitdrive(full.removeprefix(_DEVICE))[1]:
        raise OSError(EINVAL, _STREAM, path)
    if not basename(name):
        return path  # it asks for a directory, which the system will refuse
    if len(full.encode("utf-16-le", "surrogatepass")) // 2 > _MOST_UNITS:
        full = _extended(full)
    elif basename(full) == basename(name):
        return path
    return full if isinstance(path, str) else fsencode(full)


def _full(name: str) -> str:
    full = abspath(name)
    if "~" in basename(full):
        try:
            return realpath(full)
        except OSError:
            pass  # it cannot be asked for its name; then it cannot be opened either
    return full


def _extended(full: str) -> str:
    if full.startswith((_EXTENDED, _DEVICE)):
        return _EXTENDED + full[len(_EXTENDED) :]
    return _EXTENDED_UNC + full[len(_UNC) :] if full.startswith(_UNC) else _EXTENDED + full


def plain(path: str | bytes) -> str:
    """A path of `located` as people write it."""
    name = fsdecode(path)
    if name.startswith(_EXTENDED_UNC):
        return _UNC + name[len(_EXTENDED_UNC) :]
    return name.removeprefix(_EXTENDED)
