"""All that is held about one person: exported, and erased."""

import strawberry

from models.personal_data.erase import erase_contact
from models.personal_data.export import export_contact
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.guard import mutation, query, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.types.scalars import JSON


@strawberry.type
class PersonalDataQuery:
    @query(Permission.CONTACT_EXPORT, cost=100, description="All that is held about one person.")
    async def contact_export(self, info: Info, id: strawberry.ID) -> JSON:
        contact_id = get_id("Contact", id, ("id",))
        return JSON(await export_contact(scope_of(info), contact_id, to_global_id))


@strawberry.type
class PersonalDataMutation:
    @mutation(
        Permission.CONTACT_WRITE,
        DeletePayload,
        cost=100,
        description="Removes a person for good: the contact at once, and within minutes what messages and reports held of"
        " it, with all uploads and finished exports of the workspace. Counts stay, and a hash that keeps an opt-out in force.",
    )
    async def contact_erase(self, info: Info, id: strawberry.ID) -> DeletePayload:
        contact_id = get_id("Contact", id, ("id",))
        await erase_contact(scope_of(info), contact_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Contact", contact_id)))
