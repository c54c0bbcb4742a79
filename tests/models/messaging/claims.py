"""Broadcasts that are SENDING, and claims."""

import itertools
from datetime import timedelta

from models import clock
from models.broadcasts import lifecycle, starting
from models.db.tables.broadcasts import Broadcast
from models.messaging import channels, ledger
from models.messaging.channels import Credentials
from models.messaging.ledger import Attempt, Claimed
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.sources import MessageSource, of_broadcast
from permissions.principal import Scope
from tests.kit.broadcasts import read_again

_tokens = itertools.count(1)


async def sending(scope: Scope, broadcast: Broadcast) -> Broadcast:
    """Start the broadcast."""
    await lifecycle.schedule(scope, broadcast.id, None)
    assert await starting.prepare(scope, broadcast.id)
    return await read_again(broadcast)


async def credentials(scope: Scope) -> Credentials:
    found = await channels.find_credentials(scope.workspace_id)
    assert found is not None
    return found


async def claim(scope: Scope, *broadcasts: Broadcast, grant: int = 10, seconds: float = 60) -> Claimed:
    return await claim_of(
        scope, *(of_broadcast(broadcast.id) for broadcast in broadcasts), grant=grant, seconds=seconds
    )


async def claim_of(scope: Scope, *sources: MessageSource, grant: int = 10, seconds: float = 60) -> Claimed:
    shares = dict.fromkeys(sources, grant)
    until = clock.now() + timedelta(seconds=seconds)
    return await ledger.claim(scope.workspace_id, await credentials(scope), shares, grant, until, next(_tokens))


def sent(attempt: Attempt, **more) -> AttemptOutcome:
    """The outcome of an accepted attempt."""
    return AttemptOutcome(attempt, MessageStatus.SENT, f"wamid.{attempt.id}", **more)
