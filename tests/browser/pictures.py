"""Compares what a page looks like with a picture that is kept in this folder's pictures/."""

import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops
from pixelmatch.contrib.PIL import pixelmatch
from playwright.sync_api import Locator, Page

KEPT: Final = Path(__file__).parent / "pictures"

DRAWN_BY: Final = KEPT / "chromium.txt"

MOST_DIFFERENT: Final = 0.002
"""The share of the pixels that may differ: some edges of letters, but no word."""


SETTLES_SECONDS: Final = 20
"""After that, a page that looks otherwise stays so."""

ONE_MOMENT: Final = """
    () => document.fonts.ready.then(() => document.querySelectorAll("time").forEach((one) => {
        if (one.textContent !== "1 Jan 2026, 12:00") one.textContent = "1 Jan 2026, 12:00";
    }))
"""
"""All moments become one, so that neither they nor what stands beside them depends on the day."""


def take(page: Page, mask: Sequence[Locator] = (), *, moments: bool = False) -> Image.Image:
    """What is in the window now, without moving parts, with `mask` painted over, and all moments the same."""
    page.evaluate("document.fonts.ready" if moments else ONE_MOMENT)
    taken = page.screenshot(animations="disabled", caret="hide", mask=mask, mask_color="#888888", scale="css")
    return Image.open(io.BytesIO(taken)).convert("RGB")


def different_share(one: Image.Image, other: Image.Image) -> tuple[float, Image.Image]:
    """The share of the pixels that differ, and a picture that shows where. Pictures of two sizes differ in all."""
    if one.size != other.size:
        return 1.0, one
    difference = ImageChops.difference(one, other)
    where = difference.getbbox()
    share = sum(difference.convert("L").histogram()[1:]) / (one.width * one.height)
    if where is None or share <= MOST_DIFFERENT:
        return share, one
    parts = one.crop(where), other.crop(where)
    marked = Image.new("RGBA", parts[0].size)
    count = pixelmatch(*parts, marked, threshold=0.2)
    shown = one.copy()
    shown.paste(marked, where[:2])
    return count / (one.width * one.height), shown


def check(look: Callable[[], Image.Image], name: str, results: Path) -> None:
    """Looks until a page is like the kept picture. Fails, and leaves two pictures in `results`, when it does not become so."""
    kept = KEPT / f"{name}.webp"
    assert kept.exists(), f"there is no picture {name} yet: run with --new-pictures, and look at it"
    right = Image.open(kept).convert("RGB")
    began = time.monotonic()
    while (found := different_share(right, now := look()))[0] > MOST_DIFFERENT:
        share, marked = found
        if time.monotonic() - began > SETTLES_SECONDS:
            results.mkdir(parents=True, exist_ok=True)
            now.save(results / f"{name}.png")
            marked.save(results / f"{name}-marked.png")
            raise AssertionError(f"{share:.1%} of {name} looks otherwise: see {results}, or run with --new-pictures")


def keep(now: Image.Image, name: str) -> None:
    """Keeps all pixels as they are."""
    KEPT.mkdir(exist_ok=True)
    now.save(KEPT / f"{name}.webp", lossless=True, quality=30, method=3)


def publish(now: Image.Image, name: str) -> None:
    """Keeps a small picture for people, as a page of the documentation shows it."""
    KEPT.mkdir(exist_ok=True)
    now.quantize(256, dither=Image.Dither.NONE).save(KEPT / f"{name}.png", optimize=True)


def browser_kept() -> str | None:
    """The major version of the browser that drew the kept pictures: another one draws letters otherwise."""
    return DRAWN_BY.read_text().strip() if DRAWN_BY.exists() else None


def keep_browser(version: str) -> None:
    DRAWN_BY.write_text(f"{version}\n")
