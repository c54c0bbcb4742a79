import re
from pathlib import Path

from sandbox.whatsapp import provider
from sandbox.whatsapp.faults import ENDINGS, Fault
from sandbox.whatsapp.server import Server

PAGE = (Path(__file__).parents[3] / "docs" / "whatsapp-sandbox.md").read_text()


def test_the_page_lists_every_ending():
    assert set(re.findall(r"^\| `(\d{5})` \|", PAGE, re.MULTILINE)) == set(ENDINGS)


def test_the_page_lists_every_fault_and_command():
    commands = {name.removeprefix("do_") for name in dir(Server) if name.startswith("do_")}
    assert set(re.findall(r"`/sandbox/(\w+)`", PAGE)) == commands
    assert not [fault.value for fault in Fault if f"`{fault.value}`" not in PAGE]


def test_the_page_has_the_keys():
    for key in (provider.NUMBER_ID, provider.BUSINESS_ACCOUNT_ID, provider.TOKEN, provider.SECRET):
        assert f"`{key}`" in PAGE
