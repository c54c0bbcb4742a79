"""Connects the WhatsApp channel, and fetches its templates."""

import strawberry

from models import db
from models.accounts import audit_log
from models.broadcasts import channel_changes
from models.messaging import channels, templates
from models.messaging.channels import Connection
from models.queue import requests
from models.queue.requests import ProviderRequestKind
from permissions.capabilities import Permission
from schema.messaging.inputs import WhatsAppChannelConnectInput
from schema.messaging.request_wait import outcome
from schema.messaging.types import MessageTemplate, WhatsAppChannel
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import mutation, scope_of
from schema.server.user_errors import UserError


@strawberry.type
class WhatsAppChannelPayload:
    whatsapp_channel: WhatsAppChannel | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ChannelMutation:
    @mutation(
        Permission.WEBHOOK_MANAGE,
        WhatsAppChannelPayload,
        description="Connects the workspace to a number, or changes how it is. A worker asks WhatsApp at once: watch `status`.",
    )
    async def whatsapp_channel_connect(self, info: Info, input: WhatsAppChannelConnectInput) -> WhatsAppChannelPayload:
        connection = Connection(
            input.phone_number_id,
            input.business_account_id,
            input.token,
            input.app_secret,
            input.verify_token,
            input.stop_words,
        )
        channel = await channel_changes.connect(scope_of(info), connection)
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


@strawberry.type
class MessageTemplatesPayload:
    message_templates: list[MessageTemplate] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class TemplateMutation:
    @mutation(
        Permission.BROADCAST_SEND,
        MessageTemplatesPayload,
        description="Fetches the templates of the connected business account, and waits for them.",
    )
    async def message_templates_sync(self, info: Info) -> MessageTemplatesPayload:
        scope = scope_of(info)
        await channels.get(scope)
        async with db.transaction():
            request = await requests.ask(scope, ProviderRequestKind.SYNC_TEMPLATES)
            await audit_log.record(scope, "message_templates_sync")
        await outcome(request)
        return MessageTemplatesPayload(message_templates=all_shown(MessageTemplate, await templates.all_of(scope)))
