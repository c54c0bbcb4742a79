"""A person's correction of a score."""

from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.errors import Invalid, LimitExceeded, NotFound, at
from models.membership import dirty_contacts
from models.score_models.of_contacts import ContactScore, of_contacts
from models.scores.definition import points as read_points
from models.scores.engine import to_compute
from models.values.texts import check_name
from permissions.principal import PrincipalKind, Scope

MOST: Final = 100
"""Of one contact and score, at a time."""


async def adjust(
    scope: Scope, contact_id: int, model_id: int, points: Any, reason: str, until: datetime | None
) -> ContactScore | None:
    """Adds points until then (None: for good), before the limits of the score. The engine makes the score right at once.

    Returns the score as it was before. Raises NotFound at `contactId` or `modelId`, Invalid, or LimitExceeded.
    """
    with at("points"):
        amount = read_points(points)
        if not amount:
            raise Invalid("no points change nothing: give a number that is not 0")
    with at("reason"):
        said = check_name(reason, 500)
    now = clock.now()
    if until is not None and until <= now:
        raise Invalid("this is past: a correction ends at a time to come, or never (null)", ("until",))
    async with db.transaction():
        await _check_known(scope, contact_id, model_id)
        count = await db.fetch_value(_COUNT, scope.workspace_id, contact_id, model_id, now)
        if count >= MOST:
            raise LimitExceeded(
                f"the contact has {MOST} corrections of this score already: give one that stands for them"
            )
        await db.execute(
            _ADJUST,
            scope.workspace_id,
            model_id,
            contact_id,
            amount,
            said,
            until,
            scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None,
            now,
        )
        await dirty_contacts.mark(scope.workspace_id, [contact_id], to_compute(model_id))
        details = {
            "contact": contact_id,
            "points": float(amount),
            "until": None if until is None else until.isoformat(),
        }
        await audit_log.record(scope, "score_adjust", "ScoreModel", model_id, details)
    found = (await of_contacts(scope, [contact_id]))[contact_id]
    return next((score for score in found if score.model_id == model_id), None)


async def _check_known(scope: Scope, contact_id: int, model_id: int) -> None:
    held = "SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 FOR KEY SHARE"
    if await db.fetch_value(held, scope.workspace_id, contact_id) is None:
        raise NotFound("there is no such contact", ("contactId",))
    model = "SELECT id FROM score_models WHERE workspace_id = $1 AND id = $2 FOR KEY SHARE"
    if await db.fetch_value(model, scope.workspace_id, model_id) is None:
        raise NotFound("there is no such score", ("modelId",))


_COUNT: Final = """
    SELECT count(*) FROM score_adjustments
    WHERE workspace_id = $1 AND contact_id = $2 AND model_id = $3 AND (until IS NULL OR until > $4)
"""

_ADJUST: Final = """
    INSERT INTO score_adjustments (workspace_id, model_id, contact_id, points, reason, until, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
