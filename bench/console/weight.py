"""How many bytes a browser loads, and what the console adds to the wheel."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.table import Result
from muster.app import CONSOLE
from schema.server.pages import console_files
from schema.server.pages.console_files import BuiltConsole

FIRST_LOAD_KB, WHEEL_KB = 230, 1_200

LATE_KB = {"segment_new": 60, "text_form": 95, "chart": 120, "workflow_editor": 80}
"""Goals for what is loaded late, in kB by gzip, by a word in the name of the part."""

SHOWN = 8
"""Of the parts that are loaded late, the heaviest."""

Manifest = dict[str, dict[str, Any]]


def measure() -> list[Result]:
    built = console_files.read(CONSOLE)
    assert built is not None, "there is no console here: make console"
    manifest: Manifest = json.loads(built.files["manifest.json"].body)
    first = files_with(manifest, (name for name, part in manifest.items() if part.get("isEntry")))
    first_kb = (
        sum(len(built.files[name].compressed or built.files[name].body) for name in first if is_code(name)) / 1000
    )
    wheel_kb = _zipped_bytes(CONSOLE) / 1000
    return [
        Result("first load of JS and CSS", {"brotli_kb": first_kb}, "goal", {"brotli_kb": first_kb / FIRST_LOAD_KB}),
        Result("whole console in the wheel", {"zip_kb": wheel_kb}, "goal", {"zip_kb": wheel_kb / WHEEL_KB}),
        *_late(built, manifest, first),
    ]


def _late(built: BuiltConsole, manifest: Manifest, first: set[str]) -> list[Result]:
    """What each part that is loaded late adds to the first load."""
    weights = {}
    for name, part in manifest.items():
        if part.get("isDynamicEntry"):
            added = files_with(manifest, [name]) - first
            weights[name] = sum(len(zlib.compress(built.files[one].body, 9)) for one in added if is_code(one)) / 1000
    heaviest = sorted(weights, key=lambda name: weights[name], reverse=True)[:SHOWN]
    return [_with_goal(name, weights[name]) for name in heaviest]


def _with_goal(name: str, kilobytes: float) -> Result:
    goals = [goal for word, goal in LATE_KB.items() if word in name]
    ratios = {"gzip_kb": kilobytes / goals[0]} if goals else {}
    return Result(f"  late: {name}", {"gzip_kb": kilobytes}, "goal" if goals else None, ratios)


def files_with(manifest: Manifest, names: Iterable[str]) -> set[str]:
    """The files that a browser loads with these parts: theirs, and those of all that they import at once."""
    return {file for name in _closure(manifest, names) for file in _files(manifest[name])}


def _closure(manifest: Manifest, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += manifest[name].get("imports", [])
    return found


def _files(part: dict[str, Any]) -> Iterator[str]:
    yield part["file"]
    yield from part.get("css", [])


def is_code(name: str) -> bool:
    return name.endswith((".js", ".css"))


def _zipped_bytes(folder: Path) -> int:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return len(whole.getvalue())
