"""The SQL in the source of the rooms: constants, and f-strings whose parts are constants of their file.

What a function composes of its own values is not read here: a test that sends it checks it (sent.py).
"""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.kit.statements.tree import parsed

ROOT: Final = Path(__file__).parents[3]

ROOMS: Final = ("models", "workers", "schema", "muster")

_BEGINS: Final = re.compile(
    r"\s*(/\*.*\*/\s*)?\(*(WITH|SELECT|INSERT|UPDATE|DELETE|MERGE|SET|TRUNCATE|LOCK|CREATE|DROP|ALTER)\s"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """`file` as from the root. `name`: that of the constant, or of the function in which the text stands."""

    file: str
    line: int
    name: str
    sql: str

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line} {self.name}"


@dataclass(slots=True)
class Source:
    """What was read. `composed`: where texts stand that only a function knows. `counted`: where a command tag is counted."""

    statements: list[Statement]
    composed: list[str]
    counted: list[Statement]


def read() -> Source:
    trees = {file: ast.parse(file.read_text()) for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))}
    sent = {name for tree in trees.values() for name in _names(tree, in_text=False)}
    source = Source([], [], [])
    for file, tree in trees.items():
        _Reader(file.relative_to(ROOT), tree, sent, source).read()
    return source


def _names(node: ast.AST, *, in_text: bool) -> Iterator[str]:
    """Yields names that are used, but not those that are only pasted into other texts."""
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name | ast.Attribute):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    if isinstance(node, ast.Attribute):
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from _names(child, in_text=in_text)


class _Reader:
    def __init__(self, file: Path, tree: ast.Module, sent: set[str], into: Source) -> None:
        self.file, self.tree, self.sent, self.into = file, tree, sent, into
        self._module: ModuleType | None = None
        self._alone = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        """What is done for its effect, its value unused."""

    def read(self) -> None:
        self._visit(self.tree, None)

    def _visit(self, node: ast.AST, name: str | None, *, in_function: bool = False) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                self._visit(child, child.name, in_function=True)
            elif isinstance(child, ast.ClassDef):
                self._visit(child, child.name, in_function=in_function)
            elif isinstance(child, ast.Assign | ast.AnnAssign) and not in_function:
                self._assigned(child)
            elif isinstance(child, ast.JoinedStr | ast.Constant):
                self._text(child, name or "", fragment=False)
            else:
                if isinstance(child, ast.Call):
                    self._counted(node, child, name or "")
                self._visit(child, name, in_function=in_function)

    def _assigned(self, node: ast.Assign | ast.AnnAssign) -> None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = target.id if isinstance(target, ast.Name) else ""
        if isinstance(node.value, ast.JoinedStr | ast.Constant):
            self._text(node.value, name, fragment=name not in self.sent)
        elif node.value is not None:
            self._visit(node, name)

    def _text(self, node: ast.JoinedStr | ast.Constant, name: str, *, fragment: bool) -> None:
        if not _BEGINS.match(self._beginning(node)):
            return
        text = self._value(node)
        if text is None:
            self.into.composed.append(f"{self.file}:{node.lineno} {name}")
        elif not fragment and parsed(text):
            self.into.statements.append(Statement(str(self.file), node.lineno, name, text))

    def _value(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        try:
            code = compile(ast.Expression(node), str(self.file), "eval")
            value = eval(code, vars(self._imported()))
        except Exception:  # it needs a value of the function
            return None
        return value if isinstance(value, str) else None

    def _imported(self) -> ModuleType:
        if self._module is None:
            self._module = importlib.import_module(".".join(self.file.with_suffix("").parts).removesuffix(".__init__"))
        return self._module

    def _counted(self, parent: ast.AST, call: ast.Call, name: str) -> None:
        """Notes a statement whose count of rows is used, as its command tag gives it."""
        executes = isinstance(call.func, ast.Attribute) and call.func.attr == "execute" and call.args
        if (
            not executes
            or not isinstance(parent, ast.Await)
            or not isinstance(call.args[0], ast.Name | ast.JoinedStr | ast.Constant)
        ):
            return
        if parent in self._alone:
            return
        text = self._value(call.args[0])
        if text is not None and parsed(text):
            self.into.counted.append(Statement(str(self.file), call.lineno, name, text))

    def _beginning(self, node: ast.JoinedStr | ast.Constant) -> str:
        first: ast.expr = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
        if isinstance(first, ast.FormattedValue) and isinstance(first.value, ast.Name):
            known = vars(self._imported()).get(first.value.id)
            return known if isinstance(known, str) else ""
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
