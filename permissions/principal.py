from dataclasses import dataclass
from enum import StrEnum

from permissions.capabilities import ALL_PERMISSIONS, Permission


class PrincipalKind(StrEnum):
    """A member who signed in, an API token, a tracking key, somebody at the command line, or Muster itself."""

    MEMBER = "MEMBER"
    TOKEN = "TOKEN"
    TRACKING_KEY = "TRACKING_KEY"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Principal:
    """`id` is in members, api_tokens or tracking_keys; None: an operator or the system."""

    kind: PrincipalKind
    id: int | None
    permissions: frozenset[Permission]


OPERATOR = Principal(PrincipalKind.OPERATOR, None, ALL_PERMISSIONS)
"""Commands."""

SYSTEM = Principal(PrincipalKind.SYSTEM, None, ALL_PERMISSIONS)
"""Workers."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A workspace and who acts in it: the first parameter of everything that touches a tenant's data.

    `timezone` is an IANA zone, `default_country` ISO 3166-1 alpha-2. `request_id` and `address` (IP) are for the audit log.
    `session_id` names the member's session (member_sessions).
    """

    workspace_id: int
    principal: Principal
    timezone: str = "UTC"
    default_country: str | None = None
    request_id: str | None = None
    address: str | None = None
    session_id: int | None = None
