"""The WhatsApp number that a workspace sends from: connected, looked at, disconnected. Its secrets go in and never come out."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from models import clock
from models.broadcasts import channel_changes
from models.messaging import channels, quota
from models.messaging.channels import Connection
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, outside_id, shown
from schema.server.guard import mutation, query, scope_of
from schema.server.types.nodes import Node, node
from schema.server.user_errors import UserError

WEBHOOK_PATH = "/webhooks/whatsapp"

# ---------------------------------------------------------------- types


class WhatsAppChannelStatus(StrEnum):
    """Whether WhatsApp has answered for the number yet."""

    CHECKING = "CHECKING"
    READY = "READY"
    REFUSED = "REFUSED"


strawberry.enum(
    WhatsAppChannelStatus,
    description="CHECKING: a worker is about to ask WhatsApp. REFUSED: it does not take the number or the token; `reason` says"
    " why, and it has to be connected again.",
)


async def _reached(rows: Sequence[Any], info: Info) -> Sequence[int]:
    scope = scope_of(info)
    return [await quota.used(scope.workspace_id, row.business_account_id, clock.now()) for row in rows]


@strawberry.type(description="The WhatsApp number that a workspace sends from.")
class WhatsAppChannel(Node):
    """A row of whatsapp_channels."""

    id: strawberry.ID = outside_id("WhatsAppChannel")
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
    reached_today: int = batched(_reached, description="How many people it has written to in the last 24 hours.")
    stop_words: list[str]
    webhook_path: str = derived(
        lambda _: WEBHOOK_PATH, description="Where Meta's app must send its webhooks, on the API's own address."
    )
    checked_at: datetime | None
    templates_synced_at: datetime | None
    created_at: datetime


@node("WhatsAppChannel", Permission.BROADCAST_READ)
async def _by_id(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await channels.by_ids(scope, numbers)


# ---------------------------------------------------------------- inputs and payloads


@strawberry.input(
    description="From WhatsApp Manager and the app's settings. The secrets are sealed and never shown again."
)
class WhatsAppChannelConnectInput:
    """What it takes to send from a number, and to believe its webhooks."""

    phone_number_id: str
    business_account_id: str
    token: str = strawberry.field(description="A system user's token that may send and read templates.")
    app_secret: str = strawberry.field(description="What the app's webhooks are signed with.")
    verify_token: str = strawberry.field(
        description="Of your choice: Meta shows it when it is told of the webhooks' address."
    )
    stop_words: list[str] = strawberry.field(
        default_factory=lambda: ["STOP"],
        description="A message that is one of these and nothing else opts its sender out, and so does a button that says so.",
    )


@strawberry.type
class WhatsAppChannelPayload:
    """Of what connects or disconnects a channel."""

    whatsapp_channel: WhatsAppChannel | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


# ---------------------------------------------------------------- queries and mutations


@strawberry.type
class ChannelQuery:
    """The channel."""

    @query(Permission.BROADCAST_READ, description="The connected number; null when there is none.")
    async def whatsapp_channel(self, info: Info) -> WhatsAppChannel | None:
        return shown(WhatsAppChannel, await channels.find(scope_of(info)))


@strawberry.type
class ChannelMutation:
    """Connecting and disconnecting."""

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WhatsAppChannelPayload,
        description="Connects the workspace to a number, or changes how it is. A worker asks WhatsApp at once: watch `status`.",
    )
    async def whatsapp_channel_connect(self, info: Info, input: WhatsAppChannelConnectInput) -> WhatsAppChannelPayload:
        scope = scope_of(info)
        given = Connection(
            input.phone_number_id,
            input.business_account_id,
            input.token,
            input.app_secret,
            input.verify_token,
            input.stop_words,
        )
        channel = await channel_changes.connect(scope, given)
        return WhatsAppChannelPayload(whatsapp_channel=shown(WhatsAppChannel, channel))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WhatsAppChannelPayload,
        description="Forgets the number and its secrets. What is being sent pauses.",
    )
    async def whatsapp_channel_disconnect(self, info: Info) -> WhatsAppChannelPayload:
        return WhatsAppChannelPayload(
            whatsapp_channel=shown(WhatsAppChannel, await channel_changes.disconnect(scope_of(info)))
        )
