from models import db
from models.contacts.aliases import survivors
from models.contacts.columns import ALL_COLUMNS
from models.contacts.keys import lock_for, refuse_taken, with_same_keys
from models.contacts.many import PLAIN_COLUMNS
from models.contacts.write import Values, change, change_one, check, until_written
from models.db import Record
from models.errors import NotFound
from permissions.principal import Scope

_GET = f"SELECT {ALL_COLUMNS} FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2"  # noqa: S608


async def update_contact(scope: Scope, contact_id: int, values: Values, notices: list[str] | None = None) -> Record:
    """`contact_id` may be that of a contact that was merged: then the kept one is changed.

    Raises NotFound at `id`, or Problems as `create_contact`, which also says what `notices` are.
    """

    async def write() -> Record:
        checked = await check(scope, values)
        written = await _set_one(scope, contact_id, checked)
        if written is not None:
            return written
        row = await _hold(scope, contact_id, lock_for(checked))
        refuse_taken(scope, checked, await with_same_keys(scope, checked), but=row["id"])
        return await change(scope, "contact_update", row, checked, notices)

    return await until_written(write)


async def _set_one(scope: Scope, contact_id: int, checked: Values) -> Record | None:
    """Writes a single value that stands for itself, without reading the contact before. Returns the contact.

    Returns None when that cannot be done, or somebody else writes the same value of the contact at this moment.
    """
    if len(checked) != 1 or not checked.keys() <= PLAIN_COLUMNS.keys():
        return None
    [(column, value)] = checked.items()
    changed = await change_one(scope, "contact_update", contact_id, column, value)
    if changed is not None:
        return changed
    row = await db.fetch_row(_GET, scope.workspace_id, contact_id)
    return row if row is not None and row[column] == value else None


async def _hold(scope: Scope, contact_id: int, lock: str) -> Record:
    row = await db.fetch_row(_GET + lock, scope.workspace_id, contact_id)
    if row is None:
        kept_id = (await survivors(scope.workspace_id, [contact_id])).get(contact_id)
        row = None if kept_id is None else await db.fetch_row(_GET + lock, scope.workspace_id, kept_id)
    if row is None:
        raise NotFound("there is no such contact", ("id",))
    return row
