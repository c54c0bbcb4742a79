"""Who may enter: re-entry, cool-down, the most times, the entry rule, testers, loops."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from models import db
from models.errors import MusterError
from models.rules.duration import Duration
from models.rules.thresholds import Threshold, instant_of
from models.values.instants import read_instant, write_instant
from models.workflows import freshness
from models.workflows.arrivals import Arrival, Trail
from models.workflows.causes import Cause, Chain
from models.workflows.graph.tree import ReentryPolicy
from models.workflows.happenings import Happening
from models.workflows.inside.asking import first_that_holds, reads_segments
from models.workflows.nodes.split import percent_of
from models.workflows.plan import Plan
from models.workflows.run import Candidate, Entry, Run, TurnedAway
from models.workflows.sources import AGAIN
from models.workflows.states import EnrollmentEnd

INSIDE: Final = "INSIDE"
ONCE: Final = "ONCE"
COOLDOWN: Final = "COOLDOWN"
MAX_PER_CONTACT: Final = "MAX_PER_CONTACT"
ENTRY_RULE: Final = "ENTRY_RULE"
NOT_A_TESTER: Final = "NOT_A_TESTER"
UNREADABLE_RULE: Final = "UNREADABLE_RULE"
"""Why somebody was not let in."""


async def let_in(run: Run, candidates: Sequence[Candidate]) -> tuple[list[Arrival], list[Candidate]]:
    """New arrivals at their first nodes, and those whose turn comes when these have come to rest.

    Of several events of one contact the first is decided now: the next one meets what became of it.
    """
    run.settle_entries()
    now, later = _first_of_each(candidates)
    gone = await _load_entries(run, now)
    able = [candidate for candidate in now if candidate.contact_id not in gone]
    if run.test_id is None:
        able = await _who_may_enter(run, able)
    ids = await _new_ids(len(able))
    arrivals = _arrivals(run, able, ids)
    run.arrivals += arrivals
    return arrivals, later


def _first_of_each(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    now: list[Candidate] = []
    later: list[Candidate] = []
    taken: set[tuple[int, int]] = set()
    for candidate in candidates:
        key = (candidate.plan.workflow_id, candidate.contact_id)
        (later if key in taken else now).append(candidate)
        taken.add(key)
    return now, later


def _by_plan(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    groups: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.plan.workflow_id, []).append(candidate)
    return list(groups.values())


async def _who_may_enter(run: Run, candidates: Sequence[Candidate]) -> list[Candidate]:
    fitting: list[Candidate] = []
    for group in _by_plan(candidates):
        plan = group[0].plan
        fitting += await _only_fitting(run, plan, await _only_testers(run, plan, group))
    return [candidate for candidate in fitting if _may_enter(run, candidate.plan, candidate)]


def _turn_away(run: Run, candidate: Candidate, reason: str) -> None:
    run.turned_away.append(TurnedAway(candidate.plan, candidate.contact_id, reason))


async def reasons_against(run: Run, candidate: Candidate) -> list[str]:
    """Everything that would keep this contact out now. For people who ask: nobody is let in or turned away."""
    plan = candidate.plan
    await _only_testers(run, plan, [candidate])
    await _only_fitting(run, plan, [candidate])
    await _load_entries(run, [candidate])
    reason = _reason_against(run, plan, candidate)
    found = [one.reason for one in run.turned_away]
    return found if reason is None else [*found, reason]


# ---------------------------------------------------------------- contacts, testers, the entry rule


async def _only_testers(run: Run, plan: Plan, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    if plan.test_segment_id is None or not candidates:
        return candidates
    rows = await db.fetch(
        "SELECT contact_id FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY ($3::bigint[])",
        run.workspace_id,
        plan.test_segment_id,
        [candidate.contact_id for candidate in candidates],
    )
    testers = {row["contact_id"] for row in rows}
    return _where(run, candidates, lambda candidate: candidate.contact_id in testers, NOT_A_TESTER)


async def _only_fitting(run: Run, plan: Plan, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    rule = plan.graph.entry_rule
    if rule is None or not candidates:
        return candidates
    try:
        if reads_segments(plan, rule) and run.members_then is None:
            candidates = await freshness.those_entering_fresh(run, candidates)
        fitting = await first_that_holds(run, "entryRule", (rule,), plan, [one.contact_id for one in candidates])
    except MusterError:
        return _where(run, candidates, lambda _: False, UNREADABLE_RULE)
    return _where(run, candidates, lambda candidate: candidate.contact_id in fitting, ENTRY_RULE)


def _where(
    run: Run, candidates: Sequence[Candidate], holds: Callable[[Candidate], bool], otherwise: str
) -> list[Candidate]:
    kept = []
    for candidate in candidates:
        if holds(candidate):
            kept.append(candidate)
        else:
            _turn_away(run, candidate, otherwise)
    return kept


# ---------------------------------------------------------------- re-entry


async def _load_entries(run: Run, candidates: Sequence[Candidate]) -> set[int]:
    """All entries of these contacts into these workflows, as this batch has left them so far.

    Returns the contacts that were deleted meanwhile: what ends their enrollments may have come before.
    """
    gone: set[int] = set()
    if not candidates:
        return gone
    groups = [(group[0].plan.workflow_id, [one.contact_id for one in group]) for group in _by_plan(candidates)]
    lasts = list(accumulate(len(contact_ids) for _, contact_ids in groups))
    firsts = [last - len(contact_ids) + 1 for last, (_, contact_ids) in zip(lasts, groups, strict=True)]
    workflow_ids = [workflow_id for workflow_id, _ in groups]
    everybody = [contact_id for _, contact_ids in groups for contact_id in contact_ids]
    rows = await db.fetch(_ENTRIES, run.workspace_id, workflow_ids, firsts, lasts, everybody)
    for workflow_id, contact_id, entry_key, times, entered_at, ended_at in rows:
        if workflow_id is None:
            gone.add(contact_id)
        else:
            run.know_entry(workflow_id, contact_id, entry_key, Entry(times, entered_at, ended_at, is_stored=True))
    return gone


# The index is read once for a workflow, and once for all contacts: a look-up for each of them costs several times as much.
_ENTRIES = """
SELECT asked.workflow_id, e.contact_id, e.entry_key, e.times, e.entered_at, e.ended_at
FROM unnest($2::bigint[], $3::integer[], $4::integer[]) AS asked (workflow_id, first, last)
CROSS JOIN LATERAL (
    SELECT e.contact_id, e.entry_key, e.times, e.entered_at, e.ended_at FROM workflow_entries AS e
    WHERE e.workspace_id = $1 AND e.workflow_id = asked.workflow_id
      AND e.contact_id = ANY (($5::bigint[])[asked.first:asked.last]) OFFSET 0) AS e
UNION ALL
SELECT NULL, asked.contact_id, NULL, NULL, NULL, NULL FROM unnest($5::bigint[]) AS asked (contact_id)
WHERE asked.contact_id NOT IN (SELECT c.id FROM contacts AS c WHERE c.workspace_id = $1 AND c.id = ANY ($5::bigint[]))
"""


def _may_enter(run: Run, plan: Plan, candidate: Candidate) -> bool:
    reason = _reason_against(run, plan, candidate)
    if reason == INSIDE and _is_pending(run, plan, candidate):
        run.deferred.append(candidate)
    elif reason is not None:
        _turn_away(run, candidate, reason)
    return reason is None


def _is_pending(run: Run, plan: Plan, candidate: Candidate) -> bool:
    """Whether who is inside would have gone on by now, if segments were right already."""
    place = (plan.workflow_id, candidate.contact_id)
    return any((*place, key) in run.pending for key in run.entries_of(*place))


def _reason_against(run: Run, plan: Plan, candidate: Candidate) -> str | None:
    reentry = plan.graph.reentry
    entries = run.entries_of(plan.workflow_id, candidate.contact_id)
    if not entries:
        return None
    own = entries.get(candidate.entry_key)
    concerning = entries.values() if reentry.policy is ReentryPolicy.AFTER_LEAVING else () if own is None else (own,)
    if any(entry.ended_at is None for entry in concerning):
        return INSIDE
    if own is not None:
        if candidate.since is not None and own.entered_at >= candidate.since:
            return INSIDE
        if reentry.policy is ReentryPolicy.ONCE:
            return ONCE
        if reentry.cooldown is not None and run.now < _after(own.entered_at, reentry.cooldown, plan.scope.timezone):
            return COOLDOWN
    times = sum(entry.times for entry in entries.values())
    return MAX_PER_CONTACT if reentry.max_per_contact is not None and times >= reentry.max_per_contact else None


def _after(moment: datetime, duration: Duration, timezone: str) -> datetime:
    return instant_of(Threshold(duration), moment, ZoneInfo(timezone))


async def put_back(run: Run) -> None:
    """Those who may enter after somebody who is not at rest yet, or when segments are right, are decided by the next batch."""
    rows = [
        (
            one.contact_id,
            one.at,
            str(one.cause),
            db.dump_json(
                {
                    "workflow": one.plan.workflow_id,
                    "trigger": one.trigger,
                    "key": one.entry_key,
                    "node": one.node,
                    "since": None if one.since is None else write_instant(one.since),
                    "byTime": one.by_time,
                }
            ),
        )
        for one in run.deferred
    ]
    if rows:
        await db.execute(_PUT_BACK, run.workspace_id, AGAIN, *map(list, zip(*rows, strict=True)))


_PUT_BACK = """
INSERT INTO workflow_signals (workspace_id, contact_id, source, at, cause, detail)
SELECT $1, contact_id, $2, at, cause, detail
FROM unnest($3::bigint[], $4::timestamptz[], $5::text[], $6::jsonb[]) WITH ORDINALITY AS n (contact_id, at, cause, detail, place)
ORDER BY place
"""


def put_back_before(run: Run, happening: Happening) -> Candidate | None:
    """The candidate of a happening AGAIN; None when its workflow lets nobody in any more."""
    detail = happening.detail
    plan = run.plans.running.get(detail["workflow"])
    if plan is None or not plan.lets_in or (detail["node"] is not None and detail["node"] not in plan.graph.nodes):
        return None
    since = detail.get("since")
    return Candidate(
        plan,
        detail["trigger"],
        happening.contact_id,
        happening.at,
        happening.cause,
        detail["key"],
        detail["node"],
        since=None if since is None else read_instant(since),
        fresh_at=run.lock.clock_at,
        order=happening.order,
        by_time=detail.get("byTime", False),
    )


# ---------------------------------------------------------------- inside


async def _new_ids(count: int) -> list[int]:
    if not count:
        return []
    ids: list[int] = await db.fetch_value(_NEW_IDS, count)
    return ids


# One array: 10,000 rows take longer to read.
_NEW_IDS = "SELECT array(SELECT nextval('enrollment_ids') FROM generate_series(1, $1::integer))"


class _Coming(NamedTuple):
    """What those have in common who come by the same trigger, led by the same. `key`: of their first node."""

    like: Candidate
    key: str
    trail: Trail
    cause: Cause
    loop: Chain | None

    def has(self, one: Candidate) -> bool:
        like = self.like
        return (
            one.plan is like.plan and one.trigger == like.trigger and one.node == like.node and one.cause is like.cause
        )


def _coming(run: Run, one: Candidate) -> _Coming:
    plan = one.plan
    key = one.node or plan.start_of(one.trigger)
    trail = run.trail(plan, plan.number, plan.numbers[key], one.trigger)
    return _Coming(one, key, trail, one.cause.then(plan.workflow_id), one.cause.loop(plan.workflow_id))


def _arrivals(run: Run, candidates: Sequence[Candidate], ids: Sequence[int]) -> list[Arrival]:
    """At their first nodes. Most come as the one before."""
    now, test_id = run.now, run.test_id
    arrivals: list[Arrival] = []
    coming: _Coming | None = None
    for candidate, id_ in zip(candidates, ids, strict=True):
        if coming is None or not coming.has(candidate):
            coming = _coming(run, candidate)
        plan, trigger, contact_id, entry_key = (
            candidate.plan,
            candidate.trigger,
            candidate.contact_id,
            candidate.entry_key,
        )
        arrival = Arrival(
            plan, id_, plan.number, contact_id, trigger, coming.key, now, now, now, coming.trail, entry_key
        )
        arrival.is_new = True
        arrival.cause, arrival.test_id = coming.cause, test_id
        arrival.fresh_at, arrival.order = candidate.fresh_at, candidate.order
        arrival.by_time = candidate.by_time
        arrival.control = _is_control(plan, candidate)
        if coming.loop is not None:
            arrival.end(EnrollmentEnd.LOOP_STOPPED, reason=_loop(run, coming.loop, plan))
        arrivals.append(arrival)
    return arrivals


def _is_control(plan: Plan, candidate: Candidate) -> bool:
    percent = plan.graph.control_percent
    return percent > 0 and percent_of("control", plan.workflow_id, candidate.contact_id) < percent


def _loop(run: Run, chain: Chain, plan: Plan) -> str:
    names = [run.plans.name_of(workflow_id) for workflow_id in (*chain, plan.workflow_id)]
    return f"these workflows led to each other without a wait of a minute between: {' -> '.join(names)}"
