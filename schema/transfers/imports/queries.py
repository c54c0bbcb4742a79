import strawberry

from models.errors import at
from models.transfers.imports import suggestions, uploads
from models.transfers.imports.inspection import InspectionRequest
from models.transfers.imports.layout import check_delimiter
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.guard import query, scope_of
from schema.server.ids import get_id
from schema.transfers.imports.types import ImportColumnSuggestion, ImportSuggestions


@strawberry.type
class ImportQuery:
    @query(
        Permission.CONTACT_IMPORT,
        cost=20,
        description="Which field each column of an uploaded file is probably meant for, judged by the header and the"
        " first rows.",
    )
    async def import_column_suggestions(
        self, info: Info, upload_id: strawberry.ID, has_header: bool = True, delimiter: str | None = None
    ) -> ImportSuggestions:
        scope = scope_of(info)
        upload = await uploads.get_stored(scope, get_id("StagedUpload", upload_id, ("uploadId",)))
        with at("delimiter"):
            request = InspectionRequest(has_header, None if delimiter is None else check_delimiter(delimiter))
        inspection, found = await suggestions.suggest(scope, upload, request, ("uploadId",))
        columns = [ImportColumnSuggestion(column=one.column, field=one.field, samples=one.samples) for one in found]
        return ImportSuggestions(
            encoding=inspection.layout.encoding, delimiter=inspection.layout.delimiter, columns=columns
        )
