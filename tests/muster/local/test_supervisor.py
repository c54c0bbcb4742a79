import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator

import psutil
import pytest

from muster.errors import SetupError
from muster.local import supervisor as supervisor_module
from muster.local.processes import Program
from muster.local.supervisor import Service, Supervisor


@pytest.fixture
async def supervisor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Supervisor]:
    monkeypatch.setattr(supervisor_module, "FIRST_PAUSE_SECONDS", 0.05)
    supervisor = Supervisor(out=io.StringIO())
    yield supervisor
    await supervisor.stop()


def python(name: str, script: str) -> Service:
    return Service(name, lambda: Program(name, (sys.executable, "-uc", script)))


SLEEP = "import time; print('up', flush=True); time.sleep(60)"


def output_of(supervisor: Supervisor) -> str:
    assert isinstance(supervisor.out, io.StringIO)
    return supervisor.out.getvalue()


async def until(condition: "object", seconds: float = 20) -> None:
    assert callable(condition)
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("timed out")


def pid_of(supervisor: Supervisor, index: int = 0) -> int:
    process = supervisor.children[index].process
    assert process is not None
    return process.pid


async def test_output_is_shown_with_the_name_of_the_process(supervisor: Supervisor) -> None:
    await supervisor.start(python("greeter", SLEEP))
    await until(lambda: "greeter     | up" in output_of(supervisor))


async def test_a_process_that_dies_is_restarted(supervisor: Supervisor) -> None:
    await supervisor.start(python("mortal", SLEEP))
    first = pid_of(supervisor)
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.children[0].restarts == 1)
    assert pid_of(supervisor) != first
    assert "was ended by SIGKILL; starting it again" in output_of(supervisor)


async def test_a_broken_process_is_restarted_after_longer_and_longer_pauses(supervisor: Supervisor) -> None:
    await supervisor.start(python("broken", "raise SystemExit(3)"))
    await until(lambda: "again in 0.2 s" in output_of(supervisor))
    assert "ended with code 3; starting it again in 0.05 s" in output_of(supervisor)
    assert "again in 0.1 s" in output_of(supervisor)


async def test_no_pause_is_longer_than_the_longest(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "LONGEST_PAUSE_SECONDS", 0.1)
    await supervisor.start(python("broken", "raise SystemExit(3)"))
    await until(lambda: output_of(supervisor).count("again in 0.1 s") == 3)
    assert "0.2 s" not in output_of(supervisor)


async def test_a_process_that_ran_for_a_while_is_restarted_after_the_first_pause(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "STEADY_SECONDS", 0.0)
    await supervisor.start(python("young", "raise SystemExit(3)"))
    await until(lambda: output_of(supervisor).count("again in 0.05 s") == 3)
    assert "0.1 s" not in output_of(supervisor)


def test_workers_that_are_killed_when_they_are_young_are_back_within_seconds() -> None:
    assert supervisor_module.LONGEST_PAUSE_SECONDS <= 5
    assert supervisor_module.STEADY_SECONDS <= 10


async def test_the_children_of_a_dead_process_are_killed(supervisor: Supervisor) -> None:
    parent = (
        "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(c.pid, flush=True); time.sleep(60)"
    )
    await supervisor.start(python("parent", parent))
    await until(lambda: "|" in output_of(supervisor))
    child = psutil.Process(int(output_of(supervisor).split("|")[1]))
    os.kill(pid_of(supervisor), signal.SIGKILL)
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


async def test_a_stop_ends_the_last_stage_first(supervisor: Supervisor) -> None:
    say_bye = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()));"
    )
    await supervisor.start(python("server", f"{say_bye} print('up', flush=True); time.sleep(60)"))
    await supervisor.start(python("client", f"{say_bye} print('up', flush=True); time.sleep(60)"))
    await until(lambda: output_of(supervisor).count("| up") == 2)
    await supervisor.stop()
    assert output_of(supervisor).index("client      | bye") < output_of(supervisor).index("server      | bye")


async def test_a_closed_terminal_stops_nothing(supervisor: Supervisor) -> None:
    await supervisor.start(python("lonely", "print('up'); raise SystemExit(1)"))
    supervisor.out.close()
    await until(lambda: supervisor.children[0].restarts > 1)


async def test_a_process_that_does_not_stop_is_killed_when_all_is_to_stop_at_once(supervisor: Supervisor) -> None:
    await supervisor.start(python("stubborn", f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"))
    await until(lambda: "up" in output_of(supervisor))
    process = psutil.Process(pid_of(supervisor))
    supervisor.stop_at_once = True
    await supervisor.stop()
    assert not process.is_running()


async def test_a_start_waits_until_ready_and_fails_when_the_process_dies_before(supervisor: Supervisor) -> None:
    hopeless = Service("hopeless", lambda: Program("hopeless", (sys.executable, "-c", "")), lambda: False)
    with pytest.raises(SetupError, match="hopeless did not start"):
        await supervisor.start(hopeless)
