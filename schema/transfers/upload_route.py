"""PUT of a file to its link, streamed to storage."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models.errors import DomainError, LimitExceeded, NotAllowedInState, NotFound
from models.transfers.imports import uploads
from schema.transfers.links import Links, Purpose

_STATUS: Final = {NotFound: 404, NotAllowedInState: 409, LimitExceeded: 413}


async def receive(request: Request) -> Response:
    """Replaces an earlier file, until an import has started on it."""
    links: Links = request.app.state.links
    valid = links.read(request.path_params["token"], Purpose.UPLOAD)
    if valid is None:
        return _refused(403, "this address is not good, or no longer: ask for a new one with stagedUploadCreate")
    if request.headers.get("content-encoding", "identity") != "identity":
        return _refused(415, "send the file as it is, without Content-Encoding")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > links.upload_limit_bytes:
        return _refused(413, f"the file has {int(announced):,} bytes: at most {links.upload_limit_bytes:,} can be sent")
    link = valid[1]
    try:
        received = await uploads.receive(link.workspace_id, link.row_id, _blocks(request), links.upload_limit_bytes)
    except ClientDisconnect:
        return _refused(400, "the file did not come to its end: send it again")
    except DomainError as error:
        return _refused(_STATUS.get(type(error), 400), error.message)
    return JSONResponse({"bytes": received}, headers=_HEADERS)


_BLOCK_BYTES: Final = 1 << 20


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) >= _BLOCK_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status, headers={**_HEADERS, "connection": "close"})


ROUTES: Final = [Route("/uploads/{token}", receive, methods=["PUT"])]
