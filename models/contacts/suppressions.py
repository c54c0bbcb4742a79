"""The suppression list: what people said, by number. It outlives contacts, and holds only a hash of erased numbers."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.contacts.consent import ConsentSource, NumberWords, Word


@dataclass(frozen=True, slots=True)
class Heard:
    """A word of the person with this number. `at` is the provider's time, `evidence` what shows it (a message's id, a note)."""

    phone_key: str
    word: Word
    at: datetime
    source: ConsentSource = ConsentSource.PERSON
    evidence: str | None = None


def phone_hash(workspace_id: int, phone_key: str) -> bytes:
    """By it a number is found that is kept nowhere. The same number has another hash in another workspace."""
    return hashlib.sha256(f"{workspace_id}:{phone_key}".encode()).digest()


_WORDS: Final = "stopped_at, started_at, platform_stopped_at, platform_resumed_at"

_FIND: Final = (
    f"SELECT phone_hash, {_WORDS} FROM suppressions WHERE workspace_id = $1 AND phone_hash = ANY ($2::bytea[])"  # noqa: S608
)


async def find(workspace_id: int, phone_keys: Collection[str]) -> dict[str, NumberWords]:
    """By phone key; numbers that said nothing are absent."""
    by_hash = {phone_hash(workspace_id, key): key for key in phone_keys}
    if not by_hash:
        return {}
    return _by_key(by_hash, await db.fetch(_FIND, workspace_id, list(by_hash)))


async def find_stopped(workspace_id: int, phone_keys: Collection[str]) -> dict[str, NumberWords]:
    """Only those that must not be written to. Quick for workspaces where nobody said anything."""
    if not phone_keys or not await has_any(workspace_id):
        return {}
    found = await find(workspace_id, phone_keys)
    return {key: number for key, number in found.items() if number.stopped_since is not None}


async def has_any(workspace_id: int) -> bool:
    return bool(await db.fetch_value("SELECT true FROM suppressions WHERE workspace_id = $1 LIMIT 1", workspace_id))


def _by_key(by_hash: Mapping[bytes, str], rows: Iterable[Any]) -> dict[str, NumberWords]:
    return {by_hash[row["phone_hash"]]: NumberWords(*(row[name] for name in _WORDS.split(", "))) for row in rows}


# In the order of the hash against deadlocks. greatest() passes over null.
_HEAR: Final = f"""
    INSERT INTO suppressions AS known (workspace_id, phone_hash, phone_key, {_WORDS}, changed_at)
    SELECT $1, g.* FROM unnest($2::bytea[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
                               $7::timestamptz[], $8::timestamptz[])
        AS g (phone_hash, phone_key, {_WORDS}, changed_at)
    ORDER BY g.phone_hash
    ON CONFLICT (workspace_id, phone_hash) DO UPDATE SET
        stopped_at = greatest(known.stopped_at, excluded.stopped_at),
        started_at = greatest(known.started_at, excluded.started_at),
        platform_stopped_at = greatest(known.platform_stopped_at, excluded.platform_stopped_at),
        platform_resumed_at = greatest(known.platform_resumed_at, excluded.platform_resumed_at),
        changed_at = excluded.changed_at
    RETURNING phone_hash, {_WORDS}
"""  # noqa: S608 - names of columns


async def hear(workspace_id: int, heard: Sequence[Heard]) -> dict[str, NumberWords]:
    """Keep the words, of which each number holds the last. Returns what is known of these numbers now, by phone key."""
    numbers: dict[str, dict[str, Any]] = {}
    for one in heard:
        _add(numbers.setdefault(one.phone_key, {}), one)
    if not numbers:
        return {}
    by_hash = {phone_hash(workspace_id, key): key for key in numbers}
    rows = await db.fetch(
        _HEAR,
        workspace_id,
        list(by_hash),
        list(by_hash.values()),
        *([words.get(name) for words in numbers.values()] for name in _WORDS.split(", ")),
        [clock.now()] * len(numbers),
    )
    return _by_key(by_hash, rows)


_COLUMNS: Final = {
    Word.STOP: "stopped_at",
    Word.START: "started_at",
    Word.PLATFORM_STOP: "platform_stopped_at",
    Word.PLATFORM_RESUME: "platform_resumed_at",
}


def _add(words: dict[str, Any], heard: Heard) -> None:
    column = _COLUMNS[heard.word]
    if column not in words or words[column] < heard.at:
        words[column] = heard.at


# ---------------------------------------------------------------- erasing a person


async def suppress_hash(workspace_id: int, hashed: bytes, at: datetime) -> None:
    """Suppress a number that is not known itself (`phone_hash`)."""
    await db.execute(
        """
        INSERT INTO suppressions AS known (workspace_id, phone_hash, stopped_at, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workspace_id, phone_hash) DO UPDATE
            SET stopped_at = greatest(known.stopped_at, excluded.stopped_at), changed_at = excluded.changed_at
        """,
        workspace_id,
        hashed,
        at,
        clock.now(),
    )


async def erase_number(workspace_id: int, phone_key: str) -> None:
    """Keep the hash and the moments, so that an opt-out stays in force, and forget the number."""
    await db.execute(
        "UPDATE suppressions SET phone_key = NULL WHERE workspace_id = $1 AND phone_hash = $2",
        workspace_id,
        phone_hash(workspace_id, phone_key),
    )
