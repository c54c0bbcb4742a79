"""Sessions in cookies and bearer tokens, and the caller's own password, over HTTP."""

from typing import Any

import orjson
import pytest
import websockets
from websockets.asyncio.client import connect

from models import db
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit.api import Api, Response, application, bearer_of, send, serving, token_with
from tests.kit.workspaces import PASSWORD

EMAIL = "admin0@example.com"
NEW = "seven purple umbrellas"
OWN = {"origin": "http://muster.test", "host": "muster.test"}
START = """
    mutation ($email: String!, $password: String!) {
        sessionStart(email: $email, password: $password) {
            viewer { workspace { name contactCount } member { email } } userErrors { code field message }
        }
    }
"""
END = "mutation { sessionEnd { viewer { permissions } userErrors { code message } } }"
REFRESH = "mutation { tokenRefresh { token member { email } userErrors { code message } } }"
CHANGE = """
    mutation ($current: String!, $new: String!) {
        passwordChange(current: $current, new: $new) { member { email } userErrors { code field message } }
    }
"""
SET = """
    mutation ($token: String!, $new: String!) {
        passwordSet(token: $token, new: $new) { token member { email } userErrors { code field message } }
    }
"""
INVITE = "mutation ($id: ID!) { memberInvite(id: $id) { url expiresAt userErrors { code field } } }"
VIEWER = "{ viewer { member { email } } }"
CREDENTIALS = {"email": EMAIL, "password": PASSWORD}


@pytest.fixture(scope="module")
def app() -> Any:
    return application(allowed_origins=("https://app.example.com",))


async def ask(app: Any, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Response:
    return await send(app, "POST", "/graphql", {"query": query, "variables": variables or {}}, **headers)


def cookies_in(answer: Response) -> str:
    """As a browser sends them back. The kit keeps the last header of a name, so the session's comes last."""
    return answer.headers["set-cookie"].partition(";")[0]


async def started(app: Any) -> str:
    answer = await ask(app, START, CREDENTIALS, **OWN)
    assert answer.json()["data"]["sessionStart"]["userErrors"] == []
    return cookies_in(answer)


def codes(answer: Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json().get("errors", [])]


# ---------------------------------------------------------------- cookies


async def test_a_session_starts_with_a_cookie_that_no_script_reads(app: Any, admin: str) -> None:
    answer = await ask(app, START, CREDENTIALS, **OWN)
    viewer = {"workspace": {"name": "Acme", "contactCount": 0}, "member": {"email": EMAIL}}
    assert answer.json()["data"]["sessionStart"] == {"viewer": viewer, "userErrors": []}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("muster_session=")
    assert cookie.endswith("; Max-Age=3600; Path=/; HttpOnly; SameSite=Strict")
    again = await ask(app, VIEWER, cookie=cookies_in(answer), **OWN)
    assert again.json()["data"] == {"viewer": {"member": {"email": EMAIL}}}


async def test_behind_https_cookies_are_secure(admin: str) -> None:
    app = application(public_url="https://muster.example.com")
    cookie = (await ask(app, START, CREDENTIALS, origin="https://muster.example.com", host="10.0.0.1")).headers[
        "set-cookie"
    ]
    assert cookie.startswith("__Host-muster_session=")
    assert cookie.endswith("; Secure")


async def test_a_wrong_password_sets_no_cookie(app: Any, admin: str) -> None:
    answer = await ask(app, START, {**CREDENTIALS, "password": "wrong password"}, **OWN)
    assert [error["code"] for error in answer.json()["data"]["sessionStart"]["userErrors"]] == ["INVALID"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "is_allowed"),
    [
        (OWN, True),
        ({"origin": "https://app.example.com"}, True),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"origin": "https://evil.example.com", "host": "muster.test"}, False),
        ({"origin": "null", "host": "muster.test"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"host": "muster.test"}, False),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
async def test_a_cookie_is_taken_from_allowed_origins_only(
    app: Any, admin: str, headers: dict[str, str], is_allowed: bool, method: str
) -> None:
    cookie = await started(app)
    if method == "POST":
        answer = await ask(app, VIEWER, cookie=cookie, **headers)
    else:
        answer = await send(app, method, "/graphql", query="query={viewer{permissions}}", cookie=cookie, **headers)
    if method == "PUT":
        assert answer.status == (201 if is_allowed else 401)
    else:
        assert codes(answer) == ([] if is_allowed else ["UNAUTHENTICATED"])


async def test_any_origin_is_no_allowed_origin_for_a_cookie(admin: str) -> None:
    app = application(allowed_origins=("*",))
    cookie = await started(app)
    assert codes(await ask(app, VIEWER, cookie=cookie, origin="https://app.example.com", host="x")) == [
        "UNAUTHENTICATED"
    ]
    plain = await ask(app, VIEWER, origin="https://app.example.com", host="x")
    assert "access-control-allow-credentials" not in plain.headers


async def test_a_named_origin_may_send_cookies(app: Any) -> None:
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "content-type"}
    answer = await send(app, "OPTIONS", "/graphql", origin="https://app.example.com", **asked)
    assert answer.headers["access-control-allow-credentials"] == "true"


async def test_a_bearer_token_wins_over_a_cookie(app: Any, workspace: Scope, admin: str) -> None:
    cookie, other = await started(app), await bearer_of(workspace, Role.USER)
    answer = await ask(app, VIEWER, cookie=cookie, authorization=f"Bearer {other}", origin="https://evil.example.com")
    assert answer.json()["data"]["viewer"]["member"]["email"] == "user1@example.com"


async def test_an_ended_session_is_refused_and_one_can_sign_in_again(app: Any, admin: str) -> None:
    cookie = await started(app)
    ended = await ask(app, END, cookie=cookie, **OWN)
    assert ended.json()["data"]["sessionEnd"] == {"viewer": None, "userErrors": []}
    assert ended.headers["set-cookie"].startswith("muster_session=; Max-Age=0;")
    assert codes(await ask(app, VIEWER, cookie=cookie, **OWN)) == ["UNAUTHENTICATED"]
    again = await ask(app, START, CREDENTIALS, cookie=cookie, **OWN)
    assert again.json()["data"]["sessionStart"]["userErrors"] == []


async def test_a_cookie_is_refreshed_without_showing_a_token(app: Any, admin: str) -> None:
    cookie = await started(app)
    answer = await ask(app, REFRESH, cookie=cookie, **OWN)
    assert answer.json()["data"]["tokenRefresh"] == {"token": None, "member": {"email": EMAIL}, "userErrors": []}
    assert codes(await ask(app, VIEWER, cookie=cookie, **OWN)) == ["UNAUTHENTICATED"]
    assert codes(await ask(app, VIEWER, cookie=cookies_in(answer), **OWN)) == []


async def test_a_session_with_a_cookie_is_not_started_without_a_post(api: Api, admin: str) -> None:
    first = await anext(api.listen(None, START, **CREDENTIALS))
    assert first["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "POST" in first["errors"][0]["message"]


# ---------------------------------------------------------------- bearer tokens


async def test_a_token_is_refreshed_and_the_old_one_ends(api: Api, admin: str) -> None:
    refreshed = (await api.data(admin, REFRESH))["tokenRefresh"]
    assert refreshed["member"] == {"email": EMAIL}
    assert await api.codes(admin, VIEWER) == ["UNAUTHENTICATED"]
    assert await api.codes(refreshed["token"], VIEWER) == []


async def test_an_api_token_has_no_session(api: Api, workspace: Scope) -> None:
    secret = await token_with(workspace)
    for query, name in ((REFRESH, "tokenRefresh"), (END, "sessionEnd")):
        (error,) = (await api.data(secret, query))[name]["userErrors"]
        assert error["code"] == "UNSUPPORTED"
    changed = (await api.data(secret, CHANGE, current=PASSWORD, new=NEW))["passwordChange"]
    assert [error["code"] for error in changed["userErrors"]] == ["UNSUPPORTED"]


# ---------------------------------------------------------------- passwords


async def test_the_own_password_changes_and_other_sessions_end(app: Any, api: Api, admin: str) -> None:
    cookie = await started(app)
    changed = await ask(app, CHANGE, {"current": PASSWORD, "new": NEW}, cookie=cookie, **OWN)
    assert changed.json()["data"]["passwordChange"] == {"member": {"email": EMAIL}, "userErrors": []}
    assert await api.codes(admin, VIEWER) == ["UNAUTHENTICATED"]
    assert codes(await ask(app, VIEWER, cookie=cookie, **OWN)) == []


async def test_an_invited_member_sets_a_password_and_is_signed_in(api: Api, admin: str) -> None:
    create = (
        "mutation ($input: MemberCreateInput!) { memberCreate(input: $input) { member { id } userErrors { code } } }"
    )
    given = {"email": "ana@example.com", "name": "Ana", "role": "USER"}
    member = (await api.data(admin, create, input=given))["memberCreate"]["member"]
    invited = (await api.data(admin, INVITE, id=member["id"]))["memberInvite"]
    token = invited["url"].removeprefix("http://muster.test/password/")
    weak = (await api.data(None, SET, token=token, new="ana@example.com"))["passwordSet"]
    assert [(error["code"], error["field"]) for error in weak["userErrors"]] == [("INVALID", ["new"])]
    done = (await api.data(None, SET, token=token, new=NEW))["passwordSet"]
    assert (done["member"], done["userErrors"]) == ({"email": "ana@example.com"}, [])
    assert (await api.data(done["token"], VIEWER))["viewer"]["member"] == {"email": "ana@example.com"}
    again = (await api.data(None, SET, token=token, new=NEW))["passwordSet"]
    assert [(error["code"], error["field"]) for error in again["userErrors"]] == [("INVALID", ["token"])]


async def test_a_member_of_another_workspace_is_not_invited(api: Api, admin: str) -> None:
    for unknown in (to_global_id("Member", 2**40), to_global_id("Workspace", 1), "nonsense"):
        refused = (await api.data(admin, INVITE, id=unknown))["memberInvite"]
        assert refused == {"url": None, "expiresAt": None, "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}


# ---------------------------------------------------------------- known devices


async def test_a_device_that_signed_in_is_let_in_while_its_address_is_throttled(app: Any, admin: str) -> None:
    sign_in = "mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }"
    device = cookies_in(await ask(app, sign_in, CREDENTIALS))
    assert device.startswith("muster_device=")
    for _ in range(10):
        await ask(app, sign_in, {**CREDENTIALS, "password": "wrong password"})
    assert codes(await ask(app, sign_in, CREDENTIALS)) == ["THROTTLED"]
    assert codes(await ask(app, sign_in, CREDENTIALS, cookie=device)) == []
    assert await db.fetch_value("SELECT count(*) FROM sign_in_attempts WHERE key LIKE '%@%'") == 0


# ---------------------------------------------------------------- other transports


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [("https://app.example.com", True), ("http://muster.test", True), ("https://evil.example.com", False)],
)
async def test_a_socket_takes_a_cookie_from_allowed_origins_only(
    app: Any, admin: str, origin: str, is_allowed: bool
) -> None:
    headers = {"cookie": await started(app), "host": "muster.test"}
    async with serving(
        application(allowed_origins=("https://app.example.com",), public_url="http://muster.test")
    ) as address:
        url = f"ws://{address}/graphql"
        protocols: Any = ["graphql-transport-ws"]
        if not is_allowed:
            with pytest.raises(websockets.InvalidStatus):
                async with connect(url, origin=origin, additional_headers=headers, subprotocols=protocols):
                    pass
            return
        async with connect(url, origin=origin, additional_headers=headers, subprotocols=protocols) as socket:
            await socket.send('{"type": "connection_init"}')
            subscribe = {"id": "1", "type": "subscribe", "payload": {"query": VIEWER}}
            await socket.send(orjson.dumps(subscribe).decode())
            messages = []
            while not messages or messages[-1]["type"] != "complete":
                messages.append(orjson.loads(await socket.recv()))
        answers = [message["payload"] for message in messages if message["type"] == "next"]
        assert [answer["data"] for answer in answers] == [{"viewer": {"member": {"email": EMAIL}}}]


@pytest.mark.parametrize(
    ("origin", "told"), [("http://muster.test", EMAIL), ("https://evil.example.com", "UNAUTHENTICATED")]
)
async def test_an_event_stream_takes_a_cookie_from_allowed_origins_only(
    app: Any, admin: str, origin: str, told: str
) -> None:
    cookie = await started(app)
    answer = await ask(app, VIEWER, cookie=cookie, accept="text/event-stream", origin=origin, host="muster.test")
    assert told in answer.body.decode()
