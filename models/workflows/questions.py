"""Asks PostgreSQL which contacts rules hold for: one statement for a whole group of contacts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from models import db
from models.rules.compile import batch
from models.rules.parameters import Parameters
from models.rules.tree import Rule


class Question:
    """Which of some rules is the first to hold, with calendar days in one time zone.

    `given`: segments whose members are passed, instead of those that are stored.
    """

    __slots__ = ("_parameters", "_sql")

    def __init__(self, workspace_id: int, timezone: str, rules: Sequence[Rule], given: Collection[int] = ()) -> None:
        p = Parameters(workspace_id, timezone)
        contacts = p.named("contact_ids", "bigint[]")
        compiled = batch(rules, p, given)
        cases = "\n".join(f"WHEN ({condition}) THEN {index}" for index, condition in enumerate(compiled.conditions))
        self._sql = _ASK.format(
            cases=cases,
            joins=compiled.joins,
            workspace=p.workspace,
            contacts=contacts,
            at_all=" OR ".join(f"({condition})" for condition in compiled.conditions),
        )
        self._parameters = p

    async def ask(
        self, contact_ids: Collection[int], now: datetime, members: Mapping[int, Collection[int]] | None = None
    ) -> dict[int, int]:
        """The index of the first rule that holds, by contact; contacts without one, or that are gone, are left out."""
        given: dict[str, Any] = {f"members_{segment_id}": list(some) for segment_id, some in (members or {}).items()}
        arguments = await self._parameters.values(now, contact_ids=list(contact_ids), **given)
        holds: dict[int, int] = {}
        for index, of_this_rule in await db.fetch(self._sql, *arguments):
            holds |= dict.fromkeys(of_this_rule, index)
        return holds


# One array for each rule: a row for each contact takes longer to read.
_ASK = """
SELECT CASE {cases} END, array_agg(c.id)
FROM contacts AS c
{joins}
WHERE c.workspace_id = {workspace} AND c.id = ANY ({contacts}) AND ({at_all})
GROUP BY 1
"""
