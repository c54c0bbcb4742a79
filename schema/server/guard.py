"""Root fields that name the permission they need. What names none is refused, and found by a test.

    @strawberry.type
    class ContactQuery:
        @query(Permission.CONTACT_READ)
        async def contact(self, info: Info, id: strawberry.ID) -> Contact | None: ...

    @strawberry.type
    class ContactMutation:
        @mutation(Permission.CONTACT_WRITE, ContactPayload)
        async def contact_create(self, info: Info, input: ContactInput) -> ContactPayload: ...

A mutation's resolver raises DomainError or Problems freely: `payload(user_errors=[...])` is what the caller gets, so
every other field of a payload has a default. The scope of the caller is `scope_of(info)`."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

import strawberry

from models.errors import DomainError, Forbidden, Problems, Unauthenticated
from permissions.capabilities import Permission
from permissions.policy import allows
from permissions.principal import Scope
from schema.server.user_errors import user_errors


class Open:
    """What a root field names instead of a permission."""

    def __init__(self, name: str) -> None:
        self.name = name


ANYONE: Final = Open("ANYONE")
"""Even a caller who is not signed in."""

SIGNED_IN: Final = Open("SIGNED_IN")
"""Any member or token of the workspace, whatever it may do."""

Needed = Permission | Open


def scope_of(info: Any) -> Scope:
    """The caller's scope. Raises Unauthenticated when there is none."""
    scope: Scope | None = info.context.scope
    if scope is None:
        raise Unauthenticated("sign in first: send a bearer token in the Authorization header")
    return scope


def admit(context: Any, needed: Needed) -> None:
    """Let the caller of `context` pass, or raise Unauthenticated or Forbidden."""
    if needed is ANYONE:
        return
    if context.scope is None:
        raise Unauthenticated("sign in first: send a bearer token in the Authorization header")
    if isinstance(needed, Permission) and not allows(context.scope.principal, needed):
        raise Forbidden(f"this needs the permission {needed.value}")


def query(needed: Needed, *, cost: int = 0, **options: Any) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """A root query field for callers who hold `needed`.

    `cost` is what it costs in points besides the objects that it gives (see `cost`); `options` go to strawberry.field.
    """

    def make(resolver: Callable[..., Awaitable[Any]]) -> Any:
        @functools.wraps(resolver)
        async def guarded(self: Any, info: strawberry.Info, **arguments: Any) -> Any:
            admit(info.context, needed)
            return await resolver(self, info, **arguments)

        metadata = {"needs": needed, "cost": cost, "query": guarded}
        return strawberry.field(resolver=guarded, metadata=metadata, **options)

    return make


def mutation(
    needed: Needed, payload: type, *, cost: int = 0, **options: Any
) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """A root mutation field for callers who hold `needed`; domain errors become `payload`'s user errors."""

    def make(resolver: Callable[..., Awaitable[Any]]) -> Any:
        @functools.wraps(resolver)
        async def guarded(self: Any, info: strawberry.Info, **arguments: Any) -> Any:
            admit(info.context, needed)
            try:
                return await resolver(self, info, **arguments)
            except (DomainError, Problems) as error:
                return payload(user_errors=user_errors(error))

        return strawberry.mutation(resolver=guarded, metadata={"needs": needed, "cost": cost}, **options)

    return make


def subscription(
    needed: Needed, *, cost: int = 0, **options: Any
) -> Callable[[Callable[..., AsyncIterator[Any]]], Any]:
    """A subscription for callers who hold `needed`. A domain error ends it with a clear error."""

    def make(resolver: Callable[..., AsyncIterator[Any]]) -> Any:
        @functools.wraps(resolver)
        async def guarded(self: Any, info: strawberry.Info, **arguments: Any) -> AsyncIterator[Any]:
            admit(info.context, needed)
            async with aclosing(resolver(self, info, **arguments)) as events:  # type: ignore[type-var]
                async for event in events:
                    yield event

        return strawberry.subscription(resolver=guarded, metadata={"needs": needed, "cost": cost}, **options)

    return make
