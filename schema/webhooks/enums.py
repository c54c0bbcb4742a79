"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.destinations.webhooks.rows import WebhookEndpointStatus
from models.destinations.webhooks.settings import WebhookDeliveryMode, WebhookFailurePolicy

strawberry.enum(
    WebhookEndpointStatus,
    description="ACTIVE, and perhaps behind. BACKING_OFF: the last try failed. PAUSED by a person. DISABLED: `reason`. In each of"
    " them nothing is lost while the log is kept.",
)
strawberry.enum(
    WebhookDeliveryMode,
    description="ORDERED: one request at a time, in the order of the log. PARALLEL: several, each of them whole, in any order.",
)
strawberry.enum(WebhookFailurePolicy, description="What becomes of a request that failed to the end of its schedule.")


__all__ = ["WebhookDeliveryMode", "WebhookEndpointStatus", "WebhookFailurePolicy"]
