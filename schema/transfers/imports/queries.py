from typing import Annotated

import strawberry

from models.errors import at
from models.transfers.imports import suggestions, uploads
from models.transfers.reading.encodings import encoding_called
from models.transfers.reading.inspection import InspectionRequest
from models.transfers.reading.layout import check_delimiter, check_header_row
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
        self,
        info: Info,
        upload_id: strawberry.ID,
        has_header: bool = True,
        delimiter: str | None = None,
        encoding: Annotated[str | None, strawberry.argument(description="As ImportOptionsInput.encoding.")] = None,
        header_row: Annotated[
            int | None,
            strawberry.argument(description="As ImportOptionsInput.headerRow; looked for below a title when absent."),
        ] = None,
        sheet: Annotated[str | None, strawberry.argument(description="As ImportOptionsInput.sheet.")] = None,
    ) -> ImportSuggestions:
        scope = scope_of(info)
        upload = await uploads.get_stored(scope, get_id("StagedUpload", upload_id, ("uploadId",)))
        request = _request(has_header, delimiter, encoding, header_row, sheet)
        inspection, found = await suggestions.suggest(scope, upload, request, ("uploadId",))
        columns = [ImportColumnSuggestion(column=one.column, field=one.field, samples=one.samples) for one in found]
        return ImportSuggestions(
            encoding=inspection.layout.encoding,
            delimiter=inspection.layout.delimiter,
            columns=columns,
            header_row=inspection.header_row,
            sheets=list(inspection.sheets),
            sheet=inspection.sheet,
        )


def _request(
    has_header: bool, delimiter: str | None, encoding: str | None, header_row: int | None, sheet: str | None
) -> InspectionRequest:
    with at("delimiter"):
        delimiter = None if delimiter is None else check_delimiter(delimiter)
    with at("encoding"):
        encoding = None if encoding is None else encoding_called(encoding)
    with at("headerRow"):
        header_row = None if header_row is None else check_header_row(header_row)
    return InspectionRequest(has_header, delimiter, (), encoding, header_row, sheet)
