"""Signatures are those of Standard Webhooks 1.0: of its vectors, and of the public libraries in Python and JavaScript."""

import subprocess
import time

import pytest
from standardwebhooks import Webhook

from models.destinations.webhooks.endpoints import new_secret
from tests.kit.clients import NODE, install_node_packages
from workers.providers.webhooks.signing import signatures

FIRST = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SECOND = "whsec_Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
COMPLETED = '{"type":"broadcast.completed","timestamp":"2026-11-21T22:00:00Z","data":{"id":"bc_1"}}'
UPDATED = '{"type":"contact.updated","timestamp":"2026-11-21T22:00:00Z","data":{"name":"José"}}'


@pytest.mark.parametrize(
    ("secret", "webhook_id", "timestamp", "body", "signature"),
    [
        (
            *("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330),
            *('{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ),
        (FIRST, "msg_01TEST", 1795298400, COMPLETED, "v1,4G6/LyBwRq5YExxBA1OMrZPu/zbndLAEGQPGlhukILg="),
        (SECOND, "msg_01TEST", 1795298400, COMPLETED, "v1,KcfLoEGHXJwUOFZSf4/WJ/12mlV9L5pEOFCxA3yRYtM="),
        (FIRST, "msg_01TEST", 1795298400, UPDATED, "v1,Sm8v5YwpUDv/6rNCs603q5ntUGhbq5TWpb0MTWKmi5s="),
    ],
    ids=range(4),
)
def test_a_signature_is_that_of_the_vector(secret, webhook_id, timestamp, body, signature) -> None:
    assert signatures([secret], webhook_id, timestamp, body.encode()) == signature


def test_both_secrets_of_a_rotation_sign_in_one_header() -> None:
    both = signatures([FIRST, SECOND], "msg_01TEST", 1795298400, COMPLETED.encode())
    assert both.split(" ") == [
        signatures([one], "msg_01TEST", 1795298400, COMPLETED.encode()) for one in (FIRST, SECOND)
    ]


@pytest.mark.parametrize("which", [0, 1])
def test_the_library_in_python_verifies_either_of_two_secrets(which: int) -> None:
    secrets, now = [new_secret(), new_secret()], int(time.time())
    headers = {
        "webhook-id": "V2ViaG9va0RlbGl2ZXJ5OjQx",
        "webhook-timestamp": str(now),
        "webhook-signature": signatures(secrets, "V2ViaG9va0RlbGl2ZXJ5OjQx", now, UPDATED.encode()),
    }
    assert Webhook(secrets[which]).verify(UPDATED, headers)["data"] == {"name": "José"}
    with pytest.raises(Exception, match="signature"):
        Webhook(new_secret()).verify(UPDATED, headers)


VERIFY = """
import { Webhook } from "standardwebhooks";
const [secret, body, id, timestamp, signature] = process.argv.slice(-5);
const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
console.log(new Webhook(secret).verify(body, headers).data.name);
"""


@pytest.mark.slow
def test_the_library_in_javascript_verifies_either_of_two_secrets() -> None:
    install_node_packages()
    secrets, now = [new_secret(), new_secret()], str(int(time.time()))
    signature = signatures(secrets, "msg_1", int(now), UPDATED.encode())
    command = ["node", "--input-type=module", "-e", VERIFY, "--", secrets[1], UPDATED, "msg_1", now, signature]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "José\n", done.stderr
