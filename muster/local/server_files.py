"""Programs, sockets and left-over processes of the embedded servers."""

import hashlib
import importlib.util
import os
import signal
import tempfile
from pathlib import Path

import psutil

from muster.errors import SetupError
from muster.local.processes import OsAccount

SOCKET_PATH_LIMIT = 100
"""Bytes; the kernel allows 107."""


def wheel_folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise SetupError(
            f"The package {package.replace('_', '-')} is not installed: run `make run` once, or point MUSTER_DATABASE_URL and"
            " MUSTER_REDIS_URL to servers of your own."
        )
    return Path(found.origin).parent


def clean_environment() -> dict[str, str]:
    """PGDATA or LC_ALL would change a server."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def socket_folder(home: Path) -> Path:
    """Returns a folder in the temporary directory when the path would be too long."""
    folder = home / "sockets"
    if len(os.fsencode(folder)) <= SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
        return folder
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"muster-{name}"


def make_private(folder: Path, account: OsAccount | None) -> None:
    """Makes a folder for its owner only. Raises SetupError when another user owns it."""
    owner = os.geteuid() if account is None else account.uid
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid not in (owner, 0):
            raise SetupError(
                f"{folder} belongs to somebody else: remove it, or set TMPDIR to a folder of your own."
            ) from None
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def stop_orphan(pid_file: Path, program: str) -> None:
    """After a killed run. A stale file whose id belongs to another process is removed: PostgreSQL would refuse to start."""
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    if not is_program(pid, program, pid_file.parent):
        pid_file.unlink(missing_ok=True)
        return
    orphan = psutil.Process(pid)
    for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            orphan.send_signal(stop_signal)
            orphan.wait(10)
            return
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue


def is_program(pid: int, program: str, folder: Path | None = None) -> bool:
    try:
        process = psutil.Process(pid)
        line = process.cmdline()
    except psutil.Error:
        return False
    return (
        bool(line)
        and Path(line[0]).name.startswith(program)
        and (folder is None or any(str(folder) in part for part in line))
    )
