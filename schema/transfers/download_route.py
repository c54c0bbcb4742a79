"""GET of an export or an import's report, by its link."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from models.accounts import workspaces
from models.errors import NotFound
from models.transfers.exports import export_file
from models.transfers.exports.export_file import Format
from models.transfers.imports import report
from permissions.principal import Scope
from schema.transfers.links import Links, Purpose

_HEADERS: Final = {
    "cache-control": "private, no-store",
    "content-security-policy": "sandbox; default-src 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.NDJSON: "application/x-ndjson",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def send(request: Request) -> Response:
    links: Links = request.app.state.links
    valid = links.read(request.path_params["token"], Purpose.EXPORT, Purpose.REFUSALS)
    if valid is None:
        return _refused(403, "this address is not good, or no longer: read the job again for a new one")
    purpose, link = valid
    scope = await workspaces.find_system_scope(link.workspace_id)
    try:
        if scope is None:
            raise NotFound("there is no such file")
        return await (_export if purpose is Purpose.EXPORT else _refusals)(request, scope, link.row_id)
    except (NotFound, FileNotFoundError):
        return _refused(404, "the file is not there any more")


async def _export(request: Request, scope: Scope, job_id: int) -> Response:
    file = await export_file.get_file(scope, job_id)
    headers = {"content-length": str(file.size)}
    return _attachment(request, export_file.blocks(file), _MEDIA_TYPES[file.format], headers)


async def _refusals(request: Request, scope: Scope, job_id: int) -> Response:
    if not await report.has_rows(scope, job_id):
        raise NotFound("no row of this import was refused, or the report is gone")
    return _attachment(request, report.blocks(scope, job_id), _MEDIA_TYPES[Format.CSV], {})


def _attachment(request: Request, blocks: AsyncIterator[bytes], media_type: str, headers: dict[str, str]) -> Response:
    """The end of the url names the file, without characters that could break the header."""
    name = "".join(c for c in request.path_params["filename"] if c.isascii() and (c.isalnum() or c in "-_.")) or "file"
    headers = {
        **_HEADERS,
        **headers,
        "content-disposition": f'attachment; filename="{name}"',
        "content-type": media_type,
    }
    if request.method == "HEAD":
        return Response(headers=headers)
    return StreamingResponse(blocks, headers=headers)


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status, headers=_HEADERS)


ROUTES: Final = [Route("/downloads/{token}/{filename}", send, methods=["GET", "HEAD"])]
