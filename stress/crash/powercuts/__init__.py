"""The power fails at any write of a durable edit, on ext4, xfs and btrfs.

A file system lies on a disk that is served from user space and logs every write and every flush (`served`, `log`).
While it runs, processes edit a file (`recording`, `scenario`, `editor`), and it is noted what may be found from which
position of the log on (`history`). Then power cuts are made of the log (`cut`): the disk is restored as the cut has
left it (`disk`, `pages`), mounted, and judged by processes that know nothing of the past (`judging`, `verdict`). Some
of the recoveries are recorded and cut in their turn (`trial`).

    lane -> worker, a process for each job -> trial -> record -> cut -> restore -> judge -> verdict
"""

from __future__ import annotations

from .lane import NAME, PROVES, cannot_run, run

__all__ = ["NAME", "PROVES", "cannot_run", "run"]
