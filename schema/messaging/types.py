"""The WhatsApp channel and its templates as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from models import clock
from models.messaging import channels, quota, templates
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.enrollments.loading import workflows_of_templates
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id
from schema.server.guard import scope_of
from schema.server.types.nodes import Node, node

WEBHOOK_PATH = "/webhooks/whatsapp"


class WhatsAppChannelStatus(StrEnum):
    CHECKING = "CHECKING"
    READY = "READY"
    REFUSED = "REFUSED"


strawberry.enum(
    WhatsAppChannelStatus,
    description="CHECKING: a worker is about to ask WhatsApp. REFUSED: it does not take the number or the token; `reason` says"
    " why, and it has to be connected again.",
)


async def _reached_today(rows: Sequence[Any], info: Info) -> Sequence[int]:
    scope = scope_of(info)
    return [await quota.used(scope.workspace_id, row.business_account_id, clock.now()) for row in rows]


@strawberry.type(description="The WhatsApp number that a workspace sends from.")
class WhatsAppChannel(Node):
    id: strawberry.ID = global_id("WhatsAppChannel")
    phone_number_id: str = derived(lambda row: row.number_id)
    business_account_id: str
    status: WhatsAppChannelStatus
    reason: str | None
    display_phone_number: str | None = derived(lambda row: row.display_number)
    verified_name: str | None
    quality_rating: str | None
    messages_per_second: int = strawberry.field(description="How fast the number may send, by what it reports.")
    daily_limit: int | None = strawberry.field(
        description="How many people the business account may write to in any 24 hours; null: as many as it likes."
    )
    reached_today: int = batched(_reached_today, description="How many people it has written to in the last 24 hours.")
    stop_words: list[str]
    webhook_path: str = derived(
        lambda _: WEBHOOK_PATH, description="Where Meta's app must send its webhooks, on the API's own address."
    )
    checked_at: datetime | None
    templates_synced_at: datetime | None
    created_at: datetime


@node("WhatsAppChannel", Permission.BROADCAST_READ)
async def _channels(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await channels.by_ids(scope, ids)


@strawberry.type
class MessageTemplateHeader:
    """What stands above the text."""

    format: str
    text: str | None


@strawberry.type
class MessageTemplateButton:
    """A button below the text."""

    kind: str
    text: str


@strawberry.type
class MessageTemplate(Node):
    id: strawberry.ID = global_id("MessageTemplate")
    name: str
    language: str
    category: str
    status: str
    header: MessageTemplateHeader | None = derived(lambda row: row.look.get("header"))
    body: str
    footer: str | None = derived(lambda row: row.look.get("footer"))
    buttons: list[MessageTemplateButton] = derived(lambda row: row.look.get("buttons", []))
    parameters: list[str] = strawberry.field(
        description='Placeholders, in order. Those of the header begin with "header.", those of buttons with "button.".'
    )
    optional_parameters: list[str] = derived(
        lambda row: [slot["name"] for slot in row.slots if not slot["required"]],
        description="What can be filled and need not be: what quick replies send back.",
    )
    unsupported: str | None = strawberry.field(
        description="What in it a broadcast cannot fill; null when it can be sent."
    )
    workflows: list[Annotated["Workflow", strawberry.lazy("schema.workflows.types")]] = batched(  # type: ignore[name-defined] # noqa: F821
        workflows_of_templates,
        description="The workflows that send it, by their draft or by what runs; archived ones left out.",
    )


@node("MessageTemplate", Permission.BROADCAST_READ)
async def _templates(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await templates.by_ids(scope, ids)
