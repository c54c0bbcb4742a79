"""GraphQL documents and ids of the tests of segments."""

from schema.server.ids import to_global_id
from tests.kit.api import ERRORS

VIP = {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}


UPDATE = f"""mutation ($id: ID!, $input: SegmentUpdateInput!) {{ segmentUpdate(id: $id, input: $input) {{
    segment {{ name description status version }} {ERRORS} }} }}"""


DELETE = f"mutation ($id: ID!, $force: Boolean) {{ segmentDelete(id: $id, force: $force) {{ deletedId {ERRORS} }} }}"


ADD = f"""mutation ($id: ID!, $contacts: ContactSelection!) {{ segmentContactsAdd(segmentId: $id, contacts: $contacts) {{
    segment {{ memberCount }} changed job {{ __typename id kind status done total }} {ERRORS} }} }}"""


LIST = """query ($first: Int, $after: String, $search: String, $kind: SegmentKind, $unusedSince: DateTime,
                 $deleted: Boolean, $orderBy: SegmentOrder! = NAME_ASC,
                 $status: SegmentStatus) {
    segments(first: $first, after: $after, search: $search, kind: $kind, unusedSince: $unusedSince, deleted: $deleted,
             orderBy: $orderBy, status: $status) {
        nodes { name deletedAt lastUsedAt } pageInfo { hasNextPage endCursor } totalCount } }"""


def contact_id(number: int) -> str:
    return to_global_id("Contact", number)


def id_of(segment) -> str:
    return to_global_id("Segment", segment.id)


def refusals(payload: dict) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]
