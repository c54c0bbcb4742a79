"""Operations without a transport: authentication, time limits, cost, and the log."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from models import db
from models.accounts import api_tokens, members
from models.db.direct import reads
from models.db.direct.reads import NodeReads
from models.db.direct.whereabouts import Address
from permissions.capabilities import Permission
from permissions.roles import Role
from schema.server.ids import to_global_id
from schema.server.throttle import Rates
from tests.kit.api import ERRORS, Api, bearer_of, token_with
from tests.kit.toys import toy_schema
from tests.kit.workspaces import new_workspace

SCHEMA = toy_schema()


@pytest.fixture
def api() -> Api:
    return Api(SCHEMA)


# ---------------------------------------------------------------- where queries read


async def test_queries_read_at_the_node_of_their_workspace_and_nothing_else_does(database: str) -> None:
    """The bearer, too, is looked up at the node; here it is known."""
    api, asked = Api(), list[int]()
    scopes = {await bearer_of(scope): scope for scope in [await new_workspace(), await new_workspace()]}
    (bearer, scope), (another, other) = scopes.items()

    async def known(*_: Any) -> Any:
        return scopes

    async def find(workspace_ids: Collection[int]) -> dict[int, Address]:
        asked.extend(workspace_ids)
        return {}

    async def never(*_: Any) -> Any:
        raise AssertionError("no workspace lies on a node")

    api.operations.authenticator.find = known
    before = reads.use(NodeReads(find, never, 1))
    try:
        await api.data(bearer, f'mutation {{ contactCreate(input: {{name: "Ana"}}) {{ contact {{ id }} {ERRORS} }} }}')
        watch = f'subscription {{ jobProgress(id: "{to_global_id("SegmentContactsJob", 1)}") {{ status }} }}'
        assert [payload async for payload in api.listen(bearer, watch)], "it has looked"
        assert asked == []
        query = "{ viewer { workspace { contactCount } } }"
        await api.data(bearer, query)
        assert asked == [scope.workspace_id]
        await api.data(another, query)
        assert asked == [scope.workspace_id, other.workspace_id]
        assert not db.reads_at_node()
    finally:
        own = reads.use(before)
        assert own is not None
        await own.close()


# ---------------------------------------------------------------- permissions


async def test_a_change_of_role_and_a_revoked_token_take_effect_on_the_next_operation(api: Api, database: str) -> None:
    del database
    scope = await new_workspace()
    secret, bearer = await token_with(scope, Permission.CONTACT_READ), await bearer_of(scope, Role.USER)
    assert await api.codes(bearer, "{ dear }") == ["FORBIDDEN"]
    await members.update(scope, 1, {"role": Role.MANAGER})
    assert await api.codes(bearer, "{ dear }") == []
    await members.update(scope, 1, {"role": Role.USER})
    assert await api.codes(bearer, "{ dear }") == ["FORBIDDEN"]
    assert await api.codes(secret, "{ dear }") == []
    await api_tokens.revoke(scope, 1)
    assert await api.codes(secret, "{ dear }") == ["UNAUTHENTICATED"]


async def test_operations_that_arrive_together_share_a_look_up_of_the_bearer(api: Api, database: str) -> None:
    del database
    secret = await token_with(await new_workspace(), Permission.CONTACT_READ)
    looks = []
    find = api.operations.authenticator.find

    async def counting(*arguments: Any) -> Any:
        looks.append(1)
        return await find(*arguments)

    api.operations.authenticator.find = counting
    await asyncio.gather(*(api.data(secret, "{ dear }") for _ in range(20)))
    assert len(looks) <= 2


async def test_a_failed_look_up_of_the_bearer_is_not_kept(api: Api, database: str) -> None:
    del database
    secret = await token_with(await new_workspace(), Permission.CONTACT_READ)
    find, api.operations.authenticator.find = api.operations.authenticator.find, _broken
    assert await api.codes(secret, "{ dear }") == ["INTERNAL"]
    api.operations.authenticator.find = find
    assert await api.codes(secret, "{ dear }") == []


async def _broken(*_: Any) -> Any:
    raise OSError("the database is away")


# ---------------------------------------------------------------- errors


async def test_what_takes_too_long_is_stopped(database: str) -> None:
    del database
    api = Api(SCHEMA, timeout_seconds=0.05)
    assert await api.codes(None, "{ sleep(seconds: 5) }") == ["TIMEOUT"]


# ---------------------------------------------------------------- cost


async def test_a_caller_with_an_empty_bucket_is_throttled() -> None:
    api = Api(SCHEMA, rates=Rates(maximum=100, per_second=1, operation=60))
    assert await api.codes(None, "{ toys { nodes { id } } }") == ["UNAUTHENTICATED"]
    for _ in range(11):
        codes = await api.codes(None, "{ plainToys { name } }")
    assert codes == []
    response = await api.ask(None, "{ __schema { types { name } } plainToys { children { children { id } } } }")
    assert [error["extensions"]["code"] for error in response["errors"]] == ["COST_EXCEEDED"]
    for _ in range(200):
        codes = await api.codes(None, "{ plainToys { name } }")
    assert codes == ["THROTTLED"]


async def test_unused_points_are_given_back_and_shown(api: Api) -> None:
    response = await api.ask(None, "{ plainToys(count: 2) { children(first: 1) { name } } }")
    cost = response["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (20, 4)
    assert cost["throttleStatus"]["maximumAvailable"] == 1_000_000
    assert cost["throttleStatus"]["restoreRate"] == 50_000
    assert 999_990 <= cost["throttleStatus"]["currentlyAvailable"] <= 1_000_000


async def test_time_of_the_database_is_paid_for(database: str) -> None:
    del database
    api = Api(SCHEMA, rates=Rates(maximum=3_000, per_second=1, operation=1_000))
    cost = (await api.ask(None, "{ busy(seconds: 0.1) }"))["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 1
    assert cost["actualQueryCost"] >= 1_000
    await api.ask(None, "{ busy(seconds: 0.2) }")
    assert await api.codes(None, "{ plainToys { id } }") == ["THROTTLED"]


async def test_an_operation_that_takes_too_long_pays_for_its_time(database: str) -> None:
    del database
    api = Api(SCHEMA, timeout_seconds=0.2, rates=Rates(maximum=3_000, per_second=1, operation=1_000))
    assert await api.codes(None, "{ busy(seconds: 5) }") == ["TIMEOUT"]
    assert await api.codes(None, "{ plainToys { id } }") == ["THROTTLED"]


async def test_one_callers_slow_operations_do_not_delay_anothers(api: Api, database: str) -> None:
    del database
    scope = await new_workspace()
    ana, ben = await bearer_of(scope), await token_with(scope, Permission.CONTACT_READ)
    slow = [asyncio.create_task(api.codes(ana, "{ busy(seconds: 0.3) }")) for _ in range(15)]
    await asyncio.sleep(0.1)
    assert await api.codes(ben, "{ busy(seconds: 0) }") == []
    assert sum(task.done() for task in slow) <= 6
    assert await asyncio.gather(*slow) == [[]] * 15


# ---------------------------------------------------------------- the log


async def test_each_operation_is_one_line_without_personal_data(api: Api, database: str) -> None:
    del database
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    await api.ask(bearer, "query Find($n: Int!) { toy(number: $n) { name } }", n=12345)
    (line,) = api.lines
    assert {**line, "milliseconds": 0} == {
        "event": "operation",
        "type": "query",
        "operation": "Find",
        "code": "OK",
        "milliseconds": 0,
        "cost": 1,
        "workspace": scope.workspace_id,
        "request_id": "a-request",
    }


async def test_an_operation_without_a_name_is_logged_by_its_root_fields(api: Api) -> None:
    await api.ask(None, "{ a: toy(number: 1) { id } b: toy(number: 2) { id } plainToys { id } }")
    assert api.lines[0]["operation"] == "toy,plainToys"
