"""The placeholders of a template's components, as Meta describes them.

1, first_name            body
header.1, header.city    header text
header.image             header media: a link, or the id of an upload
button.0                 suffix of a link button
button.0.code            coupon code
button.0.payload         sent back by a quick reply; default: the button's text
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")

MEDIA: Final = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})

_FIXED_BUTTONS: Final = frozenset({"PHONE_NUMBER", "VOICE_CALL"})


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`kind`: text, image, video, document, url, payload or code. `index`: of the button."""

    name: str
    place: str
    kind: str
    named: bool = False
    index: int = 0
    required: bool = True

    @property
    def own_name(self) -> str:
        return self.name.removeprefix("header.")


class UnsupportedTemplate(Exception):
    """A part of the template cannot be filled; the message names it."""


def placeholders_of(components: Sequence[Mapping[str, Any]], parameter_format: str = "POSITIONAL") -> list[Placeholder]:
    """Returns them in reading order. Raises UnsupportedTemplate for a part that cannot be filled."""
    named = parameter_format.upper() == "NAMED"
    placeholders: list[Placeholder] = []
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind == "HEADER":
            placeholders.extend(_of_header(component, named))
        elif kind == "BODY":
            placeholders.extend(_of_text(component, "body", named))
        elif kind == "BUTTONS":
            placeholders.extend(_of_buttons(component))
        elif kind != "FOOTER":
            raise UnsupportedTemplate(f"a part of the type {kind or '(none)'}")
    return placeholders


def _of_header(component: Mapping[str, Any], named: bool) -> Iterator[Placeholder]:
    form = str(component.get("format", "TEXT")).upper()
    if form == "TEXT":
        yield from _of_text(component, "header", named)
    elif form in MEDIA:
        yield Placeholder(f"header.{form.lower()}", "header", form.lower())
    else:
        raise UnsupportedTemplate(f"a header of the format {form}")


def _of_text(component: Mapping[str, Any], place: str, named: bool) -> Iterator[Placeholder]:
    prefix = "header." if place == "header" else ""
    names = list(dict.fromkeys(_PLACEHOLDER.findall(str(component.get("text", "")))))
    if not named:
        names.sort(key=_position)
    for name in names:
        yield Placeholder(f"{prefix}{name}", place, "text", named)


def _position(name: str) -> int:
    """They are sent by number, not by position in the text."""
    return int(name) if name.isdigit() else 0


def _of_buttons(component: Mapping[str, Any]) -> Iterator[Placeholder]:
    for index, button in enumerate(component.get("buttons", ())):
        kind = str(button.get("type", "")).upper()
        if kind == "URL":
            if _PLACEHOLDER.search(str(button.get("url", ""))):
                yield Placeholder(f"button.{index}", "button", "url", index=index)
        elif kind == "QUICK_REPLY":
            yield Placeholder(f"button.{index}.payload", "button", "payload", index=index, required=False)
        elif kind == "COPY_CODE":
            yield Placeholder(f"button.{index}.code", "button", "code", index=index)
        elif kind not in _FIXED_BUTTONS:
            raise UnsupportedTemplate(f"a button of the type {kind or '(none)'}")


def to_json(placeholders: Sequence[Placeholder]) -> list[dict[str, Any]]:
    return [asdict(placeholder) for placeholder in placeholders]


def from_json(kept: Sequence[Mapping[str, Any]]) -> list[Placeholder]:
    return [Placeholder(**placeholder) for placeholder in kept]
