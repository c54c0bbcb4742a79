from models.contacts.keys import KEYS, first_match, refuse_replaced, refuse_taken, with_same_keys, without_aliases
from models.contacts.write import Values, change, check, insert, until_written
from models.db import Record
from models.errors import Required
from permissions.principal import Scope


async def upsert_contact(
    scope: Scope, values: Values, notices: list[str] | None = None, *, replace_external_id: bool = False
) -> tuple[Record, bool]:
    """The contact with one of the KEYS in `values` (tried in their order, its aliases too), and whether it was created.

    Of several calls at once, one creates. Raises Required without a key, or Problems: Taken when another contact than the first
    found has a key, or when that one has another external id and `replace_external_id` is not set. `notices` is filled with
    what was set aside, and why.
    """

    async def write() -> tuple[Record, bool] | None:
        checked = await check(scope, values)
        if all(checked.get(key) is None for key in KEYS):
            raise Required("an upsert finds its contact by externalId, email or phone: give at least one")
        same = await with_same_keys(scope, checked, lock=True)
        row = first_match(checked, same)
        if row is not None:
            refuse_taken(scope, checked, same, but=row["id"])
            if not replace_external_id:
                refuse_replaced(scope, checked, row)
            return await change(scope, "contact_upsert", row, without_aliases(checked, row), notices), False
        created = await insert(scope, "contact_upsert", checked, notices)
        return None if created is None else (created, True)

    return await until_written(write)
