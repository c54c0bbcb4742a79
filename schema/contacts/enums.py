"""The enums of contacts.

Import them from here: a type must not use an enum before it is registered.
"""

from enum import StrEnum

import strawberry

from models.contacts.pages import ContactOrder

strawberry.enum(ContactOrder)


@strawberry.enum
class WhatsAppConsent(StrEnum):
    """What a contact said about messages on WhatsApp."""

    UNKNOWN = "UNKNOWN"
    OPTED_IN = "OPTED_IN"
    OPTED_OUT = "OPTED_OUT"


__all__ = ["ContactOrder", "WhatsAppConsent"]
