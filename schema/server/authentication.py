"""Who is asking: the bearer token of a request, and what finds the scope that it stands for."""

from typing import Protocol

from models.accounts.sessions import Signing
from models.errors import Unauthenticated
from permissions.principal import Scope


class Authenticator(Protocol):
    """Finds the scopes behind bearer tokens. `signing` is how signIn signs new ones."""

    @property
    def signing(self) -> Signing: ...

    async def scope_of(self, bearer: str, request_id: str, address: str | None) -> Scope:
        """The scope that the token stands for at this moment. Raises Unauthenticated when it stands for none."""
        ...


def bearer_of(authorization: str | None) -> str | None:
    """The bearer token in an Authorization header; None without a header. Raises Unauthenticated for any other kind."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the Authorization header is not understood: send `Bearer <token>`")
    return token
