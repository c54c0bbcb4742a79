"""What the fields, arguments and enum values of webhooks are; see schema/server/types/descriptions.py."""

from typing import Final

_ENUMS: Final = {
    "WebhookEndpointStatus.CHECKING": "A signed ping has to be answered with 2xx first; it is sent again and again.",
    "WebhookEndpointStatus.ACTIVE": "It is sent what happens, and is perhaps behind.",
    "WebhookEndpointStatus.BACKING_OFF": "The last try failed; `nextAttemptAt` is the next one.",
    "WebhookEndpointStatus.PAUSED": "A person paused it.",
    "WebhookEndpointStatus.DISABLED": "Muster sends nothing more; `reason` says why, and webhookEndpointResume goes on.",
    "WebhookDeliveryMode.ORDERED": "One request at a time, in the order of the log.",
    "WebhookDeliveryMode.PARALLEL": "Several at a time, each of them whole, in any order.",
    "WebhookFailurePolicy.BLOCK": "It is tried until the endpoint is disabled; what follows waits.",
    "WebhookFailurePolicy.SKIP": "It is recorded as failed, and the next one is sent.",
}

_ENDPOINT: Final = {
    "WebhookEndpoint.url": "Its address.",
    "WebhookEndpoint.description": "For people.",
    "WebhookEndpoint.status": "Whether it is sent anything.",
    "WebhookEndpoint.reason": "Why it is CHECKING, BACKING_OFF or DISABLED.",
    "WebhookEndpoint.eventTypes": "What it is sent; webhookEventTypes describes them.",
    "WebhookEndpoint.segments": "Only what happens to these; empty: to all.",
    "WebhookEndpoint.mode": "Whether the order of the log is kept.",
    "WebhookEndpoint.onFailure": "What becomes of a request that failed to the end of its schedule.",
    "WebhookEndpoint.batchSize": "Most changes in one request, 1 to 1,000.",
    "WebhookEndpoint.includeContacts": "Whole contacts in the payload, or ids alone.",
    "WebhookEndpoint.requestsPerSecond": "Most requests in a second; null: as many as it takes.",
    "WebhookEndpoint.nextAttemptAt": "When something is tried again; null when nothing waits for that.",
    "WebhookEndpoint.lastDeliveredAt": "When a request was last answered with 2xx.",
    "WebhookEndpoint.deliveries": "Its requests, the newest first.",
    "WebhookEndpoint.deliveries(succeeded:)": "Only those that succeeded, or that failed or were skipped; all when absent.",
    "Subscription.webhookEndpointProgress(id:)": "The endpoint.",
    "WebhookDelivery.eventType": "What it tells.",
    "WebhookDelivery.createdAt": "When its range of the log was chosen.",
    "WebhookDelivery.attempts": "Each try, the first one first.",
    "WebhookAttempt.milliseconds": "How long it took.",
    "WebhookAttempt.status": "The HTTP status of the answer; null without one.",
    "WebhookAttempt.error": "Why there was no answer that counts.",
    "WebhookEventType.name": "Its name, also the `type` in the body.",
    "WebhookEventType.description": "What it tells.",
}

_OPERATIONS: Final = {
    "Query.webhookEndpoint": "An endpoint by its id; null when there is none.",
    "Query.webhookEndpoint(id:)": "Its id.",
    "Mutation.webhookEndpointUpdate(id:)": "The endpoint.",
    "Mutation.webhookEndpointDelete(id:)": "The endpoint.",
    "Mutation.webhookEndpointPause(id:)": "The endpoint.",
    "Mutation.webhookEndpointResume(id:)": "The endpoint.",
    "Mutation.webhookEndpointResume(skipToNow:)": "Whether what waited is left out.",
    "Mutation.webhookSecretRotate(id:)": "The endpoint.",
    "Mutation.webhookSecretRotate(overlap:)": "How long the secret before signs too, at most P7D.",
    "Mutation.webhookTest(id:)": "The endpoint.",
    "Mutation.webhookDeliveryResend(id:)": "The delivery.",
    "Mutation.webhookReplay(id:)": "The endpoint.",
    "Mutation.webhookReplay(after:)": "What follows this cursor is sent.",
    "Mutation.webhookReplay(until:)": "Up to this cursor; up to that of the endpoint when absent.",
}

DESCRIPTIONS: Final = {**_ENUMS, **_ENDPOINT, **_OPERATIONS}
"""By coordinate."""
