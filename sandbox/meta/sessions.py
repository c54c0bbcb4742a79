"""Sessions of batches: their order, their 90 minutes, and their one schema."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.meta.checks import ApiError, invalid, update_failed

LASTS_SECONDS: Final = 90 * 60

_LARGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True)
class Announced:
    """The `session` of a request."""

    id: int
    number: int
    is_last: bool


def announced(body: Any) -> Announced:
    """Raises ApiError when the session is missing or cannot be read."""
    session = body.get("session") if isinstance(body, dict) else None
    if not isinstance(session, dict):
        raise ApiError(400, 194, "The parameter session is required.")
    session_id, number = session.get("session_id"), session.get("batch_seq")
    if not isinstance(session_id, int) or not 0 < session_id <= _LARGEST_ID:
        raise invalid("session.session_id must be a positive 64-bit integer.")
    if not isinstance(number, int) or number < 1:
        raise invalid("session.batch_seq begins with 1.")
    last = session.get("last_batch_flag", False)
    if not isinstance(last, bool):
        raise invalid("session.last_batch_flag must be true or false.")
    return Announced(session_id, number, last)


@dataclass
class Session:
    """A session as it goes on; `kind` is add, remove or replace."""

    id: int
    audience_id: str
    kind: str
    schema: tuple[str, ...]
    started_at: float
    last_number: int = 0
    received: int = 0
    is_over: bool = False
    people: set[str] = field(default_factory=set)
    """Of a replacing session: who will be there at its end."""


class Sessions:
    """The sessions of an ad account: an id is used once."""

    def __init__(self) -> None:
        self.skipped_seconds = 0.0
        """How far a command has moved the clock."""
        self._sessions: dict[int, Session] = {}

    def now(self) -> float:
        return time.monotonic() + self.skipped_seconds

    def running_replace(self, audience_id: str) -> Session | None:
        """The replacing session of the audience that has neither ended nor run out."""
        for session in self._sessions.values():
            if session.audience_id == audience_id and session.kind == "replace" and not session.is_over:
                return None if self.has_run_out(session) else session
        return None

    def run_out(self) -> list[Session]:
        """Replacing sessions that their 90 minutes have ended, each once."""
        ended = [one for one in self._sessions.values() if not one.is_over and self.has_run_out(one)]
        for session in ended:
            session.is_over = True
        return [session for session in ended if session.kind == "replace"]

    def has_run_out(self, session: Session) -> bool:
        return self.now() - session.started_at > LASTS_SECONDS

    def admit(self, said: Announced, audience_id: str, kind: str, schema: Sequence[str]) -> Session:
        """The session that this batch belongs to. Raises ApiError when the batch may not come now."""
        session = self._sessions.get(said.id)
        if session is None:
            if said.number != 1:
                if kind == "replace":
                    raise update_failed(1870147, "the first batch of the session is missing.")
                raise invalid("the first batch of a session has batch_seq 1.")
            session = self._sessions[said.id] = Session(said.id, audience_id, kind, tuple(schema), self.now())
        elif (session.audience_id, session.kind) != (audience_id, kind):
            raise invalid("this session_id is another session's.")
        elif session.schema != tuple(schema):
            raise invalid("the schema must be the same in all batches of a session.")
        elif session.is_over and not self.has_run_out(session):
            raise update_failed(1870159, "the session has finished already.")
        elif self.has_run_out(session):
            raise update_failed(1870158, "the session has timed out.")
        elif kind == "replace" and said.number == 1:
            raise update_failed(1870145, "another update is in progress.")
        elif kind != "replace" and said.number > session.last_number + 1:
            raise invalid(f"batch_seq {session.last_number + 1} comes before {said.number}.")
        session.last_number = max(session.last_number, said.number)
        return session
