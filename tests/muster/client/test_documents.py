"""The commands ask only for what the public API has."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from muster.client import documents

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text(), assume_valid=True)
DOCUMENTS = {name: text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid(name: str) -> None:
    assert validate(SCHEMA, parse(DOCUMENTS[name])) == []
