"""What the built console was built from, as digests in a file beside it. No Node is needed to compare them."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BUILT: Final = Path("muster") / "console"
STAMP: Final = "stamp.json"

SOURCES: Final = Path("console")
OTHER_INPUTS: Final = (Path("schema") / "schema.graphql", Path("deploy") / "node.txt")

MADE_OR_INSTALLED: Final = frozenset({"node_modules", "__generated__", "coverage", "dist"})
"""Folders in console/ that programs write."""

NOT_BUILT: Final = (".md", ".test.ts", ".test.tsx", ".tsbuildinfo", ".log")
"""Endings of files in console/ that do not get into what is built."""


def stamp_of(root: Path, built: Path) -> dict[str, str]:
    """Returns the digests of everything that the console of a checkout is built from, and of what was built into a folder."""
    files = (path for path in built.rglob("*") if path.is_file() and path != built / STAMP)
    return {"inputs": _digest(root, inputs_of(root)), "outputs": _digest(built, files)}


def write(root: Path, built: Path) -> None:
    (built / STAMP).write_text(json.dumps(stamp_of(root, built), indent=2) + "\n")


def read(built: Path) -> dict[str, str]:
    """Returns an empty dict when nothing was built."""
    stamp = built / STAMP
    return dict(json.loads(stamp.read_text())) if stamp.exists() else {}


def inputs_of(root: Path) -> Iterator[Path]:
    yield from (root / path for path in OTHER_INPUTS)
    for path in (root / SOURCES).rglob("*"):
        parts = path.relative_to(root / SOURCES).parts
        is_ours = not MADE_OR_INSTALLED.intersection(parts) and not any(part.startswith(".") for part in parts)
        if is_ours and path.is_file() and not path.name.endswith(NOT_BUILT):
            yield path


def _digest(root: Path, paths: Iterable[Path]) -> str:
    """Of names and contents."""
    whole = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in paths):
        whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {name}\n".encode())
    return whole.hexdigest()
