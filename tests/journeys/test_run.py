"""`muster up`, as a newcomer has it: started, broken into, stopped."""

import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.kit.run import Run, free_port, running, until

pytestmark = pytest.mark.timeout(300)  # each start is of a whole system


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with running() as run:
        yield run


def test_it_tells_where_it_is_and_how_to_sign_in(run: Run) -> None:
    until(lambda: "Stop       Ctrl-C" in run.said(), 60)
    address = f"http://127.0.0.1:{run.port}"
    lines = [f"Console    {address}/\n", f"GraphQL    {address}/graphql\n", f"Explorer   {address}/explorer\n"]
    for line in [*lines, "Sign in    admin@demo.example  password:"]:
        assert line in run.said()


def test_the_token_that_it_prints_is_good(run: Run) -> None:
    token = run.muster("token").stdout.removesuffix("\n")
    assert token
    assert "\n" not in token
    answer = run.ask("{ viewer { workspace { name contactCount } } }", token)
    assert answer["data"] == {"viewer": {"workspace": {"name": "Demo", "contactCount": 3000}}}


def test_the_doctor_finds_nothing_wrong(run: Run) -> None:
    examined = run.muster("doctor")
    assert examined.returncode == 0, examined.stdout
    assert "wrong" not in examined.stdout


def test_a_second_run_on_the_same_data_gets_one_clear_line(run: Run) -> None:
    second = run.muster("up", MUSTER_PORT=str(free_port()))
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "is in use by another run" in second.stderr


def test_a_port_in_use_gets_one_clear_line(run: Run) -> None:
    second = run.muster("up", MUSTER_DATA_DIR=str(run.data_dir / "other"))
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{run.port}" in second.stderr


def test_a_worker_that_dies_is_started_again(run: Run) -> None:
    first = run.named("worker", "realtime")
    first.kill()
    until(lambda: not first.is_running() and "realtime    | was ended by SIGKILL" in run.said(), 60)
    until(lambda: run.said().count("queue=realtime") >= 2, 60)


def test_a_database_that_dies_is_started_again_and_the_api_finds_it(run: Run) -> None:
    postmaster = psutil.Process(int((run.data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))
    postmaster.kill()
    until(lambda: "postgres    | was ended by SIGKILL" in run.said(), 60)
    until(run.is_ready, 60)
    assert "data" in run.ask("{ viewer { workspace { name } } }", run.muster("token").stdout.strip())


def test_a_stop_leaves_nothing_behind(run: Run) -> None:
    before = len(run.said())
    assert run.stop(signal.SIGTERM) == 0
    assert run.processes() == []
    assert "Traceback" not in run.said()[before:]
    assert "ERROR" not in run.said()[before:].upper()


def test_a_second_start_goes_on_with_the_same_data(run: Run) -> None:
    run.start()
    assert run.said().count("made the demo workspace") == 1
    assert run.said().count("migrated: 0001_foundation") == 1


def test_killed_without_a_chance_it_leaves_nothing_running(run: Run) -> None:
    until(lambda: "broadcast" in run.said(), 60)
    run.stop(signal.SIGKILL)
    until(lambda: run.processes() == [], 60)


def test_after_that_it_starts_as_if_nothing_had_been(run: Run) -> None:
    run.start()
    assert run.stop(signal.SIGINT) == 0
