"""What a batch locks besides the row of its engine: members of segments, then tags, then contacts, each kind in its order.

That is the order of all (docs/adr/0033-locks-have-one-order.md), and nodes come in the order of their graphs. So what comes too
late in it is only tried: when somebody else has it, the batch lets go of everything and begins again with that first.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from models import db
from models.contacts import tags
from models.membership import builds
from permissions.principal import Scope


@dataclass(slots=True)
class Holdings:
    """`read` contacts are kept from being deleted or merged, `written` ones from everybody who writes them; `tags` are names.

    `waits`: also for what comes too late. Of two who wait for each other PostgreSQL then ends one.
    """

    scope: Scope
    waits: bool = True
    segments: set[int] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    highest_contact: int = 0

    @property
    def workspace_id(self) -> int:
        return self.scope.workspace_id


class OutOfOrder(Exception):
    """Somebody else has what the batch needs now, or may have. The rest: all that it needs as far as it knows."""

    def __init__(self, segments: Collection[int], contacts: Collection[int], tags: Collection[str]) -> None:
        super().__init__("a lock that comes before those that are held is taken")
        self.segments = sorted(segments)
        self.contacts = sorted(contacts)
        self.tags = sorted(tags)


async def hold_first(held: Holdings, wanted: OutOfOrder) -> None:
    """In the order of all, before anything else is held."""
    for segment_id in wanted.segments:
        await hold_segment(held, segment_id)
    await spell_tags(held, wanted.tags)
    await hold_written(held, wanted.contacts)


async def hold_segment(held: Holdings, segment_id: int) -> None:
    """Its swap lock, as every writer of its members has it. Raises OutOfOrder."""
    key = builds.swap_lock(held.workspace_id, segment_id)
    is_next = not held.tags and not held.highest_contact and segment_id > max(held.segments, default=0)
    if is_next or held.waits or segment_id in held.segments:
        await db.advisory_lock(key)
    elif not await db.try_advisory_lock(key):
        raise OutOfOrder({*held.segments, segment_id}, held.read | held.written, held.tags)
    held.segments.add(segment_id)


async def spell_tags(held: Holdings, names: Collection[str]) -> list[str]:
    """The tags as the workspace spells them; those that it does not have yet are stored. Raises OutOfOrder."""
    new = set(names) - held.tags
    is_next = not held.tags and not held.highest_contact
    if new and not is_next and not held.waits and not await tags.are_known(held.scope, new):
        raise OutOfOrder(held.segments, held.read | held.written, held.tags | new)
    held.tags |= new
    return await tags.spelled(held.scope, names)


async def hold_written(held: Holdings, contact_ids: Iterable[int]) -> None:
    """The contacts are about to be written. Those that are gone are left out. Raises OutOfOrder."""
    held.written |= await _hold(held, set(contact_ids) - held.written, "NO KEY UPDATE")


async def hold_read(held: Holdings, contact_ids: Iterable[int]) -> set[int]:
    """Something about the contacts is about to be written. Returns those that are there. Raises OutOfOrder."""
    wanted = set(contact_ids)
    held.read |= await _hold(held, wanted - held.written - held.read, "KEY SHARE")
    return wanted & (held.read | held.written)


async def _hold(held: Holdings, contact_ids: set[int], strength: str) -> set[int]:
    if not contact_ids:
        return set()
    waits = held.waits or min(contact_ids) > held.highest_contact
    statement = _LOCK.format(strength=strength, otherwise="" if waits else " SKIP LOCKED")
    got = {row["id"] for row in await db.fetch(statement, held.workspace_id, sorted(contact_ids))}
    if not waits and await _are_there(held, contact_ids - got):
        raise OutOfOrder(held.segments, held.read | held.written | contact_ids, held.tags)
    held.highest_contact = max(held.highest_contact, *got, 0)
    return got


async def _are_there(held: Holdings, contact_ids: set[int]) -> bool:
    return bool(contact_ids) and await db.fetch_value(_EXIST, held.workspace_id, sorted(contact_ids))


_LOCK: Final = (
    "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR {strength}{otherwise}"
)

_EXIST: Final = "SELECT EXISTS (SELECT 1 FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]))"
