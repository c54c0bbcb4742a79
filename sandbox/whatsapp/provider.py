"""Phone numbers, templates, messages, and the webhooks that follow."""

import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.whatsapp.checks import ApiError, check_message
from sandbox.whatsapp.faults import Fault, Faults
from sandbox.whatsapp.limits import PairLimit, Throughput, busiest_second
from sandbox.whatsapp.templates import TEMPLATES
from sandbox.whatsapp.webhooks import WebhookOptions, WebhookSender, WebhookSource

NUMBER_ID: Final = "106540352242922"
BUSINESS_ACCOUNT_ID: Final = "102290129340398"
TOKEN: Final = "sandbox-token"  # noqa: S105 - not a secret
SECRET: Final = "sandbox-secret"  # noqa: S105
VERIFY_TOKEN: Final = "sandbox-verify"  # noqa: S105
DISPLAY_NUMBER: Final = "15550783881"

_ERRORS: Final = {
    Fault.REFUSED: (400, 131026, "Message undeliverable"),
    Fault.SERVER_ERROR: (500, 131016, "Service unavailable"),
    Fault.ERROR_ONCE: (500, 131000, "Something went wrong"),
    Fault.TOO_MUCH: (429, 130429, "Rate limit hit"),
    Fault.PAIR_LIMIT: (400, 131056, "Pair rate limit hit"),
    Fault.TOKEN_EXPIRED: (401, 190, "Access token has expired"),
    Fault.ACCOUNT_LOCKED: (403, 131031, "Account has been locked"),
    Fault.TEMPLATE_PAUSED: (400, 132015, "Template is paused"),
}

_FAILURES: Final = {
    Fault.UNDELIVERABLE: (131026, "Message undeliverable"),
    Fault.OPTED_OUT: (131050, "User has stopped marketing messages from this business"),
    Fault.NOT_NOW: (131049, "This message was not delivered to maintain a healthy ecosystem"),
}


@dataclass
class PhoneNumber:
    source: WebhookSource
    token: str = field(repr=False)
    throughput: Throughput
    limit: str
    quality: str = "GREEN"
    pair: PairLimit = field(default_factory=PairLimit)

    def shown(self) -> dict[str, Any]:
        level = "HIGH" if self.throughput.per_second > 80 else "STANDARD"
        return {
            "id": self.source.number_id,
            "display_phone_number": self.source.display_number,
            "verified_name": "Muster Sandbox",
            "quality_rating": self.quality,
            "status": "CONNECTED",
            "throughput": {"level": level},
            "whatsapp_business_manager_messaging_limit": self.limit,
        }


@dataclass
class SendResult:
    """None: no answer. `cut`: the connection is closed before it."""

    answer: dict[str, Any] | None
    delay_seconds: float = 0.0
    cut: bool = False


class Sandbox:
    """The state of the sandbox; it is kept in memory only."""

    def __init__(self, webhook_url: str | None = None, webhook_options: WebhookOptions | None = None) -> None:
        self.templates: list[dict[str, Any]] = [dict(template) for template in TEMPLATES]
        self.faults = Faults()
        self.webhooks = WebhookSender(webhook_url, webhook_options or WebhookOptions())
        self.numbers: dict[str, PhoneNumber] = {}
        self.accepted: Counter[str] = Counter()
        self.asked_at: list[float] = []
        self.accepted_at: list[float] = []
        self.first_at = 0.0
        self.references: dict[str, str] = {}
        self.refusals: Counter[int] = Counter()
        self._serial = itertools.count(1)
        self.add_number()

    def add_number(
        self,
        number_id: str = NUMBER_ID,
        business_account_id: str = BUSINESS_ACCOUNT_ID,
        token: str = TOKEN,
        secret: str = SECRET,
        per_second: int = 80,
        limit: str = "TIER_100K",
    ) -> PhoneNumber:
        """Adds a phone number, or resets it."""
        source = WebhookSource(number_id, business_account_id, DISPLAY_NUMBER, secret)
        number = PhoneNumber(source, token, Throughput(per_second), limit)
        self.numbers[number_id] = number
        return number

    def send(self, number_id: str, token: str | None, message: Any) -> SendResult:
        """Accepts a message. Raises ApiError when the API would refuse it."""
        try:
            return self._send(self.number_for(number_id, token), message)
        except ApiError as refusal:
            self.refusals[refusal.code] += 1
            raise

    def number_for(self, number_id: str, token: str | None) -> PhoneNumber:
        """Raises ApiError when the number is unknown or the token is wrong."""
        number = self.numbers.get(number_id)
        if number is None:
            raise ApiError(400, 100, "Unsupported request", "There is no object with this id, or you may not see it.")
        self.require_token(number, token)
        return number

    def require_token(self, number: PhoneNumber, token: str | None) -> None:
        """Raises ApiError when `token` is not the number's."""
        if token != number.token:
            raise ApiError(401, 190, "Invalid OAuth access token", "The access token cannot be read or has expired.")

    def _send(self, number: PhoneNumber, message: Any) -> SendResult:
        phone = check_message(message, self.templates)
        fault = self.faults.of(phone)
        if fault is Fault.HANGS:
            return SendResult(None, delay_seconds=3600)
        if fault in _ERRORS:
            status, code, text = _ERRORS[fault]
            raise ApiError(status, code, text, transient=status >= 500)
        self._admit(number, phone)
        return self._accept(number, phone, message, fault)

    def _admit(self, number: PhoneNumber, phone: str) -> None:
        self.asked_at.append(time.monotonic())
        if not number.throughput.admit(time.monotonic()):
            raise ApiError(429, 130429, "Rate limit hit", "Message failed to send: too many messages from this number.")
        if not number.pair.admit(phone, time.monotonic()):
            raise ApiError(400, 131056, "Pair rate limit hit", "Too many messages to this recipient in a short time.")

    def _accept(self, number: PhoneNumber, phone: str, message: dict[str, Any], fault: Fault | None) -> SendResult:
        message_id = f"wamid.SANDBOX{next(self._serial):012d}"
        reference = message.get("biz_opaque_callback_data")
        self.accepted[phone] += 1
        self.accepted_at.append(time.monotonic())
        self.first_at = self.first_at or time.time()
        if reference is not None:
            self.references[message_id] = reference
        self._schedule_statuses(number, phone, message_id, reference, fault)
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": message["to"], "wa_id": phone[1:]}],
            "messages": [{"id": message_id, "message_status": "accepted"}],
        }
        return SendResult(answer, 3.0 if fault is Fault.SLOW else 0.0, cut=fault is Fault.LOST_ANSWER)

    def _schedule_statuses(
        self, number: PhoneNumber, phone: str, message_id: str, reference: Any, fault: Fault | None
    ) -> None:
        options = self.webhooks.options
        if fault is Fault.SILENT:
            return
        if fault in _FAILURES:
            self._status(number, phone, message_id, reference, "failed", options.delivered_seconds, _FAILURES[fault])
            return
        self._status(number, phone, message_id, reference, "sent", options.sent_seconds)
        if fault is not Fault.READ_ONLY:
            self._status(number, phone, message_id, reference, "delivered", options.delivered_seconds)
        if fault is Fault.READ_ONLY or self.faults.rng.random() < options.read_share:
            self._status(number, phone, message_id, reference, "read", options.read_seconds)

    def _status(
        self,
        number: PhoneNumber,
        phone: str,
        message_id: str,
        reference: Any,
        status: str,
        delay_seconds: float,
        failure: tuple[int, str] | None = None,
    ) -> None:
        event: dict[str, Any] = {
            "id": message_id,
            "status": status,
            "timestamp": str(int(time.time() + delay_seconds)),
            "recipient_id": phone[1:],
        }
        if reference is not None:
            event["biz_opaque_callback_data"] = reference
        if status in ("sent", "delivered"):
            event["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
        value: dict[str, Any] = {"statuses": [event]}
        if failure is not None:
            code, text = failure
            event["errors"] = [{"code": code, "title": text, "message": text, "error_data": {"details": text}}]
        self.webhooks.send(number.source, "messages", value, delay_seconds)

    def write(self, number_id: str, phone: str, text: str, button: str | None = None) -> None:
        """Lets a person write to the number; `button` is the payload of a quick reply."""
        body: dict[str, Any] = {"button": {"payload": button, "text": text}} if button else {"text": {"body": text}}
        message = {
            "from": phone.lstrip("+"),
            "id": f"wamid.INBOUND{next(self._serial):012d}",
            "timestamp": str(int(time.time())),
            "type": next(iter(body)),
            **body,
        }
        contacts = [{"profile": {"name": "Somebody"}, "wa_id": phone.lstrip("+")}]
        self.webhooks.send(self.numbers[number_id].source, "messages", {"contacts": contacts, "messages": [message]})

    def receive(self, number_id: str, phone: str | None, kind: str, content: Any, user_id: str | None = None) -> None:
        """Sends an inbound message of any type; `content` is the object of its type. `user_id`: the person's opaque id."""
        named = {"from": None if phone is None else phone.lstrip("+"), "from_user_id": user_id}
        message = {
            **{name: value for name, value in named.items() if value is not None},
            "id": f"wamid.INBOUND{next(self._serial):012d}",
            "timestamp": str(int(time.time())),
            "type": kind,
            kind: content,
        }
        self.webhooks.send(self.numbers[number_id].source, "messages", {"messages": [message]})

    def change_number(self, number_id: str, phone: str, new_phone: str) -> None:
        """Sends the news that a person has another number."""
        news = {"body": "The number has changed.", "type": "user_changed_number", "new_wa_id": new_phone.lstrip("+")}
        self.receive(number_id, phone, "system", news)

    def prefer(self, number_id: str, phone: str, stop: bool) -> None:
        preference = {
            "wa_id": phone.lstrip("+"),
            "detail": "User requested to stop marketing messages" if stop else "User requested to resume them",
            "category": "marketing_messages",
            "value": "stop" if stop else "resume",
            "timestamp": int(time.time()),
        }
        self.webhooks.send(self.numbers[number_id].source, "user_preferences", {"user_preferences": [preference]})

    def set_template_status(self, name: str, status: str, number_id: str = NUMBER_ID) -> None:
        for template in self.templates:
            if template["name"] == name:
                template["status"] = status
                value = {
                    "event": status,
                    "message_template_id": int(template["id"]),
                    "message_template_name": name,
                    "message_template_language": template["language"].replace("_", "-"),
                    "reason": None,
                }
                self.webhooks.send(self.numbers[number_id].source, "message_template_status_update", value)

    def report(self) -> dict[str, Any]:
        """Returns the counts that `GET /sandbox` answers."""
        return {
            "accepted": sum(self.accepted.values()),
            "people": len(self.accepted),
            "most_for_one": max(self.accepted.values(), default=0),
            "busiest_second": busiest_second(self.asked_at),
            "seconds": self.accepted_at[-1] - self.accepted_at[0] if self.accepted_at else 0.0,
            "first_at": self.first_at,
            "refusals": {str(code): count for code, count in self.refusals.items()},
            "webhooks_delivered": self.webhooks.delivered,
            "webhooks_waiting": self.webhooks.waiting,
        }

    def forget(self) -> None:
        self.accepted.clear()
        self.asked_at.clear()
        self.accepted_at.clear()
        self.first_at = 0.0
        self.refusals.clear()
