"""By which version an enrollment runs, or ran to its end: a publish can lead those inside to the new version."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import db
from models.db import Record
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Stretch:
    """Who entered with `entered` ran by one version from `since` (None: from entry) until `until` (None: now)."""

    entered: int
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class VersionPaths:
    """The versions of one workflow, by their numbers, and those that follow them."""

    published_at: dict[int, datetime] = field(default_factory=dict)
    followed_by: dict[int, int] = field(default_factory=dict)

    def number_at(self, entered: int, at: datetime | None) -> int:
        """The version by which those run at this moment (None: now) who entered with version `entered`."""
        number = entered
        while (following := self.followed_by.get(number)) is not None:
            if at is not None and self.published_at[following] > at:
                break
            number = following
        return number

    def stretches(self, number: int) -> Iterator[Stretch]:
        """When which ran by this version."""
        following = self.followed_by.get(number)
        until = None if following is None else self.published_at[following]
        for entered in self.published_at:
            if entered == number:
                yield Stretch(entered, None, until)
            elif number in self._after(entered):
                yield Stretch(entered, self.published_at[number], until)

    def _after(self, number: int) -> Iterator[int]:
        while (following := self.followed_by.get(number)) is not None:
            yield following
            number = following


async def load(scope: Scope, workflow_ids: Collection[int]) -> dict[int, VersionPaths]:
    found = {workflow_id: VersionPaths() for workflow_id in workflow_ids}
    for workflow_id, number, published_at, followed_by in await db.fetch(_LOAD, scope.workspace_id, list(workflow_ids)):
        found[workflow_id].published_at[number] = published_at
        if followed_by is not None:
            found[workflow_id].followed_by[number] = followed_by
    return found


_LOAD = """
SELECT workflow_id, number, published_at, followed_by FROM workflow_versions
WHERE workspace_id = $1 AND workflow_id = ANY ($2::bigint[])
"""


async def numbers_of(scope: Scope, enrollments: Sequence[Record | Any]) -> list[int]:
    """The version by which each enrollment runs, or ran when it ended. Rows are those of `enrollments`."""
    paths = await load(scope, {row["workflow_id"] for row in enrollments})
    return [paths[row["workflow_id"]].number_at(row["number"], row["ended_at"]) for row in enrollments]
