"""Segments and contacts for tests."""

from collections.abc import Iterable

from models import db
from models.contacts.create import create_contact
from models.contacts.selections import ContactSelection
from models.membership import rebuild
from models.segments import segments
from models.segments.segments import Segment, SegmentKind
from permissions.principal import Scope

TAGGED_VIP = {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}
"""A rule."""


def in_segment(segment: Segment, member: bool = True) -> dict:
    """The rule "is (not) a member of this segment"."""
    return {"segment": {"segmentId": segment.id, "member": member}}


async def new_contacts(scope: Scope, count: int, **values) -> list[int]:
    """Contacts with these values. Returns their ids, in order."""
    return [(await create_contact(scope, values))["id"] for _ in range(count)]


async def many_contacts(scope: Scope, count: int) -> None:
    """Many contacts, without marks: no segment evaluates them."""
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        await db.execute(
            "INSERT INTO contacts (workspace_id, name) SELECT $1, 'contact ' || n FROM generate_series(1, $2::int) n",
            scope.workspace_id,
            count,
        )


async def static_segment(scope: Scope, members: Iterable[int] | None = None, name: str = "Hand-picked") -> Segment:
    """A STATIC segment with these members."""
    chosen = None if members is None else ContactSelection(ids=tuple(members))
    return (await segments.create(scope, SegmentKind.STATIC, name=name, contacts=chosen)).segment


async def dynamic_segment(scope: Scope, rule: dict = TAGGED_VIP, name: str = "VIPs", *, built: bool = True) -> Segment:
    """A DYNAMIC segment, computed."""
    made = await segments.create(scope, SegmentKind.DYNAMIC, name=name, rule=rule)
    if built:
        await rebuild.rebuild(scope.workspace_id, made.segment.id)
    return await segments.get(scope, made.segment.id)


async def backfill_all(scope: Scope, segment: Segment) -> list[int]:
    """Finish the backfill of a segment, as the workers do. Returns the segments to build."""
    building: list[int] = []
    while outcome := await segments.backfill_step(scope, segment.id):
        building += outcome.building
    return building


async def members_of(scope: Scope, segment: Segment) -> set[int]:
    """The stored members."""
    rows = await db.fetch(
        "SELECT contact_id FROM memberships WHERE workspace_id = $1 AND segment_id = $2", scope.workspace_id, segment.id
    )
    return {row["contact_id"] for row in rows}


async def replayed(scope: Scope, segment: Segment) -> set[int]:
    """The members according to the log alone."""
    rows = await db.fetch(
        """
        SELECT c.contact_id, c.kind FROM membership_changes c
        JOIN membership_appends a ON a.workspace_id = c.workspace_id AND a.append_id = c.append_id
        WHERE c.workspace_id = $1 AND c.segment_id = $2 ORDER BY a.position - a.size + c.place
        """,
        scope.workspace_id,
        segment.id,
    )
    members: set[int] = set()
    for contact_id, kind in rows:
        assert (contact_id in members) == (kind == "LEFT"), f"contact {contact_id} has {kind} twice"
        (members.add if kind == "ENTERED" else members.discard)(contact_id)
    return members
