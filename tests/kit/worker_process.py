"""What a worker process of the tests runs. It is forked from a process that has imported this: a start costs a tenth."""

import os
import sys

from workers.context import WorkerConfig
from workers.runner import run_worker


def work(queue: str, config: WorkerConfig, setup: str) -> None:
    os.dup2(2, 1)  # it logs to our standard error
    exec(setup, {})
    sys.exit(run_worker(queue, config))
