"""Endpoints are made and changed: checked, with encrypted secrets, and without losing what waits."""

from datetime import timedelta

import pytest

from models import db
from models.accounts import secrets
from models.changelog.cursor import to_cursor
from models.changelog.members import MEMBERS
from models.changelog.read import NotInLog
from models.destinations.webhooks import backlogs, endpoints, lifecycle, positions, rows, urls
from models.destinations.webhooks.settings import EndpointSettings
from models.errors import InUse, NotAllowedInState, Problems
from models.segments import segments
from permissions.principal import Scope
from tests.kit.broadcasts import SECRET_KEY
from tests.kit.logs import drop_the_log, entered, months_ago
from tests.kit.receivers import Receiver
from tests.kit.segments import new_contacts, static_segment
from tests.kit.webhook_endpoints import an_endpoint, endpoint_row
from tests.kit.workspaces import new_workspace

__all__ = ["months_ago"]

URL = "https://example.com/hooks"


@pytest.fixture
async def scope(database: str) -> Scope:
    secrets.use_keys([SECRET_KEY])
    urls.allow_local(False)
    return await new_workspace()


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"url": "http://example.com"}, ("url",)),
        ({"event_types": []}, ("eventTypes",)),
        ({"event_types": ["membership.changes", "contact.born"]}, ("eventTypes", "1")),
        ({"event_types": ["ping"]}, ("eventTypes", "0")),
        ({"batch_size": 0}, ("batchSize",)),
        ({"batch_size": 1_001}, ("batchSize",)),
        ({"requests_per_second": 0.0}, ("requestsPerSecond",)),
        ({"requests_per_second": float("nan")}, ("requestsPerSecond",)),
        ({"description": "x" * 1_001}, ("description",)),
        ({"headers": {"webhook-id": "x"}}, ("headers", "webhook-id")),
        ({"headers": {"Host": "x"}}, ("headers", "Host")),
        ({"headers": {"content-TYPE": "x"}}, ("headers", "content-TYPE")),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, ("headers", "X-A")),
        ({"headers": {"X A": "a"}}, ("headers", "X A")),
        ({"headers": {"X-A": "ü"}}, ("headers", "X-A")),
        ({"headers": {"X-A": 5}}, ("headers", "X-A")),
        ({"headers": {"X-A": "1", "x-a": "2"}}, ("headers",)),
        ({"headers": {f"X-{n}": "" for n in range(21)}}, ("headers",)),
        ({"headers": {"X-A": "a" * 4_096}}, ("headers",)),
    ],
    ids=range(19),
)
async def test_wrong_settings_are_refused_with_their_place(scope: Scope, wrong: dict, path: tuple) -> None:
    given = {"url": URL, "event_types": ["membership.changes"], **wrong}
    with pytest.raises(Problems) as refused:
        await endpoints.create(scope, EndpointSettings(**given))
    assert [error.path for error in refused.value.errors] == [path]
    assert await rows.all_of(scope) == []


async def test_secrets_and_headers_are_encrypted_and_a_rotation_overlaps(scope: Scope) -> None:
    given = EndpointSettings(URL, ["membership.changes"], headers={"Authorization": "Bearer theirs", "X-A": "1"})
    made, secret = await endpoints.create(scope, given)
    stored = repr(dict(made)) + repr(await db.fetch("SELECT * FROM audit_log"))
    assert secret not in stored
    assert "Bearer theirs" not in stored
    assert secret.startswith("whsec_")
    row, second = await lifecycle.rotate_secret(scope, made["id"], timedelta(hours=24))
    assert rows.endpoint_of(row).secrets == (second, secret)
    row, third = await lifecycle.rotate_secret(scope, made["id"], timedelta(0))
    assert rows.endpoint_of(row).secrets == (third,)
    kept = EndpointSettings(URL, ["membership.changes"], headers={"authorization": None, "X-B": "2"})
    row = await endpoints.update(scope, made["id"], kept)
    assert rows.headers_of(row) == {"authorization": "Bearer theirs", "X-B": "2"}
    row = await endpoints.update(scope, made["id"], EndpointSettings(URL, ["membership.changes"]))
    assert rows.headers_of(row) == {"authorization": "Bearer theirs", "X-B": "2"}
    assert (
        rows.headers_of(await endpoints.update(scope, made["id"], EndpointSettings(URL, ["job.finished"], headers={})))
        == {}
    )


async def test_an_endpoint_begins_now_or_where_it_is_told_and_can_be_set_back(scope: Scope) -> None:
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 5)
    await entered(scope, segment, *ids[:3])
    both = ["membership.changes", "segment.deleted"]
    now, _ = await endpoints.create(scope, EndpointSettings(URL, both))
    back, _ = await endpoints.create(scope, EndpointSettings(URL, both), to_cursor(MEMBERS, scope.workspace_id, 1))
    await entered(scope, segment, *ids[3:])
    found = {row["id"]: await backlogs.backlog_of(scope, row) for row in await rows.all_of(scope)}
    assert (found[now["id"]].events, found[back["id"]].events) == (2, 4)
    at = await positions.delivered_up_to(scope, now["id"])
    cursor = at.to_cursor(scope.workspace_id)
    assert await positions.from_text(scope, cursor, ("startAt",)) == at
    row = await endpoints.update(scope, back["id"], EndpointSettings(URL, both), cursor)
    assert (await backlogs.backlog_of(scope, row)).events == 2
    row = await lifecycle.resume(scope, back["id"], skip_to_now=True)
    backlog = await backlogs.backlog_of(scope, row)
    assert (backlog.events, backlog.seconds) == (0, 0.0)


async def test_what_waits_is_counted_exactly_or_said_to_be_more(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    segment, rare, gone = [await static_segment(scope) for _ in range(3)]
    ids = await new_contacts(scope, 9)

    async def backlog(*event_types: str, of: tuple[int, ...] = ()) -> tuple[int, bool]:
        settings = EndpointSettings(URL, event_types or ("membership.changes",), segment_ids=of)
        row, _ = await endpoints.create(scope, settings, to_cursor(MEMBERS, scope.workspace_id, 1))
        found = await backlogs.backlog_of(scope, row)
        return found.events, found.is_minimum

    for contact_id in ids[:8]:
        await entered(scope, segment, contact_id)
    await entered(scope, rare, ids[8])
    await segments.delete(scope, gone.id)
    ends = await positions.heads(scope)
    assert await backlog() == (ends.members - 1, False)
    assert await backlog(of=(segment.id,)) == (7, False)
    assert await backlog("membership.changes", "segment.deleted") == (ends.members, False)
    monkeypatch.setattr(backlogs, "MOST_COUNTED", 4)
    assert await backlog() == (ends.members - 1, False), "positions say how many"
    assert await backlog(of=(segment.id,)) == (4, True)
    assert await backlog(of=(rare.id,)) == (0, True), "those that were looked through are of another segment"


async def test_another_address_has_to_prove_itself_again(scope: Scope) -> None:
    endpoint_id = await an_endpoint(scope, Receiver(url="https://example.com/one"))
    for _ in range(2):
        row = await endpoints.update(scope, endpoint_id, EndpointSettings(URL, ["membership.changes"]))
        assert (row["status"], row["proved_at"]) == ("CHECKING", None)
    kinds = await db.fetch("SELECT kind FROM webhook_deliveries")
    assert [row["kind"] for row in kinds] == ["PING"]


async def test_a_segment_that_an_endpoint_follows_is_in_use(scope: Scope) -> None:
    segment = await static_segment(scope)
    made, _ = await endpoints.create(scope, EndpointSettings(URL, ["membership.changes"], segment_ids=[segment.id]))
    with pytest.raises(InUse):
        await segments.delete(scope, segment.id)
    await endpoints.delete(scope, made["id"])
    await segments.delete(scope, segment.id)


async def test_what_fell_out_of_the_log_is_only_skipped(months_ago: Scope) -> None:
    secrets.use_keys([SECRET_KEY])
    endpoint_id = await an_endpoint(months_ago, Receiver(url=URL))
    await entered(months_ago, await static_segment(months_ago), *await new_contacts(months_ago, 2))
    await drop_the_log()
    with pytest.raises(NotInLog):
        await lifecycle.resume(months_ago, endpoint_id)
    assert (await lifecycle.resume(months_ago, endpoint_id, skip_to_now=True))["status"] == "ACTIVE"


async def test_a_disabled_endpoint_is_not_paused(scope: Scope) -> None:
    endpoint_id = await an_endpoint(scope, Receiver(url=URL))
    await db.execute("UPDATE webhook_endpoints SET status = 'DISABLED'")
    with pytest.raises(NotAllowedInState):
        await lifecycle.pause(scope, endpoint_id)
    assert (await endpoint_row(endpoint_id))["status"] == "DISABLED"
