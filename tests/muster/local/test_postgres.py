import os
import subprocess
from pathlib import Path

import pytest

from models import db
from muster.errors import SetupError
from muster.local.embedded import running, wait_ready
from muster.local.postgres import Postgres
from muster.local.processes import spawn

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


def test_a_server_that_a_killed_run_left_running_is_stopped_and_its_data_kept(folder: Path) -> None:
    postgres = Postgres(folder / "postgres", throw_away=True)
    with postgres.log.open("ab") as log:
        orphan = spawn(postgres.prepare(), log)
    wait_ready(postgres.is_ready, lambda: True, "postgres")
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
