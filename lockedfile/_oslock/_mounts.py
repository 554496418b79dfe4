"""What Linux tells of the file system that an open file is on: proc_pid_fdinfo(5), proc_pid_mountinfo(5)."""

from __future__ import annotations

__all__ = ["mount"]


def mount(fd: int) -> tuple[str, str] | None:
    """The device, as /proc/locks writes it, and the type of the file system of `fd`; None if the system does not tell.

    Not by `st_dev` of a status: on btrfs that is the subvolume's.
    """
    try:
        with open(f"/proc/self/fdinfo/{fd}", "rb") as info:
            number = next(line.split()[1] for line in info if line.startswith(b"mnt_id:"))
        with open("/proc/self/mountinfo", "rb") as listing:
            line = next(line for line in listing if line.startswith(number + b" "))
    except (OSError, StopIteration):
        return None
    place, _, what = line.partition(b" - ")
    major, minor = place.split(maxsplit=3)[2].split(b":")
    return f"{int(major):02x}:{int(minor):02x}", what.split(maxsplit=1)[0].decode()
