"""Changes of a tag everywhere. Tags of single contacts are changed with the contacts."""

from typing import Annotated

import strawberry

from models.tag_changes import tag_changes
from permissions.capabilities import Permission
from schema.jobs.mutations import JobPayload
from schema.jobs.types import job_shown
from schema.server.context import Info
from schema.server.guard import admit, mutation, scope_of

Tag = Annotated[str, strawberry.argument(description="The tag, in any case.")]


@strawberry.type
class TagMutation:
    @mutation(
        Permission.CONTACT_WRITE,
        JobPayload,
        description="Renames a tag everywhere at once, rules included; onto an existing tag, it merges the two. Needs"
        " SEGMENT_WRITE too, because rules change.",
    )
    async def tag_rename(
        self,
        info: Info,
        tag: Tag,
        to: Annotated[str, strawberry.argument(description="Its new name, up to 100 characters.")],
    ) -> JobPayload:
        admit(info.context, Permission.SEGMENT_WRITE)
        return JobPayload(job=job_shown(await tag_changes.rename_tag(scope_of(info), tag, to)))

    @mutation(
        Permission.CONTACT_WRITE,
        JobPayload,
        description="Takes a tag away from all contacts. IN_USE while the rule of a segment speaks of it.",
    )
    async def tag_delete(self, info: Info, tag: Tag) -> JobPayload:
        return JobPayload(job=job_shown(await tag_changes.delete_tag(scope_of(info), tag)))
