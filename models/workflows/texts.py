"""Graphs of workflows in plain words, with the names that they have today."""

from collections.abc import Sequence

from models import db
from models.rule_catalogue.loading import load_catalogue
from models.workflows.graph.mentions import each_rule, segments_named, templates_named, workflows_named
from models.workflows.graph.text import Names, graph_in_words
from models.workflows.graph.tree import Graph
from permissions.principal import Scope


async def graphs_in_words(scope: Scope, graphs: Sequence[Graph]) -> list[str]:
    names = await load_names(scope, graphs)
    return [graph_in_words(graph, names) for graph in graphs]


async def load_names(scope: Scope, graphs: Sequence[Graph]) -> Names:
    rules = [mentioned.rule for graph in graphs for mentioned in each_rule(graph)]
    nothing = frozenset[int]()
    return Names(
        await load_catalogue(scope, *rules),
        await _named(scope, "segments", nothing.union(*map(segments_named, graphs))),
        await _named(scope, "message_templates", nothing.union(*map(templates_named, graphs))),
        await _named(scope, "workflows", nothing.union(*map(workflows_named, graphs))),
    )


async def _named(scope: Scope, table: str, ids: frozenset[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = await db.fetch(
        f"SELECT id, name FROM {table} WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608 - of our own
        scope.workspace_id,
        list(ids),
    )
    return {row["id"]: row["name"] for row in rows}
