"""What an import may do to consent: nobody's opt-out is undone, and a number that said stop stays stopped."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.contacts import person_consent, suppressions
from models.contacts.consent import ConsentSource, NumberWords
from models.contacts.consent_writes import COLUMNS
from models.transfers.imports.matching import KnownContact, Step
from permissions.principal import Scope

FIELD: Final = "whatsapp_consent"

SET_ASIDE: Final = "this person has opted out, which an import does not undo"


async def stopped_numbers(scope: Scope, created: Sequence[tuple[int, KnownContact]]) -> Mapping[str, NumberWords]:
    """Of new contacts, by phone key."""
    return await suppressions.find_stopped(scope.workspace_id, {known.phone for _, known in created if known.phone})


def of_new_contacts(
    given: Sequence[str | None] | None, phone_keys: Sequence[str | None], stopped: Mapping[str, NumberWords]
) -> tuple[dict[str, Sequence[Any]], list[int]]:
    """Returns the columns of consent, and the indexes of cells that were set aside. `given` None: no column is mapped to it."""
    if given is None and not stopped:
        return {}, []
    now = clock.now()
    set_aside: list[int] = []
    rows: list[tuple[str, str | None, datetime | None]] = []
    for index, (cell, key) in enumerate(zip(given or [None] * len(phone_keys), phone_keys, strict=True)):
        number = stopped.get(key) if key is not None else None
        if number is not None:
            rows.append(("OPTED_OUT", ConsentSource.PERSON.value, number.stopped_since))
            if cell not in (None, "OPTED_OUT"):
                set_aside.append(index)
        elif cell in (None, "UNKNOWN"):
            rows.append(("UNKNOWN", None, None))
        else:
            rows.append((cell, ConsentSource.IMPORT.value, now))
    return dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)), set_aside


async def settle_moved(scope: Scope, step: Step) -> None:
    """For known contacts that got another number. The import marks its own changes, and these are marked by triggers."""
    created = {known.id for _, known in step.creates}
    moved = {known.id for key, _, known in step.moved if key == "phone" and known.id is not None} - created
    if moved and await suppressions.has_any(scope.workspace_id) | await _has_own_stops(scope, moved):
        await db.execute("SET LOCAL muster.capture = 'bulk'")
        await person_consent.settle(scope.workspace_id, sorted(moved))
        await db.execute("SET LOCAL muster.capture = 'off'")


async def _has_own_stops(scope: Scope, ids: Collection[int]) -> bool:
    return bool(
        await db.fetch_value(
            """
            SELECT true FROM contacts
            WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND whatsapp_consent = 'OPTED_OUT' AND consent_source = 'PERSON'
            LIMIT 1
            """,
            scope.workspace_id,
            list(ids),
        )
    )


def notices(set_aside: int) -> list[str]:
    if not set_aside:
        return []
    rows = "1 row was" if set_aside == 1 else f"{set_aside:,} rows were"
    return [
        f"The consent in {rows} set aside: these people have opted out, which an import does not undo. All else was written."
    ]
