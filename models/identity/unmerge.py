"""Undoes a merge. What changed since stays with the kept contact.

LOCKS: as models/identity/merge.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.contacts.aliases import KIND_OF, value_of
from models.contacts.built_in_fields import path_of
from models.contacts.write import until_written
from models.errors import Conflict, NotAllowedInState, NotFound
from models.identity import stops
from models.identity.merge import write_columns
from models.identity.snapshots import UNDOABLE
from models.identity.survivorship import COLUMNS
from models.membership import apply, builds, dirty_contacts
from models.membership.apply import Difference
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import membership_changed
from permissions.principal import Scope


async def unmerge(scope: Scope, merge_id: int, notices: list[str] | None = None) -> db.Record:
    """Returns the row of contact_merges. `notices` is filled with what could not be given back, and why.

    Raises NotFound, NotAllowedInState (undone already, too old, the kept contact is gone) or Conflict (a later merge) at `id`.
    """
    said: list[str] = []

    async def write() -> db.Record:
        said.clear()
        row = await _get(scope, merge_id)
        undone = await _undo(scope, row, said)
        details = {"merge": merge_id, "restored": row["merged_id"]}
        await audit_log.record(scope, "contact_unmerge", "Contact", row["kept_id"], details)
        return undone

    undone = await until_written(write)
    if notices is not None:
        notices[:] = said
    return undone


async def _get(scope: Scope, merge_id: int) -> db.Record:
    row = await db.fetch_row(
        "SELECT * FROM contact_merges WHERE workspace_id = $1 AND id = $2 FOR UPDATE", scope.workspace_id, merge_id
    )
    if row is None:
        raise NotFound("there is no such merge", ("id",))
    if row["undone_at"] is not None:
        raise NotAllowedInState("this merge is undone already", ("id",))
    if row["snapshot"] is None or row["at"] < clock.now() - UNDOABLE:
        raise NotAllowedInState(f"a merge can be undone for {UNDOABLE.days} days, and this one is older", ("id",))
    return row


_HELD: Final = f"SELECT id, {', '.join(COLUMNS)} FROM contacts WHERE workspace_id = $1 AND id = $2"  # noqa: S608


async def _undo(scope: Scope, row: db.Record, notices: list[str]) -> db.Record:
    workspace_id, snapshot = scope.workspace_id, db.load_json(row["snapshot"])
    static = [one["segment_id"] for one in snapshot["static"]]
    for segment_id in sorted({*static, *snapshot["entered"]}):
        await db.advisory_lock(builds.swap_lock(workspace_id, segment_id))
    kept = await db.fetch_row(f"{_HELD} FOR UPDATE", workspace_id, row["kept_id"])
    if kept is None:
        await _say_where_it_went(scope, row)
    assert kept is not None
    now = clock.now()
    append = await apply.begin(workspace_id, now)
    await stops.take_back(workspace_id, snapshot.get("stops", ()))
    await _give_back_values(workspace_id, kept, snapshot)
    await _take_back_aliases(workspace_id, row, snapshot)
    await _restore_contact(workspace_id, row, snapshot, notices)
    await _move_back(workspace_id, row, snapshot)
    await _separate_segments(workspace_id, row, snapshot, append)
    undone = await db.fetch_row(
        "UPDATE contact_merges SET undone_at = $3, snapshot = NULL WHERE workspace_id = $1 AND id = $2 RETURNING *",
        workspace_id,
        row["id"],
        now,
    )
    await enqueue(work.PROCESS_CHANGES, workspace_id)
    await events.record(workspace_id, events.ContactUnmerged(row["kept_id"], row["merged_id"]))
    await apply.close(append)
    assert undone is not None
    return undone


async def _say_where_it_went(scope: Scope, row: db.Record) -> None:
    later = await db.fetch_value(
        "SELECT kept_id FROM merged_contacts WHERE workspace_id = $1 AND merged_id = $2",
        scope.workspace_id,
        row["kept_id"],
    )
    if later is not None:
        raise Conflict("the kept contact was itself merged since: undo that merge first", ("id",))
    raise NotAllowedInState("the kept contact was deleted since: there is nothing to take apart", ("id",))


# ---------------------------------------------------------------- the kept contact


async def _give_back_values(workspace_id: int, kept: db.Record, snapshot: Mapping[str, Any]) -> None:
    """Only what still is as the merge left it."""
    before, after = snapshot["before"], snapshot["after"]
    values: dict[str, Any] = {}
    for column in before:
        held = kept[column]
        if column == "tags":
            added = {tag.lower() for tag in after[column]} - {tag.lower() for tag in before[column]}
            values[column] = [tag for tag in held if tag.lower() not in added]
        elif column == "attributes":
            values[column] = _attributes_back(db.load_json(held), before[column], after[column])
        elif _as_json(held) == after[column]:
            values[column] = _from_json(column, before[column])
    await write_columns(workspace_id, kept["id"], values)


def _attributes_back(held: dict[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    given = [key for key in after if not db.same_json(before.get(key), after[key])]
    unchanged = [key for key in given if db.same_json(held.get(key), after[key])]
    back = {key: value for key, value in held.items() if key not in unchanged}
    return back | {key: before[key] for key in unchanged if key in before}


def _as_json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


_TIMES: Final = ("subscribed_at", "last_interaction_at", "consent_at", "created_at")


def _from_json(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column in _TIMES:
        return datetime.fromisoformat(value)
    return datetime.fromisoformat(value).date() if column == "date_of_birth" else value


# ---------------------------------------------------------------- the merged contact


async def _take_back_aliases(workspace_id: int, row: db.Record, snapshot: Mapping[str, Any]) -> None:
    given = snapshot["given"]
    await db.execute(
        """
        DELETE FROM contact_aliases a USING unnest($3::text[], $4::text[]) AS g (kind, value)
        WHERE a.workspace_id = $1 AND a.contact_id = $2 AND a.kind = g.kind AND a.value = g.value
        """,
        workspace_id,
        row["kept_id"],
        [kind for kind, _ in given],
        [value for _, value in given],
    )


async def _restore_contact(workspace_id: int, row: db.Record, snapshot: Mapping[str, Any], notices: list[str]) -> None:
    """With its own id. A key that somebody else has by now stays there."""
    merged = snapshot["merged"]
    values = {column: merged[column] for column in COLUMNS}
    for column in KIND_OF:
        if values[column] is not None and await _is_taken(workspace_id, column, values[column]):
            notices.append(f"{path_of(column)} was not given back: another contact has it now.")
            values[column] = None
    stored = {
        name: db.dump_json(value) if name == "attributes" else _from_json(name, value) for name, value in values.items()
    }
    places = ", ".join(f"${index}" for index in range(3, len(stored) + 3))
    await db.execute(
        f"INSERT INTO contacts (workspace_id, id, {', '.join(stored)}) VALUES ($1, $2, {places})",  # noqa: S608 - columns
        workspace_id,
        row["merged_id"],
        *stored.values(),
    )


async def _is_taken(workspace_id: int, column: str, value: str) -> bool:
    own = "phone_key" if column == "phone" else column
    known = value_of(column, value)
    return bool(
        await db.fetch_value(
            f"""
            SELECT EXISTS (SELECT 1 FROM contacts WHERE workspace_id = $1 AND {own} = $2)
                OR EXISTS (SELECT 1 FROM contact_aliases WHERE workspace_id = $1 AND kind = $3 AND value = $2)
            """,  # noqa: S608 - one of three columns
            workspace_id,
            known,
            KIND_OF[column].value,
        )
    )


_ABSORBED: Final = """
    WITH RECURSIVE absorbed (id) AS (
        SELECT $2::bigint
        UNION
        SELECT m.merged_id FROM absorbed
        JOIN contact_merges m ON m.workspace_id = $1 AND m.kept_id = absorbed.id AND m.undone_at IS NULL
    )
    SELECT id FROM absorbed
"""


async def _move_back(workspace_id: int, row: db.Record, snapshot: Mapping[str, Any]) -> None:
    """What the contact brought along, with what those brought that were merged into it before."""
    kept_id, merged_id = row["kept_id"], row["merged_id"]
    absorbed = [one["id"] for one in await db.fetch(_ABSORBED, workspace_id, merged_id)]
    await db.execute("DELETE FROM merged_contacts WHERE workspace_id = $1 AND merged_id = $2", workspace_id, merged_id)
    for statement, arguments in _moves_back(snapshot, absorbed, merged_id):
        await db.execute(statement, workspace_id, kept_id, merged_id, *arguments)


def _moves_back(snapshot: Mapping[str, Any], absorbed: Sequence[int], merged_id: int) -> list[tuple[str, list[Any]]]:
    moved = snapshot["moved"]
    return [
        (
            """
            UPDATE activities SET contact_id = $3,
                origin_contact_id = CASE WHEN origin_contact_id = $3 THEN NULL ELSE origin_contact_id END
            WHERE workspace_id = $1 AND contact_id = $2 AND origin_contact_id = ANY ($4::bigint[])
            """,
            [list(absorbed)],
        ),
        (
            """
            UPDATE merged_contacts SET kept_id = $3
            WHERE workspace_id = $1 AND kept_id = $2 AND merged_id = ANY ($4::bigint[])
            """,
            [[one for one in absorbed if one != merged_id]],
        ),
        (
            """
            UPDATE contact_aliases a SET contact_id = $3 FROM unnest($4::text[], $5::text[]) AS g (kind, value)
            WHERE a.workspace_id = $1 AND a.contact_id = $2 AND a.kind = g.kind AND a.value = g.value
            """,
            [[kind for kind, _ in moved], [value for _, value in moved]],
        ),
        (
            """
            UPDATE score_adjustments SET contact_id = $3
            WHERE workspace_id = $1 AND contact_id = $2 AND id = ANY ($4::bigint[])
            """,
            [snapshot.get("adjustments", [])],
        ),
        (
            """
            UPDATE webhook_deliveries SET contact_id = $3
            WHERE workspace_id = $1 AND contact_id = $2 AND id = ANY ($4::bigint[])
            """,
            [snapshot.get("webhooks", [])],
        ),
        (
            "UPDATE consent_changes SET contact_id = $3 WHERE workspace_id = $1 AND contact_id = $2 AND id = ANY ($4::bigint[])",
            [snapshot["consents"]],
        ),
        (
            """
            UPDATE whatsapp_users SET contact_id = $3
            WHERE workspace_id = $1 AND contact_id = $2 AND user_id = ANY ($4::text[])
            """,
            [snapshot["users"]],
        ),
    ]


# ---------------------------------------------------------------- segments


async def _separate_segments(
    workspace_id: int, row: db.Record, snapshot: Mapping[str, Any], append: apply.Append
) -> None:
    kept_id, merged_id, static = row["kept_id"], row["merged_id"], snapshot["static"]
    known = await _existing(workspace_id, [*(one["segment_id"] for one in static), *snapshot["entered"]])
    entering = [one for one in static if one["segment_id"] in known]
    leaving = [segment_id for segment_id in snapshot["entered"] if segment_id in known]
    segment_ids = [*(one["segment_id"] for one in entering), *leaving]
    difference = Difference(
        segment_ids,
        [merged_id] * len(entering) + [kept_id] * len(leaving),
        [True] * len(entering) + [False] * len(leaving),
        [*(one["origin"] for one in entering), *("MANUAL" for _ in leaving)],
    )
    if segment_ids:
        await apply.write(append, difference)
        for segment_id in segment_ids:
            await dirty_contacts.mark(workspace_id, [kept_id, merged_id], membership_changed(segment_id))
    await _separate_overrides(workspace_id, kept_id, merged_id, snapshot)


async def _existing(workspace_id: int, segment_ids: Sequence[int]) -> set[int]:
    rows = await db.fetch(
        "SELECT id FROM segments WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND deleted_at IS NULL",
        workspace_id,
        list(segment_ids),
    )
    return {row["id"] for row in rows}


async def _separate_overrides(workspace_id: int, kept_id: int, merged_id: int, snapshot: Mapping[str, Any]) -> None:
    """The kept contact gets its own back where the merge changed it."""
    own, before = snapshot["overrides"], snapshot["overrides_before"]
    known = await _existing(workspace_id, [int(segment_id) for segment_id in own])
    mine = {int(segment_id): value for segment_id, value in own.items() if int(segment_id) in known}
    await db.execute(_OVERRIDE, workspace_id, merged_id, list(mine), list(mine.values()), clock.now())
    added = [int(segment_id) for segment_id, value in before.items() if value is None]
    await db.execute(
        "DELETE FROM membership_overrides WHERE workspace_id = $1 AND contact_id = $2 AND segment_id = ANY ($3::bigint[])",
        workspace_id,
        kept_id,
        added,
    )
    had = {
        int(segment_id): value for segment_id, value in before.items() if value is not None and int(segment_id) in known
    }
    await db.execute(_OVERRIDE, workspace_id, kept_id, list(had), list(had.values()), clock.now())


_OVERRIDE: Final = """
    INSERT INTO membership_overrides AS known (workspace_id, segment_id, contact_id, override, created_at)
    SELECT $1, g.segment_id, $2, g.override, $5 FROM unnest($3::bigint[], $4::text[]) AS g (segment_id, override)
    ON CONFLICT (workspace_id, segment_id, contact_id) DO UPDATE SET override = excluded.override
    WHERE known.override <> excluded.override
"""
