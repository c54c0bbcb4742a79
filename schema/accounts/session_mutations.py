"""Signing in and out, and the caller's own password."""

import strawberry

from models.accounts import own_password, password_links, sessions
from models.accounts.sessions import Signing
from models.accounts.sign_in import Asker, SignedIn, sign_in
from schema.accounts.payloads import MemberPayload, SessionPayload, SignInPayload
from schema.accounts.types import Member, find_member_of
from schema.accounts.viewer import viewer_of
from schema.server.context import Context, Info
from schema.server.cookies import NewCookies
from schema.server.execution.rows import shown
from schema.server.guard import ANYONE, SIGNED_IN, mutation, scope_of
from schema.server.ids import get_id
from schema.server.refusals import BadRequest


def _signing(context: Context) -> Signing:
    assert context.signing is not None
    return context.signing


def _asker(context: Context) -> Asker:
    return Asker(context.request_id, context.address, context.device)


def _cookies(context: Context) -> NewCookies:
    if context.cookies is None:
        raise BadRequest("a cookie can only be set in the answer to a POST: send this mutation by one")
    return context.cookies


async def _sign_in(context: Context, email: str, password: str, workspace_id: str | None, action: str) -> SignedIn:
    signed_in = await sign_in(
        email,
        password,
        _signing(context),
        workspace_id=None if workspace_id is None else get_id("Workspace", workspace_id, ("workspaceId",)),
        asker=_asker(context),
        action=action,
    )
    if context.cookies is not None:
        context.cookies.remember_device(signed_in.device)
    return signed_in


@strawberry.type
class SessionMutation:
    @mutation(ANYONE, SignInPayload, cost=10, description="Trades a member's email and password for a bearer token.")
    async def sign_in(
        self, info: Info, email: str, password: str, workspace_id: strawberry.ID | None = None
    ) -> SignInPayload:
        signed_in = await _sign_in(info.context, email, password, workspace_id, "sign_in")
        return SignInPayload(token=signed_in.token, member=shown(Member, await find_member_of(signed_in.scope)))

    @mutation(
        ANYONE,
        SessionPayload,
        cost=10,
        description="Sets an HttpOnly, SameSite cookie instead of answering with a token; requests with it must come from an"
        " allowed origin.",
    )
    async def session_start(
        self, info: Info, email: str, password: str, workspace_id: strawberry.ID | None = None
    ) -> SessionPayload:
        cookies = _cookies(info.context)
        signed_in = await _sign_in(info.context, email, password, workspace_id, "session_start")
        cookies.start_session(signed_in.token, _signing(info.context).lifetime.total_seconds())
        info.context.scope = signed_in.scope  # for the fields below
        return SessionPayload(viewer=await viewer_of(signed_in.scope))

    @mutation(
        SIGNED_IN,
        SessionPayload,
        description="Ends the caller's session; its cookie and its tokens are refused from then on.",
    )
    async def session_end(self, info: Info) -> SessionPayload:
        await sessions.end(scope_of(info))
        if info.context.by_cookie:
            _cookies(info.context).end_session()
        return SessionPayload()

    @mutation(
        SIGNED_IN,
        SignInPayload,
        description="A new bearer token for the caller's session, while the old one holds; the old one ends.",
    )
    async def token_refresh(self, info: Info) -> SignInPayload:
        scope, signing = scope_of(info), _signing(info.context)
        cookies = _cookies(info.context) if info.context.by_cookie else None
        token = await sessions.refresh(scope, signing)
        member = shown(Member, await find_member_of(scope))
        if cookies is None:
            return SignInPayload(token=token, member=member)
        cookies.start_session(token, signing.lifetime.total_seconds())
        return SignInPayload(member=member)

    @mutation(SIGNED_IN, MemberPayload, cost=10, description="The caller's own; ends the caller's other sessions.")
    async def password_change(self, info: Info, current: str, new: str) -> MemberPayload:
        member = await own_password.change(scope_of(info), current, new)
        return MemberPayload(member=shown(Member, member))

    @mutation(
        ANYONE,
        SignInPayload,
        cost=10,
        description="Sets a member's password by the token that a link of memberInvite carries, and signs in. Needs no sign-in.",
    )
    async def password_set(self, info: Info, token: str, new: str) -> SignInPayload:
        signed_in = await password_links.set_password(token, new, _signing(info.context), _asker(info.context))
        if info.context.cookies is not None:
            info.context.cookies.remember_device(signed_in.device)
        return SignInPayload(token=signed_in.token, member=shown(Member, await find_member_of(signed_in.scope)))
