"""Message templates of the channel's business account."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import clock, db
from models.db.tables.broadcasts import MessageTemplate
from models.errors import NotAllowedInState, NotFound, Unsupported
from models.messaging import channels
from models.messaging.placeholders import UnsupportedTemplate, placeholders_of, to_json
from permissions.principal import Scope

__all__ = ["MessageTemplate"]

APPROVED: Final = "APPROVED"


async def store(workspace_id: int, business_account_id: str, listed: Sequence[Mapping[str, Any]]) -> int:
    """Stores the account's whole list: missing ones are marked as gone. Returns how many were written."""
    now = clock.now()
    rows = [_row(template) for template in listed if template.get("name") and template.get("language")]
    async with db.transaction():
        await db.execute_many(
            """
            INSERT INTO message_templates (workspace_id, business_account_id, external_id, name, language, category, status,
                                           body, parameters, slots, unsupported, look, synced_at, gone_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL)
            ON CONFLICT ON CONSTRAINT message_templates_name_key DO UPDATE SET
                external_id = excluded.external_id, category = excluded.category, status = excluded.status,
                body = excluded.body, parameters = excluded.parameters, slots = excluded.slots,
                unsupported = excluded.unsupported, look = excluded.look, synced_at = excluded.synced_at, gone_at = NULL
            """,
            [(workspace_id, business_account_id, *row, now) for row in rows],
        )
        await db.execute(
            """
            UPDATE message_templates SET gone_at = $3
            WHERE workspace_id = $1 AND business_account_id = $2 AND synced_at < $3 AND gone_at IS NULL
            """,
            workspace_id,
            business_account_id,
            now,
        )
        await db.execute(
            """
            UPDATE whatsapp_channels SET templates_synced_at = $3
            WHERE workspace_id = $1 AND business_account_id = $2 AND disconnected_at IS NULL
            """,
            workspace_id,
            business_account_id,
            now,
        )
    return len(rows)


def _row(template: Mapping[str, Any]) -> tuple[Any, ...]:
    components = [part for part in template.get("components") or () if isinstance(part, Mapping)]
    try:
        slots, unsupported = placeholders_of(components, str(template.get("parameter_format") or "POSITIONAL")), None
    except UnsupportedTemplate as error:
        slots, unsupported = [], str(error)
    bodies: list[Mapping[str, Any]] = [part for part in components if str(part.get("type", "")).upper() == "BODY"]
    body = bodies[0] if bodies else {}
    return (
        str(template.get("id", "")),
        str(template["name"]),
        str(template["language"]),
        str(template.get("category", "")),
        str(template.get("status", "")),
        str(body.get("text", "")),
        [placeholder.name for placeholder in slots if placeholder.required],
        db.dump_json(to_json(slots)),
        unsupported,
        db.dump_json(_look(components)),
    )


def _look(components: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Header, footer and buttons as people see them."""
    look: dict[str, Any] = {}
    for part in components:
        kind = str(part.get("type", "")).upper()
        if kind == "HEADER":
            form = str(part.get("format", "TEXT")).upper()
            look["header"] = {"format": form, "text": str(part.get("text", "")) if form == "TEXT" else None}
        elif kind == "FOOTER":
            look["footer"] = str(part.get("text", ""))
        elif kind == "BUTTONS":
            buttons = [button for button in part.get("buttons") or () if isinstance(button, Mapping)]
            look["buttons"] = [
                {"kind": str(button.get("type", "")).upper(), "text": str(button.get("text", ""))} for button in buttons
            ]
    return look


async def all_of(scope: Scope) -> list[MessageTemplate]:
    channel = await channels.find(scope)
    if channel is None:
        return []
    return await MessageTemplate.filter(
        workspace_id=scope.workspace_id, business_account_id=channel.business_account_id, gone_at__isnull=True
    ).order_by("name", "language")


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[MessageTemplate]:
    """Returns these templates, also those that WhatsApp no longer has."""
    return await MessageTemplate.filter(workspace_id=scope.workspace_id, id__in=list(ids))


async def get(scope: Scope, template_id: int, path: Sequence[str | int]) -> MessageTemplate:
    """Raises NotFound or Unsupported at `path` unless a broadcast can use the template."""
    found = await MessageTemplate.get_or_none(workspace_id=scope.workspace_id, id=template_id)
    if found is None or found.gone_at is not None:
        raise NotFound(
            "there is no such template, or WhatsApp has it no longer: sync the templates and choose one", path
        )
    if found.unsupported:
        raise Unsupported(f"the template has {found.unsupported}, which a broadcast cannot fill: choose another", path)
    return found


def must_be_sendable(template: MessageTemplate, path: Sequence[str | int] = ("id",)) -> None:
    """Raises NotAllowedInState unless WhatsApp has the template and has approved it."""
    if template.gone_at is not None:
        raise NotAllowedInState(f"WhatsApp no longer has the template {template.name}: choose another", path)
    if template.status != APPROVED:
        raise NotAllowedInState(
            f"the template {template.name} is {template.status.lower()}: only an approved one can be sent", path
        )


def must_be_of(
    template: MessageTemplate, business_account_id: str, path: Sequence[str | int] = ("templateId",)
) -> None:
    """Raises NotFound when the template belongs to another business account than the channel."""
    if template.business_account_id != business_account_id:
        raise NotFound("this template belongs to another business account: sync the templates and choose one", path)


SENDABLE_AGAIN: Final = frozenset({"APPROVED", "REINSTATED", "UNARCHIVED"})

_ONLY_NEWS: Final = frozenset({"FLAGGED", "LOCKED", "LIMIT_EXCEEDED"})
"""These do not change whether it can be sent."""


async def status_changed(
    workspace_id: int, business_account_id: str, name: str, language: str, event: str
) -> list[int]:
    """Stores a reported status, and returns the ids of the templates that changed."""
    if event in _ONLY_NEWS:
        return []
    rows = await db.fetch(
        """
        UPDATE message_templates SET status = $5
        WHERE workspace_id = $1 AND business_account_id = $2 AND name = $3 AND language = $4 RETURNING id
        """,
        workspace_id,
        business_account_id,
        name,
        language,
        APPROVED if event in SENDABLE_AGAIN else event,
    )
    return [row["id"] for row in rows]
