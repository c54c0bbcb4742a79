"""Root fields and the permission that each needs. A root field without one is refused, and a test finds it.

    @mutation(Permission.CONTACT_WRITE, ContactPayload)
    async def contact_create(self, info: Info, input: ContactInput) -> ContactPayload: ...

When the resolver raises DomainError or Problems, the answer is `payload(user_errors=[...])`, so the other fields of a payload
have defaults.
"""

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
    def __init__(self, name: str) -> None:
        self.name = name


ANYONE: Final = Open("ANYONE")

SIGNED_IN: Final = Open("SIGNED_IN")
"""Every member and API token of the workspace."""

Needed = Permission | Open


def scope_of(info: Any) -> Scope:
    """Raises Unauthenticated when the caller has not signed in."""
    scope: Scope | None = info.context.scope
    if scope is None:
        raise Unauthenticated("sign in first: send a bearer token in the Authorization header")
    return scope


def admit(context: Any, needed: Needed) -> None:
    """Raises Unauthenticated without a valid token, and Forbidden without the needed permission."""
    if needed is ANYONE:
        return
    if context.scope is None:
        raise Unauthenticated("sign in first: send a bearer token in the Authorization header")
    if isinstance(needed, Permission) and not allows(context.scope.principal, needed):
        raise Forbidden(f"this needs the permission {needed.value}")


def query(needed: Needed, *, cost: int = 0, **options: Any) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """`cost` is the price in points, besides the objects; `options` go to strawberry.field."""

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
    def make(resolver: Callable[..., AsyncIterator[Any]]) -> Any:
        @functools.wraps(resolver)
        async def guarded(self: Any, info: strawberry.Info, **arguments: Any) -> AsyncIterator[Any]:
            admit(info.context, needed)
            async with aclosing(resolver(self, info, **arguments)) as events:  # type: ignore[type-var]
                async for event in events:
                    yield event

        return strawberry.subscription(resolver=guarded, metadata={"needs": needed, "cost": cost}, **options)

    return make
