"""Which coroutine settles which kind of node: add yours."""

from collections.abc import Mapping
from typing import Final

from models.workflows.graph import actions
from models.workflows.nodes import (
    activity,
    conditions,
    contacts,
    end,
    enroll,
    keep,
    segments,
    send,
    split,
    wait,
    wait_for,
    wait_until,
    webhook,
)
from models.workflows.nodes.interface import Ends, Settle

SETTLE: Final[Mapping[type[actions.Action], Settle]] = {
    actions.Condition: conditions.condition,
    actions.Branch: conditions.branch,
    actions.Split: split.split,
    actions.Wait: wait.wait,
    actions.WaitUntil: wait_until.wait_until,
    actions.WaitFor: wait_for.wait_for,
    actions.SegmentAdd: segments.add,
    actions.SegmentRemove: segments.remove,
    actions.SegmentKeep: keep.keep,
    actions.TagsChange: contacts.change_tags,
    actions.FieldSet: contacts.set_field,
    actions.ActivityRecord: activity.record,
    actions.Send: send.send,
    actions.Webhook: webhook.webhook,
    actions.Enroll: enroll.enroll,
    actions.End: end.end,
}

ENDS: Final[Mapping[type[actions.Action], Ends]] = {
    actions.Wait: wait.ends,
    actions.WaitUntil: wait_until.ends,
    actions.WaitFor: wait_for.ends,
}
"""When those who wait at a node fall due, without moving them."""
