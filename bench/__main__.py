"""`python -m bench [reads ...]`: measure, print tables, and write bench/data/results.json.

Each measurement is a file of this folder with a coroutine `measure(place) -> list[Result]` and a TITLE. BENCH_CONTACTS,
BENCH_ROUNDS and BENCH_SECONDS (or the options) say how much.
"""

import argparse
import importlib
import os
from collections.abc import Sequence

import uvloop

from bench.environment import DATA, place
from bench.table import Result, print_table, write_json

MEASUREMENTS = [
    "reads", "engine", "live", "workflows", "transfers", "broadcasts", "destinations", "rule_queries", "tracking",
    "scores",
]  # fmt: skip
"""In running order: add yours."""

ON_REQUEST = ["peers", "console", "scale"]
"""They need other programs, so they run only when named."""


def _number(name: str, default: float) -> float:
    return float(os.environ.get(name, default))


def main() -> None:
    """Run what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        help=f"which: {', '.join(MEASUREMENTS)} (all of these when none is named), {', '.join(ON_REQUEST)}",
    )
    parser.add_argument("--contacts", type=int, default=int(_number("BENCH_CONTACTS", 1_000_000)))
    parser.add_argument("--rounds", type=int, default=int(_number("BENCH_ROUNDS", 3)))
    parser.add_argument("--seconds", type=float, default=_number("BENCH_SECONDS", 4))
    options = parser.parse_args()
    unknown = set(options.names) - {*MEASUREMENTS, *ON_REQUEST}
    if unknown:
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    sections: dict[str, Sequence[Result]] = {}
    with place(options.contacts, options.rounds, options.seconds) as where:
        for name in options.names or MEASUREMENTS:
            module = importlib.import_module(f"bench.{name}")
            sections[name] = uvloop.run(module.measure(where))  # as workers and the API do
            print_table(module.TITLE, sections[name])
    write_json(DATA / "results.json", sections, vars(options))
    print(f"\nwritten to {DATA / 'results.json'}")


if __name__ == "__main__":
    main()
