"""Says who a visitor is."""

from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.contacts import aliases
from models.contacts.aliases import AliasKind
from models.contacts.anonymous_ids import check_anonymous_id
from models.contacts.columns import ALL_COLUMNS
from models.contacts.keys import KEYS, first_match, refuse_replaced, refuse_taken, with_same_keys, without_aliases
from models.contacts.write import Values, change, check, insert, until_written
from models.db import Record
from models.errors import Required, at
from models.identity.merge import merge
from permissions.principal import Scope

_ACTION: Final = "contact_identify"


async def identify(
    scope: Scope, anonymous_id: str, values: Values, notices: list[str] | None = None
) -> tuple[Record, bool]:
    """Returns the contact with the keys in `values`, known by `anonymous_id` too, and whether it was created.

    The anonymous contact of the visitor becomes it, or is merged into the one that has the keys. When the visitor is somebody
    with other keys, nothing is merged: the id goes to the contact with the keys, because the device is shared.
    Raises Invalid at `anonymousId`, Required without a key, or Problems as `upsert_contact`.
    """
    with at("anonymousId"):
        visitor_id = check_anonymous_id(anonymous_id)

    async def write() -> tuple[Record, bool] | None:
        checked = await check(scope, values)
        if all(checked.get(key) is None for key in KEYS):
            raise Required("say who the visitor is: give externalId, email or phone", ("input",))
        same = await with_same_keys(scope, checked, lock=True)
        owner, visitor = first_match(checked, same), await _visitor(scope, visitor_id)
        if owner is None:
            return await _made_known(scope, visitor_id, visitor, checked, notices)
        refuse_taken(scope, checked, same, but=owner["id"])
        refuse_replaced(scope, checked, owner)
        if visitor is not None and visitor["id"] != owner["id"] and _is_anonymous(visitor):
            merged = await merge(scope, owner["id"], visitor["id"], {})
            await audit_log.record(
                scope, _ACTION, "Contact", owner["id"], {"merged": visitor["id"], "merge": merged["id"]}
            )
            owner = first_match(checked, await with_same_keys(scope, checked))
            assert owner is not None, "it is held"
        await aliases.give(scope.workspace_id, owner["id"], [(AliasKind.ANONYMOUS_ID, visitor_id)], clock.now())
        return await change(scope, _ACTION, owner, without_aliases(checked, owner), notices), False

    return await until_written(write)


async def _made_known(
    scope: Scope, visitor_id: str, visitor: Record | None, checked: dict[str, Any], notices: list[str] | None
) -> tuple[Record, bool] | None:
    """Nobody has the keys: the visitor gets them, unless it is somebody already."""
    if visitor is not None and _is_anonymous(visitor):
        return await change(scope, _ACTION, visitor, checked, notices), False
    made = await insert(scope, _ACTION, checked, notices)
    if made is None:
        return None
    await aliases.give(scope.workspace_id, made["id"], [(AliasKind.ANONYMOUS_ID, visitor_id)], clock.now())
    return made, True


_VISITOR: Final = f"""
    SELECT {ALL_COLUMNS} FROM contacts c WHERE c.workspace_id = $1 AND c.id = (
        SELECT contact_id FROM contact_aliases WHERE workspace_id = $1 AND kind = 'ANONYMOUS_ID' AND value = $2)
    FOR UPDATE OF c
"""  # noqa: S608


async def _visitor(scope: Scope, visitor_id: str) -> Record | None:
    return await db.fetch_row(_VISITOR, scope.workspace_id, visitor_id)


def _is_anonymous(row: Record) -> bool:
    return all(row[key] is None for key in KEYS)
