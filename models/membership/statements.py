"""The engine's long statements, made once for a set of rules: who belongs where, and who crossed a line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.rules.boundaries import Boundary
from models.rules.compile import batch
from models.rules.parameters import Parameters
from models.rules.tree import Rule


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters; `contact_ids` is given at each run."""

    sql: str
    parameters: Parameters


def evaluation(workspace_id: int, timezone: str, segment_ids: Sequence[int], rules: Sequence[Rule]) -> Statement:
    """Where some contacts (`contact_ids`) are not as these segments' rules, and people's overrides, want them.

    Rows: segment_id, contact_id, entered (whether it is to enter, or to leave), origin.
    """
    p = Parameters(workspace_id, timezone)
    compiled = batch(rules, p)
    sql = _EVALUATE.format(
        workspace=p.workspace,
        contacts=p.named("contact_ids", "bigint[]"),
        segments=p.bind(tuple(segment_ids), "bigint[]"),
        joins=compiled.joins,
        conditions=",\n".join(f"({condition}) IS TRUE" for condition in compiled.conditions),
    )
    return Statement(sql, p)


# Members as they should be, as they are stored, and what people said, side by side: only what differs comes out. Stored
# members are found by contact: where the segments stand in the same condition, the planner may walk through all of their members.
_EVALUATE = """
WITH wanted AS MATERIALIZED (
    SELECT c.id AS contact_id, told.segment_id
    FROM contacts AS c
    {joins}
    CROSS JOIN LATERAL unnest({segments}, ARRAY[
        {conditions}
    ]) AS told (segment_id, holds)
    WHERE c.workspace_id = {workspace} AND c.id = ANY ({contacts}) AND told.holds
), held AS MATERIALIZED (
    SELECT contact_id, segment_id FROM memberships WHERE workspace_id = {workspace} AND contact_id = ANY ({contacts})
), stored AS MATERIALIZED (
    SELECT held.* FROM held JOIN unnest({segments}) AS asked (segment_id) USING (segment_id)
), said AS MATERIALIZED (
    SELECT o.contact_id, o.segment_id, o.override FROM membership_overrides AS o
    JOIN contacts AS c ON c.workspace_id = {workspace} AND c.id = o.contact_id
    WHERE o.workspace_id = {workspace} AND o.contact_id = ANY ({contacts}) AND o.segment_id = ANY ({segments})
)
SELECT segment_id, contact_id, stored.contact_id IS NULL AS entered,
       CASE WHEN said.override IS NULL THEN 'RULE' ELSE 'MANUAL' END AS origin
FROM wanted FULL JOIN stored USING (segment_id, contact_id) FULL JOIN said USING (segment_id, contact_id)
WHERE (stored.contact_id IS NOT NULL)
      <> CASE said.override WHEN 'INCLUDE' THEN true WHEN 'EXCLUDE' THEN false ELSE wanted.contact_id IS NOT NULL END
ORDER BY contact_id, segment_id
"""


def crossers(workspace_id: int, timezone: str, lines_of: Iterable[tuple[int, Sequence[Boundary]]]) -> Statement | None:
    """Who crossed a line since `since`; None when there are no lines. A line that several segments share is looked at once.

    Rows: contact_id (perhaps more than once), fields (marks for the segments whose line it is).
    """
    lines: dict[Boundary, list[int]] = {}
    for segment_id, boundaries in lines_of:
        for boundary in boundaries:
            lines.setdefault(boundary, []).append(segment_id)
    if not lines:
        return None
    p = Parameters(workspace_id, timezone)
    looks = []
    for boundary, segment_ids in lines.items():
        marks = p.bind(tuple(f"time:{segment_id}" for segment_id in segment_ids), "text[]")
        looks.append(f"SELECT x.contact_id, {marks} AS fields FROM ({boundary.query(p)}) AS x")  # noqa: S608
    return Statement(_union(looks), p)


def _union(looks: list[str]) -> str:
    """All of them, halved again and again: thousands one after the other would go too deep for PostgreSQL's stack."""
    if len(looks) == 1:
        return looks[0]
    half = len(looks) // 2
    return f"({_union(looks[:half])}\nUNION ALL\n{_union(looks[half:])})"
