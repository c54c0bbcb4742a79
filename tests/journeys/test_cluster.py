"""A whole Muster on a cluster, over HTTP alone: the README's first requests, two businesses on different nodes, and a node that
is ended at once and started again while both are changing."""

import asyncio
import re
from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from models.db.direct.connections import RETRY_SECONDS
from tests.kit.app import App
from tests.kit.cluster import every_node, on_a_cluster, on_node
from tests.kit.cluster import run as run_on
from tests.kit.cluster_node import ClusterNode, node_at
from tests.kit.run import Run, running, until

pytestmark = [on_a_cluster, pytest.mark.slow]

README: Final = Path(__file__).resolve().parents[2] / "README.md"
PASSWORD: Final = "seven purple umbrellas"
CONTACTS: Final = 20
ERRORS: Final = "userErrors { code message field }"


def running_on(database: str, redis: str, **settings: str) -> AbstractContextManager[Run]:
    """What `make run` starts, on the cluster."""
    return running(MUSTER_DATABASE_URL=database, MUSTER_REDIS_URL=redis, MUSTER_SECRET="s" * 40, **settings)


async def test_the_first_requests_of_the_readme(another_database: str, redis_url: str) -> None:
    with running_on(another_database, redis_url) as run:
        until(lambda: "Stop       Ctrl-C" in run.said(), 120)
        await first_requests(run)


async def first_requests(run: Run) -> None:
    token = run.muster("token").stdout.strip()
    section = README.read_text().partition("\n## First requests\n")[2].partition("\n## ")[0]
    viewer, contacts, create, segments = re.findall(r"    ask '(.*?)'\n", section, re.DOTALL)
    assert run.ask(viewer, token)["data"]["viewer"]["workspace"] == {"name": "Demo", "contactCount": 3000}
    assert len(run.ask(contacts, token)["data"]["contacts"]["nodes"]) == 3
    assert run.ask(create, token)["data"]["segmentCreate"]["userErrors"] == []
    async with asyncio.timeout(60):
        while not _all_are_ready(run.ask(segments, token)["data"]["segments"]["nodes"]):
            await asyncio.sleep(0.2)
    nodes = run.ask(segments, token)["data"]["segments"]["nodes"]
    assert {node["name"]: node["memberCount"] for node in nodes}["Regulars in Paris"] > 0


def _all_are_ready(nodes: list[dict[str, Any]]) -> bool:
    return len(nodes) > 1 and all(node["status"] == "READY" for node in nodes)


# ---------------------------------------------------------------- two businesses, one of whose nodes goes away


@dataclass
class Business:
    """A workspace on `node`, its admin, and what was acknowledged: the tags of each contact, and how many activities."""

    id: int
    node: str
    app: App
    segment: str = ""
    cursor: str = ""
    tagged: dict[str, bool] = field(default_factory=dict)
    recorded: int = 0
    refused: int = 0
    times: list[float] = field(default_factory=list)

    async def begin(self) -> None:
        rule = {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}
        create = (
            f"mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id }} {ERRORS} }} }}"
        )
        given = {"name": "VIP", "kind": "DYNAMIC", "rule": rule}
        self.segment = (await self.app.do(create, input=given))["segment"]["id"]
        await self.app.until(SEGMENT, lambda data: data["segment"]["status"] == "READY", id=self.segment)
        self.cursor = (await self.app.ask("{ membershipChanges(fromNow: true) { cursor } }"))["membershipChanges"][
            "cursor"
        ]

    async def change(self, stop: asyncio.Event) -> None:
        """Tags a contact or takes the tag away, reads it, and records an activity of it, until `stop`; again when refused."""
        number = 0
        while not stop.is_set():
            key, vip = f"c{number % CONTACTS}", number // CONTACTS % 2 == 0
            await self.insist(UPSERT, input={"externalId": key, "tags": ["vip"] if vip else []})
            self.tagged[key] = vip
            assert (await self.insist(TAGS, key=key))["tags"] == (["vip"] if vip else []), (
                "what was acknowledged is read"
            )
            activity = {"externalId": key, "kind": "visit", "idempotencyKey": f"visit {number}"}
            await self.insist(RECORD, input=[activity])
            self.recorded, number = self.recorded + 1, number + 1
            self.times.append(asyncio.get_running_loop().time())

    async def insist(self, operation: str, **variables: Any) -> Any:
        """Sends it until it is answered or acknowledged, as long as the answer is that it may succeed later."""
        body = {"query": operation, "variables": variables}
        while True:
            async with self.app.session.post(f"http://{self.app.address}/graphql", json=body) as response:
                answer = await response.json()
            if "errors" not in answer:
                ((payload),) = answer["data"].values()
                assert not payload.get("userErrors")
                return payload
            codes = {error["extensions"]["code"] for error in answer["errors"]}
            assert codes <= {"UNAVAILABLE", "TIMEOUT"}, answer
            self.refused += 1
            await asyncio.sleep(0.2)

    async def changes(self) -> dict[str, list[str]]:
        """What the log says of each contact since the beginning, in order."""
        told, after = defaultdict(list), self.cursor
        while True:
            page = (await self.app.ask(CHANGES, after=after))["membershipChanges"]
            for change in page["changes"]:
                told[change["contact"]["externalId"]].append(change["kind"])
            if not page["hasMore"]:
                return told
            after = page["cursor"]


UPSERT: Final = f"mutation ($input: ContactInput!) {{ contactUpsert(input: $input) {{ contact {{ id }} {ERRORS} }} }}"
RECORD: Final = (
    f"mutation ($input: [ActivityInput!]!) {{ activitiesRecord(input: $input) {{ recorded duplicates {ERRORS} }} }}"
)
SIGN_IN: Final = f"""mutation ($email: String!, $password: String!) {{
    signIn(email: $email, password: $password) {{ token {ERRORS} }} }}"""
TAGS: Final = "query ($key: String!) { contact(externalId: $key) { tags } }"
SEGMENT: Final = "query ($id: ID!) { segment(id: $id) { status memberCount } }"
MEMBERS: Final = "query ($id: ID!) { segment(id: $id) { memberCount members(first: 100) { nodes { externalId } } } }"
CHANGES: Final = """query ($after: ChangeCursor) { membershipChanges(after: $after, first: 250) {
    changes { kind contact { externalId } } cursor hasMore } }"""


async def move_in(run: Run, url: str, session: aiohttp.ClientSession, name: str) -> Business:
    """By the section "Moving in" of the README."""
    email = f"ana@{name}.example"
    created = await asyncio.to_thread(
        run.muster, "workspace", "create", name, "--zone", "Europe/Madrid", "--admin", email
    )
    assert created.returncode == 0, created.stderr
    link = created.stdout.split()[-1]
    typed = {"email": email, "new": PASSWORD, "again": PASSWORD}
    async with session.post(link, data=typed) as response:
        assert "You can sign in" in await response.text()
    address = f"127.0.0.1:{run.port}"
    token = (await App(session, address).do(SIGN_IN, email=email, password=PASSWORD))["token"]
    app = App(aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}), address)
    connection = await asyncpg.connect(url)
    try:
        number = await connection.fetchval("SELECT id FROM workspaces WHERE name = $1", name)
        row = await connection.fetchrow(
            """SELECT n.nodename AS host, n.nodeport AS port FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
               WHERE p.shardid = get_shard_id_for_distribution_column('workspaces', $1::bigint)""",
            number,
        )
    finally:
        await connection.close()
    return Business(number, on_node(url, row["host"], row["port"]), app)


async def two_on_different_nodes(run: Run, url: str, session: aiohttp.ClientSession) -> tuple[Business, Business]:
    first = await move_in(run, url, session, "casa0")
    for number in range(1, 12):
        other = await move_in(run, url, session, f"casa{number}")
        if other.node != first.node:
            return first, other
        await other.app.session.close()
    raise AssertionError("all workspaces lie on one node")


async def lost(node: ClusterNode, north: Business, south: Business, stop: asyncio.Event) -> tuple[float, float]:
    """Ends the node of `south` while both change, for some seconds. Returns when it went and when it was back."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(5)
    assert north.recorded > 0
    assert south.recorded > 0
    went_at = loop.time()
    try:
        await node.crash()
        went_at = loop.time()
        await asyncio.sleep(6)
    finally:
        back_at = loop.time()
        await node.start()
    before = south.recorded
    async with asyncio.timeout(60):
        while south.recorded < before + 2 * CONTACTS:
            await asyncio.sleep(0.2)
    stop.set()
    return went_at, back_at


async def test_a_node_goes_away_and_comes_back_and_nothing_is_lost_or_done_twice(
    another_database: str, redis_url: str
) -> None:
    for url in every_node(another_database):  # without it a server may lose what it acknowledged just before it ended
        change = f"ALTER DATABASE {urlsplit(url).path.strip('/')} SET synchronous_commit = on"
        await run_on(url, "SET citus.enable_ddl_propagation = off", change)
    with running_on(another_database, redis_url, MUSTER_DEMO="false") as run:
        async with aiohttp.ClientSession() as session:
            north, south = await two_on_different_nodes(run, another_database, session)
        node = await node_at(south.node)
        if node is None:
            pytest.skip("the nodes of the cluster run on another machine, or as another account")
        await changed_while_lost(node, north, south)
        for business in (north, south):
            await is_read_at_its_node(business)
            await is_right(business, another_database)
            await business.app.session.close()


async def changed_while_lost(node: ClusterNode, north: Business, south: Business) -> None:
    await north.begin()
    await south.begin()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(north.change(stop))
        group.create_task(south.change(stop))
        times = group.create_task(lost(node, north, south, stop))
    went_at, back_at = times.result()
    north_meanwhile, south_meanwhile = (
        len([at for at in business.times if went_at < at < back_at]) for business in (north, south)
    )
    assert north_meanwhile > 0, "those on other nodes go on"
    assert south_meanwhile <= 1
    assert south.refused > 0


async def is_read_at_its_node(business: Business) -> None:
    """Past the coordinator, whose own sessions there have another name. After a loss this takes a while."""
    connection = await asyncpg.connect(business.node)
    try:
        async with asyncio.timeout(2 * RETRY_SECONDS):
            while not await connection.fetchval(DIRECT):
                await business.insist(TAGS, key="c0")
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


DIRECT: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'muster-api'"
)


async def is_right(business: Business, url: str) -> None:
    vip = sorted(key for key, is_vip in business.tagged.items() if is_vip)

    def is_there(data: Any) -> bool:
        return sorted(node["externalId"] for node in data["segment"]["members"]["nodes"]) == vip

    segment = (await business.app.until(MEMBERS, is_there, seconds=60, id=business.segment))["segment"]
    assert segment["memberCount"] == len(vip)
    told = await business.changes()
    for key, is_vip in business.tagged.items():
        kinds = told[key]
        assert kinds == [("ENTERED", "LEFT")[place % 2] for place in range(len(kinds))], (key, kinds)
        assert len(kinds) % 2 == is_vip, (key, kinds)
    connection = await asyncpg.connect(url)
    try:
        counted = "SELECT count(*), count(DISTINCT idempotency_key) FROM activities WHERE workspace_id = $1"
        assert tuple(await connection.fetchrow(counted, business.id)) == (business.recorded, business.recorded)
        contacts = await connection.fetchval("SELECT count(*) FROM contacts WHERE workspace_id = $1", business.id)
        assert contacts == len(business.tagged)
    finally:
        await connection.close()
