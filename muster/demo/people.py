"""Invented contacts, the same at every first start.

E-mail domains are reserved for examples, phone numbers for fiction: no message can reach anybody."""

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
class DemoActivity:
    kind: str
    occurred_at: datetime
    properties: dict[str, Any]


@dataclass(frozen=True)
class DemoContact:
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
    activities: list[DemoActivity] = field(default_factory=list)


def each_contact(now: datetime, count: int = CONTACTS) -> Iterator[DemoContact]:
    """Always the same, with times relative to `now`."""
    rng = random.Random(20_260_101)  # noqa: S311 - the same each time, on purpose
    phones = _Phones()
    for serial in range(1, count + 1):
        yield _contact(rng, phones, serial, now)


def _contact(rng: random.Random, phones: "_Phones", serial: int, now: datetime) -> DemoContact:
    country = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    first, last = rng.choice(_FIRST[country].split()), rng.choice(_LAST[country].split())
    created_at = now - timedelta(days=rng.triangular(1, 900, 200), minutes=rng.randrange(1440))
    activities = sorted(_activities(rng, created_at, now), key=lambda activity: activity.occurred_at)
    spent = round(sum(activity.properties.get("amount", 0) for activity in activities), 2)
    subscribed = rng.random() < 0.7
    consent = rng.choices(["OPTED_IN", "UNKNOWN", "OPTED_OUT"], [60, 30, 10])[0]
    return DemoContact(
        external_id=f"C-{serial:05}",
        name=f"{first} {last}",
        email=_email(first, last, serial) if rng.random() < 0.93 else None,
        phone=phones.next(country) if rng.random() < 0.8 else None,
        date_of_birth=_date_of_birth(rng, now) if rng.random() < 0.6 else None,
        subscribed_at=created_at + timedelta(hours=rng.randrange(72)) if subscribed else None,
        last_interaction_at=activities[-1].occurred_at if activities else None,
        score=min(100, int(spent / 8) + 3 * len(activities)),
        whatsapp_consent=consent,
        tags=_tags(rng, spent, activities, now),
        attributes=_attributes(rng, country, spent, activities, now),
        created_at=created_at,
        activities=activities,
    )


def _activities(rng: random.Random, created_at: datetime, now: datetime) -> Iterator[DemoActivity]:
    until = now if rng.random() < 0.7 else created_at + (now - created_at) * rng.random()
    span = max((until - created_at).total_seconds(), 60)
    for _ in range(min(int(rng.paretovariate(0.9)) + rng.randrange(3), 40)):
        at = created_at + timedelta(seconds=rng.random() * span)
        yield rng.choice((_purchase, _purchase, _page_view, _page_view, _message, _ticket))(rng, at)


def _purchase(rng: random.Random, at: datetime) -> DemoActivity:
    product, price = rng.choice(_PRODUCTS)
    quantity = rng.choice((1, 1, 1, 2, 3))
    channel = rng.choice(("web", "web", "shop"))
    amount = round(price * quantity, 2)
    return DemoActivity(
        "purchase",
        at,
        {"product": product, "quantity": quantity, "amount": amount, "currency": "EUR", "channel": channel},
    )


def _page_view(rng: random.Random, at: datetime) -> DemoActivity:
    return DemoActivity("page_view", at, {"path": rng.choice(("/", "/coffee", "/tea", "/courses", "/checkout"))})


def _message(rng: random.Random, at: datetime) -> DemoActivity:
    return DemoActivity(
        "message_received", at, {"channel": "whatsapp", "topic": rng.choice(("order", "opening hours", "course"))}
    )


def _ticket(rng: random.Random, at: datetime) -> DemoActivity:
    return DemoActivity(
        "support_ticket", at, {"topic": rng.choice(("delivery", "refund", "product")), "open": rng.random() < 0.2}
    )


def _tags(rng: random.Random, spent: float, activities: list[DemoActivity], now: datetime) -> list[str]:
    purchases = sum(activity.kind == "purchase" for activity in activities)
    applies = {
        "regular": purchases >= 4,
        "newsletter": rng.random() < 0.4,
        "wholesale": spent > 1200,
        "lead": purchases == 0,
        "trial": rng.random() < 0.05,
        "ambassador": spent > 600 and rng.random() < 0.3,
        "Black Friday": any(
            activity.kind == "purchase" and activity.occurred_at.month == 11 for activity in activities
        ),
        "at risk": purchases >= 2 and (now - activities[-1].occurred_at).days > 120,
    }
    return [tag for tag in TAGS if applies[tag]]


def _attributes(
    rng: random.Random, country: str, spent: float, activities: list[DemoActivity], now: datetime
) -> dict[str, Any]:
    attributes: dict[str, Any] = {"city": rng.choice(_CITIES[country]), "country": country, "vip": spent > 800}
    if spent:
        attributes["lifetime_value"] = spent
    if rng.random() < 0.35:
        attributes["renews_on"] = (now + timedelta(days=rng.randrange(-20, 340))).date().isoformat()
    visits = [activity.occurred_at for activity in activities if activity.properties.get("channel") == "shop"]
    if visits:
        attributes["last_visit_at"] = visits[-1].replace(microsecond=0).isoformat().replace("+00:00", "Z")
    choices = FIELDS["interests"][2] or []
    if interests := [interest for interest in choices if rng.random() < 0.3]:
        attributes["interests"] = interests
    return attributes


def _date_of_birth(rng: random.Random, now: datetime) -> date:
    days = int(rng.triangular(18, 88, 36) * 365.25)
    return datetime.combine(now.date() - timedelta(days=days), time(), UTC).date()


def _email(first: str, last: str, serial: int) -> str:
    plain = unicodedata.normalize("NFKD", f"{first}.{last}".replace("ı", "i").replace("ß", "ss"))
    name = "".join(char for char in plain if char.isascii() and (char.isalnum() or char in ".-"))
    return f"{name.lower()}.{serial}@example.{('com', 'org', 'net')[serial % 3]}"


class _Phones:
    """Reserved: 06 39 98 in France, 07700 900 in Britain, 0171 39200 in Germany."""

    _blocks = (("FR", "+33639980000", 10_000), ("GB", "+447700900000", 1000), ("DE", "+491713920000", 100))

    def __init__(self) -> None:
        self._left = {country: iter(range(size)) for country, _, size in self._blocks}
        self._first = {country: first for country, first, _ in self._blocks}

    def next(self, country: str) -> str | None:
        offset = next(self._left.get(country, iter(())), None)
        return None if offset is None else f"+{int(self._first[country]) + offset}"
