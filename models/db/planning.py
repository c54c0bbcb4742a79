"""Settings that force the plans of a transaction. They are left out where the tables are distributed.

There a coordinator plans for other servers: it cannot make a generic plan of a statement for one of them, and what holds for its
own plans says nothing about theirs.
"""

_is_distributed = False


def set_distributed(is_distributed: bool) -> None:
    """Says whether the database is the coordinator of a cluster. `connect` asks it."""
    global _is_distributed
    _is_distributed = is_distributed


def forced_plans(*settings: str) -> str:
    """Returns a script that sets these to the end of the transaction, such as "jit = off"; an empty one on a cluster."""
    return "" if _is_distributed else ";\n".join(f"SET LOCAL {setting}" for setting in settings)
