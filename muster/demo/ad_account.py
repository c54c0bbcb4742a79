"""Connects the demo workspace to the ad account of the Meta sandbox."""

from typing import Final

from models.destinations.audiences import connections
from muster.installation import Installation, use_secret_keys
from permissions.principal import Scope

ACCOUNT_ID: Final = "120330000000001"
TOKEN: Final = "sandbox-meta-token"  # noqa: S105 - opens the sandbox only
"""Of the sandbox: docs/meta-sandbox.md."""


async def connect_ad_account(scope: Scope, installation: Installation) -> bool:
    """Returns False, and does nothing, when Meta itself is configured."""
    if installation.settings.meta_url is not None:
        return False
    use_secret_keys(installation)
    await connections.connect(scope, ACCOUNT_ID, TOKEN)
    return True
