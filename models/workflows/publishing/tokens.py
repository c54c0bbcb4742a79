"""The token of a preview: it binds a publish to what was counted."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson

from models.errors import Conflict
from models.workflows.drafts import Workflow
from models.workflows.states import EnrolledContactsPolicy

DRIFT_PERCENT: Final = 1
"""So many may have come and gone while somebody read the preview."""


@dataclass(frozen=True, slots=True)
class Counted:
    """`moves` by "from -> to", `exits` are those whose enrollments end."""

    inside: int
    moves: Mapping[str, int]
    exits: int


def make(workflow: Workflow, enrolled: EnrolledContactsPolicy, moves: Mapping[str, str], counted: Counted) -> str:
    digest = _digest(workflow, enrolled, moves)
    harmed = [sorted(counted.moves.items()), counted.exits]
    return urlsafe_b64encode(orjson.dumps([digest, harmed, counted.inside])).rstrip(b"=").decode()


def check(
    token: str, workflow: Workflow, enrolled: EnrolledContactsPolicy, moves: Mapping[str, str], counted: Counted
) -> None:
    """Raises Conflict at `token` when the preview was of something else, or its counts no longer hold.

    Who is moved, or whose enrollment ends, was counted exactly; how many are inside may differ by DRIFT_PERCENT.
    """
    digest, harmed, inside = _read(token)
    if digest != _digest(workflow, enrolled, moves):
        raise _conflict("the preview was of another draft, or of other answers")
    if harmed != [[list(pair) for pair in sorted(counted.moves.items())], counted.exits]:
        raise _conflict("others would now be moved or end than the preview counted")
    if abs(counted.inside - inside) > inside * DRIFT_PERCENT // 100:
        raise _conflict(f"{counted.inside} are inside now, and the preview counted {inside}")


def _conflict(why: str) -> Conflict:
    return Conflict(f"{why}: call workflowPublishPreview again, and publish with its token", ("token",))


def _read(token: str) -> tuple[str, Any, int]:
    try:
        digest, harmed, inside = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return str(digest), harmed, int(inside)
    except (ValueError, TypeError):
        raise _conflict("this is no token of a preview") from None


def _digest(workflow: Workflow, enrolled: EnrolledContactsPolicy, moves: Mapping[str, str]) -> str:
    """What is published, upon what, and how."""
    about = [workflow.id, workflow.version, workflow.published_number, enrolled.value, sorted(moves.items())]
    return blake2b(orjson.dumps(about), digest_size=12).hexdigest()
