"""A workspace of contacts in segments, and requests that read it over GraphQL."""

from dataclasses import dataclass
from typing import Any

import orjson

from bench.environment import SECRET, Place, settle
from models import db
from models.accounts import api_tokens, workspaces
from models.contacts.pages import ContactCriteria, ContactOrder
from permissions.capabilities import Permission
from permissions.principal import SYSTEM, Scope
from schema.contacts.queries import cursors_of_contacts
from schema.server.ids import to_global_id
from schema.server.types import cursors

SEGMENTS = 100
"""A contact is in 2.7 of them on average."""

FIELDS = "id name email phone score whatsappConsent tags createdAt"

PAGE = "query Page($after: String) { contacts(first: 50, after: $after) { nodes { FIELDS } pageInfo { hasNextPage endCursor } } }"
QUERIES = {
    "a": PAGE.replace("FIELDS", FIELDS),
    "b": PAGE.replace("FIELDS", f"{FIELDS} segments {{ nodes {{ id name }} }}"),
    "c": f"query One($id: ID!) {{ contact(id: $id) {{ {FIELDS} }} }}",
}
NAMES = {"a": "a: page of 50, 8 fields", "b": "b: a + each contact's segments", "c": "c: one contact by id"}
REQUESTS = 200

Bodies = dict[str, list[dict[str, Any]]]
"""By case."""


@dataclass(frozen=True)
class Sample:
    """Case c reads it; a and b read a page of earlier contacts."""

    id: int
    created_at: Any


async def read_world(place: Place) -> tuple[str, Scope]:
    """The database's URL, connected to the process's pool. Made once and kept."""
    name = f"reads_{place.contacts}"
    url, is_new = await place.database(name)
    if not is_new and await db.fetch_value("SELECT count(*) FROM contacts") != place.contacts:
        await db.disconnect()
        await place.drop(name)
        url, is_new = await place.database(name)
    if is_new:
        await _fill(place.contacts)
    return url, Scope(await db.fetch_value("SELECT min(id) FROM workspaces"), SYSTEM)


async def _fill(contacts: int) -> None:
    scope = await workspaces.create("Bench", timezone="Europe/Madrid", default_country="ES")
    print(f"making {contacts:,} contacts ...", flush=True)
    await db.execute(
        "INSERT INTO segments (workspace_id, name, kind) SELECT $1, 'Segment ' || n, 'STATIC' FROM generate_series(1, $2::int) n",
        scope.workspace_id,
        SEGMENTS,
    )
    for start in range(0, contacts, 100_000):
        async with db.transaction():
            await db.execute("SET LOCAL muster.capture = 'off'")
            await db.execute("SET LOCAL muster.members = 'logged'")
            await db.execute(_CONTACTS, scope.workspace_id, start + 1, min(start + 100_000, contacts))
            await db.execute(_MEMBERSHIPS, scope.workspace_id, start + 1, min(start + 100_000, contacts), SEGMENTS)
    await settle()


_CONTACTS = """
    INSERT INTO contacts (workspace_id, external_id, name, email, phone, score, whatsapp_consent, tags, attributes, created_at)
    SELECT $1, 'customer-' || n, 'Ana Contact ' || n, 'contact' || n || '@example.com', '+346' || lpad(n::text, 8, '0'),
           n % 100, (ARRAY['UNKNOWN', 'OPTED_IN', 'OPTED_OUT'])[n % 3 + 1],
           (ARRAY['vip', 'news', 'trial', 'madrid'])[1:n % 5], jsonb_build_object('city', 'City ' || n % 50),
           timestamptz '2026-01-01' + n * interval '7 seconds'
    FROM generate_series($2::int, $3::int) n
"""
_MEMBERSHIPS = """
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
    SELECT DISTINCT $1::bigint, s.id, c.id, 'MANUAL'
    FROM contacts c
    CROSS JOIN LATERAL generate_series(1, 1 + (c.id % 4)::int + (c.id % 3)::int / 2) k
    JOIN segments s ON s.workspace_id = $1 AND s.id = 1 + (hashint8(c.id * 31 + k)::bigint + 2147483648) % $4
    WHERE c.workspace_id = $1 AND split_part(c.external_id, '-', 2)::int BETWEEN $2 AND $3
"""


async def new_tokens(scope: Scope, how_many: int) -> list[str]:
    everything = {Permission.CONTACT_READ, Permission.SEGMENT_READ}
    return [(await api_tokens.create(scope, name="bench", permissions=everything))[1] for _ in range(how_many)]


async def samples(scope: Scope) -> list[Sample]:
    rows = await db.fetch(
        "SELECT id, created_at FROM contacts WHERE workspace_id = $2 AND id > 100"
        " AND id % greatest(1, (SELECT max(id) FROM contacts WHERE workspace_id = $2) / $1) = 0 ORDER BY id LIMIT $1",
        REQUESTS,
        scope.workspace_id,
    )
    return [Sample(row["id"], row["created_at"]) for row in rows]


def bodies(scope: Scope, about: list[Sample]) -> Bodies:
    cursors.use_keys([SECRET])
    of_list = cursors_of_contacts(scope, ContactCriteria(), ContactOrder.CREATED_AT_DESC)
    pages = [{"after": of_list.write(one.created_at, one.id)} for one in about]
    ones = [{"id": to_global_id("Contact", one.id)} for one in about]
    return {
        case: [{"query": query, "variables": variables} for variables in (ones if case == "c" else pages)]
        for case, query in QUERIES.items()
    }


def post(body: dict[str, Any], token: str | None = None) -> bytes:
    content = orjson.dumps(body)
    caller = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        f"{caller}Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
