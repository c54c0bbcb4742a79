"""Writes docs/permissions.md from the roles and root fields."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLSchema

from permissions.capabilities import Permission
from permissions.roles import Role, permissions_of
from schema.server.guard import ANYONE, SIGNED_IN, Needed

_HEAD = """\
# Who may do what

<!-- Made from permissions/ and the root fields of the API by `make docs`. -->

What is not allowed here is refused: a root field of the API that names no permission is refused to everybody. The
permission is checked once per root field, and again at least every ten seconds while a subscription is open. A field that
shows another type needs that type's permission too: a segment's members need CONTACT_READ, a contact's segments
SEGMENT_READ.

## Roles

An ADMIN has every permission. A MANAGER has all except those that only an ADMIN has. A USER has the permissions that were
granted, and none at first. An API token has the permissions that it was made with, until it expires or is revoked.
Its secret names its workspace: a scanner of secrets finds it by `muster_[0-9]{1,18}_[0-9a-f]{64}`, and an older one by
`muster_[A-Za-z0-9_-]{43}`.

- A caller can only give permissions that it holds itself: by role, by grant or to a token.
- A caller cannot change or remove a member who has a permission that the caller lacks.
- A caller cannot revoke an API token that has a permission that the caller lacks.
- The last ADMIN of a workspace who can sign in can neither be removed nor get another role.
- A change of role or grants, a new password, a removal and a revocation take effect with the next operation.

| permission | ADMIN | MANAGER | USER, API token |
|---|---|---|---|
"""

_SIGNING_IN = """
## Signing in

`signIn` answers with a bearer token. `sessionStart` sets a cookie instead, which scripts cannot read; a request with the
cookie is taken only from the API's own pages and from the origins in `MUSTER_ALLOWED_ORIGINS` (`*` is none). Both begin a
session. `tokenRefresh` gives it a new token, and the old one ends; `sessionEnd` ends it; `passwordChange` ends the
member's other sessions.

A member without a password gets one by a link: `memberInvite`, `muster member add` and `muster member password` make it.
It works once, for a day, in the console or by `passwordSet`. A password has 10 to 200 characters and is not
quickly guessed.

In 15 minutes there can be 100 sign-ins that fail from one address (or IPv6 network), and 10 with one e-mail from one
address. A device on which the member has signed in before has 10 of its own, counted by a cookie. No failure elsewhere
keeps a member out.

## The audit log

Each mutation and each command that changes something writes an entry, in the same transaction: the action, who did it
(MEMBER, TOKEN, OPERATOR for the command line, SYSTEM), from which address and with which request, and what changed,
without values of contacts and without secrets. `auditLog` shows it to callers with AUDIT_READ. It is kept until the
workspace is deleted.
"""

_FIELDS = """
## What each permission opens

| permission | queries | mutations | subscriptions |
|---|---|---|---|
"""


def permissions_page(schema: GraphQLSchema) -> str:
    return _HEAD + "".join(_roles()) + _SIGNING_IN + _FIELDS + "".join(_fields(schema))


def _roles() -> Iterator[str]:
    for permission in Permission:
        held = ["yes" if permission in permissions_of(role, ()) else "no" for role in (Role.ADMIN, Role.MANAGER)]
        yield f"| {permission} | {' | '.join(held)} | when granted |\n"


def _fields(schema: GraphQLSchema) -> Iterator[str]:
    for needed, label in ((ANYONE, "none, not even signed in"), (SIGNED_IN, "none, but signed in")):
        yield f"| {label} | {' | '.join(_fields_that_need(schema, needed))} |\n"
    for permission in Permission:
        yield f"| {permission} | {' | '.join(_fields_that_need(schema, permission))} |\n"


def _fields_that_need(schema: GraphQLSchema, needed: Needed) -> Iterator[str]:
    for kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        fields = kind.fields if kind is not None else {}
        yield ", ".join(name for name, field in fields.items() if _needs(field) == needed)


def _needs(field: GraphQLField) -> Needed | None:
    needed: Needed | None = field.extensions["strawberry-definition"].metadata.get("needs")
    return needed
