"""What the mutations of accounts answer."""

from datetime import datetime

import strawberry

from schema.accounts.types import ApiToken, Member, Viewer, Workspace
from schema.server.user_errors import UserError


@strawberry.type
class SignInPayload:
    token: str | None = strawberry.field(
        default=None, description="A bearer token; null when the session is in a cookie."
    )
    member: Member | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SessionPayload:
    viewer: Viewer | None = strawberry.field(default=None, description="Null when nobody is signed in any more.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class WorkspacePayload:
    workspace: Workspace | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MemberPayload:
    member: Member | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MemberInvitePayload:
    url: str | None = strawberry.field(
        default=None, description="Opens a page that sets the password; its last part is the token of passwordSet."
    )
    expires_at: datetime | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ApiTokenCreatePayload:
    api_token: ApiToken | None = None
    secret: str | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ApiTokenPayload:
    api_token: ApiToken | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
