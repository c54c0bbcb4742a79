"""No private or undocumented part of graphql-core and strawberry is used that tests/kit/library_contract.py does not list."""

import ast
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

import graphql
import pytest
import strawberry
from graphql import parse
from graphql.execution import Executor

from tests.kit.library_contract import (
    EXECUTOR_ATTRIBUTES,
    EXECUTOR_METHODS,
    EXTENSION_KEYS,
    OTHER_NAMES,
    PRIVATE_ATTRIBUTES,
    SIGNATURES,
    TUPLES,
)

ROOT: Final = Path(__file__).resolve().parents[2]
READ: Final = ("schema", "muster")
EXAMPLE: Final = Executor.build(graphql.build_schema("type Query { a: Int }"), parse("{ a }"))
MEMBERS: Final = {*dir(Executor), *vars(EXAMPLE)} - {*dir(object)}
LIBRARY_TEXT: Final = re.compile(r"_raw_\w+|__strawberry\w+|strawberry-[\w-]+|graphql-core[\w-]*")
OF_PYTHON: Final = {name for kind in (object, type, Enum, type(ast.walk)) for name in dir(kind)} | {"_exit"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for room in READ:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def unlisted_imports(tree: ast.Module) -> Iterator[str]:
    """Names imported from a module that does not export them as public."""
    public = {"graphql": set(graphql.__all__), "strawberry": set(strawberry.__all__)}
    for node in ast.walk(tree):
        library = (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else ""
        if library in public:
            assert isinstance(node, ast.ImportFrom)
            for alias in node.names:
                is_public = alias.name in public[library] and (library == "graphql" or node.module == library)
                listed = {*SIGNATURES, *TUPLES, *OTHER_NAMES}
                if not is_public and (node.module, alias.name) not in listed:
                    yield f"line {node.lineno} imports {alias.name} from {node.module}"


def names_of_ours(everything: list[tuple[str, ast.Module]]) -> set[str]:
    """The names that our own code defines as functions, methods, variables, attributes of `self` or slots."""
    names: set[str] = set()
    for _, tree in everything:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
    return names


def unlisted_private_names(tree: ast.Module, ours: set[str]) -> Iterator[str]:
    """Private attributes of the libraries, also as the texts that getattr takes, and keys of extensions."""
    known = ours | OF_PYTHON | PRIVATE_ATTRIBUTES | EXTENSION_KEYS
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and node.attr not in known:
            yield f"line {node.lineno} reads {node.attr}"
        elif (
            isinstance(node, ast.Constant) and str(node.value) not in known and LIBRARY_TEXT.fullmatch(str(node.value))
        ):
            yield f"line {node.lineno} reads {node.value}"


def unlisted_executor_members(tree: ast.Module) -> Iterator[str]:
    """Members of graphql-core's executor that a subclass overrides or uses, or that are read of a name `executor`."""
    unlisted = MEMBERS - {*EXECUTOR_METHODS, *EXECUTOR_ATTRIBUTES}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any("Executor" in ast.unparse(base) for base in node.bases):
            inner = [*node.body, *(part for part in ast.walk(node) if isinstance(part, ast.Attribute))]
            used = {_member_of(part) for part in inner} & unlisted
            yield from sorted(f"{node.name} uses {name}" for name in used)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).split(".")[-1] == "executor":
            yield from (f"line {node.lineno} uses {name} of the executor" for name in {node.attr} & unlisted)


def _member_of(part: ast.AST) -> str:
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
        return part.name
    return part.attr if isinstance(part, ast.Attribute) and ast.unparse(part.value) in ("self", "super()") else ""


def test_no_private_name_is_used_that_is_not_listed() -> None:
    everything = list(trees())
    ours = names_of_ours(everything)
    problems = [
        f"{path}: {problem}, which the contract does not list"
        for path, tree in everything
        for problem in (*unlisted_imports(tree), *unlisted_private_names(tree, ours), *unlisted_executor_members(tree))
    ]
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize(
    "source",
    [
        "from graphql.execution.execute import assert_event_stream",
        "from strawberry.utils.inspect import in_async_context",
        "info._field.name",
        "getattr(kind, '__strawberry_private__')",
        "class Mine(Executor[None]):\n    def f(self): return self.background_futures",
        "self.executor.complete_leaf_value(1)",
    ],
)
def test_the_search_finds_a_use_that_is_not_listed(source: str) -> None:
    tree = ast.parse(source)
    found = [*unlisted_imports(tree), *unlisted_private_names(tree, set()), *unlisted_executor_members(tree)]
    assert len(found) == 1, found
