"""What `muster doctor` finds."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    health: Health
    what: str
    remedy: str | None = None

    @property
    def is_wrong(self) -> bool:
        return self.health is Health.WRONG

    def text(self) -> str:
        return f"{self.health.value:<9} {self.what}"


def ok(what: str) -> Finding:
    return Finding(Health.OK, what)


def warning(what: str, remedy: str) -> Finding:
    return Finding(Health.WARNING, what, remedy)


def wrong(what: str, remedy: str) -> Finding:
    return Finding(Health.WRONG, what, remedy)
