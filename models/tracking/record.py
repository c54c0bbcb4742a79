"""Records the calls of one request, in their order. One that cannot be recorded costs no other."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from models import clock, db
from models.contacts import activities, aliases, anonymous_ids
from models.contacts import fields as contact_fields
from models.contacts.aliases import AliasKind
from models.contacts.anonymous_ids import stands_for_nobody
from models.contacts.attributes import Fields
from models.contacts.update import update_contact
from models.contacts.upsert import upsert_contact
from models.errors import DomainError, Problems, Taken
from models.identity.identify import identify
from models.queue import work
from models.queue.enqueue import enqueue
from models.tracking.protocol import Call, CallType
from models.tracking.rejections import Rejection, RejectionCode
from models.tracking.traits import values_of
from permissions.principal import Scope

_REAL_USERS: Final = frozenset({"1", "user", "test"})
"""User ids that a shop can have given, though no browser calls itself so."""


async def record(scope: Scope, calls: Sequence[Call]) -> tuple[int, list[Rejection]]:
    """Returns how many activities were new, and what could not be recorded."""
    rejected: list[Rejection] = []
    recorded = 0
    somebody = [named for call in calls if (named := _named(call, rejected)) is not None]
    fields = await contact_fields.load(scope) if any(call.traits for call in somebody) else {}
    for is_activity, run in groupby(somebody, key=lambda call: call.is_activity):
        if is_activity:
            recorded += await _record_activities(scope, list(run), rejected)
            continue
        for call in run:
            await _say_who(scope, call, fields, rejected)
    return recorded, rejected


def _named(call: Call, rejected: list[Rejection]) -> Call | None:
    """The call without ids that stand for nobody; None when no other is left."""
    user_id = None if call.user_id is None or _is_no_user(call.user_id) else call.user_id
    anonymous_id = None if call.anonymous_id is None or stands_for_nobody(call.anonymous_id) else call.anonymous_id
    if user_id is None and anonymous_id is None:
        message = "The id stands for nobody in particular, such as zeros or `undefined`."
        rejected.append(Rejection(RejectionCode.NOBODY, message, f"{call.type} {call.name}"))
        return None
    if (user_id, anonymous_id) == (call.user_id, call.anonymous_id):
        return call
    return call.of(user_id, anonymous_id)


def _is_no_user(user_id: str) -> bool:
    return user_id.lower() not in _REAL_USERS and stands_for_nobody(user_id)


# ---------------------------------------------------------------- activities


async def _record_activities(scope: Scope, calls: Sequence[Call], rejected: list[Rejection]) -> int:
    await _link(scope, calls, rejected)
    async with db.transaction():
        users = await _users(scope, sorted({call.user_id for call in calls if call.user_id is not None}))
        visitors = await anonymous_ids.contacts_of(
            scope, {call.anonymous_id for call in calls if call.user_id is None and call.anonymous_id is not None}
        )
        contact_ids = [
            users[call.user_id] if call.user_id is not None else visitors[call.anonymous_id or ""] for call in calls
        ]
        return await activities.write(
            scope,
            contact_ids,
            [call.kind or "" for call in calls],
            [call.occurred_at for call in calls],
            [call.properties for call in calls],
            [call.message_id for call in calls],
        )


async def _link(scope: Scope, calls: Sequence[Call], rejected: list[Rejection]) -> None:
    """A call with both ids says who the visitor is, the first time."""
    both = dict.fromkeys(
        (call.user_id, call.anonymous_id)
        for call in calls
        if call.user_id is not None and call.anonymous_id is not None
    )
    if not both:
        return
    visitors = await aliases.holders(scope.workspace_id, AliasKind.ANONYMOUS_ID, [visitor or "" for _, visitor in both])
    known = await _known_users(scope, [user or "" for user, _ in both])
    for user, visitor in both:
        assert user is not None
        assert visitor is not None
        if known.get(user) is None or visitors.get(visitor) != known[user]:
            try:
                await identify(scope, visitor, {"external_id": user})
            except (DomainError, Problems) as error:
                rejected.append(_refusal(error, "identify"))


_USERS: Final = """
    SELECT external_id, id FROM contacts WHERE workspace_id = $1 AND external_id = ANY ($2::text[]) ORDER BY id FOR KEY SHARE
"""


async def _known_users(scope: Scope, user_ids: Sequence[str]) -> dict[str, int]:
    """Returns the contacts with these external ids, or known by them."""
    rows = await db.fetch(_USERS, scope.workspace_id, list(user_ids))
    found = {row["external_id"]: row["id"] for row in rows}
    missing = [user for user in user_ids if user not in found]
    return found | await aliases.holders(scope.workspace_id, AliasKind.EXTERNAL_ID, missing)


async def _users(scope: Scope, user_ids: Sequence[str]) -> Mapping[str, int]:
    """As `_known_users`, in a transaction; contacts are made for ids that nobody has."""
    found = await _known_users(scope, user_ids)
    missing = [user for user in user_ids if user not in found]
    if missing:
        await db.execute(_MAKE, scope.workspace_id, missing, clock.now())
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
        found |= await _known_users(scope, missing)
    return found


_MAKE: Final = """
    INSERT INTO contacts (workspace_id, external_id, created_at, updated_at)
    SELECT $1, external_id, $3, $3 FROM unnest($2::text[]) AS external_id ORDER BY external_id
    ON CONFLICT DO NOTHING
"""


# ---------------------------------------------------------------- people


async def _say_who(scope: Scope, call: Call, fields: Fields, rejected: list[Rejection]) -> None:
    if call.type is CallType.ALIAS:
        await _join(scope, call, rejected)
        return
    values, bad = values_of(call.traits, fields, scope.default_country)
    rejected += bad
    if call.user_id is not None:
        values["external_id"] = call.user_id
    try:
        await _write(scope, call, values)
    except (DomainError, Problems) as error:
        rejected.append(_refusal(error, call.name))
        # What another contact has stays there: a page is no proof.
        unique = {name: value for name, value in values.items() if name not in ("email", "phone")}
        if unique != values:
            try:
                await _write(scope, call, unique)
            except (DomainError, Problems) as again:
                rejected.append(_refusal(again, call.name))


async def _write(scope: Scope, call: Call, values: dict[str, Any]) -> None:
    has_key = any(values.get(key) is not None for key in ("external_id", "email", "phone"))
    if has_key and call.anonymous_id is not None:
        await identify(scope, call.anonymous_id, values)
    elif has_key:
        await upsert_contact(scope, values)
    elif call.anonymous_id is not None:
        async with db.transaction():
            found = await anonymous_ids.contacts_of(scope, [call.anonymous_id])
        await update_contact(scope, found[call.anonymous_id], values)


async def _join(scope: Scope, call: Call, rejected: list[Rejection]) -> None:
    """`previousId` is what the visitor was called before. An id of a known contact is never merged by itself."""
    assert call.previous_id is not None
    if call.user_id is None or stands_for_nobody(call.previous_id):
        rejected.append(
            Rejection(RejectionCode.NOBODY, "`alias` needs `userId`, and a `previousId` of one visitor.", "alias")
        )
        return
    if await _known_users(scope, [call.previous_id]):
        message = "`previousId` is a known contact's: two known contacts are merged by people (contactsMerge)."
        rejected.append(Rejection(RejectionCode.TAKEN, message, "alias"))
        return
    try:
        await identify(scope, call.previous_id, {"external_id": call.user_id})
    except (DomainError, Problems) as error:
        rejected.append(_refusal(error, "alias"))


def _refusal(error: DomainError | Problems, event: str) -> Rejection:
    """Without the error's own text, which may name what the person has."""
    errors = error.errors if isinstance(error, Problems) else (error,)
    fields = ", ".join(dict.fromkeys(str((one.path or ("?",))[-1]) for one in errors))
    if any(isinstance(one, Taken) for one in errors):
        return Rejection(RejectionCode.TAKEN, f"Another contact has this {fields} already.", event)
    return Rejection(RejectionCode.BAD_TRAIT, f"It cannot be stored: {fields}.", event)
