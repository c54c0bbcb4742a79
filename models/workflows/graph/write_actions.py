"""Writes what nodes do as the JSON of WorkflowDoInput."""

from typing import Any

from models.values.instants import write_instant
from models.workflows.graph.actions import (
    Action,
    ActivityRecord,
    Branch,
    Condition,
    End,
    Enroll,
    FieldSet,
    LatePolicy,
    Parameter,
    SegmentAdd,
    SegmentKeep,
    SegmentRemove,
    Send,
    Split,
    TagsChange,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
)
from models.workflows.graph.write_events import write_event
from models.workflows.graph.written import optional_duration, present, write_duration, write_time


def write_action(action: Action) -> dict[str, Any]:
    name, members = _action(action)
    return {name: members}


def _action(action: Action) -> tuple[str, dict[str, Any]]:
    match action:
        case Condition(rule, yes, no):
            return "condition", {"rule": rule, "yes": yes, "no": no}
        case Branch(cases, otherwise):
            listed = [{"name": case.name, "rule": case.rule, "next": case.next} for case in cases]
            return "branch", {"cases": listed, "otherwise": otherwise}
        case Split(shares):
            parts = [{"name": share.name, "percent": share.percent, "next": share.next} for share in shares]
            return "split", {"shares": parts}
        case Wait(duration, after):
            return "wait", {"for": write_duration(duration), "next": after}
        case WaitUntil():
            return "waitUntil", _wait_until(action)
        case WaitFor():
            return "waitFor", _wait_for(action)
        case SegmentAdd(segment_id, after):
            return "segmentAdd", {"segmentId": segment_id, "next": after}
        case SegmentRemove(segment_id, after):
            return "segmentRemove", {"segmentId": segment_id, "next": after}
        case SegmentKeep(segment_id, duration, renew, after):
            kept = {"segmentId": segment_id, "for": write_duration(duration)}
            return "segmentKeep", kept | present(renew=None if renew else False) | {"next": after}
        case _:
            return _action_on_contact(action)


def _action_on_contact(action: Action) -> tuple[str, dict[str, Any]]:
    match action:
        case TagsChange(add, remove, after):
            return "tagsChange", {**present(add=list(add) or None, remove=list(remove) or None), "next": after}
        case FieldSet(field, after, value, increment, now):
            return "fieldSet", {
                "field": field,
                **present(value=value, increment=increment, now=now or None),
                "next": after,
            }
        case ActivityRecord(kind, properties, after):
            return "activityRecord", {"kind": kind, **present(properties=properties or None), "next": after}
        case Send():
            return "send", _send(action)
        case Webhook(endpoint_id, body, after, failed):
            return "webhook", {
                "endpointId": endpoint_id,
                **present(body=body),
                "next": after,
                **present(failed=failed),
            }
        case Enroll(workflow_id, after):
            return "enroll", {"workflowId": workflow_id, "next": after}
        case End(outcome):
            return "end", {"outcome": outcome}
        case _:
            raise TypeError(f"{type(action).__name__} has no JSON")


def _wait_until(action: WaitUntil) -> dict[str, Any]:
    return present(
        at=None if action.at is None else write_instant(action.at),
        field=action.field,
        offset=optional_duration(action.offset),
        time=None if action.local_time is None else write_time(action.local_time),
        weekdays=list(action.weekdays) or None,
        late=None if action.late is LatePolicy.PROCEED else action.late.value,
        next=action.next,
        skip=action.skip,
    )


def _wait_for(action: WaitFor) -> dict[str, Any]:
    return present(
        any=[write_event(event) for event in action.events] or None,
        rule=action.rule,
        lookBack=None if action.look_back else False,
        timeout=write_duration(action.timeout),
        next=action.next,
        timedOut=action.timed_out,
    )


def _send(action: Send) -> dict[str, Any]:
    return present(
        templateId=action.template_id,
        parameters=[_parameter(parameter) for parameter in action.parameters] or None,
        requireOptIn=None if action.require_opt_in else False,
        ignoreCap=action.ignore_cap or None,
        next=action.next,
        skipped=action.skipped,
        failed=action.failed,
    )


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return present(name=parameter.name, field=parameter.field, text=parameter.text, fallback=parameter.fallback)
