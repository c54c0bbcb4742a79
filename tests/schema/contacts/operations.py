"""GraphQL documents of the tests of contacts."""

from tests.kit.api import ERRORS, Api

CREATE = f"""
    mutation ($input: ContactInput!) {{ contactCreate(input: $input) {{ created contact {{ ...All }} {ERRORS} }} }}
    fragment All on Contact {{
        id externalId name firstName lastName email phone timezone
        dateOfBirth subscribedAt lastInteractionAt score whatsappConsent tags attributes
        createdAt updatedAt
    }}
"""


UPDATE = f"""
    mutation ($id: ID!, $input: ContactInput!) {{
        contactUpdate(id: $id, input: $input) {{
            created contact {{ id name email phone tags score attributes }} {ERRORS}
        }}
    }}
"""


async def create(api: Api, bearer: str, **given):
    payload = (await api.data(bearer, CREATE, input=given))["contactCreate"]
    assert payload["userErrors"] == []
    return payload["contact"]
