"""Consent as the API shows it and lets it be changed."""

from datetime import timedelta
from typing import Any

from models import clock, db
from models.contacts import person_consent
from models.contacts.consent import Word
from models.contacts.suppressions import Heard
from tests.kit.api import ERRORS, Api
from tests.schema.contacts.operations import create

UPSERT = f"""
    mutation ($input: ContactInput!) {{
        contactUpsert(input: $input) {{ notices contact {{ id name whatsappConsent consentSource }} {ERRORS} }}
    }}
"""

GRANT = f"""
    mutation ($id: ID!, $evidence: String!) {{
        contactConsentGrant(id: $id, evidence: $evidence) {{
            notices
            contact {{
                whatsappConsent consentSource consentAt
                consentHistory(first: 1) {{ nodes {{ source was now evidence }} pageInfo {{ hasNextPage endCursor }} }}
            }}
            {ERRORS}
        }}
    }}
"""

HISTORY = """
    query ($id: ID!, $after: String) {
        contact(id: $id) { consentHistory(after: $after) { nodes { at source was now evidence } } }
    }
"""


async def test_an_opt_in_for_somebody_who_stopped_is_set_aside_until_there_is_evidence(api: Api, admin: str) -> None:
    made = await create(api, admin, phone="+5511976500001", whatsappConsent="OPTED_IN")
    workspace_id = await db.fetch_value("SELECT id FROM workspaces")
    said_at = clock.now().replace(microsecond=0) - timedelta(seconds=5)
    await person_consent.heed(workspace_id, [Heard("+5511976500001", Word.STOP, said_at, evidence="whatsapp:w1")])
    given: dict[str, Any] = {"phone": "+551176500001", "name": "Ana", "whatsappConsent": "OPTED_IN"}
    upserted = (await api.data(admin, UPSERT, input=given))["contactUpsert"]
    assert upserted["contact"] == {
        "id": made["id"],
        "name": "Ana",
        "whatsappConsent": "OPTED_OUT",
        "consentSource": "PERSON",
    }
    [notice] = upserted["notices"]
    assert "contactConsentGrant" in notice
    granted = (await api.data(admin, GRANT, id=made["id"], evidence="Signed at the counter"))["contactConsentGrant"]
    assert granted["userErrors"] == []
    assert (granted["contact"]["whatsappConsent"], granted["contact"]["consentSource"]) == ("OPTED_IN", "MEMBER")
    history = granted["contact"]["consentHistory"]
    assert history["nodes"][0]["evidence"] == "Signed at the counter"
    assert history["pageInfo"]["hasNextPage"]
    rest = await api.data(admin, HISTORY, id=made["id"], after=history["pageInfo"]["endCursor"])
    assert rest["contact"]["consentHistory"]["nodes"][-1] == {
        "at": said_at.isoformat().replace("+00:00", "Z"),
        "source": "PERSON",
        "was": "OPTED_IN",
        "now": "OPTED_OUT",
        "evidence": "whatsapp:w1",
    }


async def test_a_grant_without_evidence_changes_nothing(api: Api, admin: str) -> None:
    made = await create(api, admin, name="Ana")
    refused = (await api.data(admin, GRANT, id=made["id"], evidence=" "))["contactConsentGrant"]
    assert refused["contact"] is None
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("REQUIRED", ["evidence"])]
