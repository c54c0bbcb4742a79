"""Locks the data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from muster.errors import SetupError


@contextmanager
def exclusive_use(data_dir: Path) -> Iterator[None]:
    """SetupError when another run has it. The kernel unlocks it if we are killed."""
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
