"""Exports in the API."""

import pytest

from permissions.principal import Scope
from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code message field }"


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
def api() -> Api:
    return Api()


async def test_an_export_is_started_and_mistakes_are_reported_at_their_paths(api, scope):
    query = f"mutation ($input: ExportStartInput!) {{ exportStart(input: $input) {{ job {{ status url format }} {ERRORS} }} }}"
    bearer = await bearer_of(scope)
    payload = (await api.data(bearer, query, input={"format": "NDJSON"}))["exportStart"]
    assert payload == {"job": {"status": "QUEUED", "url": None, "format": "NDJSON"}, "userErrors": []}
    for given, field in (
        ({"fields": ["email", "x"]}, ["input", "fields", "1"]),
        ({"format": "NDJSON", "bom": True}, ["input", "bom"]),
        ({"format": "XLSX", "bom": True}, ["input", "bom"]),
        ({"contacts": {"segmentId": "nonsense"}}, ["input", "contacts", "segmentId"]),
        ({"contacts": {"ids": ["nonsense"]}}, ["input", "contacts", "ids", "0"]),
        ({"contacts": {"filter": {"field": {"field": "x", "operator": "IS_SET"}}}}, None),
    ):
        errors = (await api.data(bearer, query, input=given))["exportStart"]["userErrors"]
        assert errors[0]["field"][: len(field or ["input", "contacts", "filter"])] == (
            field or ["input", "contacts", "filter"]
        )
