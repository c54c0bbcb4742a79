"""Import enums from here: a type must not use one before it is registered."""

from enum import StrEnum

import strawberry

from models.contacts.consent import ConsentSource
from models.contacts.pages import ContactOrder

strawberry.enum(ContactOrder)
strawberry.enum(ConsentSource)


@strawberry.enum
class WhatsAppConsent(StrEnum):
    UNKNOWN = "UNKNOWN"
    OPTED_IN = "OPTED_IN"
    OPTED_OUT = "OPTED_OUT"


__all__ = ["ConsentSource", "ContactOrder", "WhatsAppConsent"]
