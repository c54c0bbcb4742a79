"""The state of the double: an ad account, its audiences, and who is in them.

A person is a row as it was sent. A row that is removed takes out exactly the same row: so a row that stayed under an old key is
seen. The API itself recognises people, and more than one row can be the same person there.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.meta.checks import (
    COLUMNS,
    ApiError,
    checked_payload,
    invalid,
    is_well_formed,
    unknown_object,
    update_failed,
)
from sandbox.meta.faults import Faults
from sandbox.meta.sessions import Session, Sessions, announced

ACCOUNT_ID: Final = "120330000000001"
TOKEN: Final = "sandbox-meta-token"  # noqa: S105 - opens the double only

MOST_AUDIENCES: Final = 500
"""Of an ad account."""

_SAMPLES: Final = 100

_PEOPLE_TO_BE_READY: Final = 1_000
"""With fewer, adverts are not shown."""


@dataclass
class Audience:
    id: str
    name: str
    description: str
    people: set[str] = field(default_factory=set)
    """Each as its values in the order of COLUMNS, joined by commas."""

    def shown(self, *, is_replaced: bool) -> dict[str, Any]:
        """Counts are rounded, as the API does."""
        size = len(self.people)
        lower = size // 100 * 100 if size >= _PEOPLE_TO_BE_READY else -1
        delivery = (200, "This audience is ready for use.") if lower > 0 else (300, "This audience is too small.")
        operation = (414, "A replacement is running.") if is_replaced else (200, "Normal")
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "delivery_status": {"code": delivery[0], "description": delivery[1]},
            "operation_status": {"code": operation[0], "description": operation[1]},
            "approximate_count_lower_bound": lower,
            "approximate_count_upper_bound": lower + 100 if lower > 0 else -1,
        }


class Sandbox:
    """One ad account with its token."""

    def __init__(self) -> None:
        self.account_id, self.token = ACCOUNT_ID, TOKEN
        self.smallest = 0
        """People cannot be removed from an audience with fewer."""
        self.audiences: dict[str, Audience] = {}
        self.sessions = Sessions()
        self.faults = Faults()
        self.calls: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.usage_percent = 0.0
        self._ids = itertools.count(120_210_000_000_001)

    # ------------------------------------------------------------ what is called

    def require_token(self, token: str | None) -> None:
        if token != self.token:
            raise ApiError(401, 190, "Invalid OAuth access token.")

    def account(self, account_id: str) -> dict[str, Any]:
        if account_id != self.account_id:
            raise unknown_object()
        return {
            "id": f"act_{self.account_id}",
            "name": "Muster Sandbox",
            "account_status": 1,
            "tos_accepted": {"custom_audience_tos": 1},
        }

    def create(self, account_id: str, body: Any) -> str:
        self.account(account_id)
        if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"]:
            raise ApiError(400, 194, "The parameter name is required.")
        if body.get("subtype") != "CUSTOM":
            raise invalid("subtype must be CUSTOM.")
        if body.get("customer_file_source") not in (
            "USER_PROVIDED_ONLY",
            "PARTNER_PROVIDED_ONLY",
            "BOTH_USER_AND_PARTNER_PROVIDED",
        ):
            raise invalid("customer_file_source says where the people come from.")
        if len(self.audiences) >= MOST_AUDIENCES:
            raise ApiError(400, 2654, f"An ad account has {MOST_AUDIENCES} audiences of this kind at most.")
        audience = Audience(str(next(self._ids)), body["name"], str(body.get("description") or ""))
        self.audiences[audience.id] = audience
        return audience.id

    def audience(self, audience_id: str) -> Audience:
        self._end_what_ran_out()
        found = self.audiences.get(audience_id)
        if found is None:
            raise unknown_object()
        return found

    def read(self, audience_id: str) -> dict[str, Any]:
        audience = self.audience(audience_id)
        return audience.shown(is_replaced=self.sessions.running_replace(audience_id) is not None)

    def delete(self, audience_id: str) -> None:
        del self.audiences[self.audience(audience_id).id]

    def receive(self, kind: str, audience_id: str, body: Any) -> dict[str, Any]:
        """A batch of `kind` add, remove or replace. Raises ApiError when it is refused as a whole."""
        audience = self.audience(audience_id)
        said, (schema, rows) = announced(body), checked_payload(body)
        running = self.sessions.running_replace(audience_id)
        if running is not None and (kind != "replace" or running.id != said.id):
            raise update_failed(1870145, "another update is in progress.")
        if kind == "remove" and len(audience.people) < self.smallest:
            raise ApiError(400, 2650, "The audience size is too small to remove people.")
        session = self.sessions.admit(said, audience_id, kind, schema)
        good, bad = self._sorted_out(schema, rows)
        self._apply(audience, session, good)
        session.received += len(rows)
        session.is_over = said.is_last
        if said.is_last and kind == "replace":
            audience.people = session.people
        return {
            "audience_id": audience.id,
            "session_id": str(session.id),
            "num_received": session.received,
            "num_invalid_entries": len(bad),
            "invalid_entry_samples": [list(row) for row in bad[:_SAMPLES]],
        }

    def _sorted_out(self, schema: Sequence[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
        """People, and rows that cannot be read."""
        places = [schema.index(column) if column in schema else None for column in COLUMNS]
        good, bad = [], []
        for row in rows:
            if is_well_formed(schema, row) and self.faults.invalid.isdisjoint(row):
                good.append(",".join(["" if place is None else row[place] for place in places]))
            else:
                bad.append(row)
        return good, bad

    def _apply(self, audience: Audience, session: Session, people: Iterable[str]) -> None:
        if session.kind == "add":
            audience.people.update(people)
        elif session.kind == "remove":
            audience.people.difference_update(people)
        else:
            session.people.update(people)

    def _end_what_ran_out(self) -> None:
        """A replacing session that was not ended ends after its 90 minutes, with what came."""
        for session in self.sessions.run_out():
            if session.audience_id in self.audiences:
                self.audiences[session.audience_id].people = session.people

    # ------------------------------------------------------------ what tests ask

    def people(self, audience_id: str, schema: Sequence[str]) -> set[tuple[str, ...]]:
        """Who is in the audience, as rows in the order of `schema`."""
        places = [COLUMNS.index(column) for column in schema]
        rows = (person.split(",") for person in self.audiences[audience_id].people)
        return {tuple(row[place] for place in places) for row in rows}

    def report(self) -> dict[str, Any]:
        return {
            "audiences": [
                {"id": one.id, "name": one.name, "people": len(one.people)} for one in self.audiences.values()
            ],
            "calls": dict(self.calls),
            "rows": dict(self.rows),
            "refusals": dict(self.refusals),
        }
