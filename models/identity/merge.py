"""Merges one contact into another, in one transaction.

Segments, scores, workflows and the log follow by the ordinary capture: the kept contact changes, and the merged one is deleted.

LOCKS: static segments of the merged contact, in the order of their ids; both contacts, in the order of theirs; the numbers that a
stop is spread to; then, before the commit, the head of the log of members.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.contacts import aliases, consent_history, twins
from models.contacts.aliases import KIND_OF, AliasKind, own_aliases, value_of
from models.contacts.consent import ConsentSource, consent_of
from models.contacts.consent_history import ConsentChange
from models.contacts.write import until_written
from models.errors import Invalid, NotFound
from models.identity import follow, snapshots, stops
from models.identity.survivorship import COLUMNS, Choices, check_choices, result_of
from models.membership import apply, builds, dirty_contacts
from models.membership.apply import Difference
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import membership_changed
from permissions.principal import Scope


async def merge_contacts(scope: Scope, keep_id: int, merge_id: int, choices: Choices) -> db.Record:
    """Returns the row of contact_merges. Raises NotFound at `keepId` or `mergeId`, Invalid, LimitExceeded, or Conflict."""

    async def write() -> db.Record:
        merged = await merge(scope, keep_id, merge_id, choices)
        await audit_log.record(scope, "contacts_merge", "Contact", keep_id, {"merged": merge_id, "merge": merged["id"]})
        return merged

    return await until_written(write)


@dataclass(slots=True)
class Merging:
    """What is known, and kept for the undoing, while a merge goes on."""

    scope: Scope
    kept: db.Record
    merged: db.Record
    now: datetime
    result: dict[str, Any] = field(default_factory=dict)
    snapshot: dict[str, Any] = field(default_factory=dict)


async def merge(scope: Scope, keep_id: int, merge_id: int, choices: Choices) -> db.Record:
    """As `merge_contacts`, in the caller's transaction and without an entry in the audit log."""
    if keep_id == merge_id:
        raise Invalid("a contact cannot be merged with itself: give two", ("mergeId",))
    await _lock_static_segments(scope.workspace_id, merge_id)
    rows = await _held(scope.workspace_id, [keep_id, merge_id])
    for contact_id, path in ((keep_id, "keepId"), (merge_id, "mergeId")):
        if contact_id not in rows:
            raise NotFound("there is no such contact", (path,))
    merging = Merging(scope, rows[keep_id], rows[merge_id], clock.now())
    check_choices(choices, merging.kept, merging.merged)
    merging.result = result_of(merging.kept, merging.merged, choices)
    merging.snapshot["merged"] = dict(merging.merged) | {"attributes": db.load_json(merging.merged["attributes"])}
    append = await apply.begin(scope.workspace_id, merging.now)
    await _move_what_the_contact_did(merging)
    await _unite_segments(merging, append)
    await _move_aliases(merging)
    await follow.workflows_follow(scope.workspace_id, merge_id, merging.now)
    await db.execute("DELETE FROM contacts WHERE workspace_id = $1 AND id = $2", scope.workspace_id, merge_id)
    await _write_kept(merging)
    merging.snapshot["stops"] = await stops.spread(scope.workspace_id, keep_id, consent_of(merging.result))
    stored = await _store(merging)
    await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    await events.record(scope.workspace_id, events.ContactMerged(keep_id, merge_id))
    await apply.close(append)
    return stored


# ---------------------------------------------------------------- held


_STATIC: Final = """
    SELECT m.segment_id, m.origin, m.joined_at FROM memberships m
    JOIN segments s ON s.workspace_id = $1 AND s.id = m.segment_id AND s.kind = 'STATIC' AND s.deleted_at IS NULL
    WHERE m.workspace_id = $1 AND m.contact_id = $2 ORDER BY m.segment_id
"""


async def _lock_static_segments(workspace_id: int, contact_id: int) -> None:
    """As changes of their members do, so that the two do not wait for each other."""
    for row in await db.fetch(_STATIC, workspace_id, contact_id):
        await db.advisory_lock(builds.swap_lock(workspace_id, row["segment_id"]))


_HELD: Final = f"""
    SELECT id, phone_key, phone_twin, {", ".join(COLUMNS)} FROM contacts
    WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR UPDATE
"""  # noqa: S608 - columns of a list


async def _held(workspace_id: int, ids: Sequence[int]) -> dict[int, db.Record]:
    return {row["id"]: row for row in await db.fetch(_HELD, workspace_id, list(ids))}


# ---------------------------------------------------------------- moved


_ACTIVITIES: Final = """
    UPDATE activities SET contact_id = $2, origin_contact_id = coalesce(origin_contact_id, contact_id)
    WHERE workspace_id = $1 AND contact_id = $3
"""


async def _move_what_the_contact_did(merging: Merging) -> None:
    workspace_id, kept_id, merged_id = merging.scope.workspace_id, merging.kept["id"], merging.merged["id"]
    await db.execute(_ACTIVITIES, workspace_id, kept_id, merged_id)
    consents = await db.fetch(
        "UPDATE consent_changes SET contact_id = $2 WHERE workspace_id = $1 AND contact_id = $3 RETURNING id",
        workspace_id,
        kept_id,
        merged_id,
    )
    users = await db.fetch(
        "UPDATE whatsapp_users SET contact_id = $2 WHERE workspace_id = $1 AND contact_id = $3 RETURNING user_id",
        workspace_id,
        kept_id,
        merged_id,
    )
    webhooks = await db.fetch(
        "UPDATE webhook_deliveries SET contact_id = $2 WHERE workspace_id = $1 AND contact_id = $3 RETURNING id",
        workspace_id,
        kept_id,
        merged_id,
    )
    adjustments = await db.fetch(
        "UPDATE score_adjustments SET contact_id = $2 WHERE workspace_id = $1 AND contact_id = $3 RETURNING id",
        workspace_id,
        kept_id,
        merged_id,
    )
    merging.snapshot |= {
        "adjustments": [row["id"] for row in adjustments],
        "webhooks": [row["id"] for row in webhooks],
        "consents": [row["id"] for row in consents],
        "users": [row["user_id"] for row in users],
    }


async def _unite_segments(merging: Merging, append: apply.Append) -> None:
    """Static memberships are united, and of the overrides EXCLUDE wins."""
    workspace_id, kept_id, merged_id = merging.scope.workspace_id, merging.kept["id"], merging.merged["id"]
    static = await db.fetch(_STATIC, workspace_id, merged_id)
    held = {row["segment_id"] for row in await db.fetch(_STATIC, workspace_id, kept_id)}
    entering = [row for row in static if row["segment_id"] not in held]
    ids = [row["segment_id"] for row in entering]
    difference = Difference(ids, [kept_id] * len(ids), [True] * len(ids), [row["origin"] for row in entering])
    if ids:
        await apply.write(append, difference)
        for segment_id in ids:
            await dirty_contacts.mark(workspace_id, [kept_id], membership_changed(segment_id))
    overrides = await _overrides(workspace_id, merged_id)
    before = await _overrides(workspace_id, kept_id)
    await db.execute(_UNITE_OVERRIDES, workspace_id, kept_id, list(overrides), list(overrides.values()), merging.now)
    merging.snapshot |= {
        "static": [dict(row) for row in static],
        "entered": ids,
        "overrides": {str(segment_id): value for segment_id, value in overrides.items()},
        "overrides_before": {str(segment_id): before.get(segment_id) for segment_id in overrides},
    }


async def _overrides(workspace_id: int, contact_id: int) -> dict[int, str]:
    rows = await db.fetch(
        "SELECT segment_id, override FROM membership_overrides WHERE workspace_id = $1 AND contact_id = $2 ORDER BY 1",
        workspace_id,
        contact_id,
    )
    return {row["segment_id"]: row["override"] for row in rows}


_UNITE_OVERRIDES: Final = """
    INSERT INTO membership_overrides AS known (workspace_id, segment_id, contact_id, override, created_at)
    SELECT $1, g.segment_id, $2, g.override, $5 FROM unnest($3::bigint[], $4::text[]) AS g (segment_id, override)
    ON CONFLICT (workspace_id, segment_id, contact_id) DO UPDATE SET override = 'EXCLUDE'
    WHERE excluded.override = 'EXCLUDE' AND known.override <> 'EXCLUDE'
"""


async def _move_aliases(merging: Merging) -> None:
    """All that found one of the two finds the kept one: also the ids that its row will not hold."""
    workspace_id, kept_id, merged_id = merging.scope.workspace_id, merging.kept["id"], merging.merged["id"]
    moved = await db.fetch(
        "UPDATE contact_aliases SET contact_id = $2 WHERE workspace_id = $1 AND contact_id = $3 RETURNING kind, value",
        workspace_id,
        kept_id,
        merged_id,
    )
    lost = _lost_keys(merging)
    await aliases.give(workspace_id, kept_id, lost, merging.now)
    merging.snapshot |= {
        "moved": [[row["kind"], row["value"]] for row in moved],
        "given": [[kind.value, value] for kind, value in lost],
    }


def _lost_keys(merging: Merging) -> list[tuple[AliasKind, str]]:
    kept = {
        (kind, value_of(column, merging.result[column]))
        for column, kind in KIND_OF.items()
        if merging.result[column] is not None
    }
    both = dict.fromkeys([*own_aliases(merging.kept), *own_aliases(merging.merged)])
    return [alias for alias in both if alias not in kept]


# ---------------------------------------------------------------- written


async def _write_kept(merging: Merging) -> None:
    before, after = changed(merging.kept, merging.result)
    merging.snapshot |= {"before": before, "after": after}
    await write_columns(merging.scope.workspace_id, merging.kept["id"], after)
    keys = {merging.kept["phone_key"], merging.merged["phone_key"]}
    await twins.release(merging.scope.workspace_id, sorted(key for key in keys if key is not None))
    was, now = consent_of(merging.kept), consent_of(merging.result)
    if was != now and now.source is not None:
        change = ConsentChange(
            merging.kept["id"],
            now.at or merging.now,
            ConsentSource(now.source),
            was,
            now,
            "merged from another contact",
        )
        await consent_history.record(merging.scope.workspace_id, [change])


def changed(row: db.Record, result: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns what differs, as it was and as it will be."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for column in COLUMNS:
        held = db.load_json(row[column]) if column == "attributes" else row[column]
        if not db.same_json(held, result[column]) if column == "attributes" else held != result[column]:
            before[column], after[column] = held, result[column]
    return before, after


async def write_columns(workspace_id: int, contact_id: int, values: Mapping[str, Any]) -> None:
    if not values:
        return
    stored = {name: db.dump_json(value) if name == "attributes" else value for name, value in values.items()}
    sets = ", ".join(f"{name} = ${index}" for index, name in enumerate(stored, start=3))
    await db.execute(
        f"UPDATE contacts SET {sets} WHERE workspace_id = $1 AND id = $2",  # noqa: S608 - columns of a list
        workspace_id,
        contact_id,
        *stored.values(),
    )


_STORE: Final = """
    INSERT INTO contact_merges (workspace_id, kept_id, merged_id, at, actor_kind, actor_id, snapshot)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
"""


async def _store(merging: Merging) -> db.Record:
    scope, kept_id, merged_id = merging.scope, merging.kept["id"], merging.merged["id"]
    await db.execute(
        "UPDATE merged_contacts SET kept_id = $2 WHERE workspace_id = $1 AND kept_id = $3",
        scope.workspace_id,
        kept_id,
        merged_id,
    )
    await db.execute(
        "INSERT INTO merged_contacts (workspace_id, merged_id, kept_id) VALUES ($1, $2, $3)",
        scope.workspace_id,
        merged_id,
        kept_id,
    )
    actor = scope.principal
    row = await db.fetch_row(
        _STORE,
        scope.workspace_id,
        kept_id,
        merged_id,
        merging.now,
        actor.kind.value,
        actor.id,
        snapshots.dump(merging.snapshot),
    )
    assert row is not None
    return row
