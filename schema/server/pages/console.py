"""Serves a console: its page for every path that nothing else answers, and the files that the page loads.

The page is made anew for each answer: a nonce may be used once. So it has no tag by which a browser could keep it, for a kept
page would meet the policy of a later answer.
"""

import asyncio
import html
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocketClose

from schema.server.pages.console_files import BuiltConsole, BuiltFile, read
from schema.server.transports.compression import coding_for, compress

HASHED: Final = "assets/"
"""Files in this folder have a hash of their content in their names."""

FOR_GOOD: Final = "public, max-age=31536000, immutable"

METHODS: Final = ("GET", "HEAD")

NOT_BUILT: Final = (
    "The console is not built here. Build it with `make console`, and start Muster again.\n"
    "The API is at /graphql, and its explorer at /explorer/.\n"
)

HEADERS: Final = {
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-resource-policy": "same-origin",
}

_HAS_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]+$")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


def base_of(public_url: str) -> str:
    """Returns the path below which browsers find everything, with a slash at its end."""
    return urlsplit(public_url).path.rstrip("/") + "/"


def policy_of(nonce: str, host: str | None) -> str:
    """Returns the Content-Security-Policy of the page. Older browsers do not count sockets of `host` as its own."""
    sockets = f" ws://{host} wss://{host}" if host is not None and _HOST.fullmatch(host) else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; font-src 'self';"
        f" img-src 'self' data:; connect-src 'self'{sockets}; manifest-src 'self'; base-uri 'self';"
        " form-action 'none'; frame-ancestors 'none'"
    )


class Console:
    """An ASGI application for what no route answers. At the paths `reserved` it has no page, nor at those
    that begin with one of them that ends with a slash."""

    def __init__(self, folder: Path | None, public_url: str, reserved: Iterable[str]) -> None:
        self.built: BuiltConsole | None = None if folder is None else read(folder)
        self.base = html.escape(base_of(public_url))
        self.reserved = frozenset(reserved)
        self.reserved_beginnings = tuple(path for path in self.reserved if path.endswith("/"))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            await (await self._answer(Request(scope)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        name = request.scope["path"].removeprefix("/")
        file = None if self.built is None else self.built.files.get(name)
        if file is None and not self._has_page(name):
            return PlainTextResponse("there is nothing at this address\n", 404)
        if request.method not in METHODS:
            said = "this address is read by GET: the API is at /graphql\n"
            return PlainTextResponse(said, 405, headers={"allow": ", ".join(METHODS)})
        if file is not None:
            return await _file(request, file, is_hashed=name.startswith(HASHED))
        return await self.page(request)

    def _has_page(self, name: str) -> bool:
        path = f"/{name}"
        is_reserved = path in self.reserved or path.startswith(self.reserved_beginnings)
        return not (is_reserved or name.startswith(HASHED) or _HAS_EXTENSION.search(name))

    async def page(self, request: Request) -> Response:
        """Returns the page; its scripts read from the address what to show."""
        if self.built is None:
            return PlainTextResponse(NOT_BUILT, 404)
        nonce = secrets.token_urlsafe(16)
        page = self.built.page_with(self.base, nonce).encode()
        body, coding = await compress(page, request.headers.get("accept-encoding"))
        headers = {
            **HEADERS,
            "cache-control": "no-cache",
            "content-security-policy": policy_of(nonce, request.headers.get("host")),
            "content-type": "text/html; charset=utf-8",
            "vary": "accept-encoding",
        }
        return _sent(request, body, headers, coding)


async def _file(request: Request, file: BuiltFile, *, is_hashed: bool) -> Response:
    coding = coding_for(request.headers.get("accept-encoding"), file.codings)
    tag = f'"{file.tag}{f"-{coding}" if coding else ""}"'
    headers = {
        **HEADERS,
        "cache-control": FOR_GOOD if is_hashed else "no-cache",
        "etag": tag,
        "vary": "accept-encoding",
    }
    if _is_known(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return _sent(request, await _coded(file, coding), {**headers, "content-type": file.media_type}, coding)


async def _coded(file: BuiltFile, coding: str | None) -> bytes:
    if coding == "br" and file.compressed is not None:
        return file.compressed
    return file.body if coding is None else await asyncio.to_thread(file.gzip)


def _is_known(known: str | None, tag: str) -> bool:
    tags = {one.strip().removeprefix("W/") for one in (known or "").split(",")}
    return tag in tags or "*" in tags


def _sent(request: Request, body: bytes, headers: dict[str, str], coding: str | None) -> Response:
    headers = {**headers, "content-length": str(len(body))}
    if coding is not None:
        headers["content-encoding"] = coding
    return Response(b"" if request.method == "HEAD" else body, headers=headers)
