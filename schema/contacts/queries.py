from collections.abc import Mapping
from typing import Annotated, Any, Final

import strawberry

from models.contacts import fields, tags
from models.contacts import pages as contact_pages
from models.contacts.built_in_fields import path_of
from models.contacts.find import find_contact
from models.contacts.pages import ContactCriteria, ContactPosition
from models.errors import Invalid, NotFound, Required, at
from models.rules.depends import segments_mentioned
from models.score_models import score_models
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.enums import ContactOrder
from schema.contacts.types import Contact, ContactConnection, ContactField
from schema.rules.inputs import RuleInput
from schema.rules.query_inputs import one_rule
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import admit, query, scope_of
from schema.server.ids import find_id, get_id
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import Cursors, Reader, a_number, a_text, an_instant, nothing_or

MOST_SKIPPED: Final = 100_000_000


@strawberry.type
class ContactQuery:
    @query(Permission.CONTACT_READ)
    async def contact(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        external_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
    ) -> Contact | None:
        given = {"id": id, "external_id": external_id, "email": email, "phone": phone}
        key, value = _one_of({key: value for key, value in given.items() if value is not None})
        wanted = find_id("Contact", value) if key == "id" else value
        if wanted is None:
            return None
        with at(path_of(key)):
            return shown(Contact, await find_contact(scope_of(info), key, wanted, selected(info)))

    @query(
        Permission.CONTACT_READ,
        description="`search` looks in name, email, phone and external id.",
    )
    async def contacts(
        self,
        info: Info,
        first: int | None = 50,
        after: str | None = None,
        search: str | None = None,
        segment_id: strawberry.ID | None = None,
        filter: RuleInput | None = None,
        order_by: ContactOrder = ContactOrder.CREATED_AT_DESC,
        rule_query: Annotated[
            str | None, strawberry.argument(description="As `filter`, with the rule in its text form.")
        ] = None,
        order_by_score: Annotated[
            str | None,
            strawberry.argument(description="The key of a score: the highest value first, in place of `orderBy`."),
        ] = None,
        skip: Annotated[
            int,
            strawberry.argument(
                description="Pass over so many contacts first, 100,000,000 at most: for jumps, and far ones take longer."
            ),
        ] = 0,
    ) -> ContactConnection:
        scope = scope_of(info)
        await _check_score(info, order_by_score)
        criteria = ContactCriteria(search, _segment_id(info, segment_id), await _rule(info, filter, rule_query))
        cursors = cursors_of_contacts(scope, criteria, order_by, order_by_score)
        position = _position(cursors, after, order_by, order_by_score)
        names = selected(info, "nodes") | selected(info, "edges", "node")
        rows = await contact_pages.page(
            scope,
            criteria,
            order_by,
            page_size(first) + 1,
            after=position,
            names=names,
            score=order_by_score,
            skip=_skipped(skip),
        )
        page = page_of(
            rows,
            first,
            after if skip == 0 else f"{after} and {skip} more",
            lambda row: cursors.write(row["sort_key"], row["id"]),
            count=lambda: contact_pages.count(scope, criteria),
        )
        return shown(ContactConnection, page)

    @query(Permission.CONTACT_READ)
    async def contact_fields(self, info: Info) -> list[ContactField]:
        return all_shown(ContactField, await fields.every(scope_of(info)))

    @query(
        Permission.CONTACT_READ,
        description="The tags in use, in alphabetical order. One that no contact has any more stays for up to an hour.",
    )
    async def tags(self, info: Info, search: str | None = None, first: int | None = 100) -> list[str]:
        return await tags.find(scope_of(info), search, page_size(first, default=100))


def _skipped(skip: int) -> int:
    if not 0 <= skip <= MOST_SKIPPED:
        raise Invalid(f"`skip` is {skip}: pass over between 0 and {MOST_SKIPPED} contacts", ("skip",))
    return skip


def _one_of(given: Mapping[str, Any]) -> tuple[str, Any]:
    if not given:
        raise Required("say which contact: one of id, externalId, email or phone")
    if len(given) > 1:
        raise Invalid("give one of id, externalId, email and phone, not several")
    return next(iter(given.items()))


def _segment_id(info: Info, segment_id: str | None) -> int | None:
    """Members of a segment are only for callers who may read segments."""
    if segment_id is None:
        return None
    admit(info.context, Permission.SEGMENT_READ)
    return get_id("Segment", segment_id, ("segmentId",))


async def _rule(info: Info, given: RuleInput | None, text: str | None) -> object:
    """Returns the rule as it is stored. A rule over segments is only for callers who may read segments."""
    rule, _ = await one_rule(info, given, text, rule_at="filter")
    if segments_mentioned(rule):
        admit(info.context, Permission.SEGMENT_READ)
    return rule


def cursors_of_contacts(
    scope: Scope, criteria: ContactCriteria, order: ContactOrder, score: str | None = None
) -> Cursors:
    return Cursors(scope, "contacts", order.value if score is None else f"scores.{score}", criteria)


async def _check_score(info: Info, key: str | None) -> None:
    """Scores are only for callers who may read segments."""
    if key is not None:
        admit(info.context, Permission.SEGMENT_READ)
        if await score_models.find(scope_of(info), key=key) is None:
            raise NotFound("there is no score with this key", ("orderByScore",))


def _position(cursors: Cursors, after: str | None, order: ContactOrder, score: str | None) -> ContactPosition | None:
    sort_key: Reader = an_instant if score is None and contact_pages.sorts_by_time(order) else a_text
    if score is not None or contact_pages.may_lack_its_key(order):
        sort_key = nothing_or(sort_key)
    key = cursors.read(after, sort_key, a_number)
    return None if key is None else ContactPosition(*key)
