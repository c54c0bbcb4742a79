"""Changes of broadcasts."""

from typing import Any

import pytest

from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import ERRORS, Api
from tests.kit.broadcasts import a_segment, people, template


async def a_value(scope: Scope, **more: Any) -> dict[str, Any]:
    segment = await a_segment(scope, await people(scope, 2))
    return {
        "name": "Sale",
        "templateId": to_global_id("MessageTemplate", (await template(scope)).id),
        "parameters": [{"name": "1", "field": "name", "fallback": "you"}],
        "includeSegmentIds": [to_global_id("Segment", segment)],
        **more,
    }


CREATE = f"""mutation ($input: BroadcastCreateInput!) {{ broadcastCreate(input: $input) {{ broadcast {{
    id name status requireOptIn maxLateness parameters {{ name field text fallback }} template {{ name parameters }}
    includeSegments {{ name }} excludeSegments {{ name }} audience {{ recipients }} counts {{ pending }} retryOf {{ id }}
    reason scheduledAt startedAt finishedAt }} {ERRORS} }} }}"""


async def test_a_created_broadcast_is_shown_as_it_was_written(api: Api, scope: Scope, bearer: str):
    made = (await api.data(bearer, CREATE, input=await a_value(scope, maxLateness="PT15M")))["broadcastCreate"]
    assert made["userErrors"] == []
    shown = made["broadcast"]
    assert shown.pop("id")
    assert shown == {
        "name": "Sale",
        "status": "DRAFT",
        "requireOptIn": True,
        "maxLateness": "PT15M",
        "parameters": [{"name": "1", "field": "name", "text": None, "fallback": "you"}],
        "template": {"name": "greeting", "parameters": ["1"]},
        "includeSegments": [{"name": "Everybody"}],
        "excludeSegments": [],
        "audience": {"recipients": 2},
        "counts": {"pending": 0},
        "retryOf": None,
        "reason": None,
        "scheduledAt": None,
        "startedAt": None,
        "finishedAt": None,
    }


async def test_mistakes_are_reported_with_their_field(api: Api, scope: Scope, bearer: str):
    wrong = await a_value(scope, parameters=[{"name": "1", "field": "nonsense"}], includeSegmentIds=["nonsense"])
    made = (await api.data(bearer, CREATE, input=wrong))["broadcastCreate"]
    assert made["broadcast"] is None
    assert [(error["code"], error["field"]) for error in made["userErrors"]] == [
        ("INVALID", ["parameters", "0", "field"])
    ]
    wrong = {**wrong, "parameters": [{"name": "1", "field": "name"}]}
    made = (await api.data(bearer, CREATE, input=wrong))["broadcastCreate"]
    assert [(error["code"], error["field"]) for error in made["userErrors"]] == [
        ("NOT_FOUND", ["includeSegmentIds", "0"])
    ]


@pytest.mark.parametrize("name", ["Schedule", "Pause", "Resume", "Cancel", "Retry"])
async def test_a_broadcast_that_does_not_exist_is_not_found(api: Api, bearer: str, name: str):
    for wrong in (to_global_id("Broadcast", 999), to_global_id("Contact", 1), "nonsense"):
        answer = await api.data(bearer, f"mutation ($id: ID!) {{ broadcast{name}(id: $id) {{ {ERRORS} }} }}", id=wrong)
        assert [error["code"] for error in answer[f"broadcast{name}"]["userErrors"]] == ["NOT_FOUND"]
