"""Changes of the channel, which pause broadcasts."""

from models import db
from models.broadcasts import stopping
from models.db.tables.broadcasts import WhatsAppChannel
from models.messaging import channels
from models.messaging.channels import Connection
from permissions.principal import Scope


async def connect(scope: Scope, given: Connection) -> WhatsAppChannel:
    """As `channels.connect`. A change of the number also pauses the broadcasts."""
    async with db.transaction():
        before = await channels.find(scope)
        channel = await channels.connect(scope, given)
        if before is not None and before.id != channel.id:
            await stopping.pause_all(scope.workspace_id, "The channel was connected to another number.")
    return channel


async def disconnect(scope: Scope) -> WhatsAppChannel:
    """As `channels.disconnect`. It also pauses the broadcasts."""
    async with db.transaction():
        channel = await channels.disconnect(scope)
        await stopping.pause_all(scope.workspace_id, "The channel was disconnected.")
    return channel
