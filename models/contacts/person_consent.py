"""Writes what people said to their contacts: to every contact that has the number, now and later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from models import clock, db
from models.contacts import consent_history, suppressions
from models.contacts.consent import Consent, ConsentSource, NumberWords, Word, after_words, consent_of
from models.contacts.consent_history import ConsentChange
from models.contacts.suppressions import Heard
from models.queue import work
from models.queue.enqueue import enqueue

log = structlog.get_logger(__name__)

_COLUMNS: Final = "id, phone_key, whatsapp_consent, consent_source, consent_at"

_HOLD_BY_NUMBER: Final = f"""
    SELECT {_COLUMNS} FROM contacts WHERE workspace_id = $1 AND phone_key = ANY ($2::text[]) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608

_HOLD_BY_ID: Final = f"""
    SELECT {_COLUMNS} FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608


async def heed(workspace_id: int, heard: Sequence[Heard], actor_id: int | None = None) -> int:
    """What people said, in any order and any number of times. Returns how many contacts have another consent now.

    Numbers without a contact are remembered. Locks the numbers before their contacts.
    """
    if not heard:
        return 0
    async with db.transaction():
        numbers = await suppressions.hear(workspace_id, heard)
        held = await db.fetch(_HOLD_BY_NUMBER, workspace_id, list(numbers))
        said = {key: [one for one in heard if one.phone_key == key] for key in numbers}
        changed = await _write(workspace_id, await _changes(workspace_id, held, numbers, said, actor_id))
        for key in numbers:
            await db.after_commit(_enforce_after_commit, _Assigned(workspace_id, key))
    return changed


async def heed_without_number(workspace_id: int, contact_id: int, heard: Iterable[Heard]) -> int:
    """As `heed`, for a contact without a number: the words are the contact's alone, and the last one counts."""
    async with db.transaction():
        row = await db.fetch_row(_HOLD_BY_ID, workspace_id, [contact_id])
        if row is None:
            return 0
        was = now = consent_of(row)
        before = (await consent_history.before_stop(workspace_id, [contact_id])).get(contact_id, Consent())
        for one in sorted(heard, key=lambda one: one.at):
            if one.word in (Word.STOP, Word.PLATFORM_STOP):
                now = now if now.is_own_stop else Consent("OPTED_OUT", ConsentSource.PERSON, one.at)
            elif now.is_own_stop and now.at is not None and now.at < one.at:
                now = before if was.is_own_stop else was
        if now == was:
            return 0
        return await _write(workspace_id, [ConsentChange(contact_id, one.at, one.source, was, now, one.evidence)])


async def set_one(workspace_id: int, contact_id: int, now: Consent, evidence: str, actor_id: int | None) -> None:
    """Somebody's decision with evidence. Call it after `heed`, which locks the number first."""
    for row in await db.fetch(_HOLD_BY_ID, workspace_id, [contact_id]):
        assert now.at is not None
        assert now.source is not None
        change = ConsentChange(contact_id, now.at, ConsentSource(now.source), consent_of(row), now, evidence, actor_id)
        await _write(workspace_id, [change])


async def _changes(
    workspace_id: int,
    held: Sequence[db.Record],
    numbers: Mapping[str, NumberWords],
    said: Mapping[str, Sequence[Heard]],
    actor_id: int | None = None,
) -> list[ConsentChange]:
    stopped = [row["id"] for row in held if consent_of(row).is_own_stop]
    before = await consent_history.before_stop(workspace_id, stopped)
    changes = []
    for row in held:
        was, number, heard = consent_of(row), numbers[row["phone_key"]], said.get(row["phone_key"], ())
        now = after_words(was, before.get(row["id"], Consent()), number)
        if now != was:
            last = max(heard, key=lambda one: one.at, default=None)
            at, source = (last.at, last.source) if last else (number.stopped_since or clock.now(), ConsentSource.PERSON)
            changes.append(ConsentChange(row["id"], at, source, was, now, last.evidence if last else None, actor_id))
    return changes


_WRITE: Final = """
    UPDATE contacts c SET whatsapp_consent = g.consent, consent_source = g.source, consent_at = g.at
    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) AS g (id, consent, source, at)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) AND c.id = g.id
"""


async def _write(workspace_id: int, changes: Sequence[ConsentChange]) -> int:
    """Returns how many have another value."""
    if not changes:
        return 0
    await db.execute(
        _WRITE,
        workspace_id,
        [one.contact_id for one in changes],
        [one.now.value for one in changes],
        [one.now.source for one in changes],
        [one.now.at for one in changes],
    )
    await consent_history.record(
        workspace_id,
        [one for one in changes if one.evidence or (one.was.value, one.was.source) != (one.now.value, one.now.source)],
    )
    await enqueue(work.PROCESS_CHANGES, workspace_id)
    return sum(one.was.value != one.now.value for one in changes)


# ---------------------------------------------------------------- numbers that contacts got


async def settle(workspace_id: int, contact_ids: Sequence[int]) -> int:
    """For contacts that got another number in this transaction: a stop of either goes to the other."""
    if not contact_ids:
        return 0
    held = await db.fetch(_HOLD_BY_ID, workspace_id, list(contact_ids))
    with_number = [row for row in held if row["phone_key"] is not None]
    numbers = await suppressions.find(workspace_id, {row["phone_key"] for row in with_number})
    # Who said START from the new number before was perhaps somebody else: the stop is not older than that.
    moved = {
        row["phone_key"]: Heard(
            row["phone_key"],
            Word.STOP,
            max(filter(None, (row["consent_at"], numbers.get(row["phone_key"], NumberWords()).started_at))),
        )
        for row in with_number
        if consent_of(row).is_own_stop and not _is_stopped(numbers.get(row["phone_key"]))
    }
    numbers |= await suppressions.hear(workspace_id, list(moved.values()))
    stopped = {key: number for key, number in numbers.items() if _is_stopped(number)}
    rows = [row for row in with_number if row["phone_key"] in stopped and not consent_of(row).is_own_stop]
    return await _write(workspace_id, await _changes(workspace_id, rows, stopped, {}))


def _is_stopped(number: NumberWords | None) -> bool:
    return number is not None and number.stopped_since is not None


# ---------------------------------------------------------------- two at once


@dataclass(frozen=True, slots=True)
class _Assigned:
    workspace_id: int
    phone_key: str


async def look_again(workspace_id: int, phone_keys: Iterable[str]) -> None:
    """After the commit of a transaction that gave these numbers to contacts.

    A word of the person may have been committed at the same time: neither transaction saw the other. Each looks again after its
    own commit, so the later one sees both. A periodic task does so for processes that died between.
    """
    for key in phone_keys:
        await db.after_commit(_enforce_after_commit, _Assigned(workspace_id, key))


async def _enforce_after_commit(assigned: Sequence[_Assigned]) -> None:
    try:
        for workspace_id in {one.workspace_id for one in assigned}:
            await enforce(workspace_id, [one.phone_key for one in assigned if one.workspace_id == workspace_id])
    except db.PostgresError as error:
        log.warning("consent.look_again_failed", error=type(error).__name__)


_UNHEEDED: Final = """
    SELECT c.id FROM suppressions s
    JOIN contacts c ON c.workspace_id = $1 AND c.phone_key = s.phone_key
    WHERE s.workspace_id = $1 AND s.active AND (c.whatsapp_consent <> 'OPTED_OUT' OR c.consent_source IS DISTINCT FROM 'PERSON')
"""


async def enforce(workspace_id: int, phone_keys: Sequence[str]) -> int:
    """Opt out the contacts of stopped numbers that another transaction has not."""
    hashes = [suppressions.phone_hash(workspace_id, key) for key in phone_keys]
    rows = await db.fetch(f"{_UNHEEDED} AND s.phone_hash = ANY ($2::bytea[])", workspace_id, hashes)
    return await _settle_found(workspace_id, rows)


CLOCKS_APART: Final = timedelta(minutes=1)
"""Of two processes, at most."""


async def enforce_since(workspace_id: int, since: datetime) -> int:
    """As `enforce`, for the numbers that said something since then."""
    rows = await db.fetch(f"{_UNHEEDED} AND s.changed_at > $2", workspace_id, since - CLOCKS_APART)
    return await _settle_found(workspace_id, rows)


LOOKED_BACK: Final = timedelta(days=1)


async def enforce_recent() -> int:
    """For all numbers that said something within LOOKED_BACK."""
    since = clock.now() - LOOKED_BACK
    rows = await db.fetch(
        "/* all workspaces */ SELECT DISTINCT workspace_id FROM suppressions WHERE changed_at > $1", since
    )
    return sum([await enforce_since(row["workspace_id"], since) for row in rows])


async def _settle_found(workspace_id: int, rows: Sequence[db.Record]) -> int:
    if not rows:
        return 0
    async with db.transaction():
        return await settle(workspace_id, [row["id"] for row in rows])
