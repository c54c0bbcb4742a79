"""What members and the API may do to consent. A person's own opt-out stands over them."""

from datetime import timedelta
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.contacts import consent_history, person_consent, suppressions
from models.contacts.columns import ALL_COLUMNS
from models.contacts.consent import Consent, ConsentSource, NumberWords, Word, consent_of
from models.contacts.consent_history import ConsentChange, source_of
from models.contacts.suppressions import Heard
from models.db import Record
from models.errors import NotFound, Required, at
from models.values.phones import phone_key
from models.values.texts import check_text
from permissions.principal import Scope

COLUMNS: Final = ("whatsapp_consent", "consent_source", "consent_at")

KEPT: Final = (
    "whatsappConsent was left as it is: this person has opted out. Only the person undoes that, or contactConsentGrant with"
    " what shows that the person wants it."
)

STOPPED: Final = "The contact is opted out: the person with this number has said that it wants no messages."


async def decide(scope: Scope, checked: dict[str, Any], row: Record | None = None) -> tuple[dict[str, Any], list[str]]:
    """Returns the values to write on the locked `row` (None: a new contact), and what was set aside, and why."""
    values = {name: value for name, value in checked.items() if name != "whatsapp_consent"}
    given = checked.get("whatsapp_consent")
    key = moved_to(checked, row)
    if given is None and key is None:
        return values, []
    held = Consent() if row is None else consent_of(row)
    number = (await suppressions.find(scope.workspace_id, [key])).get(key, NumberWords()) if key else NumberWords()
    since = number.stopped_since
    if held.is_own_stop or since is not None:
        now = held if held.is_own_stop else Consent("OPTED_OUT", ConsentSource.PERSON, since)
        notices = [KEPT] if given not in (None, "OPTED_OUT") else [] if held.is_own_stop else [STOPPED]
    else:
        now = held if given in (None, held.value) else Consent(given, source_of(scope.principal), clock.now())
        notices = []
    if now != held:
        values |= zip(COLUMNS, (now.value, now.source, now.at), strict=True)
    return values, notices


def moved_to(checked: dict[str, Any], row: Record | None) -> str | None:
    """Returns the `phone_key` that the contact gets by this write; None: it gets none, or has it already."""
    phone = checked.get("phone")
    if phone is None:
        return None
    key = phone_key(phone)
    return None if row is not None and row["phone"] is not None and phone_key(row["phone"]) == key else key


async def follow(scope: Scope, was: Record | None, now: Record, moved: str | None) -> None:
    """What else a write of a contact does, in its transaction: the history, and an own stop that goes to the new number."""
    if moved is not None:
        await person_consent.look_again(scope.workspace_id, [moved])
        if consent_of(now).is_own_stop:
            await person_consent.settle(scope.workspace_id, [now["id"]])
    if was is not None and consent_of(was) != consent_of(now):
        after = consent_of(now)
        assert after.source is not None
        change = ConsentChange(
            now["id"],
            after.at or clock.now(),
            ConsentSource(after.source),
            consent_of(was),
            after,
            actor_id=scope.principal.id,
        )
        await consent_history.record(scope.workspace_id, [change])


_GET: Final = f"SELECT {ALL_COLUMNS} FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2"  # noqa: S608

LONGEST_EVIDENCE: Final = 2_000
"""Characters."""


async def grant_consent(scope: Scope, contact_id: int, evidence: str) -> Record:
    """Opt the contact in, over its own opt-out. `evidence` is kept in the history, and who did it in the audit log.

    Raises NotFound at `id`, Required or Invalid at `evidence`.
    """
    with at("evidence"):
        shown = check_text(evidence, LONGEST_EVIDENCE).strip()
        if not shown:
            raise Required("say what shows that the person wants messages, such as where and when it was said")
    async with db.transaction():
        row = await db.fetch_row(_GET, scope.workspace_id, contact_id)
        if row is None:
            raise NotFound("there is no such contact", ("id",))
        source = source_of(scope.principal)
        granted_at = await _after_every_stop(scope, row)
        if row["phone"] is not None:
            start = Heard(phone_key(row["phone"]), Word.START, granted_at, source)
            await person_consent.heed(scope.workspace_id, [start], scope.principal.id)
        granted = Consent("OPTED_IN", source, granted_at)
        await person_consent.set_one(scope.workspace_id, contact_id, granted, shown, scope.principal.id)
        await audit_log.record(scope, "contact_consent_grant", "Contact", contact_id)
        changed = await db.fetch_row(_GET, scope.workspace_id, contact_id)
        assert changed is not None
    return changed


async def _after_every_stop(scope: Scope, row: Record) -> Any:
    """Providers' clocks may be ahead of ours."""
    key = "" if row["phone"] is None else phone_key(row["phone"])
    number = (await suppressions.find(scope.workspace_id, [key])).get(key, NumberWords())
    since = max(filter(None, (number.stopped_since, row["consent_at"])), default=clock.now())
    return max(clock.now(), since + timedelta(microseconds=1))
