"""What follows when Meta does not do what it was asked."""

import random
from datetime import timedelta
from typing import Any, Final

import structlog

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.changelog.events import AudienceBlocked
from models.destinations.audiences import connections, runs, sending
from models.destinations.audiences.answers import MAY_BE_DONE, Answer, Trouble, Usage
from models.destinations.audiences.audiences import AudienceStatus
from models.destinations.audiences.connections import MetaCredentials
from models.destinations.audiences.runs import Run

log = structlog.get_logger(__name__)

SHORTEST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 600.0

BLOCKED_SECONDS: Final = 3600.0
"""Between tries to take people out of a paused audience where a person has to act first."""

LIMITED_SECONDS: Final = 60.0
"""When Meta limits calls without saying for how long."""

NEARLY_ALL_PERCENT: Final = 95.0
"""Of the account's calls: then all its audiences wait for LIMITED_SECONDS."""

_ANOTHER_ACCOUNT: Final = "It belongs to the ad account {}, and another is connected: connect that one again."


async def happened(run: Run, credentials: MetaCredentials, trouble: Trouble) -> None:
    """The audience waits, or is BLOCKED until a person acts. One audience never stops another, but for its account's calls."""
    if trouble.answer in MAY_BE_DONE:
        await sending.doubt(run)
    else:
        await sending.not_done(run)
    log.info("audience not told", audience=run.audience_id, answer=trouble.answer.value, workspace=run.workspace_id)
    match trouble.answer:
        case Answer.RECONNECT:
            await wait(run, LONGEST_SECONDS)
            await connections.refused(run.workspace_id, credentials.connection_id, trouble.reason)
        case Answer.STOPPED:
            await block(run, trouble.reason)
        case Answer.LIMITED:
            await _wait_for_account(run, credentials, trouble)
        case _:
            seconds = max(pause_seconds(run.audience.failures), trouble.wait_seconds or 0)
            await wait(run, seconds, trouble.reason)


async def _wait_for_account(run: Run, credentials: MetaCredentials, trouble: Trouble) -> None:
    seconds = trouble.wait_seconds or min(LIMITED_SECONDS * 2**run.audience.failures, 3600.0)
    until = clock.now() + timedelta(seconds=seconds)
    await connections.slow_down(run.workspace_id, credentials.connection_id, until)
    await wait(run, seconds, trouble.reason)


def pause_seconds(failures: int) -> float:
    """Twice as long each time, and never the same for all."""
    longest: float = min(SHORTEST_SECONDS * 2 ** min(failures, 20), LONGEST_SECONDS)
    return longest * (0.5 + random.random() / 2)  # noqa: S311 - spreads calls


async def wait(run: Run, seconds: float, reason: str | None = None) -> None:
    """Nothing is called for so long. What changes is followed meanwhile."""
    until = clock.now() + timedelta(seconds=seconds)
    changes: dict[str, Any] = {"waits_until": until, "next_run_at": until, "failures": run.audience.failures + 1}
    if reason is not None and run.is_running:
        changes |= {"status": AudienceStatus.SYNCING, "reason": f"{reason} It is tried again."}
    await runs.write(run, changes)


async def block(run: Run, reason: str, by: str = "AUDIENCE") -> None:
    """`reason` says what a person has to do. `by` CONNECTION: it goes on when the account is connected again."""
    if not run.is_running:
        await wait(run, BLOCKED_SECONDS)
        return
    async with db.transaction():
        await runs.write(
            run, {"status": AudienceStatus.BLOCKED, "reason": reason, "blocked_by": by, "next_run_at": None}
        )
        await events.record(run.workspace_id, AudienceBlocked(run.audience_id, run.audience.name, reason))
        await audit_log.record_system(
            run.workspace_id, "audience_block", "Audience", run.audience_id, {"reason": reason}
        )


async def block_without_account(run: Run, credentials: MetaCredentials | None) -> None:
    """No account is connected, or another one."""
    other = _ANOTHER_ACCOUNT.format(run.audience.ad_account_id)
    await block(run, connections.NOT_CONNECTED if credentials is None else other, "CONNECTION")


async def heed_usage(run: Run, credentials: MetaCredentials, usage: Usage) -> bool:
    """False: the account has used nearly all its calls, and everything waits."""
    if usage.percent < NEARLY_ALL_PERCENT and not usage.wait_seconds:
        return True
    seconds = usage.wait_seconds or LIMITED_SECONDS
    until = clock.now() + timedelta(seconds=seconds)
    await connections.slow_down(run.workspace_id, credentials.connection_id, until)
    await runs.write(run, {"waits_until": until, "next_run_at": until})
    return False
