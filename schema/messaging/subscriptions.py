from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import strawberry

from models.messaging import channel_progress
from permissions.capabilities import Permission
from schema.messaging.types import WhatsAppChannel
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.ids import get_id
from schema.server.subscriptions.followed_rows import FollowedRows

CHANNELS: Final = FollowedRows("WhatsApp channels", channel_progress.look, channel_progress.get)


@strawberry.type
class MessagingSubscription:
    @subscription(
        Permission.BROADCAST_READ,
        description="The channel as it is checked and synced, at most ten times a second; an error when it is disconnected.",
    )
    async def whatsapp_channel_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[WhatsAppChannel, None]:
        async with aclosing(CHANNELS.follow(scope_of(info), get_id("WhatsAppChannel", id, ("id",)))) as states:
            async for state in states:
                yield shown(WhatsAppChannel, state)
