"""What killed API processes leave in the folder of shared metrics."""

from pathlib import Path

import psutil


def forget_the_dead(folder: Path) -> None:
    """Removes what processes that are gone said of the present, such as open sockets. What they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        number = file.stem.rsplit("_", 1)[-1]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            file.unlink(missing_ok=True)
