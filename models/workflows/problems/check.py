"""All problems of a graph in its workspace."""

from models.errors import DomainError, Problems
from models.workflows.graph.read import read_graph
from models.workflows.graph.tree import Graph
from models.workflows.problems.fields import field_problems
from models.workflows.problems.loops import loop_problems
from models.workflows.problems.messages import message_problems
from models.workflows.problems.names import name_problems
from models.workflows.problems.problem import Problem, ProblemCode
from models.workflows.problems.shape import shape_problems
from permissions.principal import Scope


async def problems_of(scope: Scope, graph: Graph, workflow_id: int | None = None) -> list[Problem]:
    """Those that block a publish first. `workflow_id` is the workflow that has this graph, once it is saved."""
    found = list(shape_problems(graph))
    for problems in (
        name_problems(scope, graph),
        field_problems(scope, graph),
        message_problems(scope, graph),
        loop_problems(scope, graph, workflow_id),
    ):
        found += [problem async for problem in problems]
    return sorted(found, key=lambda problem: not problem.blocks)


async def validate(scope: Scope, graph_json: object) -> list[Problem]:
    """As `problems_of`, for JSON: its mistakes are problems too."""
    try:
        graph = read_graph(graph_json)
    except Problems as problems:
        return [_mistake(error, graph_json) for error in problems.errors]
    return await problems_of(scope, graph)


def _mistake(error: DomainError, graph_json: object) -> Problem:
    path = error.path or ()
    return Problem(ProblemCode.INVALID, f"{error.message} (at {'.'.join(path)})", _node_key(path, graph_json))


def _node_key(path: tuple[str, ...], graph_json: object) -> str | None:
    """The key of the node to which a path such as graph.nodes.3.do.wait leads."""
    match path:
        case (_, "nodes", index, *_) if isinstance(graph_json, dict) and index.isdigit():
            key = graph_json["nodes"][int(index)].get("key")
            return key if isinstance(key, str) else None
        case _:
            return None
