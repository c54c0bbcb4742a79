from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import strawberry

from models.destinations.webhooks import endpoints, progress
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.ids import get_id
from schema.server.subscriptions.followed_rows import FollowedRows
from schema.webhooks.types import WebhookEndpoint

SECONDS: Final = 1.0
"""Between two events: to count what waits for an endpoint may take long."""

ENDPOINTS: Final = FollowedRows("webhook endpoints", progress.look, endpoints.get, seconds=SECONDS)


@strawberry.type
class WebhookSubscription:
    @subscription(
        Permission.WEBHOOK_MANAGE,
        description="The endpoint as it goes on and as more waits for it, at most once a second; an error when it is deleted.",
    )
    async def webhook_endpoint_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[WebhookEndpoint, None]:
        async with aclosing(ENDPOINTS.follow(scope_of(info), get_id("WebhookEndpoint", id, ("id",)))) as states:
            async for state in states:
                yield shown(WebhookEndpoint, state)
