"""A newcomer's first day, over HTTP alone: from signing in to a segment that keeps itself right, and a helper."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from models.queue.work import Queue
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.api import application, serving
from tests.kit.app import App
from tests.kit.workers import running_worker
from tests.kit.workspaces import PASSWORD, new_member, new_workspace

ERRORS = "userErrors { code message field }"

# Of the customers of Northwind Traders, the sample that came with a database of 1996: their telephone numbers are of their time.
CUSTOMERS = """
ALFKI|Alfreds Futterkiste|Maria Anders|Sales Representative|Berlin|Germany|+49 030-0074321
ANATR|Ana Trujillo Emparedados y helados|Ana Trujillo|Owner|México D.F.|Mexico|+52 (5) 555-4729
ANTON|Antonio Moreno Taquería|Antonio Moreno|Owner|México D.F.|Mexico|+52 (5) 555-3932
AROUT|Around the Horn|Thomas Hardy|Sales Representative|London|UK|+44 (171) 555-7788
BERGS|Berglunds snabbköp|Christina Berglund|Order Administrator|Luleå|Sweden|+46 0921-12 34 65
BLAUS|Blauer See Delikatessen|Hanna Moos|Sales Representative|Mannheim|Germany|+49 0621-08460
BLONP|Blondesddsl père et fils|Frédérique Citeaux|Marketing Manager|Strasbourg|France|+33 88.60.15.31
BOLID|Bólido Comidas preparadas|Martín Sommer|Owner|Madrid|Spain|(91) 555 22 82
BONAP|Bon app'|Laurence Lebihan|Owner|Marseille|France|+33 91.24.45.40
BOTTM|Bottom-Dollar Markets|Elizabeth Lincoln|Accounting Manager|Tsawassen|Canada|+1 (604) 555-4729
BSBEV|B's Beverages|Victoria Ashworth|Sales Representative|London|UK|+44 (171) 555-1212
CACTU|Cactus Comidas para llevar|Patricio Simpson|Sales Agent|Buenos Aires|Argentina|+54 (1) 135-5555
""".strip().splitlines()


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace("Northwind", timezone="Europe/Madrid", default_country="ES")


@pytest.fixture
async def address(database: str, redis_url: str) -> AsyncIterator[str]:
    async with (
        running_worker(Queue.REALTIME, database, redis_url),
        running_worker(Queue.BULK, database, redis_url),
        serving(application(redis_url=redis_url)) as address,
    ):
        yield address


def app_with(session: aiohttp.ClientSession, address: str, token: str) -> App:
    session.headers["Authorization"] = f"Bearer {token}"
    return App(session, address)


async def signed_in(session: aiohttp.ClientSession, address: str, email: str) -> App:
    sign_in = f"""mutation ($email: String!, $password: String!) {{
        signIn(email: $email, password: $password) {{ token {ERRORS} }} }}"""
    payload = await App(session, address).do(sign_in, email=email, password=PASSWORD)
    return app_with(session, address, payload["token"])


UPSERT = f"mutation ($input: ContactInput!) {{ contactUpsert(input: $input) {{ created contact {{ id }} {ERRORS} }} }}"


async def bring_in(app: App) -> dict[str, str]:
    """All the customers, each by an upsert; a number of 1996 that is none today is kept as it was written. Ids by key."""
    ids = {}
    for line in CUSTOMERS:
        key, company, name, title, city, country, phone = line.split("|")
        values = {
            "externalId": key,
            "name": name,
            "email": f"{key.lower()}@northwind.example.com",
            "tags": [title, country],
            "attributes": {"company": company, "city": city, "written_phone": phone},
        }
        (payload,) = (await app.ask(UPSERT, input={**values, "phone": phone})).values()
        if payload["userErrors"]:
            assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [("INVALID", ["phone"])]
            payload = await app.do(UPSERT, input=values)
        ids[key] = payload["contact"]["id"]
    return ids


async def test_the_first_day(scope: Scope, address: str) -> None:
    admin = await new_member(scope, Role.ADMIN, name="boss")
    async with aiohttp.ClientSession() as session, aiohttp.ClientSession() as other, aiohttp.ClientSession() as third:
        app = await signed_in(session, address, admin.email)
        await makes_fields(app)
        ids = await bring_in(app)
        await is_all_there(app)
        await a_segment_follows(app, ids)
        await a_helper_may_do_nothing(app, other, address, ids["ALFKI"])
        await a_token_does_what_it_may(app, third, address)


async def makes_fields(app: App) -> None:
    create = f"mutation ($input: ContactFieldCreateInput!) {{ contactFieldCreate(input: $input) {{ {ERRORS} }} }}"
    for key, kind in (("company", "TEXT"), ("city", "TEXT"), ("written_phone", "TEXT"), ("spent", "NUMBER")):
        await app.do(create, input={"key": key, "label": key.title(), "type": kind})


async def is_all_there(app: App) -> None:
    again = await bring_in(app)
    assert len(set(again.values())) == len(CUSTOMERS)
    listed = "query ($after: String) { contacts(first: 5, after: $after, orderBy: NAME_ASC) { totalCount nodes { name phone } pageInfo { endCursor hasNextPage } } }"  # noqa: E501
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await app.ask(listed, after=after))["contacts"]
        assert page["totalCount"] == len(CUSTOMERS)
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    names = [node["name"] for node in nodes]
    assert names == sorted(names, key=str.lower)
    assert "+34915552282" in {node["phone"] for node in nodes}, "a Spanish number was taken for one of the workspace's"
    search = "query ($search: String) { contacts(search: $search) { nodes { externalId } } }"
    for wanted, found in (("FRÉD", ["BLONP"]), ("bolid@", ["BOLID"]), ("91 555", ["BOLID"]), ("AROUT", ["AROUT"])):
        assert [n["externalId"] for n in (await app.ask(search, search=wanted))["contacts"]["nodes"]] == found
    assert (await app.ask('{ tags(search: "sales") }'))["tags"] == ["Sales Agent", "Sales Representative"]


RULE = {
    "all": [
        {"tags": {"operator": "HAS_ANY", "tags": ["owner"]}},
        {"field": {"field": "attributes.spent", "operator": "GTE", "value": 100}},
    ]
}


async def a_segment_follows(app: App, ids: dict[str, str]) -> None:
    """Those who enter and leave are told, in order; a contact's own change, a tag and a deletion all count."""
    create = (
        f"mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id }} {ERRORS} }} }}"
    )
    made = (await app.do(create, input={"name": "Good owners", "kind": "DYNAMIC", "rule": RULE}))["segment"]
    state = "query ($id: ID!) { segment(id: $id) { status memberCount members { nodes { externalId } } } }"
    await app.until(state, lambda data: data["segment"]["status"] == "READY", id=made["id"])
    first = await app.ask("query ($ids: [ID!]) { membershipChanges(segmentIds: $ids) { cursor } }", ids=[made["id"]])
    watch = """subscription ($ids: [ID!], $after: ChangeCursor) {
        membershipChanges(segmentIds: $ids, after: $after) { kind contact { externalId } contactId } }"""
    changes = app.follow(watch, ids=[made["id"]], after=first["membershipChanges"]["cursor"])

    async def next_change() -> tuple[str, str]:
        change = (await anext(changes))["membershipChanges"]
        return change["kind"], change["contactId"]

    await app.do(UPSERT, input={"externalId": "BOLID", "attributes": {"spent": 250}})
    assert await next_change() == ("ENTERED", ids["BOLID"])
    await app.do(UPSERT, input={"externalId": "BONAP", "attributes": {"spent": 100}})
    assert await next_change() == ("ENTERED", ids["BONAP"])
    await app.do(UPSERT, input={"externalId": "BOLID", "attributes": {"spent": None}})
    assert await next_change() == ("LEFT", ids["BOLID"])
    tag = f'mutation ($ids: [ID!]!) {{ contactTagsRemove(contactIds: $ids, tags: ["OWNER"]) {{ {ERRORS} }} }}'
    await app.do(tag, ids=[ids["BONAP"]])
    assert await next_change() == ("LEFT", ids["BONAP"])
    await app.do(UPSERT, input={"externalId": "ANATR", "attributes": {"spent": 9_000}})
    assert await next_change() == ("ENTERED", ids["ANATR"])
    await app.do(
        f"mutation ($ids: [ID!]!) {{ contactsDelete(ids: $ids) {{ deletedIds {ERRORS} }} }}", ids=[ids["ANATR"]]
    )
    assert await next_change() == ("LEFT", ids["ANATR"])
    await changes.aclose()
    assert (await app.ask(state, id=made["id"]))["segment"] == {
        "status": "READY",
        "memberCount": 0,
        "members": {"nodes": []},
    }


async def a_helper_may_do_nothing(app: App, session: aiohttp.ClientSession, address: str, contact: str) -> None:
    member = f"mutation ($input: MemberCreateInput!) {{ memberCreate(input: $input) {{ member {{ id }} {ERRORS} }} }}"
    given = {"email": "helper@example.com", "name": "Helper", "password": PASSWORD, "role": "USER"}
    helper_id = (await app.do(member, input=given))["member"]["id"]
    helper = await signed_in(session, address, "helper@example.com")
    rename = f'mutation ($id: ID!) {{ contactUpdate(id: $id, input: {{ name: "X" }}) {{ {ERRORS} }} }}'
    for query in (rename, "query ($id: ID!) { contact(id: $id) { name } }"):
        with pytest.raises(AssertionError, match="FORBIDDEN"):
            await helper.ask(query, id=contact)
    grant = f"mutation ($id: ID!, $input: MemberUpdateInput!) {{ memberUpdate(id: $id, input: $input) {{ {ERRORS} }} }}"
    await app.do(grant, id=helper_id, input={"permissions": ["CONTACT_READ"]})
    assert (await helper.ask("query ($id: ID!) { contact(id: $id) { name } }", id=contact))["contact"][
        "name"
    ] == "Maria Anders"
    with pytest.raises(AssertionError, match="FORBIDDEN"):
        await helper.ask(rename, id=contact)


async def a_token_does_what_it_may(app: App, session: aiohttp.ClientSession, address: str) -> None:
    create = f"""mutation ($input: ApiTokenCreateInput!) {{
        apiTokenCreate(input: $input) {{ secret apiToken {{ id }} {ERRORS} }} }}"""
    made = await app.do(create, input={"name": "a shop", "permissions": ["ACTIVITY_WRITE"]})
    shop = app_with(session, address, made["secret"])
    record = (
        f"mutation ($input: [ActivityInput!]!) {{ activitiesRecord(input: $input) {{ recorded duplicates {ERRORS} }} }}"
    )
    order = {"externalId": "ALFKI", "kind": "purchase", "properties": {"total": 42.5}, "idempotencyKey": "order 10643"}
    assert (await shop.do(record, input=[order]))["recorded"] == 1
    assert (await shop.do(record, input=[order]))["duplicates"] == 1
    shown = '{ contact(externalId: "ALFKI") { activities { nodes { kind properties } } } }'
    assert (await app.ask(shown))["contact"]["activities"]["nodes"] == [
        {"kind": "purchase", "properties": {"total": 42.5}}
    ]
    with pytest.raises(AssertionError, match="FORBIDDEN"):
        await shop.ask(shown)
    revoke = f"mutation ($id: ID!) {{ apiTokenRevoke(id: $id) {{ {ERRORS} }} }}"
    await app.do(revoke, id=made["apiToken"]["id"])
    with pytest.raises(AssertionError, match="UNAUTHENTICATED"):
        await shop.do(record, input=[order])
