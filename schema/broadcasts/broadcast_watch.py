from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from models.broadcasts import drafts, progress
from models.broadcasts.progress import Progress
from models.broadcasts.states import FINISHED
from models.db.tables.broadcasts import Broadcast
from permissions.principal import Scope
from schema.server.subscriptions.progress_watch import Key, ProgressWatch

BroadcastWatch = ProgressWatch[Progress, None]
"""The version is the progress. No state: each subscriber reads the broadcast in its own scope."""


async def _look(versions: Mapping[Key, Progress | None]) -> dict[Key, tuple[Progress, None]]:
    return {key: (version, None) for key, version in (await progress.look(list(versions))).items()}


def new_watch() -> BroadcastWatch:
    """Returns a watch over the broadcasts of all workspaces."""
    return BroadcastWatch("broadcasts", _look)


async def follow(scope: Scope, broadcast_id: int, watch: BroadcastWatch) -> AsyncGenerator[Broadcast, None]:
    """The broadcast now, then after each change until it has ended. Raises NotFound."""
    broadcast = await drafts.get(scope, broadcast_id)
    yield broadcast
    if broadcast.status in FINISHED:
        return
    async with aclosing(watch.follow((scope.workspace_id, broadcast_id))) as changes:
        async for _ in changes:
            broadcast = await drafts.get(scope, broadcast_id)
            yield broadcast
            if broadcast.status in FINISHED:
                return


WATCH = new_watch()
