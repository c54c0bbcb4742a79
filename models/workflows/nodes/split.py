"""SPLIT: by chance, but the same on every try."""

from collections.abc import Sequence
from hashlib import blake2b

from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import Share, Split
from models.workflows.graph.tree import GraphNode
from models.workflows.run import Run


async def split(_: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    do = node.do
    assert isinstance(do, Split)
    for arrival in arrivals:
        share = _share(do, percent_of(arrival.plan.workflow_id, node.key, arrival.id))
        arrival.go(share.name, share.next)


def _share(do: Split, percent: int) -> Share:
    up_to = 0
    for share in do.shares:
        up_to += share.percent
        if percent < up_to:
            return share
    return do.shares[-1]


def percent_of(*what: object) -> int:
    """From 0 to 99, evenly, and always the same for the same things."""
    digest = blake2b("\x1f".join(map(str, what)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 100
