"""One batch of the engine: what it knows, and what it has done so far."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import db
from models.changelog.append import OpenAppend
from models.membership import apply
from models.membership.apply import Append
from models.workflows.arrivals import Arrival, Trail
from models.workflows.causes import Cause
from models.workflows.counts import Counts
from models.workflows.engine_lock import WorkflowLock
from models.workflows.graph.actions import Action
from models.workflows.happenings import Happening
from models.workflows.holding import Holdings
from models.workflows.plan import Plan
from models.workflows.plans import Plans
from models.workflows.states import EnrollmentState
from permissions.principal import Scope


@dataclass(slots=True)
class Entry:
    """What re-entry is decided by: how often a contact entered with this key, and when. `ended_at` None: it is inside."""

    times: int
    entered_at: datetime
    ended_at: datetime | None
    is_stored: bool


EntryOf = tuple[int, int, str]
"""A workflow, a contact and the entry key."""


@dataclass(slots=True)
class Candidate:
    """A contact that may enter. `node` instead of the trigger's start. `since`: not if it entered at or after this moment.

    `order`: the place of what lets it in among what happened in the batch; -1: before all that. `by_time`: time lets it in.
    `has_changed`: this batch changed the contact, or a segment of it.
    """

    plan: Plan
    trigger: str
    contact_id: int
    at: datetime
    cause: Cause
    entry_key: str = ""
    node: str | None = None
    since: datetime | None = None
    fresh_at: datetime | None = None
    order: int = -1
    by_time: bool = False
    has_changed: bool = False


@dataclass(slots=True)
class TurnedAway:
    plan: Plan
    contact_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What led contacts into a segment, or out of it: the entries (`after`, `until`] of the append to the log of members."""

    segment_id: int
    after: int
    until: int
    causes: Mapping[int, Cause]


def _nothing() -> None:
    """Nothing else is to be done."""


MembersThen = Callable[["Run", int, Sequence[int]], Awaitable[set[int]]]
"""Which of these contacts are members of this segment."""


@dataclass(slots=True, eq=False)
class Run:
    """In the ambient transaction, under the lock of the engine. `now` is a test's own time in a test run.

    `joining`: who is to enter once those who are moved now have come to rest. `moments`: when something else falls due.
    `happened`: in order; `occurred`: by enrollment, events that its waits may need (inside/occurrences.py).
    `entries`: what is known of entries, by workflow and contact, then by entry key; `left`: which of the unknown ones ended now.
    `changed_entries`, `newly_left`: those of them that are not written yet. `written`: how many of `arrivals` are.
    `behind`: where those who have come to rest are written while others are decided, `at_once` of those who may enter at a time.
    `beside`: where many steps are written meanwhile; None: with all else. `when_writing` is called before the last are written.
    `steps`: the append of their steps.
    `pending`: entries of those who are inside and wait for segments to be right; `deferred`: candidates who may enter after them,
    or whose entry rule reads segments that are not right yet.
    `moved`: what led to changes of members.
    `members_then`: by what a trial knows who is a member of a segment at `now`; None: segments stand at `now`.
    `instead`: what settles some nodes in a simulation (a `Settle`), instead of what settles them else.
    """

    plans: Plans
    lock: WorkflowLock
    now: datetime
    counts: Counts
    test_id: int | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    loaded: dict[int, Arrival] = field(default_factory=dict)
    joining: list[Candidate] = field(default_factory=list)
    entries: dict[tuple[int, int], dict[str, Entry]] = field(default_factory=dict)
    left: set[EntryOf] = field(default_factory=set)
    changed_entries: dict[EntryOf, Entry] = field(default_factory=dict)
    newly_left: list[EntryOf] = field(default_factory=list)
    written: int = 0
    behind: db.Pipeline | None = None
    beside: db.Beside | None = None
    at_once: int = 1
    when_writing: Callable[[], None] = _nothing
    steps: OpenAppend | None = None
    turned_away: list[TurnedAway] = field(default_factory=list)
    pending: set[EntryOf] = field(default_factory=set)
    deferred: list[Candidate] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    happened: Sequence[Happening] = ()
    occurred: dict[int, set[str]] = field(default_factory=dict)
    members_then: MembersThen | None = None
    settling_one_by_one: bool = False
    held: Holdings = field(init=False)
    instead: Mapping[type[Action], Any] = field(default_factory=dict)
    _settled: int = 0
    _members: Append | None = None
    _trails: dict[tuple[int, int, int, str], Trail] = field(default_factory=dict)
    _zones: dict[int, str] = field(default_factory=dict)
    _words: frozenset[str] | None = None
    _by_contact: dict[int, list[Happening]] | None = None

    def __post_init__(self) -> None:
        self.held = Holdings(self.scope)

    @property
    def scope(self) -> Scope:
        return self.plans.scope

    @property
    def workspace_id(self) -> int:
        return self.plans.scope.workspace_id

    # ---------------------------------------------------------------- what happened

    @property
    def words(self) -> frozenset[str]:
        """Those of all that happened."""
        if self._words is None:
            self._words = frozenset({one.word for one in self.happened})
        return self._words

    def happened_with(self, word: str) -> list[Happening]:
        """What has this word, in order."""
        return [one for one in self.happened if one.word == word] if word in self.words else []

    def happened_to(self, contact_id: int) -> Sequence[Happening]:
        """What happened to a contact, in order."""
        if self._by_contact is None:
            self._by_contact = {}
            for one in self.happened:
                self._by_contact.setdefault(one.contact_id, []).append(one)
        return self._by_contact.get(contact_id, ())

    # ---------------------------------------------------------------- entries

    def entries_of(self, workflow_id: int, contact_id: int) -> dict[str, Entry]:
        """What is known of a contact's entries into a workflow, by entry key."""
        return self.entries.get((workflow_id, contact_id), {})

    def know_entry(self, workflow_id: int, contact_id: int, entry_key: str, entry: Entry) -> None:
        """An entry as it is stored, unless this batch knows better."""
        known = self.entries.setdefault((workflow_id, contact_id), {})
        if entry_key not in known:
            known[entry_key] = entry
            place = (workflow_id, contact_id, entry_key)
            if place in self.left:
                self.left.remove(place)
                entry.ended_at, self.changed_entries[place] = self.now, entry

    def settle_entries(self) -> None:
        """Puts into `entries` what has become of the arrivals, which have come to rest. Test runs leave no entries."""
        settled, self._settled = self._settled, len(self.arrivals)
        entries, changed, now = self.entries, self.changed_entries, self.now
        for arrival in self.arrivals[settled:] if self.test_id is None else ():
            key = (arrival.plan.workflow_id, arrival.contact_id)
            place = (*key, arrival.entry_key)
            if arrival.ended is None and arrival.state is EnrollmentState.READY:
                self.pending.add(place)
            known = entries.get(key)
            entry = None if known is None else known.get(arrival.entry_key)
            if arrival.is_new:
                ended_at = None if arrival.ended is None else now
                if known is None:
                    known = entries[key] = {}
                if entry is None:
                    entry = Entry(1, now, ended_at, is_stored=False)
                else:
                    entry = Entry(entry.times + 1, now, ended_at, entry.is_stored)
                known[arrival.entry_key] = changed[place] = entry
            elif arrival.ended is None:
                continue
            elif entry is None:
                self.left.add(place)
                self.newly_left.append(place)
            else:
                entry.ended_at, changed[place] = now, entry

    # ---------------------------------------------------------------- trails

    def trail(self, plan: Plan, number: int, start: int, trigger: str = "") -> Trail:
        """The trail of enrollments of one version; of new ones, with the node to which this trigger brings them, else -1."""
        key = (plan.workflow_id, number, start, trigger)
        trail = self._trails.get(key)
        if trail is None:
            trail = self._trails[key] = Trail()
        return trail

    # ---------------------------------------------------------------- members

    async def members(self) -> Append:
        """The append to the log of members in which everything of this batch is logged."""
        if self._members is None:
            self._members = await apply.begin(self.workspace_id, self.now)
        return self._members

    @property
    def written_members(self) -> Append | None:
        return self._members

    # ---------------------------------------------------------------- contacts

    async def zones(self, plan_zone_is_contacts: bool, contact_ids: Iterable[int]) -> dict[int, str]:
        """The IANA zone of each contact: its own where it has one, or the workspace's."""
        wanted = list(contact_ids)
        if not plan_zone_is_contacts:
            return dict.fromkeys(wanted, self.scope.timezone)
        unknown = [contact_id for contact_id in wanted if contact_id not in self._zones]
        if unknown:
            rows = await db.fetch(_ZONES, self.workspace_id, unknown)
            self._zones |= dict.fromkeys(unknown, self.scope.timezone) | {row["id"]: row["timezone"] for row in rows}
        return {contact_id: self._zones[contact_id] for contact_id in wanted}

    async def by_cause(self, arrivals: Sequence[Arrival]) -> AsyncIterator[list[Arrival]]:
        """Groups of one cause each. What is written to contacts while a group is dealt with is marked as caused by it."""
        groups: dict[Cause, list[Arrival]] = {}
        for arrival in arrivals:
            groups.setdefault(arrival.cause, []).append(arrival)
        for cause, group in groups.items():
            await db.execute(f"SET LOCAL muster.cause = '{cause}'")
            yield group
        await db.execute("SET LOCAL muster.cause = ''")


_ZONES = (
    "SELECT id, timezone FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND timezone IS NOT NULL"
)
