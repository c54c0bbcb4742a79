"""All that is held about one person."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import orjson

from models import db
from models.errors import NotFound
from models.personal_data import in_identity, in_messages, in_transfers, in_webhooks
from models.personal_data.identity import MENTIONS, Identity, of_contact
from permissions.principal import Scope

# Each gives rows for the contact $2, or for the numbers $3.
_BY_CONTACT: Final[Mapping[str, str]] = {
    "activities": """
        SELECT kind, occurred_at, properties, created_at FROM activities
        WHERE workspace_id = $1 AND contact_id = $2 ORDER BY occurred_at, id
    """,
    "segments": """
        SELECT m.segment_id, s.name, m.origin, m.joined_at FROM memberships m
        JOIN segments s ON s.workspace_id = $1 AND s.id = m.segment_id
        WHERE m.workspace_id = $1 AND m.contact_id = $2 ORDER BY m.segment_id
    """,
    "overrides": """
        SELECT segment_id, override, created_at FROM membership_overrides
        WHERE workspace_id = $1 AND contact_id = $2 ORDER BY segment_id
    """,
    "segment_history": """
        SELECT segment_id, kind, origin, at FROM membership_changes
        WHERE workspace_id = $1 AND contact_id = $2 ORDER BY append_id, place
    """,
    "audiences": """
        SELECT m.audience_id, a.name, m.state, encode(m.sent, 'hex') AS hashes FROM audiences AS a
        JOIN audience_members AS m ON m.workspace_id = $1 AND m.audience_id = a.id AND m.contact_id = $2
        WHERE a.workspace_id = $1 AND a.deleted_at IS NULL ORDER BY a.id
    """,
    "consent_history": """
        SELECT at, source, from_consent, to_consent, evidence, recorded_at FROM consent_changes
        WHERE workspace_id = $1 AND contact_id = $2 ORDER BY id
    """,
    "imports": """
        SELECT c.job_id, c.line, c.outcome, c.before, j.input ->> 'filename' AS filename FROM import_changes c
        JOIN jobs j ON j.workspace_id = $1 AND j.id = c.job_id
        WHERE c.workspace_id = $1 AND c.contact_id = $2 ORDER BY c.job_id
    """,
    "workflows": """
        SELECT id AS enrollment_id, workflow_id, trigger, entry_key, state, NULL AS ended, entered_at, NULL AS ended_at
        FROM enrollments WHERE workspace_id = $1 AND contact_id = $2
        UNION ALL
        SELECT id, workflow_id, trigger, entry_key, 'ENDED', "end", entered_at, ended_at
        FROM enrollments_ended WHERE workspace_id = $1 AND contact_id = $2
        ORDER BY entered_at, enrollment_id
    """,
    "workflow_steps": """
        SELECT s.workflow_id, s.enrollment_id, n.key AS node, s.outcome, s.detail, s.at FROM workflow_steps s
        JOIN workflow_step_appends a ON a.workspace_id = $1 AND a.append_id = s.append_id
        LEFT JOIN workflow_nodes n ON n.workspace_id = $1 AND n.workflow_id = s.workflow_id AND n.node = s.node
        WHERE s.workspace_id = $1 AND s.contact_id = $2 ORDER BY s.append_id, s.place
    """,
    "left_out_of_broadcasts": """
        SELECT e.broadcast_id, e.reason FROM broadcasts b JOIN broadcast_exclusions e
            ON e.workspace_id = $1 AND e.broadcast_id = b.id
           AND e.reason IN ('EXCLUDED_SEGMENT', 'NO_PHONE', 'OPTED_OUT', 'NO_CONSENT', 'MISSING_PARAMETER', 'MESSAGE_CAP',
                            'DUPLICATE_PHONE')
           AND e.contact_id = $2
        WHERE b.workspace_id = $1 ORDER BY e.broadcast_id
    """,
    "webhook_messages": """
        SELECT event_type, payload, status, created_at FROM webhook_deliveries
        WHERE workspace_id = $1 AND contact_id = $2 ORDER BY id
    """,
    "scores": """
        SELECT m.key, m.name, s.value::float8 AS value, s.level FROM contact_scores s
        JOIN score_models m ON m.workspace_id = $1 AND m.active_build = s.build_id
        WHERE s.workspace_id = $1 AND s.contact_id = $2 ORDER BY m.id
    """,
    "score_adjustments": """
        SELECT m.key, a.points::float8 AS points, a.reason, a.until, a.created_at FROM score_adjustments a
        JOIN score_models m ON m.workspace_id = $1 AND m.id = a.model_id
        WHERE a.workspace_id = $1 AND a.contact_id = $2 ORDER BY a.id
    """,
    "aliases": """
        SELECT kind, value, since FROM contact_aliases WHERE workspace_id = $1 AND contact_id = $2 ORDER BY since, kind, value
    """,
    "merges": """
        SELECT kept_id, merged_id, at, snapshot, undone_at FROM contact_merges
        WHERE workspace_id = $1 AND kept_id = $2 ORDER BY id
    """,
    "merge_suggestions": """
        SELECT contact_id, other_contact_id, reason, created_at FROM contact_merge_suggestions
        WHERE workspace_id = $1 AND (contact_id = $2 OR other_contact_id = $2) ORDER BY created_at
    """,
}

_BY_NUMBER: Final[Mapping[str, str]] = {
    "whatsapp_ids": "SELECT user_id, seen_at FROM whatsapp_users WHERE workspace_id = $1 AND phone = ANY ($2::text[])",
    "whatsapp_numbers": "SELECT wa_id FROM whatsapp_aliases WHERE workspace_id = $1 AND phone = ANY ($2::text[])",
    "last_written_to": """
        SELECT business_account_id, reached_at FROM whatsapp_reached WHERE workspace_id = $1 AND phone_key = ANY ($2::text[])
    """,
    "suppression": """
        SELECT stopped_at, started_at, platform_stopped_at, platform_resumed_at, active FROM suppressions
        WHERE workspace_id = $1 AND phone_key = ANY ($2::text[])
    """,
}

_MESSAGES: Final = """
    SELECT source_kind, source_id AS broadcast_id, phone, parameters, status, reason, error_code, sent_at, delivered_at, read_at,
           failed_at
    FROM messages WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id
"""

_REFUSED: Final = f"""
    SELECT job_id, line, outcome, column_name, reason, cells FROM import_refusals
    WHERE workspace_id = $1
      AND (cells && $4::text[] OR {MENTIONS.format(text="array_to_string(cells, '|')", kept="|")})
    ORDER BY job_id, line
"""  # noqa: S608 - constants


OutsideId = Callable[[str, int], str]
"""Makes the id by which the API knows an object, of its type and its own id."""

_TYPES: Final[Mapping[str, str]] = {
    "id": "Contact",
    "contact_id": "Contact",
    "other_contact_id": "Contact",
    "kept_id": "Contact",
    "merged_id": "Contact",
    "segment_id": "Segment",
    "job_id": "ImportJob",
    "broadcast_id": "Broadcast",
    "workflow_id": "Workflow",
    "audience_id": "Audience",
    "enrollment_id": "Enrollment",
}


async def export_contact(scope: Scope, contact_id: int, outside_id: OutsideId) -> str:
    """A JSON object with a list of each kind of what is held. Raises NotFound."""
    row = await db.fetch_row(
        "SELECT * FROM contacts WHERE workspace_id = $1 AND id = $2", scope.workspace_id, contact_id
    )
    if row is None:
        raise NotFound("there is no such contact", ("id",))
    held: dict[str, Any] = {"contact": row}
    identity = await _identity(scope.workspace_id, row)
    for name, sql in _BY_CONTACT.items():
        held[name] = await db.fetch(sql, scope.workspace_id, contact_id)
    for name, sql in _BY_NUMBER.items():
        held[name] = await db.fetch(sql, scope.workspace_id, identity.numbers)
    held["messages"] = await _messages(scope.workspace_id, identity)
    refused = (scope.workspace_id, identity.words, identity.digits, sorted(identity.external_ids))
    held["refused_rows"] = await db.fetch(_REFUSED, *refused)
    held["failed_webhooks"] = await in_webhooks.failed_of(scope.workspace_id, identity)
    return orjson.dumps(held, default=partial(_plain, outside_id)).decode()


async def _identity(workspace_id: int, row: db.Record) -> Identity:
    identity = of_contact(row, shared=False).joined(**await in_identity.values_of(workspace_id, row["id"]))
    known = identity.joined(**await in_transfers.values_of(workspace_id, identity))
    return known.joined(user_ids=await in_messages.user_ids_of(workspace_id, known))


async def _messages(workspace_id: int, identity: Identity) -> list[db.Record]:
    found: list[db.Record] = []
    async for rows in in_messages.each_message(workspace_id, identity):
        found += await db.fetch(_MESSAGES, workspace_id, [row["id"] for row in rows])
    return found


_JSON: Final = {"properties", "attributes", "before", "detail", "snapshot"}


def _plain(outside_id: OutsideId, value: Any) -> Any:
    """What orjson does not know itself: rows, and bytes of webhooks."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return {name: _column(outside_id, name, one) for name, one in value.items() if name != "workspace_id"}


def _column(outside_id: OutsideId, name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _JSON:
        return orjson.Fragment(value)  # as PostgreSQL has it: no digit is lost
    return outside_id(_TYPES[name], value) if name in _TYPES else value
