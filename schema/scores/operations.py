"""Queries and mutations of scores."""

from datetime import datetime
from typing import Annotated

import strawberry

from models.errors import Invalid, Required, at
from models.score_models import adjust, preview, score_models
from permissions.capabilities import Permission
from schema.scores.inputs import ScoreModelInput
from schema.scores.types import ContactScore, ScoreModel, ScoreModelConnection, ScorePreview
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, query, scope_of
from schema.server.ids import find_id, get_id, to_global_id
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import Cursors, a_number
from schema.server.types.delete_payload import DeletePayload
from schema.server.user_errors import UserError


@strawberry.type
class ScoreModelPayload:
    score_model: ScoreModel | None = strawberry.field(default=None, description="The score as it is now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ScoreAdjustPayload:
    score: ContactScore | None = strawberry.field(
        default=None, description="The score as it was before; the engine makes it right at once."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


_MODEL = Annotated[strawberry.ID, strawberry.argument(description="The score.")]


@strawberry.type
class ScoreQuery:
    @query(
        Permission.SEGMENT_READ, description="One score, by exactly one of its id and its key; null when there is none."
    )
    async def score_model(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        key: Annotated[str | None, strawberry.argument(description="Its key.")] = None,
    ) -> ScoreModel | None:
        if id is None and key is None:
            raise Required("say which score: by id or key")
        if id is not None and key is not None:
            raise Invalid("give either id or key, not both")
        model_id = None if id is None else find_id("ScoreModel", id)
        return shown(ScoreModel, await score_models.find(scope_of(info), model_id, key))

    @query(Permission.SEGMENT_READ, description="All scores, the oldest first.")
    async def score_models(self, info: Info, first: int | None = 50, after: str | None = None) -> ScoreModelConnection:
        scope = scope_of(info)
        cursors = Cursors(scope, "scoreModels")
        key = cursors.read(after, a_number)
        rows = await score_models.page(scope, page_size(first) + 1, after=0 if key is None else key[0])
        return shown(ScoreModelConnection, page_of(rows, first, after, lambda row: cursors.write(row["id"])))

    @query(Permission.SEGMENT_READ, description="Who would have which score: an exact histogram, and a sample.")
    async def score_preview(
        self,
        info: Info,
        input: Annotated[ScoreModelInput, strawberry.argument(description="The score.")],
        first: Annotated[int | None, strawberry.argument(description="How many contacts to show.")] = 10,
    ) -> ScorePreview:
        with at("input"):
            found = await preview.preview(scope_of(info), input.given(), page_size(first))
        contacts = [{"contact_id": contact_id, "value": value} for contact_id, value in found.contacts]
        buckets = [{"from_": float(one.start), "to": float(one.end), "count": one.count} for one in found.buckets]
        return shown(ScorePreview, {"buckets": buckets, "contacts": contacts, "text": found.text})


@strawberry.type
class ScoreMutation:
    @mutation(Permission.SEGMENT_WRITE, ScoreModelPayload, description="Creates a score; it is built in a moment.")
    async def score_model_create(self, info: Info, input: ScoreModelInput) -> ScoreModelPayload:
        row = await score_models.create(scope_of(info), input.given())
        return ScoreModelPayload(score_model=shown(ScoreModel, row))

    @mutation(
        Permission.SEGMENT_WRITE,
        ScoreModelPayload,
        description="Replaces a score's definition: the new one is built beside the old one, and then counts.",
    )
    async def score_model_update(
        self,
        info: Info,
        id: _MODEL,
        input: ScoreModelInput,
        version: Annotated[
            int | None, strawberry.argument(description="The version that was read: CONFLICT when it has changed.")
        ] = None,
    ) -> ScoreModelPayload:
        row = await score_models.update(scope_of(info), get_id("ScoreModel", id, ("id",)), input.given(), version)
        return ScoreModelPayload(score_model=shown(ScoreModel, row))

    @mutation(
        Permission.SEGMENT_WRITE, DeletePayload, description="Refused with IN_USE while a rule or a workflow reads it."
    )
    async def score_model_delete(self, info: Info, id: _MODEL) -> DeletePayload:
        model_id = get_id("ScoreModel", id, ("id",))
        await score_models.delete(scope_of(info), model_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("ScoreModel", model_id)))

    @mutation(
        Permission.CONTACT_WRITE,
        ScoreAdjustPayload,
        description="A person's correction: signed, logged, kept through every computation, gone at `until`.",
    )
    async def score_adjust(
        self,
        info: Info,
        contact_id: Annotated[strawberry.ID, strawberry.argument(description="The contact.")],
        model_id: _MODEL,
        points: Annotated[float, strawberry.argument(description="What is added; less than 0 takes away.")],
        reason: Annotated[str, strawberry.argument(description="Why; it is kept.")],
        until: Annotated[datetime | None, strawberry.argument(description="When it ends; absent: never.")] = None,
    ) -> ScoreAdjustPayload:
        score = await adjust.adjust(
            scope_of(info),
            get_id("Contact", contact_id, ("contactId",)),
            get_id("ScoreModel", model_id, ("modelId",)),
            points,
            reason,
            until,
        )
        return ScoreAdjustPayload(score=shown(ContactScore, score))
