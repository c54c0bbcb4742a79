"""Who would have entered a workflow in a period of the past, and where they would be at its end: a job."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.errors import Invalid
from models.queue import jobs, running_jobs
from models.queue.jobs import Job, JobKind
from models.workflows.causes import NOBODY
from models.workflows.graph.events import DateReached, Scheduled, segments_of
from models.workflows.graph.read import read_graph
from models.workflows.graph.write import write_graph
from models.workflows.happenings import Happening
from models.workflows.insight.figures import NodeFigures
from models.workflows.plan import Plan
from models.workflows.run import Candidate
from models.workflows.timed import dates
from models.workflows.trials import history
from models.workflows.trials.fidelity import Fidelity, are_known
from models.workflows.trials.fidelity import of_nodes as fidelity_of_nodes
from models.workflows.trials.replay import Replay, replay_of
from models.workflows.trials.simulate import refuse_problems
from permissions.principal import Scope

LONGEST: Final = timedelta(days=366)

MOST_CONTACTS: Final = 10_000
"""So many contacts are listed."""

CHUNKS: Final = 50
WINDOWS: Final = 2_000
"""The period is played in so many windows; all that happens in one happens at its end."""


async def start(scope: Scope, graph_json: object, since: datetime, until: datetime) -> Job:
    """Raises Problems below `graph`, Invalid at `graph`, `from` or `to`."""
    graph = read_graph(graph_json)
    await refuse_problems(scope, graph)
    if until <= since:
        raise Invalid("the period ends before it begins: give a later `to`", ("to",))
    if until - since > LONGEST:
        raise Invalid("a back-test covers at most a year", ("from",))
    if until > clock.now():
        raise Invalid("a back-test ends in the past or now", ("to",))
    given = {"graph": write_graph(graph), "from": since.isoformat(), "to": until.isoformat()}
    async with db.transaction():
        job = await jobs.create(scope, JobKind.WORKFLOW_BACKTEST, given, total=CHUNKS)
        await audit_log.record(scope, "workflow_backtest", "WorkflowBacktestJob", job.id)
    return job


async def run(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Begins anew when it is taken again. Raises LimitExceeded when too much happened."""
    yield
    graph = read_graph(job.input["graph"])
    since, until = (datetime.fromisoformat(job.input[name]) for name in ("from", "to"))
    replay = await replay_of(scope, graph)
    log_is_whole = await _log_is_whole(scope, since)
    fidelity = _entry_fidelity(replay.plan, log_is_whole=log_is_whole)
    of_nodes = fidelity_of_nodes(replay.plan, log_is_whole=log_is_whole)
    scheduled = await _scheduled(scope, replay, since, until)
    step, count = (until - since) / CHUNKS, len(scheduled)
    for chunk in range(CHUNKS):
        begins = since + step * chunk
        ends = until if chunk + 1 == CHUNKS else begins + step
        count += await _play(scope, replay, scheduled, begins, ends)
        history.refuse_too_many(count)
        await running_jobs.progress(job, done=chunk + 1, total=CHUNKS, progress=_result(replay, fidelity, of_nodes))
        if job.cancel_asked_at is not None:
            yield


async def _log_is_whole(scope: Scope, since: datetime) -> bool:
    """Whether changes of members since then are kept."""
    known_from = await history.first_change_at(scope)
    return known_from is None or known_from <= since


def _entry_fidelity(plan: Plan, *, log_is_whole: bool) -> Fidelity:
    """EXACT when all that decides who enters is kept."""
    graph = plan.graph
    rules = [] if graph.entry_rule is None else [graph.entry_rule]
    by_segments = any(segments_of(trigger.on) for trigger in graph.triggers)
    is_known = (
        all(history.is_known(trigger.on) for trigger in graph.triggers)
        and (log_is_whole or not by_segments)
        and are_known(plan, rules, log_is_whole=log_is_whole)
    )
    return Fidelity.EXACT if is_known else Fidelity.AS_OF_NOW


# ---------------------------------------------------------------- the past, window by window


async def _play(scope: Scope, replay: Replay, scheduled: Sequence[Candidate], since: datetime, until: datetime) -> int:
    """Returns how much happened."""
    happened = await history.happened_in(scope, replay.words, since, until)
    windows = WINDOWS // CHUNKS
    step, place = (until - since) / windows, 0
    for window in range(windows):
        begins = since + step * window
        ends = until if window + 1 == windows else begins + step
        now: list[Happening] = []
        while place < len(happened) and happened[place].at <= ends:
            now.append(happened[place])
            place += 1
        candidates = [one for one in scheduled if begins < one.at <= ends] + await _dated(replay, begins, ends)
        due_at = replay.next_due_at()
        if now or candidates or (due_at is not None and due_at <= ends):
            await replay.tick(ends, now, candidates)
    return len(happened)


async def _dated(replay: Replay, since: datetime, until: datetime) -> list[Candidate]:
    found = []
    for trigger in replay.plan.graph.triggers:
        if isinstance(trigger.on, DateReached):
            run = replay.run(until)
            contact_ids = await dates.those_between(run, replay.plan, trigger.on, since, until)
            found += [Candidate(replay.plan, trigger.key, contact_id, until, NOBODY) for contact_id in contact_ids]
    return found


async def _scheduled(scope: Scope, replay: Replay, since: datetime, until: datetime) -> list[Candidate]:
    found = []
    for trigger in replay.plan.graph.triggers:
        if isinstance(trigger.on, Scheduled):
            for moment in history.occurrences(scope, trigger.on, since, until):
                found += [
                    Candidate(replay.plan, trigger.key, contact_id, moment, NOBODY, since=moment)
                    for contact_id in await history.members_at(scope, trigger.on.segment_id, moment)
                ]
    history.refuse_too_many(len(found))
    return found


# ---------------------------------------------------------------- the result


def _result(replay: Replay, fidelity: Fidelity, of_nodes: Fidelity) -> dict[str, Any]:
    """As JSON, for the job's progress."""
    played = replay.played
    return {
        "fidelity": fidelity.value,
        "nodeFidelity": of_nodes.value if fidelity is Fidelity.EXACT else fidelity.value,
        "wouldEnter": played.entered,
        "perDay": dict(sorted(played.days.items())),
        "turnedAway": dict(played.turned_away),
        "contacts": list(played.contacts)[:MOST_CONTACTS],
        "nodes": [_written(one) for one in replay.figures()],
    }


def _written(figures: NodeFigures) -> dict[str, Any]:
    wakes_at = figures.next_wake_at
    return {
        "key": figures.key,
        "entered": figures.entered,
        "inside": figures.inside,
        "outcomes": dict(figures.outcomes),
        "median": figures.median_stay_seconds,
        "wakesAt": None if wakes_at is None else wakes_at.isoformat(),
    }


def figures_of(progress: Mapping[str, Any]) -> list[NodeFigures]:
    """Of each node of the graph, from the job's progress; none before it has begun."""
    return [_read(one) for one in progress.get("nodes", ())]


def _read(written: dict[str, Any]) -> NodeFigures:
    figures = NodeFigures(written["key"], written["entered"], written["inside"])
    figures.outcomes.update(written["outcomes"])
    figures.median_stay_seconds = written["median"]
    figures.next_wake_at = None if written["wakesAt"] is None else datetime.fromisoformat(written["wakesAt"])
    return figures
