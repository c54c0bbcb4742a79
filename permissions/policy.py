"""Whether a principal may do something."""

from collections.abc import Iterable

from permissions.capabilities import Permission
from permissions.principal import Principal


def allows(principal: Principal, needed: Permission) -> bool:
    return needed in principal.permissions


def ungrantable(principal: Principal, wanted: Iterable[Permission]) -> frozenset[Permission]:
    """The wanted permissions that the principal cannot grant, because it does not hold them."""
    return frozenset(wanted) - principal.permissions
