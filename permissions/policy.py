from collections.abc import Iterable

from permissions.capabilities import Permission
from permissions.principal import Principal


def allows(principal: Principal, needed: Permission) -> bool:
    return needed in principal.permissions


def ungrantable(principal: Principal, wanted: Iterable[Permission]) -> frozenset[Permission]:
    """Returns the wanted permissions that the principal does not hold."""
    return frozenset(wanted) - principal.permissions
