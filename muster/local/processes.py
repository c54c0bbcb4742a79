"""How a child process is started: in a session of its own, under an account of its own, and never outliving its parent."""

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
    """A user of the operating system."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """What to run. `stop_signal` asks it to end well; `orphan_signal` is what it gets when the parent dies without asking."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    account: OsAccount | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL


def spawn(program: Program, output: int | IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start it, standard output and error to `output`. Call this from the main thread: Linux tells the child of the end of
    the thread that started it. A Ctrl-C on the terminal reaches only us; the child is told by its `stop_signal`."""
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
    """The file, to append to. What has grown large is kept once more as `.old`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.old"))
    return path.open("ab")


def stop(process: "subprocess.Popen[bytes]", program: Program, patience_seconds: float) -> None:
    """Ask it to end; after `patience_seconds` end it, and whatever it started."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        end_group(process)
        process.wait()


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process with all its children (its session's group)."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def tie_to_parent(orphan_signal: signal.Signals = signal.SIGKILL) -> None:
    """End this very process when its parent ends: for processes that a library starts for us. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)


@contextmanager
def when_told_to_stop(prepare: Callable[[], None]) -> Iterator[None]:
    """Call `prepare` in the running loop when SIGTERM or SIGINT comes, before the handler that is there already does its part."""
    loop = asyncio.get_running_loop()
    there = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(prepare)
        handler = there[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in there:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in there.items():
            if signal.getsignal(number) is told:
                signal.signal(number, handler)


def _tied_to_parent(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    """For the moment between fork and exec, and after the account was changed (which would undo it)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died between the fork and this line
            os._exit(1)

    return tie
