"""The schema can be used by the client software of other projects."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import orjson
import pytest

from models.accounts import api_tokens
from models.membership import manual_changes
from models.membership.origins import Origin
from permissions.capabilities import Permission
from schema.root import build_schema
from schema.server.ids import to_global_id
from tests.kit.api import application, serving, token_with
from tests.kit.clients import (
    SCHEMA,
    install_ariadne_codegen,
    install_node_packages,
    node,
    start_node,
    with_ariadne_codegen,
)
from tests.kit.followers import subscribed
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace

pytestmark = pytest.mark.timeout(300)  # the first one installs what it needs


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    install_node_packages()


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with serving(application(recheck_seconds=0.2)) as server:
        yield server


def root_fields() -> list[str]:
    schema = build_schema()
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return [f"{name[0].upper()}{name[1:]}{root.name}" for root in roots if root for name in root.fields]


async def test_graphql_js_prints_the_schema_from_its_text_and_from_an_introspection(address: str) -> None:
    (printed,) = await node("schema.mjs", str(SCHEMA), f"http://{address}/graphql")
    assert printed["problems"] == []
    assert printed["text"] == printed["introspection"]


async def test_codegen_makes_types_and_typed_documents_for_every_root_field() -> None:
    files = {line["filename"]: line["content"] for line in await node("codegen.mjs", str(SCHEMA))}
    assert set(files) >= {"types.ts", "generated/graphql.ts", "generated/gql.ts"}
    assert "export type ActivityInput = {" in files["types.ts"]
    assert [name for name in root_fields() if f"export const {name}" not in files["generated/graphql.ts"]] == []


async def test_the_relay_compiler_compiles_every_root_field(tmp_path: Path) -> None:
    (artifacts,) = await node("relay.mjs", str(SCHEMA), str(tmp_path))
    assert sorted(artifacts) == sorted(f"Muster{name}.graphql.ts" for name in root_fields())


async def test_ariadne_codegen_makes_a_client_that_can_be_used(tmp_path: Path) -> None:
    install_ariadne_codegen()
    (tmp_path / "queries.graphql").write_text("\n".join(await node("print-operations.mjs", str(SCHEMA))))
    settings = {"schema_path": str(SCHEMA), "queries_path": "queries.graphql", "target_package_name": "made"}
    lines = ["[tool.ariadne-codegen]", *(f'{name} = "{value}"' for name, value in settings.items())]
    (tmp_path / "pyproject.toml").write_text("\n".join(lines))
    await with_ariadne_codegen(tmp_path, "from ariadne_codegen.main import main; main()")
    use = """
        from made import ActivityInput, Client, ContactOrder
        print(ActivityInput(kind="order.placed").model_dump_json(exclude_unset=True))
        print(len([name for name in dir(Client) if name.endswith(("_query", "_mutation", "_subscription"))]))
    """
    made, methods = (await with_ariadne_codegen(tmp_path, dedent(use))).splitlines()
    assert orjson.loads(made) == {"kind": "order.placed"}
    assert int(methods) == len(root_fields())


async def test_graphql_ws_goes_on_from_its_cursor_with_a_new_token_when_the_first_one_ends(
    database: str, address: str
) -> None:
    scope = await new_workspace()
    segment, ids = await static_segment(scope), await new_contacts(scope, 6)
    first, second = [await token_with(scope, Permission.SEGMENT_READ) for _ in range(2)]
    process = await start_node("reconnect.mjs", f"ws://{address}/graphql", first, second, "6")
    assert process.stdout is not None
    lines: list[Any] = []

    async def read(count: int) -> None:
        while sum("change" in line for line in lines) < count:
            assert process.stdout is not None
            lines.append(orjson.loads(await asyncio.wait_for(process.stdout.readline(), 20)))

    async def enter(some: list[int]) -> None:
        await manual_changes.change_members(scope, segment.id, add=some, remove=[], origin=Origin.API)

    await subscribed(scope)
    await enter(ids[:3])
    await read(3)
    await api_tokens.revoke(scope, 1)
    await asyncio.sleep(0.3)
    await enter(ids[3:])
    await read(6)
    rest, errors = await asyncio.wait_for(process.communicate(), 20)
    lines += [orjson.loads(line) for line in rest.splitlines()]
    assert errors == b""
    changes = [line["change"]["contactId"] for line in lines if "change" in line]
    assert changes == [to_global_id("Contact", contact_id) for contact_id in ids]
    assert [line for line in lines if "error" in line or line.get("errors")] == []
    assert next(line["closed"] for line in lines if "closed" in line) == 4403
    assert {"connections": 2} in lines
