"""Stops, resumes, starts, grants, writes, imports and deletions in any order come to what a plain replay says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import clock, db
from models.contacts import person_consent
from models.contacts.consent import Word
from models.contacts.consent_writes import grant_consent
from models.contacts.delete import delete_contacts
from models.contacts.suppressions import Heard
from models.contacts.upsert import upsert_contact
from models.values.phones import phone_key
from tests.kit.transfers import imported
from tests.kit.workspaces import new_workspace

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = ["+34600000001", "+5511976500001", "+5511976500002"]
SPELLINGS = {phone_key(one): [one, one.replace("1197", "117")] for one in NUMBERS}
CONSENTS = ["UNKNOWN", "OPTED_IN", "OPTED_OUT"]
STOPS = (Word.STOP, Word.PLATFORM_STOP)
FOREVER = datetime.min.replace(tzinfo=UTC)
MOMENT = timedelta(microseconds=1)

who, number, consent = st.sampled_from(["1", "2"]), st.sampled_from(NUMBERS), st.sampled_from(CONSENTS)
word = st.tuples(st.sampled_from(list(Word)), number, st.integers(0, 1), st.integers(-5, 15))
step = st.one_of(
    st.tuples(st.just("hear"), st.lists(word, min_size=1, max_size=3)),
    st.tuples(st.just("hear"), st.lists(word, min_size=1, max_size=3)),
    st.tuples(st.just("upsert"), who, st.none() | number, st.none() | consent),
    st.tuples(st.just("import"), who, number, consent),
    st.tuples(st.just("grant"), who),
    st.tuples(st.just("delete"), who),
)


@dataclass
class Person:
    """`base`: what the consent is, or was before the person stopped."""

    phone: str | None = None
    base: str = "UNKNOWN"
    base_at: datetime = FOREVER


@dataclass
class Oracle:
    words: dict[str, set[tuple[datetime, bool, Word]]] = field(default_factory=lambda: {one: set() for one in NUMBERS})
    people: dict[str, Person] = field(default_factory=dict)

    def hear(self, key: str, said: Word, at: datetime) -> None:
        self.words[key].add((at, said in STOPS, said))

    def stopped_since(self, key: str | None) -> datetime | None:
        """What one says after the other, in the order of the provider's time, of two at once the stop last."""
        own: datetime | None = None
        platform: datetime | None = None
        for at, _, said in sorted(self.words[key] if key else ()):
            match said:
                case Word.STOP:
                    own = at
                case Word.PLATFORM_STOP:
                    platform = at
                case Word.START:
                    own = platform = None
                case Word.PLATFORM_RESUME:
                    platform = None
        return max(filter(None, (own, platform)), default=None)

    def is_free(self, name: str, key: str | None) -> bool:
        return key is None or all(other.phone != key for one, other in self.people.items() if one != name)

    def write(self, name: str, key: str | None, given_consent: str | None, *, opt_outs_stay: bool = False) -> None:
        person = self.people.setdefault(name, Person())
        since = self.stopped_since(person.phone)
        if key is not None and key != person.phone:
            if since is not None and self.stopped_since(key) is None:
                starts = [at for at, _, said in self.words[key] if said is Word.START]
                self.hear(key, Word.STOP, max([since, *starts]))
            person.phone = key
        stays = opt_outs_stay and person.base == "OPTED_OUT"
        if self.stopped_since(person.phone) is None and given_consent not in (None, person.base) and not stays:
            person.base, person.base_at = str(given_consent), clock.now()

    def grant(self, name: str) -> None:
        person = self.people[name]
        since = self.stopped_since(person.phone)
        at = max(clock.now(), (since or person.base_at) + MOMENT)
        if person.phone is not None:
            self.hear(person.phone, Word.START, at)
        person.base, person.base_at = "OPTED_IN", at

    def consents(self) -> dict[str, str]:
        return {
            name: person.base if self.stopped_since(person.phone) is None else "OPTED_OUT"
            for name, person in self.people.items()
        }


@pytest.fixture
def ticking() -> Any:
    """A clock that moves when the test says so."""
    yield
    clock.set_source(None)


@given(steps=st.lists(step, min_size=1, max_size=10))
async def test_consent_is_what_was_said_last_in_the_time_of_who_said_it(
    database: str, ticking: Any, steps: list[tuple[Any, ...]]
) -> None:
    clock.set_source(lambda: BEGIN)
    scope, oracle = await new_workspace(), Oracle()
    ids: dict[str, int] = {}
    for place, (kind, *arguments) in enumerate(steps):
        now = BEGIN + timedelta(seconds=place, milliseconds=500)
        clock.set_source(lambda now=now: now)  # type: ignore[misc]
        if kind == "hear":
            heard = [
                Heard(phone_key(SPELLINGS[key][spelling]), said, BEGIN + timedelta(seconds=at))
                for said, key, spelling, at in arguments[0]
            ]
            await person_consent.heed(scope.workspace_id, heard)
            for one in heard:
                oracle.hear(one.phone_key, one.word, one.at)
            continue
        name = arguments[0]
        if kind in ("upsert", "import"):
            phone, given_consent = arguments[1:]
            if not oracle.is_free(name, phone):
                continue
            if kind == "upsert":
                values = {"external_id": name, "phone": phone, "whatsapp_consent": given_consent}
                row, _ = await upsert_contact(scope, {key: one for key, one in values.items() if one is not None})
                ids[name] = row["id"]
            else:
                text = f"external_id,phone,whatsapp_consent\n{name},{phone},{given_consent}\n"
                await imported(scope, text, overwrite=True)
                ids[name] = await db.fetch_value(
                    "SELECT id FROM contacts WHERE workspace_id = $1 AND external_id = $2", scope.workspace_id, name
                )
            oracle.write(name, phone, given_consent, opt_outs_stay=kind == "import")
        elif name in oracle.people:
            if kind == "grant":
                await grant_consent(scope, ids[name], "Said so")
                oracle.grant(name)
            else:
                await delete_contacts(scope, [ids.pop(name)])
                del oracle.people[name]
        rows = await db.fetch(
            "SELECT external_id, whatsapp_consent FROM contacts WHERE workspace_id = $1", scope.workspace_id
        )
        assert {row["external_id"]: row["whatsapp_consent"] for row in rows} == oracle.consents(), (place, kind)


@given(
    said=st.lists(word, min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
    before=consent,
)
async def test_the_order_of_arrival_and_repetition_do_not_matter(
    database: str, said: list[tuple[Word, str, int, int]], order: Any, before: str
) -> None:
    outcomes = []
    for attempt in range(2):
        scope = await new_workspace()
        for phone in NUMBERS:
            await upsert_contact(scope, {"phone": phone, "whatsapp_consent": before})
        heard = [Heard(phone_key(SPELLINGS[key][n]), one, BEGIN + timedelta(seconds=at)) for one, key, n, at in said]
        if attempt:
            heard += order.choices(heard, k=3)
            order.shuffle(heard)
        size = attempt + 1
        for start in range(0, len(heard), size):
            await person_consent.heed(scope.workspace_id, heard[start : start + size])
        rows = await db.fetch(
            "SELECT phone, whatsapp_consent, consent_source FROM contacts WHERE workspace_id = $1 ORDER BY phone",
            scope.workspace_id,
        )
        outcomes.append([tuple(row) for row in rows])
    assert outcomes[0] == outcomes[1]
