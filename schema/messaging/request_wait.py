"""Waits for a ProviderRequest, within the time of an operation."""

import asyncio
from typing import Final

from models.errors import Conflict, NotAllowedInState
from models.queue import requests
from models.queue.requests import ProviderRequest

WAIT_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.05


async def outcome(request: ProviderRequest) -> ProviderRequest:
    """Raises NotAllowedInState when it failed or no worker took it, Conflict after WAIT_SECONDS."""
    ends_at = asyncio.get_running_loop().time() + WAIT_SECONDS
    while not request.is_over:
        if asyncio.get_running_loop().time() > ends_at:
            if await requests.call_off(request):
                raise NotAllowedInState(
                    "no worker took this up in time, and nothing was done: is a broadcast worker running?"
                )
            raise Conflict("this takes longer than usual and is still under way: look again in a moment")
        await asyncio.sleep(LOOK_SECONDS)
        request = await requests.read(request.workspace_id, request.id)
    if request.error is not None:
        raise NotAllowedInState(request.error)
    return request
