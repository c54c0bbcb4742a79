"""Tags and fields changed over the API."""

from models import db
from models.contacts.create import create_contact
from models.queue import running_jobs
from models.tag_changes import tag_changes
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import ERRORS, Api, token_with
from tests.kit.segments import dynamic_segment

RENAME = f"""
    mutation ($tag: String!, $to: String!) {{
        tagRename(tag: $tag, to: $to) {{ job {{ id kind status ... on TagChangeJob {{ tag to }} }} {ERRORS} }}
    }}
"""
DELETE = (
    f"mutation ($tag: String!) {{ tagDelete(tag: $tag) {{ job {{ kind ... on TagChangeJob {{ to }} }} {ERRORS} }} }}"
)
UPDATE = f"""
    mutation ($id: ID!, $input: ContactFieldUpdateInput!) {{
        contactFieldUpdate(id: $id, input: $input) {{ contactField {{ key label type choices }} {ERRORS} }}
    }}
"""
CREATE = "mutation ($input: ContactFieldCreateInput!) { contactFieldCreate(input: $input) { contactField { id } } }"


async def test_a_tag_is_renamed_by_a_job(api: Api, admin: str, workspace: Scope) -> None:
    await create_contact(workspace, {"tags": ["vip"]})
    made = (await api.data(admin, RENAME, tag="VIP", to="Gold"))["tagRename"]
    assert made["userErrors"] == []
    job = made["job"]
    assert {**job, "id": ""} == {"id": "", "kind": "TAG_CHANGE", "status": "QUEUED", "tag": "vip", "to": "Gold"}
    held = await running_jobs.take(workspace.workspace_id, 1)
    assert held is not None
    async for _ in tag_changes.carry_on(workspace, held):
        pass
    await running_jobs.finish(held)
    shown = await api.data(admin, "query ($id: ID!) { tags job(id: $id) { status done } }", id=job["id"])
    assert shown == {"tags": ["Gold"], "job": {"status": "SUCCEEDED", "done": 1}}


async def test_mistakes_with_tags_have_their_path(api: Api, admin: str, workspace: Scope) -> None:
    await create_contact(workspace, {"tags": ["vip"]})
    await dynamic_segment(workspace)
    for document, variables, name, expected in (
        (RENAME, {"tag": "none", "to": "a"}, "tagRename", ("NOT_FOUND", ["tag"])),
        (RENAME, {"tag": "vip", "to": " "}, "tagRename", ("INVALID", ["to"])),
        (DELETE, {"tag": "vip"}, "tagDelete", ("IN_USE", ["tag"])),
    ):
        payload = (await api.data(admin, document, **variables))[name]
        assert payload["job"] is None
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [expected]


async def test_a_rename_needs_the_right_to_change_rules(api: Api, workspace: Scope) -> None:
    await create_contact(workspace, {"tags": ["vip"]})
    token = await token_with(workspace, Permission.CONTACT_WRITE)
    assert await api.codes(token, RENAME, tag="vip", to="a") == ["FORBIDDEN"]
    assert (await api.data(token, DELETE, tag="vip"))["tagDelete"]["userErrors"] == []


async def test_a_field_gets_another_label_and_other_choices(api: Api, admin: str, workspace: Scope) -> None:
    given = {"key": "size", "label": "Size", "type": "CHOICE", "choices": ["S", "M"]}
    field_id = (await api.data(admin, CREATE, input=given))["contactFieldCreate"]["contactField"]["id"]
    changed = (await api.data(admin, UPDATE, id=field_id, input={"choices": ["S", "L"]}))["contactFieldUpdate"]
    assert changed["contactField"] == {"key": "size", "label": "Size", "type": "CHOICE", "choices": ["S", "L"]}
    await create_contact(workspace, {"attributes": {"size": "L"}})
    refused = (await api.data(admin, UPDATE, id=field_id, input={"label": "Sizes", "choices": ["S"]}))[
        "contactFieldUpdate"
    ]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("IN_USE", ["choices"])]
    assert await db.fetch_value("SELECT label FROM contact_fields") == "Size"
    missing = (await api.data(admin, UPDATE, id=to_global_id("ContactField", 99), input={}))["contactFieldUpdate"]
    assert [error["code"] for error in missing["userErrors"]] == ["NOT_FOUND"]
