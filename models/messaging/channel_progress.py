"""The state of channels, for watchers."""

from collections.abc import Collection
from typing import Final

from models import db
from models.db.tables.broadcasts import WhatsAppChannel
from models.errors import NotFound
from models.messaging import channels
from permissions.principal import Scope

Key = tuple[int, int]
"""Workspace id, channel id."""

Progress = tuple[object, ...]
"""All that people see of a channel and that changes, but for how many people it has written to."""

_LOOK: Final = """
    /* all workspaces */
    SELECT c.workspace_id, c.id, c.status, c.reason, c.display_number, c.verified_name, c.quality_rating, c.messages_per_second,
        c.daily_limit, array_to_string(c.stop_words, ' ') AS stop_words, c.checked_at, c.templates_synced_at
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (workspace_id, id)
    JOIN whatsapp_channels AS c ON c.workspace_id = wanted.workspace_id AND c.id = wanted.id
    WHERE c.disconnected_at IS NULL
"""


async def look(keys: Collection[Key]) -> dict[Key, Progress]:
    return await db.fetch_by_key(_LOOK, keys)


async def get(scope: Scope, channel_id: int) -> WhatsAppChannel:
    """Raises NotFound, also when it was disconnected."""
    found = await channels.by_ids(scope, [channel_id])
    if not found:
        raise NotFound("there is no such WhatsApp channel, or it was disconnected", ("id",))
    return found[0]
