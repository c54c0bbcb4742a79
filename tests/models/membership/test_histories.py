"""Random histories: whatever is written, in any order, and however time passes, all is right in the end.

Everything follows from one number. `make explore` draws more histories than the few that every run takes.
"""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random

from models import clock, db
from models.membership import audit, backfill, batches, manual_changes, rebuild, swap
from models.membership.origins import ChangeKind, Origin, Override
from tests.kit.draws import with_seeds
from tests.kit.engine import assert_all_is_right, settled, stored
from tests.kit.worlds import KINDS, ZONES, World


@with_seeds(12)
async def test_a_random_history_ends_with_the_right_members(database, seed):
    history = History(seed)
    await history.begin()
    for _ in range(6):
        for _ in range(history.random.randint(3, 12)):
            await history.step()
        await history.end_of_chapter()


class History:
    """A workspace, and things that happen in it."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.world = World(seed, contacts=25)
        self.now = self.world.now

    async def begin(self):
        clock.set_source(lambda: self.now)
        self.scope = await stored(self.world)
        self.ws = self.scope.workspace_id
        self.segments, self.dynamic, self.static = [], [], []
        for _ in range(2):
            self.static.append(await self._new_segment("STATIC", None))
        for _ in range(self.random.randint(3, 7)):
            await self.a_new_segment()
        await self.end_of_chapter()

    async def step(self):
        await self.random.choice(
            [self.contacts_change] * 6
            + [self.a_contact_comes, self.a_contact_goes]
            + [self.an_activity] * 3
            + [self.activities_go_away, self.a_hand_moves_members, self.an_operator_moves_members]
            + [
                self.an_override,
                self.a_new_rule,
                self.a_new_segment,
                self.a_segment_is_deleted,
                self.a_segment_is_restored,
            ]
            + [self.time_passes] * 4
            + [self.a_slice] * 4
            + [self.a_build] * 2
            + [self.an_audit] * 2
            + [self.a_recompute, self.an_operator_changes_the_zone, self.an_operator_renumbers_a_contact]
        )()

    async def end_of_chapter(self):
        """All that waits is done; then everything must be right."""
        await self.build_all()
        self.now += timedelta(seconds=2)  # a tick is due
        await settled(self.scope, self.random.choice([1, 7, 100]))
        await assert_all_is_right(self.scope, self.now)
        await self.from_the_ground_up()

    async def from_the_ground_up(self):
        """What was kept right step by step is what a build, and an audit, make of it."""
        alive = await self._alive(self.dynamic)
        if alive:
            built = await rebuild.rebuild(self.ws, self.random.choice(alive), again=True)
            assert built == swap.RebuildResult(0, 0)
        await self.an_audit()

    async def _alive(self, segment_ids):
        rows = await db.fetch(
            "SELECT id FROM segments WHERE id = ANY ($1) AND deleted_at IS NULL ORDER BY id", segment_ids
        )
        return [row["id"] for row in rows]

    # ------------------------------------------------------------ what happens to contacts

    async def _contact_ids(self, most=5):
        rows = await db.fetch("SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id", self.ws)
        return self.random.sample([row["id"] for row in rows], min(len(rows), self.random.randint(1, most)))

    async def contacts_change(self):
        other = self.world._contact(self.random.randint(1000, 10**6))
        columns = self.random.sample(
            [
                "name",
                "first_name",
                "last_name",
                "timezone",
                "date_of_birth",
                "subscribed_at",
                "last_interaction_at",
                "score",
                "whatsapp_consent",
                "tags",
                "attributes",
            ],
            self.random.randint(1, 3),
        )
        sql = ", ".join(f"{column} = r.{column}" for column in columns)
        await db.execute(
            f"UPDATE contacts SET {sql} FROM {_RECORD} WHERE workspace_id = $1 AND contacts.id = ANY($3::bigint[])",
            self.ws, json.dumps({column: other[column] for column in columns}), await self._contact_ids(),
        )  # fmt: skip

    async def a_contact_comes(self):
        other = self.world._contact(self.random.randint(1000, 10**9))
        columns = [key for key in other if key not in ("activities", "segments")]
        names = ", ".join(columns)
        await db.execute(
            f"INSERT INTO contacts (workspace_id, {names}) SELECT $1, {names} FROM {_RECORD} ON CONFLICT DO NOTHING",
            self.ws, json.dumps({column: other[column] for column in columns}),
        )  # fmt: skip

    async def a_contact_goes(self):
        await db.execute(
            "DELETE FROM contacts WHERE workspace_id = $1 AND id = $2", self.ws, (await self._contact_ids(1))[0]
        )

    async def an_activity(self):
        activity = self.world._activity()
        await db.execute(
            """INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)
               SELECT $1, unnest($2::bigint[]), $3, $4::text::timestamptz, $5""",
            self.ws, await self._contact_ids(3), activity["kind"], activity["occurred_at"], json.dumps(activity["properties"]),
        )  # fmt: skip

    async def activities_go_away(self):
        kind, ids = self.random.choice(KINDS), await self._contact_ids(8)
        if self.random.random() < 0.5:
            await db.execute(
                "DELETE FROM activities WHERE workspace_id = $1 AND kind = $2 AND contact_id = ANY($3)",
                self.ws,
                kind,
                ids,
            )
        else:
            await db.execute(
                "UPDATE activities SET kind = $3 WHERE workspace_id = $1 AND contact_id = ANY($2)", self.ws, ids, kind
            )

    # ------------------------------------------------------------ what people do to segments

    async def _new_segment(self, kind, rule):
        return await db.fetch_value(
            "INSERT INTO segments (workspace_id, name, kind, status, rule) VALUES ($1, $2, $3, $4, $5) RETURNING id",
            self.ws, "a segment", kind, "READY" if rule is None else "BUILDING", None if rule is None else json.dumps(rule),
        )  # fmt: skip

    def _rule(self, before):
        """A rule that mentions only older segments, so that there is no cycle."""
        self.world.segments = [*self.static, *(older for older in self.dynamic if older < before)]
        leaf = self.world.relative_leaf if self.random.random() < 0.5 else self.world.leaf
        return self.world.rule(
            self.random.randint(0, 2), lambda: leaf() if self.random.random() < 0.8 else self.world.segment_leaf()
        )

    async def a_new_segment(self):
        self.dynamic.append(await self._new_segment("DYNAMIC_PLUS", self._rule(10**9)))

    async def a_new_rule(self):
        segment_id = self.random.choice(self.dynamic)
        await db.execute(
            "UPDATE segments SET rule = $3, rule_version = rule_version + 1, status = 'BUILDING'"
            " WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
            self.ws, segment_id, json.dumps(self._rule(segment_id)),
        )  # fmt: skip

    async def a_segment_is_deleted(self):
        await self._delete_or_restore(self.random.choice(self.dynamic + self.static), ChangeKind.LEFT)

    async def a_segment_is_restored(self):
        for segment_id in self.dynamic + self.static:
            await self._delete_or_restore(segment_id, ChangeKind.ENTERED)

    async def _delete_or_restore(self, segment_id, kind):
        async with db.transaction():
            deleted = await db.fetch_value("SELECT deleted_at FROM segments WHERE id = $1", segment_id)
            if (deleted is None) != (kind is ChangeKind.LEFT):
                return
            assert (await backfill.backfill(self.ws, segment_id, kind)).all
            await db.execute(
                "UPDATE segments SET deleted_at = $2 WHERE id = $1",
                segment_id,
                self.now if kind is ChangeKind.LEFT else None,
            )
            await db.execute(
                "UPDATE segments SET rule_version = rule_version + 1, status = 'BUILDING' WHERE kind <> 'STATIC'"
                " AND (id = $1 OR rule @? $2::text::jsonpath OR active_rule @? $2::text::jsonpath)",
                segment_id, f"$.**.segmentId ? (@ == {segment_id})",
            )  # fmt: skip

    async def a_hand_moves_members(self):
        segment_id = self.random.choice(self.static)
        if await db.fetch_value("SELECT deleted_at FROM segments WHERE id = $1", segment_id) is None:
            await manual_changes.change_members(
                self.scope,
                segment_id,
                add=await self._contact_ids(),
                remove=await self._contact_ids(),
                origin=Origin.MANUAL,
            )

    async def an_operator_moves_members(self):
        segment_id = self.random.choice(self.static + self.dynamic)
        if self.random.random() < 0.5:
            await db.execute(
                "DELETE FROM memberships WHERE segment_id = $1 AND contact_id = ANY($2)",
                segment_id,
                await self._contact_ids(9),
            )
        else:
            await db.execute(
                "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)"
                " SELECT $1, $2, unnest($3::bigint[]), 'MANUAL' ON CONFLICT DO NOTHING",
                self.ws, segment_id, await self._contact_ids(4),
            )  # fmt: skip

    async def an_operator_changes_the_zone(self):
        self.world.timezone = self.random.choice(ZONES)
        await db.execute("UPDATE workspaces SET timezone = $1", self.world.timezone)
        self.scope = replace(self.scope, timezone=self.world.timezone)

    async def an_operator_renumbers_a_contact(self):
        await db.execute(
            "UPDATE contacts SET id = (SELECT max(id) + 1000 FROM contacts WHERE workspace_id = $1)"
            " WHERE workspace_id = $1 AND id = $2"
            " AND NOT EXISTS (SELECT 1 FROM activities AS a WHERE a.workspace_id = $1 AND a.contact_id = contacts.id)",
            self.ws,
            (await self._contact_ids(1))[0],
        )

    async def an_override(self):
        segment_id = self.random.choice(self.dynamic)
        if await db.fetch_value("SELECT deleted_at FROM segments WHERE id = $1", segment_id) is None:
            word = self.random.choice([Override.INCLUDE, Override.EXCLUDE, None])
            await manual_changes.override(self.scope, segment_id, await self._contact_ids(), word)

    # ------------------------------------------------------------ what the workers do, and time

    async def a_slice(self):
        await batches.process_batch(self.ws, self.random.choice([1, 3, 50]))

    async def a_build(self):
        await rebuild.rebuild(self.ws, self.random.choice(self.dynamic))

    async def a_recompute(self):
        for segment_id in await self._alive(self.dynamic[:1]):
            built = await rebuild.rebuild(self.ws, segment_id, again=True)
            assert built.drift == 0

    async def an_audit(self):
        """Whatever waits to be processed or built, there is no drift."""
        assert (await audit.step(self.ws, self.random.choice([5, 100]))).drift == 0

    async def build_all(self):
        for segment_id in self.dynamic:
            await rebuild.rebuild(self.ws, segment_id)

    async def time_passes(self):
        self.now += self.random.choice(
            [timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=self.random.randint(1, 40)),
             timedelta(seconds=self.random.randint(1, 10**6))]
        )  # fmt: skip


_RECORD = """jsonb_to_recordset(jsonb_build_array($2::jsonb)) AS r (
    external_id text, name text, first_name text, last_name text, email text, phone text, timezone text,
    date_of_birth date, subscribed_at timestamptz, last_interaction_at timestamptz, score int,
    whatsapp_consent text, tags text[], attributes jsonb, created_at timestamptz, updated_at timestamptz)"""
