"""What attempts make of deliveries and of their endpoint."""

from datetime import timedelta

import pytest

from models import clock, db
from models.changelog.events import EVENTS
from models.changelog.read import read_page
from models.destinations.webhooks import dispatch, lifecycle, outcomes, planning, rows, schedule
from models.destinations.webhooks.bodies import delivery_of
from models.destinations.webhooks.outcomes import Attempt, Outcome
from models.queue.leases import LeaseLost
from permissions.principal import Scope
from tests.kit.logs import entered
from tests.kit.receivers import Receiver
from tests.kit.segments import new_contacts, static_segment
from tests.kit.webhook_endpoints import an_endpoint, endpoint_row
from tests.kit.workspaces import new_workspace

THEIRS = Receiver(url="http://127.0.0.1:9009/hooks")


class Tried:
    """An endpoint with one delivery after another, whose attempts end as a test says."""

    def __init__(self, scope: Scope, endpoint_id: int, lease, planned) -> None:
        self.scope = scope
        self.endpoint_id = endpoint_id
        self.lease = lease
        self.ids = [one.delivery.id for one in planned]

    async def ends(self, number: int = 0, status: int | None = 500, **more) -> dict:
        """The endpoint after an attempt of the delivery of this number."""
        (row,) = await rows.deliveries_by_ids(self.scope, [self.ids[number]])
        attempt = Attempt(clock.now(), 12, status, **more)
        await outcomes.record(self.scope, self.lease, [Outcome(delivery_of(row), attempt)])
        return await endpoint_row(self.endpoint_id)

    async def delivery(self, number: int = 0):
        return (await rows.deliveries_by_ids(self.scope, [self.ids[number]]))[0]

    async def waits(self, number: int = 0) -> float:
        """Seconds until the next attempt."""
        return ((await self.delivery(number))["next_attempt_at"] - clock.now()).total_seconds()


async def tried(database: str, **settings) -> Tried:
    scope = await new_workspace()
    endpoint_id = await an_endpoint(scope, THEIRS, "membership.changes", batch_size=1, **settings)
    await entered(scope, await static_segment(scope), *await new_contacts(scope, 2))
    lease = await dispatch.take(scope.workspace_id, endpoint_id)
    assert lease is not None
    situation = await dispatch.look_at(lease)
    return Tried(scope, endpoint_id, lease, await planning.plan(scope, situation.endpoint, situation.behind, 9))


@pytest.mark.parametrize(("on_failure", "status", "succeeded"), [("BLOCK", "WAITING", None), ("SKIP", "FAILED", False)])
async def test_the_end_of_the_schedule_blocks_or_is_skipped(database: str, on_failure, status, succeeded) -> None:
    subject = await tried(database, on_failure=on_failure)
    waited = []
    for _ in range(10):
        await subject.ends()
        waited.append(await subject.waits())
    delivery = await subject.delivery()
    assert (delivery["status"], len(db.load_json(delivery["tried"]))) == (status, 10)
    assert all(delay - 5 < wait < delay * 1.11 for delay, wait in zip(schedule.DELAYS, waited, strict=False))
    assert (await endpoint_row(subject.endpoint_id))["status"] == "BACKING_OFF"
    assert (await subject.delivery(1))["status"] == "WAITING"


async def test_success_makes_it_active_again(database: str) -> None:
    subject = await tried(database)
    row = await subject.ends(status=None, error="There was no answer within 15 seconds.")
    assert (row["status"], row["reason"]) == ("BACKING_OFF", "There was no answer within 15 seconds.")
    assert row["failing_since"] is not None
    row = await subject.ends(status=204)
    assert (row["status"], row["reason"], row["failing_since"]) == ("ACTIVE", None, None)
    assert (await subject.delivery())["status"] == "DELIVERED"


async def test_410_disables_and_loses_nothing(database: str) -> None:
    subject = await tried(database)
    row = await subject.ends(status=410)
    assert row["status"] == "DISABLED"
    assert "410" in row["reason"]
    assert [(await subject.delivery(number))["status"] for number in (0, 1)] == ["WAITING", "WAITING"]
    (event,) = (await read_page(subject.scope, EVENTS, 0, 9, ["webhook.endpoint_disabled"])).entries
    assert event.payload.webhook_endpoint_id == subject.endpoint_id
    row = await lifecycle.resume(subject.scope, subject.endpoint_id)
    assert (row["status"], row["reason"]) == ("ACTIVE", None)
    assert await subject.waits() <= 0


async def test_five_days_of_failure_disable_and_notice_is_given_before(database: str) -> None:
    subject = await tried(database)
    began_at = clock.now()
    for hours in (0, 0.5, 2, 3, 30, 100, 119):
        clock.set_source(lambda hours=hours: began_at + timedelta(hours=hours))
        assert (await subject.ends())["status"] == "BACKING_OFF"
    clock.set_source(lambda: began_at + timedelta(days=5, minutes=1))
    row = await subject.ends()
    assert (row["status"], row["reason"][:28]) == ("DISABLED", "It has failed for five days,")
    told = [event.type.value for event in (await read_page(subject.scope, EVENTS, 0, 9)).entries]
    assert told == ["webhook.endpoint_failing"] * 3 + ["webhook.endpoint_disabled"]


async def test_retry_after_is_waited_for_and_is_no_step_of_the_schedule(database: str) -> None:
    subject = await tried(database)
    for _ in range(20):
        await subject.ends(status=429, retry_after_seconds=77.0)
    assert 76 < await subject.waits() <= 77
    await subject.ends(status=503, retry_after_seconds=10.0**9)
    assert 3590 < await subject.waits() <= 3600
    assert (await subject.delivery())["attempts"] == 0
    await subject.ends(status=503)
    assert (await subject.delivery())["attempts"] == 1


async def test_a_paused_endpoint_stays_paused_whatever_comes_of_the_last_request(database: str) -> None:
    subject = await tried(database)
    await lifecycle.pause(subject.scope, subject.endpoint_id)
    assert (await subject.ends(status=500))["status"] == "PAUSED"
    assert (await subject.ends(status=200))["status"] == "PAUSED"
    assert (await subject.delivery())["status"] == "DELIVERED"


async def test_who_lost_the_lease_writes_nothing(database: str) -> None:
    subject = await tried(database)
    await db.execute("UPDATE webhook_endpoints SET lease_token = 1")
    for status in (200, 500):
        with pytest.raises(LeaseLost):
            await subject.ends(status=status)
    assert db.load_json((await subject.delivery())["tried"]) == []
