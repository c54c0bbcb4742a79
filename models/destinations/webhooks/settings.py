"""What an endpoint is set to, as given and checked."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from models.destinations.webhooks.event_types import SUBSCRIBABLE
from models.destinations.webhooks.urls import check_url
from models.errors import DomainError, Invalid, Problems, Required, at
from models.values.texts import check_text


class WebhookDeliveryMode(StrEnum):
    ORDERED = "ORDERED"
    PARALLEL = "PARALLEL"


class WebhookFailurePolicy(StrEnum):
    BLOCK = "BLOCK"
    SKIP = "SKIP"


MOST_IN_BATCH: Final = 1_000
MOST_SEGMENTS: Final = 1_000
MOST_HEADERS: Final = 20
MOST_HEADER_BYTES: Final = 4_096
MOST_REQUESTS_PER_SECOND: Final = 10_000.0

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")

_OF_THE_PROTOCOL: Final = frozenset(
    [
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
    ]
)

_PREFIXES: Final = ("webhook-", "x-forwarded-", "sec-", "proxy-")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """`headers` None: as they were; a value None in it: that header as it was."""

    url: str
    event_types: Sequence[str]
    description: str | None = None
    segment_ids: Sequence[int] = ()
    mode: WebhookDeliveryMode = WebhookDeliveryMode.ORDERED
    on_failure: WebhookFailurePolicy = WebhookFailurePolicy.BLOCK
    batch_size: int = 100
    include_contacts: bool = False
    headers: Mapping[str, str | None] | None = field(default=None, repr=False)
    requests_per_second: float | None = None


def check_settings(given: EndpointSettings) -> None:
    """Raises Problems with an error for each wrong value."""
    problems: list[DomainError] = []
    for check in (_check_url, _check_description, _check_event_types, _check_numbers, _check_headers):
        try:
            check(given)
        except DomainError as error:
            problems.append(error)
    if problems:
        raise Problems(problems)


def _check_url(given: EndpointSettings) -> None:
    check_url(given.url)


def _check_description(given: EndpointSettings) -> None:
    if given.description is not None:
        with at("description"):
            check_text(given.description, 1_000)


def _check_event_types(given: EndpointSettings) -> None:
    if not given.event_types:
        raise Required("choose one event type at least: webhookEventTypes lists them", ("eventTypes",))
    for index, name in enumerate(given.event_types):
        if name not in SUBSCRIBABLE:
            known = ", ".join(sorted(SUBSCRIBABLE))
            raise Invalid(f"{name[:100]!r} is no event type: choose from {known}", ("eventTypes", index))
    if len(given.segment_ids) > MOST_SEGMENTS:
        raise Invalid(f"at most {MOST_SEGMENTS:,} segments fit: leave them out for all", ("segmentIds",))


def _check_numbers(given: EndpointSettings) -> None:
    if not 1 <= given.batch_size <= MOST_IN_BATCH:
        raise Invalid(f"this is {given.batch_size}: 1 to {MOST_IN_BATCH:,} changes fit into a request", ("batchSize",))
    rate = given.requests_per_second
    if rate is not None and not (math.isfinite(rate) and 0 < rate <= MOST_REQUESTS_PER_SECOND):
        raise Invalid("give a number above 0 and up to 10,000, or leave it out", ("requestsPerSecond",))


def _check_headers(given: EndpointSettings) -> None:
    headers = given.headers or {}
    if not isinstance(headers, Mapping):
        raise Invalid('headers are a JSON object, such as {"Authorization": "Bearer ..."}', ("headers",))
    if len(headers) > MOST_HEADERS:
        raise Invalid(f"at most {MOST_HEADERS} headers fit", ("headers",))
    if len({name.lower() for name in headers}) < len(headers):
        raise Invalid("a header is given twice: names are equal whatever their case", ("headers",))
    for name, value in headers.items():
        _check_header(name, value)
    if sum(len(name) + len(value or "") for name, value in headers.items()) > MOST_HEADER_BYTES:
        raise Invalid(f"at most {MOST_HEADER_BYTES:,} bytes of headers fit", ("headers",))


def _check_header(name: str, value: Any) -> None:
    path = ("headers", name[:100])
    if not _HEADER_NAME.fullmatch(name):
        raise Invalid("this is no name of a header: a to z, digits and - are right", path)
    if name.lower() in _OF_THE_PROTOCOL or name.lower().startswith(_PREFIXES):
        raise Invalid("this header belongs to the protocol: choose another name, such as X-Api-Key", path)
    if value is not None and not (isinstance(value, str) and _HEADER_VALUE.fullmatch(value) and value == value.strip()):
        raise Invalid("the value of a header is printable ASCII text", path)
