"""Finds segments, broadcasts, workflows and contacts by id or by name."""

from collections.abc import Iterator
from typing import Any

from muster.client import documents
from muster.client.exits import CommandEnds, Exit
from muster.client.session import Session


def segment_id(session: Session, given: str) -> str:
    """Raises CommandEnds when no segment, or more than one, is called so."""
    found = session.api.ask(documents.SEGMENT, id=given)["segment"]
    if found is not None:
        return str(found["id"])
    matches = [one["id"] for one in pages(session, documents.SEGMENTS, "segments", name=given) if one["name"] == given]
    return _only(matches, "segment", given)


def broadcast_id(session: Session, given: str) -> str:
    """Raises CommandEnds when no broadcast, or more than one, is called so."""
    found = session.api.ask(documents.BROADCAST, id=given)["broadcast"]
    if found is not None:
        return str(found["id"])
    every = pages(session, documents.BROADCASTS, "broadcasts", first=100)
    return _only([one["id"] for one in every if one["name"] == given], "broadcast", given)


def workflow_id(session: Session, given: str) -> str:
    """Raises CommandEnds when no workflow, or more than one, is called so."""
    found = session.api.ask(documents.WORKFLOW_GRAPH, id=given)["workflow"]
    if found is not None:
        return str(found["id"])
    matches = pages(session, documents.WORKFLOW_NAMES, "workflows", name=given)
    return _only([one["id"] for one in matches if one["name"] == given], "workflow", given)


def contact_id(session: Session, given: str) -> str:
    """By its id, external id, e-mail or phone. Raises CommandEnds when there is none."""
    keys = ["id", "externalId", *(["email"] if "@" in given else []), *(["phone"] if given.startswith("+") else [])]
    for key in keys:
        found = session.api.ask(documents.CONTACT, **{key: given})["contact"]
        if found is not None:
            return str(found["id"])
    raise CommandEnds(Exit.FAILED, f"there is no contact with the id, external id, e-mail or phone {given!r}")


def pages(session: Session, document: str, field: str, **variables: Any) -> Iterator[dict[str, Any]]:
    """The nodes of a connection, page by page."""
    after = None
    while True:
        page = session.api.ask(document, **variables, after=after)[field]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _only(ids: list[str], noun: str, given: str) -> str:
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise CommandEnds(Exit.FAILED, f"there is no {noun} with the id or the name {given!r}")
    raise CommandEnds(Exit.FAILED, f"{len(ids)} {noun}s are called {given!r}: give an id, {' or '.join(ids[:5])}")
