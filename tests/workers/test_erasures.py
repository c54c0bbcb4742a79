"""A running worker finishes erasures, also those whose message was lost."""

from pathlib import Path

from models import db
from models.personal_data.erase import erase_contact
from models.queue.work import Queue
from tests.kit.person import everywhere, found_in
from tests.kit.transfers import with_files
from tests.kit.workers import eventually, running_worker
from tests.kit.workspaces import new_workspace


async def test_an_erasure_is_finished_without_a_message(database: str, redis_url: str, file_folder: Path) -> None:
    person = await everywhere(await new_workspace())
    await erase_contact(person.scope, person.contact_id)  # nothing is sent: there is no broker

    async def is_finished() -> bool:
        return await db.fetch_value("SELECT count(*) FROM contact_erasures WHERE finished_at IS NOT NULL") == 1

    async with running_worker(Queue.BULK, database, redis_url, with_files(file_folder)):
        await eventually(is_finished)
    assert await found_in(file_folder) == {}
