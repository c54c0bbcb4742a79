"""What the sdist and the wheel made from it hold. Both are built once, offline, as for a release."""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Final

import pytest

from muster.generated import ROOT
from schema.server.pages import console_files
from schema.server.pages.console_files import BuiltConsole

pytestmark = pytest.mark.timeout(300)  # the first one builds the packages

MOST_BYTES: Final = 1_200_000
"""That the console may weigh in the wheel."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    with tarfile.open(built("sdist", ROOT, folder)) as sdist:
        sdist.extractall(folder, filter="data")
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    return built("wheel", unpacked, folder)


def built(target: str, source: Path, folder: Path) -> Path:
    """The path of the package that was built of `source`."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=source, capture_output=True, check=True, timeout=120)
    (path,) = folder.glob("*.tar.gz" if target == "sdist" else "*.whl")
    return path


@pytest.fixture(scope="module")
def console(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltConsole:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    found = console_files.read(folder / "muster" / "console")
    assert found is not None
    return found


def test_the_wheel_has_the_whole_console(console: BuiltConsole) -> None:
    manifest = json.loads(console.files["manifest.json"].body)
    named = {part["file"] for part in manifest.values()}
    named |= {name for part in manifest.values() for name in [*part.get("css", []), *part.get("assets", [])]}
    assert len(named) > 3
    assert named <= set(console.files)
    assert console == console_files.read(ROOT / "muster" / "console")


def test_the_console_is_light(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {one.filename: one.compress_size for one in archive.infolist() if "muster/console/" in one.filename}
    assert not [name for name in sizes if name.endswith(".map")]
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_the_wheel_has_no_sources_of_the_console_and_nothing_that_was_installed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "permissions",
        "models",
        "workers",
        "schema",
        "muster",
    }
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]
