"""docs/permissions.md: who may do what, read from the roles and from what each root field of the API says it needs."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLSchema

from permissions.capabilities import Permission
from permissions.roles import Role, permissions_of
from schema.server.guard import ANYONE, SIGNED_IN, Needed

_HEAD = """\
# Who may do what

<!-- Made from permissions/ and the root fields of the API by `make docs`. -->

Everything is refused that is not allowed here: a root field of the API that names no permission is refused to everybody.
The permission is asked for once per root field, and again at least every ten seconds while a subscription lives. What a
field shows of another noun asks for that noun's permission too: a segment's members need CONTACT_READ, a contact's
segments SEGMENT_READ.

## Roles

An ADMIN has every permission, a MANAGER all but those that only an ADMIN has, a USER what was granted, one by one, and
nothing until then. An API token has exactly the permissions that it was made with, until it expires or is revoked.

- Nobody gives what they do not hold: not to a member by role or by grant, not to a token.
- Nobody changes or removes a member who may do something that they may not.
- The last ADMIN of a workspace can be neither removed nor made less.
- A change of role or of what is granted, a new password, a removal and a revocation count from the next operation on.

| permission | ADMIN | MANAGER | USER, API token |
|---|---|---|---|
"""

_FIELDS = """
## What each permission opens

| permission | queries | mutations | subscriptions |
|---|---|---|---|
"""


def permissions_page(schema: GraphQLSchema) -> str:
    """docs/permissions.md"""
    return _HEAD + "".join(_roles()) + _FIELDS + "".join(_fields(schema))


def _roles() -> Iterator[str]:
    for permission in Permission:
        held = ["yes" if permission in permissions_of(role, ()) else "no" for role in (Role.ADMIN, Role.MANAGER)]
        yield f"| {permission} | {' | '.join(held)} | when granted |\n"


def _fields(schema: GraphQLSchema) -> Iterator[str]:
    for needed, said in ((ANYONE, "none, not even signed in"), (SIGNED_IN, "none, but signed in")):
        yield f"| {said} | {' | '.join(_opened(schema, needed))} |\n"
    for permission in Permission:
        yield f"| {permission} | {' | '.join(_opened(schema, permission))} |\n"


def _opened(schema: GraphQLSchema, needed: Needed) -> Iterator[str]:
    for kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        fields = kind.fields if kind is not None else {}
        yield ", ".join(name for name, field in fields.items() if _needs(field) == needed)


def _needs(field: GraphQLField) -> Needed | None:
    needed: Needed | None = field.extensions["strawberry-definition"].metadata.get("needs")
    return needed
