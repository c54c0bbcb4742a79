"""From a file to contacts, with a check before; undone; and contacts to a file."""

import re
from typing import Final

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

PEOPLE: Final = "\n".join(
    [
        "Correo;Nombre;Nacimiento",
        *(f"p{number}@feria.example;Persona {number};03/02/19{60 + number}" for number in range(30)),
    ]
).replace("p7@feria.example", "not an address")

FILE: Final = {"name": "feria.csv", "mimeType": "text/csv", "buffer": PEOPLE.encode()}


def count(page: Page, label: str) -> str:
    card = page.locator("[data-count]").filter(has=page.get_by_text(label, exact=True))
    return str(card.get_attribute("data-count"))


def test_a_file_is_checked_imported_and_undone(page: Page, muster: Muster) -> None:
    page.goto("/transfers/import")
    page.locator("input[type=file]").set_input_files([FILE])  # type: ignore[list-item]
    expect(page.get_by_role("combobox", name="Field for Correo")).to_have_value("E-mail")
    expect(page.get_by_role("combobox", name="Between the cells")).to_have_value("Semicolon")
    page.get_by_role("combobox", name="Field for Nacimiento").fill("Date of birth")
    page.get_by_role("option", name="Date of birth").click()
    page.get_by_role("textbox", name="Days are written as").fill("DD/MM/YYYY")
    page.get_by_role("button", name="Next").click()

    page.reload()  # what was chosen is kept
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("These are the numbers")).to_be_visible()
    assert (count(page, "Created"), count(page, "Rejected")) == ("29", "1")
    expect(page.get_by_role("table")).to_contain_text("not an address")

    page.get_by_role("button", name="Import 29 rows").click()
    expect(page.get_by_role("status").filter(has_text="Done")).to_be_visible()
    expect(page).to_have_url(re.compile("/transfers/[A-Za-z0-9]+$"))
    found = muster.ask('{ contacts(search: "p8@feria.example") { nodes { dateOfBirth } } }')["contacts"]["nodes"]
    assert found == [{"dateOfBirth": "1968-02-03"}]

    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_role("dialog")).to_contain_text("29 contacts that it created will be deleted")
    page.get_by_role("dialog").get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("29 contacts set right.").first).to_be_visible()


def test_what_another_begins_is_on_the_list(page: Page, open_page: OpenPage, muster: Muster) -> None:
    page.goto("/transfers?kind=EXPORT")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    other = open_page(muster.admin)
    other.goto("/transfers/export")
    other.get_by_label("Columns of choice").check()
    other.get_by_role("button", name="None of them").click()
    expect(other.get_by_role("button", name="Start the export")).to_be_disabled()
    other.get_by_role("checkbox", name="E-mail").check()
    other.get_by_role("button", name="Start the export").click()
    with other.expect_download() as download:
        other.get_by_role("link", name="Download the file").click()
    assert download.value.path().read_text().splitlines()[0] == "email"
    begun = page.locator(f"a[href$='{other.url.rpartition('/')[2]}']")
    expect(page.get_by_role("row").filter(has=begun)).to_contain_text("Done")


def test_without_permissions_nothing_is_offered(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.stranger)
    page.goto("/settings")
    expect(page.get_by_role("heading", name="Your password")).to_be_visible()
    expect(page.get_by_role("link", name="Imports and exports")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Sections of the settings").get_by_role("link")).to_have_count(1)
    page.goto("/settings/tokens")
    expect(page.get_by_role("alert")).to_contain_text("You may not see this part")
