"""Saved mappings as the API shows and changes them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models import db
from models.errors import at
from models.transfers.imports import saved_mappings
from models.transfers.imports.saved_mappings import options_of
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.rows import derived, global_id, shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON
from schema.server.user_errors import UserError
from schema.transfers.imports.inputs import ImportMappingSaveInput, options_as_input, options_from_input


@strawberry.type(description="How the columns of a kind of file go into fields, saved for the next such file.")
class ImportMapping(Node):
    id: strawberry.ID = global_id("ImportMapping")
    name: str
    columns: list[str] = derived(
        lambda row: [column.column for column in options_of(row).columns],
        description="The headers that a file must have for it.",
    )
    options: JSON = derived(
        lambda row: db.dump_json(options_as_input(options_of(row))), description="As ImportOptionsInput takes them."
    )
    created_at: datetime
    updated_at: datetime


@node("ImportMapping", Permission.CONTACT_IMPORT)
async def _load(scope: Scope, ids: Sequence[int]) -> Iterable[Any]:
    return await saved_mappings.by_ids(scope, ids)


@strawberry.type
class ImportMappingPayload:
    mapping: ImportMapping | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ImportMappingMutation:
    @mutation(
        Permission.CONTACT_IMPORT,
        ImportMappingPayload,
        description="Saves how the columns of a kind of file go into fields, in place of the mapping with the same name.",
    )
    async def import_mapping_save(
        self,
        info: Info,
        input: Annotated[
            ImportMappingSaveInput, strawberry.argument(description="The name, and the options of an import.")
        ],
    ) -> ImportMappingPayload:
        with at("input"):
            row = await saved_mappings.save(scope_of(info), input.name, options_from_input(input.options))
        return ImportMappingPayload(mapping=shown(ImportMapping, row))

    @mutation(
        Permission.CONTACT_IMPORT, DeletePayload, description="Deletes a saved mapping; imports stay as they are."
    )
    async def import_mapping_delete(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of the mapping.")]
    ) -> DeletePayload:
        mapping_id = get_id("ImportMapping", id, ("id",))
        await saved_mappings.delete(scope_of(info), mapping_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("ImportMapping", mapping_id)))
