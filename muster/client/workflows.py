"""`muster workflow`: list, show, pause, resume and simulate."""

from typing import Any, Final

import click

from muster.client import documents
from muster.client.exits import CommandEnds, Exit
from muster.client.moments import read_moment
from muster.client.names import contact_id, workflow_id
from muster.client.session import Session, with_session

LISTED: Final = {
    "id": "id",
    "name": "name",
    "status": "status",
    "inside": "inside",
    "entered": "entered",
    "lag": "lag (s)",
}

NODES: Final = {
    "nodeKey": "node",
    "entered": "entered",
    "inside": "inside",
    "ways": "outcomes",
    "medianStaySeconds": "median stay (s)",
    "nextWakeAt": "next wake",
}

STEPS: Final = {"at": "at", "nodeKey": "node", "outcome": "outcome", "text": "what", "fidelity": "judged"}


@click.group()
def workflow() -> None:
    """Show, pause, resume and try a WORKFLOW, by its id or its name."""


@workflow.command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="At most so many.")
@with_session
def list_workflows(session: Session, limit: int) -> None:
    """List the workflows, by name."""
    rows = session.api.ask(documents.WORKFLOWS, first=limit)["workflows"]["nodes"]
    session.output.table(rows if session.output.as_json else [_flat(row) for row in rows], LISTED)


@workflow.command()
@click.argument("name", metavar="WORKFLOW")
@with_session
def show(session: Session, name: str) -> None:
    """Say how many are inside, at which nodes, and which way the others went."""
    found = session.api.ask(documents.WORKFLOW, id=workflow_id(session, name))["workflow"]
    session.output.line(found, _summary(found))
    if not session.output.as_json:
        session.output.table([{**node, "ways": _ways(node)} for node in found["nodeStats"]], NODES)


@workflow.command()
@click.argument("name", metavar="WORKFLOW")
@with_session
def pause(session: Session, name: str) -> None:
    """Stop everybody where they are. Nothing that falls due is lost."""
    _act(session, name, documents.WORKFLOW_PAUSE)


@workflow.command()
@click.argument("name", metavar="WORKFLOW")
@click.option(
    "--late",
    type=click.Choice(["PROCEED", "SKIP", "END"]),
    default="PROCEED",
    show_default=True,
    help="What becomes of those who fell due meanwhile.",
)
@with_session
def resume(session: Session, name: str, late: str) -> None:
    """Go on with a paused workflow."""
    _act(session, name, documents.WORKFLOW_RESUME, late=late)


@workflow.command()
@click.argument("name", metavar="WORKFLOW")
@click.option("--contact", required=True, metavar="CONTACT", help="An id, an external id, an e-mail or a phone number.")
@click.option("--at", metavar="TIME", help="When it enters, such as 2027-01-31T09:00+01:00; now when absent.")
@click.option("--answer", multiple=True, metavar="NODE=OUTCOME", help="What a WAIT_FOR or SEND meets; may be repeated.")
@click.option("--draft", is_flag=True, help="The draft instead of what runs.")
@with_session
def simulate(session: Session, name: str, contact: str, at: str | None, answer: tuple[str, ...], draft: bool) -> None:
    """Walk one contact through, and touch nothing."""
    graph = _graph(session.api.ask(documents.WORKFLOW_GRAPH, id=workflow_id(session, name))["workflow"], draft)
    path = session.api.ask(
        documents.WORKFLOW_SIMULATE,
        graph=graph,
        contact=contact_id(session, contact),
        at=None if at is None else read_moment(at),
        answers=dict(map(_answer, answer)),
    )["workflowSimulate"]
    session.output.table(path["steps"], STEPS)
    if not session.output.as_json:
        session.output.line(path, _ending(path))


def _act(session: Session, name: str, document: str, **variables: str) -> None:
    found = session.api.do(document, id=workflow_id(session, name), **variables)["workflow"]
    session.output.line(found, _summary(found))


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **row["counts"], "lag": round(row["lagSeconds"], 1)}


def _summary(found: dict[str, Any]) -> str:
    counts = ", ".join(f"{name} {count:,}" for name, count in found["counts"].items() if count)
    reason = f" ({found['reason']})" if found["reason"] else ""
    return f"{found['name']}: {found['status'].lower()}{reason}" + (f", {counts}" if counts else "")


def _ways(node: dict[str, Any]) -> str:
    return ", ".join(f"{one['outcome']} {one['count']:,}" for one in node["outcomes"])


def _graph(found: dict[str, Any], draft: bool) -> Any:
    if draft:
        return found["draft"]
    if found["published"] is None:
        raise CommandEnds(Exit.FAILED, f"{found['name']} was never published: --draft walks through its draft")
    return found["published"]["graph"]


def _answer(given: str) -> tuple[str, str]:
    node, sign, outcome = given.partition("=")
    if not (node and sign and outcome):
        raise click.BadParameter(f"{given!r} is not NODE=OUTCOME", param_hint="--answer")
    return node, outcome


def _ending(path: dict[str, Any]) -> str:
    return "It stays there." if path["end"] is None else f"It ends {path['end']} at {path['endsAt']}."
