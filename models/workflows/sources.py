"""What running workflows listen to, in words.

A word is what a mark on a contact says (models/rules/contact_changes.py): `attributes.city`, `activity:purchase`, `segment:7`;
and besides `tag+:<key>`, `tag-:<key>`, `created`, `deleted`, `merged`, and those of models/messaging/milestones.py. The engine of
segments writes a signal for each mark that is listened to.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from models import db
from models.changelog import readers
from models.changelog.members import MEMBERS
from models.changelog.read import read_head
from models.changelog.readers import StoredReader
from models.messaging.milestones import ANY_BROADCAST, OWN_MESSAGE, of_broadcast
from models.rules.contact_changes import activity_changed, membership_changed
from models.workflows import engine_lock
from models.workflows.graph.events import (
    ActivityHappened,
    ContactCreated,
    Event,
    FieldChanged,
    MessageReached,
    SegmentEntered,
    SegmentLeft,
    TagAdded,
    TagRemoved,
)
from permissions.principal import Scope

READER: Final = StoredReader("workflows", 0)
"""Reads the log of members for all workflows of a workspace."""

CREATED: Final = "created"
DELETED: Final = "deleted"
MERGED: Final = "merged"

AGAIN: Final = "again"
"""Nobody listens to it: somebody who may enter when others are at rest, or segments right, who are not yet (entries.py)."""

ENTERED: Final = "entered:"
LEFT: Final = "left:"
"""Before a segment's id: what happened, as triggers name it. `segment:7` is listened to for both."""


def words_of(event: Event, tag_keys: Mapping[str, str]) -> tuple[str, ...]:
    """The words of what can be this event; none for what is not told by words. `tag_keys`: see `fold`."""
    match event:
        case SegmentEntered(segment_id):
            return (f"{ENTERED}{segment_id}",)
        case SegmentLeft(segment_id):
            return (f"{LEFT}{segment_id}",)
        case ActivityHappened(kind):
            return (activity_changed(kind),)
        case ContactCreated():
            return (CREATED,)
        case FieldChanged(fields):
            return fields
        case TagAdded(tag):
            return (f"tag+:{tag_keys[tag]}",)
        case TagRemoved(tag):
            return (f"tag-:{tag_keys[tag]}",)
        case MessageReached(node_key=str()):
            return (OWN_MESSAGE,)
        case MessageReached(broadcast_id=int() as broadcast_id):
            return (of_broadcast(broadcast_id),)
        case MessageReached():
            return (OWN_MESSAGE, ANY_BROADCAST)
        case _:
            return ()


def listened(word: str) -> str:
    """The word under which something of this word is listened to."""
    for prefix in (ENTERED, LEFT):
        if word.startswith(prefix):
            return membership_changed(int(word.removeprefix(prefix)))
    return word


async def fold(tags: Iterable[str]) -> dict[str, str]:
    """The key of each tag. Only PostgreSQL folds case: Python's rules differ."""
    names = list(dict.fromkeys(tags))
    return dict(zip(names, await db.fetch_value("SELECT muster_fold($1::text[])", names), strict=True)) if names else {}


# ---------------------------------------------------------------- registered


async def register(scope: Scope, workflow_id: int, number: int, words: Iterable[str]) -> None:
    """This version runs and listens, from now on; to what another version of the workflow listens to, since it did. Idempotent.

    Call it under the lock of the engine.
    """
    listening = sorted({DELETED, MERGED, *map(listened, words)})
    head = await readers.start(scope, MEMBERS, READER)
    head = max(head, (await read_head(scope, MEMBERS)).position)
    await db.execute(_REGISTER, scope.workspace_id, listening, workflow_id, number, head, await _clock())
    await engine_lock.record_change(scope.workspace_id)


async def _clock() -> object:
    """PostgreSQL's time, which marks have too."""
    return await db.fetch_value("SELECT clock_timestamp()")


_REGISTER = """
INSERT INTO workflow_sources AS known (workspace_id, source, workflow_id, number, since, since_at)
SELECT $1, new.source, $3, $4, coalesce(before.since, $5), coalesce(before.since_at, $6)
FROM unnest($2::text[]) AS new (source)
LEFT JOIN (SELECT source, min(since) AS since, min(since_at) AS since_at FROM workflow_sources
           WHERE workspace_id = $1 AND workflow_id = $3 GROUP BY source) AS before ON before.source = new.source
ON CONFLICT (workspace_id, source, workflow_id, number) DO NOTHING
"""


async def unregister(scope: Scope, workflow_id: int, number: int | None = None) -> None:
    """The version (None: every one) listens no longer; the reader stops when nobody listens. Under the lock of the engine."""
    await db.execute(
        "DELETE FROM workflow_sources WHERE workspace_id = $1 AND workflow_id = $2 AND ($3::integer IS NULL OR number = $3)",
        scope.workspace_id,
        workflow_id,
        number,
    )
    if not await db.fetch_value(
        "SELECT EXISTS (SELECT FROM workflow_sources WHERE workspace_id = $1)", scope.workspace_id
    ):
        await readers.stop(scope, READER)
        await db.execute("DELETE FROM workflow_causes WHERE workspace_id = $1", scope.workspace_id)
    await engine_lock.record_change(scope.workspace_id)
