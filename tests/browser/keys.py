"""The keyboard as somebody without a mouse uses it."""

from playwright.sync_api import Locator, Page, expect

MOST_STEPS = 80


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Moves the focus until the wanted element has it."""
    for _ in range(MOST_STEPS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard does not come to {wanted}")


def press(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Goes to a button or a link, and presses it."""
    expect(wanted).to_be_visible()
    tab_to(page, wanted, key)
    page.keyboard.press("Enter")
