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

- A caller can only give permissions that it holds itself: by role, by grant or to a token.
- A caller cannot change or remove a member who has a permission that the caller lacks.
- The last ADMIN of a workspace can neither be removed nor get another role.
- A change of role or grants, a new password, a removal and a revocation take effect with the next operation.

| permission | ADMIN | MANAGER | USER, API token |
|---|---|---|---|
"""

_FIELDS = """
## What each permission opens

| permission | queries | mutations | subscriptions |
|---|---|---|---|
"""


def permissions_page(schema: GraphQLSchema) -> str:
    return _HEAD + "".join(_roles()) + _FIELDS + "".join(_fields(schema))


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
