"""Which kind of activity an event is. Pure.

The names are those of Segment's specification of e-commerce events: https://segment.com/docs/connections/spec/ecommerce/v2/
"""

import re
from collections.abc import Mapping
from typing import Any, Final

ECOMMERCE: Final[Mapping[str, str]] = {
    "order completed": "purchase",
    "order updated": "purchase.updated",
    "order refunded": "purchase.refunded",
    "order cancelled": "purchase.cancelled",
    "product viewed": "product.visit",
    "product clicked": "product.click",
    "product list viewed": "product_list.visit",
    "product list filtered": "product_list.filter",
    "products searched": "search",
    "product added": "cart.add",
    "product removed": "cart.remove",
    "cart viewed": "cart.visit",
    "checkout started": "checkout.start",
    "checkout step viewed": "checkout.step",
    "checkout step completed": "checkout.step_completed",
    "payment info entered": "checkout.payment",
    "product added to wishlist": "wishlist.add",
    "product removed from wishlist": "wishlist.remove",
    "product shared": "product.share",
    "product reviewed": "product.review",
    "coupon applied": "coupon.apply",
    "coupon removed": "coupon.remove",
    "promotion viewed": "promotion.visit",
    "promotion clicked": "promotion.click",
}
"""By the event's name in lower case."""

PAGE: Final = "page.visit"
SCREEN: Final = "screen.visit"
GROUP: Final = "group.join"

_WORDS: Final = re.compile(r"[a-z0-9]+")
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def kind_of(event: str) -> str | None:
    """The kind of an event with this name: `Order Completed` is `purchase`, `Signed Up` is `signed_up`; dots stay.

    None when the name has no letter or digit that a kind can have.
    """
    name = " ".join(event.split())
    known = ECOMMERCE.get(name.lower())
    if known is not None:
        return known
    parts = ["_".join(_WORDS.findall(_HUMPS.sub(" ", part).lower())) for part in name.split(".")]
    kind = ".".join(part for part in parts if part)[:100].strip("._")
    return kind or None


def properties_of(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """As they were sent. A purchase has a `total` also when the event calls it `revenue` or `value`."""
    given = dict(properties)
    if kind == "purchase" and "total" not in given:
        amount = next((given[name] for name in ("revenue", "value") if name in given), None)
        if amount is not None:
            given["total"] = amount
    return given
