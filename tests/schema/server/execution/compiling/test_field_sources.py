"""The source of a field's value is known from its definition."""

import pytest

from schema.server.execution.compiling.field_sources import find_field_source
from tests.kit.toys import toy_schema

TOY = toy_schema().type_map["Toy"].fields  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "name", "is_mapped", "is_derived", "is_batched"),
    [
        ("madeAt", "made_at", False, False, False),
        ("id", "id", True, False, False),
        ("shout", "shout", False, True, False),
        ("children", "children", False, False, True),
    ],
)
def test_a_field_has_its_source(field: str, name: str, is_mapped: bool, is_derived: bool, is_batched: bool) -> None:
    source = find_field_source(TOY[field])
    assert source is not None
    found = (source.name, source.function is not None, source.getter is not None, source.is_batched)
    assert found == (name, is_mapped, is_derived, is_batched)


def test_a_field_with_a_resolver_of_its_own_has_no_source() -> None:
    assert find_field_source(TOY["slowly"]) is None
