import strawberry

from models.messaging import channels, templates
from permissions.capabilities import Permission
from schema.messaging.types import MessageTemplate, WhatsAppChannel
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import query, scope_of


@strawberry.type
class MessagingQuery:
    @query(Permission.BROADCAST_READ, description="As they were when they were synced last.")
    async def message_templates(self, info: Info) -> list[MessageTemplate]:
        return all_shown(MessageTemplate, await templates.all_of(scope_of(info)))

    @query(Permission.BROADCAST_READ, description="The connected number; null when there is none.")
    async def whatsapp_channel(self, info: Info) -> WhatsAppChannel | None:
        return shown(WhatsAppChannel, await channels.find(scope_of(info)))
