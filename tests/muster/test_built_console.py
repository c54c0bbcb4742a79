"""The console that is committed was built from the sources that are committed. No Node is needed to see that."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from deploy import console_stamp
from deploy.console_stamp import BUILT, ROOT
from schema.server.pages import console_files

CONSOLE: Final = ROOT / BUILT
BUILD: Final = "run `make console` and commit muster/console (after a merge: with either side's files)"


def test_the_console_was_built_from_its_sources() -> None:
    built, now = console_stamp.read(CONSOLE), console_stamp.stamp_of(ROOT, CONSOLE)
    assert built.get("inputs") == now["inputs"], f"console/ or schema/schema.graphql has changed since: {BUILD}."
    assert built.get("outputs") == now["outputs"], f"muster/console is not what was built: {BUILD}."


def test_the_api_has_everything_that_the_page_loads() -> None:
    built = console_files.read(CONSOLE)
    assert built is not None
    named = files_of(json.loads((CONSOLE / "manifest.json").read_text()))
    assert named <= set(built.files)
    assert set(re.findall(r'(?:src|href)="\./([^"]+)"', built.page)) <= set(built.files)
    late = {name for name in named if name.endswith((".js", ".css"))}
    assert late
    assert all(built.files[name].compressed for name in late)


def files_of(manifest: dict[str, dict[str, object]]) -> set[str]:
    """The files that a manifest of Vite names."""
    found: set[str] = set()
    for part in manifest.values():
        for name in ("file", "css", "assets"):
            value = part.get(name, [])
            found.update([value] if isinstance(value, str) else list(map(str, value)))  # type: ignore[call-overload]
    return found


# ---------------------------------------------------------------- the stamp itself


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    write(tmp_path, "console/src/main.tsx", "console/package-lock.json", "schema/schema.graphql", "deploy/node.txt")
    write(tmp_path, "muster/console/index.html", "muster/console/assets/index-1.js")
    console_stamp.write(tmp_path, tmp_path / BUILT)
    return tmp_path


def write(root: Path, *names: str, text: str = "as it was") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def changed(root: Path) -> list[str]:
    before, now = console_stamp.read(root / BUILT), console_stamp.stamp_of(root, root / BUILT)
    return [name for name in now if now[name] != before[name]]


@pytest.mark.parametrize(
    "name", ["console/src/main.tsx", "console/src/new.ts", "schema/schema.graphql", "deploy/node.txt"]
)
def test_a_change_of_a_source_is_seen(checkout: Path, name: str) -> None:
    assert changed(checkout) == []
    write(checkout, name, text="otherwise")
    assert changed(checkout) == ["inputs"]


def test_a_source_that_is_renamed_is_seen(checkout: Path) -> None:
    (checkout / "console/src/main.tsx").rename(checkout / "console/src/other.tsx")
    assert changed(checkout) == ["inputs"]


@pytest.mark.parametrize("name", ["index.html", "assets/index-1.js", "assets/more-2.js"])
def test_a_change_of_what_was_built_is_seen(checkout: Path, name: str) -> None:
    write(checkout, f"muster/console/{name}", text="otherwise")
    assert changed(checkout) == ["outputs"]


@pytest.mark.parametrize(
    "name", ["node_modules/a.js", "src/__generated__/a.ts", "src/a.test.ts", ".cache/a", "README.md"]
)
def test_what_does_not_get_into_the_console_changes_nothing(checkout: Path, name: str) -> None:
    write(checkout, f"console/{name}")
    assert changed(checkout) == []
