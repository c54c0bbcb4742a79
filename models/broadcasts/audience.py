"""The audience of a broadcast: one predicate for the count that people see and for the ledger.

A retry judges the earlier recipients: one that was deleted or changed its number is NO_PHONE, one that another retry has taken
is DUPLICATE_PHONE.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from models import clock, db
from models.accounts import message_cap
from models.accounts.message_cap import MessageCap
from models.contacts import fields as contact_fields
from models.contacts.attributes import ContactField
from models.db.tables.broadcasts import Broadcast
from models.messaging import caps, placeholders, rendering
from models.messaging.ledger import NORMAL_PHONE
from models.messaging.policy import NOT_NOW_CODES, NOT_NOW_FOR, NOT_NOW_REASON
from models.messaging.rendering import Binds
from models.messaging.sources import SourceKind
from permissions.principal import Scope


class ExclusionReason(StrEnum):
    """In order of precedence: the first reason that holds is counted."""

    EXCLUDED_SEGMENT = "EXCLUDED_SEGMENT"
    NO_PHONE = "NO_PHONE"
    OPTED_OUT = "OPTED_OUT"
    NO_CONSENT = "NO_CONSENT"
    MISSING_PARAMETER = "MISSING_PARAMETER"
    MESSAGE_CAP = "MESSAGE_CAP"
    DUPLICATE_PHONE = "DUPLICATE_PHONE"


@dataclass(frozen=True, slots=True)
class Audience:
    """Counts recipients and those left out; `exclusions` has only reasons that occur."""

    recipients: int
    exclusions: Mapping[ExclusionReason, int]


async def count(scope: Scope, broadcast: Broadcast, message: Mapping[str, Any]) -> Audience:
    """If it started now. `message`: the template in its sent form."""
    judged, binds = await judged_sql(scope, broadcast, message)
    rows = await db.fetch(f"WITH {judged} SELECT reason, count(*) AS n FROM judged GROUP BY reason", *binds)  # noqa: S608
    counted = {row["reason"]: row["n"] for row in rows}
    recipients = counted.pop(None, 0)
    return Audience(recipients, {ExclusionReason(reason): n for reason, n in counted.items()})


def frozen(broadcast: Broadcast) -> Audience:
    """Returns the audience of a broadcast that has started."""
    exclusions = {ExclusionReason(reason): n for reason, n in (broadcast.exclusions or {}).items()}
    return Audience(broadcast.audience_size or 0, exclusions)


async def freeze(scope: Scope, broadcast: Broadcast, message: Mapping[str, Any]) -> Audience:
    """Write the ledger, and who is left out of it. The caller's transaction holds the broadcast."""
    judged, binds = await judged_sql(scope, broadcast, message)
    now, broadcast_id = binds.bind(clock.now(), "timestamptz"), binds.bind(broadcast.id, "bigint")
    kind, not_now = binds.bind(SourceKind.BROADCAST, "text"), binds.bind(NOT_NOW_REASON, "text")
    rows = await db.fetch(
        f"""
        WITH {judged},
        frozen AS (
            INSERT INTO messages (workspace_id, source_kind, source_id, contact_id, phone, parameters, due_at, reason)
            SELECT $1, {kind}, {broadcast_id}, contact_id, phone, parameters, greatest(coalesce(not_before, {now}), {now}),
                   CASE WHEN not_before > {now} THEN {not_now} END
            FROM judged WHERE reason IS NULL ORDER BY phone
            RETURNING 1),
        left_out AS (
            INSERT INTO broadcast_exclusions (workspace_id, broadcast_id, reason, contact_id)
            SELECT $1, {broadcast_id}, reason, contact_id FROM judged WHERE reason IS NOT NULL ORDER BY reason, contact_id
            ON CONFLICT DO NOTHING)
        SELECT NULL AS reason, count(*) AS n FROM frozen
        UNION ALL SELECT reason, count(*) FROM judged WHERE reason IS NOT NULL GROUP BY reason
        """,  # noqa: S608 - every value is bound
        *binds,
    )
    counted = {row["reason"]: row["n"] for row in rows}
    recipients = counted.pop(None, 0)
    return Audience(recipients, {ExclusionReason(reason): n for reason, n in counted.items()})


async def judged_sql(
    scope: Scope, broadcast: Broadcast, message: Mapping[str, Any], only: Sequence[int] | None = None
) -> tuple[str, Binds]:
    """CTEs that end in `first_judged` and `judged` (contact_id, phone, parameters, not_before, reason).

    `first_judged` knows no DUPLICATE_PHONE. `only`: some of the members of its segments, in place of all.
    """
    binds = Binds([scope.workspace_id])
    cap = await message_cap.find(scope.workspace_id)
    if broadcast.retry_of is not None:
        return _judged_of_retry(broadcast, cap, binds), binds
    fields = await contact_fields.load(scope)
    return _judged_of_segments(broadcast, message, fields, scope.timezone, cap, binds, only), binds


def _judged_of_segments(
    broadcast: Broadcast,
    message: Mapping[str, Any],
    fields: Mapping[str, ContactField],
    timezone: str,
    cap: MessageCap | None,
    binds: Binds,
    only: Sequence[int] | None,
) -> str:
    wanted = placeholders.from_json(message["slots"])
    texts = rendering.expressions(wanted, rendering.from_json(broadcast.parameters), fields, timezone, binds)
    missing = [
        f"parameters[{index}] IS NULL" for index, placeholder in enumerate(wanted, start=1) if placeholder.required
    ]
    candidates = _members(broadcast, binds) if only is None else f"c.id = ANY ({binds.bind(list(only), 'bigint[]')})"
    excluded = _excluded(broadcast, binds)
    return f"""
        candidates AS MATERIALIZED (
            SELECT c.id AS contact_id, {NORMAL_PHONE} AS phone, c.phone_key, c.whatsapp_consent,
                   ARRAY[{", ".join(texts)}]::text[] AS parameters, NULL::timestamptz AS not_before,
                   {excluded} AS excluded
            FROM contacts c
            WHERE c.workspace_id = $1 AND {candidates}),
        first_judged AS (
            SELECT *, CASE
                WHEN excluded THEN 'EXCLUDED_SEGMENT'
                WHEN phone IS NULL THEN 'NO_PHONE'
                {_consent(broadcast)}
                WHEN {" OR ".join(missing) or "false"} THEN 'MISSING_PARAMETER'
                {_capped("phone_key", cap, binds)}
                END AS reason
            FROM candidates),
        {_WITHOUT_DOUBLES}"""  # noqa: S608 - every value is bound


def _members(broadcast: Broadcast, binds: Binds) -> str:
    include = _live(binds.bind(broadcast.include_segment_ids, "bigint[]"))
    members = f"SELECT m.contact_id FROM memberships m WHERE m.workspace_id = $1 AND m.segment_id = ANY ({include})"  # noqa: S608
    return f"c.id IN ({members})"


def _excluded(broadcast: Broadcast, binds: Binds) -> str:
    if not broadcast.exclude_segment_ids:
        return "false"
    exclude = _live(binds.bind(broadcast.exclude_segment_ids, "bigint[]"))
    return (
        "EXISTS (SELECT 1 FROM memberships m WHERE m.workspace_id = $1 AND m.contact_id = c.id"  # noqa: S608
        f" AND m.segment_id = ANY ({exclude}))"
    )


def _live(segments: str) -> str:
    """A deleted segment keeps its membership rows for a while."""
    return f"ARRAY(SELECT id FROM segments WHERE workspace_id = $1 AND id = ANY ({segments}) AND deleted_at IS NULL)"  # noqa: S608


def _consent(broadcast: Broadcast) -> str:
    opted_out = "WHEN whatsapp_consent = 'OPTED_OUT' THEN 'OPTED_OUT'"
    no_consent = "WHEN whatsapp_consent <> 'OPTED_IN' THEN 'NO_CONSENT'"
    return f"{opted_out} {no_consent}" if broadcast.require_opt_in else opted_out


_WITHOUT_DOUBLES: Final = """
        judged AS (
            SELECT contact_id, phone, parameters, not_before, CASE
                WHEN reason IS NULL AND row_number() OVER (PARTITION BY phone_key, reason IS NULL ORDER BY contact_id) > 1
                THEN 'DUPLICATE_PHONE' ELSE reason END AS reason
            FROM first_judged)"""


def _capped(phone_key: str, cap: MessageCap | None, binds: Binds) -> str:
    """People who have had all that the workspace's cap allows. A claim looks again."""
    if cap is None:
        return ""
    reached = caps.reached_sql(phone_key, binds.bind(cap.count, "integer"), binds.bind(cap.since, "timestamptz"))
    return f"WHEN {reached} THEN 'MESSAGE_CAP'"


def _judged_of_retry(broadcast: Broadcast, cap: MessageCap | None, binds: Binds) -> str:
    before, statuses = binds.bind(broadcast.retry_of, "bigint"), binds.bind(broadcast.retry_statuses, "text[]")
    own, kind = binds.bind(broadcast.id, "bigint"), binds.bind(SourceKind.BROADCAST, "text")
    not_now, not_now_for = binds.bind(NOT_NOW_CODES, "integer[]"), binds.bind(NOT_NOW_FOR, "interval")
    return f"""
        first_judged AS (
            SELECT r.contact_id, r.phone, c.phone_key, r.parameters,
                CASE WHEN r.error_code = ANY ({not_now}) THEN (r.failed_at AT TIME ZONE 'UTC' + {not_now_for}) AT TIME ZONE 'UTC'
                END AS not_before,
                CASE
                WHEN c.id IS NULL OR c.phone_key IS DISTINCT FROM muster_phone_key(r.phone) THEN 'NO_PHONE'
                {_consent(broadcast)}
                {_capped("c.phone_key", cap, binds)}
                WHEN EXISTS (
                    SELECT 1 FROM broadcasts b JOIN messages again
                        ON again.workspace_id = $1 AND again.source_kind = {kind} AND again.source_id = b.id
                       AND again.phone = r.phone
                    WHERE b.workspace_id = $1 AND b.retry_of = {before} AND b.id <> {own}
                      AND again.status NOT IN ('FAILED', 'SKIPPED')) THEN 'DUPLICATE_PHONE'
                END AS reason
            FROM messages r
            LEFT JOIN contacts c ON c.workspace_id = $1 AND c.id = r.contact_id
            WHERE r.workspace_id = $1 AND r.source_kind = {kind} AND r.source_id = {before} AND r.status = ANY ({statuses})),
        {_WITHOUT_DOUBLES}"""  # noqa: S608 - every value is bound
