"""What workflows do, written a second time: one contact, one enrollment, one step after the other. Shares no code with them.

Graphs are JSON as the API takes them. Rules mean what tests/kit/oracle.py says, clocks what oracle_clocks.py says. Which way a
SPLIT took is told (`chosen`): it is by chance.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.kit.oracle import holds
from tests.models.workflows.oracle_clocks import later, next_local, recurs, shows

DEEPEST = 8
FORGOTTEN = timedelta(minutes=1)


# ---------------------------------------------------------------- what there is


@dataclass
class Contact:
    id: int
    columns: dict[str, Any]
    tags: set[str] = field(default_factory=set)
    segments: set[int] = field(default_factory=set)

    def for_rules(self):
        return {
            **self.columns,
            "tags": sorted(self.tags),
            "segments": self.segments,
            "attributes": {},
            "activities": [],
        }


@dataclass
class Event:
    """`what` says it as graphs do: ("tagAdded", "p"), ("activity", {..}), ("segmentEntered", 7), ("field", "score")."""

    contact: int
    what: list[tuple[str, Any]]
    chain: tuple[int, ...] = ()

    @property
    def is_of_members(self):
        return self.what[0][0] in ("segmentEntered", "segmentLeft")


@dataclass
class Enrollment:
    workflow: int
    contact: int
    trigger: dict[str, Any]
    node: str
    node_at: datetime
    entered_at: datetime
    state: str = "READY"
    wake_at: datetime | None = None
    has_reached_goal: bool = False
    happened: set[str] = field(default_factory=set)
    has_changed: bool = False
    end: str | None = None
    chain: tuple[int, ...] = ()


@dataclass
class Entry:
    times: int
    entered_at: datetime
    is_inside: bool


class World:
    """`workflows` by id. What people do are methods; `settle` lets happen what follows from it."""

    def __init__(self, zone, now, workflows):
        self.zone, self.now, self.before = zone, now, now
        self.workflows = workflows
        self.contacts: dict[int, Contact] = {}
        self.inside: list[Enrollment] = []
        self.ended: list[Enrollment] = []
        self.entries: dict[tuple[int, int], Entry] = {}
        self.keeps: dict[tuple[int, int], tuple[datetime, int, str]] = {}
        self.goals = 0
        self.events: list[Event] = []
        self.acting: tuple[int, ...] = ()
        self.joining: dict[int, list[tuple[int, dict[str, Any], int, tuple[int, ...]]]] = {}
        self.chosen: dict[tuple[int, int, str], list[str]] = {}
        self.met: set[tuple[int, str, int, int]] = set()
        self.jumped: list[tuple[int, str, int, int]] = []
        self.begun = now

    # ------------------------------------------------------------ what people do

    def set_tags(self, contact_id, tags):
        self._set_tags(self.contacts[contact_id], set(tags))

    def set_column(self, contact_id, name, value):
        if name == "timezone":
            self._move(self.contacts[contact_id], value)
        self._set_column(self.contacts[contact_id], name, value)

    def record(self, contact_id, kind, properties):
        self.events.append(Event(contact_id, [("activity", {"kind": kind, **properties})]))

    def put(self, contact_id, segment, member):
        self._put(self.contacts[contact_id], segment, member)

    def delete(self, contact_id):
        self.events.append(Event(contact_id, [("deleted", None)]))

    def publish(self, workflow, graph):
        """Everybody goes on by the new graph; those at a node that is gone end. All waits are asked again."""
        self.workflows[workflow] = graph
        keys = {node["key"] for node in graph["nodes"]}
        for one in self.inside:
            if one.workflow == workflow and one.node not in keys:
                self._end(one, "NODE_DELETED")
            elif one.workflow == workflow:
                self._go(one)
        self.ended += [one for one in self.inside if one.end is not None]
        self.inside = [one for one in self.inside if one.end is None]

    # ------------------------------------------------------------ changes

    def _set_tags(self, contact, tags):
        added, removed = tags - contact.tags, contact.tags - tags
        contact.tags = tags
        if added or removed:
            what = [("tagAdded", tag) for tag in sorted(added)] + [("tagRemoved", tag) for tag in sorted(removed)]
            self.events.append(Event(contact.id, [("field", "tags"), *what], self.acting))
        return bool(added or removed)

    def _set_column(self, contact, name, value):
        if contact.columns[name] != value:
            contact.columns[name] = value
            self.events.append(Event(contact.id, [("field", name)], self.acting))
            return True
        return False

    def _put(self, contact, segment, member):
        if (segment in contact.segments) != member:
            (contact.segments.add if member else contact.segments.discard)(segment)
            what = "segmentEntered" if member else "segmentLeft"
            self.events.append(Event(contact.id, [(what, segment)], self.acting))
            return True
        return False

    # ------------------------------------------------------------ rounds

    def settle(self):
        """Rounds, until nothing happens any more. What one round brings about is heard of in the next."""
        first = True
        while first or self.events or any(one.state == "READY" for one in self.inside):
            events, self.events = sorted(self.events, key=lambda event: not event.is_of_members), []
            since = self.before if first else self.now
            for contact_id in sorted(self.contacts):
                self._round(contact_id, [event for event in events if event.contact == contact_id], since)
            self.before, first = self.now, False

    def _round(self, contact_id, events, since):
        for one in self.inside:
            one.has_changed = False
        if any(event.what[0][0] == "deleted" for event in events):
            self._forget(contact_id)
            return
        mine = [one for one in self.inside if one.contact == contact_id]
        for one in mine:
            if later(one.entered_at, self.workflows[one.workflow]["maxStay"], self.zone) <= self.now:
                self._end(one, "STAYED_TOO_LONG")
        for event in events:
            self._heed(event, [one for one in mine if one.end is None])
        self._take_out(contact_id)
        still = [one for one in mine if one.end is None]
        self._look_at_ends(still)
        for one in still:
            if one.end is None and self._waits_for_a_rule(one):
                self._go(one)
        coming = [*self._whose_date_comes(contact_id, since), *self._whose_schedule_comes(contact_id, since)]
        for one in mine:
            if one.end is None and (one.state == "READY" or (one.wake_at is not None and one.wake_at <= self.now)):
                self._go(one)
        dates = [(workflow, trigger, -1, ()) for workflow, trigger in coming]
        self._let_in(contact_id, dates + self._triggered(events) + self.joining.pop(contact_id, []), events)
        self.ended += [one for one in self.inside if one.end is not None]
        self.inside = [one for one in self.inside if one.end is None]

    def _forget(self, contact_id):
        for one in self.inside:
            if one.contact == contact_id:
                self._end(one, "CONTACT_DELETED")
        self.ended += [one for one in self.inside if one.end is not None]
        self.inside = [one for one in self.inside if one.end is None]
        self.contacts.pop(contact_id)
        self.entries = {key: entry for key, entry in self.entries.items() if key[1] != contact_id}
        self.keeps = {key: keep for key, keep in self.keeps.items() if key[1] != contact_id}

    def _take_out(self, contact_id):
        for (segment, kept), (until, _, _) in sorted(self.keeps.items()):
            if kept == contact_id and until <= self.now:
                del self.keeps[segment, kept]
                self._put(self.contacts[contact_id], segment, False)

    # ------------------------------------------------------------ who enters

    def _triggered(self, events):
        found = []
        for order, event in enumerate(events):
            for workflow, graph in sorted(self.workflows.items()):
                trigger = next((one for one in graph["triggers"] if self._is(one["on"], event)), None)
                if trigger is not None:
                    found.append((workflow, trigger, order, event.chain))
        return found

    def _whose_date_comes(self, contact_id, since):
        contact = self.contacts[contact_id]
        for workflow, graph in sorted(self.workflows.items()):
            for trigger in graph["triggers"]:
                if "date" in trigger["on"] and self._comes(contact, workflow, graph, trigger["on"]["date"], since):
                    yield workflow, trigger

    def _comes(self, contact, workflow, graph, wanted, since):
        """In the years that are not over, once each; also what a change of the zone has jumped over."""
        zone = self._zone_of(graph, contact)
        comes = False
        for year, day, at in _days_of(contact, wanted, since, self.now):
            key = (workflow, wanted["field"], contact.id, year)
            moment = shows(day, at, zone)
            if key in self.jumped or (since < moment <= self.now and key not in self.met):
                comes = True
            if moment <= self.now or key in self.jumped:
                self.met.add(key)
        self.jumped = [key for key in self.jumped if key[2] != contact.id or key[0] != workflow]
        return comes

    def _move(self, contact, zone):
        """What was still to come, and is over where it lives now, comes now; what has come is met."""
        for workflow, graph in self.workflows.items():
            for wanted in (one["on"]["date"] for one in graph["triggers"] if "date" in one["on"]):
                before = contact.columns["timezone"] if graph.get("zone") == "CONTACT" else None
                after = zone if graph.get("zone") == "CONTACT" else None
                for year, day, at in _days_of(contact, wanted, self.now, self.now):
                    key = (workflow, wanted["field"], contact.id, year)
                    had = shows(day, at, before or self.zone)
                    if had <= self.now:
                        if had > self.before and key not in self.met:
                            self.jumped.append(key)
                        self.met.add(key)
                    elif shows(day, at, after or self.zone) <= self.now and key not in self.met:
                        self.jumped.append(key)

    def _whose_schedule_comes(self, contact_id, since):
        for workflow, graph in sorted(self.workflows.items()):
            for trigger in graph["triggers"]:
                on = trigger["on"].get("schedule")
                if on is not None and on["segmentId"] in self.contacts[contact_id].segments:
                    for moment in recurs(on["rrule"], self.begun, since, self.now, self.zone):
                        entry = self.entries.get((workflow, contact_id))
                        if entry is None or entry.entered_at < moment:
                            yield workflow, trigger
                            break

    def _let_in(self, contact_id, candidates, events):
        """Of several candidates for one workflow, each meets what became of those before."""
        while candidates:
            now, after, taken = [], [], set()
            for candidate in candidates:
                (after if candidate[0] in taken else now).append(candidate)
                taken.add(candidate[0])
            new = []
            for workflow, trigger, order, chain in now:
                one = self._enter(workflow, contact_id, trigger, chain)
                if one is not None:
                    new.append((one, order))
            self._look_at_ends([one for one, _ in new if one.end is None])
            for one, _ in new:
                if one.end is None:
                    self._go(one)
            for index, event in enumerate(events):
                self._heed(event, [one for one, order in new if index > order and one.end is None])
            candidates = after + self.joining.pop(contact_id, [])

    def _enter(self, workflow, contact_id, trigger, chain):
        graph, entry = self.workflows[workflow], self.entries.get((workflow, contact_id))
        reentry = graph.get("reentry") or {"policy": "ONCE"}
        rule = graph.get("entryRule")
        if rule is not None and not self._holds(graph, rule, contact_id):
            return None
        if entry is not None:
            rests = reentry.get("cooldown")
            if entry.is_inside or reentry["policy"] == "ONCE":
                return None
            if rests is not None and self.now < later(entry.entered_at, rests, self.zone):
                return None
            if reentry.get("maxPerContact") is not None and entry.times >= reentry["maxPerContact"]:
                return None
        times = 1 if entry is None else entry.times + 1
        self.entries[workflow, contact_id] = Entry(times, self.now, True)
        start = trigger.get("start") or graph["start"]
        one = Enrollment(workflow, contact_id, trigger, start, self.now, self.now)
        one.chain = (*chain, workflow)
        self.inside.append(one)
        if workflow in chain or len(chain) >= DEEPEST:
            self._end(one, "LOOP_STOPPED")
        return one

    # ------------------------------------------------------------ what happens to those inside

    def _heed(self, event, inside):
        """Exits come first, then the goal, then waits."""
        for one in inside:
            graph = self.workflows[one.workflow]
            for end in graph.get("exits") or ():
                if one.end is None and end.get("event") is not None and self._is(end["event"], event):
                    self._end(one, "EXIT_RULE")
                on = one.trigger["on"]
                left = ("segmentLeft", on.get("segmentEntered") or (on.get("schedule") or {}).get("segmentId"))
                if one.end is None and end.get("leavesTrigger") and left in event.what:
                    self._end(one, "LEFT_SEGMENT")
            goal = graph.get("goal")
            if (
                one.end is None
                and goal is not None
                and goal.get("event") is not None
                and self._is(goal["event"], event)
            ):
                self._reach_goal(one)
        self._look_at_ends([one for one in inside if one.end is None and self._may_matter(one, event)])
        for one in inside:
            if one.end is not None:
                continue
            graph = self.workflows[one.workflow]
            for node in graph["nodes"]:
                wait = node["do"].get("waitFor")
                for index, wanted in enumerate((wait or {}).get("any") or ()):
                    if self._is(wanted, event) and (one.node == node["key"] or wait.get("lookBack", True)):
                        one.happened.add(f"{node['key']}.{index}")
            if one.state == "WAITING" and (self._has_what_it_waits_for(one) or self._is_asked_again(graph, one, event)):
                self._go(one)

    def _has_what_it_waits_for(self, one):
        return any(key.rpartition(".")[0] == one.node for key in one.happened)

    def _is_asked_again(self, graph, one, event):
        """Whether what has changed decides how long it waits."""
        do = self._node(one)["do"]
        read = {do["waitUntil"].get("field")} if "waitUntil" in do else set()
        if "waitUntil" in do and graph.get("zone") == "CONTACT":
            read.add("timezone")
        if (do.get("waitFor") or {}).get("rule") is not None:
            read |= _read_by(do["waitFor"]["rule"])
        return _is_one_of(event, read)

    def _may_matter(self, one, event):
        """Whether a rule of its goal or exits reads what has changed."""
        graph = self.workflows[one.workflow]
        ends = [*(graph.get("exits") or ()), *([graph["goal"]] if graph.get("goal") else [])]
        read = set().union(*(_read_by(end["rule"]) for end in ends if end.get("rule") is not None))
        return _is_one_of(event, read)

    def _is(self, wanted, event):
        ((kind, value),) = wanted.items()
        for happened, what in event.what:
            if kind == "fieldChanged" and happened == "field" and what in value:
                return True
            if kind == happened == "activity":
                if what["kind"] == value["kind"] and all(
                    part["property"] in what and what[part["property"]] >= part["value"]
                    for part in value.get("where") or ()
                ):
                    return True
            elif kind == happened and value == what:
                return True
        return False

    def _look_at_ends(self, inside):
        for one in inside:
            graph = self.workflows[one.workflow]
            for end in graph.get("exits") or ():
                if one.end is None and end.get("rule") is not None and self._holds(graph, end["rule"], one.contact):
                    self._end(one, "EXIT_RULE")
            goal = graph.get("goal")
            rule = None if one.end is not None or goal is None else goal.get("rule")
            if rule is not None and self._holds(graph, rule, one.contact):
                self._reach_goal(one)

    def _reach_goal(self, one):
        goal = self.workflows[one.workflow]["goal"]
        within = goal.get("within")
        if one.has_reached_goal or (within is not None and self.now > later(one.entered_at, within, self.zone)):
            return
        one.has_reached_goal = True
        self.goals += 1
        if not goal.get("continueAfter"):
            self._end(one, "GOAL")

    def _end(self, one, end):
        one.end = end
        entry = self.entries.get((one.workflow, one.contact))
        if entry is not None:
            entry.is_inside = False

    # ------------------------------------------------------------ where they go

    def _node(self, one):
        return next(node for node in self.workflows[one.workflow]["nodes"] if node["key"] == one.node)

    def _waits_for_a_rule(self, one):
        return (self._node(one)["do"].get("waitFor") or {}).get("rule") is not None

    def _go(self, one):
        """From node to node, until it waits or has ended. After a minute nobody knows what led to it."""
        if self.now - one.node_at >= FORGOTTEN:
            one.chain = ()
        while one.end is None:
            self.acting = one.chain
            following = self._step(one)
            self.acting = ()
            if following is None:
                return
            one.node, one.node_at, one.state, one.wake_at = following, self.now, "READY", None

    def _stay(self, one, until):
        one.state, one.wake_at = "WAITING", until

    def _step(self, one):
        """The next node; None when it stays or has ended."""
        ((kind, do),) = self._node(one)["do"].items()
        graph, contact = self.workflows[one.workflow], self.contacts[one.contact]
        if kind == "end":
            self._end(one, "REACHED_END")
            return None
        if kind == "condition":
            if self._must_be_asked_later(one, [do["rule"]]):
                return None
            return do["yes"] if self._holds(graph, do["rule"], contact.id) else do["no"]
        if kind == "branch":
            if self._must_be_asked_later(one, [case["rule"] for case in do["cases"]]):
                return None
            holding = (case["next"] for case in do["cases"] if self._holds(graph, case["rule"], contact.id))
            return next(holding, do["otherwise"])
        if kind == "split":
            name = self.chosen[one.workflow, one.contact, one.node].pop(0)
            return next(share["next"] for share in do["shares"] if share["name"] == name and share["percent"])
        if kind == "wait":
            return self._or_stay(one, later(one.node_at, do["for"], self._zone_of(graph, contact)), do["next"])
        if kind == "waitUntil":
            return self._wait_until(one, graph, contact, do)
        if kind == "waitFor":
            return self._wait_for(one, graph, contact, do)
        self._act(one, kind, do, graph, contact)
        return do["next"]

    def _or_stay(self, one, until, following):
        if until <= self.now:
            return following
        self._stay(one, until)
        return None

    def _must_be_asked_later(self, one, rules):
        """A condition on segments, after an effect of its own, waits until that is heard of."""
        if one.has_changed and any(_reads_segments(rule) for rule in rules):
            one.state, one.wake_at = "READY", self.now
            return True
        return False

    def _wait_until(self, one, graph, contact, do):
        start = one.node_at
        if do.get("at") is not None:
            start = datetime.fromisoformat(do["at"])
        elif do.get("field") is not None:
            kept = contact.columns[do["field"]]
            if kept is None:
                return do.get("skip") or do["next"]
            start = later(datetime.fromisoformat(kept), do.get("offset") or "P0D", self._zone_of(graph, contact))
        until = start
        if do.get("time") is not None or do.get("weekdays"):
            at = None if do.get("time") is None else time.fromisoformat(do["time"])
            until = next_local(start, at, do.get("weekdays") or range(1, 8), self._zone_of(graph, contact))
        if until > self.now:
            self._stay(one, until)
            return None
        if until >= one.node_at or one.state == "WAITING" or do.get("late", "PROCEED") == "PROCEED":
            return do["next"]
        if do["late"] == "SKIP":
            return do.get("skip") or do["next"]
        self._end(one, "REACHED_END")
        return None

    def _wait_for(self, one, graph, contact, do):
        own = {key for key in one.happened if key.rpartition(".")[0] == one.node}
        if own:
            one.happened -= own
            return do["next"]
        if do.get("rule") is not None:
            if self._must_be_asked_later(one, [do["rule"]]):
                return None
            if self._holds(graph, do["rule"], one.contact):
                return do["next"]
        return self._or_stay(one, later(one.node_at, do["timeout"], self._zone_of(graph, contact)), do["timedOut"])

    def _act(self, one, kind, do, graph, contact):
        if kind == "segmentAdd":
            one.has_changed |= self._put(contact, do["segmentId"], True)
        elif kind == "segmentRemove":
            one.has_changed |= self._put(contact, do["segmentId"], False)
        elif kind == "segmentKeep":
            one.has_changed |= self._put(contact, do["segmentId"], True)
            self._keep(one, do, graph, contact)
        elif kind == "tagsChange":
            tags = (contact.tags | set(do.get("add") or ())) - set(do.get("remove") or ())
            self._set_tags(contact, tags)
            one.has_changed = True
        elif kind == "fieldSet":
            value = do["value"] if "value" in do else contact.columns["score"] + do["increment"]
            self._set_column(contact, "score", value)
            one.has_changed = True
        elif kind == "enroll":
            triggers = self.workflows[do["workflowId"]]["triggers"]
            manual = next((trigger for trigger in triggers if "manual" in trigger["on"]), {"key": "manual", "on": {}})
            self.joining.setdefault(one.contact, []).append((do["workflowId"], manual, -1, one.chain))
        elif kind == "activityRecord":
            what = {"kind": do["kind"], **(do.get("properties") or {})}
            self.events.append(Event(contact.id, [("activity", what)], self.acting))
            one.has_changed = True
        else:
            raise AssertionError(kind)

    def _keep(self, one, do, graph, contact):
        key, until = (do["segmentId"], contact.id), later(self.now, do["for"], self._zone_of(graph, contact))
        known = self.keeps.get(key)
        if known is None:
            self.keeps[key] = (until, one.workflow, one.node)
        elif do.get("renew", True):
            same = known[1:] == (one.workflow, one.node)
            self.keeps[key] = (until if same else max(until, known[0]), one.workflow, one.node)

    # ------------------------------------------------------------ rules and zones

    def _holds(self, graph, rule, contact_id):
        contact = self.contacts[contact_id]
        return holds(rule, contact.for_rules(), {}, self.now, self._zone_of(graph, contact))

    def _zone_of(self, graph, contact):
        own = contact.columns["timezone"] if graph.get("zone") == "CONTACT" else None
        return own or self.zone


def _days_of(contact, wanted, since, until):
    """The days, with year and time, around this period."""
    born = contact.columns[wanted["field"]]
    if born is None:
        return
    born, at = date.fromisoformat(born), time.fromisoformat(wanted.get("at") or "00:00")
    for year in range(since.year - 1, until.year + 2):
        day = date(year, 2, 28) if (born.month, born.day) == (2, 29) and year % 4 else born.replace(year=year)
        if day >= born:
            yield year, day, at


def _passes(activity, wanted):
    """Whether it is of the kind, and each property is at least so great: the only filter that is drawn."""
    filters = wanted.get("where") or ()
    return activity["kind"] == wanted["kind"] and all(
        part["property"] in activity and activity[part["property"]] >= part["value"] for part in filters
    )


def _is_one_of(event, read):
    names = [what if kind == "field" else ("segment", what) for kind, what in event.what if kind != "activity"]
    return any(name in read for name in names)


def _read_by(rule):
    """Names of fields, `tags`, and segments."""
    ((kind, body),) = rule.items()
    if kind in ("all", "any"):
        return set().union(*map(_read_by, body))
    if kind == "not":
        return _read_by(body)
    if kind == "segment":
        return {("segment", body["segmentId"])}
    return {"tags"} if kind == "tags" else {body["field"]}


def _reads_segments(rule):
    ((kind, body),) = rule.items()
    if kind in ("all", "any"):
        return any(map(_reads_segments, body))
    return _reads_segments(body) if kind == "not" else kind == "segment"
