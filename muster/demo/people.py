"""The people of the demo workspace: made up, the same at every first start, and lifelike enough to segment.

Every address is of a domain reserved for examples, and every phone number of a block that its country keeps for films and
books, so that nothing ever sent to them can reach anybody.
"""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

CONTACTS = 3000

FIELDS: dict[str, tuple[str, str, list[str] | None]] = {
    # key: (label, type, choices)
    "city": ("City", "TEXT", None),
    "country": ("Country", "CHOICE", ["FR", "GB", "DE", "ES", "IT", "PT"]),
    "lifetime_value": ("Lifetime value, EUR", "NUMBER", None),
    "vip": ("VIP", "BOOLEAN", None),
    "renews_on": ("Subscription renews on", "DATE", None),
    "last_visit_at": ("Last visit to a shop", "DATETIME", None),
    "interests": ("Interests", "MULTI_CHOICE", ["Coffee", "Tea", "Chocolate", "Equipment", "Courses"]),
}

TAGS = ("regular", "newsletter", "wholesale", "lead", "trial", "ambassador", "Black Friday", "at risk")

_FIRST = {
    "FR": "Camille Léa Manon Chloé Inès Jade Zoé Lucas Hugo Louis Noé Théo Jules Gaël Maëlle Anaïs Étienne Rémi Élodie Benoît",
    "GB": "Olivia Amelia Isla Ava Freya George Oscar Arthur Noah Muhammad Priya Callum Niamh Rhys Imogen",
    "DE": "Emma Hannah Mia Lina Jürgen Jonas Finn Paul Björn Käthe Günther Leonie Maximilian Zeynep",
    "ES": "Lucía Martina Sofía Álvaro Pablo Íñigo Begoña Nuria Andrés Ana José",
    "IT": "Giulia Aurora Ginevra Leonardo Lorenzo Niccolò Chiara Matteo",
    "PT": "Inês Beatriz João Tomás Leonor Gonçalo Conceição",
}
_LAST = {
    "FR": "Martin Bernard Dubois Petit Moreau Lefèvre Garnier Chevalier François Benoît Noël Guérin N'Diaye Da-Silva",
    "GB": "Smith Jones Taylor Brown Williams Patel O'Connor Khan Evans Hughes Begum MacDonald",
    "DE": "Müller Schmidt Schneider Fischer Weber Wagner Groß Schäfer Yılmaz Köhler",
    "ES": "García Fernández González Muñoz Ibáñez Núñez Peña Etxeberria",
    "IT": "Rossi Ferrari Esposito Bianchi D'Angelo Niccolai",
    "PT": "Silva Santos Ferreira Gonçalves Simões Araújo",
}
_CITIES = {
    "FR": ("Lyon", "Paris", "Marseille", "Lille", "Nantes", "Saint-Étienne", "Besançon"),
    "GB": ("London", "Leeds", "Cardiff", "Glasgow"),
    "DE": ("Berlin", "Köln", "München", "Hamburg"),
    "ES": ("Madrid", "Barcelona", "A Coruña"),
    "IT": ("Milano", "Torino", "Forlì"),
    "PT": ("Lisboa", "Porto"),
}
_SHARES = {"FR": 55, "GB": 18, "DE": 12, "ES": 8, "IT": 5, "PT": 2}
_PRODUCTS = (("espresso-1kg", 24.9), ("filter-500g", 12.5), ("grinder", 189.0), ("matcha", 31.0), ("course", 65.0))


@dataclass(frozen=True)
class Event:
    """Something that the person did."""

    kind: str
    occurred_at: datetime
    properties: dict[str, Any]


@dataclass(frozen=True)
class Someone:
    """A contact as it is stored, and what it did."""

    external_id: str
    name: str
    email: str | None
    phone: str | None
    date_of_birth: date | None
    subscribed_at: datetime | None
    last_interaction_at: datetime | None
    score: int
    whatsapp_consent: str
    tags: list[str]
    attributes: dict[str, Any]
    created_at: datetime
    events: list[Event] = field(default_factory=list)


def each_person(now: datetime, count: int = CONTACTS) -> Iterator[Someone]:
    """The people, as of `now`: the same ones every time, and everything they did moves along with it."""
    chance = random.Random(20_260_101)  # noqa: S311 - made up on purpose, and the same every time
    phones = _Phones()
    for number in range(1, count + 1):
        yield _someone(chance, phones, number, now)


def _someone(chance: random.Random, phones: "_Phones", number: int, now: datetime) -> Someone:
    country = chance.choices(list(_SHARES), list(_SHARES.values()))[0]
    first, last = chance.choice(_FIRST[country].split()), chance.choice(_LAST[country].split())
    created_at = now - timedelta(days=chance.triangular(1, 900, 200), minutes=chance.randrange(1440))
    events = sorted(_events(chance, created_at, now), key=lambda event: event.occurred_at)
    spent = round(sum(event.properties.get("amount", 0) for event in events), 2)
    subscribed = chance.random() < 0.7
    consent = chance.choices(["OPTED_IN", "UNKNOWN", "OPTED_OUT"], [60, 30, 10])[0]
    return Someone(
        external_id=f"C-{number:05}",
        name=f"{first} {last}",
        email=_email(first, last, number) if chance.random() < 0.93 else None,
        phone=phones.next(country) if chance.random() < 0.8 else None,
        date_of_birth=_birthday(chance, now) if chance.random() < 0.6 else None,
        subscribed_at=created_at + timedelta(hours=chance.randrange(72)) if subscribed else None,
        last_interaction_at=events[-1].occurred_at if events else None,
        score=min(100, int(spent / 8) + 3 * len(events)),
        whatsapp_consent=consent,
        tags=_tags(chance, spent, events, now),
        attributes=_attributes(chance, country, spent, events, now),
        created_at=created_at,
        events=events,
    )


def _events(chance: random.Random, created_at: datetime, now: datetime) -> Iterator[Event]:
    """Few do much, many do little; some fell silent long ago."""
    until = now if chance.random() < 0.7 else created_at + (now - created_at) * chance.random()
    span = max((until - created_at).total_seconds(), 60)
    for _ in range(min(int(chance.paretovariate(0.9)) + chance.randrange(3), 40)):
        at = created_at + timedelta(seconds=chance.random() * span)
        yield chance.choice((_purchase, _purchase, _page_view, _page_view, _message, _ticket))(chance, at)


def _purchase(chance: random.Random, at: datetime) -> Event:
    product, price = chance.choice(_PRODUCTS)
    quantity = chance.choice((1, 1, 1, 2, 3))
    channel = chance.choice(("web", "web", "shop"))
    amount = round(price * quantity, 2)
    return Event(
        "purchase",
        at,
        {"product": product, "quantity": quantity, "amount": amount, "currency": "EUR", "channel": channel},
    )


def _page_view(chance: random.Random, at: datetime) -> Event:
    return Event("page_view", at, {"path": chance.choice(("/", "/coffee", "/tea", "/courses", "/checkout"))})


def _message(chance: random.Random, at: datetime) -> Event:
    return Event(
        "message_received", at, {"channel": "whatsapp", "topic": chance.choice(("order", "opening hours", "course"))}
    )


def _ticket(chance: random.Random, at: datetime) -> Event:
    return Event(
        "support_ticket", at, {"topic": chance.choice(("delivery", "refund", "product")), "open": chance.random() < 0.2}
    )


def _tags(chance: random.Random, spent: float, events: list[Event], now: datetime) -> list[str]:
    purchases = sum(event.kind == "purchase" for event in events)
    wanted = {
        "regular": purchases >= 4,
        "newsletter": chance.random() < 0.4,
        "wholesale": spent > 1200,
        "lead": purchases == 0,
        "trial": chance.random() < 0.05,
        "ambassador": spent > 600 and chance.random() < 0.3,
        "Black Friday": any(event.kind == "purchase" and event.occurred_at.month == 11 for event in events),
        "at risk": purchases >= 2 and (now - events[-1].occurred_at).days > 120,
    }
    return [tag for tag in TAGS if wanted[tag]]


def _attributes(
    chance: random.Random, country: str, spent: float, events: list[Event], now: datetime
) -> dict[str, Any]:
    attributes: dict[str, Any] = {"city": chance.choice(_CITIES[country]), "country": country, "vip": spent > 800}
    if spent:
        attributes["lifetime_value"] = spent
    if chance.random() < 0.35:
        attributes["renews_on"] = (now + timedelta(days=chance.randrange(-20, 340))).date().isoformat()
    visits = [event.occurred_at for event in events if event.properties.get("channel") == "shop"]
    if visits:
        attributes["last_visit_at"] = visits[-1].replace(microsecond=0).isoformat().replace("+00:00", "Z")
    choices = FIELDS["interests"][2] or []
    if interests := [interest for interest in choices if chance.random() < 0.3]:
        attributes["interests"] = interests
    return attributes


def _birthday(chance: random.Random, now: datetime) -> date:
    days = int(chance.triangular(18, 88, 36) * 365.25)
    return datetime.combine(now.date() - timedelta(days=days), time(), UTC).date()


def _email(first: str, last: str, number: int) -> str:
    plain = unicodedata.normalize("NFKD", f"{first}.{last}".replace("ı", "i").replace("ß", "ss"))
    name = "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter in ".-"))
    return f"{name.lower()}.{number}@example.{('com', 'org', 'net')[number % 3]}"


class _Phones:
    """Numbers that no subscriber ever gets, each once: 06 39 98 in France, 07700 900 in Britain, 0171 39200 in Germany."""

    _blocks = (("FR", "+33639980000", 10_000), ("GB", "+447700900000", 1000), ("DE", "+491713920000", 100))

    def __init__(self) -> None:
        self._left = {country: iter(range(size)) for country, _, size in self._blocks}
        self._first = {country: first for country, first, _ in self._blocks}

    def next(self, country: str) -> str | None:
        step = next(self._left.get(country, iter(())), None)
        return None if step is None else f"+{int(self._first[country]) + step}"
