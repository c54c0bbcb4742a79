"""Broadcasts that are being sent, and claims made by hand."""

import itertools
from datetime import timedelta

from models import clock
from models.broadcasting import channels, course, ledger
from models.broadcasting.channels import Credentials
from models.broadcasting.ledger import Attempt, Claimed, Outcome
from models.broadcasting.states import RecipientStatus
from models.tables.broadcasts import Broadcast
from permissions.principal import Scope
from tests.kit.broadcasts import read_again

_claimers = itertools.count(1)


async def sending(scope: Scope, broadcast: Broadcast) -> Broadcast:
    """The broadcast, started."""
    await course.schedule(scope, broadcast.id, None)
    assert await course.prepare(scope, broadcast.id)
    return await read_again(broadcast)


async def credentials(scope: Scope) -> Credentials:
    """What a worker sends with."""
    found = await channels.find_credentials(scope.workspace_id)
    assert found is not None
    return found


async def claim(scope: Scope, *broadcasts: Broadcast, grant: int = 10, seconds: float = 60) -> Claimed:
    """A claim, as a worker makes it."""
    shares = {broadcast.id: grant for broadcast in broadcasts}
    until = clock.now() + timedelta(seconds=seconds)
    return await ledger.claim(scope.workspace_id, await credentials(scope), shares, grant, until, next(_claimers))


def sent(attempt: Attempt, **more) -> Outcome:
    """The outcome of an attempt that was accepted."""
    return Outcome(attempt.id, RecipientStatus.SENT, f"wamid.{attempt.id}", **more)
