"""Starts, restarts and stops processes, and shows their output."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from muster.errors import SetupError
from muster.local.processes import Program, end_group, opened_log, spawn

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 4.0
"""Work waits for a worker that is killed again and again, so the pause stays short."""
STEADY_SECONDS = 5.0
"""Then the next pause before a restart is the first one again."""
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 15.0
COLOURS = (36, 33, 35, 32, 34, 31)


@dataclass(frozen=True)
class Service:
    """`prepare` is called at each start. Output is shown, or written to `log`."""

    name: str
    prepare: Callable[[], Program]
    is_ready: Callable[[], bool] | None = None
    log: Path | None = None


@dataclass
class Child:
    service: Service
    colour: int
    program: Program | None = None
    process: "subprocess.Popen[bytes] | None" = None
    keeper: "asyncio.Task[None] | None" = None
    restarts: int = 0


@dataclass
class Supervisor:
    """Starts stages, and stops them in reverse order."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    stages: list[list[Child]] = field(default_factory=list)
    stopping: bool = False
    stop_at_once: bool = False
    """Set during `stop`: kills what has not ended."""

    async def start(self, *services: Service) -> None:
        """Waits until all are ready. SetupError when one ends before."""
        stage = [Child(service, COLOURS[(len(self.children) + n) % len(COLOURS)]) for n, service in enumerate(services)]
        self.stages.append(stage)
        for child in stage:
            self._launch(child)
            child.keeper = asyncio.create_task(self._keep_running(child))
        for child in stage:
            await self._wait_until_ready(child)

    @property
    def children(self) -> list[Child]:
        return [child for stage in self.stages for child in stage]

    async def stop(self) -> None:
        """Kills what does not end in time."""
        self.stopping = True
        while self.stages:
            stage = self.stages.pop()
            await asyncio.gather(*(self._stop(child) for child in stage))

    def say(self, line: str, name: str = "muster", colour: int = 0) -> None:
        label = f"{name:<12}|"
        try:
            if colour and self.out.isatty():
                label = f"\x1b[{colour}m{label}\x1b[0m"
            print(f"{label} {line}", file=self.out, flush=True)
        except (OSError, ValueError):  # the terminal was closed
            pass

    def _launch(self, child: Child) -> None:
        log = child.service.log
        child.program = child.service.prepare()
        if log is None:
            child.process = spawn(child.program, subprocess.PIPE)
        else:
            with opened_log(log) as output:
                child.process = spawn(child.program, output)

    async def _keep_running(self, child: Child) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            await self._watch(child)
            if self.stopping:
                return
            assert child.process is not None
            end_group(child.process)  # its children
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self.say(
                f"{_ending(child.process.returncode)}; starting it again in {pause:g} s",
                child.service.name,
                child.colour,
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            if not await self._relaunch(child):
                return

    async def _relaunch(self, child: Child) -> bool:
        while not self.stopping:
            try:
                self._launch(child)
            except (OSError, SetupError) as error:
                self.say(f"cannot be started: {error}", child.service.name, child.colour)
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            else:
                child.restarts += 1
                return True
        return False

    async def _watch(self, child: Child) -> None:
        assert child.process is not None
        reading = asyncio.create_task(self._print_lines(child, child.process))
        while child.process.poll() is None:
            await asyncio.sleep(POLL_SECONDS)
        try:
            await asyncio.wait_for(reading, 1)  # a grandchild may hold the pipe open
        except TimeoutError:
            pass

    async def _print_lines(self, child: Child, process: "subprocess.Popen[bytes]") -> None:
        if process.stdout is None:
            return
        reader = asyncio.StreamReader(limit=2**20)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), process.stdout
        )
        try:
            while line := await _line(reader):
                self.say(line.decode(errors="replace").rstrip(), child.service.name, child.colour)
        finally:
            transport.close()

    async def _wait_until_ready(self, child: Child) -> None:
        is_ready = child.service.is_ready
        if is_ready is None:
            return
        deadline = time.monotonic() + 60
        while not await asyncio.to_thread(is_ready):
            if child.restarts > 0 or time.monotonic() > deadline:
                where = "its lines above say" if child.service.log is None else f"{child.service.log} says"
                raise SetupError(f"{child.service.name} did not start: {where} why.")
            await asyncio.sleep(0.02)

    async def _stop(self, child: Child) -> None:
        process, program = child.process, child.program
        if process is None or program is None:
            return
        if process.poll() is None:
            process.send_signal(program.stop_signal)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < deadline and not self.stop_at_once:
            await asyncio.sleep(POLL_SECONDS)
        end_group(process)
        process.wait()
        if child.keeper is not None:
            await asyncio.wait([child.keeper], timeout=2)
            child.keeper.cancel()


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil()
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await reader.readexactly(overrun.consumed)


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
