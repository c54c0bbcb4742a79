"""Documents are parsed once and kept."""

import pytest

from schema.server.execution import documents
from schema.server.execution.documents import Documents
from schema.server.refusals import BadRequest
from tests.kit.toys import toy_schema

SCHEMA = toy_schema()


def test_a_text_is_read_once() -> None:
    kept = Documents(SCHEMA)
    assert kept.get("{ toy(number: 1) { id } }") is kept.get("{ toy(number: 1) { id } }")
    assert kept.get("{ nothing }") is kept.get("{ nothing }")


def test_the_least_recently_used_document_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    kept = Documents(SCHEMA)
    first = kept.get("{ a: __typename }")
    kept.get("{ b: __typename }")
    assert kept.get("{ a: __typename }") is first
    kept.get("{ c: __typename }")
    assert list(kept.kept) == ["{ a: __typename }", "{ c: __typename }"]


def test_a_long_text_is_not_kept() -> None:
    kept = Documents(SCHEMA)
    kept.get("{ __typename }" + " " * documents.LONGEST_KEPT)
    assert not kept.kept


def test_plans_are_kept_apart_by_what_is_skipped_and_included() -> None:
    query = "query ($a: Boolean!, $b: Int!) { toy(number: $b) { id name @skip(if: $a) } }"
    operation = Documents(SCHEMA).get(query).operation(None)
    assert operation.switches == ("a",)
    assert operation.plans_for({"a": True, "b": 1}) is operation.plans_for({"a": True, "b": 2})
    assert operation.plans_for({"a": True, "b": 1}) is not operation.plans_for({"a": False, "b": 1})


def test_which_operation_is_meant_must_be_clear() -> None:
    document = Documents(SCHEMA).get("query A { who } query B { who }")
    assert document.operation("B").name == "B"
    for name in (None, "C"):
        with pytest.raises(BadRequest):
            document.operation(name)
