"""The audience at Meta itself: made once, and asked about now and then."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from models import clock
from models.destinations.audiences import runs
from models.destinations.audiences.runs import Run

LOOK_EVERY: Final = timedelta(hours=1)


def description_of(run: Run) -> str:
    """With the mark by which the audience is found again."""
    return f"{run.audience.description} ({run.audience.mark})".strip()


async def begin(run: Run) -> None:
    """Before Meta is asked: if the answer is lost, it may have been made."""
    await runs.write(run, {"creating": True})


async def made(run: Run, external_id: str) -> None:
    await runs.write(run, {"creating": False, "external_id": external_id, "failures": 0, "reason": None})


def is_to_be_looked_at(run: Run) -> bool:
    looked_at = run.audience.looked_at
    return run.audience.external_id is not None and (looked_at is None or looked_at < clock.now() - LOOK_EVERY)


async def looked_at(run: Run, said: Mapping[str, Any]) -> None:
    delivery = said.get("delivery_status")
    status = delivery.get("description") if isinstance(delivery, dict) else None
    await runs.write(
        run,
        {
            "looked_at": clock.now(),
            "delivery_status": None if status is None else str(status)[:500],
            "approximate_lower": _count(said.get("approximate_count_lower_bound")),
            "approximate_upper": _count(said.get("approximate_count_upper_bound")),
        },
    )


def _count(value: Any) -> int | None:
    """Meta says -1 where it does not say how many."""
    return value if isinstance(value, int) and 0 <= value < 2**31 else None
