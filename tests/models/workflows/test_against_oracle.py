"""Random workflows, contacts, changes and jumps of the clock: the engine and a naive oracle come to the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from random import Random
from typing import Any

import pytest

from models import clock, db
from models.contacts.delete import delete_contacts
from models.membership import manual_changes
from models.membership.origins import Origin
from models.workflows.writing import trails
from tests.kit.draws import with_seeds
from tests.kit.engine import settled
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workflow_runs import published
from tests.kit.workflows import assert_figures_add_up, moved, running
from tests.kit.workspaces import new_workspace
from tests.models.workflows.oracle import Contact, World
from tests.models.workflows.oracle_clocks import later

ZONES = ["Europe/Madrid", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", None]
BEGINS = ["2025-03-29T10:00", "2024-10-26T21:30", "2024-02-27T22:00", "2025-04-05T09:00", "2024-12-30T12:00"]
JUMPS = [1, 7, 30, 59, 60, 61, 240, 600, 1_440, 1_440, 3_000, 4_320, 14_400, 44_640]
"""In minutes."""

LIMITS = (10_000, 4)
"""Enrollments of a batch."""

COLUMNS = ["score", "timezone", "subscribed_at", "last_interaction_at", "date_of_birth"]


@dataclass(frozen=True)
class Words:
    """What a workflow reads and changes. Nobody changes what another one reads, but what it hears of: else it would matter who is
    first within one moment.
    """

    tags: str
    adds: list[str]
    removes: list[str]
    reads: list[str]
    changes: list[str]
    kinds: list[str]


FIRST = Words("pqw", ["w"], ["w", "q"], ["s1", "k1", "k2"], ["k1", "k2"], ["fieldSet", "enroll", "activityRecord"])
SECOND = Words("px", ["x"], ["x"], ["s1", "k3"], ["k3"], ["enroll", "activityRecord"])


class Draw:
    """What is random: graphs, and what people do."""

    def __init__(self, seed: int, segments: dict[str, int]) -> None:
        self.random = Random(seed)
        self.segments = segments
        self.words, self.other = FIRST, 0

    def rule(self, depth: int = 1) -> dict:
        kind = self.random.choice(["score", "tag", "tag", "segment", "old", *(["all", "any", "not"] if depth else [])])
        match kind:
            case "score" if self.words is FIRST:
                return {"field": {"field": "score", "operator": "GTE", "value": self.random.randint(1, 3)}}
            case "tag":
                return {"tags": {"operator": "HAS_ANY", "tags": [self.random.choice(self.words.tags)]}}
            case "segment" | "score":
                return {"segment": {"segmentId": self.segments[self.random.choice(self.words.reads)], "member": True}}
            case "old":
                value = self.random.choice(["PT2H", "P1D", "P3D"])
                return {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": value}}
            case "not":
                return {"not": self.rule(depth - 1)}
            case _:
                return {kind: [self.rule(depth - 1), self.rule(depth - 1)]}

    def event(self) -> dict:
        s1 = self.segments["s1"]
        great = {"kind": "purchase", "where": [{"property": "amount", "operator": "GTE", "value": 2}]}
        return self.random.choice(
            [
                {"tagAdded": "p"},
                {"tagRemoved": "q"},
                {"activity": {"kind": "purchase"}},
                {"activity": great},
                {"activity": {"kind": "note"}},
                {"fieldChanged": ["score", "timezone"]},
                {"segmentEntered": s1},
                {"segmentLeft": s1},
            ]
        )

    def action(self, later: list[str], waits: list[str], kind: str | None = None) -> dict:
        def next_() -> str:
            back = waits and self.random.random() < 0.15
            return self.random.choice(waits if back else later)

        random = self.random
        kind = kind or random.choice(
            ["condition", "branch", "wait", "waitUntil", "waitFor", "waitFor", "segmentAdd", "segmentRemove"]
            + ["segmentKeep", "tagsChange", "split", *self.words.kinds]
        )
        segment = self.segments[random.choice(self.words.changes)]
        if kind == "enroll" and not self.other:
            kind = "split"
        match kind:
            case "condition":
                do: dict = {"rule": self.rule(), "yes": next_(), "no": next_()}
            case "branch":
                cases = [{"name": name, "rule": self.rule(), "next": next_()} for name in ("one", "two")]
                do = {"cases": cases, "otherwise": next_()}
            case "wait":
                do = {"for": random.choice(["PT1M", "PT1H", "P1D", "P2D", "P1M", "P1M1DT1H"]), "next": next_()}
            case "waitUntil":
                do = self.until() | {
                    "next": next_(),
                    "skip": next_(),
                    "late": random.choice(["PROCEED", "SKIP", "END"]),
                }
            case "waitFor":
                do = {"any": [self.event() for _ in range(random.randint(0, 2))], "lookBack": random.random() < 0.6}
                do |= {"timeout": random.choice(["PT1H", "P1D", "P3D", "P1M"]), "next": next_(), "timedOut": next_()}
                if not do["any"] or random.random() < 0.4:
                    do["rule"] = self.rule()
            case "segmentKeep":
                renew = random.random() < 0.5
                do = {
                    "segmentId": segment,
                    "for": random.choice(["PT30M", "P1D", "P1M"]),
                    "renew": renew,
                    "next": next_(),
                }
            case "tagsChange":
                do = (
                    {"add": self.words.adds, "next": next_()}
                    if random.random() < 0.5
                    else {"remove": self.words.removes, "next": next_()}
                )
            case "split":
                shares = [("left", 30), ("right", 70)] if random.random() < 0.8 else [("left", 100), ("right", 0)]
                do = {"shares": [{"name": name, "percent": share, "next": next_()} for name, share in shares]}
            case "enroll":
                do = {"workflowId": self.other, "next": next_()}
            case "activityRecord":
                do = {"kind": "note", "next": next_()}
            case "fieldSet":
                do = {"field": "score", "increment": 1.0} if random.random() < 0.5 else {"field": "score", "value": 0}
                do["next"] = next_()
            case _:
                do = {"segmentId": segment, "next": next_()}
        return {kind: do}

    def until(self) -> dict:
        random = self.random
        until: dict = random.choice(
            [
                {},
                {"field": "subscribed_at"},
                {"field": "subscribed_at", "offset": "PT26H"},
                {"field": "subscribed_at", "offset": "P1M"},
                {"at": "2025-03-30T09:00:00+00:00"},
            ]
        )
        if random.random() < 0.7:
            until = until | {"time": random.choice(["02:30", "10:00", "23:59", "00:00"])}
        if random.random() < 0.4:
            until = until | {"weekdays": sorted(random.sample(range(1, 8), random.randint(1, 4)))}
        return until or {"time": "09:00"}

    def graph(self, triggers: list[dict]) -> dict:
        random = self.random
        keys = [f"n{index}" for index in range(random.randint(3, 8))]
        nodes: list[dict] = [{"key": "end", "do": {"end": {"outcome": "done"}}}]
        waits: list[str] = []
        for index, key in reversed(list(enumerate(keys))):
            if random.random() < 0.2:
                waits.append(key)
            kind = "wait" if key in waits else None
            nodes.insert(0, {"key": key, "do": self.action([*keys[index + 1 :], "end"], waits, kind)})
        policy = random.choice(["ONCE", "AFTER_LEAVING", "EVERY_TIME", "EVERY_TIME", "EVERY_TIME"])
        graph: dict = {
            "triggers": triggers,
            "start": keys[0],
            "nodes": nodes,
            "zone": random.choice(["WORKSPACE", "CONTACT"]),
            "maxStay": random.choice(["P9D", "P30D", "P2M"]),
            "reentry": {"policy": policy, **({"cooldown": "PT2H"} if random.random() < 0.15 else {})},
            "exits": [],
        }
        if random.random() < 0.1:
            graph["entryRule"] = self.rule()
        if random.random() < 0.35:
            graph["goal"] = self.end() | {"continueAfter": random.random() < 0.5}
            if random.random() < 0.5:
                graph["goal"]["within"] = "P1D"
        if random.random() < 0.4:
            graph["exits"] = [self.end()]
        if random.random() < 0.3:
            graph["exits"].append({"leavesTrigger": True})
        return graph

    def edited(self, graph: dict) -> dict:
        """The graph with another action at one of its nodes, or without one: what led there leads to the next one."""
        nodes, keys = [dict(node) for node in graph["nodes"]], [node["key"] for node in graph["nodes"]]
        index = self.random.randrange(len(nodes) - 1)
        waits = [node["key"] for node in nodes if "wait" in node["do"]]
        if nodes[index]["key"] in waits:
            nodes[index]["do"] = {
                "wait": nodes[index]["do"]["wait"] | {"for": self.random.choice(["PT5M", "P1D", "P3D"])}
            }
        elif index and self.random.random() < 0.3:
            gone, after = nodes.pop(index)["key"], keys[index + 1]
            nodes = [loads(dumps(node).replace(f'"{gone}"', f'"{after}"')) for node in nodes]
        else:
            nodes[index]["do"] = self.action(keys[index + 1 :], [])
        return graph | {"nodes": nodes}

    def end(self) -> dict:
        return {"event": self.event()} if self.random.random() < 0.5 else {"rule": self.rule()}


class Both:
    """A workspace and an oracle, to which the same happens."""

    def __init__(self, scope: Any, world: World, segments: dict[str, Any], ids: list[int]) -> None:
        self.scope, self.world, self.segments, self.ids = scope, world, segments, ids
        self.deleted: set[int] = set()
        self.heard_of = self.settled = 0
        self.edits: dict[int, dict] = {}

    async def do(self, draw: Draw) -> str:
        """Something that a person does, or the clock: what it is."""
        random = draw.random
        alive = sorted(self.world.contacts.keys() - self.deleted)
        kind = random.choice(
            ["jump"] * 5 + ["tags"] * 3 + ["purchase"] * 3 + ["put"] * 5 + ["score", "zone", "zone", "date", "delete"]
        )
        if kind == "jump" or not alive:
            moment = clock.now() + timedelta(minutes=random.choice(JUMPS))
            clock.set_source(lambda: moment)
            self.world.now = moment
            return f"jump to {moment}"
        contact_id = random.choice(alive)
        contact = self.world.contacts[contact_id]
        match kind:
            case "tags":
                tags = sorted({tag for tag in "pq" if random.random() < 0.5} | (contact.tags & {"w"}))
                await db.execute("UPDATE contacts SET tags = $2 WHERE id = $1", contact_id, tags)
                self.world.set_tags(contact_id, tags)
                return f"{contact_id} has the tags {tags}"
            case "score":
                score = random.randint(0, 3)
                await db.execute("UPDATE contacts SET score = $2 WHERE id = $1", contact_id, score)
                self.world.set_column(contact_id, "score", score)
                return f"{contact_id} has the score {score}"
            case "purchase":
                amount = random.randint(1, 3)
                await db.execute(
                    "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)"
                    " VALUES ($3, $1, 'purchase', now(), $2)",
                    contact_id,
                    db.dump_json({"amount": amount}),
                    self.scope.workspace_id,
                )
                self.world.record(contact_id, "purchase", {"amount": amount})
                return f"{contact_id} buys for {amount}"
            case "put":
                segment = self.segments[random.choice(["s0", "s0", "s1"])]
                member = segment.id not in contact.segments
                given = {"add" if member else "remove": [contact_id]}
                await manual_changes.change_members(self.scope, segment.id, origin=Origin.MANUAL, **given)
                self.world.put(contact_id, segment.id, member)
                return f"{contact_id} {'enters' if member else 'leaves'} {segment.name}"
            case "zone":
                zone = random.choice(ZONES)
                await db.execute("UPDATE contacts SET timezone = $2 WHERE id = $1", contact_id, zone)
                self.world.set_column(contact_id, "timezone", zone)
                return f"{contact_id} lives in {zone}"
            case "date":
                name = random.choice(["subscribed_at", "last_interaction_at"])
                at = random.choice([None, clock.now() - timedelta(hours=random.randint(0, 80))])
                await db.execute(f"UPDATE contacts SET {name} = $2 WHERE id = $1", contact_id, at)
                self.world.set_column(contact_id, name, None if at is None else at.isoformat())
                return f"{contact_id} has {name} {at}"
            case _:
                if random.random() < 0.7:
                    return "nothing"
                await delete_contacts(self.scope, [contact_id])
                self.world.delete(contact_id)
                self.deleted.add(contact_id)
                return f"{contact_id} is deleted"

    async def _mark_now(self) -> None:
        marks = await db.fetch("SELECT workspace_id, id FROM dirty_contacts ORDER BY marked_at, id")
        moments = (clock.now() + timedelta(microseconds=place) for place in range(1, len(marks) + 1))
        await db.execute_many(_MARKED_AT, [(*mark, at) for mark, at in zip(marks, moments, strict=True)])

    async def settle(self) -> None:
        """By turns with batches that write some while they decide others."""
        await self._mark_now()
        self.settled += 1
        await moved(self.scope, LIMITS[self.settled % 2])
        self.world.chosen = await self._chosen()
        for workflow_id, graph in self.edits.items():
            self.world.publish(workflow_id, graph)
        self.edits.clear()
        self.world.settle()
        assert not any(self.world.chosen.values()), "the engine went by a SPLIT more often"

    async def _chosen(self) -> dict[tuple[int, int, str], list[str]]:
        """By which ways the engine went at a SPLIT since it was last asked: chance decides."""
        found: dict[tuple[int, int, str], list[str]] = {}
        for row in await db.fetch(_CHOSEN, self.heard_of):
            key = (row["workflow_id"], row["contact_id"], row["key"])
            found.setdefault(key, []).append(row["outcome"])
            self.heard_of = row["position"]
        return found

    async def publish(self, draw: Draw) -> str:
        """Another version of a workflow, while people are inside."""
        workflow_id = draw.random.choice(sorted(self.world.workflows))
        draw.words, draw.other = (FIRST, SECOND)[workflow_id - 1], len(self.world.workflows) > 1 and 3 - workflow_id
        graph = draw.edited(self.world.workflows[workflow_id])
        await published(self.scope, workflow_id, graph)
        await db.execute("UPDATE workflow_sources SET since_at = '-infinity'")
        self.edits[workflow_id] = graph
        return f"{workflow_id} is now {db.dump_json(graph)}"

    async def compare(self, told: list[str]) -> None:
        ours, theirs = await self._ours(), self._theirs()
        for name, expected in theirs.items():
            assert ours[name] == expected, f"{name} after:\n" + "\n".join(told)

    async def _ours(self) -> dict[str, Any]:
        inside = await db.fetch(
            "SELECT e.workflow_id, e.contact_id, n.key, e.state, e.wake_at FROM enrollments e JOIN workflow_nodes n"
            " ON n.workspace_id = e.workspace_id AND n.workflow_id = e.workflow_id AND n.node = e.node"
        )
        ended = await db.fetch('SELECT workflow_id, contact_id, "end" FROM enrollments_ended')
        contacts = await db.fetch("SELECT id, score, tags FROM contacts")
        members = await db.fetch("SELECT segment_id, contact_id FROM memberships")
        goals = await db.fetch_value("SELECT coalesce(sum(count), 0) FROM workflow_counts WHERE what = 'goal'")
        return {
            "inside": sorted(tuple(row.values()) for row in inside),
            "ended": sorted(tuple(row.values()) for row in ended),
            "contacts": sorted((row["id"], float(row["score"]), sorted(row["tags"])) for row in contacts),
            "members": sorted(tuple(row.values()) for row in members),
            "goals": goals,
        }

    def _theirs(self) -> dict[str, Any]:
        world = self.world
        return {
            "inside": sorted(
                (one.workflow, one.contact, one.node, one.state, self._wakes_at(one)) for one in world.inside
            ),
            "ended": sorted((one.workflow, one.contact, one.end) for one in world.ended),
            "contacts": sorted(
                (one.id, float(one.columns["score"]), sorted(one.tags)) for one in world.contacts.values()
            ),
            "members": sorted((segment, one.id) for one in world.contacts.values() for segment in one.segments),
            "goals": world.goals,
        }

    def _wakes_at(self, one: Any) -> datetime:
        stays_until = later(one.entered_at, self.world.workflows[one.workflow]["maxStay"], self.world.zone)
        return stays_until if one.wake_at is None else min(one.wake_at, stays_until)


async def both(seed: int) -> tuple[Both, Draw]:
    begins = datetime.fromisoformat(BEGINS[seed % len(BEGINS)]).replace(tzinfo=UTC)
    clock.set_source(lambda: begins)
    scope = await new_workspace()
    segments = {name: await static_segment(scope, name=name) for name in ("s0", "s1", "k1", "k2", "k3")}
    draw = Draw(seed, {name: segment.id for name, segment in segments.items()})
    ids = await new_contacts(scope, 5)
    born = [f"{1990 + index}-{begins:%m}-{min(28, begins.day + index % 3):02}" for index in range(len(ids))]
    for contact_id, day in zip(ids, born, strict=True):
        await db.execute("UPDATE contacts SET date_of_birth = $2::text::date, score = 0 WHERE id = $1", contact_id, day)
    graphs = _graphs(draw, segments)
    await settled(scope)
    workflows = {await running(scope, graph): graph for graph in graphs}
    await db.execute("UPDATE workflow_sources SET since_at = '-infinity'")
    await moved(scope)
    world = World(scope.timezone, clock.now(), workflows)
    for contact_id, day in zip(ids, born, strict=True):
        columns = dict.fromkeys(COLUMNS) | {"score": 0, "date_of_birth": day}
        world.contacts[contact_id] = Contact(contact_id, columns)
    return Both(scope, world, segments, ids), draw


RECURRENCES = [
    "FREQ=DAILY;BYHOUR=2;BYMINUTE=30",
    "FREQ=DAILY;INTERVAL=3;BYHOUR=10;BYMINUTE=0",
    "FREQ=WEEKLY;BYDAY=MO,SU;BYHOUR=0;BYMINUTE=0",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;BYHOUR=23;BYMINUTE=59",
]


def _graphs(draw: Draw, segments: dict[str, Any]) -> list[dict]:
    """One workflow, or two that let into each other."""
    random, s0 = draw.random, segments["s0"].id
    first = random.choice(
        [
            [{"key": "t", "on": {"segmentEntered": s0}}],
            [{"key": "t", "on": {"segmentEntered": s0}}, {"key": "u", "on": draw.event()}],
            [{"key": "t", "on": draw.event()}],
            [{"key": "t", "on": {"date": {"field": "date_of_birth", "yearly": True, "at": "10:00"}}}],
            [{"key": "t", "on": {"schedule": {"rrule": random.choice(RECURRENCES), "segmentId": s0}}}],
        ]
    )
    if random.random() < 0.5:
        return [draw.graph(first)]
    draw.other = 2
    graphs = [draw.graph(first)]
    draw.words, draw.other = SECOND, 1
    second = random.choice([[{"key": "m", "on": {"manual": True}}], [{"key": "t", "on": draw.event()}]])
    return [*graphs, draw.graph(second)]


# What people did happened now, one thing after the other.
_MARKED_AT = "UPDATE dirty_contacts SET marked_at = $3 WHERE workspace_id = $1 AND id = $2"

_CHOSEN = """
SELECT a.position - a.size + s.place AS position, s.workflow_id, s.contact_id, n.key, s.outcome FROM workflow_steps s
JOIN workflow_step_appends a ON a.workspace_id = s.workspace_id AND a.append_id = s.append_id
JOIN workflow_nodes n ON n.workspace_id = s.workspace_id AND n.workflow_id = s.workflow_id AND n.node = s.node
WHERE a.position - a.size + s.place > $1 AND s.outcome IN ('left', 'right') ORDER BY 1
"""


@with_seeds(12, 20, 35, 70_142, 6_425_290_001, 6_583_460_002, 8_663_950_004)
async def test_the_engine_and_the_oracle_come_to_the_same(
    database: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(trails, "MANY", 1)
    here, draw = await both(seed)
    told = [db.dump_json(graph) for graph in here.world.workflows.values()]
    for step in range(40):
        told.append(" and ".join([await here.do(draw) for _ in range(draw.random.choice([1, 1, 1, 2, 4]))]))
        await here.settle()
        await here.compare(told)
        if step % 8 == 7:
            told.append(await here.publish(draw))
            await here.settle()
            await here.compare(told)
    await assert_figures_add_up(here.scope)
