"""The explorer page: GraphiQL, with all its files served by this process. All its addresses are relative."""

from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

STATIC: Final = Path(__file__).parent / "static"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:;"
    " connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The page may load its own files and call the API, nothing else."""

HEADERS: Final = {"content-security-policy": POLICY, "referrer-policy": "no-referrer", "cache-control": "no-cache"}


@cache
def page() -> bytes:
    return (STATIC / "explorer.html").read_bytes()


async def explorer(_: Request) -> Response:
    return Response(page(), media_type="text/html", headers=HEADERS)


async def with_a_slash(_: Request) -> Response:
    return Response(status_code=307, headers={"location": "explorer/"})


ROUTES: Final[list[Route | Mount]] = [
    Route("/explorer", with_a_slash),
    Route("/explorer/", explorer),
    Mount("/explorer", StaticFiles(directory=STATIC)),
]
