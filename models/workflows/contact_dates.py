"""Fields of contacts that are days or instants."""

from collections.abc import Sequence
from datetime import date

from models import db
from models.rules.catalogue import Catalogue
from models.rules.fields import raw_sql
from models.rules.tree import Field, FieldType
from models.values.instants import find_day, find_instant
from models.workflows.run import Run


def field_of(catalogue: Catalogue, key: str) -> Field | None:
    """None when there is no such field any more, or it is no date."""
    field = catalogue.find_field(key)
    return field if field is not None and field.type in (FieldType.DATE, FieldType.DATETIME) else None


async def read_dates(run: Run, field: Field, contact_ids: Sequence[int]) -> dict[int, date]:
    """Days, or instants in UTC, by contact; contacts without one are left out."""
    rows = await db.fetch(
        f"SELECT c.id, {raw_sql(field)} #>> '{{}}' AS value FROM contacts AS c"  # noqa: S608 - a key of the catalogue
        " WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[])",
        run.workspace_id,
        list(contact_ids),
    )
    read = find_day if field.type is FieldType.DATE else find_instant
    values = {row["id"]: read(row["value"]) for row in rows}
    return {contact_id: value for contact_id, value in values.items() if value is not None}
