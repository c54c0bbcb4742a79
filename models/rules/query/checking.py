"""Checks what was read from a text, as a rule is checked."""

from collections.abc import Mapping

from models.errors import Problems
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.query.context import find_named
from models.rules.query.mistakes import QueryProblems
from models.rules.query.parsing import Parsed
from models.rules.query.parts import FoundSegments, Part, SegmentName, each_condition
from models.rules.query.wording import Wording
from models.rules.tree import Rule


def checked(
    parsed: Parsed,
    catalogue: Catalogue,
    segments: Mapping[SegmentName, FoundSegments],
    *,
    allows_activities: bool = True,
    segment_id: int | None = None,
) -> Rule:
    """The rule; `parsed.part.json` is then the same as JSON with the keys of fields and the ids of segments.

    Takes the options of `models.rules.check.check`. Raises QueryProblems with all mistakes of the text.
    """
    errors = list(parsed.errors)
    if parsed.part is None:
        raise QueryProblems(errors)
    for condition in each_condition(parsed.part):
        _look_up(condition, catalogue, segments)
    options = {"allows_activities": allows_activities, "segment_id": segment_id}
    try:
        rule = check(parsed.part.json, catalogue, path=(), **options)  # type: ignore[arg-type]
    except Problems as problems:
        wording = Wording(parsed.part, catalogue, segments)
        found = [wording.of(error) for error in problems.errors]
        errors += [error.moved(parsed.in_text(error.span)) for error in found]
        raise QueryProblems(errors) from None
    if errors:
        raise QueryProblems(errors)
    return rule


def _look_up(condition: Part, catalogue: Catalogue, segments: Mapping[SegmentName, FoundSegments]) -> None:
    """Writes the key of a field, or the id of a segment, into the condition; what is unknown stays as it is."""
    if condition.segment is not None:
        found = segments.get(condition.segment)
        if found is not None and len(found.ids) == 1:
            condition.json["segment"]["segmentId"] = found.ids[0]
    elif (named := condition.json.get("field")) is not None:
        field = find_named(catalogue, named["field"])
        if field is not None:
            named["field"] = field.key
