from typing import Any

import strawberry

from models.destinations.audiences import audiences, connections, replacing
from models.destinations.audiences.audiences import AudienceMode
from permissions.capabilities import Permission
from schema.audiences.inputs import AudienceCreateInput, MetaConnectInput
from schema.audiences.job_types import AudienceJob
from schema.audiences.types import Audience, MetaConnection
from schema.messaging.request_wait import outcome
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.user_errors import UserError


@strawberry.type
class MetaConnectionPayload:
    meta_connection: MetaConnection | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AudiencePayload:
    audience: Audience | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AudienceReconcilePayload:
    job: AudienceJob | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


def _payload(row: Any) -> AudiencePayload:
    return AudiencePayload(audience=shown(Audience, row))


@strawberry.type
class AudienceMutation:
    @mutation(
        Permission.WEBHOOK_MANAGE,
        MetaConnectionPayload,
        description="Connects the workspace to an ad account, or gives it another token. A worker asks Meta at once: watch"
        " `status`.",
    )
    async def meta_connect(self, info: Info, input: MetaConnectInput) -> MetaConnectionPayload:
        connection = await connections.connect(scope_of(info), input.ad_account_id, input.access_token)
        return MetaConnectionPayload(meta_connection=shown(MetaConnection, connection))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        MetaConnectionPayload,
        description="Forgets the token. Audiences stop until the ad account is connected again.",
    )
    async def meta_disconnect(self, info: Info) -> MetaConnectionPayload:
        connection = await connections.disconnect(scope_of(info))
        return MetaConnectionPayload(meta_connection=shown(MetaConnection, connection))

    @mutation(
        Permission.CONTACT_EXPORT,
        AudiencePayload,
        description="Keeps a segment as a custom audience from now on. Workers make it at Meta and send the members, hashed.",
    )
    async def audience_create(self, info: Info, input: AudienceCreateInput) -> AudiencePayload:
        return _payload(await audiences.create(scope_of(info), input.new_audience()))

    @mutation(
        Permission.CONTACT_EXPORT,
        AudiencePayload,
        description="Another name, here alone, or another mode. What is left out stays as it is.",
    )
    async def audience_update(
        self, info: Info, id: strawberry.ID, name: str | None = None, mode: AudienceMode | None = None
    ) -> AudiencePayload:
        return _payload(await audiences.update(scope_of(info), get_id("Audience", id, ("id",)), name, mode))

    @mutation(
        Permission.CONTACT_EXPORT,
        AudiencePayload,
        description="Nobody is added or removed until it is resumed, but for people who opt out or are deleted: they are"
        " taken out.",
    )
    async def audience_pause(self, info: Info, id: strawberry.ID) -> AudiencePayload:
        return _payload(await audiences.pause(scope_of(info), get_id("Audience", id, ("id",))))

    @mutation(
        Permission.CONTACT_EXPORT,
        AudiencePayload,
        description="Goes on with a paused or blocked audience; what changed meanwhile is sent.",
    )
    async def audience_resume(self, info: Info, id: strawberry.ID) -> AudiencePayload:
        return _payload(await audiences.resume(scope_of(info), get_id("Audience", id, ("id",))))

    @mutation(
        Permission.CONTACT_EXPORT,
        AudienceReconcilePayload,
        description="Sends everybody again in one replacing session. Returns the unfinished job, if there is one.",
    )
    async def audience_reconcile(self, info: Info, id: strawberry.ID) -> AudienceReconcilePayload:
        job = await replacing.ask(scope_of(info), get_id("Audience", id, ("id",)))
        return AudienceReconcilePayload(job=shown(AudienceJob, job))

    @mutation(
        Permission.CONTACT_EXPORT,
        DeletePayload,
        description="Follows the segment no longer. At Meta the audience stays as it is, unless `remote`.",
    )
    async def audience_delete(self, info: Info, id: strawberry.ID, remote: bool = False) -> DeletePayload:
        scope, audience_id = scope_of(info), get_id("Audience", id, ("id",))
        if remote:
            request = await audiences.ask_remote_deletion(scope, audience_id)
            if request is not None:
                await outcome(request)
        await audiences.delete(scope, audience_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Audience", audience_id)))
