"""The calls of Linux that Python does not have: mount, unmount, loop devices, a private view of all mounts."""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import ExitStack, contextmanager
from functools import cache
from struct import Struct
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "DoesNotMountError",
    "die_with_parent",
    "flush_buffers",
    "forget_btrfs",
    "loop_device",
    "mounted",
    "private_mounts",
    "sync_file_system",
]

_CLONE_NEWNS = 0x20000
_MS_NOSUID_NODEV, _MS_REC_PRIVATE = 2 | 4, 0x4000 | 1 << 18
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_LOOP_CTL_GET_FREE, _LOOP_CONFIGURE, _BLKFLSBUF = 0x4C82, 0x4C0A, 0x1261
_BTRFS_IOC_FORGET_DEV = 0x50009405
_AUTOCLEAR, _DIRECT_IO = 4, 16
_LOOP_CONFIG = Struct("<II5Q4I64s64s32s2Q64x")  # struct loop_config of linux/loop.h
_TRIES = 50


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object, about: str) -> int:
    result: int = getattr(_libc(), name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}", about)
    return result


def private_mounts() -> None:
    """From here on mounts of this process are seen by it and its children alone, and end with the last of them."""
    _call("unshare", _CLONE_NEWNS, about="mount namespace")
    _call("mount", None, b"/", None, ctypes.c_ulong(_MS_REC_PRIVATE), None, about="/")


def sync_file_system(directory: Path) -> None:
    """Write back all that the file system of this directory has to, and none of another's."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        _call("syncfs", fd, about=str(directory))
    finally:
        os.close(fd)


def die_with_parent() -> None:
    """The kernel kills this process when its parent ends."""
    _call("prctl", _PR_SET_PDEATHSIG, _SIGKILL, about="parent")


class DoesNotMountError(Exception):
    """The kernel does not accept what is on the device; the reason is the cause."""


@contextmanager
def mounted(source: str, at: Path, kind: str, options: str = "") -> Iterator[None]:
    """The file system on `source`, to be seen at `at` within the block. Raises `DoesNotMountError`."""
    names = (os.fsencode(source), os.fsencode(at), kind.encode())
    try:
        _call("mount", *names, ctypes.c_ulong(_MS_NOSUID_NODEV), options.encode() or None, about=source)
    except OSError as error:
        raise DoesNotMountError(os.strerror(error.errno or errno.EIO)) from error
    try:
        yield
    finally:
        _unmount(at)


def _unmount(at: Path) -> None:
    for left in reversed(range(_TRIES)):
        try:
            _call("umount2", os.fsencode(at), 0, about=str(at))
            break
        except OSError as error:
            if error.errno != errno.EBUSY or not left:
                raise
            sleep(0.01)  # the kernel still holds a file of a process that has just ended


@contextmanager
def loop_device(image: Path, *, direct: bool) -> Iterator[tuple[str, int]]:
    """A block device on the file at `image`: its path and a descriptor, whose end, however it comes, frees the device.

    With `direct`, writes of the device are writes of the file at once; no cache is between.
    """
    with ExitStack() as stack:
        backing = os.open(image, os.O_RDWR | (_o_direct() if direct else 0))
        stack.callback(os.close, backing)
        flags = _AUTOCLEAR | (_DIRECT_IO if direct else 0)
        for left in reversed(range(_TRIES)):
            name = _free_loop_device()
            fd = os.open(name, os.O_RDWR)
            try:
                config = bytearray(_LOOP_CONFIG.pack(backing, 0, *[0] * 8, flags, b"", b"", b"", 0, 0))
                _ioctl(fd, _LOOP_CONFIGURE, config, name)
            except OSError as error:
                os.close(fd)
                if error.errno != errno.EBUSY or not left:  # another process was quicker to take it
                    raise
                continue
            stack.callback(os.close, fd)
            break
        if direct:
            _check_direct(name)
        yield name, fd


def _o_direct() -> int:
    return int(getattr(os, "O_DIRECT"))  # noqa: B009 - Linux alone has it


def _free_loop_device() -> str:
    control = os.open("/dev/loop-control", os.O_RDWR)
    try:
        return f"/dev/loop{_ioctl(control, _LOOP_CTL_GET_FREE, None, '/dev/loop-control')}"
    finally:
        os.close(control)


def _check_direct(name: str) -> None:
    path = f"/sys/block/{os.path.basename(name)}/loop/dio"
    with open(path, encoding="ascii") as file:
        if file.read().strip() != "1":
            raise OSError(errno.EINVAL, "the loop device refuses direct I/O", name)


def flush_buffers(fd: int, name: str) -> None:
    """Write back and forget what the kernel remembers of the block device, so that it is read anew."""
    _ioctl(fd, _BLKFLSBUF, None, name)


def forget_btrfs(name: str) -> None:
    """Let btrfs forget that it has seen a file system on this device, or it would refuse an older state of it."""
    control = os.open("/dev/btrfs-control", os.O_RDWR)
    try:
        _ioctl(control, _BTRFS_IOC_FORGET_DEV, bytearray(8) + name.encode().ljust(4088, b"\0"), "/dev/btrfs-control")
    except OSError as error:
        if error.errno != errno.ENOENT:  # it did not get as far as to know it
            raise
    finally:
        os.close(control)


def _ioctl(fd: int, request: int, argument: bytearray | None, about: str) -> int:
    given = None if argument is None else (ctypes.c_char * len(argument)).from_buffer(argument)
    return _call("ioctl", fd, ctypes.c_ulong(request), given, about=about)
