"""`muster broadcast`: start, pause, resume and status."""

from typing import Final

import click

from muster.client import documents
from muster.client.endings import end_with_broadcast, summary_of_broadcast
from muster.client.moments import read_moment
from muster.client.names import broadcast_id
from muster.client.session import Session, with_session
from muster.client.watch import get_broadcast, watch_broadcast

COLUMNS: Final = {"id": "id", "name": "name", "status": "status", "scheduledAt": "scheduled", "reason": "reason"}

watch_option = click.option("--watch", is_flag=True, help="Follow it until it ends or is paused.")


@click.group()
def broadcast() -> None:
    """Start, pause, resume and watch a BROADCAST, by its id or its name."""


@broadcast.command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="At most so many.")
@with_session
def list_broadcasts(session: Session, limit: int) -> None:
    """List the broadcasts, the newest first."""
    session.output.table(session.api.ask(documents.BROADCASTS, first=limit)["broadcasts"]["nodes"], COLUMNS)


@broadcast.command()
@click.argument("name", metavar="BROADCAST")
@click.option("--at", metavar="TIME", help="Start then, such as 2027-01-31T09:00+01:00; now when absent.")
@watch_option
@with_session
def start(session: Session, name: str, at: str | None, watch: bool) -> None:
    """Start a draft now, or schedule it. Nobody can take back what is sent."""
    moment = None if at is None else read_moment(at)
    _act(session, name, documents.BROADCAST_START, watch, at=moment)


@broadcast.command()
@click.argument("name", metavar="BROADCAST")
@with_session
def pause(session: Session, name: str) -> None:
    """Pause at once; calls under way are finished."""
    _act(session, name, documents.BROADCAST_PAUSE, False)


@broadcast.command()
@click.argument("name", metavar="BROADCAST")
@watch_option
@with_session
def resume(session: Session, name: str, watch: bool) -> None:
    """Go on with a paused broadcast."""
    _act(session, name, documents.BROADCAST_RESUME, watch)


@broadcast.command()
@click.argument("name", metavar="BROADCAST")
@watch_option
@with_session
def status(session: Session, name: str, watch: bool) -> None:
    """Say how far a broadcast is."""
    found = broadcast_id(session, name)
    if watch:
        end_with_broadcast(session, watch_broadcast(session, found))
    else:
        state = get_broadcast(session, found)
        session.output.line(state, summary_of_broadcast(state))


def _act(session: Session, name: str, document: str, watch: bool, **variables: str | None) -> None:
    state = session.api.do(document, id=broadcast_id(session, name), **variables)["broadcast"]
    if watch:
        end_with_broadcast(session, watch_broadcast(session, state["id"]))
    else:
        session.output.line(state, summary_of_broadcast(state))
