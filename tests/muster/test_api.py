"""The HTTP server around the app, as a program of its own."""

import os
from pathlib import Path

import pytest

from tests.kit.api_processes import api_of_two_processes

_SLOW_TO_BEGIN = """
import sys, time
if "multiprocessing.spawn" in " ".join(sys.orig_argv):
    time.sleep(15)
"""
"""Python runs it at the start of each process: those that the API starts take longer than uvicorn waits by itself."""


@pytest.mark.slow  # it waits for what is slow to begin
async def test_processes_that_are_slow_to_begin_are_waited_for(
    another_database: str, redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_SLOW_TO_BEGIN)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    async with api_of_two_processes(another_database, redis_url, tmp_path, {"PYTHONPATH": path}):
        pass
