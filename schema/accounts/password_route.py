"""The page behind a link that sets a password: the console's, or where none is built one that works without scripts."""

from html import escape
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.accounts import password_links
from models.accounts.passwords import LONGEST, SHORTEST
from models.accounts.sign_in import Asker
from models.db import Record
from models.errors import DomainError
from schema.server.pages.console import Console

_MOST_BYTES: Final = 4_096
"""The largest form: each character of a password takes up to twelve bytes in it."""

_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
"""The address holds a secret: it must not travel on."""


async def show(request: Request) -> Response:
    member = await password_links.find(request.path_params["token"])
    if member is None:
        return _gone()
    console: Console = request.app.state.console
    if console.built is None:
        return _form(member)
    page = await console.page(request)
    page.headers["cache-control"] = _HEADERS["cache-control"]
    page.headers["x-robots-tag"] = _HEADERS["x-robots-tag"]
    return page


async def take(request: Request) -> Response:
    token = request.path_params["token"]
    member = await password_links.find(token)
    if member is None:
        return _gone()
    fields = await _fields(request)
    if fields is None:
        return _form(member, "this is too long to be a password", 413)
    new, again = fields.get("new", ""), fields.get("again", "")
    if new != again:
        return _form(member, "the two are not the same: type the password twice", 422)
    client = request.client
    try:
        await password_links.set_password(
            token, new, request.app.state.signing, Asker(address=client.host if client else None)
        )
    except DomainError as error:
        return _form(member, error.message, 422)
    return _page("Your password is set", f"<p>{_whose(member)} You can sign in with it now.</p>")


async def _fields(request: Request) -> dict[str, str] | None:
    """Returns the fields of the form, or None when it is too large."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            return None
    read = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=10)
    return {name: values[0] for name, values in read.items()}


def _form(member: Record, problem: str | None = None, status: int = 200) -> Response:
    told = f'<p class="problem" role="alert">{escape(problem[:1].upper() + problem[1:])}</p>' if problem else ""
    inputs = "".join(
        f'<label>{label}<input type="password" name="{name}" autocomplete="new-password" required'
        f' minlength="{SHORTEST}" maxlength="{LONGEST}"></label>'
        for name, label in (("new", "New password"), ("again", "The same once more"))
    )
    email = f'<input type="text" name="email" value="{escape(member["email"])}" autocomplete="username" hidden>'
    form = f'<form method="post">{email}{inputs}<button>Set the password</button></form>'
    return _page("Set your password", f"<p>{_whose(member)}</p>{told}{form}", status)


def _whose(member: Record) -> str:
    return f"For {escape(member['email'])} in the workspace \u201c{escape(member['workspace'])}\u201d."


def _gone() -> Response:
    said = "It works once, for a day. Ask an administrator of your workspace for a new one."
    return _page("This link is not good, or no longer", f"<p>{said}</p>", 404)


def _page(title: str, content: str, status: int = 200) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>{content}</main></body></html>"
    )
    return Response(html, status, media_type="text/html", headers=_HEADERS)


_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:4rem auto;max-width:24rem;padding:0 1rem}"
    "label,input,button{display:block;width:100%;box-sizing:border-box}label{margin:1rem 0}"
    "input,button{font:inherit;padding:.5rem}.problem{color:#a00}[hidden]{display:none}"
)

ROUTES: Final = [
    Route("/password/{token}", show, methods=["GET"]),
    Route("/password/{token}", take, methods=["POST"]),
]
