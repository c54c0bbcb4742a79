"""Roles, and the permissions that each one brings."""

from collections.abc import Iterable
from enum import StrEnum

from permissions.capabilities import ADMIN_ONLY, ALL_PERMISSIONS, Permission


class Role(StrEnum):
    """A person's standing in a workspace."""

    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    USER = "USER"


def permissions_of(role: Role, granted: Iterable[Permission]) -> frozenset[Permission]:
    """All that a person may do: an ADMIN everything, a MANAGER all but ADMIN_ONLY, a USER what was `granted`."""
    if role is Role.ADMIN:
        return ALL_PERMISSIONS
    if role is Role.MANAGER:
        return ALL_PERMISSIONS - ADMIN_ONLY
    return frozenset(granted)
