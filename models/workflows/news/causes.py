"""Which workflows led to changes of members."""

from bisect import bisect_left
from dataclasses import dataclass, field

from models import db
from models.workflows.causes import NOBODY, Cause, parse
from models.workflows.news.pages import Page
from permissions.principal import Scope


async def tell(scope: Scope, page: Page) -> None:
    """Tells the changes of a page what led to them. What is known of them is gone when the ambient transaction commits."""
    if not page.changes:
        return
    known = await _load(scope, min(change.position or 0 for change in page.changes))
    if not known:
        return
    for change in page.changes:
        of_these = known.get((change.word.partition(":")[2], change.contact_id))
        if of_these is not None and change.position is not None:
            change.cause = of_these.of(change.position)
    await db.execute(
        "DELETE FROM workflow_causes WHERE workspace_id = $1 AND position <= $2", scope.workspace_id, page.position
    )


@dataclass(slots=True)
class _Causes:
    """Of the changes of one contact in one segment, in the order of positions."""

    until: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)

    def of(self, position: int) -> Cause:
        index = bisect_left(self.until, position)
        return self.causes[index] if index < len(self.until) and self.after[index] < position else NOBODY


async def _load(scope: Scope, first: int) -> dict[tuple[str, int], _Causes]:
    """Those of changes from this position on, by the segment's id and the contact's."""
    known: dict[tuple[str, int], _Causes] = {}
    for segment_id, contact_id, position, after, cause in await db.fetch(_CAUSES, scope.workspace_id, first):
        of_these = known.setdefault((str(segment_id), contact_id), _Causes())
        of_these.until.append(position)
        of_these.after.append(after)
        of_these.causes.append(parse(cause))
    return known


_CAUSES = """
SELECT segment_id, contact_id, position, after_position, cause FROM workflow_causes
WHERE workspace_id = $1 AND position >= $2 ORDER BY position
"""
