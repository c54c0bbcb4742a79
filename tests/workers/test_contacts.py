"""A running worker removes the values of deleted fields."""

from models import db
from models.contacts import fields
from models.contacts.create import create_contact
from models.queue.work import Queue
from models.rules.tree import FieldType
from tests.kit.workers import eventually, running_worker
from tests.kit.workspaces import new_workspace


async def test_values_of_a_deleted_field_are_removed(database: str, redis_url: str) -> None:
    scope = await new_workspace()
    await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    for number in range(3):
        await create_contact(scope, {"external_id": str(number), "attributes": {"city": "Rome"}})
    await db.execute("UPDATE contact_fields SET deleted_at = now()")  # as when the process died right after the mark

    async def is_gone() -> bool:
        left = (
            "SELECT (SELECT count(*) FROM contacts WHERE attributes ? 'city') + (SELECT count(*) FROM contact_fields)"
        )
        return await db.fetch_value(left) == 0

    async with running_worker(Queue.BULK, database, redis_url):
        await eventually(is_gone)
