"""Compares what a page looks like with a picture that is kept in this folder's pictures/."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops
from pixelmatch.contrib.PIL import pixelmatch
from playwright.sync_api import Locator, Page

KEPT: Final = Path(__file__).parent / "pictures"

DRAWN_BY: Final = KEPT / "chromium.txt"

MOST_DIFFERENT: Final = 0.002
"""The share of the pixels that may differ: some edges of letters, but no word."""


def take(page: Page, mask: Sequence[Locator] = (), *, hide_moments: bool = True) -> Image.Image:
    """What is in the window now, without moving parts, and with moments and `mask` painted over."""
    page.evaluate("document.fonts.ready")
    hidden = [page.locator("time"), *mask] if hide_moments else mask
    taken = page.screenshot(animations="disabled", caret="hide", mask=hidden, mask_color="#888888", scale="css")
    return Image.open(io.BytesIO(taken)).convert("RGB")


def different_share(one: Image.Image, other: Image.Image) -> tuple[float, Image.Image]:
    """The share of the pixels that differ, and a picture that shows where. Pictures of two sizes differ in all."""
    if one.size != other.size:
        return 1.0, one
    where = ImageChops.difference(one, other).getbbox()
    if where is None:
        return 0.0, one
    parts = one.crop(where), other.crop(where)
    marked = Image.new("RGBA", parts[0].size)
    count = pixelmatch(*parts, marked, threshold=0.2)
    shown = one.copy()
    shown.paste(marked, where[:2])
    return count / (one.width * one.height), shown


def check(now: Image.Image, name: str, results: Path) -> None:
    """Fails, and leaves two pictures in `results`, when a picture differs from the kept one."""
    kept = KEPT / f"{name}.webp"
    assert kept.exists(), f"there is no picture {name} yet: run with --new-pictures, and look at it"
    share, marked = different_share(Image.open(kept).convert("RGB"), now)
    if share > MOST_DIFFERENT:
        results.mkdir(parents=True, exist_ok=True)
        now.save(results / f"{name}.png")
        marked.save(results / f"{name}-marked.png")
    assert share <= MOST_DIFFERENT, f"{share:.1%} of {name} looks otherwise: see {results}, or run with --new-pictures"


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
