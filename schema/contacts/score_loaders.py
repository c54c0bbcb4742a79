"""Loads the scores of contacts; their types are in schema/scores, which shows contacts itself."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import strawberry

from models.errors import Invalid
from models.score_models import of_contacts
from models.score_models.of_contacts import ContactScore
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import ids_of
from schema.server.guard import admit, scope_of
from schema.server.ids import get_id
from schema.server.types.connection import Page, page_of, page_size
from schema.server.types.cursors import Cursors, an_instant, read_for_each


async def scores_of(contacts: Sequence[Any], info: Info) -> Sequence[Sequence[ContactScore]]:
    admit(info.context, Permission.SEGMENT_READ)
    found = await of_contacts.of_contacts(scope_of(info), ids_of(contacts))
    return [found[contact_id] for contact_id in ids_of(contacts)]


async def score_history_of(
    contacts: Sequence[Any],
    info: Info,
    model_id: Annotated[strawberry.ID, strawberry.argument(description="The score.")],
    first: int | None = 50,
    after: str | None = None,
) -> Sequence[Page | Invalid]:
    admit(info.context, Permission.SEGMENT_READ)
    scope, ids, model = scope_of(info), ids_of(contacts), get_id("ScoreModel", model_id, ("modelId",))
    lists = [Cursors(scope, "Contact.scoreHistory", contact_id, model) for contact_id in ids]
    key, problems = read_for_each(lists, after, an_instant)
    pages = await of_contacts.history(scope, ids, model, page_size(first) + 1, None if key is None else key[0])
    return [
        problem or page_of(pages[contact_id], first, after, _writer(cursors))
        for contact_id, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Callable[[Any], str]:
    return lambda row: cursors.write(row["at"])
