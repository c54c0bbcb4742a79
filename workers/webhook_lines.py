"""What of an endpoint's deliveries can be sent, and how many more are planned."""

from collections.abc import Sequence
from typing import Final

from models import clock
from models.destinations.webhooks.bodies import Delivery
from models.destinations.webhooks.planning import MOST_PLANNED
from models.destinations.webhooks.rows import SENDS, DeliveryKind, Endpoint, WebhookEndpointStatus

KINDS: Final = {
    WebhookEndpointStatus.CHECKING: frozenset({DeliveryKind.PING, DeliveryKind.TEST}),
    WebhookEndpointStatus.PAUSED: frozenset({DeliveryKind.TEST}),
    WebhookEndpointStatus.DISABLED: frozenset({DeliveryKind.TEST}),
    **dict.fromkeys(SENDS, frozenset(DeliveryKind)),
}
"""What is sent in each state."""

OWN_LINES: Final = (DeliveryKind.LIVE, DeliveryKind.REPLAY)
"""Of an ORDERED endpoint these are each sent in their order; the rest for itself."""


def is_quiet(endpoint: Endpoint) -> bool:
    """Whether a PARALLEL endpoint asked for a pause, which is not over."""
    until = endpoint.quiet_until
    return endpoint.mode == "PARALLEL" and until is not None and until > clock.now()


def kinds_of(endpoint: Endpoint) -> frozenset[DeliveryKind]:
    """What it is sent now. A person's test comes also within a pause."""
    return frozenset({DeliveryKind.TEST}) if is_quiet(endpoint) else KINDS[endpoint.status]


def lines_of(mode: str, waits: Sequence[Delivery]) -> list[list[Delivery]]:
    """What is sent one after another. Nothing of a line is due before its first one."""
    if mode == "PARALLEL":
        return [[one] for one in waits]
    lines = [[one] for one in waits if one.kind not in OWN_LINES]
    return lines + [line for kind in OWN_LINES if (line := [one for one in waits if one.kind is kind])]


def room_for(mode: str, waits: Sequence[Delivery], kind: DeliveryKind) -> int:
    """How many requests to plan. In order, only when all before are done."""
    waiting = sum(one.kind is kind for one in waits)
    if mode == "PARALLEL":
        return max(0, MOST_PLANNED[mode] - waiting)
    return 0 if waiting else MOST_PLANNED[mode]


def is_full(mode: str, waits: Sequence[Delivery]) -> bool:
    return room_for(mode, waits, DeliveryKind.LIVE) == 0
