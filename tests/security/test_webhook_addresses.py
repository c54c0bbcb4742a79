"""Nobody's network is reached through webhooks: not by a URL, a name, a redirect, or what an answer gives away."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from models.destinations.webhooks import urls
from models.destinations.webhooks.urls import check_url
from models.errors import Invalid
from tests.kit.receivers import Receiver, a_receiver, answers_without_end, hangs, says
from workers.providers.webhooks.addresses import CheckedResolver
from workers.providers.webhooks.client import CUT_OFF, TOO_SLOW, UNREACHABLE, WebhookClient, WebhookRequest

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(autouse=True)
def _as_in_production() -> Iterator[None]:
    urls.allow_local(False)
    yield
    urls.allow_local(False)


HOSTILE = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "//example.com/",
    "example.com",
    "",
    "https://",
    "https:///path",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://example.com@169.254.169.254/",
    "https://example.com#@169.254.169.254/",
    "https://example.com\\@169.254.169.254/",
    "https://example.com/\r\nX-Injected: 1",
    "https://exa mple.com/",
    "https://bücher.example/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://something.localhost/",
    "https://metadata/",
    "https://metadata.google.internal/",
    "https://metadata.google.internal./",
    "https://printer.local/",
    "https://db.corp/",
    "https://intranet/",
    "https://router.home.arpa/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://1.1.1.1./",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.0.0.192/",
    "https://192.88.99.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[::1/",
    "https://example.com:22/",
    "https://example.com:25/",
    "https://example.com:80/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://example.com:port/",
    f"https://example.com/{'x' * 2_000}",
]


@pytest.mark.parametrize("url", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_url_is_no_endpoint(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_url(url)
    assert refused.value.path == ("url",)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hooks?key=1",
        "https://EXAMPLE.com:8443/",
        "https://xn--bcher-kva.example/",
        "https://a_b.example.com/",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]:443/",
        "https://[::ffff:1.1.1.1]/",
        "https://4chan.org/",
    ],
)
def test_a_public_url_is_one(url: str) -> None:
    assert check_url(url) == url


def test_local_ones_are_allowed_by_the_setting_and_private_ones_never() -> None:
    urls.allow_local(True)
    for url in ("http://127.0.0.1:9000/", "http://localhost:9000/hooks", "http://[::1]:9000/", "http://receiver:9000/"):
        assert check_url(url) == url
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "https://[fd00:ec2::254]/", "http://0.0.0.0:9000/"):
        with pytest.raises(Invalid):
            check_url(url)


# ---------------------------------------------------------------- names


class Names(CheckedResolver):
    """Resolves each name to the next of its answers, as a server that lies does."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): given for name, given in answers.items()}
        self.asked = 0

    async def look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[tuple[int, tuple[str, int]]]:
        self.asked += 1
        given = self.answers[host]
        addresses = given.pop(0) if len(given) > 1 else given[0]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, (one, port)) for one in addresses]


async def send(client: WebhookClient, url: str):
    return await client.send(WebhookRequest(url, "msg_1", b"{}", (SECRET,), {}))


@pytest.fixture
async def receiver():
    async with a_receiver() as listening:
        listening.secret = SECRET
        listening.always = says(200)
        yield listening


async def attempts(receiver: Receiver, names: Names, host: str, times: int = 1):
    """Plain HTTP is allowed here, and nothing local is: only the name decides."""
    port = receiver.url.rsplit(":", 1)[1].split("/")[0]
    client = WebhookClient(names, timeout_seconds=2)
    try:
        urls.allow_local(True)
        for address in ("http://", "https://"):
            check_url(f"{address}{host}:{port}/")
        return [await send(client, f"http://{host}:{port}/") for _ in range(times)]
    finally:
        await client.close()


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["93.184.216.34", "10.0.0.1"],
        ["2606:2800:220:1:248:1893:25c8:1946", "fd00:ec2::254"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["127.0.0.1", "192.168.0.1"],
    ],
    ids=range(7),
)
async def test_a_name_with_one_address_that_is_not_public_is_refused(receiver: Receiver, addresses: list[str]) -> None:
    (attempt,) = await attempts(receiver, Names(partner_example=[addresses]), "partner.example")
    assert (attempt.status, attempt.error) == (None, UNREACHABLE)


async def test_a_name_is_resolved_once_for_a_connection_which_goes_to_the_checked_address(receiver: Receiver) -> None:
    names = Names(partner_example=[["127.0.0.1"], ["10.0.0.1"]])
    first, second = await attempts(receiver, names, "partner.example", times=2)
    assert (first.status, second.status, names.asked) == (200, 200, 1), "the second went over the same connection"


async def test_a_name_that_changes_between_check_and_use_is_refused_then(receiver: Receiver) -> None:
    names = Names(partner_example=[["127.0.0.1"], ["10.0.0.1"]])
    receiver.always = says(200, connection="close")
    first, second = await attempts(receiver, names, "partner.example", times=2)
    assert (first.status, second.status, second.error) == (200, None, UNREACHABLE)


async def test_loopback_by_a_name_is_refused_without_the_setting(receiver: Receiver) -> None:
    client = WebhookClient(Names(partner_example=[["127.0.0.1"]]), timeout_seconds=2)
    attempt = await send(client, "https://partner.example/")
    await client.close()
    assert attempt.error == UNREACHABLE


# ---------------------------------------------------------------- answers


@pytest.fixture
async def client():
    urls.allow_local(True)
    made = WebhookClient(timeout_seconds=0.5)
    yield made
    await made.close()


async def test_a_redirect_is_not_followed(receiver: Receiver, client: WebhookClient) -> None:
    async with a_receiver() as elsewhere:
        receiver.always = says(307, location=elsewhere.url)
        attempt = await send(client, receiver.url)
        assert (attempt.status, attempt.succeeded, elsewhere.refused) == (307, False, 0)


async def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, client: WebhookClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await send(client, receiver.url)).status == 200


async def test_an_answer_without_end_is_cut_and_counts(receiver: Receiver, client: WebhookClient) -> None:
    receiver.always = answers_without_end
    attempt = await send(client, receiver.url)
    assert attempt.status == 200
    assert attempt.response is not None
    assert len(attempt.response) == 4096


async def test_errors_do_not_tell_a_closed_port_from_a_refused_address(client: WebhookClient) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert (await send(client, f"http://127.0.0.1:{port}/")).error == UNREACHABLE
    assert (await send(client, "http://10.0.0.1:9000/")).error == UNREACHABLE
    assert (await send(client, "http://no-such-name.invalid:9000/")).error == UNREACHABLE


async def test_lies_of_a_server_are_failures(client: WebhookClient) -> None:
    answers = [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx",
        b"",
        b"HTTP/1.1 999999 X\r\n\r\n",
    ]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[0])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    found = []
    for _ in range(len(answers)):
        found.append(await send(client, url))
        answers.pop(0)
    server.close()
    assert not any(attempt.succeeded for attempt in found)
    assert all(attempt.error for attempt in found)
    assert found[1].error == found[2].error == CUT_OFF


async def test_who_hangs_is_given_up(receiver: Receiver, client: WebhookClient) -> None:
    receiver.always = hangs
    assert (await send(client, receiver.url)).error == TOO_SLOW
