"""The first process of the guest: makes a machine of the kernel, serves what is to be mounted, and runs the lane."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from .kinds import NFS, mounted

__all__ = ["ENDED", "MODULES"]

ENDED = "guest ended: "
MODULES = Path("usr", "lib", "uml", "modules")

_LOADED = ("overlay", "loop", "vfat", "nls_cp437", "nls_iso8859-1", "nls_ascii", "nfsd", "nfsv4")
_SMB_LOADED = ("cifs", "nls_utf8", "md4", "hmac", "cmac", "ctr", "ccm", "gcm", "ecb", "des_generic", "sha512_generic")
_EMPTY = ("/run", "/mnt", "/srv", "/var/lib", "/var/log")  # the root is read-only, and not ours
_EXPORT = "/srv/nfs"
_FINIT_MODULE = 313  # on x86-64
_EEXIST = 17
_GRACE_S = 10  # no lock is given before, as whoever had one may come back; less is refused


def main(unpacked: Path, words: list[str]) -> int:
    """Run the lane; its exit code."""
    for kind, place in (("proc", "/proc"), ("sysfs", "/sys"), *(("tmpfs", place) for place in _EMPTY)):
        subprocess.run(["mount", "-t", kind, kind, place], check=True)
    Path("/run/tmp").mkdir()
    paths = [str(unpacked / place) for place in ("usr/sbin", "sbin", "usr/bin", "bin")]
    libraries = unpacked / "usr/lib/x86_64-linux-gnu"
    os.environ |= {
        "PATH": ":".join([*paths, "/usr/sbin", "/usr/bin", "/sbin", "/bin"]),
        "LD_LIBRARY_PATH": f"{libraries}:{libraries / 'samba'}",
        "TMPDIR": "/run/tmp",
        "HOME": "/run/tmp",
    }
    _load(unpacked / MODULES)
    _up()
    if "smb" in words:
        _serve_smb(unpacked)
    if "nfs4" in words:
        _serve_nfs()
        _outlast_grace()
    command = [sys.executable, "-u", "-m", "stress.filesystems", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as lane:
        assert lane.stdout is not None
        for line in lane.stdout:
            _say(f"| {line.rstrip()}")
    return lane.returncode


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _load(modules: Path) -> None:
    """Those of the kernel, each after what it needs; there may be no modprobe here."""
    (release,) = modules.iterdir()
    needs = {}
    for line in (release / "modules.dep").read_text(encoding="ascii").splitlines():
        module, _, others = line.partition(":")
        needs[Path(module).stem] = [*reversed(others.split()), module]
    libc = ctypes.CDLL(None, use_errno=True)
    for module in [module for name in (*_LOADED, *_SMB_LOADED) for module in needs[name]]:
        with (release / module).open("rb") as file:
            if libc.syscall(_FINIT_MODULE, file.fileno(), b"", 0) and ctypes.get_errno() != _EEXIST:
                _say(f"| no module {module}: {os.strerror(ctypes.get_errno())}")


def _up() -> None:
    """The network within this machine."""
    if sys.platform == "linux":
        from fcntl import ioctl

        set_flags, up_and_running = 0x8914, 0x41
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up_and_running))


def _serve_nfs() -> None:
    """By the kernel, to itself."""
    for directory in (_EXPORT, "/var/lib/nfs/v4recovery", "/run/rpcbind"):
        Path(directory).mkdir(parents=True)
    for words in (
        "mount -t nfsd nfsd /proc/fs/nfsd",
        f"exportfs -o rw,no_root_squash,fsid=0,insecure,no_subtree_check 127.0.0.1:{_EXPORT}",
        "rpc.mountd -N 2 -N 3",
        f"rpc.nfsd -N 3 -V 4.2 --grace-time {_GRACE_S} --lease-time {_GRACE_S} 4",
    ):
        done = subprocess.run(words.split(), capture_output=True, text=True, check=False)
        if done.returncode:
            _say(f"| {words}: {done.stderr.strip()}")


_SMB = """
[global]
server role = standalone server
map to guest = Bad User
guest account = root
disable netbios = yes
load printers = no
lock directory = {0}
state directory = {0}
cache directory = {0}
pid directory = {0}
private dir = {0}
ncalrpc dir = {0}/ncalrpc
log file = {0}/log
[share]
path = /srv/smb
guest ok = yes
read only = no
"""


def _serve_smb(unpacked: Path) -> None:
    """By Samba, to the kernel."""
    for directory in ("/run/samba", "/srv/smb", "/var/log/samba"):
        Path(directory).mkdir(parents=True)
    configuration = Path("/run/smb.conf")
    configuration.write_text(_SMB.format("/run/samba"), encoding="ascii")
    subprocess.run([unpacked / "usr/sbin/smbd", "-s", configuration, "-D"], check=False)
    for _ in range(100):  # it says to nobody that it is ready
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", 445)) == 0:
                return
        time.sleep(0.1)


def _outlast_grace() -> None:
    """Return when the server gives locks: one is asked for, and waited for."""
    if sys.platform == "linux":
        from fcntl import LOCK_EX, flock

        with TemporaryDirectory() as place, mounted(NFS, Path(place)) as disk, (disk / "first").open("wb") as file:
            flock(file, LOCK_EX)


if __name__ == "__main__":
    try:
        _say(f"{ENDED}{main(Path(sys.argv[1]), sys.argv[2:])}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the machine has to be switched off
        _say(f"| {error!r}")
    finally:
        Path("/proc/sysrq-trigger").write_text("o", encoding="ascii")
        signal_never_comes = socket.socketpair()[0]
        signal_never_comes.recv(1)  # the first process must not end
