"""A kept state once more: what lies on the restored disk, byte for byte, and the verdict on it."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if sys.platform != "linux":
    raise ImportError("needs Linux")

from .disk import RestoredDisk
from .history import described, mark_at
from .judging import warm_up
from .system import DoesNotMountError, private_mounts
from .trial import judged

if TYPE_CHECKING:
    from .trial import State

__all__ = ["judged_again"]

_SHOWN_BYTES = 100


def judged_again(state: State) -> tuple[bool, str]:
    """Does it fail, and all there is to say about it. From here on this process has its own view of mounts."""
    private_mounts()
    if state.job.variant:
        from stress.crash.variants import VARIANTS

        VARIANTS[state.job.variant].weaken()
    warm_up()
    mark = mark_at(state.marks, state.cut.at)
    lines = [f"{state.job.command}", f"{mark.doing}: {state.cut}"]
    lines += [f"may be {'no file' if content is None else f'{len(content)} bytes'}" for content in mark.allowed]
    with TemporaryDirectory(prefix="lockedfile-powercuts-") as directory:
        Path(directory).chmod(0o755)  # for the judge that is nobody
        with RestoredDisk(state.job.system, Path(directory)) as disk:
            disk.restore(state.pages, {})
            try:
                with disk.mounted() as path:
                    for file in sorted(path.parent.iterdir()):
                        lines += _shown(file)
                    raw = path.read_bytes() if path.exists() else None
                    lines.append(f"{path.name}: {described(raw, mark.allowed)}")
            except DoesNotMountError as error:
                lines.append(f"did not mount: {error}")
            outcome = judged(disk, state, {})
    name = outcome.verdict.name if outcome.verdict else outcome.apart
    lines.append(f"verdict: {name}")
    return bool(outcome.verdict and outcome.verdict.story), "".join(f"{line}\n" for line in lines)


def _shown(file: Path) -> list[str]:
    status, content = file.stat(), file.read_bytes()
    head = f"{file.name}: {status.st_size} bytes, mode {status.st_mode & 0o7777:o}"
    return [head, f"    begins {content[:_SHOWN_BYTES]!r}", f"    ends   {content[-_SHOWN_BYTES:]!r}"]
