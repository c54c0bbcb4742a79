import re
from pathlib import Path

from sandbox.meta import provider
from sandbox.meta.faults import CALLS, MEANINGS, Fault
from sandbox.meta.server import Server

PAGE = (Path(__file__).parents[3] / "docs" / "meta-sandbox.md").read_text()


def test_the_page_lists_every_fault_with_its_meaning():
    assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)) == {
        fault.value: MEANINGS[fault] for fault in Fault
    }


def test_the_page_lists_every_command_and_call():
    commands = {name.removeprefix("do_") for name in dir(Server) if name.startswith("do_")}
    assert set(re.findall(r"^\| `/sandbox/(\w+)`", PAGE, re.MULTILINE)) == commands
    assert not [call for call in CALLS if f"`{call}`" not in PAGE]


def test_the_page_has_the_keys():
    assert f"`{provider.ACCOUNT_ID}`" in PAGE
    assert f"`{provider.TOKEN}`" in PAGE
