"""`muster recompute`: a dynamic segment, from the beginning."""

import click

from muster.client import documents
from muster.client.endings import end_with_job, summary_of_job
from muster.client.names import segment_id
from muster.client.session import Session, with_session
from muster.client.watch import watch_job


@click.command()
@click.argument("segment")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@with_session
def recompute(session: Session, segment: str, detach: bool) -> None:
    """Compute a dynamic SEGMENT (its id or its name) again from the beginning.

    Segments follow every change by themselves; this is for after a repair of the database.
    """
    job = session.api.do(documents.RECOMPUTE, id=segment_id(session, segment))["job"]
    if detach:
        session.output.line(job, summary_of_job(job))
    else:
        end_with_job(session, watch_job(session, job["id"]))
