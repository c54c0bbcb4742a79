from collections.abc import Iterable
from enum import StrEnum

from permissions.capabilities import ADMIN_ONLY, ALL_PERMISSIONS, Permission


class Role(StrEnum):
    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    USER = "USER"


def permissions_of(role: Role, granted: Iterable[Permission]) -> frozenset[Permission]:
    """An ADMIN has all, a MANAGER all but ADMIN_ONLY, a USER those in `granted`."""
    if role is Role.ADMIN:
        return ALL_PERMISSIONS
    if role is Role.MANAGER:
        return ALL_PERMISSIONS - ADMIN_ONLY
    return frozenset(granted)
