"""What is wrong with the nodes of a Citus cluster: a part of `muster doctor`."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from models.db import distribution, nodes
from models.db.nodes import SETTINGS, Node
from muster.findings import Finding, ok, warning, wrong


async def cluster(url: str) -> AsyncIterator[Finding]:
    """Nothing where PostgreSQL is one server. `url` is that of the coordinator."""
    if not await distribution.is_cluster():
        return
    found = await nodes.all_nodes()
    for finding in about(found):
        yield finding
    for node in found:
        if node.facts and node.takes_reads:
            yield await _reached(node, url)
    yield await _tables()
    if all(node.facts for node in found):
        yield await _balance()


def about(found: Sequence[Node]) -> Iterator[Finding]:
    """What is wrong with the nodes themselves."""
    yield from _answering(found)
    yield from _versions(found)
    yield from _settings(found)


def _answering(found: Iterable[Node]) -> Iterator[Finding]:
    for node in found:
        if node.facts is None:
            yield wrong(
                f"node {node.address} does not answer: the workspaces on it can neither be read nor changed",
                "start it, or correct its address (citus_update_node)",
            )
        elif not node.is_active:
            yield wrong(f"node {node.address} is not active", "SELECT citus_activate_node(...) on the coordinator")
        else:
            yield ok(f"node {node.address} answers")


def _versions(found: Iterable[Node]) -> Iterator[Finding]:
    for name, what in (("extension", "Citus"), ("server_version", "PostgreSQL")):
        versions = sorted({node.facts[name] for node in found if node.facts})
        if len(versions) > 1:
            yield wrong(f"the nodes have {what} {', '.join(versions)}", "bring all to the same version")
        elif versions:
            yield ok(f"all nodes have {what} {versions[0]}")


def _settings(found: Iterable[Node]) -> Iterator[Finding]:
    for node in found:
        for name, needed in SETTINGS.items():
            if node.facts and node.facts[name] != needed:
                remedy = f"set {name} = {needed} in its postgresql.conf and reload: see docs/scale-out.md"
                yield wrong(f"node {node.address} has {name} = {node.facts[name]}", remedy)
        if node.facts and node.facts["max_prepared_transactions"] == "0":
            yield wrong(
                f"node {node.address} has max_prepared_transactions = 0: no transaction can span two nodes",
                "set it to max_connections or more, and restart",
            )


async def _reached(node: Node, url: str) -> Finding:
    reason = await nodes.why_not_reached(node, url)
    if reason is None:
        return ok(f"node {node.address} is reached directly from here")
    return warning(
        f"node {node.address} is not reached directly from here: what is read on it goes over the coordinator ({reason})",
        "let machines with API processes connect to it by that host and port, with the account of MUSTER_DATABASE_URL",
    )


async def _tables() -> Finding:
    left = await distribution.undistributed()
    if left:
        return wrong(
            f"{len(left)} tables of tenants lie on the coordinator alone, {left[0]} first", "run `muster migrate`"
        )
    return ok("all tables of tenants are distributed")


async def _balance() -> Finding:
    count = await nodes.shards_to_move()
    if count:
        return warning(
            f"the nodes hold unequal parts: Citus would move {count} shards",
            "SELECT citus_rebalance_start() on the coordinator, when little is written",
        )
    return ok("the nodes hold equal parts")
