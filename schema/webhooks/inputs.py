"""What an endpoint is set to, as the API takes it."""

from collections.abc import Mapping
from typing import Any

import strawberry

from models.destinations.webhooks.event_types import EVENT_TYPES
from models.destinations.webhooks.settings import EndpointSettings
from models.errors import Invalid
from permissions.capabilities import Permission
from schema.server.guard import admit
from schema.server.ids import find_id
from schema.server.types.scalars import JSON, ChangeCursor
from schema.webhooks.enums import WebhookDeliveryMode, WebhookFailurePolicy


@strawberry.input(description="A change gives all of it again, but for what stays when it is absent.")
class WebhookEndpointInput:
    url: str = strawberry.field(
        description="An https address of the public internet. After a change it has to prove itself again."
    )
    description: str | None = strawberry.field(default=None, description="For people.")
    event_types: list[str] = strawberry.field(description="What it is sent; webhookEventTypes lists them.")
    segment_ids: list[strawberry.ID] | None = strawberry.field(
        default_factory=list, description="Only what happens to these segments; to all when empty."
    )
    mode: WebhookDeliveryMode = strawberry.field(
        default=WebhookDeliveryMode.ORDERED, description="Whether the order of the log is kept."
    )
    on_failure: WebhookFailurePolicy = strawberry.field(
        default=WebhookFailurePolicy.BLOCK,
        description="What becomes of a request that failed to the end of its schedule.",
    )
    batch_size: int = strawberry.field(default=100, description="Most changes in one request, 1 to 1,000.")
    include_contacts: bool = strawberry.field(
        default=False, description="Whole contacts in the payload, or ids alone. Whole ones need CONTACT_READ."
    )
    headers: JSON | None = strawberry.field(
        default=None,
        description="Headers of its own, by name, stored encrypted. Absent: as they were; a null value keeps the one stored.",
    )
    requests_per_second: float | None = strawberry.field(
        default=None, description="Most requests in a second; as many as it takes when absent."
    )
    start_at: ChangeCursor | None = strawberry.field(
        default=None,
        description="From here on. Absent: from now, or from where it is when it is changed.",
    )

    def settings(self, context: Any) -> EndpointSettings:
        """Raises Forbidden when the caller may not read what the endpoint would be sent."""
        for needed in self._needs():
            admit(context, needed)
        return EndpointSettings(
            self.url,
            self.event_types,
            self.description,
            [find_id("Segment", segment_id) or 0 for segment_id in self.segment_ids or ()],
            self.mode,
            self.on_failure,
            self.batch_size,
            self.include_contacts,
            _headers(self.headers),
            self.requests_per_second,
        )

    def _needs(self) -> list[Permission]:
        known = (EVENT_TYPES[name].needs for name in self.event_types if name in EVENT_TYPES)
        contacts = [Permission.CONTACT_READ] if self.include_contacts else []
        return sorted({*filter(None, known), *contacts})


def _headers(given: JSON | None) -> Mapping[str, str | None] | None:
    if given is None or isinstance(given, dict):
        return given
    raise Invalid('headers are a JSON object, such as {"Authorization": "Bearer ..."}', ("input", "headers"))
