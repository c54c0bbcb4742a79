"""The API's checks of a message, in its order and with its codes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.messaging.placeholders import Placeholder, placeholders_of

_BAD_TEXT: Final = re.compile(r"[\n\r\t]| {5,}")


class ApiError(Exception):
    """An HTTP status and an error object."""

    def __init__(self, status: int, code: int, message: str, details: str = "", transient: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = {
            "error": {
                "message": f"(#{code}) {message}",
                "type": "OAuthException",
                "code": code,
                "error_data": {"messaging_product": "whatsapp", "details": details or message},
                "fbtrace_id": "Asandbox",
                **({"is_transient": True} if transient else {}),
            }
        }


def check_message(message: Any, templates: Sequence[Mapping[str, Any]]) -> str:
    """Returns the recipient's number (E.164). Raises ApiError for what WhatsApp would refuse."""
    if not isinstance(message, dict) or message.get("messaging_product") != "whatsapp":
        raise ApiError(
            400, 100, "Invalid parameter", "The parameter messaging_product is required and must be whatsapp."
        )
    to = message.get("to")
    if not isinstance(to, str) or not to:
        raise ApiError(400, 100, "Invalid parameter", "The parameter to is required.")
    digits = re.sub(r"[^0-9]", "", to)
    if not to.startswith("+") or not 7 <= len(digits) <= 15:
        raise ApiError(400, 131009, "Parameter value is not valid", "The recipient is no phone number in E.164.")
    if len(str(message.get("biz_opaque_callback_data", ""))) > 512:
        raise ApiError(400, 100, "Invalid parameter", "biz_opaque_callback_data is longer than 512 characters.")
    if message.get("type") != "template":
        raise ApiError(400, 131047, "Re-engagement message", "More than 24 hours have passed since they last wrote.")
    _check_template(message.get("template"), templates)
    return f"+{digits}"


def _check_template(sent: Any, templates: Sequence[Mapping[str, Any]]) -> None:
    if not isinstance(sent, dict) or not isinstance(sent.get("language"), dict):
        raise ApiError(
            400, 131008, "Required parameter is missing", "template.name and template.language are required."
        )
    name, language = sent.get("name"), sent["language"].get("code")
    known = next((t for t in templates if t["name"] == name and t["language"] == language), None)
    if known is None:
        raise ApiError(404, 132001, "Template does not exist", f"There is no template {name} in {language}.")
    status = known.get("status")
    if status == "PAUSED":
        raise ApiError(400, 132015, "Template is paused", f"The template {name} is paused because of its quality.")
    if status == "DISABLED":
        raise ApiError(400, 132016, "Template is disabled", f"The template {name} is disabled.")
    if status != "APPROVED":
        raise ApiError(404, 132001, "Template does not exist", f"The template {name} is not approved.")
    _check_parameters(sent.get("components") or [], known)


def _check_parameters(components: Any, known: Mapping[str, Any]) -> None:
    placeholders = placeholders_of(known["components"], known.get("parameter_format", "POSITIONAL"))
    given: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for component in components:
        part = str(component.get("type", "")).lower()
        index = int(component.get("index", 0)) if part == "button" else 0
        given.setdefault((part, index), []).extend(component.get("parameters", ()))
    expected: dict[tuple[str, int], list[Placeholder]] = {}
    for placeholder in placeholders:
        index = placeholder.index if placeholder.place == "button" else 0
        expected.setdefault((placeholder.place, index), []).append(placeholder)
    for key in given.keys() | expected.keys():
        _check_part(expected.get(key, []), given.get(key, []))


def _check_part(placeholders: Sequence[Placeholder], given: Sequence[dict[str, Any]]) -> None:
    required = sum(placeholder.required for placeholder in placeholders)
    if not required <= len(given) <= len(placeholders):
        raise ApiError(
            400, 132000, "Number of parameters does not match", f"{len(given)} parameters, expected {required}."
        )
    names = {placeholder.own_name for placeholder in placeholders if placeholder.named}
    if names and {parameter.get("parameter_name") for parameter in given} != names:
        raise ApiError(400, 132000, "Parameters do not match", f"The names of the parameters must be {sorted(names)}.")
    for placeholder, parameter in zip(placeholders, given, strict=False):
        _check_value(placeholder, parameter)


def _check_value(placeholder: Placeholder, parameter: Mapping[str, Any]) -> None:
    kind = {"url": "text", "code": "coupon_code"}.get(placeholder.kind, placeholder.kind)
    value = parameter.get(kind)
    if parameter.get("type") != kind or not value:
        raise ApiError(
            400, 132012, "Parameter format does not match", f"The parameter {placeholder.name} must be a {kind}."
        )
    if isinstance(value, dict) and not (value.get("link") or value.get("id")):
        raise ApiError(400, 132012, "Parameter format does not match", f"{placeholder.name} needs a link or an id.")
    if isinstance(value, str) and _BAD_TEXT.search(value):
        raise ApiError(
            400, 132018, "Template parameters are not valid", "Text cannot have new-lines, tabs or more than 4 spaces."
        )
    if isinstance(value, str) and len(value) > 1024:
        raise ApiError(400, 132005, "Translated text too long", f"{placeholder.name} is too long.")
