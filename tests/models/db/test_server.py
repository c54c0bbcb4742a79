"""The tests run on the PostgreSQL that they are told to run on. On another one they would say that all is well with this one."""

import os
import subprocess
from pathlib import Path

from models import db
from muster.local.postgres import MAJOR_VERSION

OLDEST, NEWEST = 15, 18


async def test_the_server_is_the_one_that_was_asked_for(database):
    version = (await db.fetch_value("SHOW server_version")).split()[0]
    if programs := os.environ.get("MUSTER_TEST_POSTGRES"):
        asked = subprocess.run([Path(programs) / "postgres", "--version"], capture_output=True, text=True, check=True)
        assert version == asked.stdout.split()[2]
    elif "MUSTER_TEST_DATABASE_URL" in os.environ:
        assert OLDEST <= int(version.split(".")[0]) <= NEWEST
    else:
        assert version.split(".")[0] == MAJOR_VERSION
