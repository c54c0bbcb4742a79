"""Moments as operators write them."""

from datetime import datetime

import click


def read_moment(given: str) -> str:
    """An instant with an offset."""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(f"{given!r} is no time, such as 2027-01-31T09:00+01:00", param_hint="--at") from None
    if moment.tzinfo is None:
        raise click.BadParameter(f"{given!r} has no offset, such as Z or +01:00", param_hint="--at")
    return moment.isoformat()
