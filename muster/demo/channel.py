"""Connects the demo workspace to the number of the WhatsApp sandbox."""

from typing import Final

from models.messaging import channels
from models.messaging.channels import Connection
from models.queue import requests
from models.queue.requests import ProviderRequestKind
from muster.installation import Installation, use_secret_keys
from permissions.principal import Scope

SANDBOX: Final = Connection("106540352242922", "102290129340398", "sandbox-token", "sandbox-secret", "sandbox-verify")
"""Of the sandbox: docs/whatsapp-sandbox.md."""


async def connect_sandbox(scope: Scope, installation: Installation) -> bool:
    """Also requests its templates. Returns False, and does nothing, when WhatsApp itself is configured."""
    if installation.settings.whatsapp_url is not None:
        return False
    use_secret_keys(installation)
    await channels.connect(scope, SANDBOX)
    await requests.ask(scope, ProviderRequestKind.SYNC_TEMPLATES)
    return True
