from typing import Annotated

import strawberry

from models import db
from models.errors import at
from models.transfers.imports import saved_mappings, suggestions, uploads
from models.transfers.imports.format_guesses import Guess
from models.transfers.imports.suggestions import Suggestion
from models.transfers.reading.encodings import encoding_called
from models.transfers.reading.inspection import InspectionRequest
from models.transfers.reading.layout import check_delimiter, check_header_row
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import query, scope_of
from schema.server.ids import get_id
from schema.server.types.scalars import JSON
from schema.transfers.imports.mapping_types import ImportMapping
from schema.transfers.imports.types import ImportColumnSuggestion, ImportOptionSuggestion, ImportSuggestions


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
        return ImportSuggestions(
            encoding=inspection.layout.encoding,
            delimiter=inspection.layout.delimiter,
            columns=[_column(one) for one in found.columns],
            options=[_option(one) for one in found.options],
            mapping=shown(ImportMapping, found.mapping),
            header_row=inspection.header_row,
            sheets=list(inspection.sheets),
            sheet=inspection.sheet,
        )

    @query(
        Permission.CONTACT_IMPORT,
        description="The saved mappings, by name. `importColumnSuggestions` finds the one that fits a file.",
    )
    async def import_mappings(self, info: Info) -> list[ImportMapping]:
        return all_shown(ImportMapping, await saved_mappings.every(scope_of(info)))


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


def _column(found: Suggestion) -> ImportColumnSuggestion:
    return ImportColumnSuggestion(
        column=found.column, field=found.field, samples=found.samples, confidence=found.confidence
    )


def _option(found: Guess) -> ImportOptionSuggestion:
    return ImportOptionSuggestion(
        option=found.option, value=JSON(db.dump_json(found.value)), confidence=found.confidence, reason=found.reason
    )
