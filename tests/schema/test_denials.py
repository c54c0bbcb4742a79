"""Who may call what: every root field of the schema, by callers of every kind. A denial changes nothing."""

import re
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from models import db
from permissions.capabilities import ADMIN_ONLY, ALL_PERMISSIONS, Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.root import build_schema
from schema.server.guard import ANYONE, SIGNED_IN
from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace
from tests.schema.samples import SAMPLES

SCHEMA = build_schema()


def root_fields(kind: GraphQLObjectType | None) -> dict[str, GraphQLField]:
    return dict(kind.fields) if kind is not None else {}


QUERIES = root_fields(SCHEMA.query_type)
MUTATIONS = root_fields(SCHEMA.mutation_type)
SUBSCRIPTIONS = root_fields(SCHEMA.subscription_type)
EVERYTHING = {**QUERIES, **MUTATIONS, **SUBSCRIPTIONS}


def needed(field: GraphQLField) -> Any:
    return field.extensions["strawberry-definition"].metadata.get("needs")


def document(kind: str, name: str, field: GraphQLField, variables: dict[str, Any]) -> str:
    """An operation that calls the field with these variables, with the smallest selection."""
    types = {given: field.args[given].type for given in variables}
    declared = ", ".join(f"${given}: {type_}" for given, type_ in types.items())
    passed = ", ".join(f"{given}: ${given}" for given in variables)
    below = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    if kind == "mutation":
        below = "{ userErrors { code message field } }"
    return f"{kind}{f' ({declared})' if declared else ''} {{ {name}{f'({passed})' if passed else ''} {below} }}"


async def variables_of(name: str, scope: Scope) -> dict[str, Any]:
    return await SAMPLES[name](scope) if name in SAMPLES else {}


# ---------------------------------------------------------------- all root fields


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_root_field_names_its_permission(name: str) -> None:
    assert needed(EVERYTHING[name]) in (ANYONE, SIGNED_IN, *Permission), f"{name} names no permission"


NEED_A_SAMPLE = [
    name
    for name, field in EVERYTHING.items()
    if name in MUTATIONS or any(map(is_required_argument, field.args.values()))
]


def test_every_call_that_needs_a_sample_has_one() -> None:
    assert set(NEED_A_SAMPLE) <= set(SAMPLES), "write the missing ones in tests/schema/samples.py"


def with_samples(fields: dict[str, GraphQLField]) -> list[str]:
    return [name for name in fields if name in SAMPLES or name not in NEED_A_SAMPLE]


def test_only_what_signs_in_is_open_to_anyone() -> None:
    open_to_anyone = {name for name, field in EVERYTHING.items() if needed(field) is ANYONE}
    assert open_to_anyone == {"signIn", "sessionStart", "passwordSet"}


# ---------------------------------------------------------------- by all callers

_NOT_DATA = {"audit_log", "sign_in_attempts", "schema_migrations"}


async def contents(workspace_id: int | None = None) -> str:
    """A digest of all rows (of a workspace, or of all), without the audit log and the throttling."""
    rows = await db.fetch(
        "SELECT table_name, bool_or(column_name = 'workspace_id') AS tenant"
        " FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY table_name ORDER BY table_name"
    )
    parts = []
    for row in rows:
        name = row["table_name"]
        if name in _NOT_DATA or (workspace_id is not None and not row["tenant"]):
            continue
        where = f"WHERE workspace_id = {workspace_id}" if workspace_id is not None else ""
        parts.append(
            f"SELECT '{name}:' || coalesce(string_agg(t::text, '|' ORDER BY t::text), '') AS held FROM {name} t {where}"
        )
    return str(
        await db.fetch_value(
            f"SELECT md5(string_agg(held, '#' ORDER BY held)) FROM ({' UNION ALL '.join(parts)}) AS all_of_it"
        )
    )


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(SCHEMA)


@pytest.mark.parametrize("name", with_samples(MUTATIONS))
async def test_a_mutation_needs_its_permission_and_a_denial_changes_nothing(
    api: Api, workspace: Scope, name: str
) -> None:
    field, needs = MUTATIONS[name], needed(MUTATIONS[name])
    variables = await variables_of(name, workspace)
    asked = document("mutation", name, field, variables)
    callers = await _callers(workspace, needs, *ALSO_NEEDED.get(name, ()))
    before = await contents()
    for who, bearer in callers["denied"].items():
        codes = await api.codes(bearer, asked, **variables)
        assert codes == ["UNAUTHENTICATED" if bearer is None else "FORBIDDEN"], who
        assert await contents() == before, f"{who} was denied, but something changed"

    if needs is not ANYONE:  # where passwords and links decide, and not who is signed in
        stranger = await bearer_of(await new_workspace("Somebody else"))
        here = await contents(workspace.workspace_id)
        assert await api.codes(stranger, asked, **variables) == []
        assert await contents(workspace.workspace_id) == here, "another workspace's admin changed something"

    first, *others = callers["allowed"].items()
    for who, bearer in (first,):
        payload = (await api.data(bearer, asked, **variables))[name]
        assert payload["userErrors"] == [], who
    await _assert_audited(workspace, name, variables)
    for who, bearer in others:
        assert await api.codes(bearer, asked, **variables) == [], who


@pytest.mark.parametrize("name", with_samples(QUERIES))
async def test_a_query_needs_its_permission(api: Api, workspace: Scope, name: str) -> None:
    field, needs = QUERIES[name], needed(QUERIES[name])
    variables = await variables_of(name, workspace)
    asked = document("query", name, field, variables)
    callers = await _callers(workspace, needs)
    for who, bearer in callers["denied"].items():
        assert await api.codes(bearer, asked, **variables) == ["UNAUTHENTICATED" if bearer is None else "FORBIDDEN"], (
            who
        )
    for who, bearer in callers["allowed"].items():
        response = await api.ask(bearer, asked, **variables)
        refused = [error["extensions"]["code"] for error in response.get("errors", [])]
        # A USER with the permission of the field can lack the permission of the type behind an id.
        assert refused == [] or (needs is SIGNED_IN and refused == ["FORBIDDEN"]), who


@pytest.mark.parametrize("name", [name for name in with_samples(QUERIES) if name in SAMPLES])
async def test_a_query_from_another_workspace_finds_nothing(api: Api, workspace: Scope, name: str) -> None:
    variables = await variables_of(name, workspace)
    stranger = await bearer_of(await new_workspace("Somebody else"))
    response = await api.ask(stranger, document("query", name, QUERIES[name], variables), **variables)
    codes = [error["extensions"]["code"] for error in response.get("errors", [])]
    if isinstance(QUERIES[name].type, GraphQLNonNull) and codes == []:
        assert all(found is None for found in response["data"][name]) or not _has_an_id(variables)
    else:
        assert codes == ["BAD_REQUEST"] or (codes == [] and response["data"][name] is None)


def _has_an_id(variables: dict[str, Any]) -> bool:
    return any(name in ("id", "ids") or name.endswith(("Id", "Ids")) for name in variables)


@pytest.mark.parametrize("name", with_samples(SUBSCRIPTIONS))
async def test_a_subscription_needs_its_permission(api: Api, workspace: Scope, name: str) -> None:
    field, needs = SUBSCRIPTIONS[name], needed(SUBSCRIPTIONS[name])
    variables = await variables_of(name, workspace)
    asked = document("subscription", name, field, variables)
    for who, bearer in (await _callers(workspace, needs))["denied"].items():
        first = await anext(api.listen(bearer, asked, **variables))
        codes = [error["extensions"]["code"] for error in first["errors"]]
        assert codes == ["UNAUTHENTICATED" if bearer is None else "FORBIDDEN"], who


ALSO_NEEDED = {
    "tagRename": (Permission.SEGMENT_WRITE,),
    "webhookEndpointCreate": (Permission.SEGMENT_READ,),
    "webhookEndpointUpdate": (Permission.SEGMENT_READ,),
}
"""By mutation, permissions besides its own."""


async def _callers(workspace: Scope, needs: Any, *also: Permission) -> dict[str, dict[str, str | None]]:
    """Bearer tokens of callers of every kind, by whether they must be denied or allowed."""
    everybody: dict[str, tuple[bool, str | None]] = {"nobody": (needs is ANYONE, None)}
    if isinstance(needs, Permission):
        others = sorted(ALL_PERMISSIONS - {needs})
        everybody["a USER without"] = (False, await bearer_of(workspace, Role.USER))
        everybody["a USER with all the others"] = (False, await bearer_of(workspace, Role.USER, *others))
        everybody["a USER with"] = (True, await bearer_of(workspace, Role.USER, needs, *also))
    else:
        everybody["a USER without"] = (True, await bearer_of(workspace, Role.USER))
    everybody["a MANAGER"] = (needs not in ADMIN_ONLY, await bearer_of(workspace, Role.MANAGER))
    everybody["an ADMIN"] = (True, await bearer_of(workspace, Role.ADMIN))
    return {
        "denied": {who: bearer for who, (may, bearer) in everybody.items() if not may},
        "allowed": {who: bearer for who, (may, bearer) in everybody.items() if may},
    }


# ---------------------------------------------------------------- the audit


async def _assert_audited(workspace: Scope, name: str, variables: dict[str, Any]) -> None:
    """The audit log has a row with the action, the actor and the address, and without personal values."""
    action = re.sub(r"([A-Z])", r"_\1", name).lower()
    rows = await db.fetch(
        "SELECT * FROM audit_log WHERE workspace_id = $1 AND action = $2 ORDER BY id", workspace.workspace_id, action
    )
    assert rows, f"no row of the audit says {action}"
    row = rows[-1]
    assert (row["actor_kind"], row["request_id"], row["address"]) == ("MEMBER", "a-request", "192.0.2.7")
    assert row["actor_id"] is not None
    for value in _personal(variables):
        assert value not in row["details"], f"the audit of {action} holds a personal value"


PERSONAL = {
    *("email", "phone", "externalId", "dateOfBirth", "text", "search"),
    *("password", "current", "new", "token", "appSecret", "verifyToken"),
}
"""Arguments and fields of inputs whose values the audit log must not hold."""


def _personal(value: Any, key: str = "") -> list[str]:
    if isinstance(value, dict):
        return [found for name, one in value.items() for found in _personal(one, name)]
    if isinstance(value, list):
        return [found for one in value for found in _personal(one, key)]
    personal = key in PERSONAL
    return [value] if personal and isinstance(value, str) else []
