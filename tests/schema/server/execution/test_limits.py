"""Documents have limits, and what is within them is read quickly."""

import re
import time

import pytest
from graphql import get_introspection_query

from models.errors import Refusal
from schema.server.execution.documents import Documents
from schema.server.execution.limits import DocumentLimits
from tests.kit.toys import toy_schema

SCHEMA = toy_schema()


def reason(query: str, limits: DocumentLimits | None = None) -> str:
    """Why a document is refused."""
    errors = Documents(SCHEMA, limits or DocumentLimits()).get(query).errors
    return str(errors[0].args[0] if isinstance(errors[0], Refusal) else errors[0].message)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ toy(number: 1) { " + "parent { " * 15 + "id" + " }" * 15 + " } }", "17 levels of fields: .* is 16"),
        ("{ toy(number: 1) { " + " ".join(f"a{n}: id" for n in range(101)) + " } }", "101 aliases: .* is 100"),
        ("{ " + " ".join(f"a{n}: who" for n in range(51)) + " }", "51 fields at the root: .* is 50"),
        ("{ toy(number: 1) { id " + "@include(if: true) " * 101 + "} }", "101 directives: .* is 100"),
        ("{ toy(number: 1) { " + "id " * 2_001 + "} }", "2002 fields: .* is 2000"),
        ("{ toy(number: 1) { " + "id " * 10_001 + "} }", "more that 10000 tokens|more than 10000 tokens"),
        ("query A { a: who } query B { who " + "who " * 50 + "}", "51 fields at the root"),
    ],
)
def test_a_document_over_a_limit_gets_the_limit(query: str, expected: str) -> None:
    assert re.search(expected, reason(query)), reason(query)


def test_fragments_count_wherever_they_are_spread() -> None:
    levels = " ".join(
        f"fragment F{n} on Toy {{ a: parent {{ ...F{n + 1} }} b: parent {{ ...F{n + 1} }} }}" for n in range(12)
    )
    assert "fields" in reason("{ toy(number: 1) { ...F0 } } " + levels + " fragment F12 on Toy { id }")


def test_fragments_in_a_circle_are_reported_by_the_validation() -> None:
    assert "Cannot spread fragment" in reason("{ toy(number: 1) { ...A } } fragment A on Toy { parent { ...A } }")


@pytest.mark.parametrize("text", ["{ toy" * 5_000, "{ a(b: " + "[" * 4_000, "{ a(b: " + "{c: " * 3_000])
def test_a_text_nested_too_deeply_to_be_read_is_a_bad_request(text: str) -> None:
    assert reason(text)


def test_the_introspection_of_the_explorer_stays_within_the_limits() -> None:
    assert not Documents(SCHEMA).get(get_introspection_query(input_value_deprecation=True)).errors


def test_the_worst_document_within_the_limits_is_read_in_a_second() -> None:
    same = " ".join(["toy(number: 1) { id name }"] * 49)
    wide = " ".join(["id name maker parts"] * 480)
    for query in (f"{{ {same} }}", f"{{ toy(number: 1) {{ {wide} }} }}"):
        started = time.perf_counter()
        Documents(SCHEMA).get(query)
        assert time.perf_counter() - started < 3
