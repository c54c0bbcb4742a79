"""The WhatsApp number of the demo workspace: the sandbox's, which sends nothing to anybody."""

from models.messaging import channels, templates
from models.messaging.channels import Connection
from muster.installation import Installation, use_secret_keys
from permissions.principal import Scope
from sandbox.whatsapp import provider
from sandbox.whatsapp.templates import TEMPLATES


async def connect_sandbox(scope: Scope, place: Installation) -> bool:
    """Connect it, where messages go to the sandbox. Whether they do."""
    if place.settings.whatsapp_url is not None:
        return False
    use_secret_keys(place)
    account = provider.BUSINESS_ACCOUNT_ID
    secrets = (provider.TOKEN, provider.SECRET, provider.VERIFY_TOKEN)
    await channels.connect(scope, Connection(provider.NUMBER_ID, account, *secrets))
    await templates.store(scope.workspace_id, account, TEMPLATES)
    return True
