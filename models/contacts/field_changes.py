"""Changes a custom field's label and choices. Its key and type stay."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models import db, running_workflows
from models.accounts import audit_log
from models.contacts import fields
from models.db.tables import CustomField
from models.errors import DomainError, InUse, NotFound, Problems
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.tree import FieldType
from models.values.texts import check_name
from permissions.principal import Scope


async def change_field(scope: Scope, field_id: int, given: Mapping[str, Any]) -> CustomField:
    """Write `label` and `choices`, those that are given. Rules that name the field are built again after new choices.

    Raises NotFound at `id`, Problems or DomainError at `label` and `choices`: InUse when a contact, a rule or a running
    workflow has a choice that would go.
    """
    async with db.transaction():
        await db.advisory_lock(fields.lock_of(scope))
        field = await CustomField.get_or_none(workspace_id=scope.workspace_id, id=field_id, deleted_at=None)
        if field is None:
            raise NotFound("there is no such custom field", ("id",))
        changed = {name: value for name, value in _checked(field, given).items() if value != getattr(field, name)}
        if not changed:
            return field
        if "choices" in changed:
            await _refuse_used(scope, field, [one for one in field.choices or () if one not in changed["choices"]])
        field.update_from_dict(changed)
        await field.save(update_fields=list(changed))
        await _enqueue_rebuilds(scope, field.key)
        details = {"key": field.key, "fields": list(changed)}
        await audit_log.record(scope, "contact_field_update", "ContactField", field_id, details)
    return field


def _checked(field: CustomField, given: Mapping[str, Any]) -> dict[str, Any]:
    checks: dict[str, Callable[[Any], Any]] = {
        "label": check_name,
        "choices": lambda choices: fields.check_choices(FieldType(field.type), choices),
    }
    checked: dict[str, Any] = {}
    problems: list[DomainError] = []
    for name, value in given.items():
        try:
            checked[name] = checks[name](value)
        except DomainError as error:
            problems.append(error.under(name))
    if problems:
        raise Problems(problems)
    return checked


# ---------------------------------------------------------------- choices in use


async def _refuse_used(scope: Scope, field: CustomField, leaving: Sequence[str]) -> None:
    if not leaving:
        return
    held = await db.fetch_value(_HELD, scope.workspace_id, field.key, list(leaving))
    if held is not None:
        raise InUse(f"contacts have the choice {held!r}: give them another one first", ("choices",))
    rows = await db.fetch(_NAMED, scope.workspace_id, db.dump_json({"field": f"attributes.{field.key}"}), list(leaving))
    if rows:
        listed = ", ".join(repr(row["name"]) for row in rows)
        raise InUse(f"the rules of these segments speak of a choice that would go: {listed}", ("choices",))
    await running_workflows.refuse_choices(scope, field.key, leaving)


_HELD = """
    SELECT (SELECT choice FROM unnest($3::text[]) AS choice WHERE (c.attributes -> $2) ? choice LIMIT 1)
    FROM contacts c WHERE c.workspace_id = $1 AND (c.attributes -> $2) ?| $3::text[] LIMIT 1
"""

_NAMED = """
    SELECT s.name FROM segments s
    WHERE s.workspace_id = $1 AND (s.deleted_at IS NULL OR s.restore_asked_at IS NOT NULL)
      AND EXISTS (
          SELECT FROM jsonb_path_query(jsonb_build_array(s.rule, s.active_rule),
                                       '$.**.field ? (@.field == $field).value[*]', $2::jsonb) AS named (choice)
          WHERE lower(normalize(named.choice #>> '{}')) = ANY (muster_fold($3::text[])))
    ORDER BY lower(s.name), s.id LIMIT 10
"""

_BUILDING = """
    SELECT id FROM segments
    WHERE workspace_id = $1 AND status = 'BUILDING' AND deleted_at IS NULL
      AND jsonb_path_exists(jsonb_build_array(rule, active_rule), 'strict $.**.field.field ? (@ == $field)', $2::jsonb)
"""


async def _enqueue_rebuilds(scope: Scope, key: str) -> None:
    """A trigger made those segments BUILDING."""
    for row in await db.fetch(_BUILDING, scope.workspace_id, db.dump_json({"field": f"attributes.{key}"})):
        await enqueue(work.REBUILD, scope.workspace_id, row["id"])
