"""What workflows must do, one contact and one step after the other, in plain Python. It shares no code with the engine.

A world has contacts (tags, points, segments), and workflows in the shape of WorkflowGraphInput, with the nodes that change
contacts and segments, ask about them, wait, send and end. Time only passes when `pass_time` is called, and what becomes of a
message is what `claim` and `news` are told.
"""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass
class Person:
    tags: set[str] = field(default_factory=set)
    points: Counter[str] = field(default_factory=Counter)
    segments: set[int] = field(default_factory=set)
    steps: list[tuple[int, str, str]] = field(default_factory=list)
    phone: str | None = "first"
    consent: str = "OPTED_IN"

    @property
    def can_be_written_to(self) -> bool:
        return self.phone is not None and self.consent != "OPTED_OUT"


@dataclass(eq=False)
class Message:
    workflow: int
    who: int
    due_at: datetime
    phone: str | None
    status: str = "PENDING"
    sent_at: datetime | None = None


@dataclass
class Enrollment:
    workflow: int
    who: int
    key: str
    node_at: datetime
    chain: tuple[int, ...]
    state: str = "READY"
    wakes_at: datetime | None = None
    message: Message | None = None
    has_passed: bool = False


@dataclass
class Happened:
    what: tuple[str, Any]
    who: int
    chain: tuple[int, ...] = ()


@dataclass
class Oracle:
    """`inside` and `ended` are lists in the order of entry; `turned_away` the last reason by (workflow, contact)."""

    now: datetime
    follows: dict[int, str] = field(default_factory=dict)
    graphs: dict[int, dict] = field(default_factory=dict)
    paused: set[int] = field(default_factory=set)
    people: dict[int, Person] = field(default_factory=dict)
    inside: list[Enrollment] = field(default_factory=list)
    ended: list[tuple[int, int, str]] = field(default_factory=list)
    entries: dict[tuple[int, int], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    turned_away: dict[tuple[int, int], str] = field(default_factory=dict)
    visits: dict[tuple[int, str, int], int] = field(default_factory=lambda: defaultdict(int))
    waiting: deque[Happened] = field(default_factory=deque)
    messages: list[Message] = field(default_factory=list)

    # ------------------------------------------------------------ what happens

    def happens(self, what: tuple[str, Any], who: int) -> None:
        self.waiting.append(Happened(what, who))
        self.settle()

    def settle(self) -> None:
        while self.waiting:
            one = self.waiting.popleft()
            for workflow in sorted(self.graphs):
                if self.triggers(workflow) == one.what and one.who in self.people:
                    self.enter(workflow, one)

    def triggers(self, workflow: int) -> tuple[str, Any]:
        ((kind, value),) = self.graphs[workflow]["triggers"][0]["on"].items()
        return kind, value["kind"] if kind == "activity" else value

    def tag(self, who: int, name: str, on: bool, chain: tuple[int, ...] = ()) -> None:
        tags = self.people[who].tags
        if (name in tags) != on:
            (tags.add if on else tags.discard)(name)
            self.waiting.append(Happened(("tagAdded" if on else "tagRemoved", name), who, chain))
            for segment, followed in self.follows.items():
                if followed == name:
                    self.member(who, segment, on, chain)

    def member(self, who: int, segment: int, on: bool, chain: tuple[int, ...] = ()) -> None:
        segments = self.people[who].segments
        if (segment in segments) != on:
            (segments.add if on else segments.discard)(segment)
            self.waiting.append(Happened(("segmentEntered" if on else "segmentLeft", segment), who, chain))

    def delete(self, who: int) -> None:
        for one in [one for one in self.inside if one.who == who]:
            self.leave(one, "CONTACT_DELETED", "CONTACT_DELETED")
        del self.people[who]

    # ------------------------------------------------------------ entry

    def enter(self, workflow: int, one: Happened) -> None:
        reason = self.reason_against(workflow, one.who)
        if reason is not None:
            self.turned_away[workflow, one.who] = reason
            return
        graph = self.graphs[workflow]
        enrollment = Enrollment(workflow, one.who, graph["start"], self.now, (*one.chain, workflow))
        self.inside.append(enrollment)
        self.entries[workflow, one.who].append(self.now)
        if workflow in one.chain or len(one.chain) >= 8:
            self.leave(enrollment, "LOOP_STOPPED", "LOOP_STOPPED")
        else:
            self.walk(enrollment)

    def reason_against(self, workflow: int, who: int) -> str | None:
        rules, entries = self.graphs[workflow]["reentry"], self.entries[workflow, who]
        if any((one.workflow, one.who) == (workflow, who) for one in self.inside):
            return "INSIDE"
        if entries and rules["policy"] == "ONCE":
            return "ONCE"
        if entries and "cooldown" in rules and self.now < entries[-1] + timedelta(hours=1):
            return "COOLDOWN"
        if len(entries) >= rules.get("maxPerContact", 10**9):
            return "MAX_PER_CONTACT"
        return None

    # ------------------------------------------------------------ steps

    def walk(self, one: Enrollment) -> None:
        one.wakes_at = None
        while one in self.inside:
            if one.workflow in self.paused:
                one.has_passed = one.has_passed or one.state == "WAITING"
                self.stay(one, "HELD", "held", None)
                return
            node = next(node for node in self.graphs[one.workflow]["nodes"] if node["key"] == one.key)
            if one.state != "WAITING" and not one.has_passed and not self.is_within(one, node):
                continue
            ((kind, do),) = node["do"].items()
            if kind == "wait":
                until = one.node_at + WAITS[do["for"]]
                if until > self.now:
                    self.stay(one, "WAITING", "waits", until)
                    return
            if kind == "end":
                self.leave(one, "REACHED_END", do["outcome"])
                return
            done = getattr(self, f"do_{kind}", self.do_nothing)(one, do)
            if done is None:
                return
            self.go(one, *done)

    def is_within(self, one: Enrollment, node: dict) -> bool:
        limit = node.get("limit")
        if limit is None:
            return True
        if self.visits[one.workflow, one.key, one.who] < limit["perContact"]:
            self.visits[one.workflow, one.key, one.who] += 1
            return True
        if "next" in limit:
            self.go(one, "limited", limit["next"])
        else:
            self.leave(one, "REACHED_END", "limited")
        return False

    def do_nothing(self, one: Enrollment, do: dict) -> tuple[str, str]:
        return "next", do["next"]

    def do_condition(self, one: Enrollment, do: dict) -> tuple[str, str]:
        ((kind, rule),) = do["rule"].items()
        person = self.people[one.who]
        if kind == "tags":
            holds = rule["tags"][0] in person.tags
        elif kind == "segment":
            holds = rule["segmentId"] in person.segments
        else:
            holds = person.points.get(rule["field"], 0) >= rule["value"]
        return ("yes", do["yes"]) if holds else ("no", do["no"])

    def do_segmentAdd(self, one: Enrollment, do: dict) -> tuple[str, str]:
        self.member(one.who, do["segmentId"], True, one.chain)
        return "next", do["next"]

    def do_segmentRemove(self, one: Enrollment, do: dict) -> tuple[str, str]:
        self.member(one.who, do["segmentId"], False, one.chain)
        return "next", do["next"]

    def do_tagsChange(self, one: Enrollment, do: dict) -> tuple[str, str]:
        for on, names in ((False, do.get("remove", [])), (True, do.get("add", []))):
            for name in names:
                self.tag(one.who, name, on, one.chain)
        return "next", do["next"]

    def do_fieldSet(self, one: Enrollment, do: dict) -> tuple[str, str]:
        self.people[one.who].points[do["field"]] += do["increment"]
        return "next", do["next"]

    def do_activityRecord(self, one: Enrollment, do: dict) -> tuple[str, str]:
        self.waiting.append(Happened(("activity", do["kind"]), one.who, one.chain))
        return "next", do["next"]

    def do_send(self, one: Enrollment, do: dict) -> tuple[str, str] | None:
        if one.message is None:
            person = self.people[one.who]
            if not person.can_be_written_to or (do["requireOptIn"] and person.consent != "OPTED_IN"):
                return "skipped", do.get("skipped", do["next"])
            one.message = Message(one.workflow, one.who, self.now, person.phone)
            self.messages.append(one.message)
        status = one.message.status
        until = one.message.sent_at + ARRIVES_WITHIN if status == "SENT" and "failed" in do else None
        if status in ("PENDING", "SENDING") or (until is not None and until > self.now):
            self.stay(one, "WAITING", "waits", until)
            return None
        if status in ("SKIPPED", "FAILED"):
            return status.lower(), do.get(status.lower(), do["next"])
        return "next", do["next"]

    def go(self, one: Enrollment, outcome: str, edge: str) -> None:
        self.note(one, outcome)
        one.key, one.node_at, one.state, one.message, one.has_passed = edge, self.now, "READY", None, False

    def stay(self, one: Enrollment, state: str, step: str, until: datetime | None) -> None:
        if one.state != state:
            self.note(one, step)
        one.state, one.wakes_at = state, until

    def leave(self, one: Enrollment, end: str, outcome: str) -> None:
        self.note(one, outcome)
        if one.message is not None and one.message.status == "PENDING":
            one.message.status = "SKIPPED"
        self.inside.remove(one)
        self.ended.append((one.workflow, one.who, end))

    def note(self, one: Enrollment, outcome: str) -> None:
        self.people[one.who].steps.append((one.workflow, one.key, outcome))

    # ------------------------------------------------------------ messages

    def claim(self, message: Message) -> bool:
        """Its turn has come. Returns whether it may be sent: only to the number that it was written for."""
        person = self.people.get(message.who)
        if person is not None and person.can_be_written_to and person.phone == message.phone:
            message.status = "SENDING"
            return True
        self.news(message, "SKIPPED")
        return False

    def news(self, message: Message, status: str) -> None:
        """A message only climbs: what is told late, or twice, changes nothing."""
        if CLIMBS.index(status) <= CLIMBS.index(message.status):
            return
        message.status = status
        message.sent_at = self.now if status == "SENT" else message.sent_at
        for one in [one for one in self.inside if one.message is message]:
            self.wake(one)
        self.settle()

    # ------------------------------------------------------------ time

    def pass_time(self, now: datetime) -> None:
        """To the next moment at which somebody wakes, and so on."""
        self.now = now
        for one in [one for one in self.inside if one.wakes_at is not None and one.wakes_at <= now]:
            self.wake(one)
        self.settle()

    def wake(self, one: Enrollment) -> None:
        if self.now - one.node_at >= timedelta(minutes=1):
            one.chain = ()
        self.walk(one)

    def resume(self, workflow: int) -> None:
        self.paused.discard(workflow)
        for one in [one for one in self.inside if one.workflow == workflow and one.state == "HELD"]:
            self.wake(one)
        self.settle()


WAITS = {"PT30S": timedelta(seconds=30), "PT10M": timedelta(minutes=10), "P1D": timedelta(days=1)}

ARRIVES_WITHIN = timedelta(minutes=2)

CLIMBS = ["PENDING", "SENDING", "SKIPPED", "UNCONFIRMED", "SENT", "FAILED", "DELIVERED", "READ"]
