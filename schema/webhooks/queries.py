import strawberry

from models.destinations.webhooks import rows
from models.destinations.webhooks.event_types import EVENT_TYPES
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import SIGNED_IN, query, scope_of
from schema.server.ids import find_id
from schema.webhooks.types import WebhookEndpoint, WebhookEventType


@strawberry.type
class WebhookQuery:
    @query(Permission.WEBHOOK_MANAGE, description="All endpoints of the workspace, the oldest first.")
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint]:
        return all_shown(WebhookEndpoint, await rows.all_of(scope_of(info)))

    @query(Permission.WEBHOOK_MANAGE)
    async def webhook_endpoint(self, info: Info, id: strawberry.ID) -> WebhookEndpoint | None:
        return shown(WebhookEndpoint, await rows.find(scope_of(info), find_id("WebhookEndpoint", id) or 0))

    @query(SIGNED_IN, description="What endpoints can be sent, each with its schema and an example.")
    async def webhook_event_types(self, info: Info) -> list[WebhookEventType]:  # noqa: ARG002 - root fields have it
        return all_shown(WebhookEventType, list(EVENT_TYPES.values()))
