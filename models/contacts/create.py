"""Creates a contact."""

from models.contacts.keys import refuse_taken, with_same_keys
from models.contacts.write import Values, check, insert, until_written
from models.db import Record
from permissions.principal import Scope


async def create_contact(scope: Scope, values: Values, notices: list[str] | None = None) -> Record:
    """Raises Problems: Invalid `values` or Taken keys, each at its path. `notices` is filled with what was set aside, and why."""

    async def write() -> Record | None:
        checked = await check(scope, values)
        row = await insert(scope, "contact_create", checked, notices)
        if row is None:
            refuse_taken(scope, checked, await with_same_keys(scope, checked))
        return row

    return await until_written(write)
