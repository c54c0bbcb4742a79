"""Who is asking, and in which workspace."""

from dataclasses import dataclass
from enum import StrEnum

from permissions.capabilities import ALL_PERMISSIONS, Permission


class PrincipalKind(StrEnum):
    """What a principal is: a person signed in, an API token, or Muster itself."""

    MEMBER = "MEMBER"
    TOKEN = "TOKEN"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: a member (`id` in people), an API token (`id` in api_tokens) or the system (`id` None)."""

    kind: PrincipalKind
    id: int | None
    permissions: frozenset[Permission]


SYSTEM = Principal(PrincipalKind.SYSTEM, None, ALL_PERMISSIONS)
"""Muster at work for itself: workers, sweeps, seeds."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A workspace and who acts in it: the first parameter of everything that touches a tenant's data.

    `timezone` is the workspace's IANA zone, `default_country` its ISO 3166-1 alpha-2 code or None. `request_id` and
    `address` say from where, for the audit.
    """

    workspace_id: int
    principal: Principal
    timezone: str = "UTC"
    default_country: str | None = None
    request_id: str | None = None
    address: str | None = None
