from dataclasses import dataclass
from enum import StrEnum

from permissions.capabilities import ALL_PERMISSIONS, Permission


class PrincipalKind(StrEnum):
    """A member who signed in, an API token, or Muster itself."""

    MEMBER = "MEMBER"
    TOKEN = "TOKEN"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Principal:
    """`id` is in members or api_tokens; None: the system."""

    kind: PrincipalKind
    id: int | None
    permissions: frozenset[Permission]


SYSTEM = Principal(PrincipalKind.SYSTEM, None, ALL_PERMISSIONS)
"""Workers and commands."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A workspace and who acts in it: the first parameter of everything that touches a tenant's data.

    `timezone` is an IANA zone, `default_country` ISO 3166-1 alpha-2. `request_id` and `address` (IP) are for the audit log.
    """

    workspace_id: int
    principal: Principal
    timezone: str = "UTC"
    default_country: str | None = None
    request_id: str | None = None
    address: str | None = None
