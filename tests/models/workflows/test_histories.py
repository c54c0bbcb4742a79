"""Random workflows, contacts and clock jumps: the engine does what an oracle does that moves one contact after the other."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from models import clock, db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.delete import delete_contacts
from models.membership import manual_changes
from models.membership.origins import Origin
from models.messaging import inbound, outcomes, statuses
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.provider_events import InboundEvent, Receipt, Sender, StatusEvent
from models.messaging.sources import SourceState, of_workflow
from models.workflows import wakes
from models.workflows.messages import senders
from tests.kit.broadcasts import a_sender, people, template
from tests.kit.draws import with_seeds
from tests.kit.engine import assert_all_is_right
from tests.kit.segments import dynamic_segment, static_segment
from tests.kit.workflow_oracle import WAITS, Oracle, Person
from tests.kit.workflows import assert_figures_add_up, graph, moved, node, running, set_status
from tests.models.messaging.claims import claim_of

WORKFLOWS = 6
TAGS = [f"t{number}" for number in range(WORKFLOWS)]
START = datetime(2026, 2, 27, 22, tzinfo=UTC)


@with_seeds(6, 1_114_500_000)
async def test_a_random_history_of_workflows_goes_as_the_oracle_says(database, seed):
    history = History(seed)
    await history.begin()
    for _ in range(50):
        await history.step()
    await history.check()


class History:
    """Some workflows. Each changes a tag, points, a static segment and activities of its own, and listens to anybody's.

    So no two of them decide about the same thing in the same moment, where either order would be right.
    """

    def __init__(self, seed):
        self.random = Random(seed)
        self.oracle = Oracle(START)
        self.messages, self.under_way, self.numbers = {}, [], count(1)
        clock.set_source(lambda: self.oracle.now)

    async def begin(self):
        self.scope = await a_sender()
        self.greeting = (await template(self.scope, "greeting")).id
        self.statics = [(await static_segment(self.scope)).id for _ in range(WORKFLOWS)]
        tagged = {"tags": {"operator": "HAS_ANY", "tags": ["t0"]}}
        self.follows = (await dynamic_segment(self.scope, tagged)).id
        self.oracle.follows[self.follows] = "t0"
        for number in range(WORKFLOWS):
            await db.execute(
                "INSERT INTO contact_fields (workspace_id, key, label, type) VALUES ($1, $2, $2, 'NUMBER')",
                self.scope.workspace_id,
                f"p{number}",
            )
        for number in range(WORKFLOWS):
            drawn = self.a_graph(number)
            self.oracle.graphs[await running(self.scope, drawn, name=f"W{number}")] = drawn
        for _ in range(3):
            await self.a_contact_comes()
        await moved(self.scope)

    # ------------------------------------------------------------ what is drawn

    def a_graph(self, number):
        random = self.random
        events = [
            *[{"activity": {"kind": random.choice(["a", "b"])}}] * 3,
            {"activity": {"kind": f"x{random.randrange(WORKFLOWS)}"}},
            {"activity": {"kind": "message.received"}},
            {"tagAdded": random.choice(TAGS)},
            {"tagRemoved": random.choice(TAGS)},
            {"segmentEntered": random.choice([*self.statics, self.follows])},
            {"segmentLeft": random.choice([*self.statics, self.follows])},
        ]
        reentry = {"policy": random.choice(["ONCE", "AFTER_LEAVING", *["EVERY_TIME"] * 4])}
        reentry |= random.choice([{}, {}, {"cooldown": "PT1H"}, {"maxPerContact": 3}])
        if number < 3:  # these send all the time
            events, reentry = events[:1], {"policy": "EVERY_TIME"}
        keys = [f"n{index}" for index in range(random.randint(2, 6))]
        nodes = []
        for index, key in enumerate(keys):
            later = [*keys[index + 1 :], "end"]
            nodes.append(self.a_node(number, key, later))
        if number < 2:
            nodes[0] = {
                "key": "n0",
                "do": {"send": self.a_send([*keys[1:], "end"]) | {"next": random.choice(keys[1:])}},
            }
        nodes.append(node("end", end={"outcome": "done"}))
        return graph([{"key": "it", "on": random.choice(events)}], nodes, reentry=reentry)

    def a_node(self, number, key, later):
        random, segment = self.random, self.statics[number]
        after = {"next": random.choice(later)}
        rules = [
            {"tags": {"operator": "HAS_ANY", "tags": [f"t{number}"]}},
            {"segment": {"segmentId": segment}},
            {"field": {"field": f"attributes.p{number}", "operator": "GTE", "value": random.randint(1, 3)}},
        ]
        tags = random.choice([{"add": [f"t{number}"]}, {"remove": [f"t{number}"]}])
        does = [
            {"condition": {"rule": random.choice(rules), "yes": random.choice(later), "no": random.choice(later)}},
            {"wait": {"for": random.choice(list(WAITS)), **after}},
            {"segmentAdd": {"segmentId": segment, **after}},
            {"segmentRemove": {"segmentId": segment, **after}},
            {"tagsChange": tags | after},
            {"fieldSet": {"field": f"attributes.p{number}", "increment": 1, **after}},
            {"activityRecord": {"kind": f"x{number}", **after}},
            *[{"send": self.a_send(later) | after}] * 2,
        ]
        drawn = {"key": key, "do": random.choice(does)}
        if random.random() < 0.2:
            drawn["limit"] = {"perContact": 2} | random.choice([{}, {"next": random.choice(later)}])
        return drawn

    def a_send(self, later):
        do = {"templateId": self.greeting, "parameters": [{"name": "1", "text": "you"}]}
        do |= {"requireOptIn": self.random.random() < 0.3}
        return do | {name: self.random.choice(later) for name in ("skipped", "failed") if self.random.random() < 0.8}

    # ------------------------------------------------------------ what happens

    async def step(self):
        self.oracle.now += timedelta(milliseconds=1)
        await self.random.choice(
            [self.an_activity] * 16
            + [self.a_tag] * 8
            + [self.a_member] * 6
            + [self.time_passes] * 6
            + [self.a_turn_to_send] * 8
            + [self.an_answer_of_the_provider] * 3
            + [self.a_receipt, self.a_receipt, self.a_receipt, self.a_silence]
            + [self.a_reply, self.a_reply, self.a_consent, self.a_consent, self.a_phone]
            + [self.a_pause, self.a_pause, self.a_contact_goes, self.a_contact_comes]
        )()
        await moved(self.scope, self.random.choice([1, 3, 10_000]))

    async def an_activity(self):
        kind, who = self.random.choice("ab"), self.somebody()
        times = self.random.choice([1, 1, 2])
        await activities.record(self.scope, [NewActivity(kind, who)] * times)
        for _ in range(times):
            self.oracle.happens(("activity", kind), who)

    async def a_tag(self):
        name, who, on = self.random.choice(TAGS), self.somebody(), self.random.random() < 0.6
        tags = self.oracle.people[who].tags
        await db.execute(
            "UPDATE contacts SET tags = $2 WHERE id = $1", who, sorted(tags | {name} if on else tags - {name})
        )
        self.oracle.tag(who, name, on)
        self.oracle.settle()

    async def a_member(self):
        segment, who, on = self.random.choice(self.statics), self.somebody(), self.random.random() < 0.6
        await manual_changes.change_members(
            self.scope, segment, **{"add" if on else "remove": [who]}, origin=Origin.MANUAL
        )
        self.oracle.member(who, segment, on)
        self.oracle.settle()

    async def time_passes(self):
        by = self.random.choice([timedelta(seconds=30), timedelta(minutes=3), timedelta(hours=2), timedelta(days=1)])
        await self.pass_until(self.oracle.now + by)

    async def pass_until(self, until):
        while next_ones := sorted(one.wakes_at for one in self.oracle.inside if one.wakes_at and one.wakes_at <= until):
            await self.to(next_ones[0])
        await self.to(until)

    async def to(self, moment):
        self.oracle.pass_time(moment)
        await moved(self.scope)
        await self.check_inside()

    async def a_pause(self):
        workflow_id = self.random.choice([*self.oracle.paused] or list(self.oracle.graphs))
        if workflow_id not in self.oracle.paused:
            self.oracle.paused.add(workflow_id)
            await set_status(self.scope, workflow_id, "PAUSED")
            await senders.set_state(self.scope.workspace_id, workflow_id, SourceState.PAUSED)
            return
        await set_status(self.scope, workflow_id, "ACTIVE")
        await senders.set_state(self.scope.workspace_id, workflow_id, SourceState.SENDING)
        await wakes.resume(self.scope.workspace_id, workflow_id, clock.now())
        self.oracle.resume(workflow_id)

    async def a_contact_goes(self):
        if len(self.oracle.people) > 3:
            who = self.somebody()
            await delete_contacts(self.scope, [who])
            self.oracle.delete(who)

    async def a_contact_comes(self):
        consent = self.random.choice([*["OPTED_IN"] * 4, "UNKNOWN", "OPTED_OUT"])
        (who,) = await people(self.scope, 1, consent=consent, first=next(self.numbers))
        self.oracle.people[who] = Person(consent=consent)
        self.oracle.happens(("contactCreated", True), who)

    def somebody(self):
        return self.random.choice(list(self.oracle.people))

    # ------------------------------------------------------------ messages

    async def a_turn_to_send(self):
        """Of one node: all whose time has come, long enough after the last message to the same person."""
        rows = await db.fetch("SELECT id, workflow_id FROM workflow_senders ORDER BY id")
        if not rows:
            return
        await self.pass_until(self.oracle.now + timedelta(seconds=7))
        chosen = self.random.choice(rows)
        claimed = await claim_of(self.scope, of_workflow(chosen["id"]), grant=100)
        got = {attempt.id: attempt for attempt in claimed.attempts}
        expected = set()
        for message_id, message in (await self.known_messages(chosen["id"])).items():
            is_due = message.status == "PENDING" and message.due_at <= self.oracle.now
            if is_due and chosen["workflow_id"] not in self.oracle.paused and self.oracle.claim(message):
                expected.add(message_id)
                self.under_way.append((got.get(message_id), message, self.oracle.now + timedelta(seconds=60)))
        assert got.keys() == expected
        while self.under_way and self.random.random() < 0.7:
            await moved(self.scope)
            await self.an_answer_of_the_provider()

    async def known_messages(self, sender_id):
        """By their ids. The oracle wrote those of one workflow to one person in the same order."""
        rows = await db.fetch(
            "SELECT m.id, m.contact_id, s.workflow_id, m.source_id FROM messages m"
            " JOIN workflow_senders s ON (s.workspace_id, s.id) = (m.workspace_id, m.source_id) ORDER BY m.id"
        )
        for row in rows:
            if row["id"] not in self.messages:
                taken = list(self.messages.values())
                self.messages[row["id"]] = next(
                    one
                    for one in self.oracle.messages
                    if (one.workflow, one.who) == (row["workflow_id"], row["contact_id"]) and one not in taken
                )
        return {row["id"]: self.messages[row["id"]] for row in rows if row["source_id"] == sender_id}

    async def an_answer_of_the_provider(self):
        if not self.under_way:
            return
        attempt, message, _ = self.under_way.pop(self.random.randrange(len(self.under_way)))
        status = self.random.choice([*["SENT"] * 5, "FAILED", "FAILED", "UNCONFIRMED", "PENDING"])
        again_at = self.oracle.now + timedelta(seconds=30) if status == "PENDING" else None
        outcome = AttemptOutcome(attempt, MessageStatus(status), f"wamid.{attempt.id}", again_at=again_at)
        await outcomes.settle(self.scope.workspace_id, [outcome])
        if again_at is None:
            self.oracle.news(message, status)
        else:
            message.status, message.due_at = "PENDING", again_at

    async def a_silence(self):
        """The worker that sent it is gone."""
        if not self.under_way:
            return
        attempt, _, _ = self.random.choice(self.under_way)
        await self.pass_until(self.oracle.now + timedelta(seconds=61))
        await outcomes.expire_leases(self.scope.workspace_id, attempt.source)
        for one in [one for one in self.under_way if one[0].source == attempt.source and one[2] < self.oracle.now]:
            self.under_way.remove(one)
            self.oracle.news(one[1], "UNCONFIRMED")

    async def a_receipt(self):
        told = [(id_, one) for id_, one in self.messages.items() if one.status not in ("PENDING", "SENDING", "SKIPPED")]
        if not told:
            return
        message_id, message = self.random.choice(told)
        receipt = self.random.choice([Receipt.SENT, Receipt.DELIVERED, Receipt.DELIVERED, Receipt.READ, Receipt.FAILED])
        event = StatusEvent("1", f"wamid.{message_id}", receipt, self.oracle.now, statuses.reference_of(message_id))
        async with db.transaction():
            await statuses.process(self.scope.workspace_id, [event])
        self.oracle.news(message, receipt.value)

    async def a_reply(self):
        who, text = self.somebody(), self.random.choice(["Yes", "Yes", "Yes", "STOP"])
        if self.oracle.people[who].phone is None:
            return
        phone = await db.fetch_value("SELECT phone FROM contacts WHERE id = $1", who)
        sender, moment = Sender(phone.removeprefix("+")), self.oracle.now
        async with db.transaction():
            said = InboundEvent("1", f"in.{moment}", sender, moment, "text", text=text)
            await inbound.process(self.scope.workspace_id, [said], ())
        if text == "STOP":
            self.oracle.people[who].consent = "OPTED_OUT"
        self.oracle.happens(("activity", "message.received"), who)

    async def a_consent(self):
        who, consent = self.somebody(), self.random.choice([*["OPTED_IN"] * 4, "OPTED_OUT", "UNKNOWN"])
        await db.execute("UPDATE contacts SET whatsapp_consent = $2 WHERE id = $1", who, consent)
        self.oracle.people[who].consent = consent

    async def a_phone(self):
        """Is taken away, or another one is given."""
        who = self.somebody()
        person = self.oracle.people[who]
        person.phone = "second" if person.phone is None else None
        phone = None if person.phone is None else f"+34699{who:06}"
        await db.execute("UPDATE contacts SET phone = $2 WHERE id = $1", who, phone)

    # ------------------------------------------------------------ compared

    async def check_inside(self):
        inside = await db.fetch(
            "SELECT e.workflow_id, e.contact_id, n.key, e.state FROM enrollments e JOIN workflow_nodes n"
            " ON n.workspace_id = e.workspace_id AND n.workflow_id = e.workflow_id AND n.node = e.node"
        )
        assert sorted(map(tuple, inside)) == sorted(
            (one.workflow, one.who, one.key, one.state) for one in self.oracle.inside
        )

    async def check(self):
        oracle = self.oracle
        await self.check_inside()
        ended = await db.fetch('SELECT workflow_id, contact_id, "end" FROM enrollments_ended')
        assert Counter(map(tuple, ended)) == Counter(oracle.ended)
        written = await db.fetch(
            "SELECT s.workflow_id, m.contact_id, m.status FROM messages m"
            " JOIN workflow_senders s ON s.workspace_id = m.workspace_id AND s.id = m.source_id"
        )
        assert Counter(map(tuple, written)) == Counter((one.workflow, one.who, one.status) for one in oracle.messages)
        turned_away = await db.fetch("SELECT workflow_id, contact_id, reason FROM workflow_turned_away")
        alive = {key: reason for key, reason in oracle.turned_away.items() if key[1] in oracle.people}
        assert {(row[0], row[1]): row[2] for row in turned_away} == alive
        for who, person in oracle.people.items():
            row = await db.fetch_row("SELECT tags, attributes FROM contacts WHERE id = $1", who)
            assert set(row["tags"]) == person.tags
            points = {f"attributes.{key}": value for key, value in db.load_json(row["attributes"]).items()}
            assert points == person.points
            await self.check_steps(who, person)
            segments = await db.fetch("SELECT segment_id FROM memberships WHERE contact_id = $1", who)
            assert {row["segment_id"] for row in segments} == person.segments
        await assert_figures_add_up(self.scope)
        await assert_all_is_right(self.scope)

    async def check_steps(self, who, person):
        """Of each workflow in their order; those of different workflows at one moment have none."""
        rows = await db.fetch(
            "SELECT s.workflow_id, n.key, s.outcome FROM workflow_steps s"
            " JOIN workflow_step_appends a ON (a.workspace_id, a.append_id) = (s.workspace_id, s.append_id)"
            " JOIN workflow_nodes n ON (n.workspace_id, n.workflow_id, n.node) = (s.workspace_id, s.workflow_id, s.node)"
            " WHERE s.contact_id = $1 ORDER BY a.position - a.size + s.place",
            who,
        )
        for workflow_id in self.oracle.graphs:
            stored = [tuple(row)[1:] for row in rows if row["workflow_id"] == workflow_id]
            assert stored == [step[1:] for step in person.steps if step[0] == workflow_id]
