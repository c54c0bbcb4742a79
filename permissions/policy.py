"""The one question: may this principal do this?"""

from collections.abc import Iterable

from permissions.capabilities import Permission
from permissions.principal import Principal


def allows(principal: Principal, needed: Permission) -> bool:
    """Whether `principal` holds `needed`."""
    return needed in principal.permissions


def ungrantable(principal: Principal, wanted: Iterable[Permission]) -> frozenset[Permission]:
    """What `principal` cannot hand on, because it does not hold it itself."""
    return frozenset(wanted) - principal.permissions
