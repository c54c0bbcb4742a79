"""`muster segment`: all segments of a workspace as a file, and a file made true."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from muster.client import documents
from muster.client.downloads import must_be_new
from muster.client.exits import CommandEnds, Exit
from muster.client.names import pages
from muster.client.segment_file import Entry, read, write
from muster.client.segment_plan import Plan, Segment, Step, make_plan
from muster.client.session import Session, with_session

_SIGNS = {"create": "+", "change": "~", "delete": "-"}


@click.group()
def segment() -> None:
    """Keep the segments of a workspace in a file, such as one in git."""


@segment.command("export")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else to the screen."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@with_session
def export_segments(session: Session, output: Path | None, force: bool) -> None:
    """Write all segments as one file: names, kinds, descriptions, and rules as text."""
    if output is not None:
        must_be_new(output, force)
    segments = _segments(session)
    names = Counter(one["name"] for one in segments)
    unreadable = [one["name"] for one in segments if one["kind"] != "STATIC" and one["ruleQuery"] is None]
    if unreadable:
        raise CommandEnds(Exit.FAILED, f"these rules name what is no longer there: {', '.join(map(repr, unreadable))}")
    text = write(
        Entry(
            one["name"],
            one["kind"],
            one["description"],
            one["ruleQuery"],
            one["id"] if names[one["name"]] > 1 else None,
        )
        for one in segments
    )
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    session.output.remark(f"{len(segments)} segments in {output}")


@segment.command("apply")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show the difference.")
@click.option("--delete", is_flag=True, help="Delete segments that are not in the file; one in use is never deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_session
def apply_file(session: Session, file: Path, dry_run: bool, delete: bool, yes: bool) -> None:
    """Show how the segments differ from those in FILE, and make them so.

    All rules are read before anything is changed. A second run finds nothing to do.
    """
    plan = make_plan(session, read(file), _segments(session))
    doing = [*(_row(step) for step in plan.steps), *(_deletion(one) for one in plan.others if delete)]
    for row in doing:
        session.output.line(row, "\n".join(_shown(row)))
    session.output.remark(_summary(plan, doing, delete))
    if dry_run or not doing:
        return
    if session.output.can_ask and not yes:
        click.confirm("Make it so?", abort=True, err=True)
    for step in plan.steps:
        _do(session, step)
    for one in plan.others if delete else ():
        session.api.do(documents.SEGMENT_DELETE, id=one["id"])
    session.output.remark("Done.")


def _segments(session: Session) -> list[Segment]:
    return list(pages(session, documents.SEGMENTS_AS_TEXT, "segments"))


# ---------------------------------------------------------------- shown


def _row(step: Step) -> dict[str, Any]:
    changes = {key: {"from": old, "to": new} for key, (old, new) in step.changes.items()}
    action = "create" if step.segment is None else "change"
    return {"action": action, "name": step.entry.name, "kind": step.entry.kind, "changes": changes}


def _deletion(one: Segment) -> dict[str, Any]:
    return {"action": "delete", "name": one["name"], "kind": one["kind"], "changes": {}}


def _shown(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{_SIGNS[row['action']]} {row['name']} ({row['kind']})"
    for key, change in row["changes"].items():
        if key == "name" and row["action"] == "create":
            continue
        yield f"    {key}:"
        old, new = ((change[side] or "").splitlines() for side in ("from", "to"))
        lines = list(difflib.ndiff(old, new))
        yield from (f"      {line}" for line in lines if not line.startswith("?"))


def _summary(plan: Plan, doing: Sequence[Mapping[str, Any]], delete: bool) -> str:
    counts = Counter(row["action"] for row in doing)
    doing_now = ", ".join(f"{counts[action]} to {action}" for action in _SIGNS)
    only_here = "" if delete or not plan.others else f"; {len(plan.others)} are not in the file, and stay"
    return f"{doing_now}, {plan.unchanged} as they are{only_here}"


# ---------------------------------------------------------------- done


def _do(session: Session, step: Step) -> None:
    entry = step.entry
    if step.segment is None:
        made = {"name": entry.name, "kind": entry.kind, "description": entry.description, "ruleQuery": step.rule}
        session.api.do(documents.SEGMENT_CREATE, input=made)
        return
    fields = {"rule": "ruleQuery"}
    given: dict[str, Any] = {fields.get(key, key): new for key, (_, new) in step.changes.items()}
    given["version"] = step.segment["version"]
    session.api.do(documents.SEGMENT_UPDATE, id=step.segment["id"], input=given)
