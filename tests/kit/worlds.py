"""Random workspaces: custom fields, contacts with unusual values, activities, and rules of every kind.

Everything follows from one seed, which a failure names.
"""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random

from models import db
from models.rules.catalogue import OPERATORS, Catalogue, KnownSegment, custom_field
from models.rules.tree import ActivityOperator, FieldType
from tests.kit.oracle import BUILT_IN

ZONES = [
    "UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns",
    "America/Santiago", "Asia/Beirut", "Pacific/Apia", "Africa/Cairo", "Asia/Kathmandu", "America/Havana",
    "Africa/Casablanca", "Antarctica/Troll", "Europe/Dublin",
]  # fmt: skip
WORDS = [
    "ana", "ANA", "Ánä", "a_b", "a%b", "a\\b", "100%", "_", "o'brien", '"quoted"', "ß", "Straße", "İstanbul", "ısı",
    "ΣΑΣ", "σας", "日本", "🙂", "e\u0301", "é", "É", "a\nb", "\t", " ", "null", "true", "1", "2026-01-01", "\u200d",
    "\ufeff", "x" * 60,
]  # fmt: skip
LETTERS = "aAbZzİIıiẞßſsSΣσςåÅ\u212bkK\u212aÉé\u0301\u0307ǅǆǄжЖაᲐꭰᎠ𐐀𐐨ａＡⅣⅳⓐⒶµΜμÿŸ%_\\'\" \n"
NUMBERS = [
    0,
    1,
    2,
    3,
    -1,
    -0.0,
    0.5,
    1.5,
    2.0,
    0.1,
    0.1 + 0.2,
    10**18,
    -(10**18),
    2**53 + 1,
    1e-7,
    3.25,
    1e90,
    -1e100,
    5e-324,
]
KINDS = ["purchase", "product.visit", "message_1"]
PROPERTIES = ["amount", "place", "flag", "we ird'\"$1"]
LENGTHS = [1, 1, 2, 2, 2, 3, 3, 3, 12, 120]
DURATIONS = ["P0D", "P1D", "P7D", "P30D", "P2W", "P1M", "P3M", "P1Y", "P1Y2M3D", "P4Y", "P18Y", "P200Y"]
CLOCK_DURATIONS = [*DURATIONS, "PT0S", "PT1H", "PT36H", "P1MT12H", "PT90M", "P1DT1S"]
EXTREME_DAYS = [
    "infinity", "-infinity", "0044-03-15 BC", "4713-01-01 BC", "294270-02-28", "0001-01-01", "9999-12-31", "0005-02-29 BC",
]  # fmt: skip
FAR_DAYS = ["0001-01-01", "9999-12-31", "1900-02-28", "0004-02-29", "1582-10-10"]
FAR_INSTANTS = [
    "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T14:00:00+14:00", "1899-12-31T23:59:59-00:15",
]  # fmt: skip
EXTREME_INSTANTS = [
    "infinity", "-infinity", "0044-03-15 00:00:00+00:00 BC", "294270-02-28 23:59:59.999999+00:00",
    "0001-01-01 00:00:00+00:00", "9999-12-31 23:59:59.999999+00:00",
]  # fmt: skip
LISTS = [["a", "B"], ["ab", 1], [2, 0.5], ["x", None, True], [["a"], {"a": 1}], ["", "é"], [1.0, "1"], [10**18, False]]
BROKEN = [
    None, 5, 0.25, "", "x", "2026-02-30", "2026-13-01", "0000-05-05", "2026-1-1", "2026-01-01T00:00:00Z", " 2026-01-01",
    "2025-02-29", "2026-02-30T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z", "１９９９-01-01", True, False, [], [5], [""],
    ["x", 5], ["red", "RED"], [["red"]], ["_", {"red": 1}], {}, {"x": "y"}, {"red": 1}, {"A": 1, "a": [True]}, "red",
    ["RED", None], 10**400, -(10**120), "2026-01-01\n",
    "2026-01-01T00:00:00.000000Z\n", "2026-01-01T00:00:00.000000z", "2026-01-01 00:00:00.000000Z",
]  # fmt: skip


class World:
    """One random workspace at one moment. `contacts` are as the oracle wants them; `store` writes them."""

    def __init__(self, seed, contacts=40):
        self.seed = seed
        self.random = random = Random(seed)
        self.timezone = random.choice(ZONES)
        self.now = _moment(random)
        self.kinds = {f"attributes.k{n}": random.choice(list(FieldType)) for n in range(random.randint(3, 9))}
        self.choices = random.sample(["red", "Green", "BLUE", "Ámbar", "_", "%"], 4)
        self.segments = [1, 2, 3, 4]
        self.contacts = [self._contact(number) for number in range(contacts)]

    # ------------------------------------------------------------ data

    def _contact(self, number):
        random = self.random
        return {
            "external_id": self._maybe(lambda: f"{self._text()}#{number}"),
            "name": self._maybe(self._text, ["", "x" * 3_000 + "Y"]),
            "first_name": self._maybe(self._text),
            "last_name": self._maybe(self._text),
            "email": self._maybe(lambda: f"{number}#{self._text()}"),
            "phone": self._maybe(lambda: f"+34600{number:06}"),
            "timezone": self._maybe(lambda: random.choice(ZONES)),
            "date_of_birth": self._maybe(self._day, EXTREME_DAYS),
            "subscribed_at": self._maybe(self._instant, EXTREME_INSTANTS),
            "last_interaction_at": self._maybe(self._instant, EXTREME_INSTANTS),
            "score": random.choice([0, 0, 1, 2, 3, -5, 2**31 - 1, -(2**31)]),
            "whatsapp_consent": random.choice(["UNKNOWN", "OPTED_IN", "OPTED_OUT"]),
            "created_at": self._instant(),
            "updated_at": self._instant(),
            "tags": random.sample(["Botox", "vip", "É", "a_b", "ΣΑ", "ıİ", "Straße", ""], random.randint(0, 3)),
            "attributes": {
                key.removeprefix("attributes."): self._value(kind)
                for key, kind in self.kinds.items()
                if random.random() < 0.85
            },
            "activities": [self._activity() for _ in range(random.choice([0, 0, 1, 2, 3, 6]))],
            "segments": set(random.sample(self.segments, random.randint(0, 2))),
        }  # fmt: skip

    def _activity(self):
        random = self.random
        return {
            "kind": random.choice(KINDS),
            "occurred_at": random.choice(EXTREME_INSTANTS) if random.random() < 0.05 else self._instant(),
            "properties": {
                name: random.choice(
                    [*NUMBERS[:9], *NUMBERS, "1", "a", "A", "ab", "İ", True, False, True, False, random.choice(BROKEN)]
                    + random.choices(LISTS, k=4)
                )
                for name in PROPERTIES
                if random.random() < 0.7
            },
        }

    def _value(self, kind):
        random = self.random
        if random.random() < 0.2:
            return random.choice(BROKEN)
        return {
            FieldType.TEXT: lambda: self._text() * random.choice([1, 1, 1, 1, 1, 1, 1, 1, 1, 500]),
            FieldType.NUMBER: lambda: random.choice([*NUMBERS, 1e300, -1e-300, 10**1000]),
            FieldType.BOOLEAN: lambda: random.random() < 0.5,
            FieldType.DATE: self._day,
            FieldType.DATETIME: lambda: (
                random.choice(FAR_INSTANTS[:2]) if random.random() < 0.1 else _canonical(self._moment_near())
            ),
            FieldType.CHOICE: lambda: self._cased(random.choice(self.choices)),
            FieldType.MULTI_CHOICE: lambda: [self._cased(c) for c in random.sample(self.choices, random.randint(0, 3))],
        }[kind]()

    def _maybe(self, make, extremes=()):
        chance = self.random.random()
        if chance < 0.15:
            return None
        return self.random.choice(extremes) if extremes and chance < 0.25 else make()

    def _text(self):
        kind = self.random.random()
        if kind < 0.6:
            return self.random.choice(WORDS)
        if kind < 0.8:
            return "".join(self.random.choices(WORDS, k=2))
        return "".join(self.random.choices(LETTERS, k=self.random.randint(1, 4)))

    def _sought_text(self):
        """A text for a rule: often a part of a contact's text, in another case."""
        had = str(self.random.choice(self.contacts)["name"] or "") if self.contacts else ""
        start, length = self.random.randint(0, len(had)), self.random.choice([1, 2, 5, 1_000])
        some = self.random.choice([str, str.upper, str.lower, str.title])(had[start : start + length])[:1_000]
        return some if some and self.random.random() < 0.4 else self._text()

    def _cased(self, text):
        return self.random.choice([text, text.upper(), text.lower()]) if text.isascii() else text

    def _day(self):
        near = self._moment_near().date()
        if self.random.random() < 0.15:
            near = near.replace(year=self.random.choice([1960, 1996, 2000, 2024]), month=2, day=29)
        return self.random.choice(FAR_DAYS) if self.random.random() < 0.05 else near.isoformat()

    def _instant(self):
        return self._moment_near().isoformat()

    def _moment_near(self):
        """Often at a whole distance from now, so that thresholds are hit, or missed by a microsecond."""
        random = self.random
        distance = random.choice(
            [
                timedelta(0),
                timedelta(days=random.choice([1, 7, 30])),
                timedelta(hours=1),
                timedelta(days=random.randint(0, 62)),
                timedelta(days=random.randint(0, 800)),
                timedelta(seconds=random.randint(0, 10**7)),
                timedelta(days=random.randint(0, 20_000)),
            ]
        )
        slight = [timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1)]
        shift = random.choice([*slight, timedelta(hours=random.randint(-26, 26))])
        return self.now + random.choice([-1, -1, 1]) * distance + shift

    # ------------------------------------------------------------ rules

    @property
    def catalogue(self):
        custom = {
            key: custom_field(
                key.removeprefix("attributes."), key, kind, tuple(self.choices) if "CHOICE" in kind else None
            )
            for key, kind in self.kinds.items()
        }
        return Catalogue(self.timezone, custom, {number: KnownSegment(f"S{number}") for number in self.segments})

    def rule(self, depth=3, leaf=None):
        leaf = leaf or self.leaf
        chance = self.random.random()
        if depth == 0 or chance < 0.45:
            return leaf()
        if chance < 0.6:
            return {"not": self.rule(depth - 1, leaf)}
        group = "all" if chance < 0.8 else "any"
        return {group: [self.rule(depth - 1, leaf) for _ in range(self.random.randint(1, 3))]}

    def deep_rule(self, depth=8):
        """As deep as a rule may be."""
        rule = self.leaf()
        for _ in range(depth):
            others = [self.leaf() for _ in range(self.random.randint(0, 2))]
            rule = self.random.choice([{"not": rule}, {"all": [rule, *others]}, {"any": [*others, rule]}])
        return rule

    def leaf(self):
        return self.random.choice(
            [
                self.field_leaf,
                self.field_leaf,
                self.field_leaf,
                self.tags_leaf,
                self.segment_leaf,
                self.activity_leaf,
                self.activity_leaf,
            ]
        )()

    def relative_leaf(self):
        """A leaf that time alone can flip."""
        while True:
            leaf = self.random.choice([self.field_leaf, self.activity_leaf])()
            body = next(iter(leaf.values()))
            if str(body.get("value")).startswith("P") or body.get("within"):
                return leaf

    def field_leaf(self):
        random = self.random
        field = random.choice([*BUILT_IN, *self.kinds, *self.kinds])
        kind = FieldType(BUILT_IN.get(field) or self.kinds[field])
        operator = random.choice(OPERATORS[kind])
        choices = ["UNKNOWN", "OPTED_IN", "OPTED_OUT"] if field == "whatsapp_consent" else self.choices
        return {"field": {"field": field, "operator": operator.value} | self._operand(kind, operator, choices)}

    def _operand(self, kind, operator, choices=()):
        random = self.random
        if operator in ("IS_SET", "IS_NOT_SET"):
            return {}
        if operator in ("WITHIN_LAST", "MORE_THAN_AGO", "WITHIN_NEXT", "MORE_THAN_AHEAD", "ANNIVERSARY_WITHIN_NEXT"):
            return {"value": self._duration(kind)}
        one = {
            "TEXT": self._sought_text,
            "NUMBER": lambda: random.choice(NUMBERS),
            "BOOLEAN": lambda: random.random() < 0.5,
            "DATE": self._day,
            "DATETIME": self._sought_instant,
        }.get(kind, lambda: self._cased(random.choice(choices)))
        if operator in ("IN", "NOT_IN", "HAS_ANY", "HAS_ALL", "HAS_NONE"):
            return {"value": [one() for _ in range(random.choice(LENGTHS))]}
        if operator == "BETWEEN":
            return {
                "value": sorted([one(), one()], key=lambda v: datetime.fromisoformat(v) if isinstance(v, str) else v)
            }
        return {"value": one()}

    def _duration(self, kind):
        random = self.random
        if random.random() < 0.8:
            return random.choice(DURATIONS if kind == "DATE" else CLOCK_DURATIONS)
        days = "P" + "".join(f"{random.randint(0, 13)}{unit}" for unit in "YMWD" if random.random() < 0.5)
        time = "".join(f"{random.randint(0, 99)}{unit}" for unit in "HMS" if random.random() < 0.5)
        return (days if days != "P" else "P0D") + (f"T{time}" if time and kind != "DATE" else "")

    def _sought_instant(self):
        if self.random.random() < 0.05:
            return self.random.choice(FAR_INSTANTS)
        return (
            self._moment_near()
            .astimezone(timezone(timedelta(minutes=self.random.choice([0, 0, 90, -210]))))
            .isoformat()
        )

    def tags_leaf(self):
        tags = self.random.choices(
            ["botox", "VIP", "é", "A_B", "σα", "other", "IİI", "I", "STRASSE", "straße"], k=self.random.choice(LENGTHS)
        )
        return {"tags": {"operator": self.random.choice(["HAS_ANY", "HAS_ALL", "HAS_NONE"]), "tags": tags}}

    def segment_leaf(self):
        member = self.random.choice([{}, {"member": True}, {"member": False}])
        return {"segment": {"segmentId": self.random.choice(self.segments)} | member}

    def activity_leaf(self):
        random = self.random
        metric = random.choice(
            [
                "COUNT",
                "COUNT",
                "SUM",
                "AVERAGE",
                "MINIMUM",
                "MAXIMUM",
                "DISTINCT_COUNT",
                "FIRST_OCCURRED",
                "LAST_OCCURRED",
            ]
        )
        body = {"kind": random.choice(KINDS), "metric": metric}
        if metric not in ("COUNT", "FIRST_OCCURRED", "LAST_OCCURRED"):
            body["property"] = random.choice(PROPERTIES)
        if random.random() < 0.5:
            body["within"] = self._duration("DATETIME")
        if random.random() < 0.2:
            body["since"] = (self.now - timedelta(days=random.randint(10, 400))).isoformat()
        if random.random() < 0.2:
            body["until"] = (self.now - timedelta(days=random.randint(-5, 9))).isoformat()
        body["where"] = [self._filter() for _ in range(random.choice([0, 0, 1, 2]))]
        occurred = metric.endswith("OCCURRED")
        operators = [o for o in OPERATORS["DATETIME" if occurred else "NUMBER"] if "SET" not in o]
        body["operator"] = operator = random.choice(operators).value
        body |= self._operand("DATETIME" if occurred else "NUMBER", operator)
        if metric == "COUNT" and random.random() < 0.5:
            body |= {"operator": random.choice(["EQUALS", "GTE"]), "value": random.randint(0, 2)}
        return {"activity": body}

    def _filter(self):
        random = self.random
        operator = random.choice(list(ActivityOperator)).value
        part = {"property": random.choice(PROPERTIES), "operator": operator}
        scalars = ["a", "A", "1", 1, 1.0, 0, True, False, 0.5, 0.1 + 0.2, "i", "x"]
        if operator in ("EQUALS", "NOT_EQUALS"):
            part["value"] = random.choice(scalars)
        elif operator in ("IN", "NOT_IN"):
            part["value"] = random.choices(scalars, k=random.choice(LENGTHS))
        elif operator == "CONTAINS":
            part["value"] = random.choice(["a", "B", "1", "e\u0301", 1, 2.0, 0.5])
        elif "SET" not in operator:
            part["value"] = random.choice(NUMBERS[:9])
        return part

    # ------------------------------------------------------------ the database

    async def store(self, workspace_id):
        """Write the contacts; each gets its `id`."""
        async with db.transaction():
            await db.execute("SET LOCAL muster.capture = 'off'")
            first = await db.fetch_value("SELECT coalesce(max(id), 0) + 1 FROM contacts")
            for number, contact in enumerate(self.contacts):
                contact["id"] = first + number
            columns = [
                {key: contact[key] for key in ("id", *BUILT_IN, "tags", "attributes")} for contact in self.contacts
            ]
            await db.execute(_INSERT_CONTACTS, workspace_id, json.dumps(columns))
            activities = [{"contact_id": c["id"]} | activity for c in self.contacts for activity in c["activities"]]
            await db.execute(_INSERT_ACTIVITIES, workspace_id, json.dumps(activities))
            members = [{"contact_id": c["id"], "segment_id": s} for c in self.contacts for s in c["segments"]]
            await db.execute(_INSERT_MEMBERS, workspace_id, json.dumps(members))

    async def store_catalogue(self, workspace_id):
        """Write the custom fields and the segments."""
        fields = [
            {
                "key": key.removeprefix("attributes."),
                "type": kind,
                "choices": self.choices if "CHOICE" in kind else None,
            }
            for key, kind in self.kinds.items()
        ]
        await db.execute(_INSERT_FIELDS, workspace_id, json.dumps(fields))
        await db.execute(_INSERT_SEGMENTS, workspace_id, self.segments)


_INSERT_FIELDS = """
INSERT INTO contact_fields (workspace_id, key, label, type, choices)
SELECT $1, key, key, type, choices FROM jsonb_to_recordset($2) AS r (key text, type text, choices text[])
"""
_INSERT_SEGMENTS = """
INSERT INTO segments (workspace_id, id, name, kind) SELECT $1, id, 'S' || id, 'STATIC' FROM unnest($2::bigint[]) AS id
"""
_INSERT_CONTACTS = """
INSERT INTO contacts (workspace_id, id, external_id, name, first_name, last_name, email, phone, timezone, date_of_birth,
                      subscribed_at, last_interaction_at, score, whatsapp_consent, tags, attributes, created_at, updated_at)
SELECT $1, id, external_id, name, first_name, last_name, email, phone, timezone, date_of_birth,
       subscribed_at, last_interaction_at, score, whatsapp_consent, tags, attributes, created_at, updated_at
FROM jsonb_to_recordset($2) AS r (id bigint, external_id text, name text, first_name text, last_name text, email text,
     phone text, timezone text, date_of_birth date, subscribed_at timestamptz, last_interaction_at timestamptz, score int,
     whatsapp_consent text, tags text[], attributes jsonb, created_at timestamptz, updated_at timestamptz)
"""
_INSERT_ACTIVITIES = """
INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)
SELECT $1, contact_id, kind, occurred_at, properties
FROM jsonb_to_recordset($2) AS r (contact_id bigint, kind text, occurred_at timestamptz, properties jsonb)
"""
_INSERT_MEMBERS = """
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
SELECT $1, segment_id, contact_id, 'RULE' FROM jsonb_to_recordset($2) AS r (contact_id bigint, segment_id bigint)
"""


def _moment(random):
    """Around now, around changes of the clocks, and at the ends of months."""
    days = [
        "2026-11-22", "2026-03-29", "2026-10-25", "2024-02-29", "2025-02-28", "2023-03-31", "2026-11-01", "2026-03-08",
        "2010-11-07", "2011-12-30", "2011-12-31", "2025-12-31", "2026-04-24", "2026-09-06", "2025-01-31", "2026-04-05",
        "2026-10-04", "2026-02-15", "2026-03-22", "2024-12-31", "2024-04-07",
    ]  # fmt: skip
    any_day = date(2020, 1, 1) + timedelta(days=random.randint(0, 3000))
    day = date.fromisoformat(random.choice([*days, any_day.isoformat()]))
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + random.choice(
        [
            timedelta(hours=random.randint(-5, 30)),
            timedelta(minutes=random.randint(0, 1500)),
            timedelta(microseconds=random.randint(0, 86_400 * 10**6)),
        ]
    )


def _canonical(moment):
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
