"""Signing in, and changes of members and API tokens."""

from permissions.capabilities import ADMIN_ONLY, Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.workspaces import PASSWORD, new_workspace
from tests.schema.accounts.operations import VIEWER

SIGN_IN = """
    mutation ($email: String!, $password: String!, $workspaceId: ID) {
        signIn(email: $email, password: $password, workspaceId: $workspaceId) {
            token member { email role permissions } userErrors { code message field }
        }
    }
"""


CREATE = """
    mutation ($input: MemberCreateInput!) {
        memberCreate(input: $input) { member { id email name role permissions } userErrors { code field } }
    }
"""


UPDATE = """
    mutation ($id: ID!, $input: MemberUpdateInput!) {
        memberUpdate(id: $id, input: $input) { member { name role permissions } userErrors { code field } }
    }
"""


TOKEN = """
    mutation ($input: ApiTokenCreateInput!) {
        apiTokenCreate(input: $input) { apiToken { id name permissions lastUsedAt } secret userErrors { code field } }
    }
"""


async def test_a_member_signs_in_and_is_the_viewer(api: Api, workspace: Scope, admin: str) -> None:
    signed_in = (await api.data(None, SIGN_IN, email="ADMIN0@example.com", password=PASSWORD))["signIn"]
    assert signed_in["userErrors"] == []
    assert signed_in["member"]["permissions"] == [permission.value for permission in Permission]
    viewer = (await api.data(signed_in["token"], VIEWER))["viewer"]
    assert viewer["workspace"] == {
        "name": "Acme",
        "timezone": "Europe/Madrid",
        "defaultCountry": "ES",
        "contactCount": 0,
        "freshness": {"pendingContacts": 0, "lagSeconds": 0.0},
    }
    assert viewer["member"] == {"name": "ADMIN 0"}
    assert viewer["permissions"] == [permission.value for permission in Permission]


async def test_a_wrong_password_is_a_user_error_without_a_field(api: Api, admin: str) -> None:
    failed = (await api.data(None, SIGN_IN, email="admin0@example.com", password="not the one"))["signIn"]
    expected = {"code": "INVALID", "message": "no member has this e-mail and password", "field": None}
    assert failed == {"token": None, "member": None, "userErrors": [expected]}
    unknown = (await api.data(None, SIGN_IN, email="nobody@example.com", password=PASSWORD))["signIn"]
    assert unknown == failed


async def test_too_many_sign_ins_are_throttled(api: Api, admin: str) -> None:
    for _ in range(10):
        await api.data(None, SIGN_IN, email="admin0@example.com", password="not the one")
    assert await api.codes(None, SIGN_IN, email="admin0@example.com", password=PASSWORD) == ["THROTTLED"]


async def test_signing_in_to_several_workspaces_needs_the_workspace_id(api: Api, admin: str) -> None:
    other = await new_workspace("Other")
    await bearer_of(other)
    several = (await api.data(None, SIGN_IN, email="admin0@example.com", password=PASSWORD))["signIn"]
    assert [(error["code"], error["field"]) for error in several["userErrors"]] == [("CONFLICT", ["workspaceId"])]
    chosen = to_global_id("Workspace", other.workspace_id)
    one = (await api.data(None, SIGN_IN, email="admin0@example.com", password=PASSWORD, workspaceId=chosen))["signIn"]
    assert (await api.data(one["token"], VIEWER))["viewer"]["workspace"]["name"] == "Other"


async def test_a_member_is_created_changed_and_deleted(api: Api, admin: str) -> None:
    given = {"email": "Ana@Example.com", "name": "Ana", "password": PASSWORD, "role": "USER"}
    made = (await api.data(admin, CREATE, input={**given, "permissions": ["JOB_RUN", "CONTACT_READ"]}))["memberCreate"]
    ana = made["member"]
    assert ana["permissions"] == ["CONTACT_READ", "JOB_RUN"]
    again = (await api.data(admin, CREATE, input=given))["memberCreate"]
    assert again == {"member": None, "userErrors": [{"code": "TAKEN", "field": ["email"]}]}
    changed = (await api.data(admin, UPDATE, id=ana["id"], input={"role": "MANAGER"}))["memberUpdate"]["member"]
    assert set(changed["permissions"]) == set(Permission) - ADMIN_ONLY
    assert changed["name"] == "Ana"
    listed = (await api.data(admin, "{ members { email } }"))["members"]
    assert listed == [{"email": "admin0@example.com"}, {"email": "ana@example.com"}]
    delete = "mutation ($id: ID!) { memberDelete(id: $id) { deletedId userErrors { code field } } }"
    assert (await api.data(admin, delete, id=ana["id"]))["memberDelete"]["deletedId"] == ana["id"]
    gone = (await api.data(admin, delete, id=ana["id"]))["memberDelete"]
    assert gone == {"deletedId": None, "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}


async def test_a_user_who_manages_members_cannot_change_an_admin(api: Api, workspace: Scope, admin: str) -> None:
    manager = await bearer_of(workspace, Role.USER, Permission.MEMBER_MANAGE)
    above = to_global_id("Member", 1)
    assert await api.codes(manager, UPDATE, id=above, input={"password": "taken over by me"}) == ["FORBIDDEN"]
    own = to_global_id("Member", 2)
    raised = (await api.data(manager, UPDATE, id=own, input={"role": "ADMIN"}))["memberUpdate"]
    assert raised["userErrors"] == [{"code": "INVALID", "field": ["role"]}]


async def test_the_last_admin_cannot_be_deleted(api: Api, admin: str) -> None:
    own = to_global_id("Member", 1)
    lowered = (await api.data(admin, UPDATE, id=own, input={"role": "USER"}))["memberUpdate"]
    assert lowered["userErrors"] == [{"code": "NOT_ALLOWED_IN_STATE", "field": ["id"]}]
    assert await api.codes(admin, "{ members { id } }") == []


async def test_the_secret_of_a_token_is_shown_once(api: Api, admin: str) -> None:
    given = {"name": "an app", "permissions": ["CONTACT_READ"]}
    made = (await api.data(admin, TOKEN, input=given))["apiTokenCreate"]
    assert made["userErrors"] == []
    secret = made["secret"]
    viewer = (await api.data(secret, VIEWER))["viewer"]
    assert (viewer["member"], viewer["permissions"]) == (None, ["CONTACT_READ"])
    assert await api.codes(secret, "{ contacts { nodes { id } } }") == []
    assert await api.codes(secret, "{ members { id } }") == ["FORBIDDEN"]
    listed = await api.ask(admin, "{ apiTokens { id name permissions lastUsedAt expiresAt revokedAt } }")
    assert secret not in str(listed)
    assert listed["data"]["apiTokens"][0]["lastUsedAt"] is not None
    revoke = "mutation ($id: ID!) { apiTokenRevoke(id: $id) { apiToken { revokedAt } userErrors { code } } }"
    revoked = (await api.data(admin, revoke, id=made["apiToken"]["id"]))["apiTokenRevoke"]
    assert revoked["apiToken"]["revokedAt"] is not None
    assert await api.codes(secret, VIEWER) == ["UNAUTHENTICATED"]


async def test_a_token_that_has_expired_already_is_refused(api: Api, admin: str) -> None:
    given = {"name": " ", "permissions": [], "expiresAt": "2020-01-01T00:00:00Z"}
    refused = (await api.data(admin, TOKEN, input=given))["apiTokenCreate"]
    assert refused["userErrors"] == [{"code": "INVALID", "field": ["expiresAt"]}]


async def test_a_token_creates_no_stronger_token(api: Api, workspace: Scope) -> None:
    secret = await token_with(workspace, Permission.TOKEN_MANAGE)
    stronger = {"name": "an app", "permissions": ["CONTACT_READ", "TOKEN_MANAGE"]}
    refused = (await api.data(secret, TOKEN, input=stronger))["apiTokenCreate"]
    assert refused["userErrors"] == [{"code": "INVALID", "field": ["permissions"]}]
    assert refused["secret"] is None


async def test_a_message_cap_is_set_and_lifted(api: Api, admin: str) -> None:
    update = """mutation ($input: WorkspaceUpdateInput!) { workspaceUpdate(input: $input) {
        workspace { messageCap { count window } } userErrors { code field } } }"""

    async def updated(**given: object) -> dict[str, object]:
        return (await api.data(admin, update, input=given))["workspaceUpdate"]

    cap = {"count": 2, "window": "P7D"}
    assert (await updated(messageCap=cap))["workspace"] == {"messageCap": cap}
    assert (await updated(name="Acme"))["workspace"] == {"messageCap": cap}
    wrong = await updated(messageCap={"count": 0, "window": "P0D"})
    assert wrong["userErrors"] == [
        {"code": "INVALID", "field": ["messageCap", "count"]},
        {"code": "INVALID", "field": ["messageCap", "window"]},
    ]
    assert (await updated(messageCap=None))["workspace"] == {"messageCap": None}
