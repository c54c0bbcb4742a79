"""Finds the caller of a request by its bearer token."""

from typing import Protocol

from models.accounts.sessions import Signing
from models.errors import Unauthenticated
from permissions.principal import Scope


class Authenticator(Protocol):
    """`signing` is how signIn signs new tokens."""

    @property
    def signing(self) -> Signing: ...

    async def scope_of(self, bearer: str, request_id: str, address: str | None) -> Scope:
        """Raises Unauthenticated when the token is not valid now."""
        ...


def bearer_of(authorization: str | None) -> str | None:
    """Returns None without a header. Raises Unauthenticated when it is not a bearer token."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the Authorization header is not understood: send `Bearer <token>`")
    return token
