"""Child processes: each in its own session, and ended with its parent."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class OsAccount:
    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """`stop_signal` asks it to end; `orphan_signal` is sent when the parent dies."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    account: OsAccount | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL


def spawn(program: Program, output: int | IO[bytes]) -> "subprocess.Popen[bytes]":
    """Call this from the main thread: Linux sends `orphan_signal` when the starting thread ends. Ctrl-C reaches only the
    parent."""
    account = program.account
    return subprocess.Popen(
        program.argv,
        env=None if program.environment is None else dict(program.environment),
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        start_new_session=True,
        preexec_fn=_tied_to_parent(program.orphan_signal),  # noqa: PLW1509 - one prctl, which takes no lock
    )


LARGEST_LOG_BYTES = 10 * 2**20


def opened_log(path: Path) -> IO[bytes]:
    """Opens the file for appending; a large one is renamed to `.old` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.old"))
    return path.open("ab")


def stop(process: "subprocess.Popen[bytes]", program: Program, patience_seconds: float) -> None:
    """Asks it to end; after `patience_seconds` kills it and its children."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        end_group(process)
        process.wait()


def end_group(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def tie_to_parent(orphan_signal: signal.Signals = signal.SIGKILL) -> None:
    """Ends this process when its parent ends. It has an effect on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)


@contextmanager
def on_stop_signal(prepare: Callable[[], None]) -> Iterator[None]:
    """Call `prepare` in the running loop before the present handler of SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def on_signal(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(prepare)
        handler = previous[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in previous:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in previous.items():
            if signal.getsignal(number) is on_signal:
                signal.signal(number, handler)


def _tied_to_parent(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    """To call before exec, but after the change of account, which would undo it."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before prctl
            os._exit(1)

    return tie
