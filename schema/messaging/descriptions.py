"""What the fields, arguments and enum values of channels and templates are; see schema/server/types/descriptions.py."""

from typing import Final

DESCRIPTIONS: Final = {
    "WhatsAppChannel.phoneNumberId": "Meta's id of the number.",
    "WhatsAppChannel.businessAccountId": "Meta's id of the business account.",
    "WhatsAppChannel.status": "Whether it can be used.",
    "WhatsAppChannel.reason": "Why it cannot be used.",
    "WhatsAppChannel.displayPhoneNumber": "The number as people see it.",
    "WhatsAppChannel.verifiedName": "The name that recipients see.",
    "WhatsAppChannel.qualityRating": "What WhatsApp thinks of its messages: GREEN, YELLOW or RED.",
    "WhatsAppChannel.stopWords": "A message that is one of these opts its sender out.",
    "WhatsAppChannel.checkedAt": "When WhatsApp was last asked about the number.",
    "WhatsAppChannel.templatesSyncedAt": "When the templates were last fetched.",
    "WhatsAppChannelStatus.CHECKING": "WhatsApp is about to be asked.",
    "WhatsAppChannelStatus.READY": "It can send.",
    "WhatsAppChannelStatus.REFUSED": "WhatsApp does not take the number or the token.",
    "InboundWebhookFailure.receivedAt": "When the webhook came.",
    "InboundWebhookFailure.failedAt": "When it was tried last.",
    "InboundWebhookFailuresDeletePayload.deletedIds": "The ids of the failures that were deleted.",
    "MessageTemplate.name": "The template's name.",
    "MessageTemplate.language": "Its language, such as es or pt_BR.",
    "MessageTemplate.category": "Meta's category, such as MARKETING or UTILITY.",
    "MessageTemplate.status": "Meta's state of it, such as APPROVED.",
    "MessageTemplate.body": "Its text, with placeholders.",
    "MessageTemplatesPayload.messageTemplates": "All templates as they are now.",
    "WhatsAppChannelConnectInput.phoneNumberId": "Meta's id of the number, from WhatsApp Manager.",
    "WhatsAppChannelConnectInput.businessAccountId": "Meta's id of the business account.",
}
