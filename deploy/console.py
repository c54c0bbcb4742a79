"""`make console` builds console/ into muster/console; with `--check`, as in `make check`, it builds beside it and compares."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import brotli

from deploy import console_stamp, node
from deploy.console_stamp import BUILT, ROOT, SOURCES, STAMP

CONSOLE: Final = ROOT / SOURCES
TEXTS: Final = (".css", ".js")
"""Endings of the files that are kept compressed."""

CHECKS: Final = ("lint", "unit")
"""Scripts of console/package.json."""


class Differs(Exception):
    """What was built is not what is committed."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.console", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; lint, test and compare")
    try:
        (check if parser.parse_args().check else build)()
    except (node.CannotInstall, node.Failed, Differs) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build() -> None:
    """Raises node.Failed with what the compilers said, and then leaves what was built before."""
    with tempfile.TemporaryDirectory(prefix="muster-console-") as folder:
        made = Path(folder) / "console"
        _build_into(made, _ready_node())
        console_stamp.write(ROOT, made)
        shutil.rmtree(ROOT / BUILT, ignore_errors=True)
        shutil.copytree(made, ROOT / BUILT)
    print(f"{BUILT}: {_kilobytes(ROOT / BUILT):,.0f} kB as it is sent")


def check() -> None:
    """Raises Differs when another build gives other bytes, and node.Failed when a check of the sources fails."""
    ready = _ready_node()
    with tempfile.TemporaryDirectory(prefix="muster-console-") as folder:
        made = Path(folder) / "console"
        _build_into(made, ready)
        different = sorted(_different(made, ROOT / BUILT))
    if different:
        names = ", ".join(different[:10])
        raise Differs(f"{BUILT} is not what {SOURCES}/ gives ({names}): run `make console`, and commit {BUILT}")
    scripts = json.loads((CONSOLE / "package.json").read_text())["scripts"]
    for name in CHECKS:
        if name in scripts:
            ready.run_npm(CONSOLE, "run", "--silent", name)
    print(f"{BUILT} is what {SOURCES}/ gives")


def _ready_node() -> node.Node:
    ready = node.installed()
    ready.install_modules(CONSOLE)
    return ready


def _build_into(folder: Path, ready: node.Node) -> None:
    ready.run_npm(CONSOLE, "run", "--silent", "build", CONSOLE_OUT=str(folder))
    for text in [path for path in folder.rglob("*") if path.suffix in TEXTS]:
        text.with_name(f"{text.name}.br").write_bytes(brotli.compress(text.read_bytes(), mode=brotli.MODE_TEXT))
        text.unlink()  # the API can make it of the compressed one: the wheel has each file once


def _different(made: Path, kept: Path) -> Iterator[str]:
    """The files that only one of the folders has, or that are not the same."""
    names = {path.relative_to(folder) for folder in (made, kept) for path in folder.rglob("*") if path.is_file()}
    for name in names - {Path(STAMP)}:
        both = [folder / name for folder in (made, kept)]
        if not all(path.is_file() for path in both) or both[0].read_bytes() != both[1].read_bytes():
            yield name.as_posix()


def _kilobytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != STAMP) / 1000


if __name__ == "__main__":
    sys.exit(main())
