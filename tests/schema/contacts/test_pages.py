"""Lists of contacts: orders, pages, searches and filters."""

from datetime import UTC, datetime, timedelta

import pytest

from models import db
from models.contacts.create import create_contact
from models.contacts.find import find_contact
from models.contacts.pages import ContactOrder
from models.contacts.selections import ContactSelection
from models.contacts.update import update_contact
from models.segments import segments
from models.segments.segments import SegmentKind
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of

PAGE = """
    query ($first: Int, $after: String, $search: String, $segmentId: ID, $filter: RuleInput, $orderBy: ContactOrder! = CREATED_AT_DESC) {
        contacts(first: $first, after: $after, search: $search, segmentId: $segmentId, filter: $filter, orderBy: $orderBy) {
            totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { externalId } } nodes { name }
        }
    }
"""  # noqa: E501


async def ids(api: Api, bearer: str, **given) -> list[str]:
    page = (await api.data(bearer, PAGE, **given))["contacts"]
    return [edge["node"]["externalId"] for edge in page["edges"]]


async def each_id(api: Api, bearer: str, size: int, **given) -> list[str]:
    """All the external ids, page by page."""
    found: list[str] = []
    after = None
    while True:
        page = (await api.data(bearer, PAGE, first=size, after=after, **given))["contacts"]
        found += [edge["node"]["externalId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasPreviousPage"] is (len(found) > len(page["edges"]))
        if not page["pageInfo"]["hasNextPage"]:
            return found


NAMES = ["bea", None, "Ana", "ana", None, "Zoë", "Émile"]
SEEN = [3, 1, None, 2, None, 2, 5]


@pytest.fixture
async def seven(workspace: Scope) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number, (name, day) in enumerate(zip(NAMES, SEEN, strict=True)):
        seen = None if day is None else start + timedelta(days=day)
        await create_contact(workspace, {"external_id": str(number), "name": name, "last_interaction_at": seen})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("CREATED_AT_ASC", "0123456"),
        ("CREATED_AT_DESC", "6543210"),
        ("NAME_ASC", "2305614"),
        ("NAME_DESC", "6503241"),
        ("LAST_INTERACTION_AT_ASC", "1350624"),
        ("LAST_INTERACTION_AT_DESC", "6053142"),
    ],
)
async def test_pages_of_every_size_make_up_the_whole_list(
    api: Api, admin: str, seven: None, order: str, expected: str, size: int
) -> None:
    assert await each_id(api, admin, size, orderBy=order) == list(expected)


JUMP = """
    query ($after: String, $skip: Int!, $orderBy: ContactOrder!) {
        contacts(first: 3, after: $after, skip: $skip, orderBy: $orderBy) {
            edges { cursor node { externalId } } pageInfo { hasNextPage hasPreviousPage }
        }
    }
"""


@pytest.mark.parametrize("order", ContactOrder)
async def test_a_jump_passes_over_as_many_as_pages_would(
    api: Api, admin: str, seven: None, order: ContactOrder
) -> None:
    whole = (await api.data(admin, PAGE, first=250, orderBy=order.value))["contacts"]["edges"]
    for begin in (0, 1, 4, 6):
        after = whole[begin - 1]["cursor"] if begin else None
        for skip in (0, 1, 2, 3, 5, 6, 7, 8):
            page = (await api.data(admin, JUMP, after=after, skip=skip, orderBy=order.value))["contacts"]
            found = [edge["node"]["externalId"] for edge in page["edges"]]
            at = begin + skip
            assert found == [edge["node"]["externalId"] for edge in whole[at : at + 3]], (begin, skip)
            assert page["pageInfo"] == {"hasNextPage": at + 3 < 7, "hasPreviousPage": at > 0}


async def test_a_jump_is_neither_backwards_nor_without_end(api: Api, admin: str) -> None:
    for skip in (-1, 100_000_001):
        assert await api.codes(admin, JUMP, skip=skip, orderBy="NAME_ASC") == ["BAD_REQUEST"]


async def test_contacts_created_meanwhile_neither_repeat_nor_hide_a_row(
    api: Api, admin: str, workspace: Scope, seven: None
) -> None:
    for order in ContactOrder:
        page = (await api.data(admin, PAGE, first=3, orderBy=order.value))["contacts"]
        first = [edge["node"]["externalId"] for edge in page["edges"]]
        await create_contact(workspace, {"external_id": f"new {order}", "name": "Carla"})
        rest = await ids(api, admin, after=page["pageInfo"]["endCursor"], orderBy=order.value)
        assert sorted(one for one in [*first, *rest] if len(one) == 1) == list("0123456")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
async def test_paging_goes_on_after_the_earliest_and_the_latest_instant(
    api: Api, admin: str, workspace: Scope, moment: str
) -> None:
    for number in range(4):
        await create_contact(workspace, {"external_id": str(number), "last_interaction_at": moment})
    assert await each_id(api, admin, 1, orderBy="LAST_INTERACTION_AT_ASC") == list("0123")
    assert await each_id(api, admin, 1, orderBy="LAST_INTERACTION_AT_DESC") == list("3210")


_CHANGE = """
    UPDATE contacts SET date_of_birth = $3::text::date, subscribed_at = $3::text::timestamptz,
        last_interaction_at = $3::text::timestamptz, created_at = $3::text::timestamptz
    WHERE workspace_id = $1 AND id = $2
"""
_RECORD = """
    INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, 'visit', $3::text::timestamptz)
"""
EXTREME = ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "294270-02-28"]


async def test_times_outside_the_range_of_the_api_are_shown_as_the_nearest_inside(
    api: Api, admin: str, workspace: Scope
) -> None:
    ids = [(await create_contact(workspace, {"name": when}))["id"] for when in EXTREME]
    for contact_id, when in zip(ids, EXTREME, strict=True):
        await db.execute(_CHANGE, workspace.workspace_id, contact_id, when)
        await db.execute(_RECORD, workspace.workspace_id, contact_id, when)
    query = """query ($order: ContactOrder!) { contacts(orderBy: $order) { nodes {
        name dateOfBirth subscribedAt lastInteractionAt createdAt activities { nodes { occurredAt } } } } }"""
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"
    for order in ContactOrder:
        for told in (await api.data(admin, query, order=order.value))["contacts"]["nodes"]:
            when = first if told["name"] in ("-infinity", "0044-03-15 BC") else last
            instants = [told["subscribedAt"], told["lastInteractionAt"], told["createdAt"]]
            assert instants == [when] * 3
            assert (told["dateOfBirth"], told["activities"]["nodes"][0]["occurredAt"]) == (when[:10], when)
    changed = await update_contact(workspace, ids[2], {"score": 5, "subscribed_at": "2026-01-01T00:00:00Z"})
    assert changed["subscribed_at"] == datetime(2026, 1, 1, tzinfo=UTC)


async def test_a_cursor_is_valid_for_its_own_order_only(api: Api, admin: str, seven: None) -> None:
    page = (await api.data(admin, PAGE, first=1, orderBy="NAME_ASC"))["contacts"]
    cursor = page["pageInfo"]["endCursor"]
    for wrong in (cursor, "nonsense", ""):
        assert await api.codes(admin, PAGE, after=wrong, orderBy="CREATED_AT_ASC") == ["BAD_REQUEST"]


async def test_a_page_holds_at_most_250(api: Api, admin: str) -> None:
    assert await api.codes(admin, PAGE, first=250) == []
    assert await api.codes(admin, PAGE, first=251) == ["BAD_REQUEST"]
    assert await api.codes(admin, PAGE, first=0) == ["BAD_REQUEST"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ana", ["1", "2"]),
        ("GARCÍA", ["1"]),
        ("example.com", ["1", "2"]),
        ("+34600", ["1"]),
        ("600 111", ["1"]),
        ("x-2", ["2"]),
        ("100%", ["3"]),
        ("%", ["3"]),
        ("_", []),
        ("  ", ["1", "2", "3"]),
        ("a\nb", []),
    ],
)
async def test_a_search_looks_in_names_and_keys_without_regard_to_case(
    api: Api, admin: str, workspace: Scope, search: str, found: list[str]
) -> None:
    for number, values in enumerate(
        (
            {"name": "Ana García", "email": "a@example.com", "phone": "+34600111222"},
            {"name": "Bob", "email": "diana@example.com"},
            {"name": "100% sure"},
        )
    ):
        external_id = {"external_id": f"{'X-' if number == 1 else ''}{number + 1}"}
        await create_contact(workspace, {**values, **external_id})
    shown = [one.removeprefix("X-") for one in await ids(api, admin, search=search, orderBy="CREATED_AT_ASC")]
    assert shown == found


async def test_a_filter_and_a_segment_narrow_the_list_and_the_count(
    api: Api, admin: str, workspace: Scope, seven: None
) -> None:
    rows = [await find_contact(workspace, "external_id", number) for number in "024"]
    chosen = ContactSelection(ids=tuple(row["id"] for row in rows if row is not None))
    made = await segments.create(workspace, SegmentKind.STATIC, name="Some", contacts=chosen)
    segment_id = to_global_id("Segment", made.segment.id)
    named = {"field": {"field": "name", "operator": "IS_SET"}}
    inside = {"segment": {"segmentId": segment_id}}
    assert await ids(api, admin, segmentId=segment_id, orderBy="CREATED_AT_ASC") == ["0", "2", "4"]
    assert await ids(api, admin, filter=inside, orderBy="CREATED_AT_ASC") == ["0", "2", "4"]
    page = (await api.data(admin, PAGE, segmentId=segment_id, filter=named, search="A", orderBy="NAME_ASC"))["contacts"]
    assert (page["totalCount"], [node["name"] for node in page["nodes"]]) == (2, ["Ana", "bea"])


async def test_the_members_of_a_segment_need_the_permission_to_read_segments(
    api: Api, workspace: Scope, seven: None
) -> None:
    made = await segments.create(workspace, SegmentKind.STATIC, name="Some")
    segment_id = to_global_id("Segment", made.segment.id)
    reader = await bearer_of(workspace, Role.USER, Permission.CONTACT_READ)
    assert await api.codes(reader, PAGE, segmentId=segment_id) == ["FORBIDDEN"]
    inside = {"not": {"any": [{"segment": {"segmentId": segment_id}}]}}
    assert await api.codes(reader, PAGE, filter=inside) == ["FORBIDDEN"]
    assert await api.codes(reader, "{ contacts { nodes { segments { totalCount } } } }") == ["FORBIDDEN"]


async def test_a_wrong_filter_is_reported_with_its_path(api: Api, admin: str) -> None:
    response = await api.ask(admin, PAGE, filter={"all": [{"field": {"field": "shoe", "operator": "IS_SET"}}]})
    assert response["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert response["errors"][0]["extensions"]["field"] == ["filter", "all", "0", "field", "field"]


async def test_each_contact_of_a_page_shows_its_segments_and_activities(
    api: Api, admin: str, workspace: Scope, seven: None
) -> None:
    rows = [await find_contact(workspace, "external_id", number) for number in "01"]
    numbers = [row["id"] for row in rows if row is not None]
    for name, chosen in (("Both", numbers), ("One", numbers[:1]), ("Gone", numbers)):
        made = await segments.create(
            workspace, SegmentKind.STATIC, name=name, contacts=ContactSelection(ids=tuple(chosen))
        )
    await segments.delete(workspace, made.segment.id)
    ask = """{ contacts(first: 3, orderBy: CREATED_AT_ASC) { nodes {
        externalId
        segments(first: 1) { totalCount pageInfo { hasNextPage endCursor } edges { origin node { name } } }
    } } }"""
    nodes = (await api.data(admin, ask))["contacts"]["nodes"]
    shown = [(n["segments"]["totalCount"], [e["node"]["name"] for e in n["segments"]["edges"]]) for n in nodes]
    assert shown == [(2, ["Both"]), (1, ["Both"]), (0, [])]
    cursor = nodes[0]["segments"]["pageInfo"]["endCursor"]
    more = 'query ($a: String) { contact(externalId: "0") { segments(after: $a) { nodes { name } } } }'
    assert (await api.data(admin, more, a=cursor))["contact"]["segments"]["nodes"] == [{"name": "One"}]
