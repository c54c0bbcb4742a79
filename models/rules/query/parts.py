"""What a text was read as: parts of a rule's JSON, with their places in the text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Span = tuple[int, int]
"""Characters from the start of the text: the first, and the one after the last."""


Spans = dict[tuple[str, ...], Span]
"""By path below a condition."""


@dataclass(frozen=True, slots=True)
class SegmentName:
    """How a text names a segment: by its name or by its id, as it is shown outside."""

    text: str
    is_id: bool


@dataclass(frozen=True, slots=True)
class FoundSegments:
    """The segments that fit a name: one when it is right. `near`: names like it, when there is none."""

    ids: Sequence[int]
    near: Sequence[str] = ()


@dataclass(slots=True)
class Part:
    """A group or a condition in the shape of RuleInput.

    `spans`: where the members of a condition are, by path below the part. `children`: the parts of a group. A condition on
    a segment has `segment`, and its `segmentId` is filled in when the name is looked up.
    """

    json: dict[str, Any]
    start: int
    end: int
    children: Sequence["Part"] = ()
    spans: Spans = field(default_factory=dict)
    segment: SegmentName | None = None


def each_condition(part: Part) -> Iterator[Part]:
    """From left to right, however deep they are."""
    waiting = [part]
    while waiting:
        current = waiting.pop()
        if current.children:
            waiting.extend(reversed(current.children))
        else:
            yield current


def find_part(part: Part, path: Sequence[str]) -> tuple[Part, tuple[str, ...]]:
    """The condition that `path` leads into, or the group where it ends, and the rest of the path below that."""
    steps = tuple(path)
    while part.children:
        if steps[:1] == ("not",):
            part, steps = part.children[0], steps[1:]
        elif len(steps) > 1 and steps[0] in ("all", "any"):
            part, steps = part.children[int(steps[1])], steps[2:]
        else:
            break
    return part, steps


def span_below(part: Part, steps: tuple[str, ...]) -> Span:
    """Where the member of a condition is, or else the smallest part around it."""
    while steps:
        if steps in part.spans:
            return part.spans[steps]
        steps = steps[:-1]
    return part.start, part.end
