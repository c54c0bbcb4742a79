"""`make explore`: the random tests, round after round with new examples, until one fails or the time is up."""

import os
import subprocess
import sys
import time
from random import SystemRandom

_INTERRUPTED = 2

_FOUND = """
Round {round} found something. The same again:  make explore ROUND={round} ARGS="{tests}"
Keep what it found, in the same commit that mends the fault (CONTRIBUTING.md, "Random tests"):
- "Falsifying example: test_x(a=1, b=2)" becomes @example(a=1, b=2) above the test's @given;
- "[10000]" behind the test's name becomes a number in its @with_seeds(12, 10000).
"""


def main(arguments: list[str]) -> int:
    """Explore. Gives the exit status: 0 when the time was up and nothing was found."""
    given, seconds = os.environ.get("ROUND"), os.environ.get("SECONDS_TO_EXPLORE")
    number = int(given or SystemRandom().randrange(1, 10**6))
    until = time.time() + float(seconds) if seconds else float("inf")
    while time.time() < until:
        print(f"round {number}", flush=True)
        status = _run(number, until, arguments)
        if status == _INTERRUPTED and time.time() >= until:
            return 0
        if status != 0:
            print(_FOUND.format(round=number, tests=" ".join(arguments)))
            return status
        if given:
            return 0
        number += 1
    return 0


def _run(number: int, until: float, arguments: list[str]) -> int:
    environment = os.environ | {"MUSTER_TEST_ROUND": str(number), "MUSTER_TEST_UNTIL": str(until)}
    command = (sys.executable, "-m", "pytest", "-q", "-x", "-m", "drawn or hypothesis", f"--hypothesis-seed={number}")
    return subprocess.run([*command, *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
