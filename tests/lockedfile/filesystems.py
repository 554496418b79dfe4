"""File systems of their own, mounted for one test; Linux, as root."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

_IMAGE_BYTES = 128 << 20  # of which next to nothing is ever written


def run(*command: str | Path) -> None:
    """Run it; what it says is said if it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"


@contextmanager
def mounted(directory: Path, *options: str | Path) -> Iterator[Path]:
    """Something at `directory`, as `mount` takes it."""
    directory.mkdir()
    done = subprocess.run(["mount", *map(str, options), str(directory)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs to mount {' '.join(map(str, options))}: {done.stderr.strip()}")
    try:
        yield directory
    finally:
        if subprocess.run(["umount", str(directory)], check=False).returncode:
            run("umount", "-l", directory)


@contextmanager
def _on_image(directory: Path, *make: str) -> Iterator[Path]:
    image = directory.with_name("image")
    with image.open("wb") as file:
        file.truncate(_IMAGE_BYTES)
    run(*make, image)
    with mounted(directory, "-o", "loop", image):
        yield directory


@contextmanager
def tmpfs(directory: Path) -> Iterator[Path]:
    """In memory."""
    with mounted(directory, "-t", "tmpfs", "tmpfs"):
        yield directory


@contextmanager
def ext4(directory: Path) -> Iterator[Path]:
    """On an image."""
    with _on_image(directory, "mkfs.ext4", "-q"):
        yield directory


@contextmanager
def btrfs(directory: Path) -> Iterator[Path]:
    """A subvolume, whose device is not that of the file system."""
    with _on_image(directory.with_name("btrfs"), "mkfs.btrfs", "-q") as disk:
        run("btrfs", "subvolume", "create", disk / directory.name)
        yield disk / directory.name


@contextmanager
def overlay(directory: Path) -> Iterator[Path]:
    """Layers on one file system."""
    with tmpfs(directory.with_name("layers")) as layers, _overlaid(directory, layers / "lower", layers):
        yield directory


@contextmanager
def overlay_of_two(directory: Path) -> Iterator[Path]:
    """Layers on two file systems, where `stat` gives device and number of neither the layers nor the whole."""
    with tmpfs(directory.with_name("layers")) as layers, _overlaid(directory, directory.with_name("lower"), layers):
        yield directory


@contextmanager
def _overlaid(directory: Path, lower: Path, layers: Path) -> Iterator[None]:
    """With a file `lower` in it that is in the lower layer."""
    for layer in (lower, layers / "upper", layers / "work"):
        layer.mkdir()
    (lower / "lower").write_bytes(b"0\n")
    options = f"lowerdir={lower},upperdir={layers / 'upper'},workdir={layers / 'work'}"
    with mounted(directory, "-t", "overlay", "-o", options, "overlay"):
        yield


KINDS: dict[str, Callable[[Path], AbstractContextManager[Path]]] = {
    "tmpfs": tmpfs,
    "ext4": ext4,
    "btrfs": btrfs,
    "overlayfs": overlay,
    "overlayfs of two": overlay_of_two,
}


@contextmanager
def twins(directory: Path) -> Iterator[tuple[Path, Path]]:
    """Two files on btrfs, in a subvolume and its snapshot, that have one number."""
    with btrfs(directory) as subvolume:
        first, second = subvolume / "go.mod", subvolume.with_name("snapshot") / "go.mod"
        first.write_bytes(b"module m\n")
        run("btrfs", "subvolume", "snapshot", subvolume, second.parent)
        assert first.stat().st_ino == second.stat().st_ino
        yield first, second
