"""Scores through GraphQL."""

from typing import Any

from models import db
from models.score_models import build
from permissions.principal import Scope
from schema.server.ids import find_id
from tests.kit.api import ERRORS, Api
from tests.kit.engine import settled
from tests.schema.contacts.operations import create

CREATE = f"""
    mutation ($input: ScoreModelInput!) {{ scoreModelCreate(input: $input) {{ scoreModel {{ id version status }} {ERRORS} }} }}
"""

UPDATE = f"""
    mutation ($id: ID!, $input: ScoreModelInput!, $version: Int) {{
        scoreModelUpdate(id: $id, input: $input, version: $version) {{ scoreModel {{ version status }} {ERRORS} }}
    }}
"""

DELETE = f"mutation ($id: ID!) {{ scoreModelDelete(id: $id) {{ deletedId {ERRORS} }} }}"

ADJUST = f"""
    mutation ($contact: ID!, $model: ID!) {{
        scoreAdjust(contactId: $contact, modelId: $model, points: 2.5, reason: "Met at a fair") {{ score {{ value }} {ERRORS} }}
    }}
"""

BOUGHT = """
    mutation ($p: JSON) { activitiesRecord(input: [{externalId: "ana", kind: "purchase", properties: $p}]) { recorded } }
"""

PREVIEW = """
    query ($input: ScoreModelInput!) {
        scorePreview(input: $input, first: 2) { text buckets { from to count } contacts { value contact { tags } } }
    }
"""

ORDERED = """
    query ($after: String) {
        contacts(first: 1, after: $after, orderByScore: "interest") { nodes { externalId } pageInfo { endCursor } }
    }
"""

SHOWN = """
    query ($contact: ID!, $model: ID!) {
        scoreModel(key: "interest") { text definition computedAt levels { name from contactCount } }
        contact(id: $contact) {
            scores { model { id } value level nextChangeAt parts { group label points actual } }
            scoreHistory(modelId: $model) { nodes { value level } }
        }
    }
"""

VIPS: dict[str, Any] = {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}
INPUT: dict[str, Any] = {
    "key": "interest",
    "name": "Interest",
    "groups": [
        {
            "name": "Fit",
            "parts": [
                {"label": "VIP", "points": 4, "earn": {"while": VIPS}},
                {
                    "label": "Large purchases",
                    "points": 5,
                    "earn": {
                        "each": {
                            "kind": "purchase",
                            "where": [{"property": "total", "operator": "GT", "value": 100}],
                            "atMost": 2,
                            "lasting": "P90D",
                            "decay": {"percent": 25, "every": "P30D"},
                        }
                    },
                },
            ],
            "maximum": 20,
        }
    ],
    "levels": [{"name": "COLD", "from": 0}, {"name": "HOT", "from": 8}],
}


async def built(api: Api, admin: str, workspace: Scope) -> str:
    payload = (await api.data(admin, CREATE, input=INPUT))["scoreModelCreate"]
    assert payload["userErrors"] == []
    model_id = await db.fetch_value("SELECT max(id) FROM score_models")
    await build.build(workspace.workspace_id, model_id)
    return str(payload["scoreModel"]["id"])


async def test_a_score_is_explained_part_by_part(api: Api, admin: str, workspace: Scope) -> None:
    model = await built(api, admin, workspace)
    contact = await create(api, admin, tags=["vip"], externalId="ana")
    for total in (150, 99):
        await api.data(admin, BOUGHT, p={"total": total})
    await settled(workspace)
    assert (await api.data(admin, ADJUST, contact=contact["id"], model=model))["scoreAdjust"]["score"] == {"value": 9.0}
    await settled(workspace)
    shown = await api.data(admin, SHOWN, contact=contact["id"], model=model)
    [score] = shown["contact"]["scores"]
    assert score.pop("nextChangeAt") is not None
    assert score == {
        "model": {"id": model},
        "value": 11.5,
        "level": "HOT",
        "parts": [
            {"group": "Fit", "label": "VIP", "points": 4.0, "actual": True},
            {"group": "Fit", "label": "Large purchases", "points": 5.0, "actual": 1},
            {"group": "Adjustments", "label": "Adjustments", "points": 2.5, "actual": None},
        ],
    }
    assert shown["contact"]["scoreHistory"]["nodes"][0] == {"value": 11.5, "level": "HOT"}
    assert shown["scoreModel"]["levels"] == [
        {"name": "COLD", "from": 0.0, "contactCount": 0},
        {"name": "HOT", "from": 8.0, "contactCount": 1},
    ]
    assert shown["scoreModel"]["definition"]["groups"][0]["parts"][0]["earn"] == {"while": VIPS}
    assert "less by 25 % every 30 days" in shown["scoreModel"]["text"]
    found = await api.data(
        admin, '{ contacts(filter: {field: {field: "scores.interest", operator: GTE, value: 11}}) { totalCount } }'
    )
    assert found["contacts"]["totalCount"] == 1


async def test_mistakes_are_told_where_they_are_and_change_nothing(api: Api, admin: str) -> None:
    each = {"kind": "purchase", "lasting": "P1M", "atMost": 0, "decay": {"percent": 0, "every": "P1D"}}
    wrong = {
        **INPUT,
        "key": "Interest level",
        "groups": [
            {"name": "", "parts": [{"label": "x", "points": 1, "earn": {"each": each}}], "minimum": 3, "maximum": 1}
        ],
    }
    codes = []
    for given in (wrong, {**wrong, "key": "interest"}):
        errors = (await api.data(admin, CREATE, input=given))["scoreModelCreate"]["userErrors"]
        codes.append([(error["code"], ".".join(error["field"])) for error in errors])
    assert codes[0] == [("INVALID", "key")]
    assert codes[1] == [
        ("INVALID", "groups.0.parts.0.earn.each.atMost"),
        ("UNSUPPORTED", "groups.0.parts.0.earn.each.lasting"),
        ("INVALID", "groups.0.parts.0.earn.each.decay.percent"),
        ("INVALID", "groups.0.minimum"),
        ("INVALID", "groups.0.name"),
    ]
    assert await db.fetch_value("SELECT count(*) FROM score_models") == 0


async def test_a_score_that_is_read_stays_and_none_depends_on_itself(api: Api, admin: str, workspace: Scope) -> None:
    model = await built(api, admin, workspace)
    made = (
        'mutation ($rule: RuleInput!) { segmentCreate(input: {name: "Hot", kind: DYNAMIC, rule: $rule}) { segment { id } '
        + ERRORS
        + " } }"
    )
    hot = {"field": {"field": "scores.interest.level", "operator": "EQUALS", "value": "HOT"}}
    segment = (await api.data(admin, made, rule=hot))["segmentCreate"]["segment"]["id"]
    refused = (await api.data(admin, DELETE, id=model))["scoreModelDelete"]["userErrors"]
    assert [(error["code"], "the segment Hot" in error["message"]) for error in refused] == [("IN_USE", True)]
    while_hot = {"while": {"segment": {"segmentId": segment}}}
    circular = {**INPUT, "groups": [{"name": "Fit", "parts": [{"label": "Hot", "points": 1, "earn": while_hot}]}]}
    refused = (await api.data(admin, UPDATE, id=model, input=circular))["scoreModelUpdate"]["userErrors"]
    assert [error["code"] for error in refused] == ["INVALID"]
    stale = (await api.data(admin, UPDATE, id=model, input=INPUT, version=7))["scoreModelUpdate"]["userErrors"]
    assert [error["code"] for error in stale] == ["CONFLICT"]


async def test_a_preview_counts_everybody(api: Api, admin: str, workspace: Scope) -> None:
    for tags in (["vip"], ["vip"], []):
        await create(api, admin, tags=tags)
    found = (await api.data(admin, PREVIEW, input=INPUT))["scorePreview"]
    assert [one["value"] for one in found["contacts"]] == [4.0, 4.0]
    assert sum(bucket["count"] for bucket in found["buckets"]) == 3
    assert (found["buckets"][0]["count"], found["buckets"][-1]["count"], len(found["buckets"])) == (1, 2, 20)


async def test_contacts_come_in_the_order_of_a_score(api: Api, admin: str, workspace: Scope) -> None:
    await built(api, admin, workspace)
    for name, tags in (("low", []), ("high", ["vip"]), ("none", [])):
        await create(api, admin, externalId=name, tags=tags)
    await settled(workspace)
    seen, after = [], None
    for _ in range(3):
        found = (await api.data(admin, ORDERED, after=after))["contacts"]
        seen.append(found["nodes"][0]["externalId"])
        after = found["pageInfo"]["endCursor"]
    assert seen == ["high", "none", "low"]
    assert await api.codes(admin, '{ contacts(orderByScore: "x") { nodes { id } } }') == ["BAD_REQUEST"]


async def test_a_change_of_level_lets_into_a_workflow(workspace: Scope, api: Api, admin: str) -> None:
    """The engine of workflows hears of scores as of any field."""
    await built(api, admin, workspace)
    await db.execute(
        "INSERT INTO workflow_sources (workspace_id, source, workflow_id, number) VALUES ($1, 'scores.interest.level', 1, 1)",
        workspace.workspace_id,
    )
    contact = await create(api, admin, externalId="ana")
    await settled(workspace)
    await db.execute("DELETE FROM workflow_signals")
    bought = [{"externalId": "ana", "kind": "purchase", "properties": {"total": total}} for total in (150, 160)]
    await api.data(admin, "mutation ($i: [ActivityInput!]!) { activitiesRecord(input: $i) { recorded } }", i=bought)
    await settled(workspace)
    rows = await db.fetch("SELECT contact_id, source FROM workflow_signals")
    assert [tuple(row) for row in rows] == [(find_id("Contact", contact["id"]), "scores.interest.level")]
