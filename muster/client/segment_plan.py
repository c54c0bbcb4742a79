"""What has to be done so that a workspace has the segments of a file. Nothing is changed here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from muster.client import documents
from muster.client.exits import CommandEnds, Exit
from muster.client.segment_file import Entry
from muster.client.session import Session

Segment = Mapping[str, Any]
"""As the API shows it, with its rule as canonical text."""


@dataclass(slots=True)
class Step:
    """`segment` is the one that is changed; None for a new one. `waits_for`: new names that the rule uses."""

    entry: Entry
    segment: Segment | None
    rule: str | None
    waits_for: frozenset[str] = frozenset()

    @property
    def changes(self) -> dict[str, tuple[str | None, str | None]]:
        """What is and what will be, by field."""
        had: Segment = self.segment or {}
        pairs = {
            "name": (had.get("name"), self.entry.name),
            "description": (had.get("description"), self.entry.description),
            "rule": (had.get("ruleQuery"), self.rule),
        }
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(slots=True)
class Plan:
    """In the order in which it is done. `others` are in the workspace alone."""

    steps: list[Step] = field(default_factory=list)
    unchanged: int = 0
    others: list[Segment] = field(default_factory=list)


def make_plan(session: Session, entries: Sequence[Entry], segments: Sequence[Segment]) -> Plan:
    """Reads every rule before anything is changed. Raises CommandEnds with all mistakes of the file."""
    mistakes: list[str] = []
    matches = [_match(entry, segments, mistakes) for entry in entries]
    pairs = list(zip(entries, matches, strict=True))
    new = {entry.name for entry, segment in pairs if segment is None or segment["name"] != entry.name}
    steps = [_step(session, entry, segment, new, mistakes) for entry, segment in pairs]
    if mistakes:
        raise CommandEnds(Exit.USAGE, "; ".join(mistakes) + ". Nothing was changed")
    kept = {segment["id"] for segment in matches if segment is not None}
    doing = [step for step in steps if step.segment is None or step.changes]
    others = [segment for segment in segments if segment["id"] not in kept]
    return Plan(_in_order(doing), len(steps) - len(doing), others)


def _match(entry: Entry, segments: Sequence[Segment], mistakes: list[str]) -> Segment | None:
    if entry.segment_id is not None:
        found = [segment for segment in segments if segment["id"] == entry.segment_id]
        if not found:
            mistakes.append(f"{entry.name!r}: there is no segment with the id {entry.segment_id!r}")
    else:
        found = [segment for segment in segments if segment["name"] == entry.name]
        if len(found) > 1:
            mistakes.append(f"{entry.name!r}: {len(found)} segments are called so, so give an id")
    if len(found) == 1 and found[0]["kind"] != entry.kind:
        mistakes.append(f"{entry.name!r} is {found[0]['kind']}, and a segment never changes its kind")
    return found[0] if found else None


def _step(session: Session, entry: Entry, segment: Segment | None, new: set[str], mistakes: list[str]) -> Step:
    if entry.rule is None or (segment is not None and segment["ruleQuery"] == entry.rule):
        return Step(entry, segment, entry.rule)
    read = session.api.ask(documents.RULE_FROM_QUERY, query=entry.rule)["ruleFromQuery"]
    waits_for = {name for error in read["errors"] if (name := _new_segment(error, entry.rule, new))}
    mistakes += [
        f"{entry.name!r}, line {error['line']}, column {error['column']} of the rule: {error['message']}"
        for error in read["errors"]
        if not _new_segment(error, entry.rule, new)
    ]
    if entry.kind == "DYNAMIC" and _has_activity(read["rule"]):
        mistakes.append(f"{entry.name!r} has conditions on activities: make it DYNAMIC_PLUS")
    return Step(entry, segment, read["query"] or entry.rule, frozenset(waits_for))


def _new_segment(error: Mapping[str, Any], rule: str, new: set[str]) -> str | None:
    """The name that is unknown only because the file has yet to make it."""
    if error["code"] != "UNKNOWN_SEGMENT":
        return None
    written = rule[error["start"] : error["end"]]
    name = written[1:-1].replace(written[0] * 2, written[0])
    return name if name in new else None


def _has_activity(rule: Any) -> bool:
    if isinstance(rule, list):
        return any(map(_has_activity, rule))
    return isinstance(rule, dict) and ("activity" in rule or any(map(_has_activity, _parts(rule))))


def _parts(rule: Mapping[str, Any]) -> Iterator[Any]:
    return (rule[key] for key in ("all", "any", "not") if key in rule)


def _in_order(steps: Sequence[Step]) -> list[Step]:
    """Segments that are new, or renamed, come before the rules that name them."""
    made = {step.entry.name: index for index, step in enumerate(steps) if "name" in step.changes}
    order = TopologicalSorter({index: [made[name] for name in step.waits_for] for index, step in enumerate(steps)})
    try:
        return [steps[index] for index in order.static_order()]
    except CycleError as error:
        names = " -> ".join(repr(steps[index].entry.name) for index in error.args[1])
        raise CommandEnds(Exit.USAGE, f"these segments name each other: {names}. Nothing was changed") from None
