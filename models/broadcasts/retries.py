"""Drafts that try the recipients of a finished broadcast again."""

from collections.abc import Mapping, Sequence
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.broadcasts import drafts
from models.broadcasts.states import FINISHED
from models.db.tables.broadcasts import Broadcast
from models.errors import Invalid, NotAllowedInState, Required
from models.messaging import counters
from models.messaging.message_states import MessageStatus
from models.messaging.sources import SourceKind
from permissions.principal import PrincipalKind, Scope

RETRYABLE: Final = (MessageStatus.FAILED, MessageStatus.UNCONFIRMED, MessageStatus.SKIPPED)
"""The recipient perhaps did not get it."""

_KEPT: Final = ("template_id", "parameters", "include_segment_ids", "exclude_segment_ids", "require_opt_in", "message")


async def retry(scope: Scope, broadcast_id: int, statuses: Sequence[MessageStatus]) -> Broadcast:
    """Makes a DRAFT for recipients in these states, with frozen parameters.

    Raises NotFound, NotAllowedInState (also when no recipient is in one of them), Required or Invalid.
    """
    wanted = _retryable(statuses)
    async with db.transaction():
        before = await drafts.get(scope, broadcast_id, for_update=True)
        _must_have_ended(before)
        counts = await counters.of(scope.workspace_id, SourceKind.BROADCAST, [before.id])
        _must_have_some(wanted, counts[before.id])
        by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
        broadcast = await Broadcast.create(
            workspace_id=scope.workspace_id,
            name=f"{before.name} (again)"[:200],
            retry_of=before.id,
            retry_statuses=wanted,
            created_by=by,
            created_at=clock.now(),
            **{name: getattr(before, name) for name in _KEPT},
        )
        await audit_log.record(
            scope, "broadcast_retry", "Broadcast", broadcast.id, {"retryOf": before.id, "statuses": wanted}
        )
    return broadcast


def _retryable(statuses: Sequence[MessageStatus]) -> list[str]:
    if not statuses:
        raise Required("name at least one state, such as FAILED", ("statuses",))
    for index, status in enumerate(statuses):
        if status not in RETRYABLE:
            names = ", ".join(RETRYABLE)
            raise Invalid(f"{status} recipients have it, or are getting it: choose among {names}", ("statuses", index))
    return list(dict.fromkeys(status.value for status in statuses))


def _must_have_ended(before: Broadcast) -> None:
    if before.status not in FINISHED:
        raise NotAllowedInState(f"this broadcast is {before.status}: wait until it has ended, or cancel it", ("id",))
    if before.message is None:
        raise NotAllowedInState(
            "this broadcast never started, so it has no recipients to try again: make a new one", ("id",)
        )


def _must_have_some(wanted: Sequence[str], counts: Mapping[str, int]) -> None:
    if any(counts[status.lower()] for status in wanted):
        return
    others = ", ".join(f"{counts[status.lower()]} {status}" for status in RETRYABLE if counts[status.lower()])
    rest = f"choose among its {others}" if others else "everybody got it"
    raise NotAllowedInState(f"no recipient of this broadcast is {' or '.join(wanted)}: {rest}", ("statuses",))
