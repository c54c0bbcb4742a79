"""What is compiled, and what is left to graphql-core."""

from typing import Any

import pytest
from graphql import parse

from schema.server.execution.compiling.completers import Completer
from schema.server.execution.executor import CompiledExecutor
from tests.kit.toys import toy_schema

SCHEMA = toy_schema()


def compiled(query: str) -> Completer | None:
    """The completer of the root field."""
    executor: Any = CompiledExecutor.build(SCHEMA, parse(query))
    completer: Completer | None = executor.root_completer()[1]
    return completer


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ dear }", "one"),
        ("{ plainToys { name tags } }", "one"),
        ("{ anything { id ... on Box { toys { name } } } }", "one"),
        ("{ plainToys { children { name } } }", "many"),
        ("{ plainToys { ...T } } fragment T on Toy { parent { id } }", "many"),
        ("{ plainToys { slowly } }", "none"),
        ("{ anything { id ... on Toy { parent { id } } } }", "none"),
    ],
)
def test_a_selection_is_compiled_unless_a_field_has_a_resolver_of_its_own(query: str, kind: str) -> None:
    completer = compiled(query)
    found = "none" if completer is None else "one" if completer.one is not None else "many"
    assert found == kind
