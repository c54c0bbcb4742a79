"""A workspace whose screens look the same on any day: what is in it has fixed days, and nothing counts back from today."""

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from tests.browser.people import Muster, Person
from tests.kit.run import until

CURATOR: Final = Person("curator@demo.example")

NUMBER_ID: Final = "106540352242923"

ACCOUNT_ID: Final = "102290129340399"

CHANNEL: Final = {
    "phoneNumberId": NUMBER_ID,
    "businessAccountId": ACCOUNT_ID,
    "token": "sandbox-token",
    "appSecret": "sandbox-secret",
    "verifyToken": "sandbox-verify",
}
"""docs/whatsapp-sandbox.md. Numbers that end in 99003 read all, and tell of nothing between; 99126 is refused."""

PEOPLE: Final = """\
Id,Name,E-mail,Phone,Birthday,City,Consent,Tags
G-1,Ada Lovelace,ada@gallery.example,+34600199003,1985-12-10,London,OPTED_IN,regular;newsletter
G-2,Rosalind Franklin,rosalind@gallery.example,+34610199003,1990-07-25,London,OPTED_IN,regular
G-3,Marie Curie,marie@gallery.example,+34620199003,1987-11-07,Paris,OPTED_IN,newsletter
G-4,Sophie Germain,sophie@gallery.example,+34630199126,1976-04-01,Paris,OPTED_IN,
G-5,Émilie du Châtelet,emilie@gallery.example,,1986-12-17,Paris,UNKNOWN,newsletter
G-6,Emmy Noether,emmy@gallery.example,+34640199003,1982-03-23,Erlangen,OPTED_OUT,regular
G-7,Lise Meitner,lise@gallery.example,,1978-11-07,Berlin,OPTED_IN,
G-8,Hypatia,,+34650199003,,Alexandria,OPTED_IN,
G-9,Grace Hopper,grace@gallery.example,+34660199003,1986-12-09,New York,OPTED_IN,regular;newsletter
G-10,Grace Hoper,g.hopper@gallery.example,,1986-12-09,New York,UNKNOWN,
G-11,Sofia Kovalevskaya,not an address,,1950-01-15,Stockholm,UNKNOWN,
"""
COLUMNS: Final = {
    "Id": "external_id",
    "Name": "name",
    "E-mail": "email",
    "Phone": "phone",
    "Birthday": "date_of_birth",
    "City": "attributes.city",
    "Consent": "whatsapp_consent",
    "Tags": "tags",
}
IMPORT: Final = (
    "mutation ($input: ImportStartInput!) { importStart(input: $input) { job { id } userErrors { message } } }"
)

FIELD: Final = """
    mutation { contactFieldCreate(input: {key: "city", label: "City", type: TEXT}) { userErrors { message } } }
"""
RECORD: Final = """
    mutation ($input: [ActivityInput!]!) { activitiesRecord(input: $input) { userErrors { message } } }
"""
ACTIVITIES: Final = (
    ("purchase", "2026-01-12T09:30:00Z", {"product": "espresso-1kg", "amount": 24.9, "currency": "EUR"}),
    ("page_view", "2026-01-20T18:05:00Z", {"path": "/courses"}),
    ("support_ticket", "2026-02-03T11:45:00Z", {"topic": "delivery", "open": False}),
)
SEGMENT: Final = """
    mutation ($input: SegmentCreateInput!) { segmentCreate(input: $input) { segment { id } userErrors { message } } }
"""
SCORE: Final = """
    mutation ($input: ScoreModelInput!) { scoreModelCreate(input: $input) { scoreModel { id } userErrors { message } } }
"""
WARMTH: Final = {
    "key": "warmth",
    "name": "Warmth",
    "groups": [
        {
            "name": "Facts",
            "parts": [
                {
                    "label": "Has an e-mail",
                    "points": 10,
                    "earn": {"while": {"field": {"field": "email", "operator": "IS_SET"}}},
                },
                {
                    "label": "Has a phone",
                    "points": 5,
                    "earn": {"while": {"field": {"field": "phone", "operator": "IS_SET"}}},
                },
            ],
        }
    ],
    "levels": [{"name": "COLD", "from": 0}, {"name": "WARM", "from": 10}, {"name": "HOT", "from": 15}],
}
CONNECT: Final = """
    mutation ($input: WhatsAppChannelConnectInput!) { whatsappChannelConnect(input: $input) { userErrors { message } } }
"""
META: Final = """
    mutation { metaConnect(input: {adAccountId: "120330000000001", accessToken: "sandbox-meta-token"}) {
        userErrors { message } } }
"""
AUDIENCE: Final = """
    mutation ($segment: ID!) { audienceCreate(input: {name: "Spring", segmentId: $segment, mode: MIRROR, keys: [EMAIL]}) {
        audience { id } userErrors { message } } }
"""
ENDPOINT: Final = """
    mutation { webhookEndpointCreate(input: {url: "https://partner.example/hooks", eventTypes: ["audience.blocked"]}) {
        webhookEndpoint { id } userErrors { message } } }
"""
PAUSE: Final = "mutation ($id: ID!) { webhookEndpointPause(id: $id) { userErrors { message } } }"

BROADCAST: Final = """
    mutation ($input: BroadcastCreateInput!) { broadcastCreate(input: $input) { broadcast { id } userErrors { message } } }
"""
SEND: Final = "mutation ($id: ID!) { broadcastSchedule(id: $id) { userErrors { message } } }"

WORKFLOW: Final = """
    mutation ($input: WorkflowCreateInput!) { workflowCreate(input: $input) { workflow { id } userErrors { message } } }
"""
GRAPH: Final = {
    "triggers": [{"key": "by_a_person", "on": {"manual": True}}],
    "start": "rest",
    "nodes": [
        {"key": "rest", "label": "Rest a month", "do": {"wait": {"for": "P30D", "next": "thank"}}},
        {"key": "thank", "label": "Thank them", "do": {"tagsChange": {"add": ["rested"], "next": "end"}}},
        {"key": "end", "do": {"end": {}}},
    ],
}
PREVIEW: Final = "query ($id: ID!) { workflowPublishPreview(id: $id, moves: []) { token } }"

PUBLISH: Final = """
    mutation ($id: ID!, $token: String!) {
        workflowPublish(id: $id, input: {token: $token}) { userErrors { message } } }
"""
ACTIVATE: Final = "mutation ($id: ID!) { workflowActivate(id: $id) { userErrors { message } } }"

LET_IN: Final = """
    mutation ($id: ID!, $contacts: [ID!]!) {
        workflowContactsAdd(workflowId: $id, contacts: {ids: $contacts}) { userErrors { message } } }
"""


def samples_of(muster: Muster) -> dict[str, str]:
    """Ids of what the screens show, by routes and by the parameters of routes without `Id` at their end."""
    kept = muster.run.data_dir / "gallery.json"
    muster.once("gallery", lambda: kept.write_text(json.dumps(Gallery(muster).make())))
    found: dict[str, str] = json.loads(kept.read_text())
    return found


class Gallery:
    """Makes the workspace, as its admin does by the API."""

    def __init__(self, muster: Muster) -> None:
        self.muster = muster

    def make(self) -> dict[str, str]:
        self.muster.move_in("Gallery", CURATOR)
        self.do(FIELD)
        self.connect()
        job = self.import_people()
        people = self.wait("{ contacts(first: 50) { nodes { id name } } }", lambda found: len(found["nodes"]) == 10)
        ids = {person["name"]: str(person["id"]) for person in people["nodes"]}
        self.do(RECORD, input=[activity_of(ids["Ada Lovelace"], *one) for one in ACTIVITIES])
        segment = self.segment("Regulars in London", ruleQuery="city = 'London' and tagged 'regular'")
        self.segment("Can be written to", ruleQuery="phone is set and whatsapp_consent = 'OPTED_IN'")
        panel = [ids[name] for name in ("Ada Lovelace", "Rosalind Franklin", "Marie Curie", "Sophie Germain")]
        tasting = self.segment("Tasting panel", kind="STATIC", contacts={"ids": panel})
        made = {
            "job": job,
            "contact": ids["Ada Lovelace"],
            "segment": segment,
            "scoreModel": self.score(),
            "workflow": self.workflow(panel),
            "audience": self.audience(segment),
            "endpoint": self.endpoint(),
            "broadcast": self.sent(tasting),
            "/broadcasts/$broadcastId/edit": self.draft("Still a draft", tasting),
        }
        self.wait(
            "{ duplicateContacts(first: 5) { isSearching nodes { a { id } } } }",
            lambda found: not found["isSearching"] and len(found["nodes"]) == 1,
        )
        return {name: str(one) for name, one in made.items()}

    def connect(self) -> None:
        """WhatsApp and Meta: a number of the gallery's own, for a number belongs to one workspace."""
        commands = re.search(r"WhatsApp sandbox: .*commands at (\S+)", self.muster.run.said())
        assert commands is not None
        body = json.dumps({"number_id": NUMBER_ID, "business_account_id": ACCOUNT_ID}).encode()
        with urllib.request.urlopen(f"{commands[1]}/number", body, timeout=30):
            pass
        self.do(CONNECT, input=CHANNEL)
        self.do(META)
        self.wait("{ whatsappChannel { status } }", lambda channel: channel["status"] == "READY")
        self.do("mutation { messageTemplatesSync { userErrors { message } } }")
        self.wait("{ messageTemplates { name } }", lambda templates: len(templates) > 1)
        self.wait("{ metaConnection { status } }", lambda connection: connection["status"] == "CONNECTED")

    def import_people(self) -> str:
        options = {"columns": [{"column": column, "field": field} for column, field in COLUMNS.items()]}
        job = self.do(IMPORT, input={"pasted": {"text": PEOPLE, "options": options}})["job"]["id"]
        self.wait("query ($id: ID!) { job(id: $id) { status } }", lambda job: job["status"] == "SUCCEEDED", id=job)
        return str(job)

    def segment(self, name: str, **values: Any) -> str:
        made = self.do(SEGMENT, input={"name": name, "kind": "DYNAMIC", **values})["segment"]["id"]
        self.wait("query ($id: ID!) { segment(id: $id) { status } }", is_ready, id=made)
        return str(made)

    def score(self) -> str:
        made = self.do(SCORE, input=WARMTH)["scoreModel"]["id"]
        self.wait("query ($id: ID!) { scoreModel(id: $id) { status } }", is_ready, id=made)
        return str(made)

    def workflow(self, people: list[str]) -> str:
        made = self.do(WORKFLOW, input={"name": "Rest, then thanks", "graph": GRAPH})["workflow"]["id"]
        token = self.muster.ask(PREVIEW, CURATOR, id=made)["workflowPublishPreview"]["token"]
        self.do(PUBLISH, id=made, token=token)
        self.do(ACTIVATE, id=made)
        self.do(LET_IN, id=made, contacts=people)
        self.wait(
            "query ($id: ID!) { workflow(id: $id) { nodeStats { inside } } }",
            lambda workflow: any(node["inside"] == len(people) for node in workflow["nodeStats"]),
            id=made,
        )
        return str(made)

    def audience(self, segment: str) -> str:
        made = self.do(AUDIENCE, segment=segment)["audience"]["id"]
        self.wait("query ($id: ID!) { audience(id: $id) { status } }", lambda one: one["status"] == "IN_SYNC", id=made)
        return str(made)

    def endpoint(self) -> str:
        """Paused, for nobody answers there."""
        made = self.do(ENDPOINT)["webhookEndpoint"]["id"]
        self.do(PAUSE, id=made)
        return str(made)

    def draft(self, name: str, segment: str) -> str:
        templates = self.muster.ask("{ messageTemplates { id name } }", CURATOR)["messageTemplates"]
        greeting = next(template["id"] for template in templates if template["name"] == "greeting")
        parameters = [{"name": "1", "field": "name", "fallback": "friend"}]
        values = {"name": name, "templateId": greeting, "parameters": parameters, "includeSegmentIds": [segment]}
        return str(self.do(BROADCAST, input=values)["broadcast"]["id"])

    def sent(self, segment: str) -> str:
        """To four people. WhatsApp refuses one of them."""
        made = self.draft("Opening hours", segment)
        self.do(SEND, id=made)
        self.wait(
            "query ($id: ID!) { broadcast(id: $id) { status counts { read failed } } }",
            lambda one: one == {"status": "COMPLETED", "counts": {"read": 3, "failed": 1}},
            id=made,
        )
        return made

    def do(self, mutation: str, **variables: Any) -> Any:
        return self.muster.do(mutation, CURATOR, **variables)

    def wait(self, query: str, is_right: Callable[[Any], bool], **variables: Any) -> Any:
        """The value of a query's only field, once it is right."""
        seen: list[Any] = []

        def look() -> bool:
            seen[:] = self.muster.ask(query, CURATOR, **variables).values()
            return is_right(seen[0])

        until(look, 120)
        return seen[0]


def activity_of(contact: str, kind: str, occurred_at: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"contactId": contact, "kind": kind, "occurredAt": occurred_at, "properties": properties}


def is_ready(built: dict[str, str]) -> bool:
    return built["status"] == "READY"
