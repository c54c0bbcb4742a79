import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from models import db
from muster.errors import SetupError
from muster.local.embedded import Postgres, Valkey, exclusive_use, is_in_use, running
from muster.local.processes import spawn


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account can pass through, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="muster-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


of_the_embedded_server = pytest.mark.skipif(
    "MUSTER_TEST_DATABASE_URL" in os.environ, reason="only the embedded server has these settings"
)


async def test_the_database_folds_the_case_of_accented_letters(database: str) -> None:
    assert await db.fetch_value("SELECT lower('É')") == "é"


@of_the_embedded_server
async def test_nothing_needs_a_superuser(database: str) -> None:
    assert await db.fetch_value("SELECT current_setting('is_superuser')") == "off"


@of_the_embedded_server
async def test_the_log_of_the_server_has_no_personal_data(database: str) -> None:
    assert await db.fetch_value("SELECT current_setting('log_min_error_statement')") == "panic"
    assert await db.fetch_value("SELECT current_setting('log_error_verbosity')") == "terse"


def test_a_data_directory_has_one_run(folder: Path) -> None:
    with exclusive_use(folder):
        assert is_in_use(folder)
        with pytest.raises(SetupError, match=f"in use by another run .process {os.getpid()}."), exclusive_use(folder):
            pass
    assert not is_in_use(folder)


def test_valkey_keeps_what_it_was_given(folder: Path) -> None:
    import redis

    valkey = Valkey(folder / "valkey")
    for expected in (None, b"kept"):
        with running(valkey), redis.Redis.from_url(valkey.url) as client:
            assert client.get("key") == expected
            client.set("key", "kept")


def test_a_server_that_a_killed_run_left_running_is_stopped_and_its_data_kept(folder: Path) -> None:
    postgres = Postgres(folder / "postgres", throw_away=True)
    with postgres.log.open("ab") as log:
        orphan = spawn(postgres.prepare(), log)
    _wait_until_ready(postgres)
    with running(postgres):
        assert orphan.wait(5) is not None
        assert postgres.is_ready()
    assert not postgres.is_ready()


def test_a_stale_id_of_another_process_is_not_stopped(folder: Path) -> None:
    postgres = Postgres(folder / "postgres", throw_away=True)
    with running(postgres):
        pass
    (postgres.home / "data" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{postgres.home}/data\n1\n5432\n\n\n\nready\n"
    )
    with running(postgres):
        assert postgres.is_ready()


def test_a_folder_too_long_for_a_socket_gets_a_short_one(folder: Path) -> None:
    deep = folder / ("long" * 20) / ("path" * 10)
    valkey = Valkey(deep / "valkey", throw_away=True)
    with running(valkey):
        assert valkey.is_ready()


def test_data_of_another_version_is_refused(folder: Path) -> None:
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(SetupError, match="made by PostgreSQL 17"):
        Postgres(folder / "postgres").prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that PostgreSQL's account cannot reach")
def test_for_root_in_a_closed_folder_the_data_is_put_where_its_account_can_reach_it(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    postgres = Postgres(closed / "postgres", throw_away=True)
    try:
        for _ in ("first start", "second start"):
            with running(postgres):
                assert postgres.is_ready()
                assert postgres.home.is_symlink()
        assert closed.stat().st_mode & 0o077 == 0, "no folder of root was opened"
    finally:
        subprocess.run(["rm", "-rf", str(postgres.home.resolve())], check=True)


def _wait_until_ready(postgres: Postgres) -> None:
    from muster.local.embedded import wait_ready

    wait_ready(postgres.is_ready, lambda: True, "postgres")


def test_no_server_outlives_the_process_that_started_it(folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from muster.local.embedded import Valkey, running\n"
        "with running(Valkey(Path(sys.argv[1]), throw_away=True)): print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder / "valkey")], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        server = psutil.Process(int((folder / "valkey" / "valkey.pid").read_text()))
        owner.send_signal(signal.SIGKILL)
    psutil.wait_procs([server], timeout=5)
    assert not server.is_running()
