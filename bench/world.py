"""The engine's workspace: contacts with tags, fields and activities, and segments."""

from collections.abc import Sequence
from typing import Any

from bench.environment import Place, settle
from models import db
from models.accounts import api_tokens, workspaces
from models.membership import rebuild
from permissions.capabilities import Permission
from permissions.principal import SYSTEM, Scope

ACTIVITIES_EACH = 3

Rule = dict[str, Any]


async def world(place: Place) -> tuple[str, Scope, Scope]:
    """The database's URL, a workspace of `place.contacts` contacts, and one of a tenth. Made once and kept."""
    name = f"engine_{place.contacts}"
    url, is_new = await place.database(name)
    if not is_new and await db.fetch_value("SELECT count(*) FROM workspaces") != 2:
        await db.disconnect()
        await place.drop(name)
        url, is_new = await place.database(name)
    if is_new:
        for contacts, called in ((place.contacts, "Large"), (place.contacts // 10, "Small")):
            await _fill(await workspaces.create(called, timezone="Europe/Madrid"), contacts)
        await settle()
    await db.disconnect()
    await db.connect(url, pool_max=8, keep_large_statements=True)
    large, small = await db.fetch("SELECT id FROM workspaces ORDER BY id")
    return url, _scope(large["id"]), _scope(small["id"])


def _scope(number: int) -> Scope:
    return Scope(number, SYSTEM, timezone="Europe/Madrid")


async def _fill(scope: Scope, contacts: int) -> None:
    print(f"making {contacts:,} contacts and {contacts * ACTIVITIES_EACH:,} activities ...", flush=True)
    for start in range(0, contacts, 100_000):
        end = min(start + 100_000, contacts)
        async with db.transaction():
            await db.execute("SET LOCAL muster.capture = 'off'")
            await db.execute(_CONTACTS, scope.workspace_id, start + 1, end)
            await db.execute(_ACTIVITIES, scope.workspace_id, start + 1, end, ACTIVITIES_EACH)


_CONTACTS = """
INSERT INTO contacts (workspace_id, external_id, name, email, phone, score, date_of_birth, subscribed_at,
                      last_interaction_at, tags, attributes, created_at)
SELECT $1, 'customer-' || n, 'Ana Contact ' || n, 'contact' || n || '@example.com', '+346' || lpad(n::text, 8, '0'), n % 100,
       date '1950-01-01' + (n * 37 % 20000)::int, now() - n % 700 * interval '1 day',
       now() - (n::bigint * 7919 % 8640000) * interval '1 second',
       (ARRAY['vip', 'news', 'trial', 'madrid'])[1:n % 5], jsonb_build_object('city', 'City ' || n % 50, 'visits', n % 1000),
       now() - n % 900 * interval '1 day'
FROM generate_series($2::int, $3::int) AS n
"""

_ACTIVITIES = """
INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)
SELECT c.workspace_id, c.id, (ARRAY['purchase', 'product.visit', 'message.received'])[1 + (c.id + k) % 3],
       now() - ((c.id * 7919 + k * 104729) % 15552000) * interval '1 second', jsonb_build_object('amount', (c.id + k) % 500)
FROM contacts AS c CROSS JOIN generate_series(1, $4::int) AS k
WHERE c.workspace_id = $1 AND split_part(c.external_id, '-', 2)::int BETWEEN $2 AND $3
"""


def field(name: str, operator: str, value: Any) -> Rule:
    return {"field": {"field": name, "operator": operator, "value": value}}


TABLES = ("memberships", "membership_overrides", "segments", "membership_changes", "membership_appends", "membership_heads",
          "dirty_contacts", "segment_builds", "build_marks")  # fmt: skip


async def empty_of_segments(scope: Scope) -> None:
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'")
        for table in TABLES:
            await db.execute(f"DELETE FROM {table} WHERE workspace_id = $1", scope.workspace_id)
    await db.execute("VACUUM (ANALYZE) memberships, membership_changes, membership_appends, dirty_contacts, segments")


async def new_segment(scope: Scope, rule: Rule, kind: str = "DYNAMIC_PLUS") -> int:
    """Creates a segment whose rule still waits to be built."""
    segment_id: int = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind, status, rule) VALUES ($1, 'bench', $2, 'BUILDING', $3) RETURNING id",
        scope.workspace_id,
        kind,
        db.dump_json(rule),
    )
    return segment_id


async def new_segments(scope: Scope, rules: Sequence[Rule]) -> None:
    """Creates a segment for each rule and builds them all."""
    for segment_id in [await new_segment(scope, rule) for rule in rules]:
        await rebuild.rebuild(scope.workspace_id, segment_id)
    await settle()


async def new_empty_segments(scope: Scope, rules: Sequence[Rule]) -> None:
    """Creates segments as if they were built; no contact meets their rules."""
    await db.execute(
        "INSERT INTO segments (workspace_id, name, kind, status, rule, active_rule, active_version)"
        " SELECT $1, 'bench', 'DYNAMIC_PLUS', 'READY', rule::jsonb, rule::jsonb, 1 FROM unnest($2::text[]) AS given (rule)",
        scope.workspace_id,
        [db.dump_json(rule) for rule in rules],
    )
    await settle()


async def bearer(scope: Scope) -> str:
    return (
        await api_tokens.create(scope, name="bench", permissions={Permission.SEGMENT_READ, Permission.CONTACT_READ})
    )[1]
