"""The sandbox itself: numbers, templates, what was accepted for whom, and what follows from a message."""

import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.whatsapp.checks import ApiError, check_message
from sandbox.whatsapp.faults import Fault, Faults
from sandbox.whatsapp.limits import Pair, Throughput, busiest_second
from sandbox.whatsapp.statuses import Sender, StatusDelays, WebhookTeller
from sandbox.whatsapp.templates import TEMPLATES

NUMBER_ID: Final = "106540352242922"
BUSINESS_ACCOUNT_ID: Final = "102290129340398"
TOKEN: Final = "sandbox-token"  # noqa: S105 - everybody may know it
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
class Number:
    """A phone number of the sandbox."""

    sender: Sender
    token: str = field(repr=False)
    throughput: Throughput
    limit: str
    quality: str = "GREEN"
    pair: Pair = field(default_factory=Pair)

    def shown(self) -> dict[str, Any]:
        """As GET /{number} answers."""
        level = "HIGH" if self.throughput.per_second > 80 else "STANDARD"
        return {
            "id": self.sender.number_id,
            "display_phone_number": self.sender.display_number,
            "verified_name": "Muster Sandbox",
            "quality_rating": self.quality,
            "status": "CONNECTED",
            "throughput": {"level": level},
            "whatsapp_business_manager_messaging_limit": self.limit,
        }


@dataclass
class SendResult:
    """What the caller of a send gets: an answer, perhaps late, perhaps never."""

    answer: dict[str, Any] | None
    delay_seconds: float = 0.0
    cut: bool = False


class Sandbox:
    """All its state. It keeps none on disk: a restart begins anew."""

    def __init__(self, webhook_url: str | None = None, habits: StatusDelays | None = None) -> None:
        self.templates: list[dict[str, Any]] = [dict(template) for template in TEMPLATES]
        self.faults = Faults()
        self.teller = WebhookTeller(webhook_url, habits or StatusDelays())
        self.numbers: dict[str, Number] = {}
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
    ) -> Number:
        """One more number, or the same one anew."""
        sender = Sender(number_id, business_account_id, DISPLAY_NUMBER, secret)
        number = Number(sender, token, Throughput(per_second), limit)
        self.numbers[number_id] = number
        return number

    # ------------------------------------------------------------ sending

    def send(self, number_id: str, token: str | None, message: Any) -> SendResult:
        """Take a message, or raise Refusal."""
        try:
            return self._send(self.number_for(number_id, token), message)
        except ApiError as refusal:
            self.refusals[refusal.code] += 1
            raise

    def number_for(self, number_id: str, token: str | None) -> Number:
        """The number, for a caller who may use it. Raises Refusal."""
        number = self.numbers.get(number_id)
        if number is None:
            raise ApiError(400, 100, "Unsupported request", "There is no object with this id, or you may not see it.")
        self.must_hold(number, token)
        return number

    def must_hold(self, number: Number, token: str | None) -> None:
        """Raises Refusal when `token` is not the number's."""
        if token != number.token:
            raise ApiError(401, 190, "Invalid OAuth access token", "The access token cannot be read or has expired.")

    def _send(self, number: Number, message: Any) -> SendResult:
        phone = check_message(message, self.templates)
        fault = self.faults.of(phone)
        if fault is Fault.HANGS:
            return SendResult(None, delay_seconds=3600)
        if fault in _ERRORS:
            status, code, text = _ERRORS[fault]
            raise ApiError(status, code, text, transient=status >= 500)
        self._admit(number, phone)
        return self._accept(number, phone, message, fault)

    def _admit(self, number: Number, phone: str) -> None:
        self.asked_at.append(time.monotonic())
        if not number.throughput.admit(time.monotonic()):
            raise ApiError(429, 130429, "Rate limit hit", "Message failed to send: too many messages from this number.")
        if not number.pair.admit(phone, time.monotonic()):
            raise ApiError(400, 131056, "Pair rate limit hit", "Too many messages to this recipient in a short time.")

    def _accept(self, number: Number, phone: str, message: dict[str, Any], fault: Fault | None) -> SendResult:
        message_id = f"wamid.SANDBOX{next(self._serial):012d}"
        reference = message.get("biz_opaque_callback_data")
        self.accepted[phone] += 1
        self.accepted_at.append(time.monotonic())
        self.first_at = self.first_at or time.time()
        if reference is not None:
            self.references[message_id] = reference
        self._foretell(number, phone, message_id, reference, fault)
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": message["to"], "wa_id": phone[1:]}],
            "messages": [{"id": message_id, "message_status": "accepted"}],
        }
        return SendResult(answer, 3.0 if fault is Fault.SLOW else 0.0, cut=fault is Fault.LOST_ANSWER)

    # ------------------------------------------------------------ statuses

    def _foretell(self, number: Number, phone: str, message_id: str, reference: Any, fault: Fault | None) -> None:
        habits = self.teller.habits
        if fault is Fault.SILENT:
            return
        if fault in _FAILURES:
            self._status(number, phone, message_id, reference, "failed", habits.delivered_seconds, _FAILURES[fault])
            return
        self._status(number, phone, message_id, reference, "sent", habits.sent_seconds)
        if fault is not Fault.READ_ONLY:
            self._status(number, phone, message_id, reference, "delivered", habits.delivered_seconds)
        if fault is Fault.READ_ONLY or self.faults.dice.random() < habits.read_share:
            self._status(number, phone, message_id, reference, "read", habits.read_seconds)

    def _status(
        self,
        number: Number,
        phone: str,
        message_id: str,
        reference: Any,
        status: str,
        delay_seconds: float,
        failure: tuple[int, str] | None = None,
    ) -> None:
        told: dict[str, Any] = {
            "id": message_id,
            "status": status,
            "timestamp": str(int(time.time() + delay_seconds)),
            "recipient_id": phone[1:],
        }
        if reference is not None:
            told["biz_opaque_callback_data"] = reference
        if status in ("sent", "delivered"):
            told["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
        value: dict[str, Any] = {"statuses": [told]}
        if failure is not None:
            code, text = failure
            told["errors"] = [{"code": code, "title": text, "message": text, "error_data": {"details": text}}]
        self.teller.tell(number.sender, "messages", value, delay_seconds)

    # ------------------------------------------------------------ what people do

    def write(self, number_id: str, phone: str, text: str, button: str | None = None) -> None:
        """A person writes to the number, or presses a quick-reply button that carries `button`."""
        body: dict[str, Any] = {"button": {"payload": button, "text": text}} if button else {"text": {"body": text}}
        message = {
            "from": phone.lstrip("+"),
            "id": f"wamid.INBOUND{next(self._serial):012d}",
            "timestamp": str(int(time.time())),
            "type": next(iter(body)),
            **body,
        }
        contacts = [{"profile": {"name": "Somebody"}, "wa_id": phone.lstrip("+")}]
        self.teller.tell(self.numbers[number_id].sender, "messages", {"contacts": contacts, "messages": [message]})

    def prefer(self, number_id: str, phone: str, stop: bool) -> None:
        """A person stops, or resumes, marketing in WhatsApp's own settings."""
        wish = {
            "wa_id": phone.lstrip("+"),
            "detail": "User requested to stop marketing messages" if stop else "User requested to resume them",
            "category": "marketing_messages",
            "value": "stop" if stop else "resume",
            "timestamp": int(time.time()),
        }
        self.teller.tell(self.numbers[number_id].sender, "user_preferences", {"user_preferences": [wish]})

    def set_template_status(self, name: str, status: str, number_id: str = NUMBER_ID) -> None:
        """Meta changes a template's status, and says so."""
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
                self.teller.tell(self.numbers[number_id].sender, "message_template_status_update", value)

    # ------------------------------------------------------------ what it has seen

    def report(self) -> dict[str, Any]:
        """What was accepted: how many messages, for how many people, the most for one; and the busiest second, refusals too."""
        return {
            "accepted": sum(self.accepted.values()),
            "people": len(self.accepted),
            "most_for_one": max(self.accepted.values(), default=0),
            "busiest_second": busiest_second(self.asked_at),
            "seconds": self.accepted_at[-1] - self.accepted_at[0] if self.accepted_at else 0.0,
            "first_at": self.first_at,
            "refusals": {str(code): count for code, count in self.refusals.items()},
            "webhooks_told": self.teller.told,
            "webhooks_waiting": self.teller.waiting,
        }

    def forget(self) -> None:
        """Count from zero again."""
        self.accepted.clear()
        self.asked_at.clear()
        self.accepted_at.clear()
        self.first_at = 0.0
        self.refusals.clear()
